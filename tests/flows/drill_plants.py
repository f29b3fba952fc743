"""The plants of the drill: how each kind of problem comes about, and how its cause goes away."""

from collections.abc import Callable
from datetime import timedelta

from domain.stock import publishing
from flows.account_health import account_health
from flows.acknowledge_problem import acknowledge_problem
from flows.decide_order import decide_order
from flows.inventory_sync import inventory_sync
from flows.resend_tracking import resend_tracking
from flows.stock_variances import stock_variances
from ledger.maps import SkuEntry, record_carriers, record_services, record_skus
from sandbox import filedrop
from sandbox.amazon import feeds
from sandbox.amazon.feed_plans import FOR_EVER
from sandbox.habits import Habit
from tests.flows.conftest import DE, GB, MAPPED, carriers_of
from tests.flows.drill import FAR_AWAY, OFTEN, Drill, K, Plant, spare_service
from tests.flows.runs import eventually
from tests.flows.test_privacy import tell

ADDRESS = ["recipient", "deliveryAddress", "addressLine1"]


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


def _elsewhere(drill: Drill) -> str:
    """An order that waits here, and somebody ships it from somewhere else."""
    return drill.order(K.CONFIRMED_ELSEWHERE, recipient={"city": ""})


def _confirmed_by_hand(drill: Drill) -> None:
    drill.street.world.ship_elsewhere(drill.orders[K.CONFIRMED_ELSEWHERE])


def _unmapped_carrier(drill: Drill) -> str:
    drill.habit(K.CARRIER_UNMAPPED, Habit(carrier=("Parcelforce", "Express 48")))
    return "Parcelforce"


def _map_carrier(drill: Drill) -> None:
    with drill.street.ledger.begin() as conn:
        record_carriers(conn, carriers_of(["Parcelforce"]), "test", drill.street.world.now())


def _no_tracking(drill: Drill) -> str:
    return drill.habit(K.TRACKING_MISSING, Habit(tracking_after=None))


def _tracking_comes(drill: Drill) -> None:
    drill.street.warehouse.send_tracking(drill.parcel(K.TRACKING_MISSING))


def _untold(drill: Drill) -> str:
    boxes = ({"SKU-01": 1}, {"SKU-02": 2})
    made = drill.street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1), ("SKU-02", 2)])
    drill.orders[K.CONTENTS_UNKNOWN] = made
    drill.street.warehouse.plan(made, Habit(boxes=boxes, tells_lines=False))
    return made


def _told(drill: Drill) -> None:
    drill.street.warehouse.tell_lines(drill.parcel(K.CONTENTS_UNKNOWN))


def _refused(drill: Drill) -> str:
    drill.sellers["refusing"].world.inject("confirmShipment", "400-item-id", times=OFTEN)
    return drill.order(K.TRACKING_REFUSED, "refusing")


def _hollow(drill: Drill) -> str:
    drill.sellers["hollow"].world.inject("confirmShipment", "204-no-effect", times=OFTEN)
    return drill.order(K.TRACKING_UNPROVEN, "hollow")


def _twisted(drill: Drill) -> str:
    drill.sellers["twisted"].world.inject("confirmShipment", "204-other-tracking", times=OFTEN)
    return drill.order(K.TRACKING_CONTRADICTED, "twisted")


def _busy(drill: Drill) -> str:
    world = drill.sellers["busy"].world
    world.inject("confirmShipment", "429", times=OFTEN)
    drill.order(K.TRACKING_WAITING, "busy", ship_by=world.now() + timedelta(minutes=50))
    return "Amazon (busy)"


def _suspect(drill: Drill) -> str:
    return drill.habit(K.TRACKING_SUSPECT, Habit(tracking=("12",), carrier=("UPS", "Standard")))


def _right_label(drill: Drill) -> None:
    drill.street.warehouse.relabel(drill.parcel(K.TRACKING_SUSPECT))


def _reused(drill: Drill) -> str:
    both = [drill.order(K.TRACKING_REUSED, sku="SKU-02") for _ in range(2)]
    return drill.street.warehouse.one_box(*both)


def _own_label(drill: Drill) -> None:
    drill.street.warehouse.relabel(drill.parcel(K.TRACKING_REUSED))


def _gap(drill: Drill) -> str:
    drill.say("DELETE FROM ledger.carrier_map WHERE marketplace_id = :shop", shop=DE)
    made = drill.street.world.add_order(marketplace_id=DE, items=[("SKU-03", 1)])
    drill.orders[K.CARRIER_GAP] = made
    drill.never_dispatches(made)
    return DE


