"""confirmShipment, Orders API v0: the rules, and how an accepted package shows later."""

from typing import Any

from sandbox.amazon.answers import Answer, Call, Refusal, invalid, moment
from sandbox.amazon.faults import NO_ITEMS, NOT_FOUND, SHIP_PLUS, TOO_MANY_EDITS, WRONG_ITEM
from sandbox.amazon.marketplaces import CARRIERS
from sandbox.amazon.order import Order, Package
from sandbox.amazon.world import AmazonWorld

BODY = {
    "marketplaceId!": str,
    "codCollectionMethod": str,
    "packageDetail!": {
        "packageReferenceId!": str,
        "carrierCode!": str,
        "carrierName": str,
        "shippingMethod": str,
        "trackingNumber!": str,
        "shipDate!": str,
        "shipFromSupplySourceId": str,
        "orderItems!": [{"orderItemId!": str, "quantity!": int, "transparencyCodes": [str]}],
    },
}
# Amazon allows some number of edits of one package and does not say which.
MOST_EDITS = 20


def confirm_shipment(world: AmazonWorld, call: Call, *, fault: str = "") -> Answer:
    """Accepts a package with 204, or refuses it with 400; shows it after the world's delay.

    Args:
        world: the simulated Amazon.
        call: the request.
        fault: one of `sandbox.amazon.faults.HOLLOW`: 204 is answered as ever, and nothing happens
            (204-no-effect, as Amazon was seen to do), the package shows another tracking number
            (204-other-tracking) or shows much later (204-late).
    """
    order = world.orders.get(call.path["orderId"])
    if order is None:
        raise Refusal(404, "NotFound", "The order was not found.")
    package = _package(world, order, call.body)
    _check_state(order)
    _check_items(order, package)
    known = order.accepted.get(package.reference)
    if known is not None and _same(known, package):
        return Answer(status=204)
    if known is not None:
        _edit(known, package)
    if fault == "204-other-tracking":
        package.tracking = world.other_tracking
    if fault != "204-no-effect":
        world.accept_package(order, package, after=world.late_after if fault == "204-late" else None)
    return Answer(status=204)


def _edit(known: Package, package: Package) -> None:
    """A package takes the place of a known one, also on an order that is fulfilled by then.

    Amazon documents that the same reference replaces the details and that tracking may change until the
    delivery, and nothing narrower. That it finds no package of its own making to edit is an assumption.
    """
    if known.by_amazon:
        raise invalid(NOT_FOUND)
    package.created, package.edits, package.status = known.created, known.edits + 1, known.status
    if package.edits > MOST_EDITS:
        raise invalid(TOO_MANY_EDITS)


def _package(world: AmazonWorld, order: Order, body: dict[str, Any]) -> Package:
    detail = body["packageDetail"]
    reference, code = detail["packageReferenceId"], detail["carrierCode"]
    if not (reference.isascii() and reference.isdigit() and int(reference) > 0):
        raise invalid("PackageReferenceId: is invalid, must be a positive numeric value.")
    if body["marketplaceId"] != order.marketplace_id:
        raise invalid("MarketplaceId is invalid for this order.")
    if "codCollectionMethod" in body and order.marketplace_id != "A1VC38T7YXB528":
        raise invalid("codCollectionMethod is only supported in the JP marketplace.")
    if code not in CARRIERS:
        raise invalid("CarrierCode is invalid.")
    if code == "Other" and not detail.get("carrierName"):
        raise invalid("CarrierName is required when CarrierCode is Other.")
    shipped = moment(detail["shipDate"])
    if shipped is None:
        raise Refusal(400, "Invalid Input", "Invalid Input")
    if not detail["trackingNumber"].strip():
        raise invalid("TrackingNumber is required.")
    return Package(
        reference=reference,
        carrier=detail.get("carrierName", code) if code == "Other" else code,
        method=detail.get("shippingMethod", ""),
        tracking=detail["trackingNumber"],
        ship_time=shipped,
        created=world.now(),
        items=tuple((item["orderItemId"], item["quantity"]) for item in detail["orderItems"]),
    )


def _check_state(order: Order) -> None:
    if "FBM_SHIP_PLUS" in order.programs:
        raise invalid(SHIP_PLUS)
    if order.status == "CANCELLED":
        raise invalid(NO_ITEMS)
    if order.fulfilled_by != "MERCHANT":
        raise invalid("The order is not fulfilled by the merchant.")
    if order.status.startswith("PENDING"):
        raise invalid("The order is pending and cannot be confirmed as shipped.")


def _check_items(order: Order, package: Package) -> None:
    known = {item.order_item_id for item in order.items}
    asked: dict[str, int] = {}
    for item_id, quantity in package.items:
        if item_id not in known:
            raise invalid(WRONG_ITEM)
        if quantity < 1:
            raise invalid("Quantity is invalid, must be a positive number.")
        asked[item_id] = asked.get(item_id, 0) + quantity
    if not asked:
        raise invalid("OrderItems must not be empty.")
    new = package.reference not in order.accepted
    if new and all(order.left(item_id) <= 0 for item_id in known):
        raise invalid(NOT_FOUND)
    for item_id, quantity in asked.items():
        if quantity > order.left(item_id, without=package.reference):
            raise invalid("Quantity is invalid, it exceeds what is left to ship of the order item.")


def _same(one: Package, other: Package) -> bool:
    return (one.carrier, one.method, one.tracking, one.ship_time, one.items) == (
        other.carrier,
        other.method,
        other.tracking,
        other.ship_time,
        other.items,
    )
