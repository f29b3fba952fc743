"""The nightly wide sweep: Amazon's report of all listings beside the ledger, one step per run."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from domain.amazon import JobStatus, ReportedListing
from domain.errors import Denied, Refused, TryAgain
from domain.feeds import ReportState
from domain.ports import BulkDoor
from domain.sweeps import AskedReport, Step, next_step, night_of
from ledger.asked_reports import (
    had_listings,
    latest_report,
    latest_reports,
    record_asked,
    record_asking,
    record_failed,
    record_polled,
    record_read,
)
from ledger.connection import Ledger
from ledger.maps import load_skus
from ledger.register import Account, connection_of
from ledger.sweeps import compare_report
from tasks.tables import for_people

_ENDED = {
    JobStatus.CANCELED: "Amazon canceled it, which also says that it has no data: nothing was compared",
    JobStatus.FATAL: "Amazon gave it up: nothing was compared",
}
_NO_ANSWER = "no answer: the process that asked is gone"
_TOO_LATE = "it was not ready after six hours"
_EMPTY = "it has no row, which is no answer: nothing was compared"
_COLUMNS = (
    "rows",
    "merchant_fulfilled",
    "equal",
    "differing",
    "missing",
    "back",
    "newer",
    "to_look_at",
    "new",
)


@task(task_run_name="sweep the listings of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def advance_sweep(ledger: Ledger, amazon: BulkDoor, account: Account, now: datetime) -> dict[str, int]:
    """Go one step in each marketplace: ask once a night, look whether it is ready, compare; what was done.

    Tried again by the next run, not by this one. What the report shows otherwise than the ledger is not judged
    here, but looked at next.

    Raises:
        TryAgain: Amazon did not answer; the other marketplaces had their turn.
        Denied: Amazon does not accept the credentials.
    """
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None
    for marketplace_id in account.marketplaces:
        try:
            counts.update(_advance(ledger, amazon, account, marketplace_id, now))
        except TryAgain as error:
            lost = error if lost is None or not error.pause else lost
    if counts:
        show_sweep(ledger, account)
    if lost is not None:
        raise lost
    return dict(counts)


def show_sweep(ledger: Ledger, account: Account) -> None:
    """Put the last report of each marketplace where people look."""
    with ledger.begin() as conn:
        rows = [dict(row) for row in latest_reports(conn, account.name)]
    create_table_artifact(
        key=f"sweep-{account.name}",
        table=for_people(sweep_table(rows)),
        description="The nightly report of all listings beside the ledger, per marketplace: what differs, is"
        " missing or is back is looked at next. Offers that nobody mapped are not kept in step with the warehouse.",
    )


def sweep_table(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """One row per marketplace: when its report was asked for, how that ended, and what was counted."""
    table = []
    for row in rows:
        counts, asked_at = row["counts"], row["asked_at"]
        assert isinstance(counts, dict)
        assert isinstance(asked_at, datetime)
        table.append(
            {
                "marketplace_id": row["marketplace_id"],
                "asked_at": f"{asked_at:%Y-%m-%d %H:%M} UTC",
                "state": row["state"],
                **{name.replace("_", " "): counts.get(name, 0) for name in _COLUMNS},
                "offers nobody mapped": counts.get("unmapped", 0),
                "for example": ", ".join(counts.get("unmapped_skus", ())),
                "reason": row["reason"],
            }
        )
    return table


def _advance(
    ledger: Ledger, amazon: BulkDoor, account: Account, marketplace_id: str, now: datetime
) -> dict[str, int]:
    with ledger.begin() as conn:
        last = latest_report(conn, account.name, marketplace_id)
        step = next_step(last, now)
        if step is Step.ASK and not had_listings(conn, account.name, marketplace_id, night_of(now)):
            return {}
        if step is Step.FREE and last is not None:
            record_failed(conn, last, _NO_ANSWER, now, answered=False)
            return {"failed": 1}
    if step is Step.ASK:
        return _ask(ledger, amazon, account, marketplace_id, now)
    if step is Step.POLL and last is not None:
        return _poll(ledger, amazon, account, last, now)
    return {}


def _ask(
    ledger: Ledger, amazon: BulkDoor, account: Account, marketplace_id: str, now: datetime
) -> dict[str, int]:
    with ledger.begin() as conn:
        number = record_asking(conn, account.name, marketplace_id, now)
    asking = AskedReport(
        id=number,
        marketplace_id=marketplace_id,
        state=ReportState.ASKING,
        report_id="",
        asked_at=now,
        polled_at=None,
    )
    try:
        report_id = amazon.ask_listing_report(marketplace_id)
    except (TryAgain, Denied) as error:
        _fail(ledger, asking, str(error), now, answered=False)
        raise
    except Refused as error:  # this marketplace's report alone: the night after may have it
        return _fail(ledger, asking, str(error), now)
    with ledger.begin() as conn:
        record_asked(conn, number, report_id, now)
    return {"asked": 1}


def _poll(
    ledger: Ledger, amazon: BulkDoor, account: Account, asked: AskedReport, now: datetime
) -> dict[str, int]:
    try:
        job = amazon.fetch_report(asked.report_id)
        with ledger.begin() as conn:
            record_polled(
                conn, asked.id, now
            )  # also when its document does not come: none is asked for too often
        if job.status is JobStatus.DONE:
            return _read(ledger, account, asked, amazon.fetch_listing_report(job.document_id), now)
    except Denied:
        raise
    except Refused as error:
        return _fail(ledger, asked, str(error), now)
    except TryAgain as error:
        if asked.is_overdue(now):
            return _fail(ledger, asked, f"{_TOO_LATE} ({error})", now)
        raise
    if job.status in _ENDED or asked.is_overdue(now):
        return _fail(ledger, asked, _ENDED.get(job.status, _TOO_LATE), now)
    return {}


def _read(
    ledger: Ledger, account: Account, asked: AskedReport, rows: Sequence[ReportedListing], now: datetime
) -> dict[str, int]:
    if not rows:
        return _fail(ledger, asked, _EMPTY, now)
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
        skus = load_skus(conn, account.name, connection.name, same_skus=connection.same_skus)
        place = (account.name, asked.marketplace_id)
        counts = compare_report(conn, place, rows, skus, asked.asked_at)
        record_read(conn, asked, counts, now)
    return {"read": 1, "differing in the sweep": counts["to_look_at"], "new": counts["new"]}


def _fail(
    ledger: Ledger, report: AskedReport, reason: str, now: datetime, *, answered: bool = True
) -> dict[str, int]:
    with ledger.begin() as conn:
        record_failed(conn, report, reason, now, answered=answered)
    return {"failed": 1}
