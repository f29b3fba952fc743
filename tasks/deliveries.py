"""What the warehouse says, a message at a time: recorded, then acknowledged."""

from collections import Counter
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.ports import WarehouseDoor
from domain.stock import SnapshotLimits
from domain.warehouse import Delivery, DeliveryKind
from ledger.connection import Ledger
from ledger.deliveries import record_changes, record_delivery
from ledger.dispatches import record_dispatches
from ledger.stock import record_snapshot
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying


@task(
    task_run_name="fetch {kind.value} messages",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def fetch(warehouse: WarehouseDoor, kind: DeliveryKind) -> tuple[Delivery, ...]:
    """Messages of one kind that were not acknowledged yet."""
    return warehouse.fetch(kind)


@task(task_run_name="record {delivery.name}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def record(
    ledger: Ledger,
    connection: str,
    kind: DeliveryKind,
    delivery: Delivery,
    *,
    limits: SnapshotLimits,
    now: datetime,
) -> dict[str, int]:
    """One message, one transaction; a message that is known already changes nothing."""
    with ledger.begin() as conn:
        if not record_delivery(conn, connection, kind, delivery, now):
            return {"set aside" if delivery.fault else "known": 1}
        counts = Counter(record_changes(conn, connection, delivery.changes, ledger.seal, now))
        counts.update(record_dispatches(conn, connection, delivery.dispatches, now))
        for snapshot in delivery.snapshots:
            counts[record_snapshot(conn, connection, snapshot, limits, now)] += 1
        counts["returned"] += len(delivery.returns)
    return {word: count for word, count in counts.items() if count}


@task(
    task_run_name="acknowledge {delivery.name}",
    cache_policy=NO_CACHE,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def acknowledge(warehouse: WarehouseDoor, delivery: Delivery) -> None:
    """Archive a recorded message, or set a faulty one aside with its reason."""
    warehouse.acknowledge(delivery)
