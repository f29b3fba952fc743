"""The simulated Amazon: what buyers do to orders, what the seller offers, and what is made to go wrong."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sandbox.amazon.feed_plans import AmazonFeedPlans
from sandbox.amazon.makeup import new_lines, recipient_of
from sandbox.amazon.order import Order
from sandbox.amazon.shelves import AmazonShelves
from sandbox.amazon.shippers import AmazonShippers
from sandbox.amazon.state import HOLD_BACK

__all__ = ["HOLD_BACK", "AmazonWorld"]


class AmazonWorld(AmazonShippers, AmazonShelves, AmazonFeedPlans):
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
