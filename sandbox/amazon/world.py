"""The simulated Amazon: what buyers do to orders, what the seller offers, and what is made to go wrong."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sandbox.amazon.makeup import new_lines, price_of, recipient_of
from sandbox.amazon.order import Order
from sandbox.amazon.shelf import Channel, Listing
from sandbox.amazon.shippers import AmazonShippers
from sandbox.amazon.state import HOLD_BACK

__all__ = ["HOLD_BACK", "AmazonWorld"]


class AmazonWorld(AmazonShippers):
    """One seller account at Amazon. Every method here is thread-safe."""

    def add_order(  # noqa: PLR0913 - an order has many sides, each with a plain default
        self,
        *,
        marketplace_id: str,
        items: Sequence[tuple[str, int]],
        order_id: str | None = None,
        status: str = "UNSHIPPED",
        fulfilled_by: str = "MERCHANT",
        service_level: str = "STANDARD",
        ship_by: datetime | None = None,
        deliver_by: datetime | None = None,
        recipient: Mapping[str, str] | None = None,
        programs: Sequence[str] = (),
        gift_message: str = "",
        placed_at: datetime | None = None,
    ) -> str:
        """A buyer places an order; returns its id, which is made up when absent.

        Items are seller SKU and units per line; they lower the listing's effective quantity for MERCHANT.
        ship_by is the latest ship moment (UTC), a day from now when absent; deliver_by three days after it.
        recipient has fields of Amazon's deliveryAddress, and "email", which replace those made up. The
        gift_message goes on the first line. placed_at is creation and last update (UTC), now when absent.
        """
        with self.lock:
            number, at = len(self.orders) + 1, placed_at or self.now()
            made_id, lines = new_lines(marketplace_id, number, items)
            address, buyer = recipient_of(marketplace_id, number, recipient or {})
            ship_by = ship_by or self.now() + timedelta(days=1)
            lines[0].gift_message = gift_message
            order = Order(
                order_id=order_id or made_id,
                marketplace_id=marketplace_id,
                created=at,
                updated=at,
                status=status,
                fulfilled_by=fulfilled_by,
                service_level=service_level,
                ship_by=ship_by,
                deliver_by=deliver_by or ship_by + timedelta(days=3),
                items=lines,
                programs=tuple(programs),
                address=address,
                buyer=buyer,
            )
            self._take_in(order)
            return order.order_id

    def _take_in(self, order: Order) -> None:
        if order.order_id in self.orders:
            raise ValueError(f"There is an order {order.order_id} already.")
        self.book.add(order)
        for item in order.items:
            listing = self.listings.get((item.seller_sku, order.marketplace_id))
            if listing is not None and order.fulfilled_by == "MERCHANT":
                item.taken = listing.take(item.ordered)

    def authorize_payment(self, order_id: str) -> None:
        """The payment is confirmed: PENDING becomes UNSHIPPED."""
        with self.lock:
            order = self.order(order_id)
            if not order.status.startswith("PENDING"):
                raise ValueError(f"Order {order_id} is {order.status}, its payment is not pending.")
            order.status = "UNSHIPPED"
            self.book.touch(order, self.now())

    def cancel(self, order_id: str, by: str = "BUYER") -> None:
        """Cancels an order (by BUYER, MERCHANT or AMAZON) of which nothing is confirmed as shipped.

        The units go back to the listing; Amazon does not document whether they do.
        """
        with self.lock:
            order = self.order(order_id)
            if order.accepted or order.status in ("SHIPPED", "CANCELLED"):
                raise ValueError(f"Order {order_id} is {order.status} or confirmed and cannot be canceled.")
            order.status, order.canceled_by = "CANCELLED", by
            for item in order.items:
                listing = self.listings.get((item.seller_sku, order.marketplace_id))
                if listing is not None:
                    listing.give_back(item.taken)
            self.book.touch(order, self.now())

    def request_cancel(self, order_id: str, reason: str = "Order created by mistake") -> None:
        """The buyer asks for a cancellation of all lines; the order stays open."""
        with self.lock:
            order = self.order(order_id)
            for item in order.items:
                item.cancel_reason = reason
            self.book.touch(order, self.now())

    def add_listing(  # noqa: PLR0913 - a listing has these sides
        self,
        seller_sku: str,
        marketplace_id: str,
        quantity: int,
        *,
        product_type: str = "PRODUCT",
        channel: str = "DEFAULT",
        lead_time_to_ship_max_days: int | None = None,
        restock_date: str | None = None,
    ) -> None:
        """Offers a SKU in a marketplace; channel DEFAULT is merchant-fulfilled."""
        extra = {"lead_time_to_ship_max_days": lead_time_to_ship_max_days, "restock_date": restock_date}
        offer: Channel = {"fulfillment_channel_code": channel, "quantity": quantity}
        offer |= {name: value for name, value in extra.items() if value is not None}
        with self.lock:
            now = self.now()
            self.listings[(seller_sku, marketplace_id)] = Listing(
                seller_sku=seller_sku,
                marketplace_id=marketplace_id,
                product_type=product_type,
                created=now,
                updated=now,
                price=price_of(seller_sku),
                submitted={channel: offer},
                effective={channel: dict(offer)},
            )

    def set_quantity_elsewhere(self, seller_sku: str, marketplace_id: str, quantity: int) -> None:
        """Another app sets a quantity; effective at once."""
        with self.lock:
            self.settle()
            listing = self.listings[(seller_sku, marketplace_id)]
            submitted = listing.submitted | {
                "DEFAULT": listing.submitted.get("DEFAULT", {}) | {"quantity": quantity}
            }
            self.submit(listing, submitted, after=0)
            self.settle()

    def effective_quantity(self, seller_sku: str, marketplace_id: str) -> int | None:
        """Units that buyers can order now; nothing without a merchant-fulfilled offer."""
        with self.lock:
            self.settle()
            return self.listings[(seller_sku, marketplace_id)].quantity()

    def inject(self, operation: str, fault: str, times: int = 1, after: int = 0) -> None:
        """Has the next calls of an operation go wrong.

        Args:
            operation: Amazon's operationId, or token, uploadFeedDocument, downloadDocument.
            fault: one of `sandbox.amazon.faults.FAULTS`.
            times: how many calls.
            after: how many calls go well first.
        """
        with self.lock:
            self.faults.inject(operation, fault, times=times, after=after)
