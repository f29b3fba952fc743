import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_example import ORDER, changed

from blocks.wire.amazon.orders import parse_order, parse_orders_page
from domain.errors import Refused, TryAgain

FAULTS = [
    (("fulfillment",), ..., "fulfillment is missing"),
    (("fulfillment", "fulfilledBy"), ..., "fulfilledBy"),
    (("fulfillment", "fulfilledBy"), "SOMEBODY", "fulfilledBy"),
    (("fulfillment", "fulfillmentStatus"), None, "fulfillmentStatus is not text"),
    (("salesChannel", "marketplaceId"), ..., "marketplaceId is missing"),
    (("lastUpdatedTime",), "yesterday, Jane", "lastUpdatedTime is not a time with a zone"),
    (("lastUpdatedTime",), "2026-11-01T09:00:00", "lastUpdatedTime is not a time with a zone"),
    (("lastUpdatedTime",), 1793524000, "lastUpdatedTime is not a time with a zone"),
    (("orderItems",), [], "orderItems is empty"),
    (("orderItems", 0, "quantityOrdered"), "3", "orderItems.0.quantityOrdered is not a whole number"),
    (("orderItems", 0, "quantityOrdered"), True, "orderItems.0.quantityOrdered is not a whole number"),
    (("orderItems", 0, "quantityOrdered"), -1, "orderItems.0.quantityOrdered is a number below zero"),
    (("orderItems", 0, "orderItemId"), 11, "orderItems.0.orderItemId is not text"),
    (("orderItems", 0, "product", "sellerSku"), "S\x00U", "sellerSku holds characters"),
    (("orderItems", 1, "orderItemId"), "11", "twice"),
    (("orderItems", 0, "fulfillment"), None, "how much is left"),
    (("recipient", "deliveryAddress", "name"), ["Jane Doe"], "recipient.deliveryAddress.name is not text"),
    (("orderItems", 0, "product", "sellerSku"), "SKU\ud83c", "sellerSku is not valid Unicode"),
    (("recipient",), "Jane Doe", "recipient is not an object"),
    (("packages", 0, "packageItems", 0, "quantity"), 1.5, "packages.0.packageItems.0.quantity"),
]


@pytest.mark.parametrize(("path", "value", "reason"), FAULTS)
def test_an_order_that_is_not_understood_costs_only_itself(path, value, reason):
    """It is named with where and what, without its content; the rest of the page stays."""
    other = {**ORDER, "orderId": "222-2222222-2222222"}
    page = parse_orders_page({"orders": [changed(path, value), other]})
    (left,) = page.unreadable
    assert left.order_id == ORDER["orderId"]
    assert reason in left.reason
    assert "Jane" not in left.reason
    assert [order.order_id for order in page.orders] == ["222-2222222-2222222"]
    with pytest.raises(Refused, match=ORDER["orderId"]):
        parse_order({"order": changed(path, value)})


@pytest.mark.parametrize("item", [None, "Jane", 7, [], {}, {"orderId": ""}, {"orderId": "x" * 400}])
def test_what_is_no_order_is_named_by_its_place(item):
    """A thing on the page without a usable order id is still shown to a person."""
    (left,) = parse_orders_page({"orders": [ORDER, item]}).unreadable
    assert left.order_id == "(number 2 of its page)"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"orders": None},
        {"orders": {}},
        {"payload": {"orders": []}},
        {"orders": [], "pagination": []},
        {"orders": [], "pagination": {"nextToken": 7}},
        {"orders": [], "pagination": {"nextToken": "t"}},
        {"orders": [], "lastUpdatedBefore": "soon"},
    ],
)
def test_a_page_that_is_none_is_refused(payload):
    """A reply without orders, with its own token as the next one, or with an unclear end is not believed."""
    with pytest.raises(TryAgain):
        parse_orders_page(payload, page_token="t")


@pytest.mark.parametrize("payload", [{}, {"order": None}, {"order": []}, {"orders": [ORDER]}])
def test_an_answer_without_its_order_is_refused(payload):
    """Nothing is not an order."""
    with pytest.raises(TryAgain):
        parse_order(payload)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("2026-11-01T08:00:00Z")
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SPOTS = [
    *((key,) for key in ORDER),
    *(("fulfillment", key) for key in ORDER["fulfillment"]),
    *(("orderItems", 0, key) for key in ORDER["orderItems"][0]),
    *(("packages", 0, key) for key in ORDER["packages"][0]),
    *(("recipient", "deliveryAddress", key) for key in ORDER["recipient"]["deliveryAddress"]),
]


@given(spot=st.sampled_from(SPOTS), value=JSON)
def test_any_value_anywhere_gives_an_order_or_an_unreadable_one(spot, value):
    """Whatever Amazon puts in place of a part, the page is read and nothing is lost or raised."""
    page = parse_orders_page({"orders": [changed(spot, value)]})
    assert len(page.orders) + len(page.unreadable) == 1


@given(value=JSON)
def test_any_payload_is_a_page_or_refused(value):
    """No JSON is taken for an empty page by accident."""
    try:
        page = parse_orders_page(value if isinstance(value, dict) else {"orders": value})
    except TryAgain:
        return
    assert len(page.orders) + len(page.unreadable) == len(
        value["orders"] if isinstance(value, dict) else value
    )


@given(secret=st.text(alphabet=string.ascii_letters, min_size=12), spot=st.sampled_from(SPOTS))
def test_no_reason_repeats_what_amazon_wrote(secret, spot):
    """Whatever part is wrong, the reason holds its place and never its content."""
    for wrong in ([secret], {secret: secret}, secret):
        page = parse_orders_page({"orders": [changed(spot, wrong)]})
        assert all(secret not in left.reason for left in page.unreadable)
