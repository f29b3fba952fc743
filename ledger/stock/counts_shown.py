"""Counts and doubted numbers of a warehouse connection, as people look at them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ledger.tables import snapshots, stock


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCount:
    """One count and what became of it. Times are UTC; `decided_by` is empty unless a person decided."""

    id: int
    warehouse: str
    as_of: datetime
    received_at: datetime
    outcome: str
    reason: str
    rows: int
    rows_held: int
    rows_unknown: int
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtedNumber:
    """A number that stays in force, and why what the warehouse says of it is not believed."""

    warehouse: str
    sku: str
    available: int
    doubt: str


def recent_counts(conn: sa.Connection, connection: str, limit: int) -> tuple[ShownCount, ...]:
    """The last counts that came, newest first."""
    columns = [snapshots.c[name] for name in ShownCount.__dataclass_fields__]
    statement = sa.select(*columns).where(snapshots.c.connection == connection)
    found = conn.execute(statement.order_by(snapshots.c.id.desc()).limit(limit)).mappings()
    return tuple(ShownCount(**row) for row in found)


def doubted_numbers(conn: sa.Connection, connection: str) -> tuple[DoubtedNumber, ...]:
    """Every number that is doubted by itself, by warehouse and SKU."""
    columns = [stock.c[name] for name in DoubtedNumber.__dataclass_fields__]
    which = (stock.c.connection == connection, stock.c.doubt != "")
    found = conn.execute(
        sa.select(*columns).where(*which).order_by(stock.c.warehouse, stock.c.sku)
    ).mappings()
    return tuple(DoubtedNumber(**row) for row in found)
