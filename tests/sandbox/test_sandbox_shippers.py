"""Packages by other hands, Amazon's own ones, and confirmations that turn out otherwise than answered."""

import time

import httpx
import pytest

from sandbox.amazon.faults import CONFIRM_ONLY, HOLLOW
from sandbox.amazon.order import PACKAGE_STATUSES
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.sandbox.seller import ALL, parcel
from tests.sandbox.test_sandbox_confirm import SHOWN, place, status

TWO = (("MUG/1 ü", 2), ("TEE", 1))


def shown(world, order_id):
    return [(package.reference, package.tracking) for package in world.packages(order_id)]


def test_somebody_ships_a_part(world, seller):
    """Units by SKU or order item id go into a package; the rest is ours to confirm."""
    order_id = place(world, *TWO)
    tee = world.orders[order_id].items[1].order_item_id
    world.ship_elsewhere(order_id, items={"MUG/1 ü": 1}, reference="1", tracking="RR1")
    assert (status(world, order_id), shown(world, order_id)) == ("PARTIALLY_SHIPPED", [("1", "RR1")])
    world.ship_elsewhere(order_id, items={tee: 1})
    for items in ({"MUG/1 ü": 2}, {"NONE": 1}, {}, {tee: 1}):
        with pytest.raises(ValueError, match="left to ship"):
            world.ship_elsewhere(order_id, items=items)
    world.ship_elsewhere(order_id)
    assert status(world, order_id) == "SHIPPED"
    assert seller.get(order_id, includedData=ALL).status_code == 200


def test_somebody_edits_our_package(world, seller):
    """A known reference is that package with other details, and ours is an edit of it again."""
    order_id = place(world)
    seller.confirm(order_id, parcel(world, order_id))
    time.sleep(SHOWN)
    world.ship_elsewhere(order_id, reference="1", tracking="THEIRS")
    assert shown(world, order_id) == [("1", "THEIRS")]
    assert seller.confirm(order_id, parcel(world, order_id)).status_code == 204
    time.sleep(SHOWN)
    assert shown(world, order_id) == [("1", "RR123456785GB")]


def test_a_label_bought_at_amazon_is_amazons_to_confirm(world, seller):
    """Amazon shows its own package; neither that nor a new one can be confirmed on the fulfilled order."""
    order_id = place(world)
    reference = world.buy_shipping(order_id, tracking="TBA000000000001", carrier="Amazon Shipping")
    assert (status(world, order_id), shown(world, order_id)) == ("SHIPPED", [(reference, "TBA000000000001")])
    for asked in ("1", reference):
        answer = seller.confirm(order_id, parcel(world, order_id, packageReferenceId=asked))
        assert (answer.status_code, "PackageToUpdateNotFound" in answer.text) == (400, True)
    assert seller.get(order_id, includedData=ALL).status_code == 200


def test_what_amazons_label_leaves_can_be_confirmed(world, seller):
    """Beside a label for a part, the rest is confirmed as ever."""
    order_id = place(world, *TWO)
    world.buy_shipping(order_id, items={"TEE": 1})
    body = parcel(world, order_id)
    body["packageDetail"]["orderItems"] = body["packageDetail"]["orderItems"][:1]
    assert seller.confirm(order_id, body).status_code == 204
    time.sleep(SHOWN)
    assert status(world, order_id) == "SHIPPED"


def test_amazon_confirms_ship_plus_by_itself(world, seller):
    """A Ship+ order gets its package from Amazon and refuses ours before and after; others are refused."""
    order_id = place(world, programs=["FBM_SHIP_PLUS"])
    assert "Ship+" in seller.confirm(order_id, parcel(world, order_id)).text
    world.confirm_ship_plus(order_id, tracking="RR123456785GB", carrier="Royal Mail")
    assert [tracking for _, tracking in shown(world, order_id)] == ["RR123456785GB"]
    assert "Ship+" in seller.confirm(order_id, parcel(world, order_id)).text
    with pytest.raises(ValueError, match="no Ship"):
        world.confirm_ship_plus(place(world), tracking="T", carrier="UPS")


