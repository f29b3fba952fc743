"""GET_V2_SELLER_PERFORMANCE_REPORT out of what this Amazon itself saw: its own truth, with its lag and windows.

The windows and how far back they end are those of the example in Amazon's published schema. What nothing here
rehearses (claims, deliveries, policy) is reported as never judged.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sandbox.amazon.order import Order
from sandbox.amazon.state import AmazonState

ACCOUNT_HEALTH = "GET_V2_SELLER_PERFORMANCE_REPORT"
# Days of the window, and how many days before the report it ends.
LATE, TRACKING, CANCEL, DELIVERY, DEFECTS = (30, 1), (30, 10), (7, 1), (30, 10), (60, 15)
LATE_10 = (10, 1)
_POLICIES = (
    "listingPolicyViolations",
    "productAuthenticityCustomerComplaints",
    "productConditionCustomerComplaints",
    "productSafetyCustomerComplaints",
    "receivedIntellectualPropertyComplaints",
    "restrictedProductPolicyViolations",
    "suspectedIntellectualPropertyViolations",
    "foodAndProductSafetyIssues",
    "otherPolicyViolations",
    "documentRequests",
)
# The schema's word, and the one in its own example: Amazon's reports were seen with either.
_EXAMPLE = {
    "preFulfillmentCancellationRate": "prefulfillmentCancelRate",
    "warningStates": "warningState",
    "documentRequests": "documentRequest",
}
Span = tuple[datetime, datetime]


def health_report(world: AmazonState, marketplace_ids: Iterable[str], now: datetime) -> bytes:
    """The report's content; spelled as in the schema's example where `world.example_spelling`.

    With `world.late_rate_list` it has the list that answers were seen with and the schema does not know.
    """
    shops = list(marketplace_ids)
    metrics = [_metrics(world, shop, now) for shop in shops]
    if world.example_spelling:
        metrics = [{_EXAMPLE.get(name, name): value for name, value in one.items()} for one in metrics]
    statuses = [{"marketplaceId": shop, "status": world.account_status} for shop in shops]
    return json.dumps({"accountStatuses": statuses, "performanceMetrics": metrics}).encode()


def _metrics(world: AmazonState, shop: str, now: datetime) -> dict[str, Any]:
    ours = [o for o in world.orders.values() if o.marketplace_id == shop and o.fulfilled_by == "MERCHANT"]
    never = {"reportingDateRange": _told(_span(now, (180, 1))), "status": "NONE"}
    return {
        "marketplaceId": shop,
        "lateShipmentRate": _late(ours, _span(now, LATE)),
        **(
            {"lateShipmentRateList": [_late(ours, _span(now, days)) for days in (LATE, LATE_10)]}
            if world.late_rate_list
            else {}
        ),
        "validTrackingRate": _tracking(ours, _span(now, TRACKING)),
        "preFulfillmentCancellationRate": _cancel(ours, _span(now, CANCEL)),
        "onTimeDeliveryRate": {
            **_rate(_span(now, DELIVERY), 0, 0, 0.9, high=True),
            "shipmentCountWithValidTracking": 0,
            "onTimeDeliveryCount": 0,
        },
        "unitOnTimeDeliveryRate": {
            **_rate(_span(now, DELIVERY), 0, 0, 0.9, high=True),
            "totalUnitCount": 0,
            "unitOnTimeDeliveryCount": 0,
        },
        "orderDefectRate": {who: _defects(_span(now, DEFECTS), who) for who in ("mfn", "afn")},
        "invoiceDefectRate": {
            **_rate(_span(now, CANCEL), 0, 0, 0.05),
            "orderCount": 0,
            **{name: _nothing() for name in ("invoiceDefect", "missingInvoice", "lateInvoice")},
        },
        "warningStates": [],
        "accountHealthRating": {
            "accountHealthRatingStatus": "GREAT",
            "ahrStatus": "GREAT",  # the schema describes the name above and requires this one
            "reportingDateRange": _told(_span(now, (180, 1))),
        },
        **{
            name: {**never, "defectsCount": 0, "targetValue": 0, "targetCondition": "EQUALS"}
            for name in _POLICIES
        },
    }


def _late(orders: Iterable[Order], span: Span) -> dict[str, Any]:
    """Confirmed after the expected ship date, or not at all although it has passed."""
    due = [o for o in orders if span[0] <= o.ship_by <= span[1] and o.status != "CANCELLED"]
    confirmed = [(_confirmed_at(order), order.ship_by) for order in due]
    late = sum(at is None or at > ship_by for at, ship_by in confirmed)
    return {**_rate(span, late, len(due), 0.04), "orderCount": len(due), "lateShipmentCount": late}


def _confirmed_at(order: Order) -> datetime | None:
    """When the last unit of an order was confirmed; None while one is not."""
    if any(order.left(item.order_item_id) > 0 for item in order.items):
        return None
    return max(package.created for package in order.accepted.values())


def _tracking(orders: Iterable[Order], span: Span) -> dict[str, Any]:
    """Packages of orders promised within the dates; a carrier scanned all but those that it cannot know."""
    promised = [order for order in orders if span[0] <= order.deliver_by <= span[1]]
    packages = [package for order in promised for package in order.accepted.values()]
    valid = sum(package.tracking not in ("", "UNKNOWN") for package in packages)
    lost = len(packages) - valid
    told = _rate(span, lost, len(packages), 0.95, high=True)
    return {**told, "shipmentCount": len(packages), "validTrackingCount": valid}


def _cancel(orders: Iterable[Order], span: Span) -> dict[str, Any]:
    """Canceled by the seller although no buyer asked for it."""
    placed = [order for order in orders if span[0] <= order.created <= span[1]]
    canceled = sum(
        order.canceled_by == "MERCHANT" and not any(item.cancel_reason for item in order.items)
        for order in placed
    )
    told = _rate(span, canceled, len(placed), 0.025)
    return {**told, "orderCount": len(placed), "cancellationCount": canceled}


def _rate(span: Span, defects: int, total: int, target: float, *, high: bool = False) -> dict[str, Any]:
    share = defects / total if total else 0.0
    good = 1 - share >= target if high else share < target
    return {
        "reportingDateRange": _told(span),
        "rate": 1 - share if high else share,
        "status": ("GOOD" if good else "BAD") if total else "NONE",
        "targetValue": target,
        "targetCondition": "GREATER_THAN" if high else "LESS_THAN",
    }


def _defects(span: Span, who: str) -> dict[str, Any]:
    counts = {name: _nothing() for name in ("orderWithDefects", "claims", "chargebacks", "negativeFeedback")}
    return {**_rate(span, 0, 0, 0.01), "orderCount": 0, "fulfillmentType": who, **counts}


def _nothing() -> Mapping[str, Any]:
    return {"count": 0, "status": "NONE"}


def _span(now: datetime, window: tuple[int, int]) -> Span:
    """Whole days (UTC): so many of them, the last one so many days before now."""
    days, lag = window
    last = datetime.combine(now.date() - timedelta(days=lag), time(23, 59, 59, 999999), tzinfo=UTC)
    return datetime.combine(last.date() - timedelta(days=days - 1), time(), tzinfo=UTC), last


def _told(span: Span) -> dict[str, str]:
    first, last = (f"{moment:%Y-%m-%dT%H:%MZ}" for moment in span)
    return {"reportingDateFrom": first, "reportingDateTo": last}
