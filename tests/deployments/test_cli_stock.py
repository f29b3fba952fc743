"""`lockstep stock explain`: every number behind a quantity, and a plain answer when there is none."""

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console

from deployments import cli_stock
from deployments.cli_stock import explain
from domain.errors import Refused
from domain.peaks import PeakWish
from domain.stock.snapshots import SnapshotLimits
from ledger.connection import Ledger
from ledger.maps import BufferEntry, OfferEntry, SkuEntry, record_buffers, record_offers, record_skus
from ledger.peaks import start_peak
from ledger.register import clock
from ledger.stock.snapshots import record_snapshot
from tests.deployments.test_cli import Lockstep, lockstep, one_line, set_up
from tests.factories import HOUR, MAPS, NOW, amazon_order, line, order_id, snapshot
from tests.ledger.walk import ingest

__all__ = ["lockstep", "set_up"]  # fixtures of the neighbor
_LISTING = sa.text(
    "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, available, reserved, buffer,"
    " publishable, published, effective, published_at, explanation) VALUES ('main', 'A1F83G8C2ARO7P', 'PACK',"
    " 'EFFECTIVE', 5, 3, 1, 1, 1, 1, :at, '5 available, 3 in orders the warehouse had not seen, 1 buffer: 1')"
)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no cell is broken."""
    monkeypatch.setattr(cli_stock, "_OUT", Console(highlight=False, soft_wrap=True, width=240))


@pytest.fixture
def stocked(set_up: Path, ledger: Ledger) -> Path:
    """Packs of two: ten single units in two warehouses, six orders, a buffer, a cap, one listing."""
    now: datetime = NOW
    pack = SkuEntry(seller_account="main", seller_sku="PACK", connection="main", warehouse_sku="A", units=2)
    buffer = BufferEntry(seller_account="main", seller_sku="", fixed=1, percent=2.5, odds=0.01, share=0.5)
    offer = OfferEntry(seller_account="main", seller_sku="PACK", cap=40, warehouses=(), stopped=True)
    with ledger.begin() as conn:
        record_skus(conn, [pack], "jo", now)
        record_buffers(conn, [buffer], "jo", now)
        record_offers(conn, [offer], "jo", now)
        for place, units in (("BER", 4), ("LON", 6)):
            record_snapshot(conn, "main", snapshot(("A", units), warehouse=place), SnapshotLimits(), now)
        conn.execute(_LISTING, {"at": now})
    ingest(ledger, *[amazon_order(number=n, lines=[line(sku="PACK")]) for n in range(1, 8)], maps=MAPS)
    return set_up / "lockstep.toml"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What the terminal shows, without the lines of the tables."""
    return " ".join(capsys.readouterr().out.replace("│", "|").replace("┃", "|").split())


def test_every_number_is_told(stocked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts with their time, the reserving orders, the rules that hold back, and what Amazon shows."""
    explain("PACK", "", stocked)
    shown = said(capsys)
    assert "PACK in main" in shown
    assert "| takes | 2 x A |" in shown
    assert "| counted, A | 4 in main BER at 2026-11-27 09:00 UTC |" in shown
    assert "| counted, A | 6 in main LON at 2026-11-27 09:00 UTC |" in shown
    names = ", ".join(order_id(number) for number in range(1, 6))
    assert f"| reserved, A | 14 in 7 orders: {names} and 2 more |" in shown
    assert (
        "| buffer | the largest of 1 units, 2.5 % of available, adaptive, exceeded with odds of 0.01 |"
        in shown
    )
    assert "| share | 0.5 | | cap | 40 | | warehouses | all | | stopped | yes |" in shown
    assert "| GB A1F83G8C2ARO7P |" in shown
    assert (
        "| available | 5 | | reserved | 3 | | buffer | 1 | | publishable | 1 | | published | 1 | | effective | 1 |"
        " | state | EFFECTIVE | | published at (UTC) | 2026-11-27 09:00 |" in shown
    )
    assert "5 available, 3 in orders the warehouse had not seen, 1 buffer: 1" in shown


def test_peak_mode_is_told(stocked: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    """While a peak is on, who looks at a quantity sees it, with the buffer that holds in it."""
    explain("PACK", "", stocked)
    assert "peak mode" not in said(capsys)
    with ledger.begin() as conn:
        now = clock(conn)
        start_peak(conn, PeakWish(author="kim", ends_at=now + HOUR), now)
    explain("PACK", "", stocked)
    shown = said(capsys)
    assert "| buffer | the largest of 1 units, 2.5 % of available" in shown
    assert "| buffer in peak mode | the largest of 2 units, 5 % of available" in shown
    assert "| peak mode | Peak mode is on until " in shown


def test_a_sku_without_a_listing_is_told_by_its_count(
    stocked: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the warehouse counts and nobody sells yet has a story, too."""
    bare = SkuEntry(seller_account="main", seller_sku="ONE", connection="main", warehouse_sku="A", units=1)
    with ledger.begin() as conn:
        record_skus(conn, [bare], "jo", NOW)
    explain("ONE", "main", stocked)
    shown = said(capsys)
    assert "| takes | 1 x A |" in shown
    assert "No listing of it is known at Amazon yet." in shown


def test_an_unknown_sku_is_answered_with_the_nearest(stocked: Path) -> None:
    """Case is the usual slip; otherwise the answer says where the SKU is to be found."""
    with pytest.raises(Refused, match='Did you mean "PACK"'):
        explain("pack", "", stocked)
    with pytest.raises(Refused, match="Copy the seller SKU from Seller Central"):
        explain("NOTHING", "", stocked)


def test_the_command_says_what_is_wrong_in_one_line(lockstep: Lockstep, stocked: Path) -> None:
    """An account that does not exist is answered with those that do."""
    assert lockstep("stock", "explain", "PACK").returncode == 0
    answer = one_line(lockstep("stock", "explain", "PACK", "--account", "nain"))
    assert answer == 'There is no seller account "nain"; there is: main.'