def _gap_filled(drill: Drill) -> None:
    with drill.street.ledger.begin() as conn:
        record_carriers(conn, carriers_of(MAPPED), "test", drill.street.world.now())


def _stranger_order(drill: Drill) -> str:
    drill.drop("ack", filedrop.ACK, order_ref="999-0000000-0000000-1", result="ACCEPTED", wms_ref="X-1")
    return "999-0000000-0000000-1"


def _torn_file(drill: Drill) -> str:
    (drill.street.folder / "out" / "ack-torn.csv").write_text("order_ref,no\r\n1,2\r\n", encoding="utf-8")
    return "ack-torn.csv"


def _whole_file(drill: Drill) -> None:
    (drill.street.folder / "out" / "ack-torn.csv").write_text(
        ",".join(filedrop.ACK) + "\r\n", encoding="utf-8"
    )


def _odd_count(drill: Drill) -> str:
    drill.spare.work()  # a good one first
    return "spare"


def _odd_count_comes(drill: Drill) -> None:
    drill.spare.miscount("empty")
    drill.spare.work()


def _good_count(drill: Drill) -> None:
    drill.spare.recount()
    drill.spare.work()


def _late_count(drill: Drill) -> str:
    drill.third.work()
    return "third THIRD"


def _count_does_not_come(drill: Drill) -> None:
    drill.say(
        "UPDATE ledger.snapshots SET received_at = received_at - interval '37 hours' WHERE connection = 'third'"
    )


def _count_comes(drill: Drill) -> None:
    drill.third.recount()
    drill.third.work()


def _oversold(drill: Drill) -> str:
    world = drill.street.world
    made = world.add_order(marketplace_id=GB, items=[("SKU-08", 500)], status="PENDING")
    drill.orders[K.OVERSOLD] = made
    return "SKU-08"


def _given_up(drill: Drill) -> None:
    drill.street.world.cancel(drill.orders[K.OVERSOLD])


def _suppressed(drill: Drill) -> str:
    drill.street.world.suppress("SKU-05", GB)
    return f"SKU-05 in {GB}"


def _look_again(drill: Drill) -> None:
    drill.say("UPDATE ledger.listings SET seen_at = NULL")


def _shown_again(drill: Drill) -> None:
    drill.street.world.clear_issues("SKU-05", GB)
    _look_again(drill)


def _invalid(drill: Drill) -> str:
    drill.sellers["spare"].world.add_listing("SKU-01", GB, 3)
    drill.sellers["spare"].world.inject("patchListingsItem", "invalid-200", times=OFTEN)
    return f"spare SKU-01 in {GB}"


def _valid(drill: Drill) -> None:
    drill.sellers["spare"].faults_end()
    drill.say("UPDATE ledger.listings SET seen_at = NULL, published_at = published_at - interval '7 hours'")


def _drifted(drill: Drill) -> str:
    return f"main SKU-06 in {GB}"


def _set_by_another(drill: Drill) -> None:
    """A number that comes back: from the second time on it is shown until a day without a return."""
    for _ in range(2):
        assert eventually(lambda: drill.in_effect("SKU-06"))
        drill.street.world.set_quantity_elsewhere("SKU-06", GB, 999)
        drill.say("UPDATE ledger.listings SET seen_at = NULL WHERE seller_sku = 'SKU-06'")
        inventory_sync(seller_account="main")


def _left_alone(drill: Drill) -> None:
    drill.say(
        "UPDATE ledger.drifts SET at = at - interval '2 days', right_until = right_until - interval '2 days'"
    )
    _look_again(drill)


def _away(drill: Drill) -> str:
    drill.sellers["broken"].world.inject("searchOrders", "503-html", times=OFTEN)
    return "Amazon (broken), order-ingest"


def _denied(drill: Drill) -> str:
    drill.sellers["denied"].world.inject("searchOrders", "401-json", times=OFTEN)
    return "Amazon (denied), order-ingest"


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


def _stuck(drill: Drill) -> str:
    for sku in ("SKU-01", "SKU-02"):
        for market in (GB, DE):
            drill.sellers["third"].world.add_listing(sku, market, 40)
    drill.sellers["third"].world.plan_feed(processing=FOR_EVER)
    drill.sellers["third"].world.plan_feed(processing=FOR_EVER)
    return "third feed"


