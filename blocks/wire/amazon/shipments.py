"""A dispatched parcel as confirmShipment (Orders API v0) wants to be told."""

from typing import Any

from blocks.wire.amazon.answer import write_time
from domain.amazon import ShipConfirm
from domain.errors import Refused


def confirm_body(claim: ShipConfirm) -> dict[str, Any]:
    """The request body for one parcel. Amazon answers a wrong form with an opaque 400, so it is checked here.

    Raises:
        Refused: When Amazon is known to refuse it: the message says which part is wrong.
    """
    _check(claim)
    package: dict[str, Any] = {
        # Text holding a positive number: a bare number has been a type error at Amazon since January 2026.
        "packageReferenceId": claim.package_reference_id,
        "carrierCode": claim.carrier_code,
        "trackingNumber": claim.tracking,
        "shipDate": write_time(claim.shipped_at),
        "orderItems": [{"orderItemId": item, "quantity": units} for item, units in claim.contents],
    }
    if claim.carrier_code == "Other":
        package["carrierName"] = claim.carrier_name
    if claim.shipping_method:
        package["shippingMethod"] = claim.shipping_method
    return {"marketplaceId": claim.marketplace_id, "packageDetail": package}


def _check(claim: ShipConfirm) -> None:
    reference = claim.package_reference_id
    faults = {
        "the package reference is not a positive number": not (
            reference.isascii() and reference.isdecimal() and int(reference) > 0
        ),
        "the carrier code is empty": not claim.carrier_code.strip(),
        "carrier Other needs a carrier name": claim.carrier_code == "Other"
        and not claim.carrier_name.strip(),
        "the tracking number is empty": not claim.tracking.strip(),
        "the marketplace is empty": not claim.marketplace_id.strip(),
        "the parcel has no contents": not claim.contents,
        "a quantity is not above zero": any(units < 1 for _, units in claim.contents),
        "an order item id is empty": any(not item.strip() for item, _ in claim.contents),
        "the time of dispatch has no zone": claim.shipped_at.tzinfo is None,
    }
    wrong = [fault for fault, present in faults.items() if present]
    if wrong:
        raise Refused(
            f"The parcel of order {claim.order_id} was not sent to Amazon because {' and '.join(wrong)}.",
            code="IncompleteConfirm",
        )
