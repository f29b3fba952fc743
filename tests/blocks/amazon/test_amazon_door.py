import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from scripted_amazon import FreeDesk, Reply, account, errors, scripted, told

from domain.amazon import Quantity, ShipConfirm
from domain.errors import Refused, TryAgain

SINCE = datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)
US = "ATVPDKIKX0DER"
CLAIM = ShipConfirm(
    order_id="111-1111111-1111111",
    marketplace_id=US,
    package_reference_id="7",
    carrier_code="UPS",
    carrier_name="",
    shipping_method="",
    tracking="1Z999",
    shipped_at=SINCE,
    contents=(("11", 2),),
)


def query_of(asked):
    return {name: values[0] for name, values in parse_qs(asked.query).items()}


def test_a_page_repeats_the_first_question_with_its_token():
    """Every page of a search asks the same, without an upper bound, and tells the next watermark."""
    page = {"orders": [], "lastUpdatedBefore": "2026-11-01T09:00:00.5Z", "pagination": {"nextToken": "t1"}}
    with scripted(told(page)) as amazon:
        door = account(amazon.url).open(FreeDesk())
        first = door.fetch_orders(since=SINCE, page_token=None)
        door.fetch_orders(since=SINCE, page_token="t0")
        one, two = map(query_of, amazon.asked)
    assert first.next_token == "t1"
    assert first.read_until == datetime(2026, 11, 1, 9, 0, 0, 500000, tzinfo=UTC)
    assert one == {
        "lastUpdatedAfter": "2026-11-01T08:00:00.123Z",
        "marketplaceIds": "ATVPDKIKX0DER,A2EUQ1WTGCTBG2",
        "fulfilledBy": "MERCHANT",
        "includedData": "FULFILLMENT,PACKAGES,CANCELLATION,RECIPIENT",
        "maxResultsPerPage": "100",
    }
    assert two == {**one, "paginationToken": "t0"}


def test_a_confirmed_shipment_is_a_204_and_nothing_else():
    """Only 204 means confirmed; the body holds what Amazon documents and no marketplace twice."""
    with scripted(Reply(status=204)) as amazon:
        account(amazon.url).open(FreeDesk()).confirm_shipment(CLAIM)
        (asked,) = amazon.asked
    assert asked.method == "POST"
    assert asked.path == "/orders/v0/orders/111-1111111-1111111/shipmentConfirmation"
    assert asked.query == ""
    assert json.loads(asked.body) == {
        "marketplaceId": US,
        "packageDetail": {
            "packageReferenceId": "7",
            "carrierCode": "UPS",
            "trackingNumber": "1Z999",
            "shipDate": "2026-11-01T08:00:00.123Z",
            "orderItems": [{"orderItemId": "11", "quantity": 2}],
        },
    }
    with scripted(told({"payload": {}})) as amazon, pytest.raises(TryAgain) as raised:
        account(amazon.url).open(FreeDesk()).confirm_shipment(CLAIM)
    assert raised.value.maybe_done


def test_a_parcel_amazon_would_refuse_is_not_sent():
    """A claim with a missing part costs no call."""
    with scripted(Reply(status=204)) as amazon:
        door = account(amazon.url).open(FreeDesk())
        for wrong in ({"package_reference_id": "A-1"}, {"tracking": " "}, {"order_id": ""}, {"contents": ()}):
            with pytest.raises(Refused):
                door.confirm_shipment(replace(CLAIM, **wrong))
        assert amazon.asked == []


@pytest.mark.parametrize("sku", ["SKU/1 ü", "%41&?#+", "a,b", "SKU.1"])
def test_a_quantity_reaches_exactly_its_listing(sku):
    """A SKU with any characters addresses itself, and the patch merges the merchant's offer alone."""
    with scripted(told({"sku": sku, "status": "ACCEPTED", "submissionId": "1", "issues": []})) as amazon:
        quantity = Quantity(marketplace_id=US, seller_sku=sku, units=7)
        answer = account(amazon.url).open(FreeDesk()).publish_quantity(quantity)
        (asked,) = amazon.asked
    assert answer.accepted
    assert asked.method == "PATCH"
    assert bytes(asked.path, "ascii").startswith(b"/listings/2021-08-01/items/A1SELLER/")
    assert parse_qs("sku=" + asked.path.rsplit("/", 1)[1].replace("+", "%2B"))["sku"] == [sku]
    assert query_of(asked) == {"marketplaceIds": US, "includedData": "issues"}
    offer = {"fulfillment_channel_code": "DEFAULT", "quantity": 7}
    path = "/attributes/fulfillment_availability"
    patches = [{"op": "merge", "path": path, "value": [offer]}]
    assert json.loads(asked.body) == {"productType": "PRODUCT", "patches": patches}


@pytest.mark.parametrize("sku", ["", "..", ".", " "])
def test_a_path_that_would_mean_something_else_is_refused(sku):
    """A blank or dotted SKU never becomes another address."""
    with scripted(Reply()) as amazon:
        with pytest.raises(Refused):
            account(amazon.url).open(FreeDesk()).publish_quantity(
                Quantity(marketplace_id=US, seller_sku=sku, units=7)
            )
        assert amazon.asked == []


def test_an_invalid_quantity_is_an_answer():
    """INVALID comes with HTTP 200, and its issues are handed on."""
    issue = {"code": "90000900", "message": "The attributes are invalid.", "severity": "ERROR"}
    with scripted(told({"sku": "S", "status": "INVALID", "submissionId": "1", "issues": [issue]})) as amazon:
        quantity = Quantity(marketplace_id=US, seller_sku="S", units=7)
        answer = account(amazon.url).open(FreeDesk()).publish_quantity(quantity)
    assert not answer.accepted
    assert [str(issue) for issue in answer.issues] == ["ERROR 90000900 The attributes are invalid."]


def test_listings_are_read_twenty_at_a_time():
    """Each SKU is asked for once; one with a comma alone; strangers and unknown ones are left out."""

    def script(asked):
        offer = [{"fulfillmentChannelCode": "DEFAULT", "quantity": 4}]
        if asked.path.endswith("A1SELLER"):
            skus = query_of(asked)["identifiers"].split(",")
            items = [{"sku": sku, "fulfillmentAvailability": offer} for sku in skus if sku != "unknown"]
            return told({"numberOfResults": len(items) + 1, "items": [*items, {"sku": "stranger"}]})
        if asked.path.endswith("no%2Cbody"):
            return errors(404, "NOT_FOUND", "SKU not found.")
        return told({"sku": "a,b", "fulfillmentAvailability": offer})

    with scripted(script) as amazon:
        skus = [f"S{n}" for n in range(22)] + ["S0", "unknown", "a,b", "no,body"]
        seen = account(amazon.url).open(FreeDesk()).fetch_listings(US, skus)
        assert len(amazon.asked) == 4
        assert query_of(amazon.asked[0])["identifiersType"] == "SKU"
    assert [listing.seller_sku for listing in seen] == [*(f"S{n}" for n in range(22)), "a,b"]
    assert {listing.units for listing in seen} == {4}


def test_no_listing_asked_is_no_call():
    """An empty question is not sent: Amazon would answer with every listing."""
    with scripted(Reply()) as amazon:
        assert account(amazon.url).open(FreeDesk()).fetch_listings(US, []) == ()
        assert amazon.asked == []
