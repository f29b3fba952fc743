"""What is offered at Amazon beside what should be: the rows behind the stock table."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from domain.stock.listings import ListingState
from ledger.tables import listings

COLUMNS = (
    "marketplace_id",
    "seller_sku",
    "state",
    "available",
    "reserved",
    "buffer",
    "publishable",
    "effective",
)


def offers(conn: sa.Connection, account: str) -> Sequence[Mapping[str, object]]:
    """Every listing of an account that was counted and is offered, one mapping of `COLUMNS` each."""
    known = listings.c.state.not_in([ListingState.CANDIDATE, ListingState.ABSENT])
    statement = (
        sa.select(*[listings.c[name] for name in COLUMNS])
        .where(listings.c.seller_account == account, known, listings.c.publishable.is_not(None))
        .order_by(listings.c.marketplace_id, listings.c.seller_sku)
    )
    return [dict(row) for row in conn.execute(statement).mappings()]


def similar_sku(conn: sa.Connection, account: str, seller_sku: str) -> str:
    """The seller SKU itself when the account has a listing of it, else one in other case; empty: neither."""
    statement = (
        sa.select(listings.c.seller_sku)
        .where(
            listings.c.seller_account == account,
            sa.func.lower(listings.c.seller_sku) == seller_sku.lower(),
        )
        .order_by(listings.c.seller_sku != seller_sku, listings.c.seller_sku)
        .limit(1)
    )
    return conn.scalar(statement) or ""
