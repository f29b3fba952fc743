"""Problems: found where nobody spoke up, told to their owners, shown in one table."""

from collections.abc import Mapping
from datetime import datetime

from prefect import flow
from prefect.logging import get_run_logger

from domain.watch.silence import WATCH, WATCHER
from flows.doors import all_connections, beat, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name, told
from ledger.connection import Ledger
from tasks import peaks
from tasks.orders import reading
from tasks.reviews import lateness
from tasks.watch import census, clock, notices, open_problems, problems, silence, to_do


@flow(name="problem-watch", flow_run_name=run_name)
@says_why
def problem_watch() -> None:
    """Look for what is overdue, tell the teams about new problems, and show all open ones."""
    with open_ledger() as ledger:
        get_run_logger().info("%s", told("problems", watch(ledger, utc_now())))


def watch(ledger: Ledger, now: datetime) -> Mapping[str, int]:
    """One whole cycle at that moment (UTC); what it counted."""
    peaks.settle(ledger, now)
    overdue = problems.find_overdue(ledger, all_connections(ledger), now)
    gaps = clock.watch_clock(ledger, now)
    silent = silence.watch_silence(ledger, now)
    forgotten = reading.forget_recipients(ledger, now)
    problems.forget(ledger, now)
    new = notices.announce(ledger, now)
    shown = open_problems.show(ledger, now)
    to_do.show_to_do(ledger, now)
    lateness.show_lateness(ledger, now)
    census.show_differences(ledger, now)
    beat(ledger, WATCH, {WATCHER: shown})
    return {
        "open": shown,
        "new": new,
        "overdue": overdue + gaps,
        "silent": silent,
        "addresses forgotten": forgotten,
    }
