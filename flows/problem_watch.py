"""Problems: found where nobody spoke up, told to their owners, shown in one table."""

from prefect import flow
from prefect.logging import get_run_logger

from flows.doors import all_connections, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name, told
from tasks import lateness, orders, problems


@flow(name="problem-watch", flow_run_name=run_name)
@says_why
def problem_watch() -> None:
    """Look for what is overdue, tell the teams about new problems, and show all open ones in a table."""
    with open_ledger() as ledger:
        now = utc_now()
        overdue = problems.find_overdue(ledger, all_connections(ledger), now)
        forgotten = orders.forget_recipients(ledger, now)
        problems.forget(ledger, now)
        new = problems.announce(ledger, now)
        shown = problems.show(ledger)
        lateness.show_lateness(ledger, now)
        counts = {"open": shown, "new": new, "overdue": overdue, "addresses forgotten": forgotten}
        get_run_logger().info("%s", told("problems", counts))
