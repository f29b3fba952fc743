"""All orders, found by id, by creation and by last update."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime

from sandbox.amazon.order import Order

Key = tuple[datetime, str]


class OrderBook:
    """Orders with two sorted indexes; not thread-safe, the world's lock guards it."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self._by_created: list[Key] = []
        self._by_updated: list[Key] = []

    def add(self, order: Order) -> None:
        """Takes in a new order."""
        self.orders[order.order_id] = order
        insort(self._by_created, (order.created, order.order_id))
        insort(self._by_updated, (order.updated, order.order_id))

    def touch(self, order: Order, at: datetime) -> None:
        """Moves an order's last update; whatever was written of it is out of date."""
        del self._by_updated[bisect_left(self._by_updated, (order.updated, order.order_id))]
        order.updated = at
        order.cache.clear()
        insort(self._by_updated, (at, order.order_id))

    def between(self, family: str, start: Key, end: datetime) -> Iterator[tuple[Key, Order]]:
        """Orders by "created" or "lastUpdated" from a key on up to and including a moment, oldest first."""
        index = self._by_created if family == "created" else self._by_updated
        for key in index[bisect_left(index, start) :]:
            if key[0] > end:
                return
            yield key, self.orders[key[1]]
