"""A person has seen a problem."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from ledger.connection import Ledger
from ledger.watch.acknowledging import Seen, acknowledge
from tasks.manners import worth_retrying


@task(
    task_run_name="keep that a problem was seen",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def keep_seen(ledger: Ledger, seen: Seen, now: datetime) -> str:
    """Keep who has seen a problem; a sentence on what is so now.

    Raises:
        Refused: there is no such problem, or it is over already; nothing was changed.
    """
    with ledger.begin() as conn:
        return acknowledge(conn, seen, ledger.seal, now)
