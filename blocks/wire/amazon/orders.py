"""Answers of searchOrders and getOrder (Orders API 2026-01-01) in our words."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from blocks.wire.amazon.answer import fault_sentence, read_time
from blocks.wire.amazon.order_models import Line, Order, Package
from blocks.wire.amazon.recipients import recipient_of
from domain.amazon import AmazonLine, AmazonOrder, AmazonPackage, AmazonStatus, OrdersPage, Unreadable
from domain.errors import Refused, TryAgain

# FULFILLMENT makes an order readable, PACKAGES proves, CANCELLATION and RECIPIENT spare a second read.
INCLUDED_DATA = "FULFILLMENT,PACKAGES,CANCELLATION,RECIPIENT"

_NOTHING_SHIPPED = {AmazonStatus.PENDING_AVAILABILITY, AmazonStatus.PENDING, AmazonStatus.UNSHIPPED}
_NOTHING_LEFT = {AmazonStatus.SHIPPED, AmazonStatus.CANCELED, AmazonStatus.UNFULFILLABLE}
_SHIPPERS = {"MERCHANT": True, "AMAZON": False}


def parse_orders_page(payload: Mapping[str, Any], *, page_token: str | None = None) -> OrdersPage:
    """One searchOrders answer. An order that cannot be understood costs only itself.

    `page_token` is the token the page was asked with. Orders come oldest change first, each once.

    Raises:
        TryAgain: When the page as a whole is not an answer: no list of orders, or the token it was asked with
            again as the next one, which would read the same page for ever.
    """
    raw = payload.get("orders")
    if not isinstance(raw, list):
        raise TryAgain("Amazon answered a search for orders without a list of orders. Nothing was read.")
    next_token = _next_token(payload.get("pagination"))
    if next_token is not None and next_token == page_token:
        raise TryAgain("Amazon gave the same page of orders as the next one again. Nothing was read.")
    orders: dict[str, AmazonOrder] = {}
    unreadable: list[Unreadable] = []
    for place, item in enumerate(raw, start=1):
        read = _read(item, place)
        if isinstance(read, Unreadable):
            unreadable.append(read)
        elif read.order_id not in orders or orders[read.order_id].updated_at < read.updated_at:
            orders[read.order_id] = read
    return OrdersPage(
        orders=tuple(sorted(orders.values(), key=lambda order: order.updated_at)),
        unreadable=tuple(unreadable),
        next_token=next_token,
        read_until=_read_until(payload.get("lastUpdatedBefore")),
    )


def parse_order(payload: Mapping[str, Any]) -> AmazonOrder:
    """One getOrder answer.

    Raises:
        TryAgain: When the answer holds no order.
        Refused: When it holds one that cannot be understood, which asking again will not change.
    """
    raw = payload.get("order")
    if not isinstance(raw, dict):
        raise TryAgain("Amazon answered a question about an order without an order.")
    read = _read(raw, 1)
    if isinstance(read, Unreadable):
        raise Refused(f"Order {read.order_id} cannot be understood: {read.reason}", code="Unreadable")
    return read


def _next_token(pagination: object) -> str | None:
    token = pagination.get("nextToken") if isinstance(pagination, dict) else None
    if (pagination is not None and not isinstance(pagination, dict)) or not isinstance(token, str | None):
        raise TryAgain("Amazon's page of orders does not say how it goes on. Nothing was read.")
    return token or None


def _read_until(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return read_time(value)
    except ValueError as error:
        raise TryAgain(
            "Amazon's page of orders does not say until when it reads. Nothing was read."
        ) from error


def _read(raw: object, place: int) -> AmazonOrder | Unreadable:
    try:
        return _order(Order.model_validate(raw))
    except ValidationError as error:
        reason = f"in Amazon's answer {fault_sentence(error)}."
    except _Doubt as doubt:
        reason = f"in Amazon's answer {doubt}."
    named = raw.get("orderId") if isinstance(raw, dict) else None
    known = isinstance(named, str) and 0 < len(named) <= 40 and named.isprintable()
    return Unreadable(order_id=str(named) if known else f"(number {place} of its page)", reason=reason)


class _Doubt(Exception):  # noqa: N818 - never leaves this module
    """An order whose parts are well formed but say too little to act on."""


def _order(order: Order) -> AmazonOrder:
    ours = order.fulfillment
    status = _status(ours.fulfillment_status)
    if ours.fulfilled_by not in _SHIPPERS:
        raise _Doubt("fulfillment.fulfilledBy is neither MERCHANT nor AMAZON")
    merchant = _SHIPPERS[ours.fulfilled_by]
    if merchant and not order.sales_channel.marketplace_id:
        raise _Doubt("salesChannel.marketplaceId is missing")
    return AmazonOrder(
        order_id=order.order_id,
        marketplace_id=order.sales_channel.marketplace_id or "",
        status=status,
        merchant_fulfilled=merchant,
        created_at=order.created_time,
        updated_at=order.last_updated_time,
        confirm_by=ours.ship_by_window.latest_date_time if ours.ship_by_window else None,
        deliver_by=ours.deliver_by_window.latest_date_time if ours.deliver_by_window else None,
        service_level=ours.fulfillment_service_level or "",
        programs=tuple(order.programs or ()),
        lines=_lines(order.order_items, status),
        packages=tuple(_package(package) for package in order.packages or ()),
        recipient=recipient_of(order, status),
        canceled_by=_canceled_by(order.order_items, status),
    )


def _canceled_by(lines: Iterable[Line], status: AmazonStatus) -> str:
    """Who ended the order or a line of it; the seller's deed speaks for the order, because it is what counts."""
    found = {_who(line, status) for line in lines} - {""}
    return "MERCHANT" if "MERCHANT" in found else min(found, default="")


