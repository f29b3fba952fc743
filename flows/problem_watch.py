"""Problems: found where nobody spoke up, told to their owners, shown in one table."""

from collections.abc import Mapping
from datetime import datetime

from prefect import flow
from prefect.logging import get_run_logger

from domain.watch.silence import PARTLY, WATCH, WATCHER
from flows.doors import all_connections, beat, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name, told
from flows.turns import Turns
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
    """One whole cycle at that moment (UTC); what it counted.

    A step that fails leaves the others their turn: what is found is told, whatever else broke. The cycle then
    fails at its end, and its beat says that it ran in part.
    """
    turns = Turns()
    take = turns.take
    take(lambda: peaks.settle(ledger, now))
    counted = {
        "overdue": take(lambda: problems.find_overdue(ledger, all_connections(ledger), now))
        + take(lambda: clock.watch_clock(ledger, now)),
        "silent": take(lambda: silence.watch_silence(ledger, now)),
        "addresses forgotten": take(lambda: reading.forget_recipients(ledger, now)),
    }
    take(lambda: problems.forget(ledger, now))
    shown = take(lambda: open_problems.show(ledger, now))
    take(lambda: to_do.show_to_do(ledger, now))  # what the messages lead to
    new = take(lambda: notices.announce(ledger, now))
    take(lambda: lateness.show_lateness(ledger, now))
    take(lambda: census.show_differences(ledger, now))
    beat(ledger, WATCH, {PARTLY if turns.any_failed else WATCHER: shown})
    turns.end()
    return {"open": shown, "new": new, **counted}
