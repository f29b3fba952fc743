"""Orders as rows: what Amazon shows is recorded by the page, and decided in the same transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import AmazonOrder, OrdersPage
from domain.orders import (
    CLOSED_STATES,
    ORDER_KINDS,
    OrderDecision,
    OrderMaps,
    OrderState,
    decide_order,
    facts_of,
)
from domain.problems import Problem, ProblemKind
from domain.releases import CancelState, ReleaseState
from ledger.moves import Move, move_orders
from ledger.problems import clear_problems, record_problems, settle_problems
from ledger.secrecy import Seal
from ledger.tables import order_history, order_lines, orders, releases


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Under which account, maps and connection a page is recorded."""

    account: str
    connection: str
    maps: OrderMaps
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """What one page changed."""

    read: int = 0
    new: int = 0
    decided: Mapping[str, int] = field(default_factory=dict)
    unreadable: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    state: OrderState
    updated_at: datetime
    held_by_person: bool


def record_page(
    conn: sa.Connection, page: OrdersPage, context: PageContext, now: datetime
) -> tuple[PageOutcome, dict[str, int]]:
    """Record one page of merchant-fulfilled orders; what changed, and the ledger ids by Amazon order id.

    An answer older than what is already recorded changes nothing: pages overlap on purpose.
    """
    seen = _newest(order for order in page.orders if order.merchant_fulfilled)
    known = _claim_known(conn, context.account, list(seen))
    fresh = [
        o for o in seen.values() if o.order_id not in known or o.updated_at >= known[o.order_id].updated_at
    ]
    decisions = {o.order_id: _decide(o, known.get(o.order_id), context.maps) for o in fresh}
    new = [o for o in fresh if o.order_id not in known]
    ids = {order_id: row.id for order_id, row in known.items()} | _insert(conn, new, decisions, context, now)
    _update(conn, [o for o in fresh if o.order_id in known], known, context)
    _replace_lines(conn, fresh, ids)
    _move(conn, fresh, known, decisions, now)
    _plan_stops(conn, [ids[order] for order, decision in decisions.items() if decision.stop_at_warehouse])
    opened = _settle(conn, page, {o: d for o, d in decisions.items() if not _was_closed(known.get(o))}, now)
    outcome = PageOutcome(
        read=len(page.orders),
        new=len(new),
        decided=Counter(decision.state.value for decision in decisions.values()),
        unreadable=len(page.unreadable),
        problems=opened,
    )
    return outcome, ids


def _newest(page: Iterable[AmazonOrder]) -> dict[str, AmazonOrder]:
    newest: dict[str, AmazonOrder] = {}
    for order in page:
        if order.order_id not in newest or newest[order.order_id].updated_at <= order.updated_at:
            newest[order.order_id] = order
    return newest


def _claim_known(conn: sa.Connection, account: str, order_ids: Sequence[str]) -> dict[str, _Known]:
    table = orders.c
    statement = (
        sa.select(table.amazon_order_id, table.id, table.state, table.amazon_updated_at, table.held_by_person)
        .where(
            table.seller_account == account,
            table.amazon_order_id == sa.any_(sa.literal(list(order_ids), sa.ARRAY(sa.Text))),
        )
        .order_by(table.id)
        .with_for_update()
    )
    return {row[0]: _Known(row[1], OrderState(row[2]), row[3], row[4]) for row in conn.execute(statement)}


def _decide(seen: AmazonOrder, known: _Known | None, maps: OrderMaps) -> OrderDecision:
    state, held = (known.state, known.held_by_person) if known else (None, False)
    return decide_order(facts_of(seen), state, maps, held_by_person=held)


def _was_closed(known: _Known | None) -> bool:
    """Whether an order was settled before this look; what a person has to know of it stays open."""
    return known is not None and known.state in CLOSED_STATES


def _insert(
    conn: sa.Connection,
    new: Sequence[AmazonOrder],
    decisions: Mapping[str, OrderDecision],
    context: PageContext,
    now: datetime,
) -> dict[str, int]:
    if not new:
        return {}
    rows = []
    for order in new:
        decision = decisions[order.order_id]
        canceled = now if decision.state is OrderState.CANCELED else None
        fixed = {
            "seller_account": context.account,
            "connection": context.connection,
            "amazon_order_id": order.order_id,
            "marketplace_id": order.marketplace_id,
            "amazon_created_at": order.created_at,
            "state": decision.state,
            "imported_at": now,
            "canceled_at": canceled,
            "held_for": str(decision.held_for or ""),
        }
        rows.append(fixed | _amazon_columns(order, context.seal))
    statement = insert(orders).values(rows).returning(orders.c.amazon_order_id, orders.c.id)
    ids = {row[0]: row[1] for row in conn.execute(statement)}
    history = [
        {"order_id": ids[o.order_id], "at": now, "from_state": None, "to_state": decisions[o.order_id].state}
        for o in new
    ]
    conn.execute(order_history.insert().values(history))
    return ids


