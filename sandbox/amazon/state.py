"""What the simulated Amazon keeps: orders, listings, tokens, and effects that are still to come."""

import heapq
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon.faults import Faults
from sandbox.amazon.limits import Buckets
from sandbox.amazon.order import Order, Package
from sandbox.amazon.orderbook import OrderBook
from sandbox.amazon.records import Request
from sandbox.amazon.shelf import Channel, Listing
from sandbox.amazon.tokens import Tokens
from sandbox.clock import Clock

HOLD_BACK = 120.0  # seconds; Amazon asks that an upper bound of a search lies two minutes back


class AmazonState:
    """The memory of one seller account at Amazon; the lock guards it.

    The delays are in Amazon's seconds and shortened by the clock's speed; Amazon documents none of them
    but the hold-back, so they are assumptions of the rehearsal.

    Args:
        clock: shortens the delays and raises the rates.
        seller_id: whose account it is.
        client_id: of the application that asks for tokens.
        client_secret: likewise.
        refresh_token: the seller's consent.
        limits: False enforces no usage plan; the rates are told all the same.
        limits_scale: multiplies every rate once more, told and enforced; bursts stay as they are.
    """

    packages_after = 60.0  # from an accepted confirmation to its package
    late_after = 1800.0  # the same for a confirmation with the fault 204-late
    other_tracking = "1Z999AA10555555550"  # what a package shows after the fault 204-other-tracking
    quantity_after = 90.0  # from an accepted patch to the effective quantity
    document_after = 300.0  # from createFeed or createReport to DONE
    account_status = "NORMAL"  # as the report of the account's health says it
    example_spelling = False  # that report spelled as in the example of its schema, not as in the schema
    late_rate_list = (
        False  # that report with late shipments over 10 days as well, in a list that no schema has
    )
    hang_seconds = 60.0  # real ones: how long a hanging answer hangs

    def __init__(  # noqa: PLR0913 - an account's keys and limits, each with a plain default
        self,
        clock: Clock,
        *,
        seller_id: str = "A1SANDBOX",
        client_id: str = "amzn1.application-oa2-client.sandbox",
        client_secret: str = "sandbox-client-secret",  # noqa: S107 - opens nothing but this sandbox
        refresh_token: str = "Atzr|sandbox-refresh-token",  # noqa: S107 - the same
        limits: bool = True,
        limits_scale: float = 1.0,
    ) -> None:
        self.clock, self.seller_id = clock, seller_id
        self.lock = threading.RLock()
        self.book = OrderBook()
        self.listings: dict[tuple[str, str], Listing] = {}
        self.requests: list[Request] = []
        self.pages: dict[str, object] = {}  # pagination tokens
        self.documents: dict[str, Any] = {}
        self.jobs: dict[str, Any] = {}
        self.feed_plans: deque[Any] = deque()
        self.faults = Faults()
        self.buckets = Buckets(clock.speed * limits_scale, enforced=limits)
        self.tokens = Tokens(client_id=client_id, client_secret=client_secret, refresh_token=refresh_token)
        self._due: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count = 0

    @property
    def orders(self) -> dict[str, Order]:
        """All orders by their id."""
        return self.book.orders

    def now(self) -> datetime:
        """The wall time in UTC, cut to Amazon's milliseconds."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def later(self, seconds: float, effect: Callable[[datetime], None]) -> None:
        """Has an effect happen after so many of Amazon's seconds; it is told its moment (UTC)."""
        self._count += 1
        at = self.now() + timedelta(seconds=self.clock.scaled(seconds))
        heapq.heappush(
            self._due, (at.replace(microsecond=at.microsecond // 1000 * 1000), self._count, effect)
        )

    def settle(self) -> None:
        """Lets everything happen whose moment has come. Every look at the world settles it first."""
        with self.lock:
            now = self.now()
            while self._due and self._due[0][0] <= now:
                at, _, effect = heapq.heappop(self._due)
                effect(at)

    def accept_package(self, order: Order, package: Package, *, after: float | None = None) -> None:
        """Takes in a confirmed package and shows it after so many of Amazon's seconds, or as usual."""
        order.accepted[package.reference] = package
        after = self.packages_after if after is None else after
        self.later(after, lambda at: self._show(order, package, at))

    def _show(self, order: Order, package: Package, at: datetime) -> None:
        shown = order.packages.get(package.reference)
        if shown is not None and shown.edits > package.edits:
            return  # a later edit was quicker, and an older version does not come back
        order.show(package)
        self.book.touch(order, at)

    def order(self, order_id: str) -> Order:
        """One order, with everything settled. Raises KeyError for an unknown id."""
        self.settle()
        return self.orders[order_id]

    def submit(self, listing: Listing, submitted: dict[str, Channel], *, after: float) -> None:
        """Takes in a new availability; effective after so many of Amazon's seconds, unless overtaken."""
        listing.submitted, listing.updated = submitted, self.now()
        listing.version += 1
        version = listing.version

        def effect(at: datetime) -> None:
            if listing.version == version:
                listing.effective = {code: dict(value) for code, value in submitted.items()}
                listing.updated = at

        self.later(after, effect)
