"""An order as Amazon keeps it, and how it is written in Orders API 2026-01-01."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.amazon.answers import stamp
from sandbox.amazon.marketplaces import MARKETPLACES

DATASETS = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
)
PACKAGE_STATUSES = ("PENDING", "IN_TRANSIT", "SHIPPED", "DELIVERED", "CANCELLED", "UNDELIVERABLE")
STATUSES = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)


@dataclass(slots=True, kw_only=True)
class Item:
    """One line of an order."""

    order_item_id: str
    seller_sku: str
    ordered: int
    unit_price: str
    fulfilled: int = 0
    taken: int = 0  # units by which placing the order lowered the listing
    gift_message: str = field(default="", repr=False)
    cancel_reason: str = field(default="", repr=False)  # the buyer's request, not yet a cancellation


@dataclass(slots=True, kw_only=True)
class Package:
    """One parcel as confirmed; Amazon shows it a while after it accepted it."""

    reference: str
    carrier: str
    method: str
    tracking: str
    ship_time: datetime
    created: datetime
    items: tuple[tuple[str, int], ...]  # order item id, quantity
    edits: int = 0
    status: str = "SHIPPED"
    by_amazon: bool = False  # Amazon's own: a label bought there, or a Ship+ order


@dataclass(slots=True, kw_only=True)
class Order:
    """One order. Mutable; the world's lock guards it."""

    order_id: str
    marketplace_id: str
    created: datetime
    updated: datetime
    status: str
    fulfilled_by: str
    service_level: str
    ship_by: datetime
    deliver_by: datetime
    items: list[Item]
    programs: tuple[str, ...] = ()
    address: dict[str, str] = field(default_factory=dict, repr=False)
    buyer: dict[str, str] = field(default_factory=dict, repr=False)
    canceled_by: str = ""
    packages: dict[str, Package] = field(default_factory=dict)  # shown
    accepted: dict[str, Package] = field(default_factory=dict)  # answered 204, shown or not
    cache: dict[tuple[frozenset[str], bool], bytes] = field(default_factory=dict, repr=False)

    def left(self, order_item_id: str, without: str = "") -> int:
        """Units of a line that no accepted package covers, one package left out of account."""
        ordered = next(item.ordered for item in self.items if item.order_item_id == order_item_id)
        return ordered - sum(
            quantity
            for package in self.accepted.values()
            if package.reference != without
            for item_id, quantity in package.items
            if item_id == order_item_id
        )

    def show(self, package: Package) -> None:
        """An accepted package becomes visible: fulfilled quantities and status follow."""
        self.packages[package.reference] = package
        for item in self.items:
            item.fulfilled = sum(
                quantity
                for shown in self.packages.values()
                for item_id, quantity in shown.items
                if item_id == item.order_item_id
            )
        everything = all(item.fulfilled >= item.ordered for item in self.items)
        self.status = "SHIPPED" if everything else "PARTIALLY_SHIPPED"

    def written(self, datasets: frozenset[str], now: datetime) -> bytes:
        """The order as JSON bytes with the datasets asked for; kept until the order changes."""
        # Amazon suppresses the phone of shipped merchant orders after the latest delivery date.
        phone = not (self.status == "SHIPPED" and now > self.deliver_by)
        found = self.cache.get((datasets, phone))
        if found is None:
            found = json.dumps(_document(self, datasets, phone=phone), separators=(",", ":")).encode()
            self.cache[(datasets, phone)] = found
        return found


