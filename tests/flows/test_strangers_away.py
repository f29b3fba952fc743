"""A stranger that stays away ends a run in one plain sentence; nothing is lost, and the next run finishes."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from blocks.ledger_connection import LedgerConnection
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from tests.flows.conftest import GB, Street, seller_block
from tests.flows.runs import at_once, eventually, fails
from tests.flows.strangers import Wire, more_sellers

OFTEN = 100  # more calls than any run makes
AWAY = {
    "unavailable": ("searchOrders", "503-html"),
    "broken": ("searchOrders", "500-json"),
    "sorry": ("searchOrders", "200-html"),
    "cut-off": ("searchOrders", "reset"),
    "incident": ("searchOrders", "400-invalid"),
    "gateway": ("searchOrders", "403-message"),
    "no-token": ("token", "503-html"),
}
CONFIRMS = {
    "unavailable": "503-html",
    "broken": "500-json",
    "cut-off": "reset",
    "strange": "200-empty",
    "silent": "204-no-effect",
}


def test_no_fault_of_amazons_costs_an_order(street: Street) -> None:
    """While Amazon does not answer usefully a run fails in a sentence; when it does, every order is released."""
    faults = {**AWAY, "denied": ("searchOrders", "401-json")}
    with more_sellers(street, [*faults, "expired"]) as sellers:
        for name, (operation, fault) in faults.items():
            sellers[name].world.inject(operation, fault, times=OFTEN)
        sellers["expired"].world.inject("searchOrders", "403-expired")
        ids = {s.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for s in sellers.values()}
        street.settle()
        runs = [partial(fails, order_ingest, seller_account=name) for name in faults]
        *said, state = at_once(*runs, partial(order_ingest, seller_account="expired", return_state=True))

        assert state.name == "Completed"  # a token that ended is replaced within the run
        for name, sentence in zip(faults, said, strict=True):
            assert sentence.startswith(f"Amazon ({name}): ")
        wanted = {("stranger_unreachable", f"Amazon ({name})") for name in AWAY}
        assert street.away() == wanted | {("credentials_refused", "Amazon (denied)")}
        for seller in sellers.values():
            seller.faults_end()
        order_ingest()

        assert set(street.states()) == ids
        assert set(street.states().values()) == {"RELEASED"}
        assert sorted(row["amazon_order_id"] for row in street.handed_over()) == sorted(ids)
        assert not street.problems()


def test_no_fault_of_amazons_costs_a_tracking(street: Street) -> None:
    """Parcels whose confirm went wrong, or was never seen at Amazon, wait and are proven after the fault."""
    with more_sellers(street, list(CONFIRMS)) as sellers:
        for name, fault in CONFIRMS.items():
            times = 1 if name == "silent" else OFTEN
            sellers[name].world.inject("confirmShipment", fault, times=times)
            for _ in range(3):
                sellers[name].world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
        street.settle()
        order_ingest()
        street.work(until_idle=True)

        said = fails(tracking_push)

        away = [name for name in CONFIRMS if name != "silent"]
        assert [name for name in CONFIRMS if f"Amazon ({name})" in said] == away
        assert street.away() == {("stranger_unreachable", f"Amazon ({name})") for name in away}
        for seller in sellers.values():
            seller.faults_end()
            seller.world.inject("getOrder", "503-html", times=1)

        def step() -> bool:
            order_ingest(return_state=True)
            tracking_push(return_state=True)  # reading back fails once
            return {row["state"] for row in street.rows("parcels")} == {"PROVEN"}

        assert eventually(step, 40), street.rows("parcels")
        assert set(street.states().values()) == {"CLOSED"}
        shown = [p.tracking for s in sellers.values() for o in s.world.orders for p in s.world.packages(o)]
        assert sorted(shown) == sorted(parcel.tracking for parcel in street.warehouse.dispatched)
        assert not street.problems()


def test_a_single_parcel_or_quantity_is_enough_to_notice_that_amazon_is_away(street: Street) -> None:
    """One unanswered call with nothing behind it fails the run as three in a row do."""
    street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    street.world.inject("confirmShipment", "503-html")

    assert "Amazon (main)" in fails(tracking_push)
    assert street.away() == {("stranger_unreachable", "Amazon (main)")}
    assert eventually(
        lambda: (tracking_push(), not street.problems())[1]
    )  # after the wait before its next try


def test_refused_credentials_cost_nothing_but_time(street: Street) -> None:
    """Wrong credentials fail every flow with what to check; parcels and quantities wait until they are right."""
    street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    block = seller_block(street.world, street.server)
    wrong = block.model_copy(update={"client_id": "amzn1.application-oa2-client.gone"})
    wrong.save("main", overwrite=True)

    said = at_once(*[partial(fails, flow) for flow in (order_ingest, tracking_push, inventory_sync)])

    assert all("client_id" in sentence for sentence in said)
    assert street.away() == {("credentials_refused", "Amazon (main)")}
    assert {row["state"] for row in street.rows("parcels")} == {"MAPPED"}
    block.save("main", overwrite=True)
    street.world.inject("confirmShipment", "401-json", times=2)  # refused once more, also with a fresh token
    fails(tracking_push)
    assert {row["state"] for row in street.rows("parcels")} == {"MAPPED"}

    def step() -> bool:
        tracking_push()
        inventory_sync()
        order_ingest()
        done = {row["state"] for row in street.rows("parcels")} == {"PROVEN"}
        return done and street.world.effective_quantity("SKU-01", GB) == 99

    assert eventually(step), (street.rows("parcels"), street.rows("listings"))
    assert not street.problems()


def test_no_fault_of_amazons_costs_a_quantity(street: Street) -> None:
    """Quantities that Amazon did not take, or says to have taken and shows not, are in effect in the end."""
    street.work()
    patches = {
        "unavailable": "503-html",
        "cut-off": "reset",
        "sorry": "200-html",
        "silent": "accepted-no-effect",
    }
    reads = {"blind": "503-html"}
    with more_sellers(street, [*patches, *reads]) as sellers:
        for name, seller in sellers.items():
            for number in range(4):
                seller.world.add_listing(f"SKU-0{number}", GB, 3)
            where = "searchListingsItems" if name in reads else "patchListingsItem"
            times = 1 if name == "silent" else OFTEN
            seller.world.inject(where, {**patches, **reads}[name], times=times)

        said = fails(inventory_sync)

        away = [name for name in sellers if name != "silent"]
        assert [name for name in sellers if f"Amazon ({name})" in said] == away
        assert street.away() == {("stranger_unreachable", f"Amazon ({name})") for name in away}
        for seller in sellers.values():
            seller.faults_end()

        def step() -> bool:
            inventory_sync()
            worlds = [seller.world for seller in sellers.values()]
            return all(w.effective_quantity(f"SKU-0{n}", GB) == 100 for w in worlds for n in range(4))

        assert eventually(step, 40), street.rows("listings")
        assert not street.problems()


def test_a_folder_that_is_away_fails_the_run_and_its_orders_cross_later(street: Street) -> None:
    """Without the warehouse's folder Amazon is read all the same; the orders cross once when it is back."""
    ids = [street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for _ in range(2)]
    street.settle()
    away = street.folder.with_name("away")
    street.folder.rename(away)

    said = at_once(*[partial(fails, flow) for flow in (order_ingest, tracking_push)])

    assert all(sentence.startswith("Warehouse (main): ") for sentence in said)
    assert street.away() == {("stranger_unreachable", "Warehouse (main)")}
    assert set(street.states()) == set(ids)
    away.rename(street.folder)
    order_ingest()
    tracking_push()

    assert sorted(row["amazon_order_id"] for row in street.handed_over()) == sorted(ids)
    assert set(street.states().values()) == {"RELEASED"}
    assert not street.problems()


