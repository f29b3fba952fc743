"""What `reserved` counts (DESIGN 7 and 12): units of orders the warehouse could not know of when it counted."""

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.maps import SkuMap
from domain.stock.sellable import Pool
from domain.stock.snapshots import SnapshotLimits
from domain.warehouse import ChangeKind, ReleaseResult, StockSnapshot
from ledger.connection import Ledger
from ledger.stock.on_hand import pools
from ledger.stock.snapshots import record_snapshot
from tests.factories import HOUR, MAPS, MINUTE, NOW, SKUS, amazon_order, dispatch, line, packed, snapshot
from tests.ledger.walk import (
    NO_SKUS,
    answer,
    claim,
    ingest,
    release,
    say,
    ship,
)

CANCELED = amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE, lines=[line(quantity=3)])
THREE = amazon_order(lines=[line(quantity=3)])
TEN = snapshot(("A", 10), ("B", 10), ("C", 10))


def _count(ledger: Ledger, counted: StockSnapshot) -> str:
    with ledger.begin() as conn:
        return record_snapshot(conn, "main", counted, SnapshotLimits(), counted.as_of)


def _pools(ledger: Ledger, skus: dict[str, SkuMap] | None = None) -> dict[str, Pool]:
    with ledger.begin() as conn:
        return pools(conn, "main", skus or {"main": SKUS})


def _reserved(ledger: Ledger) -> int:
    return _pools(ledger)["A"].reserved


@pytest.mark.parametrize(
    ("order", "maps"),
    [
        (amazon_order(status=AmazonStatus.PENDING, lines=[line(quantity=3)], to=None), MAPS),
        (THREE, MAPS),
        (amazon_order(lines=[line(quantity=3, cancel_requested=True)]), MAPS),
        (THREE, NO_SKUS),
    ],
    ids=["pending", "ready", "held", "held for its SKU, mapped now"],
)
def test_orders_not_released_are_reserved(ledger: Ledger, order, maps) -> None:
    """Payment pending, ready or held: the warehouse knows nothing of these units, whenever it counted."""
    ingest(ledger, order, maps=maps)
    _count(ledger, TEN)
    assert _reserved(ledger) == 3
    _count(ledger, snapshot(("A", 10), as_of=NOW + HOUR))
    assert _reserved(ledger) == 3


def test_an_order_on_its_way_is_reserved(ledger: Ledger) -> None:
    """Planned, sending, in doubt or handed over without a word: reserved at every step."""
    _count(ledger, TEN)
    ingest(ledger, THREE)
    claim(ledger)
    assert _reserved(ledger) == 3
    answer(ledger, 1, result=ReleaseResult.UNKNOWN)
    assert _reserved(ledger) == 3
    answer(ledger, 1)
    assert _reserved(ledger) == 3
    _count(ledger, snapshot(("A", 10), as_of=NOW + HOUR))
    assert _reserved(ledger) == 3


def test_what_was_accepted_after_the_count_is_reserved_until_the_next(ledger: Ledger) -> None:
    """An acceptance after the count was not in it; the next count has it, and then it is the warehouse's own."""
    _count(ledger, TEN)
    release(ledger, THREE, now=NOW + MINUTE)
    assert _reserved(ledger) == 3
    _count(ledger, snapshot(("A", 7), as_of=NOW + HOUR))
    assert _pools(ledger)["A"] == Pool(available=7, reserved=0)


def test_what_was_accepted_before_the_count_is_the_warehouses_own(ledger: Ledger) -> None:
    """The warehouse subtracts what it had accepted when it counted."""
    release(ledger, THREE, now=NOW - MINUTE)
    _count(ledger, TEN)
    assert _reserved(ledger) == 0


def test_what_was_dispatched_after_the_count_is_still_reserved(ledger: Ledger) -> None:
    """An order that was accepted and left after the count is still in the counted number."""
    _count(ledger, TEN)
    release(ledger, THREE, now=NOW + MINUTE)
    ship(ledger, dispatch(lines=[packed(quantity=3)]), now=NOW + HOUR)
    assert _reserved(ledger) == 3


def test_what_was_dispatched_without_a_word_is_reserved(ledger: Ledger) -> None:
    """A parcel of an order that nobody had accepted was not in the count either."""
    release(ledger, THREE, accepted=False)
    _count(ledger, TEN)
    ship(ledger, dispatch(lines=[packed(quantity=3)]), now=NOW + HOUR)
    assert _reserved(ledger) == 3
    _count(ledger, snapshot(("A", 7), as_of=NOW + 2 * HOUR))
    assert _reserved(ledger) == 0


def test_what_was_rejected_stays_reserved(ledger: Ledger) -> None:
    """A rejected order is still owed to the buyer, before and after any count."""
    release(ledger, THREE)
    say(ledger, ChangeKind.REJECTED, 1, now=NOW + MINUTE)
    _count(ledger, snapshot(("A", 10), as_of=NOW + HOUR))
    assert _reserved(ledger) == 3


