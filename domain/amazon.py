"""What Amazon says, in our words: orders, packages and listings as the rim hands them in."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.recipient import Recipient


class AmazonStatus(StrEnum):
    """`fulfillmentStatus` of Orders 2026-01-01. Amazon's list is prose: a new word reads as UNKNOWN."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELED = "CANCELLED"  # Amazon's spelling of this one word is British  # codespell:ignore
    UNFULFILLABLE = "UNFULFILLABLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonLine:
    """One line of an Amazon order; `seller_sku` is empty when Amazon does not tell it."""

    order_item_id: str
    seller_sku: str
    quantity: int
    unfulfilled: int
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonPackage:
    """One package as Amazon shows it: the evidence that a ship confirm arrived."""

    reference_id: str
    tracking: str
    carrier: str
    status: str
    contents: tuple[tuple[str, int], ...]  # (order item id, quantity)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonOrder:
    """One order as Amazon shows it at `updated_at`. `confirm_by` is shipByWindow.latestDateTime."""

    order_id: str
    marketplace_id: str
    status: AmazonStatus
    merchant_fulfilled: bool
    created_at: datetime
    updated_at: datetime
    confirm_by: datetime | None
    deliver_by: datetime | None
    service_level: str
    programs: tuple[str, ...]
    lines: tuple[AmazonLine, ...]
    packages: tuple[AmazonPackage, ...] = ()
    recipient: Recipient | None = field(default=None, repr=False)

    @property
    def cancel_requested(self) -> bool:
        """Whether the buyer asked for a cancellation that nobody has carried out yet."""
        return any(line.cancel_requested for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An order whose answer we did not understand: shown to a person, never skipped in silence."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPage:
    """One page of searchOrders. `read_until` is Amazon's own `lastUpdatedBefore`: the next watermark."""

    orders: tuple[AmazonOrder, ...]
    unreadable: tuple[Unreadable, ...]
    next_token: str | None
    read_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipConfirm:
    """What confirmShipment says for one parcel; the same reference again replaces what it said before."""

    order_id: str
    marketplace_id: str
    package_reference_id: str
    carrier_code: str
    carrier_name: str
    shipping_method: str
    tracking: str
    shipped_at: datetime
    contents: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Units offered of one listing, as published or as Amazon shows them in effect."""

    marketplace_id: str
    seller_sku: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishAnswer:
    """Amazon's answer to a quantity. `accepted` is queued, not in effect; issues come with HTTP 200."""

    accepted: bool
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenListing:
    """One listing as Amazon shows it. `units` is None when the listing has no merchant-fulfilled offer."""

    marketplace_id: str
    seller_sku: str
    units: int | None
    other_channels: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
