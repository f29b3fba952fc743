"""How things stand, counted: for the terminal."""

from dataclasses import dataclass

import sqlalchemy as sa

_ORDERS = sa.text(
    "SELECT state, waiting_on, owner, count(*) AS number, min(confirm_by) AS first_due FROM report.orders"
    " WHERE state NOT IN ('CLOSED', 'CANCELED', 'FOREIGN')"
    " GROUP BY state, waiting_on, owner ORDER BY min(confirm_by) NULLS LAST, state"
)
_PARCELS = sa.text("SELECT state, count(*) AS number FROM report.parcels GROUP BY state ORDER BY state")
_LISTINGS = sa.text("SELECT state, count(*) AS number FROM ledger.listings GROUP BY state ORDER BY state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Open orders as (state, waiting on, owner, number, first due), parcels and listings by state."""

    orders: tuple[tuple[str, str, str, int, str], ...]
    parcels: tuple[tuple[str, int], ...]
    listings: tuple[tuple[str, int], ...]


def load_standing(conn: sa.Connection) -> Standing:
    """Open orders by state and by the hop that holds them, parcels and listings by state."""
    orders = conn.execute(_ORDERS).all()
    return Standing(
        orders=tuple(
            (row.state, row.waiting_on, row.owner, row.number, _minute(row.first_due)) for row in orders
        ),
        parcels=tuple((row.state, row.number) for row in conn.execute(_PARCELS)),
        listings=tuple((row.state, row.number) for row in conn.execute(_LISTINGS)),
    )


def _minute(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
