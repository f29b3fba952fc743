"""Whatever shape a shipment has, Amazon shows what the warehouse packed, or a person is told."""

from collections import Counter
from datetime import timedelta

from blocks.warehouse_connection import WarehouseConnection
from domain.tracking.parcels import normal_tracking
from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from ledger.maps import SkuEntry, record_skus
from ledger.register import Connection, record_connection
from sandbox.habits import Habit
from tests.flows.conftest import GB, Street
from tests.flows.runs import eventually

HERE = {"postalCode": "EC1A 1BB", "addressLine1": "1 Long Lane"}


def order(street: Street, *items: tuple[str, int], habit: Habit | None = None, **more: object) -> str:
    made = street.world.add_order(marketplace_id=GB, items=list(items), **more)
    if habit is not None:
        street.warehouse.plan(made, habit)
    return made


def release(street: Street) -> None:
    street.settle()
    order_ingest()
    street.work(until_idle=True)


def push(street: Street) -> None:
    tracking_push()
    street.settle()
    order_ingest()


def pushed(street: Street, *states: str) -> bool:
    """Whether every parcel gets into one of these states."""

    def step() -> bool:
        push(street)
        return {row["state"] for row in street.rows("parcels")} <= set(states)

    return eventually(step, 30)


def shown(street: Street, order_id: str) -> Counter[tuple[str, str, int]]:
    """What Amazon shows of an order: tracking, order item, units."""
    packages = street.world.packages(order_id)
    return Counter((normal_tracking(p.tracking), item, units) for p in packages for item, units in p.items)


def packed(street: Street, order_id: str) -> Counter[tuple[str, str, int]]:
    """What the warehouse packed of it, where a warehouse SKU is a seller SKU."""
    parcels = street.warehouse.parcels_of(order_id)
    return Counter((normal_tracking(p.tracking), ref, units) for p in parcels for ref, _, units in p.lines)


def test_boxes_of_every_kind_are_shown_at_amazon_as_they_were_packed(street: Street) -> None:
    """Boxes, lines, shipped and not ordered units, untold contents, odd spellings and late labels all arrive."""
    plans = {
        "plain": order(street, ("SKU-01", 1)),
        "lines": order(street, ("SKU-01", 2), ("SKU-02", 1)),
        "boxes": order(street, ("SKU-01", 3), habit=Habit(boxes=({"SKU-01": 2}, {"SKU-01": 1}))),
        "untold": order(street, ("SKU-03", 2), habit=Habit(tells_lines=False)),
        "spelled": order(street, ("SKU-04", 1), habit=Habit(written="spaces-lower")),
        "later": order(
            street, ("SKU-05", 3), habit=Habit(boxes=({"SKU-05": 1}, {"SKU-05": 2}), rest_after=None)
        ),
        "late label": order(street, ("SKU-06", 1), habit=Habit(tracking_after=None)),
    }
    release(street)
    push(street)
    assert [kind for kind, *_ in street.problems()] == ["tracking_missing"]
    assert street.world.order(plans["later"]).status == "PARTIALLY_SHIPPED"

    street.warehouse.send_rest(plans["later"])
    street.warehouse.send_tracking(street.warehouse.parcels_of(plans["late label"])[0].package_ref)
    assert pushed(street, "PROVEN"), street.rows("parcels")

    for order_id in plans.values():
        assert shown(street, order_id) == packed(street, order_id)
    assert set(street.states().values()) == {"CLOSED"}
    assert not street.problems()


def test_a_kit_in_two_boxes_is_confirmed_once_and_when_all_of_it_is_there(street: Street) -> None:
    """The first box speaks for the kit after the second was dispatched; until then the warehouse is asked."""
    with street.ledger.begin() as conn:
        parts = [("SKU-01", 1), ("SKU-02", 1)]
        record_skus(conn, [kit_part(sku, units) for sku, units in parts], "test", street.world.now())
    street.world.add_listing("KIT", GB, 9)
    made = order(street, ("KIT", 1), habit=Habit(boxes=({"SKU-01": 1}, {"SKU-02": 1}), rest_after=None))
    release(street)
    push(street)
    assert [kind for kind, *_ in street.problems()] == ["contents_unknown"]
    assert not street.world.packages(made)

    street.warehouse.send_rest(made)
    assert pushed(street, "PROVEN", "NOT_REQUIRED"), street.rows("parcels")

    first = street.warehouse.parcels_of(made)[0]
    assert [(tracking, units) for tracking, _, units in shown(street, made)] == [(first.tracking, 1)]
    assert street.states()[made] == "CLOSED"
    assert not street.problems()


def kit_part(sku: str, units: int) -> SkuEntry:
    return SkuEntry(
        seller_account="main", seller_sku="KIT", connection="main", warehouse_sku=sku, units=units
    )


def test_new_labels_replace_the_old_ones_and_what_is_taken_back_is_shown_to_a_person(street: Street) -> None:
    """A re-label is an edit of the same package, before and after proof; a void of a told parcel needs a person."""
    early, late, void = (order(street, ("SKU-01", 1)) for _ in range(3))
    release(street)
    street.warehouse.relabel(street.warehouse.parcels_of(early)[0].package_ref)
    assert pushed(street, "PROVEN")
    before = {one: [p.reference for p in street.world.packages(one)] for one in (early, late)}

    street.warehouse.relabel(street.warehouse.parcels_of(late)[0].package_ref, told="apart")
    street.warehouse.void(street.warehouse.parcels_of(void)[0].package_ref)
    assert pushed(street, "PROVEN", "VOIDED"), street.rows("parcels")

    for one in (early, late):
        assert shown(street, one) == packed(street, one)
        assert [p.reference for p in street.world.packages(one)] == before[one]
    assert [kind for kind, *_ in street.problems()] == ["tracking_contradicted"]


