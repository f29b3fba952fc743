"""Orders that wait for a person: decided again whenever the maps may have changed, forgotten when done."""

from collections import Counter
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.orders import ORDER_KINDS, OrderFacts, OrderMaps, OrderState, decide_order
from ledger.moves import Move, move_orders
from ledger.problems import settle_problems
from ledger.tables import order_lines, orders

# The seller SKUs of lines with units left to ship; NULL when there is none.
_OPEN_SKUS = sa.func.array_agg(order_lines.c.seller_sku).filter(order_lines.c.unfulfilled > 0)


def review_held(conn: sa.Connection, account: str, maps: OrderMaps, now: datetime) -> dict[str, int]:
    """Decide held and ready orders again with today's maps; how many now are in which state."""
    table = orders.c
    statement = (
        sa.select(orders, _OPEN_SKUS.label("skus"))
        .join(order_lines, order_lines.c.order_id == table.id)
        .where(table.seller_account == account, table.state.in_([OrderState.HELD, OrderState.READY]))
        .group_by(table.id)
    )
    moves: list[Move[OrderState]] = []
    for row in conn.execute(statement).mappings().all():
        state = OrderState(row["state"])
        decision = decide_order(_facts(row), state, maps, held_by_person=row["held_by_person"])
        settle_problems(conn, ORDER_KINDS, [row["amazon_order_id"]], decision.problems, now)
        if decision.state is not state:
            moves.append(Move(row["id"], state, decision.state, "the maps changed"))
            conn.execute(
                orders.update().where(table.id == row["id"]).values(held_for=str(decision.held_for or ""))
            )
    moved = move_orders(conn, moves, now)
    return Counter(move.end.value for move in moves if move.id in moved)


def purge_recipients(conn: sa.Connection, before: datetime) -> int:
    """Forget whom closed orders went to when they were due at the buyer before that moment (UTC)."""
    due = sa.func.coalesce(orders.c.deliver_by, orders.c.confirm_by, orders.c.amazon_created_at)
    done = orders.c.state.in_([OrderState.CLOSED, OrderState.CANCELED, OrderState.FOREIGN])
    statement = (
        orders.update().where(orders.c.recipient.is_not(None), done, due < before).values(recipient=None)
    )
    return conn.execute(statement).rowcount


def _facts(row: sa.RowMapping) -> OrderFacts:
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
    )
