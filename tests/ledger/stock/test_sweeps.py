"""The sweep beside the ledger: a large report is compared at once, and cannot take all looks for itself."""

import time

import pytest
import sqlalchemy as sa

from domain.amazon import ReportedListing
from domain.maps import SkuMap
from ledger.connection import Ledger
from ledger.stock import sweeps
from ledger.stock.sweeps import compare_report
from tests.factories import DAY, DE, GB, HOUR, NOW

NOTHING = SkuMap(components={}, same_skus=False)


def _listings(ledger: Ledger, count: int, marketplace: str = GB) -> None:
    statement = sa.text(
        "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, published, seen_at,"
        " published_at) SELECT 'main', :marketplace, 'S' || n, 'EFFECTIVE', n % 50, :seen, :published"
        " FROM generate_series(0, :last) n"
    )
    values = {"marketplace": marketplace, "seen": NOW - HOUR, "published": NOW - DAY, "last": count - 1}
    with ledger.begin() as conn:
        conn.execute(statement, values)


def _report(count: int) -> list[ReportedListing]:
    return [ReportedListing(seller_sku=f"S{n}", units=n % 50) for n in range(count)]


def _marked(ledger: Ledger) -> list[str]:
    with ledger.begin() as conn:
        statement = sa.text("SELECT seller_sku FROM ledger.listings WHERE seen_at IS NULL ORDER BY id")
        return list(conn.scalars(statement))


def test_a_large_report_is_compared_in_seconds(ledger: Ledger) -> None:
    """Twenty thousand rows take no statement each; the other marketplace is left alone."""
    _listings(ledger, 20_000)
    _listings(ledger, 10, DE)
    rows = _report(19_990)
    rows[7] = ReportedListing(seller_sku="S7", units=999)
    started = time.monotonic()
    with ledger.begin() as conn:
        counts = compare_report(conn, ("main", GB), rows, NOTHING, NOW)
    assert time.monotonic() - started < 10  # about 0.3 on a quiet machine
    assert {name: counts[name] for name in ("rows", "equal", "differing", "missing", "to_look_at")} == {
        "rows": 19_990,
        "equal": 19_989,
        "differing": 1,
        "missing": 10,
        "to_look_at": 11,
    }
    assert _marked(ledger) == ["S7", *[f"S{n}" for n in range(19_990, 20_000)]]


def test_a_report_that_differs_in_everything_marks_a_bounded_number(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those with the most units too many are looked at, the rest is counted."""
    monkeypatch.setattr(sweeps, "MARKED_AT_MOST", 3)
    _listings(ledger, 10)
    rows = [ReportedListing(seller_sku=f"S{n}", units=100 * n + 5) for n in range(10)]
    with ledger.begin() as conn:
        counts = compare_report(conn, ("main", GB), rows, NOTHING, NOW)
    assert (counts["differing"], counts["to_look_at"]) == (10, 3)
    assert _marked(ledger) == ["S7", "S8", "S9"]


def test_of_a_sku_that_is_there_twice_our_offer_counts(ledger: Ledger) -> None:
    """A row that Amazon fulfills does not hide the one we fulfill, in either order."""
    _listings(ledger, 2)
    ours, theirs = (ReportedListing(seller_sku="S1", units=units) for units in (1, None))
    zero = ReportedListing(seller_sku="S0", units=0)
    for rows in ([zero, ours, theirs], [theirs, ours, zero]):
        with ledger.begin() as conn:
            counts = compare_report(conn, ("main", GB), rows, NOTHING, NOW)
        assert (counts["rows"], counts["merchant_fulfilled"], counts["equal"]) == (3, 2, 2)


def test_offers_that_nobody_mapped_are_counted_and_some_are_named(ledger: Ledger) -> None:
    """All of them count, twenty are named, and none becomes a listing."""
    rows = [ReportedListing(seller_sku=f"N{n:02}", units=1) for n in range(30)]
    with ledger.begin() as conn:
        counts = compare_report(conn, ("main", GB), rows, NOTHING, NOW)
        assert conn.scalar(sa.text("SELECT count(*) FROM ledger.listings")) == 0
    assert (counts["unmapped"], counts["new"]) == (30, 0)
    assert counts["unmapped_skus"] == [f"N{n:02}" for n in range(20)]
