"""What the warehouse says, message by message: recorded, then acknowledged."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.ports import WarehouseDoor
from domain.stock.snapshots import SnapshotLimits
from domain.warehouse import Delivery, DeliveryKind
from ledger.connection import Ledger
from ledger.deliveries import record_changes, record_delivery
from ledger.secrecy import Seal
from ledger.stock.snapshots import record_snapshot
from ledger.tracking.dispatches import record_dispatches
from ledger.watch.census import record_census
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


@task(task_run_name="record {kind.value} messages", cache_policy=NO_CACHE, persist_result=False, retries=2)
def record(
    ledger: Ledger,
    connection: str,
    kind: DeliveryKind,
    found: Sequence[Delivery],
    *,
    limits: SnapshotLimits,
    clock: Callable[[], datetime],
) -> dict[str, int]:
    """Each message in a transaction of its own; one that is known already changes nothing."""
    counts: Counter[str] = Counter()
    for delivery in found:
        with ledger.begin() as conn:
            counts.update(_record_one(conn, ledger.seal, (connection, kind, delivery), limits, clock()))
    return {word: count for word, count in counts.items() if count}


@task(
    task_run_name="acknowledge messages",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def acknowledge(warehouse: WarehouseDoor, found: Sequence[Delivery]) -> None:
    """Archive recorded messages, or set faulty ones aside with their reason."""
    for delivery in found:
        warehouse.acknowledge(delivery)


def _record_one(
    conn: sa.Connection,
    seal: Seal,
    message: tuple[str, DeliveryKind, Delivery],
    limits: SnapshotLimits,
    now: datetime,
) -> Counter[str]:
    connection, kind, delivery = message
    if not record_delivery(conn, connection, kind, delivery, now):
        return Counter({"set aside" if delivery.fault else "known": 1})
    counts = Counter(record_changes(conn, connection, delivery.changes, seal, now))
    counts.update(record_dispatches(conn, connection, delivery.dispatches, now))
    for snapshot in delivery.snapshots:
        counts[record_snapshot(conn, connection, snapshot, limits, now)] += 1
    for census in delivery.censuses:
        counts[record_census(conn, connection, census, now)] += 1
    counts["returned"] += len(delivery.returns)
    return counts