@pytest.mark.parametrize("word", PACKAGE_STATUSES)
def test_a_package_has_a_status(world, seller, word):
    """Each status of Amazon's is shown and moves the last update; another word is refused."""
    order_id = place(world)
    reference = world.ship_elsewhere(order_id)
    before = world.orders[order_id].updated
    time.sleep(0.002)
    world.mark_package(order_id, reference, word)
    [package] = seller.get(order_id, includedData="PACKAGES").json()["order"]["packages"]
    assert (package["packageStatus"]["status"], world.orders[order_id].updated > before) == (word, True)
    with pytest.raises(ValueError, match="LOST"):
        world.mark_package(order_id, reference, "LOST")


def test_another_tracking_is_shown_until_it_is_sent_again(world, seller):
    """After 204-other-tracking the package shows a stranger's number; the same body again puts it right."""
    order_id = place(world)
    world.inject("confirmShipment", "204-other-tracking")
    seen = []
    for _ in range(2):
        assert seller.confirm(order_id, parcel(world, order_id)).status_code == 204
        time.sleep(SHOWN)
        seen += shown(world, order_id)
    assert seen == [("1", world.other_tracking), ("1", "RR123456785GB")]


def test_a_late_package_shows_late_and_never_undoes_an_edit(world, seller, eventually):
    """204-late shows after its own delay; an edit that shows before it stays."""
    world.late_after = 800.0  # 400 ms
    late, edited = place(world), place(world)
    for order_id in (late, edited):
        world.inject("confirmShipment", "204-late")
        assert seller.confirm(order_id, parcel(world, order_id)).status_code == 204
    seller.confirm(late, parcel(world, late))  # the same again hurries nothing
    seller.confirm(edited, parcel(world, edited, trackingNumber="NEW"))
    time.sleep(SHOWN)
    assert (shown(world, late), shown(world, edited)) == ([], [("1", "NEW")])
    eventually(lambda: world.packages(late))
    time.sleep(SHOWN)
    assert shown(world, edited) == [("1", "NEW")]


@pytest.mark.parametrize(("fault", "applied"), [("reset-before", False), ("reset-after", True)])
def test_a_reset_comes_before_or_after(world, seller, fault, applied):
    """The connection breaks without an answer; whether Amazon had acted is in the fault's name."""
    order_id = place(world)
    world.inject("confirmShipment", fault)
    with pytest.raises(httpx.TransportError):
        seller.confirm(order_id, parcel(world, order_id))
    assert (bool(world.orders[order_id].accepted), world.requests[-1].status) == (applied, 0)
    assert seller.confirm(order_id, parcel(world, order_id)).status_code == 204
    time.sleep(SHOWN)
    assert shown(world, order_id) == [("1", "RR123456785GB")]


@pytest.mark.parametrize("fault", [name for name in CONFIRM_ONLY if name not in HOLLOW])
def test_each_refusal_is_one_of_amazons(world, seller, fault):
    """Every injected 400 passes both oracles as an answer of confirmShipment; no other call can have it."""
    order_id = place(world)
    world.inject("confirmShipment", fault)
    answer = seller.confirm(order_id, parcel(world, order_id))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")
    with pytest.raises(ValueError, match="belongs"):
        world.inject("getOrder", fault)


def test_an_injected_refusal_reads_like_the_real_one(world, seller):
    """The texts of Ship+, canceled, fulfilled and over-edited orders are the same, injected or earned."""
    plus, gone, full, plain = (
        place(world, programs=["FBM_SHIP_PLUS"]),
        place(world),
        place(world),
        place(world),
    )
    bodies = {order_id: parcel(world, order_id) for order_id in (plus, gone, full, plain)}
    world.cancel(gone)
    world.ship_elsewhere(full)
    for order_id, fault in (
        (plus, "400-ship-plus"),
        (gone, "400-nonexistent-item"),
        (full, "400-package-not-found"),
    ):
        earned = seller.confirm(order_id, bodies[order_id]).json()
        world.inject("confirmShipment", fault)
        assert seller.confirm(plain, bodies[plain]).json() == earned


def test_limits_scale_multiplies_rates_alone():
    """A scale of 500 tells and enforces rates five hundred times as high; the bursts stay."""
    world = AmazonWorld(Clock(), limits_scale=500)
    assert (world.buckets.rate("searchOrders"), world.buckets.rate("confirmShipment")) == ("2.8", "1000")
    assert [world.buckets.take("searchOrders") for _ in range(21)] == [True] * 20 + [False]
    time.sleep(1 / 2.8 + 0.05)
    assert [world.buckets.take("searchOrders") for _ in range(2)] == [True, False]
    assert AmazonWorld(Clock(2)).buckets.rate("confirmShipment") == "4"
