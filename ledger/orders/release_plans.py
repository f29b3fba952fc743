"""The intent to release: what is ready becomes a numbered release with its lines, before anybody is told."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.maps import ServiceMap, SkuMap
from domain.orders.order import OrderMaps, OrderState, releasable_lines
from domain.orders.releases import ReleaseState
from domain.problems import Problem, ProblemKind
from domain.warehouse import ReleaseLine, order_reference
from ledger.moves import Move, move_orders
from ledger.problems import record_problems
from ledger.tables import order_lines, orders, release_lines, releases

# What is wrong with one order's rows: a name that is gone, or more units than can be kept.
_CANNOT_BE_WRITTEN = (sa.exc.IntegrityError, sa.exc.DataError)


def plan_releases(conn: sa.Connection, account: str, maps: OrderMaps, limit: int, now: datetime) -> int:
    """Write the intent to release the most urgent READY orders; how many."""
    table = orders.c
    statement = (
        sa.select(orders)
        .where(table.seller_account == account, table.state == OrderState.READY)
        .order_by(table.confirm_by, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    ready = conn.execute(statement).mappings().all()
    try:
        with conn.begin_nested():
            return _plan(conn, ready, maps, now)
    except _CANNOT_BE_WRITTEN:  # one of them cannot be planned: it must not keep the others
        return sum(_plan_alone(conn, row, maps, now) for row in ready)


def _plan(conn: sa.Connection, ready: Sequence[sa.RowMapping], maps: OrderMaps, now: datetime) -> int:
    """Plan what can be planned whole; the rest stays READY, and the next look at it holds it."""
    lines = lines_to_release(conn, [row["id"] for row in ready], maps.skus)
    moves = [Move(row["id"], OrderState.READY, OrderState.RELEASING) for row in ready if row["id"] in lines]
    ids = move_orders(conn, moves, now)
    planned = [row for row in ready if row["id"] in ids]
    if not planned:
        return 0
    last = sa.select(releases.c.order_id, sa.func.max(releases.c.release_no)).group_by(releases.c.order_id)
    numbers = {row[0]: row[1] for row in conn.execute(last.where(releases.c.order_id.in_(ids)))}
    new = [_release_row(row, numbers.get(row["id"], 0) + 1, maps.services, now) for row in planned]
    statement = insert(releases).returning(releases.c.order_id, releases.c.id)
    made = {row[0]: row[1] for row in conn.execute(statement, new)}
    parts = [{"release_id": made[order]} | part for order in sorted(ids) for part in lines[order]]
    conn.execute(release_lines.insert(), parts)
    return len(planned)


def lines_to_release(
    conn: sa.Connection, ids: Sequence[int], skus: SkuMap
) -> dict[int, list[dict[str, object]]]:
    """Release lines by order, for orders that have something to ship and every SKU of it mapped."""
    open_lines = sa.select(order_lines).where(order_lines.c.order_id.in_(ids), order_lines.c.unfulfilled > 0)
    found: dict[int, list[dict[str, object]]] = {}
    unmapped: set[int] = set()
    for row in conn.execute(open_lines.order_by(order_lines.c.order_item_id)).mappings():
        units = row["unfulfilled"]
        parts = releasable_lines([(row["order_item_id"], row["seller_sku"], units)], skus)
        unmapped |= set() if parts else {row["order_id"]}
        found.setdefault(row["order_id"], []).extend(_line_row(part, units) for part in parts)
    return {order: parts for order, parts in found.items() if order not in unmapped}


def _plan_alone(conn: sa.Connection, order: sa.RowMapping, maps: OrderMaps, now: datetime) -> int:
    try:
        with conn.begin_nested():
            return _plan(conn, [order], maps, now)
    except _CANNOT_BE_WRITTEN:
        name = order["amazon_order_id"]
        summary = (
            f"Order {name}: its release cannot be written; was its seller account or its SKU map changed?"
        )
        kind = ProblemKind.ORDER_UNREADABLE
        record_problems(
            conn, [Problem(kind=kind, subject=name, summary=summary, act_by=order["confirm_by"])], now
        )
        return 0


def _release_row(
    order: sa.RowMapping, release_no: int, services: ServiceMap, now: datetime
) -> dict[str, object]:
    return {
        "order_id": order["id"],
        "release_no": release_no,
        "reference": order_reference(order["amazon_order_id"], release_no),
        "connection": order["connection"],
        "service": services.resolve(order["marketplace_id"], order["service_level"], order["programs"]),
        "state": ReleaseState.PLANNED,
        "planned_at": now,
    }


def _line_row(line: ReleaseLine, units: int) -> dict[str, object]:
    return {
        "line_ref": line.line_ref,
        "sku": line.sku,
        "quantity": line.quantity,
        "per_unit": line.quantity // units,
    }
