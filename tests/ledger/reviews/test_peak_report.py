"""The report of a peak: two windows of one length, each with exactly what happened in it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.peaks import Peak, PeakWish
from domain.problems import Problem, ProblemKind
from domain.reviews.peak_words import report_rows, report_summary, report_words
from ledger.connection import Ledger
from ledger.peaks import end_peak, start_peak
from ledger.problems import record_problems
from ledger.register import Account, record_account
from ledger.reviews.peak_report import load_report
from tests.factories import DAY, GB, HOUR, MINUTE, NOW, amazon_order, dispatch
from tests.ledger.walk import confirm, release, ship

_CALL = sa.text(
    "INSERT INTO ledger.calls (at, stranger, operation, subject, outcome, milliseconds)"
    " VALUES (:at, 'Amazon (main)', :operation, :subject, :outcome, 5)"
)
_FEED = sa.text(
    "INSERT INTO ledger.feeds (seller_account, marketplace_id, state, messages, planned_at, submitted_at)"
    " VALUES ('main', 'A1F83G8C2ARO7P', 'READ', :messages, :at, :at)"
)
_KEPT = sa.text(
    "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, buffer)"
    " VALUES ('main', :place, :sku, 'EFFECTIVE', :buffer)"
)
MAIN = Account(
    name="main", seller_id="A1", region="EU", marketplaces=(GB,), look_back=DAY, prove_within=4 * MINUTE
)
WISH = PeakWish(author="Kim", ends_at=NOW + 6 * HOUR, reason="Black Friday")


@pytest.fixture(autouse=True)
def _account(ledger: Ledger) -> None:
    with ledger.begin() as conn:
        record_account(conn, MAIN)


def _keep(ledger: Ledger, sku: str, buffer: int | None) -> None:
    with ledger.begin() as conn:
        conn.execute(_KEPT, {"place": GB, "sku": sku, "buffer": buffer})


def _call(
    ledger: Ledger, at: datetime, operation: str, *, subject: str = "", outcome: str = "ok", times: int = 1
) -> None:
    row = {"at": at, "operation": operation, "subject": subject, "outcome": outcome}
    with ledger.begin() as conn:
        conn.execute(_CALL, [row] * times)


def _ship(ledger: Ledger, number: int, known: datetime, took: timedelta, due: datetime) -> None:
    """An order whose parcel was known at a moment, and confirmed at Amazon some time later."""
    release(ledger, amazon_order(number=number, confirm_by=due), now=known - MINUTE)
    ship(ledger, dispatch(number=number, package_ref=f"P{number}", shipped_at=known), now=known)
    confirm(ledger, now=known + took)


def _report(ledger: Ledger, ended: datetime) -> tuple[Peak, dict[str, dict[str, Any]]]:
    with ledger.begin() as conn:
        peak = end_peak(conn, "Jo", ended)
        return peak, load_report(conn, peak)


def test_each_window_has_what_happened_in_it(ledger: Ledger) -> None:
    """Parcels, calls, quantities and problems count in the window of their moment, and nowhere outside of both."""
    _keep(ledger, "A", 4)
    _keep(ledger, "B", None)
    for hours, times in ((-5, 50), (-3, 1), (1, 2), (5, 50)):
        at = NOW + hours * HOUR
        _call(ledger, at, "patchListingsItem", times=times)
        _call(ledger, at, "patchListingsItem", outcome="500", times=9)
        _call(ledger, at, "confirmShipment", outcome="429 QuotaExceeded", times=times + 1)
        _call(ledger, at, "fetch-dispatch", subject="dispatch-*.csv", outcome="nothing new", times=times + 2)
        _call(ledger, at, "fetch-dispatch", subject="dispatch-1.csv", outcome="read")
        with ledger.begin() as conn:
            conn.execute(_FEED, {"at": at, "messages": 100 * times})
            found = [
                Problem(kind=ProblemKind.OVERSOLD, subject=f"SKU {at} {n}", summary="") for n in range(times)
            ]
            record_problems(
                conn, [*found, Problem(kind=ProblemKind.SNAPSHOT_HELD, subject=str(at), summary="")], at
            )
    _ship(ledger, 1, NOW - HOUR, 2 * MINUTE, NOW + DAY)
    with ledger.begin() as conn:
        start_peak(conn, WISH, NOW)
        conn.execute(sa.text("UPDATE ledger.listings SET buffer = 10 WHERE seller_sku = 'A'"))
    _ship(ledger, 2, NOW + HOUR, 3 * MINUTE, NOW + DAY)
    _ship(ledger, 3, NOW + 2 * HOUR, 30 * MINUTE, NOW + 2 * HOUR - timedelta(seconds=30))
    _, report = _report(ledger, NOW + 4 * HOUR)
    common = {"late_seller": 0, "late_lockstep": 0, "late_amazon": 0, "to_proven": None}
    assert report["before"] == common | {
        "since": "2026-11-27T05:00:00+00:00",
        "until": "2026-11-27T09:00:00+00:00",
        "orders": 3,  # each was placed an hour before nine
        "parcels": 1,
        "confirmed": 1,
        "to_accepted": 120.0,
        "late_warehouse": 0,
        "asked_for_parcels": 3,
        "too_many_calls": 2,
        "published": 101,
        "kept_back": 4,
        "oversold": 1,
    }
    assert report["during"] == common | {
        "since": "2026-11-27T09:00:00+00:00",
        "until": "2026-11-27T13:00:00+00:00",
        "orders": 0,
        "parcels": 2,
        "confirmed": 2,
        "to_accepted": 990.0,
        "late_warehouse": 1,
        "asked_for_parcels": 4,
        "too_many_calls": 3,
        "published": 202,
        "kept_back": 10,
        "oversold": 2,
    }


def test_a_peak_in_which_nothing_happened_has_a_report(ledger: Ledger) -> None:
    """Zeros, and no time where there was nothing to measure."""
    with ledger.begin() as conn:
        start_peak(conn, WISH, NOW)
    peak, report = _report(ledger, NOW + HOUR)
    rows = {row["what"]: (row["before"], row["in the peak"]) for row in report_rows(report)}
    assert rows["orders placed"] == ("0", "0")
    assert rows["half of them confirmed within"] == ("", "")
    assert report_words(peak, report) == (
        "Peak mode (Black Friday) from 2026-11-27 09:00 UTC, started by Kim, to 2026-11-27 10:00 UTC, ended by Jo;"
        " before: from 2026-11-27 08:00 UTC, as long. In the peak everything was published every 30 minutes,"
        " urgent quantities at once."
    )
    assert report_summary(report) == (
        "0 orders (before: 0); 0 parcels confirmed (before: 0); 0 of them late (before: 0); 0 times oversold"
        " (before: 0). Quantities, buffers and worker slots go back to what they were."
    )


def test_the_report_is_told_in_plain_words(ledger: Ledger) -> None:
    """Times have units, and every row says what it counts, without a word of the code."""
    with ledger.begin() as conn:
        start_peak(conn, WISH, NOW)
    _ship(ledger, 1, NOW + MINUTE, timedelta(seconds=12), NOW + DAY)
    _ship(ledger, 2, NOW + 2 * MINUTE, timedelta(seconds=252), NOW + DAY)
    _, report = _report(ledger, NOW + HOUR)
    rows = report_rows(report)
    assert {"what": "half of them confirmed within", "before": "", "in the peak": "2.2 min"} in rows
    assert not any("_" in str(word) for row in rows for word in (*row, *row.values()))
    assert "half of the parcels confirmed within 2.2 min of the warehouse's word" in report_summary(report)
