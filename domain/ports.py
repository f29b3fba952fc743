"""What the house expects of the two strangers. The flow loads a door and hands it to the task."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.amazon import (
    AmazonJob,
    AmazonOrder,
    FeedReport,
    OrdersPage,
    PublishAnswer,
    Quantity,
    ReportedListing,
    SeenListing,
    ShipConfirm,
)
from domain.health.reports import Reported
from domain.warehouse import CancelRequest, Delivery, DeliveryKind, Finding, FulfillmentOrder, ReleaseAnswer


class BulkDoor(Protocol):
    """What takes Amazon a while: feeds and reports; and one listing at a time. Raises as `AmazonDoor` does."""

    def fetch_listing(self, marketplace_id: str, seller_sku: str) -> SeenListing | None:
        """What is in effect for one listing, out of a budget of its own; None: Amazon does not know it."""

    def upload_quantities(self, quantities: Sequence[Quantity]) -> str:
        """Put up to 25,000 quantities of one marketplace into a feed document; its id. Nothing takes effect yet.

        The message id of a quantity is its place, from 1.
        """

    def submit_feed(self, marketplace_id: str, document_id: str) -> str:
        """Have Amazon process an uploaded document; the feed's id. Done is when its report says so."""

    def fetch_feeds(self, marketplace_id: str, since: datetime) -> tuple[AmazonJob, ...]:
        """Our listing feeds created since a moment (UTC), for a submission whose answer was lost."""

    def fetch_feed(self, feed_id: str) -> AmazonJob:
        """How far a feed is."""

    def cancel_feed(self, feed_id: str) -> None:
        """Take a feed back that Amazon has not started; Refused when it has."""

    def fetch_feed_report(self, document_id: str) -> FeedReport:
        """A feed's processing report."""

    def ask_listing_report(self, marketplace_id: str) -> str:
        """Ask for the report of all merchant listings of one marketplace; the report's id."""

    def fetch_report(self, report_id: str) -> AmazonJob:
        """How far a report is."""

    def fetch_listing_report(self, document_id: str) -> tuple[ReportedListing, ...]:
        """The rows of a report of all merchant listings."""

    def ask_health_report(self, marketplace_id: str) -> str:
        """Ask for the report of the account's health in one marketplace; the report's id."""

    def fetch_health_report(self, document_id: str) -> tuple[Reported, ...]:
        """What a report of the account's health says."""


class AmazonDoor(BulkDoor, Protocol):
    """One seller account at Amazon. Every method raises TryAgain or Refused, and never returns a maybe."""

    @property
    def account(self) -> str:
        """The seller account's name in lockstep.toml."""

    def fetch_orders(self, *, since: datetime, page_token: str | None) -> OrdersPage:
        """One page of the orders changed after `since` (UTC), oldest first, with packages and recipients."""

    def fetch_order(self, order_id: str) -> AmazonOrder:
        """One order with its packages, for proof that cannot wait for a page."""

    def order_reads(self) -> tuple[float, float]:
        """How many `fetch_order` can be made at once now, and how many when nobody has made one for long."""

    def confirm_shipment(self, claim: ShipConfirm) -> None:
        """Tell Amazon that a parcel shipped. Returning means Amazon answered 204, which is not proof."""

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        """Set the offered units of one merchant-fulfilled listing, touching nothing else of it."""

    def fetch_listings(self, marketplace_id: str, seller_skus: Sequence[str]) -> tuple[SeenListing, ...]:
        """What is in effect for up to 20 listings; a listing Amazon does not know is absent."""


class WarehouseDoor(Protocol):
    """One warehouse connection. Business answers are returned; TryAgain means it could not be reached."""

    @property
    def connection(self) -> str:
        """The connection's name in lockstep.toml."""

    def release(self, batch: str, orders: Sequence[FulfillmentOrder]) -> tuple[ReleaseAnswer, ...]:
        """Hand over orders. `batch` was chosen before the call: the same batch again is the same deed."""

    def find(self, batch: str, reference: str) -> Finding:
        """Whether the warehouse was given this reference, after a call whose answer was lost."""

    def request_cancel(self, batch: str, requests: Sequence[CancelRequest]) -> None:
        """Ask not to ship; the warehouse's word comes later as a change."""

    def fetch(self, kind: DeliveryKind) -> tuple[Delivery, ...]:
        """Messages of one kind not yet acknowledged, oldest first."""

    def acknowledge(self, delivery: Delivery) -> None:
        """Say that a message is kept (a faulty one is set aside with its reason); it does not come again."""

    def check(self) -> str:
        """Reach the warehouse and say in one sentence what was found; changes nothing."""


class CallDesk(Protocol):
    """Where a door asks leave for a call and reports how it went, one desk for all processes."""

    def admit(self, operation: str, patience: float) -> float:
        """The seconds to wait before this call may be made (0: now).

        The call is taken out of the operation's budget only when the wait is at most `patience` seconds;
        a longer wait takes nothing, and the caller gives up for now.
        """

    def left(self, operation: str) -> tuple[float, float]:
        """Calls that can be made at once now, and the most that can be saved up."""

    def correct(self, operation: str, rate: float) -> None:
        """Amazon stated this many calls per second for the operation (x-amzn-RateLimit-Limit)."""

    def throttled(self, operation: str) -> None:
        """Amazon answered 429: the budget is empty for everybody."""

    def record(self, operation: str, subject: str, outcome: str, milliseconds: int) -> None:
        """Keep how a call ended; `subject` is an order id, a SKU or a file, never a person."""
