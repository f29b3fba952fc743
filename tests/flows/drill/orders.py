"""Plants of the first street: orders that do not cross, wait with the warehouse, or are unknown on one side."""

from datetime import timedelta

from flows.decide_order import decide_order
from ledger.maps import SkuEntry, record_services, record_skus
from sandbox import filedrop
from tests.flows.drill.cures import acknowledged
from tests.flows.drill.house import FAR_AWAY, Drill, K, Plant, spare_service
from tests.flows.test_privacy import tell


def _touch(drill: Drill, kind: K, seller: str = "") -> None:
    """Amazon shows the order as it is, and as changed just now."""
    world = drill.sellers[seller].world if seller else drill.street.world
    with world.lock:
        world.book.touch(world.order(drill.orders[kind]), world.now())


def _unreadable(drill: Drill) -> str:
    made = drill.order(K.ORDER_UNREADABLE)
    tell(drill.street, made, ["fulfillment", "shipByWindow", "latestDateTime"], "soon")
    return made


def _unmapped_sku(drill: Drill) -> str:
    return drill.order(K.UNMAPPED_SKU, "spare", sku="NOVELTY")


def _map_sku(drill: Drill) -> None:
    row = SkuEntry(
        seller_account="spare", seller_sku="NOVELTY", connection="spare", warehouse_sku="SKU-02", units=1
    )
    with drill.street.ledger.begin() as conn:
        record_skus(conn, [row], "test", drill.street.world.now())


def _known_sku(drill: Drill) -> None:
    row = SkuEntry(
        seller_account="spare", seller_sku="SKU-01", connection="spare", warehouse_sku="SKU-01", units=1
    )
    with drill.street.ledger.begin() as conn:
        record_skus(conn, [row], "test", drill.street.world.now())


def _unmapped_service(drill: Drill) -> str:
    _known_sku(drill)
    return drill.order(K.UNMAPPED_SHIP_METHOD, "spare", service_level="EXPEDITED")


def _map_service(drill: Drill) -> None:
    with drill.street.ledger.begin() as conn:
        record_services(conn, [spare_service("EXPEDITED")], "test", drill.street.world.now())


def _no_street(drill: Drill) -> str:
    return drill.order(K.BAD_ADDRESS, recipient={"addressLine1": ""})


def _street_named(drill: Drill) -> None:
    world = drill.street.world
    with world.lock:
        order = world.order(drill.orders[K.BAD_ADDRESS])
        order.address["addressLine1"] = "1 Long Lane"
        world.book.touch(order, world.now())


def _wish(drill: Drill) -> str:
    made = drill.order(K.CANCEL_REQUESTED)
    drill.street.world.request_cancel(made)
    return made


def _wish_granted(drill: Drill) -> None:
    drill.street.world.cancel(drill.orders[K.CANCEL_REQUESTED])


def _odd_status(drill: Drill) -> str:
    return drill.order(K.UNFULFILLABLE, status="UNFULFILLABLE")


def _plain_status(drill: Drill) -> None:
    world = drill.street.world
    with world.lock:
        order = world.order(drill.orders[K.UNFULFILLABLE])
        order.status = "UNSHIPPED"
        world.book.touch(order, world.now())


def _rejected(drill: Drill) -> str:
    return drill.order(K.REJECTED_BY_WAREHOUSE, sku="UNKNOWN-HERE")


def _accepted_after_all(drill: Drill) -> None:
    reference = f"{drill.orders[K.REJECTED_BY_WAREHOUSE]}-1"
    drill.drop("ack", filedrop.ACK, order_ref=reference, result="ACCEPTED", wms_ref="SIM1-LATE")


def _unanswered(drill: Drill) -> str:
    made = drill.order(K.RELEASE_UNANSWERED)
    drill.never_accepts(made)
    return made


def _hours_pass_unanswered(drill: Drill) -> None:
    drill.say(
        "UPDATE ledger.releases SET sent_at = sent_at - interval '3 hours' WHERE reference = :reference",
        reference=f"{drill.orders[K.RELEASE_UNANSWERED]}-1",
    )


def _answered(drill: Drill) -> None:
    reference = f"{drill.orders[K.RELEASE_UNANSWERED]}-1"
    drill.drop("ack", filedrop.ACK, order_ref=reference, result="ACCEPTED", wms_ref="SIM1-SLOW")


def _stranger_order(drill: Drill) -> str:
    drill.drop("ack", filedrop.ACK, order_ref="999-0000000-0000000-1", result="ACCEPTED", wms_ref="X-1")
    return "999-0000000-0000000-1"


def _picking(drill: Drill) -> str:
    made = drill.order(K.PICKING_DELAY, ship_by=drill.street.world.now() + timedelta(hours=2))
    drill.never_dispatches(made)
    return made


