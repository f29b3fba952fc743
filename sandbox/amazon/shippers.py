"""Packages that the seller's own connector did not confirm: somebody else's, and Amazon's own."""

from collections.abc import Mapping

from sandbox.amazon.order import PACKAGE_STATUSES, Order, Package
from sandbox.amazon.state import AmazonState


class AmazonShippers(AmazonState):
    """Other hands on the orders of the account. Thread-safe; what they do shows at once."""

    def ship_elsewhere(
        self,
        order_id: str,
        *,
        tracking: str = "1Z999AA10123456784",
        carrier: str = "UPS",
        reference: str = "",
        items: Mapping[str, int] | None = None,
    ) -> str:
        """Somebody else confirms a package of an order. Returns the package reference.

        Items are units by order item id or seller SKU, all that is left when absent. A reference that the
        order has already is an edit of that package; without one it is made up.

        Raises:
            ValueError: nothing, or less than that, is left to ship, or the order has no such item.
        """
        with self.lock:
            order = self.order(order_id)
            package = self._package(order, reference, items)
            package.tracking, package.carrier = tracking, carrier
            return self._shown(order, package)

    def buy_shipping(
        self,
        order_id: str,
        *,
        tracking: str = "1Z999AA10198765432",
        carrier: str = "UPS",
        items: Mapping[str, int] | None = None,
    ) -> str:
        """A label is bought through Buy Shipping: Amazon confirms the package under a reference of its own.

        Amazon asks that such packages are not confirmed again. What it answers to one who does is not
        documented; here its own package is not found for an edit, and a fulfilled order takes no other.

        Raises:
            ValueError: as `ship_elsewhere`.
        """
        with self.lock:
            order = self.order(order_id)
            package = self._package(order, "", items)
            package.tracking, package.carrier, package.by_amazon = tracking, carrier, True
            return self._shown(order, package)

    def confirm_ship_plus(
        self, order_id: str, *, tracking: str, carrier: str, items: Mapping[str, int] | None = None
    ) -> str:
        """Amazon confirms a package of a Ship+ order by itself. Returns its package reference.

        Raises:
            ValueError: it is no Ship+ order, or as `ship_elsewhere`.
        """
        with self.lock:
            if "FBM_SHIP_PLUS" not in self.order(order_id).programs:
                raise ValueError(f"Order {order_id} is no Ship+ order; Amazon does not confirm it by itself.")
            return self.buy_shipping(order_id, tracking=tracking, carrier=carrier, items=items)

    def mark_package(self, order_id: str, reference: str, status: str) -> None:
        """A shown package gets another status, which moves the order's last update."""
        if status not in PACKAGE_STATUSES:
            raise ValueError(f"No package is {status!r}; there are {', '.join(PACKAGE_STATUSES)}.")
        with self.lock:
            order = self.order(order_id)
            order.packages[reference].status = status
            self.book.touch(order, self.now())

    def packages(self, order_id: str) -> list[Package]:
        """The packages of an order that Amazon shows now."""
        with self.lock:
            return list(self.order(order_id).packages.values())

    def _package(self, order: Order, reference: str, items: Mapping[str, int] | None) -> Package:
        known, now = order.accepted.get(reference), self.now()
        self._count += 1
        return Package(
            reference=reference or str(900_000_000 + self._count),
            carrier="",
            method="",
            tracking="",
            ship_time=now,
            created=known.created if known else now,
            items=_units(order, reference, items),
            edits=known.edits + 1 if known else 0,
        )

    def _shown(self, order: Order, package: Package) -> str:
        order.accepted[package.reference] = package
        self._show(order, package, self.now())
        return package.reference


def _units(order: Order, reference: str, items: Mapping[str, int] | None) -> tuple[tuple[str, int], ...]:
    """Units by order item id out of units by order item id or seller SKU; everything left when absent."""
    left = {item.order_item_id: order.left(item.order_item_id, without=reference) for item in order.items}
    skus = {item.seller_sku: item.order_item_id for item in reversed(order.items)}
    asked = left if items is None else {skus.get(name, name): units for name, units in items.items()}
    wrong = [name for name, units in asked.items() if units > left.get(name, 0)]
    found = tuple((name, units) for name, units in asked.items() if units > 0)
    if wrong or not found:
        what = f"item {wrong[0]}" if wrong else "anything"
        raise ValueError(f"Order {order.order_id} has not that many units of {what} left to ship.")
    return found
