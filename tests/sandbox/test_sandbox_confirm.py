"""The simulated confirmShipment keeps the rules and the habits of the real one."""

import time

import pytest

from tests.sandbox.seller import DE, GB, parcel

SHOWN = 0.1  # a package shows after 60 scaled seconds, which is 30 ms


def place(world, *items, **given):
    wanted = {"marketplace_id": GB, "items": items or [("MUG/1 ü", 2)]} | given
    return world.add_order(**wanted)


def status(world, order_id):
    return world.order(order_id).status


def test_a_confirmation_shows_later_in_packages(world, seller, eventually):
    """204 with an empty body comes at once; package, quantities and SHIPPED follow after the delay."""
    order_id = place(world)
    world.packages_after = 2000
    answer = seller.confirm(order_id, parcel(world, order_id))
    assert (answer.status_code, answer.content) == (204, b"")
    assert "packages" not in seller.get(order_id, includedData="PACKAGES").json()["order"]
    eventually(lambda: world.packages(order_id))
    order = seller.get(order_id, includedData="PACKAGES,FULFILLMENT").json()["order"]
    [package] = order["packages"]
    assert (package["trackingNumber"], package["packageReferenceId"]) == ("RR123456785GB", "1")
    assert order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert order["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 2, "quantityUnfulfilled": 0}


def test_two_parcels_complete_an_order(world, seller):
    """A first parcel makes PARTIALLY_SHIPPED, the second SHIPPED."""
    order_id = place(world)
    body = parcel(world, order_id)
    line = body["packageDetail"]["orderItems"][0] | {"quantity": 1}
    states = []
    for reference in ("101", "102"):
        answer = seller.confirm(
            order_id, parcel(world, order_id, packageReferenceId=reference, orderItems=[line])
        )
        assert answer.status_code == 204
        time.sleep(SHOWN)
        states.append(status(world, order_id))
    assert states == ["PARTIALLY_SHIPPED", "SHIPPED"]


def test_the_same_reference_again_is_an_edit(world, seller):
    """A repeated body changes nothing; new details under the same reference replace the old."""
    order_id = place(world)
    for tracking in ("OLD", "OLD", "NEW"):
        answer = seller.confirm(order_id, parcel(world, order_id, trackingNumber=tracking))
        assert answer.status_code == 204
    time.sleep(SHOWN)
    [package] = world.packages(order_id)
    assert (package.tracking, package.edits) == ("NEW", 1)


def test_edits_of_one_package_are_limited(world, seller):
    """Too many different edits are refused as an invalid package version."""
    order_id = place(world)
    answers = [
        seller.confirm(order_id, parcel(world, order_id, trackingNumber=f"T{number}")) for number in range(23)
    ]
    assert [answer.status_code for answer in answers].count(204) == 21
    assert "InvalidPackageVersion" in answers[-1].text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"packageReferenceId": 1}, "fields with invalid type [packageDetail.packageReferenceId]"),
        ({"packageReferenceId": "P-1"}, "must be a positive numeric value"),
        ({"packageReferenceId": "0"}, "must be a positive numeric value"),
        ({"packageReferenceId": None}, "missing value [packageDetail.packageReferenceId]"),
        ({"orderItems": {"orderItemId": "1", "quantity": 1}}, "invalid type [packageDetail.orderItems]"),
        ({"orderItems": []}, "OrderItems"),
        ({"orderItems": [{"orderItemId": "1", "quantity": 1}]}, "OrderItemId is invalid"),
        ({"orderItems": [{"orderItemId": "1", "quantity": "1"}]}, "packageDetail.orderItems[0].quantity"),
        ({"carrierCode": "royal mail"}, "CarrierCode"),
        ({"carrierCode": "Other"}, "CarrierName"),
        ({"shipDate": "02/21/2022"}, "Invalid Input"),
        ({"shipDate": "2026-11-23T10:00:00"}, "Invalid Input"),
        ({"trackingNumber": " "}, "TrackingNumber"),
        ({"trackingUrl": "https://example.com"}, "unknown name [packageDetail.trackingUrl]"),
    ],
)
def test_a_wrong_body_is_refused(world, seller, changes, words):
    """Each slip in the package is a 400 that names it, and nothing is confirmed."""
    order_id = place(world)
    answer = seller.confirm(order_id, parcel(world, order_id, **changes))
    assert answer.status_code == 400
    assert words in answer.json()["errors"][0]["message"]
    assert not world.orders[order_id].accepted


def test_quantities_are_checked(world, seller):
    """Zero units, and more than is left to ship, are refused."""
    order_id = place(world)
    line = parcel(world, order_id)["packageDetail"]["orderItems"][0]
    for quantity in (0, 3):
        body = parcel(world, order_id, orderItems=[line | {"quantity": quantity}])
        assert seller.confirm(order_id, body).status_code == 400


def test_the_marketplace_must_be_the_orders_own(world, seller):
    """A confirmation for another marketplace is refused."""
    order_id = place(world)
    body = parcel(world, order_id) | {"marketplaceId": DE}
    assert seller.confirm(order_id, body).status_code == 400


def test_other_needs_a_name_and_shows_it(world, seller):
    """A carrier outside the list goes as Other with a carrier name."""
    order_id = place(world)
    body = parcel(world, order_id, carrierCode="Other", carrierName="Bike Courier")
    assert seller.confirm(order_id, body).status_code == 204
    time.sleep(SHOWN)
    assert world.packages(order_id)[0].carrier == "Bike Courier"


def test_a_fulfilled_order_knows_no_new_package(world, seller):
    """Once somebody else shipped everything, a new reference is PackageToUpdateNotFound."""
    order_id = place(world)
    world.ship_elsewhere(order_id)
    answer = seller.confirm(order_id, parcel(world, order_id))
    assert answer.status_code == 400
    assert "PackageToUpdateNotFound" in answer.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"status": "PENDING"}, "pending"),
        ({"fulfilled_by": "AMAZON"}, "not fulfilled by the merchant"),
        ({"programs": ["FBM_SHIP_PLUS"]}, "Ship+"),
    ],
)
def test_orders_that_cannot_be_confirmed(world, seller, given, words):
    """Pending, Amazon-fulfilled and Ship+ orders are refused with 400."""
    order_id = place(world, **given)
    answer = seller.confirm(order_id, parcel(world, order_id))
    assert answer.status_code == 400
    assert words in answer.text


def test_a_canceled_order_has_no_items(world, seller):
    """A canceled order is NonexistentOrderItem; an unknown one is 404."""
    order_id = place(world)
    body = parcel(world, order_id)
    world.cancel(order_id)
    assert "NonexistentOrderItem" in seller.confirm(order_id, body).text
    assert seller.confirm("026-0000000-0000000", body).status_code == 404


def test_a_confirmed_order_cannot_be_canceled(world, seller):
    """After a 204 the buyer's cancellation is refused, also before the package shows."""
    order_id = place(world)
    seller.confirm(order_id, parcel(world, order_id))
    with pytest.raises(ValueError, match="cannot be canceled"):
        world.cancel(order_id)


def test_a_204_without_effect(world, seller):
    """The fault 204-no-effect answers like a success and leaves the order as it was."""
    order_id = place(world)
    world.inject("confirmShipment", "204-no-effect")
    assert seller.confirm(order_id, parcel(world, order_id)).status_code == 204
    time.sleep(SHOWN)
    assert (world.packages(order_id), status(world, order_id)) == ([], "UNSHIPPED")
