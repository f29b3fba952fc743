"""The clock on every open order, and the gaps it shows: read from what is open and from the last hours only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from domain.watch.clock import Hop
from domain.watch.gaps import (
    LATE_IS_NEWS_FOR,
    THROTTLE_WINDOW,
    CallCount,
    LateConfirm,
    OpenOrder,
    confirmed_late,
    not_crossed,
    picking_delay,
    throttled,
)
from ledger.problems import open_subjects, settle_problems
from ledger.watch.hops import JOINS, OPEN

_LOOK_BACK = timedelta(days=1)  # confirms older than this were seen when they were new

_ORDERS = sa.text(
    f"""
    SELECT o.amazon_order_id, o.seller_account, o.connection, h.hop, o.held_for, o.confirm_by,
        CASE WHEN h.hop = '{Hop.NOT_CROSSED}' THEN coalesce(
            (SELECT max(at) FROM ledger.order_history WHERE order_id = o.id AND to_state = 'READY'), o.imported_at
        ) END AS ready_at
    FROM ledger.orders o {JOINS}
    WHERE {OPEN} ORDER BY o.confirm_by NULLS LAST, o.id
    """  # noqa: S608 - put together from our own words only
)
# The latest of an order's parcels speaks. What was told once is not looked up again: who held it takes a while.
_LATE = sa.text(
    """
    WITH new AS MATERIALIZED (
        SELECT DISTINCT o.seller_account, o.amazon_order_id
        FROM ledger.parcels p JOIN ledger.orders o ON o.id = p.order_id
        WHERE p.first_accepted_at >= :since AND p.first_accepted_at > o.confirm_by
            AND NOT EXISTS (
                SELECT FROM ledger.problems WHERE kind = 'confirmed_late' AND subject = o.amazon_order_id
            )
    )
    SELECT DISTINCT ON (l.amazon_order_id) l.amazon_order_id AS order_id, l.seller_account, l.confirm_by,
        l.accepted_at, l.late_by
    FROM new JOIN report.lateness l USING (seller_account, amazon_order_id)
    WHERE l.accepted_at >= :since AND l.accepted_at > l.confirm_by AND l.late_by <> ''
    ORDER BY l.amazon_order_id, l.accepted_at DESC
    """
)
_OVER = sa.text(
    "SELECT subject FROM ledger.problems WHERE kind = 'confirmed_late' AND cleared_at IS NULL"
    " AND (acknowledged_at IS NOT NULL OR opened_at <= :before)"
)
_CALLS = sa.text(
    "SELECT stranger, operation, count(*) AS calls, count(*) FILTER (WHERE outcome ~ '^429') AS refused"
    " FROM ledger.calls WHERE at > :since GROUP BY stranger, operation ORDER BY stranger, operation"
)


def open_orders(conn: sa.Connection) -> tuple[OpenOrder, ...]:
    """Every order that is not done and the hop that holds it, the first due first."""
    return tuple(
        OpenOrder(
            order_id=order_id,
            seller_account=account,
            connection=connection,
            hop=Hop(hop),
            held_for=held_for,
            confirm_by=confirm_by,
            ready_at=ready_at,
        )
        for order_id, account, connection, hop, held_for, confirm_by, ready_at in conn.execute(_ORDERS)
    )


def settle_gaps(conn: sa.Connection, waiting: Sequence[OpenOrder], now: datetime) -> int:
    """Make the open problems of the watch's own kinds what there is now; how many are new.

    `waiting` is what `open_orders` read in the same transaction.
    """
    crossing = [found for order in waiting if (found := not_crossed(order, now))]
    picking = [found for order in waiting if (found := picking_delay(order, now))]
    counts = [CallCount(**row) for row in conn.execute(_CALLS, {"since": now - THROTTLE_WINDOW}).mappings()]
    limits = [found for count in counts if (found := throttled(count))]
    return (
        _settle(conn, ProblemKind.ORDER_NOT_CROSSED, crossing, now)
        + _settle(conn, ProblemKind.PICKING_DELAY, picking, now)
        + _settle(conn, ProblemKind.THROTTLED, limits, now)
        + _settle_late(conn, now)
    )


def _settle(conn: sa.Connection, kind: ProblemKind, found: Sequence[Problem], now: datetime) -> int:
    return settle_problems(conn, [kind], open_subjects(conn, kind), found, now)


def _settle_late(conn: sa.Connection, now: datetime) -> int:
    """A late confirm stays until somebody acknowledges it, or until it is no news any more."""
    rows = conn.execute(_LATE, {"since": now - _LOOK_BACK}).mappings()
    found = [confirmed_late(LateConfirm(**row)) for row in rows]
    over = conn.scalars(_OVER, {"before": now - LATE_IS_NEWS_FOR}).all()
    return settle_problems(conn, [ProblemKind.CONFIRMED_LATE], over, found, now)
