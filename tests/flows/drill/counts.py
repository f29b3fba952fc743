"""Plants of the third street: counts that are not believed, and quantities that are not in effect."""

from domain.stock import publishing
from flows.inventory_sync import inventory_sync
from sandbox.amazon import feeds
from sandbox.amazon.feed_plans import FOR_EVER
from tests.flows.conftest import DE, GB
from tests.flows.drill.house import OFTEN, Drill, K, Plant
from tests.flows.runs import eventually


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


PLANTS = (
    Plant(kind=K.SNAPSHOT_HELD, lay=_odd_count, spring=_odd_count_comes, cure=_good_count),
    Plant(kind=K.OVERSOLD, lay=_oversold, cure=_given_up),
    Plant(kind=K.LISTING_SUPPRESSED, lay=_suppressed, spring=_look_again, cure=_shown_again),
    Plant(kind=K.FEED_STUCK, lay=_stuck, spring=_feed_sent, cure=_feed_ends),
    Plant(kind=K.SNAPSHOT_LATE, lay=_late_count, spring=_count_does_not_come, cure=_count_comes),
    Plant(kind=K.QUANTITY_INVALID, lay=_invalid, cure=_valid),
    Plant(kind=K.QUANTITY_DRIFTED, lay=_drifted, spring=_set_by_another, cure=_left_alone),
)
