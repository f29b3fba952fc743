"""The buffer table: what is kept back for which odds, what it costs and what it saves."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.maps import SkuMap
from domain.stock.buffers import expected_beyond, odds_of_more
from domain.stock.demand import DayCurve, Exposure, outlook
from domain.stock.sellable import BufferRule
from ledger.connection import Ledger
from ledger.maps import BufferBook, BufferEntry, record_buffers
from ledger.register import Account, Connection
from ledger.stock.demand import DemandBook
from tasks.stock.buffers import COLUMNS, Balance, describe, show_buffers, weigh
from tests.factories import DAY, GB, NOW, SKUS

ADAPTIVE = BufferBook(default=BufferRule(odds=0.01))
SOLD = (4, 12, 48, 336, 1344)  # two an hour, for four weeks
PARTS = Exposure()
MAIN = Account(
    name="main",
    seller_id="A1EXAMPLE",
    region="EU",
    marketplaces=(GB,),
    look_back=DAY,
    prove_within=timedelta(minutes=4),
)
CONNECTION = Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
_LISTING = f"""
INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, available, reserved, buffer,
    publishable)
VALUES ('main', '{GB}', 'A', 'EFFECTIVE', 9, 1, 4, 4)
"""


def _book(**amazon: tuple[int, ...]) -> DemandBook:
    ours = outlook(DayCurve(), NOW, PARTS.order_age, PARTS.ahead)
    theirs = outlook(DayCurve(), NOW, PARTS.snapshot_age, PARTS.ahead)
    return DemandBook(exposure=PARTS, at_amazon=ours, elsewhere=theirs, amazon=amazon)


def _row(
    sku: str, available: int | None, buffer: int, reserved: int = 0, place: str = "GB"
) -> dict[str, object]:
    numbers = {"available": available, "reserved": reserved, "buffer": buffer}
    units = max(0, (available or 0) - reserved - buffer)
    return {"marketplace_id": place, "seller_sku": sku, "state": "EFFECTIVE", "publishable": units, **numbers}


def test_only_adaptive_buffers_are_weighed() -> None:
    """A listing whose rule states no odds is not of this table."""
    fixed = BufferBook(default=BufferRule(fixed=3), by_sku={"B": BufferRule(odds=0.05)})
    rows, balance = weigh([_row("A", 9, 3), _row("B", 9, 2)], fixed, SKUS, _book(B=SOLD))
    assert [(row["seller_sku"], row["odds_stated"]) for row in rows] == [("B", 0.05)]
    assert tuple(rows[0]) == COLUMNS
    assert balance.held == 2


def test_without_listings_there_is_nothing_to_weigh() -> None:
    """No rows, or none that was counted, make an empty table and no cost."""
    assert weigh([], ADAPTIVE, SKUS, _book()) == ([], Balance(held=0, at_zero=0, oversold=0.0))


def test_the_largest_buffer_comes_first() -> None:
    """Listings rank by the units they keep back, then by the odds without."""
    rows, _ = weigh(
        [_row("A", 90, 1), _row("B", 9, 5), _row("C", 1, 1)], ADAPTIVE, SKUS, _book(A=SOLD, B=SOLD, C=SOLD)
    )
    assert [row["seller_sku"] for row in rows] == ["B", "C", "A"]


def test_the_odds_without_a_buffer_are_those_of_more_than_is_free() -> None:
    """Expected units, hourly rate and odds are the domain's, for what is free: available less reserved."""
    book = _book(A=SOLD)
    mean = book.expected()["A"]
    (row,), balance = weigh([_row("A", 5, 3, reserved=4)], ADAPTIVE, SKUS, book)
    assert row["expected_unseen"] == pytest.approx(mean, abs=1e-3)
    assert row["units_an_hour"] == pytest.approx(book.rate("A"), abs=1e-3)
    assert row["odds_without"] == pytest.approx(odds_of_more(mean, 1), abs=1e-4)
    assert balance.oversold == pytest.approx(expected_beyond(mean, 1))


def test_offers_at_zero_only_because_of_the_buffer_are_the_cost() -> None:
    """Free units that the buffer hides count; nothing free, or something left to offer, does not."""
    rows = [
        _row("A", 3, 3),
        _row("B", 5, 3, reserved=3),
        _row("C", 0, 3),
        _row("D", 4, 3),
        _row("E", None, 3),
    ]
    _, balance = weigh(rows, ADAPTIVE, SKUS, _book())
    assert (balance.at_zero, balance.held) == (2, 15)


def test_listings_of_one_pool_save_its_units_once() -> None:
    """The same SKU in two marketplaces risks the same units."""
    book = _book(A=SOLD)
    one = weigh([_row("A", 1, 1)], ADAPTIVE, SKUS, book)[1].oversold
    both = weigh([_row("A", 1, 1), _row("A", 1, 1, place="DE")], ADAPTIVE, SKUS, book)[1].oversold
    assert both == one > 0


def test_a_kit_is_weighed_by_its_busiest_component() -> None:
    """Of two B and one C, what goes fastest counts, in kits."""
    book = _book(B=SOLD)
    (row,), balance = weigh([_row("KIT", 2, 1)], ADAPTIVE, SKUS, book)
    mean = book.expected()["B"]
    assert row["expected_unseen"] == pytest.approx(mean / 2, abs=1e-3)
    assert row["odds_without"] == pytest.approx(odds_of_more(mean, 4), abs=1e-4)
    assert balance.oversold == pytest.approx(expected_beyond(mean, 4) / 2)


def test_what_nobody_mapped_risks_nothing() -> None:
    """A listing without components has no demand that we know of."""
    (row,), _ = weigh([_row("X", 2, 0)], ADAPTIVE, SkuMap(components={}, same_skus=False), _book())
    assert (row["expected_unseen"], row["odds_without"]) == (0.0, 0.0)


def test_the_table_is_shown_from_the_ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A buffer whose row states odds is shown with what its listing has; without one no table is made."""
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "tasks.stock.buffers.create_table_artifact", lambda **artifact: shown.append(artifact)
    )
    with ledger.begin() as conn:
        conn.execute(sa.text(_LISTING))
        conn.execute(sa.text("INSERT INTO ledger.demand VALUES ('main', 'A', :hour, 50)"), {"hour": NOW})
    assert show_buffers.fn(ledger, MAIN, CONNECTION, {"main": SKUS}, NOW) == 0
    entry = BufferEntry(
        seller_account="main", seller_sku="A", fixed=None, percent=None, odds=0.02, share=None
    )
    with ledger.begin() as conn:
        record_buffers(conn, [entry], "somebody", NOW)
    assert show_buffers.fn(ledger, MAIN, CONNECTION, {"main": SKUS}, NOW) == 1
    (artifact,) = shown
    (row,) = artifact["table"]
    assert artifact["key"] == "buffers-main"
    assert (row["seller SKU"], row["buffer"], row["odds stated"]) == ("A", 4, 0.02)
    assert row["units an hour"] > 0


def test_the_words_state_exposure_cost_and_saving() -> None:
    """Minutes of each part, units kept back, offers at zero and units saved stand in the description."""
    parts = Exposure(
        order_age=timedelta(minutes=7),
        snapshot_age=timedelta(minutes=83),
        planning=timedelta(minutes=5),
        publish=timedelta(minutes=1),
        effective=timedelta(minutes=11),
    )
    words = describe(Balance(held=41, at_zero=6, oversold=2.34), parts, 13)
    for told in ("13 listings", "41 units", "6 offers", "2.3 units", "24 minutes", "100:", "83", "after 11"):
        assert told in words
