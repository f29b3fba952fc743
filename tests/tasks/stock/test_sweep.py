"""The nightly sweep: one report a night, compared as a hint, and nothing concluded from what did not come."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonJob, JobStatus, ReportedListing
from domain.errors import Denied, Refused, TryAgain
from domain.stock.listings import ListingState
from ledger.connection import Ledger
from ledger.register import Connection, record_account, record_connection
from tasks.stock import sweep
from tasks.stock.sweep import advance_sweep, sweep_table
from tests.factories import DAY, GB, HOUR, MINUTE, NOW
from tests.tasks.stock.test_proof import MAIN, _listings

L = ListingState
AWAY = TryAgain("Amazon answered 503.")


class FakeAmazon:
    """One report at a time: how far it is and its rows are as told."""

    def __init__(self, rows: dict[str, int | None] | None = None, fault: Exception | None = None) -> None:
        self.rows = rows or {}
        self.fault = fault
        self.status = JobStatus.DONE
        self.calls: list[str] = []

    def ask_listing_report(self, marketplace_id: str) -> str:
        """A report id."""
        self._called(f"ask {marketplace_id}")
        return "R1"

    def fetch_report(self, report_id: str) -> AmazonJob:
        """How far it is."""
        self._called(f"poll {report_id}")
        return AmazonJob(job_id=report_id, status=self.status, created_at=NOW, document_id="D1")

    def fetch_listing_report(self, document_id: str) -> tuple[ReportedListing, ...]:
        """Its rows."""
        self._called(f"load {document_id}")
        return tuple(ReportedListing(seller_sku=sku, units=units) for sku, units in self.rows.items())

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.fault is not None:
            raise self.fault


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> list[dict[str, object]]:
    """The account with its warehouse; what was last put into the Prefect UI."""
    shown: list[dict[str, object]] = []

    def show(table: Sequence[dict[str, object]], **_: object) -> None:
        shown[:] = table

    monkeypatch.setattr(sweep, "create_table_artifact", show)
    with ledger.begin() as conn:
        record_account(conn, MAIN)
        record_connection(
            conn, Connection(name="main", adapter="file-drop", serves=("main",), same_skus=False)
        )
    return shown


def _known(ledger: Ledger) -> None:
    """Listings were looked up long ago."""
    with ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.listing_history (listing_id, at, to_state)"
                " SELECT id, :at, 'IDLE' FROM ledger.listings"
            ),
            {"at": NOW - 9 * DAY},
        )


def _in_effect(ledger: Ledger, count: int, prefix: str = "S", state: ListingState = L.EFFECTIVE) -> None:
    """Listings with 5 units in effect since yesterday, last looked at an hour ago."""
    times = {"seen_at": NOW - HOUR, "accepted_at": NOW - DAY, "published_at": NOW - DAY}
    _listings(ledger, state, count, prefix, **times)


def _asked(ledger: Ledger) -> sa.RowMapping:
    with ledger.begin() as conn:
        statement = sa.text("SELECT * FROM ledger.asked_reports ORDER BY id DESC LIMIT 1")
        return conn.execute(statement).mappings().one()


def _marked(ledger: Ledger) -> list[str]:
    statement = sa.text("SELECT seller_sku FROM ledger.listings WHERE seen_at IS NULL ORDER BY seller_sku")
    with ledger.begin() as conn:
        return list(conn.scalars(statement))


def _sweep(ledger: Ledger, amazon: FakeAmazon) -> dict[str, int]:
    """Ask, and two minutes later read."""
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW) == {"asked": 1}
    return advance_sweep.fn(ledger, amazon, MAIN, NOW + 2 * MINUTE)


def test_a_report_is_asked_for_polled_and_read_in_three_runs(
    ledger: Ledger, tables: list[dict[str, object]]
) -> None:
    """One step per run, each committed; the rest of the night nothing more is asked."""
    _in_effect(ledger, 3)
    _known(ledger)
    amazon = FakeAmazon({"S0": 5, "S1": 5, "S2": 5})
    amazon.status = JobStatus.IN_PROGRESS
    done = [advance_sweep.fn(ledger, amazon, MAIN, NOW + n * MINUTE) for n in range(4)]
    amazon.status = JobStatus.DONE
    done += [advance_sweep.fn(ledger, amazon, MAIN, NOW + n * MINUTE) for n in (4, 5, 6)]
    read = {"read": 1, "differing in the sweep": 0, "new": 0}
    assert done == [{"asked": 1}, {}, {}, {}, read, {}, {}]
    assert amazon.calls == [f"ask {GB}", "poll R1", "poll R1", "load D1"]
    assert (tables[0]["rows"], tables[0]["equal"], tables[0]["to look at"]) == (3, 3, 0)
    assert _marked(ledger) == []
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW + DAY) == {"asked": 1}


def test_without_listings_since_before_the_night_nothing_is_asked(ledger: Ledger) -> None:
    """On the first day there is nothing to compare yet."""
    _in_effect(ledger, 1)
    amazon = FakeAmazon()
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW) == {}
    assert amazon.calls == []


def test_what_the_report_shows_otherwise_is_marked_and_not_judged(
    ledger: Ledger, tables: list[dict[str, object]]
) -> None:
    """Differing, missing and returned offers are looked at next; no state changes by a report."""
    _in_effect(ledger, 4)
    _in_effect(ledger, 2, "ABSENT", L.ABSENT)
    _in_effect(ledger, 1, "PLAN", L.PLANNED)
    _known(ledger)
    rows = {"S0": 5, "S1": 40, "S2": None, "ABSENT0": 3, "PLAN0": 77, "X": 1, "Y": 0, "FBA": None}
    assert _sweep(ledger, FakeAmazon(rows))["differing in the sweep"] == 4
    assert _marked(ledger) == ["ABSENT0", "S1", "S2", "S3"]
    with ledger.begin() as conn:
        states = list(conn.scalars(sa.text("SELECT state FROM ledger.listings ORDER BY id")))
    assert states == ["EFFECTIVE"] * 4 + ["ABSENT"] * 2 + ["PLANNED"]
    (row,) = tables
    shown = {
        name: row[name] for name in ("rows", "merchant fulfilled", "equal", "differing", "missing", "back")
    }
    assert list(shown.values()) == [8, 6, 1, 1, 2, 1]
    assert (row["offers nobody mapped"], row["for example"]) == (2, "X, Y")


def test_what_is_newer_than_the_report_is_not_compared(ledger: Ledger) -> None:
    """A number published, or a look made, about when the report was asked for says more than the report."""
    _listings(ledger, L.EFFECTIVE, 1, "P", seen_at=NOW - MINUTE, published_at=NOW - 20 * MINUTE)
    _listings(ledger, L.EFFECTIVE, 1, "Q", seen_at=NOW + MINUTE, published_at=NOW - DAY)
    _known(ledger)
    assert _sweep(ledger, FakeAmazon({"P0": 1, "Q0": 1}))["differing in the sweep"] == 0
    assert _asked(ledger)["counts"]["newer"] == 2
    assert _marked(ledger) == []


def test_an_unknown_offer_that_is_mapped_becomes_a_candidate(ledger: Ledger) -> None:
    """The map decides: what it resolves is looked up, the rest is counted."""
    _in_effect(ledger, 1)
    _known(ledger)
    with ledger.begin() as conn:
        record_connection(
            conn, Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
        )
    assert _sweep(ledger, FakeAmazon({"S0": 5, "NEW": 7}))["new"] == 1
    assert _marked(ledger) == ["NEW"]


@pytest.mark.parametrize(
    ("status", "after", "reason"),
    [
        (JobStatus.CANCELED, MINUTE, "no data"),
        (JobStatus.FATAL, MINUTE, "gave it up"),
        (JobStatus.IN_QUEUE, 6 * HOUR, "not ready after six hours"),
        (JobStatus.DONE, MINUTE, "no row"),
    ],
)
def test_a_report_that_does_not_come_says_nothing_of_any_listing(
    ledger: Ledger, tables: list[dict[str, object]], status: JobStatus, after: timedelta, reason: str
) -> None:
    """Canceled, given up, never ready or empty: shown, nothing marked, asked again the night after."""
    _in_effect(ledger, 3)
    _known(ledger)
    amazon = FakeAmazon()
    amazon.status = status
    advance_sweep.fn(ledger, amazon, MAIN, NOW)
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW + 2 * MINUTE + after) == {"failed": 1}
    assert _marked(ledger) == []
    assert reason in str(tables[0]["reason"])
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW + 16 * HOUR) == {}
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW + 20 * HOUR) == {"asked": 1}


def test_a_process_that_died_while_asking_is_found_out(ledger: Ledger) -> None:
    """After a quarter of an hour nobody answers any more, and the report is asked for again within the night."""
    _in_effect(ledger, 1)
    _known(ledger)
    with pytest.raises(KeyboardInterrupt):
        advance_sweep.fn(ledger, FakeAmazon(fault=KeyboardInterrupt()), MAIN, NOW)
    assert _asked(ledger)["state"] == "ASKING"
    assert advance_sweep.fn(ledger, FakeAmazon(), MAIN, NOW + 14 * MINUTE) == {}
    assert advance_sweep.fn(ledger, FakeAmazon(), MAIN, NOW + 15 * MINUTE) == {"failed": 1}
    assert "no answer" in _asked(ledger)["reason"]
    assert advance_sweep.fn(ledger, FakeAmazon(), MAIN, NOW + HOUR) == {"asked": 1}


@pytest.mark.parametrize("fault", [AWAY, Denied("no")])
def test_a_question_that_is_not_answered_is_asked_again_after_an_hour(
    ledger: Ledger, fault: Exception
) -> None:
    """A fault of the line or of the credentials is told, and does not cost the night."""
    _in_effect(ledger, 1)
    _known(ledger)
    with pytest.raises(type(fault)):
        advance_sweep.fn(ledger, FakeAmazon(fault=fault), MAIN, NOW)
    assert advance_sweep.fn(ledger, FakeAmazon(), MAIN, NOW + 30 * MINUTE) == {}
    assert advance_sweep.fn(ledger, FakeAmazon(), MAIN, NOW + HOUR) == {"asked": 1}


def test_a_refused_report_waits_for_the_next_night(ledger: Ledger) -> None:
    """No to a report is no fault of the run."""
    _in_effect(ledger, 1)
    _known(ledger)
    assert advance_sweep.fn(ledger, FakeAmazon(fault=Refused("not here")), MAIN, NOW) == {"failed": 1}
    assert advance_sweep.fn(ledger, FakeAmazon(), MAIN, NOW + 2 * HOUR) == {}


def test_a_document_that_does_not_come_is_tried_again_later(ledger: Ledger) -> None:
    """The report stays asked for, and is not polled more often for it; a refused document ends it."""
    _in_effect(ledger, 1)
    _known(ledger)
    amazon = FakeAmazon({"S0": 5})
    advance_sweep.fn(ledger, amazon, MAIN, NOW)
    amazon.fault = AWAY
    with pytest.raises(TryAgain):
        advance_sweep.fn(ledger, amazon, MAIN, NOW + 2 * MINUTE)
    amazon.fault = Refused("it has no column quantity")
    assert advance_sweep.fn(ledger, amazon, MAIN, NOW + 4 * MINUTE) == {"failed": 1}
    assert _asked(ledger)["reason"] == "it has no column quantity"


def test_one_marketplace_does_not_keep_another_from_its_step(ledger: Ledger) -> None:
    """The table has a row for each, whatever became of its report."""
    rows: list[dict[str, Any]] = [
        {"marketplace_id": "A", "asked_at": NOW, "state": "FAILED", "reason": "why", "counts": {}},
        {"marketplace_id": "B", "asked_at": NOW, "state": "READ", "reason": "", "counts": {"rows": 9}},
    ]
    assert [(row["marketplace_id"], row["rows"], row["reason"]) for row in sweep_table(rows)] == [
        ("A", 0, "why"),
        ("B", 9, ""),
    ]
