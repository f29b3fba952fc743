"""How things stand, counted: for the terminal."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.watch.clock import time_left

_ORDERS = sa.text(
    "SELECT state, waiting_on, owner, count(*) AS number, min(confirm_by) AS first_due, now() AS now"
    " FROM report.orders"
    " WHERE state NOT IN ('CLOSED', 'CANCELED', 'FOREIGN')"
    " GROUP BY state, waiting_on, owner ORDER BY min(confirm_by) NULLS LAST, state"
)
_PARCELS = sa.text("SELECT state, count(*) AS number FROM ledger.parcels GROUP BY state ORDER BY state")
_LISTINGS = sa.text("SELECT state, count(*) AS number FROM ledger.listings GROUP BY state ORDER BY state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Open orders as (state, waiting on, owner, number, first due, time left); parcels and listings by state."""

    orders: tuple[tuple[str, str, str, int, str, str], ...]
    parcels: tuple[tuple[str, int], ...]
    listings: tuple[tuple[str, int], ...]


def load_standing(conn: sa.Connection) -> Standing:
    """Open orders by state and by the hop that holds them, parcels and listings by state."""
    orders = conn.execute(_ORDERS).all()
    return Standing(
        orders=tuple(_counted(row) for row in orders),
        parcels=tuple((row.state, row.number) for row in conn.execute(_PARCELS)),
        listings=tuple((row.state, row.number) for row in conn.execute(_LISTINGS)),
    )


def _counted(row: sa.Row[Any]) -> tuple[str, str, str, int, str, str]:
    left = time_left(row.first_due, row.now)
    return row.state, row.waiting_on, row.owner, row.number, _minute(row.first_due), left


def _minute(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
