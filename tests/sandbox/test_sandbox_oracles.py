"""The oracles catch what is wrong, and the official client gets along with the sandbox."""

import copy
import json
import time
import warnings
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox import published_models
from tests.sandbox.official_models import faults, load
from tests.sandbox.seller import ALL, DE, GB, ORDERS, parcel

published = pytest.mark.skipif(not published_models.PRESENT, reason=published_models.WHY_SKIPPED)


def every_kind_of_order(world):
    """One order in each status, with every section filled."""
    item = [("MUG/1 ü", 2)]
    made = {
        status: world.add_order(marketplace_id=GB, items=item, status=status, gift_message="Hello")
        for status in ("PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "UNFULFILLABLE")
    }
    made["FBA"] = world.add_order(marketplace_id=DE, items=item, fulfilled_by="AMAZON", programs=["PRIME"])
    made["SHIPPED"] = world.add_order(marketplace_id=DE, items=item)
    made["CANCELLED"] = world.add_order(marketplace_id=GB, items=item)
    world.ship_elsewhere(made["SHIPPED"])
    world.request_cancel(made["CANCELLED"])
    world.cancel(made["CANCELLED"], by="MERCHANT")
    return made


def test_every_kind_of_order_pleases_both_oracles(world, seller):
    """Orders of every status, with all data sets at once and one by one, are what Amazon's models say."""
    made = every_kind_of_order(world)
    time.sleep(0.1)
    assert len(seller.search(includedData=ALL).json()["orders"]) == len(made)
    for data_set in ALL.split(","):
        assert seller.search(includedData=data_set).status_code == 200
    for order_id in made.values():
        assert seller.get(order_id, includedData=ALL).status_code == 200
    assert seller.checked == 1 + len(ALL.split(",")) + len(made)


def mutations(document):
    """Wrong versions of a page of orders, each with one slip."""
    order = ("orders", 0)
    slips = [
        ((*order, "orderId"), None),
        ((*order, "orderId"), 12),
        ((*order, "lastUpdatedTime"), "2026-11-23 10:00"),
        ((*order, "lastUpdatedTime"), "2026-11-23T10:00:00"),
        ((*order, "fulfillment", "fulfillmentStatus"), "Unshipped"),
        ((*order, "orderItems"), {}),
        ((*order, "orderItems", 0, "quantityOrdered"), "2"),
        ((*order, "orderItems", 0, "quantityOrdered"), True),
        ((*order, "orderItems", 0, "product", "sku"), "X"),
        ((*order, "proceeds", "grandTotal", "amount"), 12.5),
        (("Orders",), []),
        (("lastUpdatedBefore",), 0),
    ]
    for path, value in slips:
        wrong = copy.deepcopy(document)
        place = wrong
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        yield wrong
    missing = copy.deepcopy(document)
    del missing["orders"][0]["orderItems"][0]["product"]
    yield missing


def page(world, seller):
    world.add_order(marketplace_id=GB, items=[("MUG/1 ü", 2)])
    time.sleep(0.1)
    return seller.search(includedData=ALL).json()


def test_the_official_models_catch_every_slip(world, seller):
    """The walker passes a right page and finds each single slip in it."""
    right = page(world, seller)
    assert faults(right, "SearchOrdersResponse", ORDERS) == []
    for wrong in mutations(right):
        assert faults(wrong, "SearchOrdersResponse", ORDERS)


@published
def test_the_published_models_catch_every_slip(world, seller):
    """The published models find the same slips, and an unpromised status or header."""
    right = page(world, seller)
    assert published_models.faults_of_answer("searchOrders", 200, set(), right) == []
    for wrong in mutations(right):
        assert published_models.faults_of_answer("searchOrders", 200, set(), wrong)
    assert published_models.faults_of_answer("searchOrders", 204, set(), None)
    assert published_models.faults_of_answer("searchOrders", 429, {"x-amzn-ratelimit-limit"}, {"errors": []})


@published
@pytest.mark.parametrize("status", ["204", "400"])
def test_amazons_own_confirmation_examples_are_answered_alike(world, seller, status):
    """The two example requests in Amazon's model get the status, and the error, that stand beside them."""
    described, _ = published_models.operations()["confirmShipment"]
    [example] = described["responses"][status]["x-amzn-api-sandbox"]["static"]
    world.add_order(
        order_id=example["request"]["parameters"]["orderId"]["value"],
        marketplace_id="ATVPDKIKX0DER",
        items=[("MUG/1 ü", 1)],
    )
    body = json.loads(json.dumps(example["request"]["parameters"]["body"]["value"]))
    [order] = world.orders.values()
    order.items[0].order_item_id = body["packageDetail"]["orderItems"][0]["orderItemId"]
    answer = seller.confirm(order.order_id, body)
    assert answer.status_code == int(status)
    assert (answer.json() if answer.content else {}) == example["response"]


@pytest.fixture
def official(server):
    """The official SDK's client, pointed at the sandbox."""
    spapi = load("spapi")
    tokens = server.world.tokens
    config = spapi.SPAPIConfig(
        client_id=tokens.client_id,
        client_secret=tokens.client_secret,
        refresh_token=tokens.refresh_token,
        region="EU",
    )
    made = spapi.SPAPIClient(config, oauth_endpoint=server.token_url, endpoint=server.endpoint)
    yield spapi, made.api_client
    with warnings.catch_warnings():  # the SDK has no close of its own
        warnings.simplefilter("ignore", ResourceWarning)
        made.api_client.rest_client.pool_manager.clear()


def test_the_official_client_reads_and_confirms_an_order(world, official, eventually):
    """searchOrders, getOrder and confirmShipment work through a client that Amazon wrote."""
    spapi, client = official
    order_id = world.add_order(marketplace_id=GB, items=[("MUG/1 ü", 2)])
    time.sleep(0.1)
    after = datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251 - what a client would ask
    found = (
        load("spapi.api.orders_v2026_01_01.search_orders_api")
        .SearchOrdersApi(client)
        .search_orders(
            last_updated_after=after.isoformat(),
            marketplace_ids=[GB, DE],
            fulfillment_statuses=["UNSHIPPED", "PARTIALLY_SHIPPED"],
            included_data=["FULFILLMENT", "PACKAGES", "RECIPIENT"],
        )
    )
    assert [order.order_id for order in found.orders] == [order_id]
    body = parcel(world, order_id)
    api = load("spapi.api.orders_v0.orders_v0_api").OrdersV0Api(client)
    assert api.confirm_shipment(order_id, body) is None
    eventually(lambda: world.packages(order_id))
    get = load("spapi.api.orders_v2026_01_01.get_order_api").GetOrderApi(client)
    order = get.get_order(order_id, included_data=["PACKAGES", "FULFILLMENT"]).order
    assert order.packages[0].tracking_number == "RR123456785GB"
    with pytest.raises(spapi.ApiException) as refused:
        api.confirm_shipment(order_id, body | {"marketplaceId": DE})
    assert refused.value.status == 400


def test_the_official_client_patches_and_feeds(world, official, eventually):
    """PatchListingsItem and createFeed work through a client that Amazon wrote."""
    _, client = official
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}
    body = {"productType": "PRODUCT", "patches": [patch]}
    listings = load("spapi.api.listings_items_v2021_08_01.listings_api").ListingsApi(client)
    told = listings.patch_listings_item(world.seller_id, "MUG/1 ü", [GB], body)
    assert (told.sku, told.status) == ("MUG/1 ü", "ACCEPTED")
    eventually(lambda: world.effective_quantity("MUG/1 ü", GB) == 3)
    feeds = load("spapi.api.feeds_v2021_06_30.feeds_api").FeedsApi(client)
    document = feeds.create_feed_document({"contentType": "application/json"})
    world.documents[document.feed_document_id].content = json.dumps(
        {
            "header": {"sellerId": world.seller_id, "version": "2.0"},
            "messages": [
                {
                    "messageId": 1,
                    "sku": "MUG/1 ü",
                    "operationType": "PATCH",
                    "productType": "PRODUCT",
                    "patches": [patch | {"value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 8}]}],
                }
            ],
        }
    ).encode()
    specification = {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": [GB],
        "inputFeedDocumentId": document.feed_document_id,
    }
    feed_id = feeds.create_feed(specification).feed_id
    eventually(lambda: feeds.get_feed(feed_id).processing_status == "DONE")
    eventually(lambda: world.effective_quantity("MUG/1 ü", GB) == 8)