def test_contents_that_nobody_told_are_asked_for(street: Street) -> None:
    """Two boxes of one order without their contents wait for the warehouse's word; nothing is guessed."""
    boxes = ({"SKU-01": 1}, {"SKU-02": 2})
    made = order(street, ("SKU-01", 1), ("SKU-02", 2), habit=Habit(boxes=boxes, tells_lines=False))
    release(street)
    push(street)
    assert [kind for kind, *_ in street.problems()] == ["contents_unknown"] * 2
    assert not street.world.packages(made)

    street.warehouse.tell_lines(street.warehouse.parcels_of(made)[0].package_ref)
    assert pushed(street, "PROVEN"), street.rows("parcels")

    assert shown(street, made) == packed(street, made)  # the second holds what the first does not
    assert not street.problems()


def test_one_tracking_number_on_two_orders_is_a_shared_box_or_a_mistake(street: Street) -> None:
    """Both orders are proven; two doors make it a problem, which a new label ends."""
    same = [order(street, ("SKU-01", 1), recipient=HERE) for _ in range(2)]
    others = [order(street, ("SKU-02", 1)) for _ in range(2)]
    street.warehouse.one_box(*same)
    number = street.warehouse.one_box(*others)
    release(street)
    assert pushed(street, "PROVEN")

    assert [(kind, subject) for kind, _, subject in street.problems()] == [("tracking_reused", number)]
    street.warehouse.relabel(street.warehouse.parcels_of(others[1])[0].package_ref)
    assert pushed(street, "PROVEN")
    for one in (*same, *others):
        assert shown(street, one) == packed(street, one)
    assert not street.problems()


def test_what_amazon_confirms_itself_is_never_confirmed_by_us_and_watched(street: Street) -> None:
    """Ship+ and Buy Shipping parcels are closed when Amazon shows them, and a problem when it does not."""
    bought = Connection(
        name="main", adapter="file-drop", serves=("main",), same_skus=True, buy_shipping=("amazon  labels",)
    )
    with street.ledger.begin() as conn:
        record_connection(conn, bought)
    drop = WarehouseConnection(name="main", adapter="file-drop", url=str(street.folder))
    drop.save("main", overwrite=True)
    own = Habit(carrier=("Amazon Labels", "any"))
    soon = street.world.now() + timedelta(minutes=30)
    plus = order(street, ("SKU-01", 1), programs=("FBM_SHIP_PLUS",))
    label = order(street, ("SKU-02", 1), habit=own)
    missing = order(street, ("SKU-03", 1), habit=own, ship_by=soon)
    release(street)
    push(street)
    assert not street.calls("confirmShipment")
    assert {street.states()[one] for one in (plus, label)} == {"DISPATCHED"}
    assert [(kind, subject.split()[0]) for kind, _, subject in street.problems()] == [
        ("tracking_unproven", missing)
    ]

    number = {one: street.warehouse.parcels_of(one)[0].tracking for one in (plus, label, missing)}
    street.world.confirm_ship_plus(plus, tracking=number[plus], carrier="DPD")
    for one in (label, missing):
        street.world.buy_shipping(one, tracking=number[one])
    assert eventually(lambda: (push(street), set(street.states().values()) == {"CLOSED"})[1])

    assert not street.calls("confirmShipment")
    assert {row["state"] for row in street.rows("parcels")} == {"NOT_REQUIRED"}
    assert not street.problems()


def test_what_somebody_else_confirmed_is_adopted_when_equal_and_shown_when_not(street: Street) -> None:
    """The same tracking and units are proof, whoever told them; others are a problem, and nothing is sent."""
    equal, other, canceled = (order(street, ("SKU-01", 1)) for _ in range(3))
    release(street)
    number = street.warehouse.parcels_of(equal)[0].tracking
    street.world.ship_elsewhere(equal, tracking=number.lower())
    street.world.ship_elsewhere(other)
    street.world.cancel(canceled, by="AMAZON")
    street.settle()
    order_ingest()
    assert pushed(street, "PROVEN", "BLOCKED", "NOT_REQUIRED"), street.rows("parcels")

    assert not street.calls("confirmShipment")
    states = {row["amazon_order_id"]: row["state"] for row in street.rows("parcels")}
    assert states == {equal: "PROVEN", other: "BLOCKED", canceled: "NOT_REQUIRED"}
    assert street.states()[equal] == "CLOSED"
    kinds = {kind for kind, _, subject in street.problems() if subject.split()[0] == other}
    assert kinds == {"confirmed_elsewhere"}
    assert not [kind for kind, _, subject in street.problems() if subject.split()[0] == equal]


def test_a_proven_parcel_that_somebody_changes_at_amazon_is_shown_and_not_overwritten(street: Street) -> None:
    """Green means that Amazon shows it now: an edit by hand opens a problem and is left alone."""
    made = order(street, ("SKU-01", 1))
    release(street)
    assert pushed(street, "PROVEN")
    reference = street.world.packages(made)[0].reference
    calls = len(street.calls("confirmShipment"))

    street.world.ship_elsewhere(made, tracking="1Z999AA10123456784", reference=reference)
    assert pushed(street, "UNPROVEN"), street.rows("parcels")

    assert [kind for kind, *_ in street.problems()] == ["tracking_contradicted"]
    assert street.states()[made] == "DISPATCHED"
    assert len(street.calls("confirmShipment")) == calls
