"""What buyers ordered of each listing lately: Amazon takes these units off its offer by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from ledger.tables import order_lines, orders

Sales = Mapping[tuple[str, str], Sequence[tuple[datetime, int]]]


def sales_since(conn: sa.Connection, account: str, since: datetime) -> Sales:
    """When how many units were ordered, by (marketplace, seller SKU), of orders placed after a moment (UTC).

    Canceled orders are among them: Amazon took their units off, and does not say whether it gives them back.
    """
    statement = (
        sa.select(
            orders.c.marketplace_id,
            order_lines.c.seller_sku,
            orders.c.amazon_created_at,
            order_lines.c.quantity,
        )
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.seller_account == account, orders.c.amazon_created_at > since)
    )
    found: dict[tuple[str, str], list[tuple[datetime, int]]] = {}
    for marketplace, sku, at, units in conn.execute(statement):
        found.setdefault((marketplace, sku), []).append((at, units))
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
    return sum(units for at, units in sales[listing] if at > moment)
