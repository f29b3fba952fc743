"""The everyday path, with both strangers as the sandbox over real sockets and files."""

import time

import sqlalchemy as sa

from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import eventually


def test_an_order_travels_to_the_warehouse_and_its_tracking_is_proven_at_amazon(street: Street) -> None:
    """An UNSHIPPED order reaches the warehouse once, and its parcel ends as PROVEN and the order as CLOSED."""
    ids = [street.world.add_order(marketplace_id=m, items=[("SKU-01", 2), ("SKU-02", 1)]) for m in (GB, DE)]
    time.sleep(0.3)

    order_ingest()

    def step() -> bool:
        street.warehouse.work()
        tracking_push()
        order_ingest()
        return {row["state"] for row in street.rows("orders")} == {"CLOSED"}

    assert eventually(step), street.rows("orders")
    parcels = street.rows("parcels")
    assert {row["amazon_order_id"] for row in parcels} == set(ids)
    assert {row["state"] for row in parcels} == {"PROVEN"}
    assert not street.warehouse.duplicates
    assert not street.warehouse.complaints
    assert beats(street) >= {("tracking-push", "Warehouse (main)"), ("tracking-push", "Amazon (main)")}


def test_quantities_reach_amazon_less_what_the_warehouse_cannot_know(street: Street) -> None:
    """A quantity in effect at Amazon is the warehouse's count less the units of a pending order."""
    street.world.add_order(marketplace_id=GB, items=[("SKU-03", 4)], status="PENDING")
    time.sleep(0.3)
    street.warehouse.work()
    order_ingest()

    def step() -> bool:
        street.warehouse.work()
        inventory_sync()
        return street.world.effective_quantity("SKU-03", GB) == 96

    assert eventually(step), street.rows("listings")
    assert street.world.effective_quantity("SKU-04", DE) == 100
    problem_watch()
    assert beats(street) >= {
        ("order-ingest", "Amazon (main)"),
        ("order-ingest", f"Amazon (main) {GB}"),
        ("inventory-sync", "Warehouse (main)"),
        ("inventory-sync", "Amazon (main)"),
        ("problem-watch", "Lockstep"),
    }


def beats(street: Street) -> set[tuple[str, str]]:
    """Which flow has run well for whom."""
    with street.ledger.begin() as conn:
        return {(row[0], row[1]) for row in conn.execute(sa.text("SELECT street, subject FROM ledger.beats"))}
