"""Which count last confirmed a number: what the warehouse accepted before it is its own subtraction."""

from datetime import datetime

import sqlalchemy as sa

from ledger.tables import snapshots, stock


def last_counts(conn: sa.Connection, connection: str) -> dict[str, datetime]:
    """The moment (UTC) of the last count applied in each warehouse of a connection."""
    last = _last_counts(connection)
    return {row.warehouse: row.as_of for row in conn.execute(sa.select(last))}


def confirmed_stock(connection: str) -> sa.Subquery:
    """`warehouse`, `sku` and `as_of`, the last count that confirmed the number, of all stock of a connection.

    A number that every count has named since is confirmed by the last one applied in its warehouse; the row
    itself is not rewritten for that.
    """
    last = _last_counts(connection)
    as_of = sa.case((stock.c.missed == 0, sa.func.coalesce(last.c.as_of, stock.c.as_of)), else_=stock.c.as_of)
    return (
        sa.select(stock.c.warehouse, stock.c.sku, as_of.label("as_of"))
        .select_from(stock.outerjoin(last, last.c.warehouse == stock.c.warehouse))
        .where(stock.c.connection == connection)
        .subquery("confirmed")
    )


def _last_counts(connection: str) -> sa.Subquery:
    """The last applied count of each warehouse, found through the index: old counts are not read."""
    named = sa.select(stock.c.warehouse).where(stock.c.connection == connection).distinct().subquery("named")
    last = (
        sa.select(sa.func.max(snapshots.c.as_of))
        .where(snapshots.c.connection == connection, snapshots.c.warehouse == named.c.warehouse)
        .where(snapshots.c.outcome == "APPLIED")
        .scalar_subquery()
    )
    return sa.select(named.c.warehouse, last.label("as_of")).subquery("last")
