"""What a warehouse is told and what it says, in our words, whatever software it runs."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.recipient import Recipient

REFERENCE_LIMIT = 22  # X12 W05-02 and W06-02 are AN 1/22: the tightest limit seen at any warehouse


def order_reference(amazon_order_id: str, release_no: int) -> str:
    """Our reference for one release of an order: `<amazon-order-id>-<release number>`.

    Raises:
        ValueError: the reference would not fit into the tightest warehouse's 22 characters.
    """
    reference = f"{amazon_order_id}-{release_no}"
    if len(reference) > REFERENCE_LIMIT:
        raise ValueError(f"The reference {reference} is longer than {REFERENCE_LIMIT} characters.")
    return reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLine:
    """Units of one warehouse SKU for one order line; a kit is several of these with one `line_ref`."""

    line_ref: str  # Amazon's order item id
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentOrder:
    """One release of an order, as the warehouse is asked to ship it."""

    reference: str
    amazon_order_id: str
    release_no: int
    ship_by: datetime | None
    deliver_by: datetime | None
    service: str
    recipient: Recipient = field(repr=False)
    lines: tuple[ReleaseLine, ...]


class ReleaseResult(StrEnum):
    """What is known after handing an order over. UNKNOWN is asked about, never guessed."""

    ACCEPTED = "ACCEPTED"
    EXISTS = "EXISTS"
    REJECTED = "REJECTED"
    SUBMITTED = "SUBMITTED"  # handed over; the warehouse's word comes later
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAnswer:
    """The warehouse's answer for one reference."""

    reference: str
    result: ReleaseResult
    warehouse_order_id: str = ""
    reason: str = ""


class Finding(StrEnum):
    """Answer to "do you have this reference?". ABSENT is only said when it is certain."""

    FOUND = "FOUND"
    ABSENT = "ABSENT"
    UNKNOWN = "UNKNOWN"


class ChangeKind(StrEnum):
    """What a warehouse says about an order it was given."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """The warehouse's word on one order."""

    reference: str
    kind: ChangeKind
    warehouse_order_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchLine:
    """Units of one SKU in one parcel. `line_ref` may be empty where the warehouse does not keep ours."""

    line_ref: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One parcel the warehouse handed to a carrier. A voided one takes back what it said before."""

    reference: str
    package_ref: str
    carrier: str
    service: str
    tracking: str
    shipped_at: datetime
    package_no: int | None
    package_count: int | None
    voided: bool
    lines: tuple[DispatchLine, ...]  # empty: the warehouse does not tell what is in which parcel


class StockRow(NamedTuple):
    """Units of one warehouse SKU at the snapshot's time; a plain tuple, because a count has 100,000 of them.

    `available` is what can be promised to a new order after every order the warehouse knew then.
    """

    sku: str
    available: int
    on_hand: int | None = None
    allocated: int | None = None
    quarantine: int | None = None
    on_order: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSnapshot:
    """One count of the warehouse. A SKU that is absent is not zero; one that is there twice has both its rows."""

    as_of: datetime
    warehouse: str
    rows: tuple[StockRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceipt:
    """One returned line as the warehouse received it."""

    return_ref: str
    reference: str
    sku: str
    quantity: int
    condition: str
    disposition: str
    received_at: datetime
    rma: str
    tracking: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """One order that is open with the warehouse, in its own words."""

    reference: str
    warehouse_order_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """All orders of ours that were open with the warehouse at a moment; what is not in it was not."""

    as_of: datetime
    orders: tuple[OpenOrder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """Our wish that the warehouse does not ship an order, or one line of it (`line_ref` not empty)."""

    reference: str
    line_ref: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message from the warehouse: a file, or a page of an API.

    `key` names its content, so that the same message twice changes nothing and the same name with new
    content is new. `fault` is the sentence that says why it could not be read; then it holds no rows.
    """

    key: str
    name: str
    changes: tuple[OrderChange, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    snapshots: tuple[StockSnapshot, ...] = ()
    returns: tuple[ReturnReceipt, ...] = ()
    censuses: tuple[Census, ...] = ()
    fault: str = ""


class DeliveryKind(StrEnum):
    """The kinds of messages a warehouse sends."""

    CHANGES = "ack"
    DISPATCHES = "dispatch"
    STOCK = "stock"
    RETURNS = "returns"
    CENSUS = "census"
