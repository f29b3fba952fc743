"""Every evening: every order due today is confirmed or explained, and how the days before ended."""

from prefect import flow
from prefect.logging import get_run_logger

from domain.watch.silence import WATCHER
from flows.doors import beat, chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name
from tasks.reviews import day_close


@flow(name="daily-close", flow_run_name=run_name)
@says_why
def daily_close() -> None:
    """Count what was due today, confirmed, late, canceled and open, and tell operations in one message.

    The message says as well how the day before ended, and every day on which no close ran. Changes nothing at
    Amazon or in the warehouse. Safe to run by hand at any time; a run before noon (UTC) closes the day before.
    """
    with open_ledger() as ledger:
        accounts = chosen_accounts(ledger, "")
        if not accounts:
            get_run_logger().info("There is no seller account yet.")
            return
        now = utc_now()
        today, before = day_close.close_days(ledger, accounts, day_close.day_to_close(now), now)
        get_run_logger().info("%s", day_close.tell_close(today, before, now))
        beat(ledger, "daily-close", {WATCHER: 1})
