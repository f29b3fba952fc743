"""Amazon's own report of the account's health, once a day, one step per run."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.errors import TryAgain
from domain.health.reports import Reported
from domain.ports import BulkDoor
from domain.sweeps import AskedReport
from ledger.asked_reports import ACCOUNT_HEALTH, record_read
from ledger.connection import Ledger
from ledger.health.kept import record_reported
from ledger.register import Account
from tasks.reports import Wanted, advance_report


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
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None
    wanted = Wanted(
        report_type=ACCOUNT_HEALTH,
        ask=amazon.ask_health_report,
        look=amazon.fetch_report,
        fetch=amazon.fetch_health_report,
        record=partial(_record, ledger, account),
    )
    for marketplace_id in account.marketplaces:
        try:
            counts.update(advance_report(ledger, account, marketplace_id, wanted, now))
        except TryAgain as error:
            lost = error if lost is None or not error.pause else lost
    if lost is not None:
        raise lost
    return dict(counts)


def _record(
    ledger: Ledger, account: Account, asked: AskedReport, found: Sequence[Reported], now: datetime
) -> dict[str, int]:
    with ledger.begin() as conn:
        record_reported(conn, (account.name, asked.marketplace_id), found, now)
        record_read(conn, asked, {"measures": len(found)}, now)
    return {"read": 1}
