import time
from datetime import UTC, datetime, timedelta

import pytest
from scripted_amazon import FreeDesk

from blocks.seller_account import SellerAccount
from domain.amazon import AmazonStatus, Quantity, ShipConfirm
from domain.errors import TryAgain
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock

UK = "A1F83G8C2ARO7P"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def world():
    return AmazonWorld(Clock(speed=2000))


@pytest.fixture
def amazon(world):
    with AmazonServer(world) as server:
        yield server


@pytest.fixture
def account(amazon, world):
    return SellerAccount(
        name="main",
        seller_id=world.seller_id,
        region="EU",
        endpoint=amazon.endpoint,
        token_url=amazon.token_url,
        marketplaces=[UK],
        client_id="amzn1.application-oa2-client.sandbox",
        client_secret="sandbox-client-secret",
        refresh_token="Atzr|sandbox-refresh-token",
    )


@pytest.fixture
def door(account):
    return account.open(FreeDesk())


def until(look, wanted, seconds=5.0):
    """What `look` returns, as soon as it is what is wanted."""
    end = time.monotonic() + seconds
    while not wanted(found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    assert wanted(found)
    return found


def place(world, count, **parts):
    at = world.now() - timedelta(hours=1)
    return [
        world.add_order(marketplace_id=UK, items=[("SKU-1", 2)], placed_at=at + timedelta(seconds=n), **parts)
        for n in range(count)
    ]


def claim_for(world, order, tracking):
    return ShipConfirm(
        order_id=order.order_id,
        marketplace_id=UK,
        package_reference_id="17",
        carrier_code="UPS",
        carrier_name="",
        shipping_method="UPS Standard",
        tracking=tracking,
        shipped_at=world.now(),
        contents=((order.lines[0].order_item_id, 2),),
    )


def test_every_order_is_read_once_and_oldest_first(world, door):
    """Paging through 250 orders shows each of the merchant's once, with its recipient and its clock."""
    placed = place(world, 250, gift_message="For you.")
    place(world, 1, fulfilled_by="AMAZON")
    pages, token = [], None
    while not pages or token is not None:
        page = door.fetch_orders(since=LONG_AGO, page_token=token)
        pages.append(page)
        token = page.next_token
    orders = [order for page in pages for order in page.orders]
    assert [order.order_id for order in orders] == placed
    assert [len(page.orders) for page in pages] == [100, 100, 50]
    assert not any(page.unreadable for page in pages)
    assert all(page.read_until is not None and page.read_until <= world.now() for page in pages)
    first = orders[0]
    assert first.merchant_fulfilled
    assert first.status is AmazonStatus.UNSHIPPED
    assert first.confirm_by is not None
    assert [(line.seller_sku, line.quantity, line.unfulfilled) for line in first.lines] == [("SKU-1", 2, 2)]
    assert first.recipient is not None
    assert first.recipient.missing() == ()
    assert first.recipient.gift_message == "For you."
    assert "For you." not in repr(first)


def test_a_pending_order_has_no_recipient_until_it_is_paid(world, door):
    """The recipient appears with the payment; the buyer's wish to cancel appears with its line."""
    (order_id,) = place(world, 1, status="PENDING")
    pending = door.fetch_order(order_id)
    assert (pending.status, pending.recipient) == (AmazonStatus.PENDING, None)
    world.authorize_payment(order_id)
    world.request_cancel(order_id)
    paid = door.fetch_order(order_id)
    assert paid.recipient is not None
    assert paid.cancel_requested


def test_a_confirmed_parcel_is_read_back(world, door):
    """What was confirmed is seen with the same reference, tracking and contents; again is an edit."""
    (order_id,) = place(world, 1)
    order = door.fetch_order(order_id)
    for tracking in ("1Z999AA10123456784", "1Z999AA10123456785"):
        claim = claim_for(world, order, tracking)
        door.confirm_shipment(claim)
        seen = until(lambda: door.fetch_order(order_id), lambda seen, t=tracking: t in str(seen.packages))
        assert [(p.reference_id, p.tracking, p.contents) for p in seen.packages] == [
            ("17", tracking, claim.contents)
        ]
    assert seen.status is AmazonStatus.SHIPPED
    assert seen.lines[0].unfulfilled == 0


def test_a_published_quantity_comes_into_effect(world, door):
    """A quantity is accepted first and in effect later; the handling time survives it."""
    world.add_listing("SKU/1 ü", UK, 3, lead_time_to_ship_max_days=2)
    answer = door.publish_quantity(Quantity(marketplace_id=UK, seller_sku="SKU/1 ü", units=9))
    assert answer.accepted
    skus = ["SKU/1 ü", "unknown"]
    (seen,) = until(lambda: door.fetch_listings(UK, skus), lambda seen: seen[0].units == 9)
    assert (seen.seller_sku, seen.other_channels) == ("SKU/1 ü", ())
    effective = world.listings[("SKU/1 ü", UK)].effective["DEFAULT"]
    assert effective["lead_time_to_ship_max_days"] == 2


def test_a_listing_that_amazon_ships_has_no_units_of_ours(world, door):
    """A listing of another channel is shown as such and never as a quantity."""
    world.add_listing("FBA-1", UK, 3, channel="AMAZON_EU")
    (seen,) = door.fetch_listings(UK, ["FBA-1"])
    assert (seen.units, seen.other_channels) == (None, ("AMAZON_EU",))


@pytest.mark.parametrize("fault", ["403-expired", "401-json", "403-message"])
def test_an_expired_token_costs_nothing(world, door, fault):
    """A token that ends in the middle of the work is replaced without anybody noticing."""
    (order_id,) = place(world, 1)
    world.inject("getOrder", fault)
    assert door.fetch_order(order_id).order_id == order_id


@pytest.mark.parametrize("fault", ["429", "429-empty", "503-html", "400-invalid", "200-html", "reset"])
def test_a_failed_search_is_tried_again(world, door, fault):
    """A failure leaves nothing read and the same page readable afterwards."""
    (order_id,) = place(world, 1)
    world.inject("searchOrders", fault)
    with pytest.raises(TryAgain):
        door.fetch_orders(since=LONG_AGO, page_token=None)
    assert [order.order_id for order in door.fetch_orders(since=LONG_AGO, page_token=None).orders] == [
        order_id
    ]


def test_a_confirmation_whose_answer_was_lost_may_have_arrived(world, account):
    """A hanging answer says that the parcel may be confirmed, and the read back decides."""
    (order_id,) = place(world, 1)
    door = account.open(FreeDesk(), timeout=0.4)
    world.inject("confirmShipment", "hang-after")
    with pytest.raises(TryAgain) as raised:
        door.confirm_shipment(claim_for(world, door.fetch_order(order_id), "1Z999AA10123456784"))
    assert raised.value.maybe_done
    seen = until(lambda: door.fetch_order(order_id), lambda seen: seen.packages)
    assert seen.packages[0].reference_id == "17"


def test_an_invalid_quantity_is_an_answer_with_issues(world, door):
    """INVALID comes with HTTP 200 and says why."""
    world.add_listing("SKU-1", UK, 3)
    world.inject("patchListingsItem", "invalid-200")
    answer = door.publish_quantity(Quantity(marketplace_id=UK, seller_sku="SKU-1", units=9))
    assert not answer.accepted
    assert answer.issues