def _amazon_columns(order: AmazonOrder, seal: Seal) -> dict[str, Any]:
    recipient = order.recipient
    return {
        "amazon_status": order.status,
        "service_level": order.service_level,
        "programs": list(order.programs),
        "address_gaps": list(facts_of(order).address_gaps),
        "cancel_requested": order.cancel_requested,
        "amazon_updated_at": order.updated_at,
        "confirm_by": order.confirm_by,
        "deliver_by": order.deliver_by,
        "recipient": seal.close(recipient, order.order_id) if recipient else None,
    }


def _update(
    conn: sa.Connection,
    again: Sequence[AmazonOrder],
    known: Mapping[str, _Known],
    context: PageContext,
) -> None:
    for order in again:
        columns = _amazon_columns(order, context.seal)
        # Amazon stops showing a phone, later the whole address, of orders that shipped: keep the better one.
        if columns["recipient"] is None or known[order.order_id].state not in (
            OrderState.PENDING,
            OrderState.READY,
            OrderState.HELD,
        ):
            del columns["recipient"]
            del columns["address_gaps"]
        conn.execute(orders.update().where(orders.c.id == known[order.order_id].id).values(columns))


def _replace_lines(conn: sa.Connection, fresh: Sequence[AmazonOrder], ids: Mapping[str, int]) -> None:
    rows = [
        {
            "order_id": ids[order.order_id],
            "order_item_id": line.order_item_id,
            "seller_sku": line.seller_sku,
            "quantity": line.quantity,
            "unfulfilled": line.unfulfilled,
        }
        for order in fresh
        for line in order.lines
    ]
    if not rows:
        return
    statement = insert(order_lines).values(rows)
    changed = {name: statement.excluded[name] for name in ("seller_sku", "quantity", "unfulfilled")}
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[order_lines.c.order_id, order_lines.c.order_item_id], set_=changed
        )
    )


def _move(
    conn: sa.Connection,
    fresh: Sequence[AmazonOrder],
    known: Mapping[str, _Known],
    decisions: Mapping[str, OrderDecision],
    now: datetime,
) -> None:
    moves = []
    for order in fresh:
        row, decision = known.get(order.order_id), decisions[order.order_id]
        if row is None:
            continue
        if decision.state is not row.state:
            reason = str(decision.held_for or f"Amazon shows {order.status}")
            moves.append(Move(row.id, row.state, decision.state, reason))
        if decision.state is OrderState.HELD or row.state is OrderState.HELD:
            held_for = str(decision.held_for or "")
            conn.execute(orders.update().where(orders.c.id == row.id).values(held_for=held_for))
    move_orders(conn, moves, now)


def _plan_stops(conn: sa.Connection, order_ids: Sequence[int]) -> None:
    """Ask the warehouse not to ship what it was or may have been given; a plan never sent is just dropped."""
    if order_ids:
        conn.execute(
            releases.update()
            .where(
                releases.c.order_id.in_(order_ids),
                releases.c.cancel_state == CancelState.NONE,
                releases.c.state != ReleaseState.PLANNED,
            )
            .values(cancel_state=CancelState.PLANNED, cancel_reason="Amazon canceled the order")
        )


def _settle(
    conn: sa.Connection, page: OrdersPage, decisions: Mapping[str, OrderDecision], now: datetime
) -> int:
    found = [problem for decision in decisions.values() for problem in decision.problems]
    opened = settle_problems(conn, ORDER_KINDS, list(decisions), found, now)
    unreadable = [
        Problem(
            kind=ProblemKind.ORDER_UNREADABLE,
            subject=order.order_id,
            summary=f"Order {order.order_id} could not be read: {order.reason}.",
        )
        for order in page.unreadable
    ]
    clear_problems(conn, [ProblemKind.ORDER_UNREADABLE], list(decisions), now)
    return opened + record_problems(conn, unreadable, now)