@pytest.fixture
def wire(street: Street, ledger_url: str, privacy_key: str) -> Iterator[Wire]:
    """The flows' way to their ledger; the test itself has another."""
    wire = Wire(ledger_url)
    LedgerConnection(url=wire.url, privacy_key=privacy_key).save("lockstep", overwrite=True)
    yield wire
    wire.close()


def test_a_ledger_that_is_away_fails_the_run_and_costs_nothing(street: Street, wire: Wire) -> None:
    """Without PostgreSQL, at the start or in the middle, a run fails in a sentence and the next one does it all."""
    ids = [street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for _ in range(130)]
    street.settle()
    wire.cut()
    for flow in (order_ingest, tracking_push):
        assert "PostgreSQL" in fails(flow)
    assert not street.calls("searchOrders")

    wire.mend()
    street.world.hang_seconds = 1.0
    street.world.inject("searchOrders", "hang-before", after=1)

    def cut_in_the_middle() -> None:
        if eventually(lambda: len(street.calls("searchOrders")) == 2 and len(street.states()) == 100):
            wire.cut()

    cutter = threading.Thread(target=cut_in_the_middle)
    cutter.start()
    assert "PostgreSQL" in fails(order_ingest)
    cutter.join()
    assert len(street.states()) == 100

    wire.mend()
    order_ingest()
    assert sorted(row["amazon_order_id"] for row in street.handed_over()) == sorted(ids)
    assert set(street.states().values()) == {"RELEASED"}
    assert not street.problems()
