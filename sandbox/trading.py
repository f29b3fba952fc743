"""A busy trading hour: orders, payments and cancellations by a timetable, the same for the same seed."""

import heapq
import random
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon.order import hash_of
from sandbox.amazon.world import AmazonWorld
from sandbox.habits import Habit
from sandbox.parcels import Parcel
from sandbox.warehouse import Warehouse

GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
HOUR = 3600.0  # seconds; like all below shortened by the clock
KINDS, SIZES = ("MUG", "TEE", "LAMP", "BAG", "PEN", "CUP", "HAT", "BOX"), ("S", "M", "L", "XL", "XXL")
SKUS = tuple(f"{kind}-{size}" for kind in KINDS for size in SIZES)
SERVICES = ("STANDARD", "STANDARD", "STANDARD", "EXPEDITED", "NEXT_DAY")
# Of a hundred orders: paid later, canceled while pending, fulfilled by Amazon, canceled by the buyer when
# the warehouse has them. The rest is plain.
MIX = (("paid-later", 8), ("canceled-pending", 3), ("fba", 4), ("canceled-late", 3))
# And when parcels have shapes: tracking after the dispatch, a box per line with time between, a new label.
SHAPES = (("late-tracking", 4), ("box-by-box", 6), ("re-labeled", 4))


def starting_stock(seed: int = 7) -> dict[str, int]:
    """Units on hand per SKU at the start: enough for some thousand orders."""
    chance = random.Random(seed)  # noqa: S311 - a rehearsal, not a secret
    return {sku: chance.randint(150, 400) for sku in SKUS}


