"""Orders by the moment they are due: found through an index over a window, never over all of history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.health.rates import Hop, Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What became of the orders due in a window, by count.

    `pending` wait for their payment: nobody can ship them, so they are neither late nor open.
    """

    in_time: int = 0
    late: int = 0
    elsewhere: int = 0
    open: int = 0
    pending: int = 0
    canceled: int = 0

    @property
    def rate(self) -> Rate:
        """The late ones of those whose end is known."""
        return Rate(self.late, self.in_time + self.late)


# When Amazon had a parcel. What it confirms itself counts from the moment we knew of the parcel.
TOLD_AT = """CASE WHEN state = 'NOT_REQUIRED' AND NOT awaits_amazon
                THEN coalesce(first_accepted_at, known_at) ELSE first_accepted_at END"""

# When every unit that was handed to the warehouse had been told to Amazon for the first time. A parcel that the
# warehouse took back since had been told, too, and one that came on top of the whole order is not waited for.
COVERED_AT = f"""
    SELECT CASE WHEN bool_and(covered_at IS NOT NULL) THEN max(covered_at) END AS covered_at
    FROM (
        SELECT min(told.at) FILTER (WHERE told.units >= wanted.units) AS covered_at
        FROM (
            SELECT line_ref, sum(units) AS units
            FROM (
                SELECT l.line_ref, max(l.quantity / l.per_unit) AS units
                FROM ledger.releases r JOIN ledger.release_lines l ON l.release_id = r.id
                WHERE r.order_id = o.id AND r.state <> 'REJECTED' GROUP BY r.id, l.line_ref
            ) one GROUP BY line_ref
        ) wanted
        LEFT JOIN (
            SELECT pl.order_item_id, one.at,
                sum(pl.quantity) OVER (PARTITION BY pl.order_item_id ORDER BY one.at) AS units
            FROM (SELECT id, {TOLD_AT} AS at FROM ledger.parcels WHERE order_id = o.id) one
            JOIN ledger.parcel_lines pl ON pl.parcel_id = one.id WHERE one.at IS NOT NULL
        ) told ON told.order_item_id = wanted.line_ref
        GROUP BY wanted.line_ref
    ) line
"""  # noqa: S608 - our own words only

# An order is confirmed when all of it has left and every parcel of it that must be told was accepted, or when all
# its units had been before; the first time counts. When somebody else confirmed an order, only the moment is known
# at which we saw it. What is in time by its parcels as they are now needs no second look, and
# OFFSET 0 has PostgreSQL look once.
_LOAD = sa.text(
    f"""
    CREATE TEMPORARY TABLE due ON COMMIT DROP AS
    SELECT o.id, o.amazon_order_id, o.marketplace_id, o.confirm_by, o.state, o.imported_at, o.released_at,
        o.accepted_at, p.known_at, t.confirmed_at,
        CASE
            WHEN o.state = 'CANCELED' THEN 'canceled'
            WHEN o.state = 'PENDING' THEN 'pending'
            WHEN o.state = 'FOREIGN' OR (o.state = 'CLOSED' AND p.known_at IS NULL) THEN
                CASE WHEN t.confirmed_at <= o.confirm_by THEN 'in_time' ELSE 'elsewhere' END
            WHEN t.confirmed_at <= o.confirm_by THEN 'in_time'
            WHEN t.confirmed_at IS NOT NULL OR o.confirm_by <= :now THEN 'late'
            ELSE 'open'
        END AS outcome
    FROM ledger.orders o
    LEFT JOIN LATERAL (
        SELECT min(known_at) FILTER (WHERE stands) AS known_at, max(told_at) FILTER (WHERE stands) AS told_at,
            bool_and(told_at IS NOT NULL) FILTER (WHERE stands) AS all_told, min(told_at) AS first_told_at
        FROM (
            SELECT known_at, state <> 'VOIDED' AS stands, {TOLD_AT} AS told_at
            FROM ledger.parcels WHERE order_id = o.id AND joined = ''
        ) one
    ) p ON true
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN o.state = 'FOREIGN' THEN
                (SELECT min(at) FROM ledger.order_history WHERE order_id = o.id AND to_state = 'FOREIGN')
            WHEN o.state IN ('DISPATCHED', 'CLOSED') AND p.all_told THEN p.told_at
        END AS confirmed_at OFFSET 0
    ) now_told
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN o.state IN ('CANCELED', 'FOREIGN') OR p.first_told_at IS NULL
                OR now_told.confirmed_at <= o.confirm_by THEN now_told.confirmed_at
            ELSE least(now_told.confirmed_at, ({COVERED_AT}))
        END AS confirmed_at OFFSET 0
    ) t
    WHERE o.seller_account = :account AND o.marketplace_id = :marketplace_id
        AND o.confirm_by > :since AND o.confirm_by <= :until
    """  # noqa: S608 - our own words only
)
_COUNT = sa.text(
    "SELECT outcome, count(*) AS orders FROM due"
    " WHERE confirm_by > :since AND confirm_by <= :until GROUP BY outcome"
)
_HOP = """
    CASE WHEN known_at <= {at} THEN 'NOT_CONFIRMED' WHEN accepted_at <= {at} THEN 'NOT_DISPATCHED'
        WHEN released_at <= {at} THEN 'NOT_ACCEPTED' ELSE 'NOT_CROSSED' END
"""
_HELD = sa.text(
    f"SELECT {_HOP.format(at=':now')} AS hop, count(*) AS orders FROM due"  # noqa: S608 - our own words only
    " WHERE outcome = 'open' AND confirm_by <= :until GROUP BY hop"
)
_USUAL = sa.text(
    f"SELECT {_HOP.format(at='(confirm_by - :left)')} AS hop, count(*) AS orders,"  # noqa: S608 - the same
    " count(*) FILTER (WHERE outcome = 'late') AS late FROM due"
    " WHERE confirm_by <= :now AND outcome IN ('in_time', 'late') AND imported_at <= confirm_by - :left"
    " AND (confirmed_at IS NULL OR confirmed_at > confirm_by - :left) GROUP BY hop"
)


def load_due(
    conn: sa.Connection, place: tuple[str, str], since: datetime, until: datetime, now: datetime
) -> None:
    """Put the orders of a seller account and marketplace that are due after `since`, until `until`, where the other
    questions of this transaction find them (a temporary table).
    """
    account, marketplace_id = place
    conn.execute(sa.text("DROP TABLE IF EXISTS pg_temp.due"))
    where = {"account": account, "marketplace_id": marketplace_id}
    conn.execute(_LOAD, {**where, "since": since, "until": until, "now": now})
    conn.execute(sa.text("ANALYZE due"))


def count_due(conn: sa.Connection, since: datetime, until: datetime) -> Counted:
    """What became of the loaded orders due after `since`, until `until`."""
    rows = conn.execute(_COUNT, {"since": since, "until": until})
    return Counted(**{row.outcome: row.orders for row in rows})


def held_by_hop(conn: sa.Connection, until: datetime, now: datetime) -> Mapping[Hop, int]:
    """The loaded orders that are open and can still be confirmed in time, due until a moment, by hop."""
    return {Hop[row.hop]: row.orders for row in conn.execute(_HELD, {"until": until, "now": now})}


def usual_by_hop(conn: sa.Connection, left: timedelta, now: datetime) -> Mapping[Hop, Rate]:
    """What became of the loaded orders that a hop held when so much time was left to them, by hop."""
    rows = conn.execute(_USUAL, {"left": left, "now": now})
    return {Hop[row.hop]: Rate(row.late, row.orders) for row in rows}
