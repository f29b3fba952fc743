"""The obvious script: what the warehouse says is published as it stands, at the same times, to the same Amazon."""

from datetime import timedelta

from domain.amazon import AmazonOrder, AmazonStatus, Quantity
from tests.week.catalog import MARKETS
from tests.week.history import Arrived
from tests.week.play import Stage


class Mirror:
    """Publishes every count: nothing is reserved, nothing kept back, nothing doubted; only changes are sent."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._read_until = stage.clock.now()
        self._published: dict[tuple[str, str], int] = {}
        self._waiting: list[Arrived] = []
        self._on_shelf: dict[str, int] = {}
        self._known: set[str] = set()

    def hear(self, count: Arrived) -> None:
        self._waiting.append(count)

    def hear_accepted(self, references: list[str]) -> None:
        pass

    def buffers(self) -> dict[tuple[str, str], int]:
        return {}

    def ingest(self) -> None:
        token = None
        since = self._read_until
        while True:
            page = self._stage.amazon.fetch_orders(since=since, page_token=token)
            for order in page.orders:
                self._pass_on(order)
            token = page.next_token
            if token is None:
                break
        assert page.read_until is not None
        self._read_until = page.read_until - timedelta(milliseconds=1)

    def sync(self) -> None:
        for count in self._waiting:
            self._on_shelf.update(count.rows)
        if not self._waiting:
            return
        self._waiting.clear()
        for sku, parts in self._stage.parts.items():
            if not all(part.warehouse_sku in self._on_shelf for part in parts):
                continue
            units = min(max(0, self._on_shelf[part.warehouse_sku]) // part.units for part in parts)
            for market in MARKETS:
                if self._published.get((sku, market)) != units:
                    quantity = Quantity(marketplace_id=market, seller_sku=sku, units=units)
                    self._stage.amazon.publish_quantity(quantity)
                    self._published[sku, market] = units

    def _pass_on(self, order: AmazonOrder) -> None:
        """Hand a paid order over, and have a canceled one stopped."""
        reference = f"{order.order_id}-1"
        if order.status is AmazonStatus.CANCELED and order.order_id in self._known:
            self._stage.warehouse.stop(reference)
        elif order.status is AmazonStatus.UNSHIPPED and order.order_id not in self._known:
            self._known.add(order.order_id)
            lines = tuple(
                (part.warehouse_sku, part.units * line.quantity)
                for line in order.lines
                for part in self._stage.parts[line.seller_sku]
            )
            self._stage.warehouse.hand_over(reference, lines, self._stage.now)
