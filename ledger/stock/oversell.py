"""Oversold warehouse SKUs: found from what is open, shown while they are, cleared when they are not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from domain.maps import SkuMap
from domain.problems import ProblemKind
from domain.stock.oversell import Shelf, Unfilled, oversold_problems, unfilled
from ledger.problems import open_subjects, settle_problems
from ledger.stock.claims import claims_on
from ledger.stock.on_hand import reserved
from ledger.tables import stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversold:
    """The orders of a connection that its counts do not reach, with the counts of what they lack."""

    orders: tuple[Unfilled, ...] = ()
    shelves: Mapping[str, Shelf] = field(default_factory=dict)


def find_oversold(conn: sa.Connection, connection: str, skus: dict[str, SkuMap]) -> Oversold:
    """Orders that cannot be filled from the last counts; what it costs grows with what is open.

    `skus` holds the SKU map of each seller account that the connection serves.
    """
    if conn.scalar(sa.select(stock.c.sku).where(stock.c.connection == connection).limit(1)) is None:
        return Oversold()  # nothing was ever counted
    taken = reserved(conn, connection, skus)
    shelves = _shelves(conn, connection, taken)
    tight = {sku: shelf for sku, shelf in shelves.items() if taken[sku] > shelf.available}
    if not tight:
        return Oversold()
    available = {sku: shelf.available for sku, shelf in tight.items()}
    found = unfilled(available, claims_on(conn, connection, skus, tight))
    return Oversold(orders=found, shelves=tight)


def settle_oversold(conn: sa.Connection, connection: str, found: Oversold, now: datetime) -> int:
    """Open a problem for each SKU that is oversold and clear those that are not any more; how many are new."""
    problems = oversold_problems(connection, found.shelves, found.orders)
    mine = f"{connection} "
    was = [one for one in open_subjects(conn, ProblemKind.OVERSOLD) if one.startswith(mine)]
    return settle_problems(conn, [ProblemKind.OVERSOLD], sorted(was), problems, now)


def _shelves(conn: sa.Connection, connection: str, skus: Collection[str]) -> dict[str, Shelf]:
    numbers = [sa.func.sum(stock.c[name]).label(name) for name in ("available", "on_order", "quarantine")]
    wanted = sa.any_(sa.literal(sorted(skus), sa.ARRAY(sa.Text)))
    statement = (
        sa.select(stock.c.sku, sa.func.min(stock.c.as_of).label("as_of"), *numbers)
        .where(stock.c.connection == connection, stock.c.sku == wanted)
        .group_by(stock.c.sku)
    )
    return {
        row.sku: Shelf(
            available=row.available, as_of=row.as_of, on_order=row.on_order, quarantine=row.quarantine
        )
        for row in conn.execute(statement)
    }