def _who(line: Line, status: AmazonStatus) -> str:
    wish = line.cancellation
    done = wish.cancellation_execution if wish else None
    if wish is None or not (status is AmazonStatus.CANCELED or (done and done.said)):
        return ""
    asked = wish.cancellation_request is not None and wish.cancellation_request.said
    return "BUYER" if asked else (done.cancelled_by or "" if done else "")


def _status(word: str) -> AmazonStatus:
    try:
        return AmazonStatus(word)
    except ValueError:
        return AmazonStatus.UNKNOWN


def _lines(lines: Iterable[Line], status: AmazonStatus) -> tuple[AmazonLine, ...]:
    read = {line.order_item_id: _line(line, status) for line in lines}
    if len(read) != len(list(lines)):
        raise _Doubt("orderItems names one orderItemId twice")
    return tuple(read.values())


def _line(line: Line, status: AmazonStatus) -> AmazonLine:
    wish = line.cancellation
    asked = wish is not None and wish.cancellation_request is not None and wish.cancellation_request.said
    done = wish is not None and wish.cancellation_execution is not None and wish.cancellation_execution.said
    return AmazonLine(
        order_item_id=line.order_item_id,
        seller_sku=line.product.seller_sku or "",
        quantity=line.quantity_ordered,
        unfulfilled=_unfulfilled(line, status),
        cancel_requested=asked and not done,
    )


def _unfulfilled(line: Line, status: AmazonStatus) -> int:
    """Units left to ship. Amazon's schema lets the figure be absent: then only what cannot be wrong is said."""
    told = line.fulfillment
    if told is not None and told.quantity_unfulfilled is not None:
        return told.quantity_unfulfilled
    if told is not None and told.quantity_fulfilled is not None:
        return max(0, line.quantity_ordered - told.quantity_fulfilled)
    if status in _NOTHING_SHIPPED:
        return line.quantity_ordered
    if status in _NOTHING_LEFT:
        return 0
    raise _Doubt("orderItems.fulfillment does not say how much is left to ship")


def _package(package: Package) -> AmazonPackage:
    return AmazonPackage(
        reference_id=package.package_reference_id,
        tracking=package.tracking_number or "",
        carrier=package.carrier or "",
        status=(package.package_status.status if package.package_status else None) or "",
        contents=tuple((item.order_item_id, item.quantity) for item in package.package_items or ()),
        created_at=package.created_time,
    )
