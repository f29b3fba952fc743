"""Every Monday: what the last weeks were like, and what changed."""

from prefect import flow
from prefect.logging import get_run_logger

from domain.watch.silence import WATCHER
from flows.doors import beat, chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name
from tasks.reviews import week_review


@flow(name="weekly-review", flow_run_name=run_name)
@says_why
def weekly_review() -> None:
    """Put the last eight weeks side by side and tell operations about the last one.

    Changes nothing at Amazon or in the warehouse. Safe to run by hand at any time.
    """
    with open_ledger() as ledger:
        accounts, now = chosen_accounts(ledger, ""), utc_now()
        week_review.end_week(ledger, accounts, now)
        weeks = week_review.look_back(ledger, now)
        get_run_logger().info("%s", week_review.tell_week(ledger, accounts, weeks))
        beat(ledger, "weekly-review", {WATCHER: 1})