def _feed_sent(drill: Drill) -> None:
    """Two ordinary changes are many, this once; the feed that carries them never ends."""
    assert eventually(lambda: drill.in_effect("SKU-01", "third"))
    drill.third.on_hand.update({"SKU-01": 4900, "SKU-02": 4900})
    drill.third.recount()
    drill.third.work()
    usual, publishing.FEED_FROM = publishing.FEED_FROM, 2
    try:
        inventory_sync(seller_account="third")
    finally:
        publishing.FEED_FROM = usual
    drill.say("UPDATE ledger.feeds SET submitted_at = submitted_at - interval '3 hours'")
    inventory_sync(seller_account="third", return_state=True)


def _feed_ends(drill: Drill) -> None:
    world = drill.sellers["third"].world
    with world.lock:
        for feed in world.jobs.values():
            feeds._finish(world, feed, world.now())
    inventory_sync(seller_account="third", return_state=True)


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


def _due_already(drill: Drill) -> str:
    ago = drill.sellers["late"].world.now() - timedelta(minutes=30)
    return drill.order(K.CONFIRMED_LATE, "late", ship_by=ago)


def _rate_counted(drill: Drill) -> None:
    account_health(seller_account="late")


def _window_passed(drill: Drill) -> None:
    """Forty days go by: what was late is in no window any more."""
    drill.say(
        "UPDATE ledger.orders SET confirm_by = confirm_by - interval '40 days',"
        " deliver_by = deliver_by - interval '40 days' WHERE seller_account = 'late'"
    )
    account_health(seller_account="late")


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


def _expiring(drill: Drill) -> str:
    drill.say(
        "INSERT INTO ledger.expiries (holder, what, fingerprint, since, until)"
        " VALUES ('Amazon (main)', 'client secret', 'x', now() - interval '170 days', now() + interval '10 days')"
    )
    return "Amazon (main), client secret"


def _renewed(drill: Drill) -> None:
    drill.say("UPDATE ledger.expiries SET since = now(), until = now() + interval '180 days'")


def _throttled(drill: Drill) -> str:
    return "Amazon (busy), confirmShipment"


def _calls_too_many(drill: Drill) -> None:
    """What another program leaves of the budget is too little, six times in a quarter of an hour."""
    drill.say(
        "INSERT INTO ledger.calls (at, stranger, operation, subject, outcome, milliseconds)"
        " SELECT now() - make_interval(mins => n), 'Amazon (busy)', 'confirmShipment', '', '429', 80"
        " FROM generate_series(1, 6) AS n"
    )


def _a_quarter_passes(drill: Drill) -> None:
    drill.say("UPDATE ledger.calls SET at = at - interval '20 minutes' WHERE outcome LIKE '429%'")


def _daily(drill: Drill) -> str:
    return "stock-variances, Amazon (main)"


def _days_without(drill: Drill) -> None:
    drill.say(
        "INSERT INTO ledger.beats (street, subject, hour, runs, volume, last_at) SELECT 'stock-variances',"
        " 'Amazon (main)', date_trunc('hour', at), 1, 0, at FROM (SELECT now() - interval '3 days' AS at) AS past"
    )


def _variances_run(drill: Drill) -> None:
    stock_variances()


def _stood_still(drill: Drill) -> str:
    drill.watch()
    return "UTC"


def _hours_without_a_watch(drill: Drill) -> None:
    drill.say("UPDATE ledger.beats SET last_at = last_at - interval '3 hours' WHERE street = 'problem-watch'")


def _acknowledged(kind: K) -> Callable[[Drill], None]:
    """A person says that it is settled."""

    def cure(drill: Drill) -> None:
        [found] = drill.ask(
            "SELECT id FROM report.problems WHERE kind = :kind AND cleared_at IS NULL", kind=kind
        )
        acknowledge_problem("It is settled.", your_name="Ada", problem=found["id"])

    return cure


def _resent(kind: K, seller: str) -> Callable[[Drill], None]:
    """Amazon takes it again, and a person has it sent once more."""

    def cure(drill: Drill) -> None:
        drill.sellers[seller].faults_end()
        resend_tracking(drill.orders[kind], your_name="Ada")

    return cure


def _faults_end(seller: str) -> Callable[[Drill], None]:
    return lambda drill: drill.sellers[seller].faults_end()


