"""The everyday street: what waits, what is released, and that it is released once."""

from datetime import timedelta

import sqlalchemy as sa

from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from ledger.maps import ServiceEntry, record_carriers, record_services
from sandbox.amazon.order import Package
from tests.flows.conftest import DE, GB, Street, carriers_of
from tests.flows.runs import at_once, eventually

FAR_AWAY = timedelta(days=30)


def test_only_paid_unshipped_merchant_orders_are_released_and_each_once(street: Street) -> None:
    """PENDING waits for its payment, FBA and finished orders are left alone, a second run releases nothing."""
    world, item = street.world, [("SKU-01", 2)]
    pending = world.add_order(marketplace_id=GB, items=item, status="PENDING")
    unshipped = world.add_order(marketplace_id=DE, items=item)
    partly = world.add_order(marketplace_id=GB, items=[("SKU-02", 5)])
    ship_part(street, partly, 2)
    fba = world.add_order(marketplace_id=GB, items=item, fulfilled_by="AMAZON")
    shipped = world.add_order(marketplace_id=GB, items=item)
    world.ship_elsewhere(shipped)
    canceled = world.add_order(marketplace_id=GB, items=item, status="CANCELLED")
    odd = world.add_order(marketplace_id=GB, items=item, status="UNFULFILLABLE")
    street.settle()

    order_ingest()

    states = street.states()
    assert fba not in states
    assert states == {
        pending: "PENDING",
        unshipped: "RELEASED",
        partly: "RELEASED",
        shipped: "FOREIGN",
        canceled: "CANCELED",
        odd: "HELD",
    }
    assert street.problems() == [("unfulfillable", "ecommerce", odd)]
    sent = {row["amazon_order_id"]: row["qty"] for row in street.handed_over()}
    assert sent == {unshipped: "2", partly: "3"}

    world.authorize_payment(pending)
    street.settle()
    order_ingest()
    order_ingest()

    released = [row["order_ref"] for row in street.handed_over()]
    assert sorted(released) == sorted(f"{order}-1" for order in (pending, unshipped, partly))
    street.work(until_idle=True)
    assert not street.warehouse.duplicates
    assert not street.warehouse.complaints


def test_three_runs_at_once_release_each_order_once(street: Street) -> None:
    """However many runs start together, every order crosses to the warehouse one time and is accepted."""
    ids = {street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for _ in range(30)}
    street.settle()
    outcomes = at_once(*[lambda: order_ingest(return_state=True).name] * 3)
    order_ingest()

    assert outcomes == ["Completed"] * 3
    rows = street.handed_over()
    assert {row["amazon_order_id"] for row in rows} == ids
    assert len(rows) == len(ids)
    assert set(street.states().values()) == {"RELEASED"}


def test_a_cancellation_stops_an_order_or_asks_the_warehouse(street: Street) -> None:
    """Unreleased orders never cross; released ones are asked back, and both answers end in the ledger."""
    world = street.world
    early = world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], status="PENDING")
    wished = world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], status="PENDING")
    stopped = world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    late = world.add_order(marketplace_id=GB, items=[("SKU-02", 1)])
    regret = world.add_order(marketplace_id=GB, items=[("SKU-03", 1)])
    street.settle()
    order_ingest()
    street.work()
    for order in (stopped, regret):
        street.warehouse.jobs[f"{order}-1"].dispatch_at += FAR_AWAY
    assert eventually(lambda: (street.work(), len(street.warehouse.dispatched) == 1)[1])

    for order in (early, stopped, late):
        world.cancel(order)
    world.authorize_payment(wished)
    world.request_cancel(wished)
    world.request_cancel(regret)
    street.settle()
    order_ingest()
    street.work()
    tracking_push()

    asked = [(row["order_ref"], row["line_ref"]) for row in street.handed_over("cancel")]
    assert sorted(asked) == sorted((f"{order}-1", "") for order in (stopped, late))
    assert street.warehouse.jobs[f"{stopped}-1"].state == "CANCELLED"
    assert {row["amazon_order_id"] for row in street.handed_over()} == {stopped, late, regret}
    states = street.states()
    assert {states[order] for order in (early, stopped, late)} == {"CANCELED"}
    assert (states[wished], states[regret]) == ("HELD", "RELEASED")
    assert street.problems() == sorted(
        [
            ("cancel_requested", "customer_service", wished),
            ("cancel_requested", "customer_service", regret),
            ("cancel_too_late", "customer_service", late),
        ]
    )
    assert cancel_states(street) == {f"{stopped}-1": "CANCELED", f"{late}-1": "TOO_LATE"}
    assert not street.calls("confirmShipment")  # Amazon takes none for a canceled order