def _picked(drill: Drill) -> None:
    drill.job(K.PICKING_DELAY).dispatch_at -= FAR_AWAY


def _too_late(drill: Drill) -> str:
    return drill.order(K.CANCEL_TOO_LATE)


def _canceled_on_its_way(drill: Drill) -> None:
    drill.street.world.cancel(drill.orders[K.CANCEL_TOO_LATE])


def _held(drill: Drill) -> str:
    return drill.order(K.HELD_BY_PERSON, status="PENDING")


def _hold(drill: Drill) -> None:
    made = drill.orders[K.HELD_BY_PERSON]
    decide_order(made, decision="hold", reason="a call is awaited", your_name="Ada")
    drill.street.world.authorize_payment(made)


def _release(drill: Drill) -> None:
    decide_order(drill.orders[K.HELD_BY_PERSON], decision="release", reason="settled", your_name="Ada")


def _stays_here(drill: Drill) -> str:
    """Nobody hands orders over to this warehouse, because somebody else has its turn."""
    drill.turn.enter_context(drill.street.ledger.only_one("release", "third"))
    return drill.order(K.ORDER_NOT_CROSSED, "third")


def _minutes_pass(drill: Drill) -> None:
    drill.say(
        "UPDATE ledger.order_history SET at = at - interval '20 minutes' WHERE order_id ="
        " (SELECT id FROM ledger.orders WHERE amazon_order_id = :order)",
        order=drill.orders[K.ORDER_NOT_CROSSED],
    )


def _turn_given_back(drill: Drill) -> None:
    drill.turn.close()


def _lost(drill: Drill) -> str:
    made = drill.order(K.ORDER_MISSING)
    drill.never_dispatches(made)
    return made


def _listed(drill: Drill) -> None:
    """A list of two hours ago: without an order that was there hours before, and with one that is over."""
    drill.say(
        "UPDATE ledger.releases SET answered_at = answered_at - interval '4 hours' WHERE reference = :reference",
        reference=f"{drill.orders[K.ORDER_MISSING]}-1",
    )
    drill.say("UPDATE ledger.order_history SET at = at - interval '9 hours' WHERE to_state = 'CANCELED'")
    drill.say("UPDATE ledger.orders SET canceled_at = canceled_at - interval '9 hours'")
    drill.census(125, K.PICKING_DELAY, K.ORDER_STILL_OPEN)


def _found_again(drill: Drill) -> None:
    drill.job(K.ORDER_MISSING).dispatch_at -= FAR_AWAY


def _over_here(drill: Drill) -> str:
    made = drill.order(K.ORDER_STILL_OPEN)
    drill.never_dispatches(made)
    return made


def _over(drill: Drill) -> None:
    drill.street.world.cancel(drill.orders[K.ORDER_STILL_OPEN])


def _listed_anew(drill: Drill) -> None:
    drill.census(121, K.PICKING_DELAY)


PLANTS = (
    Plant(kind=K.ORDER_UNREADABLE, lay=_unreadable, cure=lambda d: _touch(d, K.ORDER_UNREADABLE)),
    Plant(kind=K.UNMAPPED_SKU, lay=_unmapped_sku, cure=_map_sku),
    Plant(kind=K.UNMAPPED_SHIP_METHOD, lay=_unmapped_service, cure=_map_service),
    Plant(kind=K.BAD_ADDRESS, lay=_no_street, cure=_street_named),
    Plant(kind=K.CANCEL_REQUESTED, lay=_wish, cure=_wish_granted),
    Plant(kind=K.HELD_BY_PERSON, lay=_held, spring=_hold, cure=_release),
    Plant(
        kind=K.CANCEL_TOO_LATE,
        lay=_too_late,
        meanwhile=_canceled_on_its_way,
        cure=acknowledged(K.CANCEL_TOO_LATE),
    ),
    Plant(kind=K.UNFULFILLABLE, lay=_odd_status, cure=_plain_status),
    Plant(kind=K.REJECTED_BY_WAREHOUSE, lay=_rejected, cure=_accepted_after_all),
    Plant(kind=K.RELEASE_UNANSWERED, lay=_unanswered, spring=_hours_pass_unanswered, cure=_answered),
    Plant(kind=K.UNKNOWN_ORDER, lay=_stranger_order, cure=acknowledged(K.UNKNOWN_ORDER)),
    Plant(kind=K.ORDER_NOT_CROSSED, lay=_stays_here, spring=_minutes_pass, cure=_turn_given_back),
    Plant(kind=K.PICKING_DELAY, lay=_picking, cure=_picked),
    Plant(kind=K.ORDER_MISSING, lay=_lost, spring=_listed, cure=_found_again),
    Plant(kind=K.ORDER_STILL_OPEN, lay=_over_here, meanwhile=_over, cure=_listed_anew),
)