def _nothing(_: Drill) -> None:
    """Nothing is to be done; time or the next run does it."""


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
        cure=_acknowledged(K.CANCEL_TOO_LATE),
    ),
    Plant(kind=K.UNFULFILLABLE, lay=_odd_status, cure=_plain_status),
    Plant(kind=K.REJECTED_BY_WAREHOUSE, lay=_rejected, cure=_accepted_after_all),
    Plant(kind=K.RELEASE_UNANSWERED, lay=_unanswered, spring=_hours_pass_unanswered, cure=_answered),
    Plant(
        kind=K.CONFIRMED_ELSEWHERE,
        lay=_elsewhere,
        spring=_confirmed_by_hand,
        cure=_acknowledged(K.CONFIRMED_ELSEWHERE),
    ),
    Plant(kind=K.CARRIER_UNMAPPED, lay=_unmapped_carrier, cure=_map_carrier),
    Plant(kind=K.TRACKING_MISSING, lay=_no_tracking, cure=_tracking_comes),
    Plant(kind=K.CONTENTS_UNKNOWN, lay=_untold, cure=_told),
    Plant(kind=K.TRACKING_REFUSED, lay=_refused, cure=_resent(K.TRACKING_REFUSED, "refusing")),
    Plant(kind=K.TRACKING_UNPROVEN, lay=_hollow, cure=_resent(K.TRACKING_UNPROVEN, "hollow")),
    Plant(kind=K.TRACKING_CONTRADICTED, lay=_twisted, cure=_resent(K.TRACKING_CONTRADICTED, "twisted")),
    Plant(kind=K.TRACKING_WAITING, lay=_busy, cure=_faults_end("busy")),
    Plant(kind=K.TRACKING_SUSPECT, lay=_suspect, cure=_right_label),
    Plant(kind=K.TRACKING_REUSED, lay=_reused, cure=_own_label),
    Plant(kind=K.CARRIER_GAP, lay=_gap, cure=_gap_filled),
    Plant(kind=K.UNKNOWN_ORDER, lay=_stranger_order, cure=_acknowledged(K.UNKNOWN_ORDER)),
    Plant(kind=K.FILE_SET_ASIDE, lay=_torn_file, cure=_whole_file),
    Plant(kind=K.SNAPSHOT_HELD, lay=_odd_count, spring=_odd_count_comes, cure=_good_count),
    Plant(kind=K.OVERSOLD, lay=_oversold, cure=_given_up),
    Plant(kind=K.LISTING_SUPPRESSED, lay=_suppressed, spring=_look_again, cure=_shown_again),
    Plant(kind=K.FEED_STUCK, lay=_stuck, spring=_feed_sent, cure=_feed_ends),
    Plant(kind=K.SNAPSHOT_LATE, lay=_late_count, spring=_count_does_not_come, cure=_count_comes),
    Plant(kind=K.QUANTITY_INVALID, lay=_invalid, cure=_valid),
    Plant(kind=K.QUANTITY_DRIFTED, lay=_drifted, spring=_set_by_another, cure=_left_alone),
    Plant(kind=K.STRANGER_UNREACHABLE, lay=_away, cure=_faults_end("broken")),
    Plant(kind=K.CREDENTIALS_REFUSED, lay=_denied, cure=_faults_end("denied")),
    Plant(kind=K.ORDER_NOT_CROSSED, lay=_stays_here, spring=_minutes_pass, cure=_turn_given_back),
    Plant(kind=K.PICKING_DELAY, lay=_picking, cure=_picked),
    Plant(kind=K.CONFIRMED_LATE, lay=_due_already, cure=_acknowledged(K.CONFIRMED_LATE)),
    Plant(kind=K.ORDER_MISSING, lay=_lost, spring=_listed, cure=_found_again),
    Plant(kind=K.ORDER_STILL_OPEN, lay=_over_here, meanwhile=_over, cure=_listed_anew),
    Plant(kind=K.CREDENTIALS_EXPIRING, lay=_expiring, cure=_renewed),
    Plant(kind=K.THROTTLED, lay=_throttled, spring=_calls_too_many, cure=_a_quarter_passes),
    Plant(kind=K.FLOW_SILENT, lay=_daily, spring=_days_without, cure=_variances_run),
    Plant(kind=K.HEALTH_AT_RISK, lay=lambda _: "late, ", spring=_rate_counted, cure=_window_passed),
)
# What stands still hides for a while who is silent: it gets a cycle of its own.
STANDSTILL = Plant(kind=K.LOCKSTEP_DOWN, lay=_stood_still, spring=_hours_without_a_watch, cure=_nothing)