def test_unmapped_words_hold_with_one_problem_and_go_on_when_mapped(street: Street) -> None:
    """An unmapped ship method holds the order, an unmapped carrier the parcel; a map row frees all of them."""
    with street.ledger.begin() as conn:
        conn.execute(sa.text("DELETE FROM ledger.service_map"))
        record_services(conn, [service("STANDARD")], "test", street.world.now())
    orders = [
        street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], service_level=level)
        for level in ("STANDARD", "STANDARD", "EXPEDITED")
    ]
    street.warehouse.carriers = (("  parcelforce ", "Express 48"),)
    street.settle()
    order_ingest()
    assert [street.states()[order] for order in orders] == ["RELEASED", "RELEASED", "HELD"]
    assert [(kind, owner) for kind, owner, _ in street.problems()] == [("unmapped_ship_method", "operations")]

    with street.ledger.begin() as conn:
        record_services(conn, [service("EXPEDITED")], "test", street.world.now())
    order_ingest()
    assert set(street.states().values()) == {"RELEASED"}
    street.work(until_idle=True)
    tracking_push()
    assert {row["state"] for row in street.rows("parcels")} == {"BLOCKED"}
    [(kind, owner, subject)] = street.problems()
    assert (kind, owner) == ("carrier_unmapped", "operations")
    assert "parcelforce" in subject
    assert {row["waiting_on"] for row in street.rows("orders")} == {"tracking held: carrier unmapped"}
    assert not street.calls("confirmShipment")

    with street.ledger.begin() as conn:
        record_carriers(conn, carriers_of(["Parcelforce"]), "test", street.world.now())
    tracking_push()
    street.settle()
    order_ingest()
    assert {row["state"] for row in street.rows("parcels")} == {"PROVEN"}
    assert set(street.states().values()) == {"CLOSED"}
    assert not street.problems()


def test_several_parcels_and_the_rest_of_an_order_are_proven_one_by_one(street: Street) -> None:
    """Every parcel ends at Amazon with its own tracking and its own units, and its order is closed."""
    world = street.world
    orders = [world.add_order(marketplace_id=GB, items=[("SKU-01", 2), ("SKU-02", 2)]) for _ in range(6)]
    partly = world.add_order(marketplace_id=DE, items=[("SKU-03", 5)])
    ship_part(street, partly, 2)
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    assert len(street.warehouse.dispatched) > len(orders) + 1, "no order travels in two parcels"

    def step() -> bool:
        tracking_push()
        order_ingest()
        return set(street.states().values()) == {"CLOSED"}

    assert eventually(step), street.rows("parcels")
    sent = {
        (p.amazon_order_id, p.tracking, frozenset((i, q) for i, _, q in p.lines))
        for p in street.warehouse.dispatched
    }
    shown = {
        (order, package.tracking, frozenset(package.items))
        for order in (*orders, partly)
        for package in world.packages(order)
        if package.reference != "700"
    }
    assert shown == sent
    assert {row["state"] for row in street.rows("parcels")} == {"PROVEN"}
    assert len(street.calls("confirmShipment")) == len(sent)
    assert not street.problems()


def ship_part(street: Street, order_id: str, units: int) -> None:
    """Somebody else has shipped some units of an order's only line: PARTIALLY_SHIPPED."""
    with street.world.lock:
        order, now = street.world.order(order_id), street.world.now()
        package = Package(
            reference="700",
            carrier="UPS",
            method="",
            tracking="1ZELSEWHERE",
            ship_time=now,
            created=now,
            items=((order.items[0].order_item_id, units),),
        )
        order.accepted[package.reference] = package
        street.world._show(order, package, now)


def cancel_states(street: Street) -> dict[str, str]:
    with street.ledger.begin() as conn:
        query = "SELECT reference, cancel_state FROM ledger.releases WHERE cancel_state <> ''"
        return {row.reference: row.cancel_state for row in conn.execute(sa.text(query))}


def service(level: str) -> ServiceEntry:
    return ServiceEntry(
        seller_account="main",
        marketplace_id="",
        service_level=level,
        program="",
        connection="main",
        warehouse_service="STD",
    )
