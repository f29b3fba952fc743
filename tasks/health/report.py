"""Amazon's own report of the account's health, once a day, one step per run."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.health.reports import Reported
from domain.ports import BulkDoor
from domain.sweeps import AskedReport
from ledger.asked_reports import ACCOUNT_HEALTH, record_read
from ledger.connection import Ledger
from ledger.health.kept import record_reported
from ledger.register import Account
from tasks.reports import Wanted, advance_reports


@task(task_run_name="read Amazon's report on {account.name}", cache_policy=NO_CACHE, persist_result=False)
def advance_health_report(
    ledger: Ledger, amazon: BulkDoor, account: Account, now: datetime
) -> dict[str, int]:
    """Go one step in each marketplace: ask once a night, look whether it is ready, keep what it says.

    What was done is counted. Tried again by the next run, not by this one.

    Raises:
        TryAgain: Amazon did not answer; the other marketplaces had their turn.
        Denied: Amazon does not accept the credentials.
    """
    wanted = Wanted(
        report_type=ACCOUNT_HEALTH,
        ask=amazon.ask_health_report,
        look=amazon.fetch_report,
        fetch=amazon.fetch_health_report,
        record=partial(_record, ledger, account),
    )
    counts, lost = advance_reports(ledger, account, wanted, now)
    if lost is not None:
        raise lost
    return counts


def _record(
    ledger: Ledger, account: Account, asked: AskedReport, found: Sequence[Reported], now: datetime
) -> dict[str, int]:
    with ledger.begin() as conn:
        record_reported(conn, (account.name, asked.marketplace_id), found, now)
        record_read(conn, asked, {"measures": len(found)}, now)
    return {"read": 1}
