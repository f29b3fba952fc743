"""Orders as rows: what Amazon shows is recorded by the page, and decided in the same transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import AmazonOrder, OrdersPage
from domain.orders.order import (
    CLOSED_STATES,
    ORDER_KINDS,
    OrderDecision,
    OrderMaps,
    OrderState,
    decide_order,
    facts_of,
)
from domain.orders.releases import CancelState, ReleaseState
from domain.problems import Problem, ProblemKind
from ledger.moves import Move, move_orders
from ledger.orders.rows import KnownOrder, claim_known, insert_orders, update_lines, update_orders
from ledger.problems import clear_problems, record_problems, settle_problems
from ledger.secrecy import Seal
from ledger.stock.demand import record_demand
from ledger.tables import releases

# What the warehouse has or may have of a release: neither a plan that never left nor what it rejected.
_MAY_BE_THERE = frozenset(ReleaseState) - {ReleaseState.PLANNED, ReleaseState.REJECTED}
_ENDED_BY_AMAZON = frozenset({OrderState.CANCELED, OrderState.FOREIGN})
# What nobody needs to settle with the warehouse any more once Amazon ended the order.
_OVER_WITH_THE_ORDER = (ProblemKind.REJECTED_BY_WAREHOUSE, ProblemKind.RELEASE_UNANSWERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Under which account, maps and connection a page is recorded."""

    account: str
    connection: str
    maps: OrderMaps
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """What one page changed; `new_in` counts the new orders by marketplace."""

    read: int = 0
    new: int = 0
    new_in: Mapping[str, int] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    unreadable: int = 0
    problems: int = 0


def record_page(
    conn: sa.Connection, page: OrdersPage, context: PageContext, now: datetime
) -> tuple[PageOutcome, dict[str, int]]:
    """Record one page of merchant-fulfilled orders; what changed, and the ledger ids by Amazon order id.

    An answer older than what is already recorded changes nothing: pages overlap on purpose.
    """
    seen = _newest(order for order in page.orders if order.merchant_fulfilled)
    known = claim_known(conn, context.account, list(seen))
    fresh = [
        o for o in seen.values() if o.order_id not in known or o.updated_at >= known[o.order_id].updated_at
    ]
    decisions = {o.order_id: _decide(o, known.get(o.order_id), context.maps) for o in fresh}
    new = [o for o in fresh if o.order_id not in known]
    again = [o for o in fresh if o.order_id in known]
    owner = {"seller_account": context.account, "connection": context.connection}
    ids = {order_id: row.id for order_id, row in known.items()}
    ids |= insert_orders(conn, new, decisions, owner, context.seal, now=now)
    update_orders(conn, again, known, decisions, context.seal, now=now)
    update_lines(conn, fresh, ids)
    record_demand(conn, context.account, new)
    _move(conn, again, known, decisions, now)
    _plan_stops(conn, [ids[order] for order, decision in decisions.items() if decision.stop_at_warehouse])
    opened = _settle(conn, page, {o: d for o, d in decisions.items() if not _was_closed(known.get(o))}, now)
    outcome = PageOutcome(
        read=len(page.orders),
        new=len(new),
        new_in=Counter(order.marketplace_id for order in new),
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


def _decide(seen: AmazonOrder, known: KnownOrder | None, maps: OrderMaps) -> OrderDecision:
    facts = facts_of(seen)
    if known is None:
        return decide_order(facts, None, maps)
    if seen.recipient is None:  # an answer that leaves the address out says nothing about the one we keep
        facts = replace(facts, address_gaps=known.address_gaps)
    facts = replace(facts, confirmed_by_us=known.confirmed, held_by=known.held_by, wanted_by=known.wanted_by)
    return decide_order(facts, known.state, maps, held_by_person=known.held_by_person)


def _was_closed(known: KnownOrder | None) -> bool:
    """Whether an order was settled before this look; what a person has to know of it stays open."""
    return known is not None and known.state in CLOSED_STATES


def _move(
    conn: sa.Connection,
    again: Sequence[AmazonOrder],
    known: Mapping[str, KnownOrder],
    decisions: Mapping[str, OrderDecision],
    now: datetime,
) -> None:
    moves = []
    for order in again:
        row, decision = known[order.order_id], decisions[order.order_id]
        if decision.state is not row.state:
            reason = str(decision.held_for or f"Amazon shows {order.status}")
            moves.append(Move(row.id, row.state, decision.state, reason))
    move_orders(conn, moves, now)


def _plan_stops(conn: sa.Connection, order_ids: Sequence[int]) -> None:
    """Ask the warehouse not to ship what it was or may have been given; a plan never sent is just dropped."""
    if order_ids:
        conn.execute(
            releases.update()
            .where(
                releases.c.order_id.in_(order_ids),
                releases.c.cancel_state == CancelState.NONE,
                releases.c.state.in_(_MAY_BE_THERE),
            )
            .values(cancel_state=CancelState.PLANNED, cancel_reason="Amazon canceled the order")
        )


def _settle(
    conn: sa.Connection, page: OrdersPage, decisions: Mapping[str, OrderDecision], now: datetime
) -> int:
    """Make what people see of these orders what this look found; how many problems are new."""
    found = [problem for decision in decisions.values() for problem in decision.problems]
    opened = settle_problems(conn, ORDER_KINDS, list(decisions), found, now)
    over = [order for order, decision in decisions.items() if decision.state in _ENDED_BY_AMAZON]
    clear_problems(conn, _OVER_WITH_THE_ORDER, over, now)
    clear_problems(conn, [ProblemKind.ORDER_UNREADABLE], [order.order_id for order in page.orders], now)
    unreadable = [
        Problem(
            kind=ProblemKind.ORDER_UNREADABLE,
            subject=order.order_id,
            summary=f"Order {order.order_id} could not be read: {order.reason}.",
        )
        for order in page.unreadable
    ]
    return opened + record_problems(conn, unreadable, now)
