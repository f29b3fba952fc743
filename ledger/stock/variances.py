"""The rows behind the daily variances: every offer beside Amazon's number, every count beside the day's orders."""

from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from domain.stock.listings import ListingState
from ledger.tables import listings, order_lines, orders, stock_days

OFFER_COLUMNS = (
    "marketplace_id",
    "seller_sku",
    "state",
    "available",
    "reserved",
    "buffer",
    "publishable",
    "effective",
    "explanation",
    "sold",
)
COUNT_COLUMNS = ("warehouse", "sku", "opening", "closing", "ours", "fell", "rose")


def offer_rows(conn: sa.Connection, account: str) -> Sequence[Mapping[str, object]]:
    """Every counted listing of an account, one mapping of `OFFER_COLUMNS` each, in units of the seller SKU.

    `sold` is what was ordered of it at Amazon since its quantity was last published, as far as we have read,
    and only looked up where Amazon shows less than is to be offered.
    """
    sold = _sold(account).subquery("sold")
    columns = [listings.c[name] for name in OFFER_COLUMNS if name != "sold"]
    known = listings.c.state.not_in([ListingState.CANDIDATE, ListingState.ABSENT])
    statement = (
        sa.select(*columns, sa.func.coalesce(sold.c.units, 0).label("sold"))
        .outerjoin(sold, sold.c.id == listings.c.id)
        .where(listings.c.seller_account == account, known, listings.c.publishable.is_not(None))
        .order_by(listings.c.marketplace_id, listings.c.seller_sku)
    )
    return [dict(row) for row in conn.execute(statement).mappings()]


def count_rows(conn: sa.Connection, connection: str, day: date) -> Sequence[Mapping[str, object]]:
    """How the counts of a connection moved on a day (UTC), one mapping of `COUNT_COLUMNS` each."""
    statement = (
        sa.select(*[stock_days.c[name] for name in COUNT_COLUMNS])
        .where(stock_days.c.connection == connection, stock_days.c.day == day)
        .order_by(stock_days.c.warehouse, stock_days.c.sku)
    )
    return [dict(row) for row in conn.execute(statement).mappings()]


def _sold(account: str) -> sa.Select[tuple[int, int]]:
    since = sa.and_(
        orders.c.seller_account == listings.c.seller_account,
        orders.c.marketplace_id == listings.c.marketplace_id,
        orders.c.amazon_created_at >= listings.c.published_at,
    )
    lines = sa.and_(order_lines.c.order_id == orders.c.id, order_lines.c.seller_sku == listings.c.seller_sku)
    return (
        sa.select(listings.c.id, sa.func.sum(order_lines.c.quantity).label("units"))
        .join_from(listings, orders, since)
        .join(order_lines, lines)
        .where(
            listings.c.seller_account == account,
            sa.func.coalesce(listings.c.effective, 0) < listings.c.publishable,
        )
        .group_by(listings.c.id)
    )
