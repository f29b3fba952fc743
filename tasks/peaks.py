"""Peak mode at work: it takes and gives back, is shown while it is on, and reports once when it is over."""

from datetime import datetime

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from domain.peaks import Peak, PeakWish, publication_due
from domain.problems import Team
from domain.reviews.peak_words import report_rows, report_summary, report_words
from ledger.connection import Ledger
from ledger.peaks import (
    current_peak,
    end_peak,
    expire_peak,
    has_report,
    last_publication,
    record_report,
    start_peak,
    unsettled_peaks,
)
from ledger.register import Account
from ledger.reviews.peak_report import load_report
from tasks.telling import tell
from tasks.worker_slots import give_back_slots, hold_slots

MODE, REPORT = "peak-mode", "peak-report"
OFF = "Peak mode is off: every run of inventory publishes what changed."


@task(task_run_name="start peak mode", cache_policy=NO_CACHE, persist_result=False)
def start(ledger: Ledger, wish: PeakWish, now: datetime) -> Peak:
    """Start a peak, keep who decided it, and let inventory have one worker slot.

    Raises:
        Refused: it cannot be as wished, or one is on already; nothing was changed.
    """
    with ledger.begin() as conn:
        peak = start_peak(conn, wish, now)
    hold_slots(ledger, peak)
    _show_mode(peak.tell())
    tell(Team.OPERATIONS, "Peak mode is on", peak.tell())
    return peak


@task(task_run_name="end peak mode", cache_policy=NO_CACHE, persist_result=False)
def end(ledger: Ledger, author: str, now: datetime) -> Peak:
    """End the peak that is on, and keep who decided it.

    Raises:
        Refused: none is on; nothing was changed.
    """
    with ledger.begin() as conn:
        return end_peak(conn, author, now)


@task(task_run_name="see to peak modes that are over", cache_policy=NO_CACHE, persist_result=False, retries=2)
def settle(ledger: Ledger, now: datetime) -> int:
    """Restore what peaks that are over have changed and report on them; how many reports were written.

    Whoever comes first does it, the others leave it alone: rather told twice, when a process dies, than never.
    """
    with ledger.begin() as conn:
        expire_peak(conn, now)
        if not unsettled_peaks(conn):
            return 0
    with ledger.only_one(MODE) as alone:
        if not alone:
            return 0
        with ledger.begin() as conn:
            found = unsettled_peaks(conn)
        return sum(_settle_one(ledger, peak, now) for peak in found)


def is_turn(ledger: Ledger, account: Account, now: datetime) -> bool:
    """Whether quantities of an account that are not urgent go out now: always, unless peak mode is on."""
    with ledger.begin() as conn:
        peak = current_peak(conn, now)
        last = last_publication(conn, peak, account.name) if peak else None
    return publication_due(peak, last, now)


def _settle_one(ledger: Ledger, peak: Peak, now: datetime) -> bool:
    give_back_slots(ledger, peak)
    with ledger.begin() as conn:
        if has_report(conn, peak):
            return False
        report, following = load_report(conn, peak), current_peak(conn, now)
    words = report_words(peak, report)
    create_table_artifact(key=REPORT, table=report_rows(report), description=words)
    _show_mode(following.tell() if following else OFF)
    said = f"{words} {report_summary(report)} All numbers are in the artifact {REPORT}."
    tell(Team.OPERATIONS, "Peak mode is over", said)
    with ledger.begin() as conn:
        record_report(conn, peak, report)
    get_run_logger().info("%s", words)
    return True


def _show_mode(said: str) -> None:
    create_markdown_artifact(key=MODE, markdown=said, description="Whether peak mode is on.")
