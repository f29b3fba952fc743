"""What buyers ordered of each listing lately: Amazon takes these units off its offer by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from ledger.tables import order_lines, orders


class Sale(NamedTuple):
    """Units of a listing in one order: when the buyer ordered, and when we read so (UTC)."""

    placed_at: datetime
    read_at: datetime
    units: int


Sales = Mapping[tuple[str, str], Sequence[Sale]]


def sales_since(conn: sa.Connection, account: str, since: datetime) -> Sales:
    """When how many units were ordered, by (marketplace, seller SKU), of orders placed after a moment (UTC).

    Canceled orders are among them: Amazon took their units off, and does not say whether it gives them back.
    """
    statement = (
        sa.select(
            orders.c.marketplace_id,
            order_lines.c.seller_sku,
            orders.c.amazon_created_at,
            orders.c.imported_at,
            order_lines.c.quantity,
        )
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.seller_account == account, orders.c.amazon_created_at > since)
    )
    found: dict[tuple[str, str], list[Sale]] = {}
    for marketplace, sku, *sale in conn.execute(statement):
        found.setdefault((marketplace, sku), []).append(Sale(*sale))
    return found


def canceled_since(conn: sa.Connection, account: str, since: datetime) -> Mapping[tuple[str, str], datetime]:
    """When an order for a listing was last canceled, by (marketplace, seller SKU), after a moment (UTC)."""
    statement = (
        sa.select(orders.c.marketplace_id, order_lines.c.seller_sku, sa.func.max(orders.c.canceled_at))
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.seller_account == account, orders.c.canceled_at > since)
        .group_by(orders.c.marketplace_id, order_lines.c.seller_sku)
    )
    return {(marketplace, sku): at for marketplace, sku, at in conn.execute(statement)}


def sold_after(sales: Sales, listing: tuple[str, str], moment: datetime | None) -> int:
    """Units of one listing that were ordered after a moment (UTC); none before it was ever seen."""
    if moment is None or listing not in sales:
        return 0
    return sum(sale.units for sale in sales[listing] if sale.placed_at > moment)


def read_after(sales: Sales, listing: tuple[str, str], moment: datetime | None) -> int:
    """Units of one listing that were ordered before a moment (UTC) and read after it."""
    if moment is None or listing not in sales:
        return 0
    return sum(sale.units for sale in sales[listing] if sale.placed_at <= moment < sale.read_at)
