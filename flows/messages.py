"""The warehouse's half of a street: its messages into the ledger."""

from collections import Counter

from prefect.logging import get_run_logger

from domain.stock.snapshots import SnapshotLimits
from domain.warehouse import DeliveryKind
from flows.doors import open_warehouse, utc_now
from flows.story import told
from ledger.connection import Ledger
from tasks import deliveries
from tasks.manners import whole
from tasks.stock.counts import show_counts


def read_messages(ledger: Ledger, connection: str, kinds: tuple[DeliveryKind, ...]) -> Counter[str]:
    """Record and acknowledge every new message of the warehouse, each applied once; what changed, by its word."""
    counts: Counter[str] = Counter()
    with ledger.only_one("messages", connection, *kinds) as alone:
        if not alone:
            return counts
        warehouse = open_warehouse(ledger, connection, tracking=DeliveryKind.DISPATCHES in kinds)
        for kind in kinds:
            found = deliveries.fetch(warehouse, kind)
            if found:
                recorded = deliveries.record(
                    ledger, connection, kind, whole(found), limits=SnapshotLimits(), clock=utc_now
                )
                counts.update(recorded)
                # One that cannot be put away must not keep the others from being recorded.
                deliveries.acknowledge(warehouse, whole(found))
                if kind is DeliveryKind.STOCK:
                    show_counts(ledger, connection)
    get_run_logger().info("%s: %s", connection, told("messages", counts))
    return counts
