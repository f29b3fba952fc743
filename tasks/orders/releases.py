"""Orders from the ledger to the warehouse, a batch at a time."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.orders.order import OrderMaps
from domain.ports import WarehouseDoor
from domain.warehouse import Finding, ReleaseAnswer, ReleaseResult
from ledger.connection import Ledger
from ledger.deliveries import claim_cancels, record_cancels_sent
from ledger.orders.release_plans import plan_releases
from ledger.orders.releases import (
    ReleaseBatch,
    claim_releases,
    doubt_unanswered,
    record_answers,
    replan_release,
    unknown_releases,
)
from ledger.register import Account
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying

BATCH = 250  # orders in one file or one page of calls


@task(task_run_name="plan releases of {account.name}", cache_policy=NO_CACHE, retries=2)
def plan(ledger: Ledger, account: Account, maps: OrderMaps, now: datetime) -> int:
    """Write the intent to release what is ready, most urgent first; how many orders."""
    with ledger.begin() as conn:
        return plan_releases(conn, account.name, maps, BATCH, now)


@task(task_run_name="claim a batch of releases", cache_policy=NO_CACHE, persist_result=False, retries=2)
def claim(ledger: Ledger, connection: str, now: datetime) -> ReleaseBatch | None:
    """Take planned releases for one call; None when there is nothing to send."""
    with ledger.begin() as conn:
        return claim_releases(conn, connection, ledger.seal, BATCH, now)


@task(
    task_run_name="hand {batch.batch} to the warehouse",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def release(warehouse: WarehouseDoor, batch: ReleaseBatch) -> tuple[ReleaseAnswer, ...]:
    """Hand a batch over; the same batch again is the same deed."""
    return warehouse.release(batch.batch, batch.orders)


@task(task_run_name="record the answers", cache_policy=NO_CACHE, persist_result=False, retries=2)
def record_release(ledger: Ledger, answers: tuple[ReleaseAnswer, ...], now: datetime) -> dict[str, int]:
    """Keep what the warehouse answered."""
    with ledger.begin() as conn:
        return record_answers(conn, answers, now)


@task(task_run_name="ask about lost answers", cache_policy=NO_CACHE, retries=2)
def settle_unknown(ledger: Ledger, warehouse: WarehouseDoor, clock: Callable[[], datetime]) -> dict[str, int]:
    """Ask the warehouse about every release whose answer was lost, before anything is sent again."""
    connection = warehouse.connection
    with ledger.begin() as conn:
        doubt_unanswered(conn, connection, clock())
        asked = unknown_releases(conn, connection)
    counts: Counter[str] = Counter()
    for batch, reference in asked:
        finding = warehouse.find(batch, reference)
        counts[finding.value] += 1
        with ledger.begin() as conn:
            if finding is Finding.FOUND:
                answer = ReleaseAnswer(reference=reference, result=ReleaseResult.SUBMITTED)
                record_answers(conn, [answer], clock())
            if finding is Finding.ABSENT:
                replan_release(conn, reference, clock())
    return dict(counts)


@task(task_run_name="ask the warehouse to stop orders", cache_policy=NO_CACHE, retries=2)
def request_cancels(ledger: Ledger, warehouse: WarehouseDoor, clock: Callable[[], datetime]) -> int:
    """Hand over our wishes not to ship; how many orders they are about."""
    with ledger.begin() as conn:
        wishes = claim_cancels(conn, warehouse.connection, clock())
    for batch, requests in wishes.items():
        warehouse.request_cancel(batch, requests)
        with ledger.begin() as conn:
            record_cancels_sent(conn, batch, clock())
    return sum(len(requests) for requests in wishes.values())


def unanswered(batch: ReleaseBatch, error: Exception) -> tuple[ReleaseAnswer, ...]:
    """What is known of a batch after the warehouse could not be reached: nothing, so it is asked about."""
    return tuple(
        ReleaseAnswer(reference=order.reference, result=ReleaseResult.UNKNOWN, reason=str(error))
        for order in batch.orders
    )