def _document(order: Order, datasets: Collection[str], *, phone: bool) -> dict[str, Any]:
    name, _, _ = MARKETPLACES.get(order.marketplace_id, ("Amazon", "US", "USD"))
    document: dict[str, Any] = {
        "orderId": order.order_id,
        "createdTime": stamp(order.created),
        "lastUpdatedTime": stamp(order.updated),
        "programs": list(order.programs),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": order.marketplace_id,
            "marketplaceName": name,
        },
        "orderItems": [_item(order, item, datasets) for item in order.items],
    }
    paid = not order.status.startswith("PENDING")
    if "BUYER" in datasets and paid:
        document["buyer"] = dict(order.buyer)
    if "RECIPIENT" in datasets and paid and order.fulfilled_by == "MERCHANT":
        shown = {key: value for key, value in order.address.items() if key != "phone" or phone}
        document["recipient"] = {"deliveryAddress": shown}
    if "PROCEEDS" in datasets and paid:
        total = sum(float(item.unit_price) * item.ordered for item in order.items)
        document["proceeds"] = {"grandTotal": _money(order, f"{total:.2f}")}
    if "FULFILLMENT" in datasets:
        document["fulfillment"] = _fulfillment(order)
    if "PACKAGES" in datasets and order.packages:
        document["packages"] = [_package(package) for package in order.packages.values()]
    return document


def _fulfillment(order: Order) -> dict[str, Any]:
    start = stamp(order.created)
    return {
        "fulfillmentStatus": order.status,
        "fulfilledBy": order.fulfilled_by,
        "fulfillmentServiceLevel": order.service_level,
        "shipByWindow": {"earliestDateTime": start, "latestDateTime": stamp(order.ship_by)},
        "deliverByWindow": {
            "earliestDateTime": stamp(order.ship_by),
            "latestDateTime": stamp(order.deliver_by),
        },
    }


def _item(order: Order, item: Item, datasets: Collection[str]) -> dict[str, Any]:
    paid = not order.status.startswith("PENDING")
    product: dict[str, Any] = {
        "asin": asin(item.seller_sku),
        "title": f"Rehearsal product {item.seller_sku}",
        "sellerSku": item.seller_sku,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    if paid:
        product["price"] = {"unitPrice": _money(order, item.unit_price)}
    document: dict[str, Any] = {
        "orderItemId": item.order_item_id,
        "quantityOrdered": item.ordered,
        "product": product,
    }
    if "PROCEEDS" in datasets and paid:
        total = _money(order, f"{float(item.unit_price) * item.ordered:.2f}")
        document["proceeds"] = {
            "proceedsTotal": total,
            "breakdowns": [{"type": "ITEM", "subtotal": total}],
        }
    if "CANCELLATION" in datasets and (item.cancel_reason or order.canceled_by):
        document["cancellation"] = _cancellation(order, item)
    if "FULFILLMENT" in datasets:
        document["fulfillment"] = _item_fulfillment(order, item)
    return document


def _cancellation(order: Order, item: Item) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if item.cancel_reason:
        told["cancellationRequest"] = {"requester": "BUYER", "cancelReason": item.cancel_reason}
    if order.canceled_by:
        told["cancellationExecution"] = {"cancelledBy": order.canceled_by}
    return told


def _item_fulfillment(order: Order, item: Item) -> dict[str, Any]:
    left = 0 if order.status == "CANCELLED" else item.ordered - item.fulfilled
    told: dict[str, Any] = {"quantityFulfilled": item.fulfilled, "quantityUnfulfilled": left}
    if item.gift_message:
        told["packing"] = {"giftOption": {"giftMessage": item.gift_message}}
    return told


def _package(package: Package) -> dict[str, Any]:
    return {
        "packageReferenceId": package.reference,
        "createdTime": stamp(package.created),
        "packageStatus": {"status": package.status},
        "carrier": package.carrier,
        "shipTime": stamp(package.ship_time),
        "shippingService": package.method,
        "trackingNumber": package.tracking,
        "packageItems": [
            {"orderItemId": item_id, "quantity": quantity} for item_id, quantity in package.items
        ],
    }


def _money(order: Order, amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": MARKETPLACES.get(order.marketplace_id, ("", "", "USD"))[2]}


def asin(seller_sku: str) -> str:
    """A stable made-up catalog number for a SKU, in the shape of Amazon's."""
    return "B0" + f"{abs(hash_of(seller_sku)) % 10**8:08d}"


def hash_of(text: str) -> int:
    """A stable small number for a text (Python's own hash differs between runs)."""
    number = 0
    for byte in text.encode():
        number = (number * 131 + byte) % 2_147_483_647
    return number
