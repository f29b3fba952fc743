"""The parts of an order that Lockstep reads, as Orders API 2026-01-01 spells them.

Amazon's schema requires little, so what may be absent there may be absent here; what the house cannot work
without is asked for in `blocks.wire.amazon.orders`. Lists of possible words are prose at Amazon: read as text.
"""

from typing import Annotated

from pydantic import Field

from blocks.wire.amazon.answer import Count, ForeignModel, Identifier, Moment, Prose, Word


class Window(ForeignModel):
    """A period Amazon promises; only its end matters to a clock."""

    latest_date_time: Moment | None = None


class Fulfillment(ForeignModel):
    """Who ships the order, how fast, and how far it is."""

    fulfillment_status: Word
    fulfilled_by: Word | None = None
    fulfillment_service_level: Word | None = None
    ship_by_window: Window | None = None
    deliver_by_window: Window | None = None


class SalesChannel(ForeignModel):
    """Where the order was placed."""

    marketplace_id: Word | None = None


class Address(ForeignModel):
    """Whom the parcel goes to: personal."""

    name: Prose | None = None
    company_name: Prose | None = None
    address_line1: Prose | None = Field(default=None, alias="addressLine1")
    address_line2: Prose | None = Field(default=None, alias="addressLine2")
    address_line3: Prose | None = Field(default=None, alias="addressLine3")
    city: Prose | None = None
    district_or_county: Prose | None = None
    state_or_region: Prose | None = None
    municipality: Prose | None = None
    postal_code: Prose | None = None
    country_code: Prose | None = None
    phone: Prose | None = None


class DeliveryPreference(ForeignModel):
    """Where the buyer wants the parcel left: personal."""

    drop_off_location: Prose | None = None
    address_instruction: Prose | None = None


class Addressee(ForeignModel):
    """The address with the buyer's wishes; absent while payment is pending and without the role for it."""

    delivery_address: Address | None = None
    delivery_preference: DeliveryPreference | None = None


class Product(ForeignModel):
    """What was ordered, by the seller's own key."""

    seller_sku: Word | None = None


class Gift(ForeignModel):
    """What the giver wrote: personal."""

    gift_message: Prose | None = None


class Packing(ForeignModel):
    """How the line is to be packed."""

    gift_option: Gift | None = None


class LineFulfillment(ForeignModel):
    """How much of the line has shipped."""

    quantity_fulfilled: Count | None = None
    quantity_unfulfilled: Count | None = None
    packing: Packing | None = None


class Wish(ForeignModel):
    """That somebody asked for, or carried out, a cancellation."""

    requester: Word | None = None
    cancelled_by: Word | None = Field(default=None, alias="cancelledBy")
    cancel_reason: Prose | None = None

    @property
    def said(self) -> bool:
        """Whether the object says anything: an empty one does not."""
        return bool(self.requester or self.cancelled_by or self.cancel_reason)


class Cancellation(ForeignModel):
    """A wish to cancel the line, and whether it was carried out."""

    cancellation_request: Wish | None = None
    cancellation_execution: Wish | None = None


class Line(ForeignModel):
    """One line of the order."""

    order_item_id: Identifier
    quantity_ordered: Count
    product: Product
    fulfillment: LineFulfillment | None = None
    cancellation: Cancellation | None = None


class PackageItem(ForeignModel):
    """Units of one line in a package."""

    order_item_id: Identifier
    quantity: Count


class PackageStatus(ForeignModel):
    """Where the package is, in Amazon's word."""

    status: Word | None = None


class Package(ForeignModel):
    """One package Amazon knows of."""

    package_reference_id: Word
    created_time: Moment | None = None
    tracking_number: Word | None = None
    carrier: Word | None = None
    package_status: PackageStatus | None = None
    package_items: list[PackageItem] | None = None


class Order(ForeignModel):
    """One order with the datasets FULFILLMENT, PACKAGES, CANCELLATION and RECIPIENT."""

    order_id: Identifier
    created_time: Moment
    last_updated_time: Moment
    programs: list[Word] | None = None
    sales_channel: SalesChannel
    fulfillment: Fulfillment
    recipient: Addressee | None = None
    order_items: Annotated[list[Line], Field(min_length=1)]
    packages: list[Package] | None = None