class TradingHour:
    """Plays the timetable against a world and looks at the warehouse. Thread-safe.

    Args:
        world: the simulated Amazon; gets one listing per SKU and marketplace.
        warehouse: the simulated 3PL; its stock names the SKUs.
        orders: how many orders the hour has.
        marketplaces: Amazon's ids.
        seed: the same seed gives the same orders.
        shapes: whether some of the plain orders leave as `SHAPES` says.
    """

    def __init__(
        self,
        world: AmazonWorld,
        warehouse: Warehouse,
        orders: int = 240,
        *,
        marketplaces: Sequence[str] = (GB, DE),
        seed: int = 7,
        shapes: bool = False,
    ) -> None:
        self.world, self.warehouse, self.marketplaces = world, warehouse, tuple(marketplaces)
        self.planned = orders
        self.mix = MIX + SHAPES if shapes else MIX
        self.placed: dict[str, str] = {}  # order id -> its part in the mix
        self._chance = random.Random(seed)  # noqa: S311 - a rehearsal, not a secret
        self._skus = sorted(warehouse.on_hand)
        self._lock = threading.RLock()
        self._timetable: list[tuple[float, int, Callable[[], None]]] = []
        self._entries = 0
        self._elapsed = 0.0
        self._start: datetime | None = None
        for sku in self._skus:
            for market in self.marketplaces:
                world.add_listing(sku, market, 10, lead_time_to_ship_max_days=1 + hash_of(sku) % 3)
        self._plan()

    def run(self, stop: threading.Event, every: float = 0.05) -> None:
        """Plays until told to stop, with real seconds between two looks at the timetable."""
        while not stop.wait(every):
            self.work()

    def work(self) -> None:
        """Does what is due by now; the hour begins with the first call."""
        with self._lock:
            now = self.world.clock.now()
            self._start = self._start or now
            self._elapsed = (now - self._start).total_seconds() * self.world.clock.speed
            while self._timetable and self._timetable[0][0] <= self._elapsed:
                heapq.heappop(self._timetable)[2]()

    def summary(self) -> dict[str, Any]:
        """What must have happened by now, what has, and whether the hour is over.

        `expected.released`: orders that must be handed to the warehouse. `expected.parcels`: what the 3PL
        dispatched for orders that Amazon did not cancel. `expected.listings`: physical availability per
        marketplace and SKU. `actual` has the same shapes as seen by the strangers: orders in the
        warehouse, parcels in Amazon's packages, effective quantities.
        """
        with self._lock:
            released = [order_id for order_id in self.placed if self._must_be_released(order_id)]
            seen = [order_id for order_id in self.placed if self.warehouse.seen(order_id)]
            parcels = [parcel for parcel in list(self.warehouse.dispatched) if self._must_be_proven(parcel)]
            proven = [parcel for parcel in parcels if self._is_proven(parcel)]
            crossed = self._is_over() and set(released) <= set(seen)
            return {
                "planned": self.planned,
                "placed": len(self.placed),
                "finished": crossed and not self.warehouse.busy() and len(proven) == len(parcels),
                "expected": {
                    "released": released,
                    "parcels": [_told(parcel) for parcel in parcels],
                    "listings": self._quantities(lambda sku, _: self.warehouse.available(sku)),
                },
                "actual": {
                    "released": seen,
                    "parcels": [_told(parcel) for parcel in proven],
                    "listings": self._quantities(self.world.effective_quantity),
                },
                "duplicates": list(self.warehouse.duplicates),
                "complaints": list(self.warehouse.complaints),
            }

    def _is_over(self) -> bool:
        return len(self.placed) == self.planned and not self._timetable

    def _plan(self) -> None:
        parts = [part for part, percent in self.mix for _ in range(round(self.planned * percent / 100))]
        parts += ["plain"] * (self.planned - len(parts))
        self._chance.shuffle(parts)
        for number, part in enumerate(parts):
            at = HOUR * 0.75 * number / max(1, self.planned)  # leaves a quarter of an hour to finish
            lines = self._chance.choices((1, 2, 3), (70, 20, 10))[0]
            items = [(sku, self._units()) for sku in self._chance.sample(self._skus, lines)]
            market = self._chance.choice(self.marketplaces)
            service, gift = self._chance.choice(SERVICES), self._chance.random() < 0.05
            self._at(at, self._placing(part, market, items, (service, "Enjoy!" if gift else "")))

    def _units(self) -> int:
        return self._chance.choices((1, 2, 3), (75, 18, 7))[0]

    def _at(self, at: float, action: Callable[[], None]) -> None:
        self._entries += 1
        heapq.heappush(self._timetable, (at, self._entries, action))

    def _placing(
        self, part: str, market: str, items: Sequence[tuple[str, int]], style: tuple[str, str]
    ) -> Callable[[], None]:
        delay = self._chance.uniform(300, 1200)

        def place() -> None:
            pending = part in ("paid-later", "canceled-pending")
            order_id = self.world.add_order(
                marketplace_id=market,
                items=items,
                status="PENDING" if pending else "UNSHIPPED",
                fulfilled_by="AMAZON" if part == "fba" else "MERCHANT",
                service_level=style[0],
                gift_message=style[1],
                ship_by=self.world.now() + timedelta(hours=24 if style[0] == "STANDARD" else 8),
            )
            self.placed[order_id] = part
            self._play(part, order_id, items, delay)

        return place

    def _play(self, part: str, order_id: str, items: Sequence[tuple[str, int]], delay: float) -> None:
        """Enters into the timetable, or plans at the warehouse, what becomes of a placed order."""
        if part == "paid-later":
            self._at(self._elapsed + delay, lambda: self.world.authorize_payment(order_id))
        elif part == "canceled-pending":
            self._at(self._elapsed + delay, lambda: self.world.cancel(order_id))
        elif part == "canceled-late":
            self._at(self._elapsed + 60, lambda: self._cancel_late(order_id))
        elif part == "late-tracking":
            self.warehouse.plan(order_id, Habit(tracking_after=delay))
        elif part == "box-by-box":
            boxes = tuple({sku: units} for sku, units in items)
            self.warehouse.plan(order_id, Habit(boxes=boxes, rest_after=delay))
        elif part == "re-labeled":
            self._at(self._elapsed + delay, lambda: self._relabel(order_id))

    def _relabel(self, order_id: str) -> None:
        """The first parcel of an order gets a new label, once it has left with its old one."""
        parcels = self.warehouse.parcels_of(order_id)
        if parcels:
            self.warehouse.relabel(parcels[0].package_ref)
        else:
            self._at(self._elapsed + 30, lambda: self._relabel(order_id))

    def _cancel_late(self, order_id: str) -> None:
        """The buyer cancels, but not before the warehouse has the order, so that nobody need guess."""
        if not self.warehouse.seen(order_id):
            self._at(self._elapsed + 30, lambda: self._cancel_late(order_id))
            return
        try:
            self.world.cancel(order_id)
        except ValueError:  # confirmed in the meantime: an order like the others
            self.placed[order_id] = "plain"

    def _must_be_released(self, order_id: str) -> bool:
        part = self.placed[order_id]
        unpaid = part == "paid-later" and self.world.order(order_id).status == "PENDING"
        return part not in ("fba", "canceled-pending") and not unpaid

    def _must_be_proven(self, parcel: Parcel) -> bool:
        order = self.world.orders.get(parcel.amazon_order_id)
        return order is not None and order.status != "CANCELLED"

    def _is_proven(self, parcel: Parcel) -> bool:
        shown = self.world.packages(parcel.amazon_order_id)
        return any(package.tracking == parcel.tracking for package in shown)

    def _quantities(self, of: Callable[[str, str], int | None]) -> dict[str, dict[str, int | None]]:
        return {market: {sku: of(sku, market) for sku in self._skus} for market in self.marketplaces}


def _told(parcel: Parcel) -> dict[str, str]:
    return {
        "order_id": parcel.amazon_order_id,
        "package_ref": parcel.package_ref,
        "tracking": parcel.tracking,
    }