@pytest.mark.parametrize("rejected", [True, False])
@pytest.mark.parametrize(
    "settled",
    ["state = 'CLOSED'", "state = 'FOREIGN'", "amazon_status = 'SHIPPED'"],
    ids=["closed", "foreign", "shipped at Amazon"],
)
def test_what_is_settled_is_not_reserved_for_ever(ledger: Ledger, rejected: bool, settled: str) -> None:
    """A release that was rejected or never answered holds its units only while the order is open."""
    _count(ledger, TEN)
    release(ledger, THREE, accepted=False)
    if rejected:
        say(ledger, ChangeKind.REJECTED, 1)
    assert _reserved(ledger) == 3
    with ledger.begin() as conn:
        conn.execute(sa.text(f"UPDATE ledger.orders SET {settled}"))
    assert _reserved(ledger) == 0


def test_what_was_accepted_stays_reserved_after_it_was_settled(ledger: Ledger) -> None:
    """Units that left after the count are still in its number, however quickly Amazon showed the parcel."""
    _count(ledger, TEN)
    release(ledger, THREE, now=NOW + MINUTE)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.orders SET state = 'CLOSED', amazon_status = 'SHIPPED'"))
    assert _reserved(ledger) == 3


def test_the_oldest_count_of_a_sku_decides(ledger: Ledger) -> None:
    """Of a SKU in two warehouses, what was accepted since the older count was not in that count."""
    _count(ledger, TEN)
    _count(ledger, snapshot(("A", 7), as_of=NOW + HOUR, warehouse="W2"))
    release(ledger, THREE, now=NOW + MINUTE)
    assert _pools(ledger)["A"] == Pool(available=17, reserved=3)
    _count(ledger, snapshot(("A", 10), as_of=NOW + HOUR))
    assert _reserved(ledger) == 0


def test_what_was_canceled_is_not_reserved(ledger: Ledger) -> None:
    """A canceled order takes nothing, whether it was released, rejected or neither."""
    _count(ledger, TEN)
    ingest(ledger, CANCELED)
    assert _reserved(ledger) == 0


@pytest.mark.parametrize("accepted", [True, False])
def test_what_was_canceled_after_the_release_is_not_reserved(ledger: Ledger, accepted: bool) -> None:
    """A released order that Amazon canceled is given back, unless it was too late to stop it."""
    _count(ledger, TEN)
    release(ledger, THREE, now=NOW + MINUTE, accepted=accepted)
    ingest(ledger, CANCELED)
    assert _reserved(ledger) == 0
    say(ledger, ChangeKind.TOO_LATE, 1)
    assert _reserved(ledger) == 3


def test_what_left_although_it_was_canceled_is_reserved(ledger: Ledger) -> None:
    """A parcel of a canceled order took its units with it: the count before it still has them."""
    _count(ledger, TEN)
    release(ledger, THREE, now=NOW + MINUTE)
    ingest(ledger, CANCELED)
    ship(ledger, dispatch(lines=[packed(quantity=3)]), now=NOW + HOUR)
    assert _reserved(ledger) == 3


def test_a_kit_reserves_its_components(ledger: Ledger) -> None:
    """Waiting or released, a kit takes each component as often as it holds it."""
    _count(ledger, TEN)
    ingest(ledger, amazon_order(lines=[line(sku="KIT", quantity=2)]))
    expected = {"A": 0, "B": 4, "C": 2}
    assert {sku: pool.reserved for sku, pool in _pools(ledger).items()} == expected
    claim(ledger)
    answer(ledger, 1)
    assert {sku: pool.reserved for sku, pool in _pools(ledger).items()} == expected


def test_two_accounts_draw_on_one_pool(ledger: Ledger) -> None:
    """Orders of every account that the connection serves are reserved, each in its own account's SKUs."""
    _count(ledger, TEN)
    ingest(ledger, THREE)
    ingest(ledger, amazon_order(number=2, lines=[line(sku="KIT")]), account="second")
    ingest(ledger, amazon_order(number=3, lines=[line(quantity=5)]), account="second", connection="north")
    plain = SkuMap(components={}, same_skus=True)
    found = _pools(ledger, {"main": plain, "second": SKUS})
    assert {sku: pool.reserved for sku, pool in found.items()} == {"A": 3, "B": 2, "C": 1}


def test_only_units_left_to_ship_are_reserved(ledger: Ledger) -> None:
    """Units that were shipped before are not taken twice."""
    _count(ledger, TEN)
    ingest(
        ledger,
        amazon_order(status=AmazonStatus.PARTIALLY_SHIPPED, lines=[line(quantity=3, unfulfilled=1)]),
    )
    assert _reserved(ledger) == 1
