"""Plays a generated week in virtual time: buyers, the other channel, deliveries, counts, and a house's runs."""

import heapq
from collections.abc import Callable
from typing import Protocol

import numpy as np

from tests.fakes.amazon import FakeAmazon
from tests.fakes.clock import VirtualClock
from tests.week.catalog import MARKETS
from tests.week.history import INGEST_EVERY, SYNC_EVERY, Arrived, History, Listing, Sale
from tests.week.script import MINUTE, Count, Script, Shelf, Wish
from tests.week.strangers import MONDAY, WeekAmazon, WeekWarehouse, moment

WARM_UP = 15 * MINUTE  # before the week: a house begins it with a count that it has read and published


class House(Protocol):
    """Whoever keeps the two strangers in step."""

    def ingest(self) -> None:
        """Read the orders and hand over what is paid, every three minutes."""

    def sync(self) -> None:
        """Read the counts that came and publish what may be sold, every five minutes."""

    def hear(self, count: Arrived) -> None:
        """A count has arrived and waits to be read."""

    def hear_accepted(self, references: list[str]) -> None:
        """The warehouse says that it has accepted these."""

    def buffers(self) -> dict[tuple[str, str], int]:
        """Units kept back of each listing, by seller SKU and marketplace."""


class Stage:
    """The clock, both strangers, and what happens of itself."""

    def __init__(self, week: Script) -> None:
        self.week = week
        self.clock = VirtualClock(moment(-WARM_UP))
        self.world = WeekAmazon(self.clock)
        self.amazon = FakeAmazon(self.world)
        self.warehouse = WeekWarehouse(dict(week.opening))
        self.parts = week.catalog.parts
        listings = [(sku, market) for sku in self.parts for market in MARKETS]
        self.history = History(listings=listings, parts=self.parts, end=week.end)
        self._of_order: dict[str, list[Sale]] = {}
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._entries = 0
        self._places = _places(week)
        for sku, market in listings:
            offered = self.warehouse.fillable(self.parts[sku], 10**6)
            self.world.add_listing(sku, market, offered)

    @property
    def now(self) -> float:
        """Seconds of the week."""
        return (self.clock.now() - MONDAY).total_seconds()

    def play(self, house: House) -> History:
        """The warm-up and the week; what really happened."""
        self._warm_up(house)
        self._plan(house)
        while self._agenda and self._agenda[0][0] < self.week.end:
            at, _, action = heapq.heappop(self._agenda)
            self.clock.set(moment(at))
            action()
        self.history.calls = dict(self.amazon.calls)
        return self.history

    def _warm_up(self, house: House) -> None:
        self._count(house, Count(at=self.now, arrives=self.now))
        for _ in range(int(WARM_UP // SYNC_EVERY)):
            self._run(house.sync)
            self.clock.sleep(SYNC_EVERY)
        self.amazon.calls.clear()

    def _plan(self, house: House) -> None:
        """Enter what is scripted; a house's runs come after what happens at the same second."""
        for wish in self.week.wishes:
            self._at(wish.at, lambda wish=wish: self._buy(wish))
        for one in self.week.others:
            self._at(one.at, lambda one=one: self._sell_elsewhere(one))
        for one in self.week.booked_in:
            self._at(one.at, lambda one=one: self.warehouse.book_in(one.sku, one.units))
        for count in self.week.counts:
            self._at(count.at, lambda count=count: self._count(house, count))
        for number in range(int(self.week.end // INGEST_EVERY)):
            self._at(number * INGEST_EVERY, lambda: self._ingest(house))
        for number in range(int(self.week.end // SYNC_EVERY)):
            self._at(number * SYNC_EVERY, lambda: self._sync(house))

    def _at(self, at: float, action: Callable[[], object]) -> None:
        self._entries += 1
        heapq.heappush(self._agenda, (at, self._entries, action))

    def _run(self, deed: Callable[[], None]) -> None:
        self.world.queued = 0
        deed()

    def _ingest(self, house: House) -> None:
        self._accept(house)
        self._run(house.ingest)

    def _sync(self, house: House) -> None:
        self._accept(house)
        self._run(house.sync)
        self.world.settle()
        self._sample(house.buffers())

    def _sample(self, kept: dict[Listing, int]) -> None:
        """How everything stands after a run of the house."""
        history, listings = self.history, self.history.listings
        history.syncs.append(self.now)
        offered = [one.quantity() or 0 for one in self.world.listings.values()]
        history.offered.append(np.array(offered, dtype=np.int32))
        history.kept.append(np.array([kept.get(one, 0) for one in listings], dtype=np.int32))
        now = self.now
        effective = [self.world.effective_from.get(one, now) for one in listings]
        history.in_effect.append(np.maximum(effective, now))
        free = np.array(list(self.warehouse.free.values()))
        sku, units = self._places
        history.sellable.append(np.repeat((free[sku] >= units).all(axis=1), len(MARKETS)))

    def _accept(self, house: House) -> None:
        """What the warehouse has set aside by now; a house hears of it with its next run."""
        due = self.warehouse.accept_due(self.now)
        for reference in due:
            for sale in self._of_order.get(reference.rsplit("-", 1)[0], ()):
                sale.accepted_at = self.warehouse.jobs[reference].accepted_at
        if due:
            house.hear_accepted(due)

    def _count(self, house: House, planned: Count) -> None:
        self._accept(house)
        count = self.warehouse.count(planned)
        if planned.arrives <= self.now:
            self._hear(house, count)
        else:
            self._at(planned.arrives, lambda: self._hear(house, count))

    def _hear(self, house: House, count: Arrived) -> None:
        self.history.counts.append(count)
        house.hear(count)

    def _buy(self, wish: Wish) -> None:
        self.world.settle()
        items = []
        for sku, wanted in wish.items:
            self.history.wanted += wanted
            offered = self.world.listings[(sku, wish.market)].quantity() or 0
            if offered:
                items.append((sku, min(wanted, offered)))
        if items:
            self._place(wish, items)

    def _place(self, wish: Wish, items: list[tuple[str, int]]) -> None:
        status = "UNSHIPPED" if wish.pays_after == 0 else "PENDING"
        order_id = self.world.add_order(marketplace_id=wish.market, items=items, status=status)
        lines = self._of_order[order_id] = []
        for sku, units in items:
            parts = self.parts[sku]
            lines.append(
                Sale(
                    order_id=order_id,
                    at=self.now,
                    listing=(sku, wish.market),
                    units=units,
                    fillable=self.warehouse.fillable(parts, units),
                    parts=parts,
                )
            )
            self.warehouse.take(parts, units)
        self.history.sales += lines
        if wish.pays_after:
            self._at(self.now + wish.pays_after, lambda: self.world.authorize_payment(order_id))
        if wish.cancels_after is not None:
            self._at(self.now + wish.cancels_after, lambda: self._cancel(order_id))

    def _cancel(self, order_id: str) -> None:
        self.world.settle()
        self.world.cancel(order_id)
        for sale in self._of_order[order_id]:
            sale.canceled_at = self.now
            self.warehouse.take(sale.parts, -sale.units)

    def _sell_elsewhere(self, wish: Shelf) -> None:
        units, twice = self.warehouse.sell_elsewhere(wish.sku, wish.units)
        if units:
            self.history.drained.setdefault(wish.sku, []).append((self.now, units))
            self.history.drained_twice += twice


def _places(week: Script) -> tuple[np.ndarray, np.ndarray]:
    """Each seller SKU: the places of its parts on the shelf and their units, as wide as the largest kit."""
    where = {sku: at for at, sku in enumerate(week.opening)}
    wide = max(len(parts) for parts in week.catalog.parts.values())
    sku = np.zeros((len(week.catalog.parts), wide), dtype=np.int64)
    units = np.full(sku.shape, -(10**9), dtype=np.int64)
    for row, parts in enumerate(week.catalog.parts.values()):
        for column, part in enumerate(parts):
            sku[row, column], units[row, column] = where[part.warehouse_sku], part.units
    return sku, units
