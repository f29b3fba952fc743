"""The simulated searchOrders and getOrder keep Amazon's rules."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.seller import ALL, DE, GB

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
HOLD = 0.08  # a little over the scaled two minutes


def place(world, count=1, **given):
    return [
        world.add_order(**({"marketplace_id": GB, "items": [("MUG/1 ü", 1)]} | given)) for _ in range(count)
    ]


def ids(answer):
    return [order["orderId"] for order in answer.json()["orders"]]


def test_an_order_is_found_only_after_the_hold_back(world, seller, eventually):
    """An order younger than the scaled two minutes is not found, an older one is."""
    world.clock.speed = 150
    [order_id] = place(world)
    assert ids(seller.search()) == []
    eventually(lambda: ids(seller.search()) == [order_id])
    assert (world.now() - world.orders[order_id].updated).total_seconds() >= 120 / 150


def test_the_upper_bound_is_told_and_lies_back(world, seller):
    """The echoed lastUpdatedBefore is the effective bound, never later than now minus the hold-back."""
    told = datetime.fromisoformat(seller.search().json()["lastUpdatedBefore"])
    assert datetime.now(UTC) - told >= timedelta(seconds=0.06)  # noqa: TID251 - compares with the wall
    assert "createdBefore" in seller.search(createdAfter="2026-01-01T00:00:00Z").json()


def test_pages_give_every_order_once(world, seller):
    """Paging through 250 orders yields each exactly once, at most 100 a page, also when some change."""
    placed = sorted(place(world, 250))
    time.sleep(HOLD)
    last = list(world.book.between("lastUpdated", (FIRST, ""), LAST))[-1][1].order_id
    placed.remove(last)
    found, token, sizes, after = [], {}, [], (world.now() - timedelta(hours=1)).isoformat()
    while True:
        answer = seller.search(lastUpdatedAfter=after, **token)
        found += ids(answer)
        sizes.append(len(ids(answer)))
        if "pagination" not in answer.json():
            break
        world.request_cancel(last)  # moves behind the frozen upper bound
        token = {"paginationToken": answer.json()["pagination"]["nextToken"]}
    assert sorted(found) == placed
    assert sizes == [100, 100, 49]


def test_a_pagination_token_refuses_changed_parameters(world, seller):
    """A token works with another page size and other data sets, and with nothing else changed."""
    place(world, 3)
    time.sleep(HOLD)
    after = (world.now() - timedelta(hours=1)).isoformat()
    first = seller.search(lastUpdatedAfter=after, fulfilledBy="MERCHANT", maxResultsPerPage="1")
    token = first.json()["pagination"]["nextToken"]
    same = {"lastUpdatedAfter": after, "paginationToken": token}
    assert seller.search(**same).status_code == 400
    assert seller.search(**same, fulfilledBy="AMAZON").status_code == 400
    free = seller.search(**same, fulfilledBy="MERCHANT", maxResultsPerPage="2", includedData="FULFILLMENT")
    assert len(ids(free)) == 2
    assert seller.search(lastUpdatedAfter=after, paginationToken="made-up").status_code == 400


def test_a_pagination_token_dies_after_a_day(world, seller):
    """A token older than 24 hours is refused."""
    place(world, 2)
    time.sleep(HOLD)
    after = (world.now() - timedelta(hours=1)).isoformat()
    token = seller.search(lastUpdatedAfter=after, maxResultsPerPage="1").json()["pagination"]["nextToken"]
    page = world.pages[token]
    world.pages[token] = type(page)(
        asked=page.asked, after=page.after, until=page.until, expires=world.now() - timedelta(seconds=1)
    )
    assert seller.search(lastUpdatedAfter=after, paginationToken=token).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"none": "1"},
        {"lastUpdatedAfter": "2026-01-01T00:00:00Z", "createdAfter": "2026-01-01T00:00:00Z"},
        {"lastUpdatedAfter": "2026-01-01T00:00:00Z", "createdBefore": "2026-02-01T00:00:00Z"},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": "2026-01-01T00:00:00"},
        {"lastUpdatedAfter": "2999-01-01T00:00:00Z"},
        {"lastUpdatedAfter": "2026-02-01T00:00:00Z", "lastUpdatedBefore": "2026-01-01T00:00:00Z"},
        {"maxResultsPerPage": "101"},
        {"includedData": "EVERYTHING"},
        {"fulfillmentStatuses": "Unshipped"},
        {"fulfilledBy": "MFN"},
        {"marketplaceIds": ",".join(["A"] * 51)},
        {"MarketplaceIds": GB},
    ],
)
def test_a_wrong_query_is_refused(seller, query):
    """Every breach of the parameter rules is answered with 400 and an error list."""
    answer = seller.search(**query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")


def test_the_two_minute_rule(world, seller):
    """An explicit upper bound within the hold-back is refused, one behind it is taken and echoed."""
    now = world.now()
    assert seller.search(lastUpdatedBefore=now.isoformat()).status_code == 400
    before = (now - timedelta(seconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert seller.search(lastUpdatedBefore=before).json()["lastUpdatedBefore"] == before


def test_filters_narrow_the_search(world, seller):
    """Status, fulfiller and marketplace filters give what they name and nothing else."""
    pending, fba, german = (
        place(world, status="PENDING")[0],
        place(world, fulfilled_by="AMAZON")[0],
        place(world, marketplace_id=DE)[0],
    )
    time.sleep(HOLD)
    assert ids(seller.search(fulfillmentStatuses="PENDING,SHIPPED")) == [pending]
    assert ids(seller.search(fulfilledBy="AMAZON")) == [fba]
    assert ids(seller.search(marketplaceIds=DE)) == [german]
    assert len(ids(seller.search(createdAfter="2026-01-01T00:00:00Z"))) == 3


def test_data_sets_come_only_when_asked_for(world, seller):
    """Without includedData an order carries no address, no fulfillment and no packages."""
    [order_id] = place(world, recipient={"name": "Planted Person", "phone": "+44 1632 960001"})
    bare = seller.get(order_id).text
    assert "Planted" not in bare
    assert "960001" not in bare
    assert "fulfillmentStatus" not in bare
    full = seller.get(order_id, includedData=ALL).json()["order"]
    assert full["recipient"]["deliveryAddress"]["phone"] == "+44 1632 960001"
    assert full["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert "recipient" not in seller.get(order_id, includedData="FULFILLMENT").json()["order"]


def test_a_pending_order_has_no_address_and_no_price(world, seller):
    """Address, buyer and price appear when the payment is authorized, and the last update moves."""
    [order_id] = place(world, status="PENDING")
    before = seller.get(order_id, includedData=ALL).json()["order"]
    assert not {"recipient", "buyer", "proceeds"} & before.keys()
    time.sleep(0.005)
    world.authorize_payment(order_id)
    after = seller.get(order_id, includedData=ALL).json()["order"]
    assert {"recipient", "buyer", "proceeds"} <= after.keys()
    assert after["lastUpdatedTime"] > before["lastUpdatedTime"]


def test_the_phone_goes_after_the_latest_delivery(world, seller):
    """A shipped order past its latest delivery date is told without the phone."""
    past = world.now() - timedelta(days=2)
    [order_id] = place(world, ship_by=past, deliver_by=past)
    phones = []
    for _ in range(2):
        order = seller.get(order_id, includedData="RECIPIENT").json()["order"]
        phones.append("phone" in order["recipient"]["deliveryAddress"])
        if len(phones) == 1:
            world.ship_elsewhere(order_id)
    assert phones == [True, False]


def test_cancellations_are_told(world, seller):
    """A buyer's wish and an executed cancellation appear on the lines, and a canceled order is CANCELLED."""
    [order_id] = place(world)
    world.request_cancel(order_id, "Bought by mistake")
    [item] = seller.get(order_id, includedData="CANCELLATION").json()["order"]["orderItems"]
    assert item["cancellation"] == {
        "cancellationRequest": {"requester": "BUYER", "cancelReason": "Bought by mistake"}
    }
    world.cancel(order_id)
    order = seller.get(order_id, includedData=ALL).json()["order"]
    assert order["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert order["orderItems"][0]["cancellation"]["cancellationExecution"] == {"cancelledBy": "BUYER"}


def test_an_unknown_order_is_not_found(seller):
    """GetOrder of an id nobody has is 404."""
    assert seller.get("026-0000000-0000000").status_code == 404


def test_placing_an_order_lowers_the_listing(world, seller):
    """An order takes units off Amazon's own quantity, never below zero, and a cancellation returns them."""
    [order_id] = place(world, items=[("MUG/1 ü", 4)])
    assert world.effective_quantity("MUG/1 ü", GB) == 6
    place(world, items=[("MUG/1 ü", 40)])
    assert world.effective_quantity("MUG/1 ü", GB) == 0
    world.cancel(order_id)
    assert world.effective_quantity("MUG/1 ü", GB) == 4


def test_a_page_of_a_hundred_is_quick(world, seller):
    """A page of 100 orders out of 20,000 is served in milliseconds once written."""
    hour = world.now() - timedelta(minutes=30)
    place(world, 20_000, placed_at=hour)
    query = {"lastUpdatedAfter": (hour - timedelta(minutes=1)).isoformat(), "includedData": ALL}
    call = {"params": query, "check": False}
    seller.call("GET", "/orders/2026-01-01/orders", **call)
    begun = time.perf_counter()
    for _ in range(5):
        assert seller.call("GET", "/orders/2026-01-01/orders", **call).status_code == 200
    assert (time.perf_counter() - begun) / 5 < 0.25
