"""Plants of the second street: parcels that Amazon is not told of, or does not show as they are."""

from collections.abc import Callable
from datetime import timedelta

from flows.account_health import account_health
from flows.resend_tracking import resend_tracking
from ledger.maps import record_carriers
from sandbox.habits import Habit
from tests.flows.conftest import DE, GB, MAPPED, carriers_of
from tests.flows.drill.cures import acknowledged, faults_end
from tests.flows.drill.house import OFTEN, Drill, K, Plant


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


def _resent(kind: K, seller: str) -> Callable[[Drill], None]:
    """Amazon takes it again, and a person has it sent once more."""

    def cure(drill: Drill) -> None:
        drill.sellers[seller].faults_end()
        resend_tracking(drill.orders[kind], your_name="Ada")

    return cure


PLANTS = (
    Plant(
        kind=K.CONFIRMED_ELSEWHERE,
        lay=_elsewhere,
        spring=_confirmed_by_hand,
        cure=acknowledged(K.CONFIRMED_ELSEWHERE),
    ),
    Plant(kind=K.CARRIER_UNMAPPED, lay=_unmapped_carrier, cure=_map_carrier),
    Plant(kind=K.TRACKING_MISSING, lay=_no_tracking, cure=_tracking_comes),
    Plant(kind=K.CONTENTS_UNKNOWN, lay=_untold, cure=_told),
    Plant(kind=K.TRACKING_REFUSED, lay=_refused, cure=_resent(K.TRACKING_REFUSED, "refusing")),
    Plant(kind=K.TRACKING_UNPROVEN, lay=_hollow, cure=_resent(K.TRACKING_UNPROVEN, "hollow")),
    Plant(kind=K.TRACKING_CONTRADICTED, lay=_twisted, cure=_resent(K.TRACKING_CONTRADICTED, "twisted")),
    Plant(kind=K.TRACKING_WAITING, lay=_busy, cure=faults_end("busy")),
    Plant(kind=K.TRACKING_SUSPECT, lay=_suspect, cure=_right_label),
    Plant(kind=K.TRACKING_REUSED, lay=_reused, cure=_own_label),
    Plant(kind=K.CARRIER_GAP, lay=_gap, cure=_gap_filled),
    Plant(kind=K.CONFIRMED_LATE, lay=_due_already, cure=acknowledged(K.CONFIRMED_LATE)),
    Plant(kind=K.HEALTH_AT_RISK, lay=lambda _: "late, ", spring=_rate_counted, cure=_window_passed),
)
