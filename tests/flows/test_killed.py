"""A run may be killed at any moment: the next one finishes its work, and nothing happens twice."""

import sqlalchemy as sa

from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from tests.flows.conftest import GB, Street
from tests.flows.runs import another_process, at_once, eventually

LONG = 60.0  # seconds; a process of its own takes a while to load Prefect


def hangs(street: Street, operation: str, *, calls: int) -> bool:
    """Whether that many requests of an operation have come, one of them without an answer."""
    seen = street.calls(operation)
    return len(seen) >= calls and any(one.status == 0 for one in seen)


def test_an_ingest_killed_between_two_pages_or_before_its_answer_loses_nothing(street: Street) -> None:
    """Killed while page two hangs, the read page stays read; nobody else works meanwhile; all crosses once."""
    world = street.world
    ids = {world.add_order(marketplace_id=GB, items=[(f"SKU-0{n % 2}", 1)]) for n in range(130)}
    world.inject("searchOrders", "hang-before", after=1)
    street.settle()
    with another_process(street.prefect, "order-ingest"):
        assert eventually(lambda: hangs(street, "searchOrders", calls=2), LONG)
        order_ingest()  # the other process still lives: this run reads nothing and says so
        assert len(street.calls("searchOrders")) == 2
        assert len(street.states()) == 100

    # The kernel closes the dead process's connection, and with it goes its claim on the account.
    assert eventually(lambda: (order_ingest(), len(street.states()) == 130)[1])

    assert "paginationToken" in street.calls("searchOrders")[2].query
    assert sorted(row["amazon_order_id"] for row in street.handed_over()) == sorted(ids)
    assert set(street.states().values()) == {"RELEASED"}
    street.work(until_idle=True)
    assert not street.warehouse.duplicates


def test_a_release_whose_answer_was_lost_is_asked_about_and_not_sent_twice(street: Street) -> None:
    """An order file written by a process that died before noting it is found again, wherever it lies by then."""
    lost = [street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for _ in range(2)]
    street.settle()
    order_ingest()
    forget_the_answer(street)
    street.work()  # the warehouse has taken the file meanwhile
    unwritten = street.world.add_order(marketplace_id=GB, items=[("SKU-02", 1)])
    street.settle()
    order_ingest()
    forget_the_answer(street)
    for path in (street.folder / "in").glob("orders-*.csv"):
        path.unlink()  # the process died before the file was there

    order_ingest()

    refs = [row["order_ref"] for row in street.handed_over()]
    assert sorted(refs) == sorted(f"{order}-1" for order in (*lost, unwritten))
    assert set(street.states().values()) == {"RELEASED"}
    street.work(until_idle=True)
    assert not street.warehouse.duplicates
    assert not street.problems()


def test_pushes_and_syncs_killed_in_the_middle_of_a_call_are_finished_by_the_next_run(street: Street) -> None:
    """A confirm and a patch that Amazon took while the process died are proven once and never doubled."""
    world = street.world
    ids = [world.add_order(marketplace_id=GB, items=[("SKU-01", 1), ("SKU-02", 1)]) for _ in range(4)]
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    world.inject("confirmShipment", "hang-after", after=1)
    world.inject("patchListingsItem", "hang-after", after=2)
    with another_process(street.prefect, "tracking-push"), another_process(street.prefect, "inventory-sync"):
        assert eventually(lambda: hangs(street, "confirmShipment", calls=2), LONG)
        assert eventually(lambda: hangs(street, "patchListingsItem", calls=3), LONG)
        assert eventually(lambda: parcel_states(street) == {"ACCEPTED", "SENDING"})

    def step() -> bool:
        at_once(tracking_push, inventory_sync)
        street.settle()
        order_ingest()
        street.work()
        return set(street.states().values()) == {"CLOSED"} and in_effect(street)

    assert eventually(step, LONG), (street.rows("parcels"), street.rows("listings"))
    parcels = {p.tracking: p for p in street.warehouse.dispatched}
    shown = [package.tracking for order in ids for package in world.packages(order)]
    assert sorted(shown) == sorted(parcels)
    assert {row["state"] for row in street.rows("parcels")} == {"PROVEN"}
    # The lost one is asked about first; what Amazon does not show yet is sent again, as the same package.
    assert len(parcels) <= len(street.calls("confirmShipment")) <= len(parcels) + 1
    assert not any(package.edits for order in ids for package in world.packages(order))
    assert not street.problems()


def in_effect(street: Street) -> bool:
    available = {sku: street.warehouse.available(sku) for sku in street.warehouse.on_hand}
    effective = {sku: street.world.effective_quantity(sku, GB) for sku in available}
    listed = {row["state"] for row in listing_states(street)}
    return effective == available and listed == {"EFFECTIVE"}


def parcel_states(street: Street) -> set[str]:
    return {row["state"] for row in street.rows("parcels")}


def listing_states(street: Street) -> list[dict[str, str]]:
    with street.ledger.begin() as conn:
        return [dict(row) for row in conn.execute(sa.text("SELECT state FROM ledger.listings")).mappings()]


def forget_the_answer(street: Street) -> None:
    """What a process leaves that dies between the call to the warehouse and the note of its answer."""
    with street.ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.releases SET state = 'SENDING' WHERE state = 'SUBMITTED'"))
        conn.execute(sa.text("UPDATE ledger.orders SET state = 'RELEASING' WHERE state = 'RELEASED'"))
