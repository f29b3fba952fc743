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
    """One order as Amazon shows it at `updated_at`. `confirm_by` is shipByWindow.latestDateTime.

    `canceled_by` says who ended it or a line of it: BUYER, also when the buyer asked and somebody else did it,
    MERCHANT or AMAZON; empty when nothing was canceled or Amazon does not say.
    """

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
    canceled_by: str = ""

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


class IssueSeverity(StrEnum):
    """How bad Amazon finds an issue of a listing: an ERROR keeps what was submitted from taking effect."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingIssue:
    """What Amazon finds wrong with a listing or a submission, in its own words.

    `actions` are Amazon's enforcements, such as LISTING_SUPPRESSED or SEARCH_SUPPRESSED.
    Source: listingsItems_2021-08-01, Issue. A severity that Amazon does not document reads as an ERROR.
    """

    severity: IssueSeverity
    code: str
    message: str
    actions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The issue on one line."""
        return " ".join(part for part in (self.severity, self.code, self.message) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishAnswer:
    """Amazon's answer to a quantity. `accepted` is queued, not in effect; issues come with HTTP 200."""

    accepted: bool
    issues: tuple[ListingIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenListing:
    """One listing as Amazon shows it. `units` is None when the listing has no merchant-fulfilled offer.

    `buyable` is whether buyers can order it now, None when Amazon did not say. `updated_at` (UTC) is when
    anybody last changed the listing.
    """

    marketplace_id: str
    seller_sku: str
    units: int | None
    other_channels: tuple[str, ...] = ()
    issues: tuple[ListingIssue, ...] = ()
    buyable: bool | None = None
    updated_at: datetime | None = None


class JobStatus(StrEnum):
    """How far Amazon is with a feed or a report (`processingStatus` of Feeds and Reports 2021-06-30)."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELED = "CANCELLED"  # Amazon's spelling; of a report it also says "no data"  # codespell:ignore
    FATAL = "FATAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonJob:
    """A feed or report as Amazon shows it. `document_id` is its result, empty until there is one."""

    job_id: str
    status: JobStatus
    created_at: datetime
    marketplace_ids: tuple[str, ...] = ()
    document_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedIssue:
    """One issue of a feed's processing report; without a message id it is about the feed as a whole."""

    message_id: int | None
    seller_sku: str
    issue: ListingIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """A feed's processing report: how many messages Amazon processed, and what it found wrong.

    Message ids are the places, from 1, of the quantities that were uploaded.
    Source: the processing report schema of JSON_LISTINGS_FEED, version 2.0.
    """

    processed: int
    accepted: int
    invalid: int
    issues: tuple[FeedIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedListing:
    """One row of the report of all merchant listings. `units` is None for what Amazon fulfills."""

    seller_sku: str
    units: int | None
