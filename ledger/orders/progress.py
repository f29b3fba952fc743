"""Orders follow their parcels: part dispatched, dispatched, closed."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.orders.order import NEXT_STATES, OrderState
from domain.problems import ProblemKind
from domain.tracking.parcels import SETTLED_PARCELS
from ledger.moves import Move, move_orders
from ledger.problems import clear_problems
from ledger.tables import orders

# What nobody needs to settle any more once every parcel of an order is proven.
_OVER_WHEN_CLOSED = (
    ProblemKind.CANCEL_REQUESTED,
    ProblemKind.CONFIRMED_ELSEWHERE,
    ProblemKind.REJECTED_BY_WAREHOUSE,
    ProblemKind.RELEASE_UNANSWERED,
)


def record_progress(conn: sa.Connection, order_ids: Iterable[int], now: datetime) -> None:
    """Move orders on by what their parcels say: part dispatched, dispatched, closed."""
    ids = sorted(set(order_ids))
    if not ids:
        return
    moves = []
    for row in conn.execute(_PROGRESS, {"ids": ids}).mappings():
        start, end = OrderState(row["state"]), _order_state(row)
        if end is not start and end in NEXT_STATES[start]:
            moves.append(Move(row["id"], start, end, "what its parcels say"))
    moved = move_orders(conn, moves, now)
    closed = [move.id for move in moves if move.end is OrderState.CLOSED and move.id in moved]
    if closed:
        names = conn.scalars(sa.select(orders.c.amazon_order_id).where(orders.c.id.in_(closed))).all()
        clear_problems(conn, _OVER_WHEN_CLOSED, names, now)


_SETTLED_SQL = ", ".join(f"'{state}'" for state in sorted(SETTLED_PARCELS))
_PROGRESS = sa.text(
    f"""
    SELECT o.id, o.state, o.amazon_status,
        (SELECT sum(units) FROM (
            SELECT max(l.quantity / l.per_unit) AS units
            FROM ledger.releases r JOIN ledger.release_lines l ON l.release_id = r.id
            WHERE r.order_id = o.id AND r.state <> 'REJECTED' GROUP BY r.id, l.line_ref) AS released) AS released,
        (SELECT coalesce(sum(pl.quantity), 0) FROM ledger.parcels p
            JOIN ledger.parcel_lines pl ON pl.parcel_id = p.id
            WHERE p.order_id = o.id AND p.state <> 'VOIDED') AS shipped,
        (SELECT count(*) FROM ledger.parcels p WHERE p.order_id = o.id AND p.state <> 'VOIDED') AS parcels,
        (SELECT count(*) FROM ledger.parcels p WHERE p.order_id = o.id
            AND (p.state NOT IN ({_SETTLED_SQL}) OR p.awaits_amazon)) AS unsettled
    FROM ledger.orders o WHERE o.id = ANY(:ids) AND o.state NOT IN ('CANCELED', 'FOREIGN')
    """  # noqa: S608 - the only thing put in is our own list of states
)


def _order_state(row: sa.RowMapping) -> OrderState:
    if not row["parcels"]:
        return OrderState.RELEASED
    # What Amazon took out of the order since leaves nothing to ship, whatever was released.
    whole = row["released"] and row["shipped"] >= row["released"]
    if not whole and not (row["amazon_status"] == AmazonStatus.SHIPPED and not row["unsettled"]):
        return OrderState.PART_DISPATCHED
    return OrderState.DISPATCHED if row["unsettled"] else OrderState.CLOSED
