from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_answers import cases

from blocks.wire.amazon.answer import read_time
from blocks.wire.amazon.shipments import confirm_body
from domain.amazon import ShipConfirm
from domain.errors import Refused

CLAIM = ShipConfirm(
    order_id="902-1106328-1059050",
    marketplace_id="ATVPDKIKX0DER",
    package_reference_id="1",
    carrier_code="FedEx",
    carrier_name="",
    shipping_method="FedEx Ground",
    tracking="112345678",
    shipped_at=datetime(2022, 2, 11, 1, tzinfo=UTC),
    contents=(("79039765272157", 1),),
)


def test_amazons_published_confirmation_is_what_we_send(shared):
    """For the parcel of Amazon's example the body is Amazon's, but for what the seller leaves out."""
    path = "/orders/v0/orders/{orderId}/shipmentConfirmation"
    ((request, response),) = cases(shared, "orders-api-model/ordersV0.json", path, "post", 204)
    assert response == {}
    theirs = request["body"]["value"]
    package = theirs["packageDetail"]
    del (
        package["carrierName"],
        package["shipFromSupplySourceId"],
        package["orderItems"][0]["transparencyCodes"],
    )
    assert confirm_body(CLAIM) == theirs


def test_a_carrier_name_goes_with_other_alone():
    """The name is sent with Other and left out otherwise; an empty method is left out."""
    named = replace(CLAIM, carrier_name="Local Bikes", shipping_method="")
    assert "carrierName" not in confirm_body(named)["packageDetail"]
    package = confirm_body(replace(named, carrier_code="Other"))["packageDetail"]
    assert (package["carrierCode"], package["carrierName"]) == ("Other", "Local Bikes")
    assert "shippingMethod" not in package


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"package_reference_id": ""}, "package reference"),
        ({"package_reference_id": "0"}, "package reference"),
        ({"package_reference_id": "-1"}, "package reference"),
        ({"package_reference_id": "P1"}, "package reference"),
        ({"package_reference_id": "\u0661"}, "package reference"),
        ({"carrier_code": " "}, "carrier code"),
        ({"carrier_code": "Other"}, "carrier name"),
        ({"tracking": ""}, "tracking"),
        ({"marketplace_id": ""}, "marketplace"),
        ({"contents": ()}, "contents"),
        ({"contents": (("1", 0),)}, "quantity"),
        ({"contents": (("", 1),)}, "item id"),
        ({"shipped_at": datetime(2022, 2, 11)}, "zone"),  # noqa: DTZ001 - the point of the case
    ],
)
def test_what_amazon_refuses_is_not_sent(wrong, reason):
    """A claim Amazon would answer with an opaque 400 is refused here with the reason."""
    with pytest.raises(Refused, match=reason) as refusal:
        confirm_body(replace(CLAIM, **wrong))
    assert CLAIM.order_id in str(refusal.value)


@given(
    seconds=st.floats(min_value=0, max_value=2e9),
    zone=st.integers(min_value=-12, max_value=14).map(lambda hours: timezone(timedelta(hours=hours))),
    reference=st.integers(min_value=1),
)
def test_the_body_says_the_moment_and_the_reference_as_text(seconds, zone, reference):
    """Whatever the zone, the ship date is the same moment in UTC with milliseconds; the reference is text."""
    moment = datetime.fromtimestamp(seconds, zone)
    package = confirm_body(replace(CLAIM, shipped_at=moment, package_reference_id=str(reference)))[
        "packageDetail"
    ]
    assert package["packageReferenceId"] == str(reference)
    assert timedelta(0) <= moment - read_time(package["shipDate"]) < timedelta(milliseconds=1)
    assert package["shipDate"].endswith("Z")
    assert len(package["shipDate"]) == len("2022-02-11T01:00:00.000Z")
