"""Orders that wait for a person: decided again whenever the maps may have changed, forgotten when done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.orders.order import ORDER_KINDS, OrderFacts, OrderMaps, OrderState, decide_order
from ledger.moves import Move, move_orders
from ledger.orders.rows import update_held_for
from ledger.problems import settle_problems
from ledger.tables import order_lines, orders, parcels

# The seller SKUs of lines with units left to ship; NULL when there is none.
_OPEN_SKUS = (
    sa.select(sa.func.array_agg(order_lines.c.seller_sku))
    .where(order_lines.c.order_id == orders.c.id, order_lines.c.unfulfilled > 0)
    .scalar_subquery()
)
# Whom these go to is still needed, or somebody is asked about it; of all others Amazon lets us keep it 30 days.
_NEEDS_RECIPIENT = (OrderState.PENDING, OrderState.READY, OrderState.HELD, OrderState.RELEASING)


def review_held(conn: sa.Connection, account: str, maps: OrderMaps, now: datetime) -> dict[str, int]:
    """Decide held and ready orders again with today's maps; how many now are in which state."""
    waiting = (orders.c.seller_account == account, orders.c.state.in_([OrderState.HELD, OrderState.READY]))
    return _review(conn, _claim(conn, *waiting), maps, "the maps changed", now)


def review_order(conn: sa.Connection, order_id: int, maps: OrderMaps, reason: str, now: datetime) -> None:
    """Decide one order again after a person decided about it; `reason` says who and what."""
    confirmed = sa.exists().where(parcels.c.order_id == order_id, parcels.c.first_accepted_at.is_not(None))
    by_us = {"confirmed": conn.scalar(sa.select(confirmed))}
    rows = [{**row, **by_us} for row in _claim(conn, orders.c.id == order_id)]
    _review(conn, rows, maps, reason, now)


def _review(
    conn: sa.Connection, rows: Sequence[Mapping[Any, Any]], maps: OrderMaps, reason: str, now: datetime
) -> dict[str, int]:
    decided = [
        (row, decide_order(_facts(row), OrderState(row["state"]), maps, held_by_person=row["held_by_person"]))
        for row in rows
    ]
    found = [problem for _, decision in decided for problem in decision.problems]
    settle_problems(conn, ORDER_KINDS, [row["amazon_order_id"] for row, _ in decided], found, now)
    reasons = {row["id"]: (row["held_for"], str(decision.held_for or "")) for row, decision in decided}
    update_held_for(conn, {order: after for order, (before, after) in reasons.items() if after != before})
    moves = [
        Move(row["id"], OrderState(row["state"]), decision.state, reason)
        for row, decision in decided
        if decision.state != row["state"]
    ]
    moved = move_orders(conn, moves, now)
    return Counter(move.end.value for move in moves if move.id in moved)


def purge_recipients(conn: sa.Connection, before: datetime) -> int:
    """Forget whom orders went to when they were due at the buyer before that moment (UTC).

    How an order ended does not matter, nor whether it has: it is enough that the warehouse was given it.
    """
    due = sa.func.coalesce(orders.c.deliver_by, orders.c.confirm_by, orders.c.amazon_created_at)
    given = orders.c.state.not_in(_NEEDS_RECIPIENT)
    statement = (
        orders.update().where(orders.c.recipient.is_not(None), given, due < before).values(recipient=None)
    )
    return conn.execute(statement).rowcount


def _claim(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> list[sa.RowMapping]:
    table = orders.c
    columns = [column for column in table if column is not table.recipient]
    statement = (
        sa.select(*columns, _OPEN_SKUS.label("skus"))
        .where(*which)
        .order_by(table.id)
        .with_for_update(of=orders, key_share=True)
    )
    return list(conn.execute(statement).mappings())


def _facts(row: Mapping[Any, Any]) -> OrderFacts:
    return OrderFacts(
        order_id=row["amazon_order_id"],
        marketplace_id=row["marketplace_id"],
        status=AmazonStatus(row["amazon_status"]),
        service_level=row["service_level"],
        programs=tuple(row["programs"]),
        confirm_by=row["confirm_by"],
        seller_skus=tuple(row["skus"] or ()),
        cancel_requested=row["cancel_requested"],
        address_gaps=tuple(row["address_gaps"]),
        confirmed_by_us=row.get("confirmed", False),  # before the release there is nothing to confirm
        held_by=row["held_by"],
        wanted_by=row["wanted_by"],
    )
