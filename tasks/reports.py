"""A report that Amazon prepares in its own time, once a night: asked for, asked about, read, one step per run."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from domain.amazon import AmazonJob, JobStatus
from domain.errors import Denied, Refused, TryAgain
from domain.stock.feeds import ReportState
from domain.sweeps import AskedReport, Step, next_step
from ledger.asked_reports import latest_report, record_asked, record_asking, record_failed, record_polled
from ledger.connection import Ledger
from ledger.register import Account

T = TypeVar("T")
_ENDED = {
    JobStatus.CANCELED: "Amazon canceled it, which also says that it has no data: nothing was compared",
    JobStatus.FATAL: "Amazon gave it up: nothing was compared",
}
_NO_ANSWER = "no answer: the process that asked is gone"
_TOO_LATE = "it was not ready after six hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Generic[T]):
    """A type of report: how it is asked for in a marketplace and looked at, fetched by its document, and recorded.

    `record` says what was done, counted.
    """

    report_type: str
    ask: Callable[[str], str]
    look: Callable[[str], AmazonJob]
    fetch: Callable[[str], T]
    record: Callable[[AskedReport, T, datetime], dict[str, int]]


def advance_reports(
    ledger: Ledger,
    account: Account,
    wanted: Wanted[T],
    now: datetime,
    may_ask: Callable[[str], bool] = lambda _: True,
) -> tuple[dict[str, int], TryAgain | None]:
    """Go one step with the report of each marketplace: what was done, and why a call went unanswered, if one did.

    A fault is told before a budget that is used up. The other marketplaces had their turn.

    Raises:
        Denied: Amazon does not accept the credentials.
    """
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None
    for marketplace_id in account.marketplaces:
        try:
            counts.update(
                _advance(ledger, account, marketplace_id, wanted, now, may_ask=may_ask(marketplace_id))
            )
        except TryAgain as error:
            lost = error if lost is None or not error.pause else lost
    return dict(counts), lost


def _advance(
    ledger: Ledger,
    account: Account,
    marketplace_id: str,
    wanted: Wanted[T],
    now: datetime,
    *,
    may_ask: bool,
) -> dict[str, int]:
    """Go one step with the report of one marketplace; what was done.

    Raises:
        TryAgain: Amazon did not answer; the next run goes on.
        Denied: Amazon does not accept the credentials.
    """
    with ledger.begin() as conn:
        last = latest_report(conn, account.name, marketplace_id, wanted.report_type)
        step = next_step(last, now)
    if step is Step.FREE and last is not None:
        return fail_report(ledger, last, _NO_ANSWER, now, answered=False)
    if step is Step.ASK and may_ask:
        return _ask(ledger, account, marketplace_id, wanted, now)
    if step is Step.POLL and last is not None:
        return _poll(ledger, last, wanted, now)
    return {}


def fail_report(
    ledger: Ledger, report: AskedReport, reason: str, now: datetime, *, answered: bool = True
) -> dict[str, int]:
    """Keep that a report did not come, and why; `answered`: it was Amazon that said so."""
    with ledger.begin() as conn:
        record_failed(conn, report, reason, now, answered=answered)
    return {"failed": 1}


def _ask(
    ledger: Ledger, account: Account, marketplace_id: str, wanted: Wanted[T], now: datetime
) -> dict[str, int]:
    with ledger.begin() as conn:
        number = record_asking(conn, account.name, marketplace_id, now, wanted.report_type)
    asking = AskedReport(
        id=number,
        marketplace_id=marketplace_id,
        state=ReportState.ASKING,
        report_id="",
        asked_at=now,
        polled_at=None,
    )
    try:
        report_id = wanted.ask(marketplace_id)
    except (TryAgain, Denied) as error:
        fail_report(ledger, asking, str(error), now, answered=False)
        raise
    except Refused as error:  # this marketplace's report alone: the night after may have it
        return fail_report(ledger, asking, str(error), now)
    with ledger.begin() as conn:
        record_asked(conn, number, report_id, now)
    return {"asked": 1}


def _poll(ledger: Ledger, asked: AskedReport, wanted: Wanted[T], now: datetime) -> dict[str, int]:
    try:
        job = wanted.look(asked.report_id)
        with ledger.begin() as conn:
            # Also when its document does not come: none is asked for too often.
            record_polled(conn, asked.id, now)
        if job.status is JobStatus.DONE:
            return wanted.record(asked, wanted.fetch(job.document_id), now)
    except Denied:
        raise
    except Refused as error:
        return fail_report(ledger, asked, str(error), now)
    except TryAgain as error:
        if asked.is_overdue(now):
            return fail_report(ledger, asked, f"{_TOO_LATE} ({error})", now)
        raise
    if job.status in _ENDED or asked.is_overdue(now):
        return fail_report(ledger, asked, _ENDED.get(job.status, _TOO_LATE), now)
    return {}
