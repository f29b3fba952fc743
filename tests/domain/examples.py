"""Values that the tests of the rules start from: everything mapped, nothing wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings

from domain.amazon import AmazonLine, AmazonOrder, AmazonStatus
from domain.maps import Component, ServiceMap, ServiceRow, SkuMap
from domain.orders.order import OrderFacts, OrderMaps
from domain.recipient import Recipient

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
UK = "A1F83G8C2ARO7P"
DE = "A1PA6795UKMFR9"
US = "ATVPDKIKX0DER"
ORDER_ID = "026-1234567-7654321"

# Repeatable in `make test`; random and longer by hand: pytest --hypothesis-seed=N with these settings changed.
RULES = settings(deadline=None, max_examples=75, derandomize=True, database=None)


def hours(count: float) -> timedelta:
    """That many hours."""
    return timedelta(hours=count)


def part(sku: str, units: int = 1) -> Component:
    """So many units of a warehouse SKU in one unit of a seller SKU."""
    return Component(warehouse_sku=sku, units=units)


SKUS = SkuMap(
    components={
        "MUG": (part("W-MUG"),),
        "SIX-MUGS": (part("W-MUG", 6),),
        "TEA-SET": (part("W-MUG", 2), part("W-POT")),
    },
    same_skus=False,
)
SERVICES = ServiceMap(
    rows=(
        ServiceRow(
            marketplace_id=UK, service_level="Standard", program="", warehouse_service="ROYAL MAIL 48"
        ),
    )
)
MAPS = OrderMaps(skus=SKUS, services=SERVICES)


def facts(**changes: Any) -> OrderFacts:
    """An unshipped order that could be released at once, with changes."""
    clean: dict[str, Any] = {
        "order_id": ORDER_ID,
        "marketplace_id": UK,
        "status": AmazonStatus.UNSHIPPED,
        "service_level": "Standard",
        "programs": (),
        "confirm_by": NOW + hours(8),
        "seller_skus": ("MUG", "TEA-SET"),
        "cancel_requested": False,
        "address_gaps": (),
    }
    return OrderFacts(**(clean | changes))


def recipient(**changes: str) -> Recipient:
    """A recipient with a usable address, with changes."""
    clean = {"name": "A. Buyer", "address_line_1": "1 Any Street", "city": "Anytown", "country": "GB"}
    return Recipient(**(clean | changes))


def line(sku: str = "MUG", **changes: Any) -> AmazonLine:
    """One unshipped line, with changes."""
    clean: dict[str, Any] = {
        "order_item_id": "item-1",
        "seller_sku": sku,
        "quantity": 1,
        "unfulfilled": 1,
    }
    return AmazonLine(**(clean | changes))


def order(**changes: Any) -> AmazonOrder:
    """An unshipped merchant-fulfilled order as Amazon shows it, with changes."""
    clean: dict[str, Any] = {
        "order_id": ORDER_ID,
        "marketplace_id": UK,
        "status": AmazonStatus.UNSHIPPED,
        "merchant_fulfilled": True,
        "created_at": NOW - hours(1),
        "updated_at": NOW,
        "confirm_by": NOW + hours(8),
        "deliver_by": NOW + hours(48),
        "service_level": "Standard",
        "programs": ("PREMIUM",),
        "lines": (line(),),
        "recipient": recipient(),
    }
    return AmazonOrder(**(clean | changes))
