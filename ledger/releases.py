"""The outbox to the warehouse: intent first, answer after, and whatever was left open is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.maps import ServiceMap, SkuMap
from domain.orders import OrderMaps, OrderState, releasable_lines
from domain.problems import Problem, ProblemKind
from domain.releases import HANDED_OVER, NEXT_RELEASE_STATES, STATE_AFTER, ReleaseState
from domain.warehouse import FulfillmentOrder, ReleaseAnswer, ReleaseLine, order_reference
from ledger.moves import Move, move_orders, move_releases
from ledger.problems import record_problems
from ledger.secrecy import Seal
from ledger.tables import order_lines, orders, release_lines, releases


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseBatch:
    """Releases claimed for one call; `batch` names the call, so that repeating it is harmless."""

    batch: str
    orders: tuple[FulfillmentOrder, ...]


def plan_releases(conn: sa.Connection, account: str, maps: OrderMaps, limit: int, now: datetime) -> int:
    """Write the intent to release the most urgent READY orders; how many."""
    table = orders.c
    statement = (
        sa.select(orders)
        .where(table.seller_account == account, table.state == OrderState.READY)
        .order_by(table.confirm_by, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ready = conn.execute(statement).mappings().all()
    moves = [Move(row["id"], OrderState.READY, OrderState.RELEASING) for row in ready]
    moved = move_orders(conn, moves, now)
    for row in ready:
        if row["id"] in moved:
            _plan_one(conn, row, maps.skus, maps.services, now)
    return len(moved)


def claim_releases(
    conn: sa.Connection, connection: str, seal: Seal, limit: int, now: datetime
) -> ReleaseBatch | None:
    """Take planned releases for one call and mark them SENDING; None when there is nothing to send.

    An order that Amazon canceled after it was planned is not sent.
    """
    statement = (
        sa.select(releases.c.id, releases.c.reference)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(
            releases.c.connection == connection,
            releases.c.state == ReleaseState.PLANNED,
            orders.c.state == OrderState.RELEASING,
        )
        .order_by(orders.c.confirm_by, releases.c.id)
        .limit(limit)
        .with_for_update(of=releases, skip_locked=True)
    )
    ids = [row.id for row in conn.execute(statement)]
    if not ids:
        return None
    batch = f"{now:%Y%m%dT%H%M%SZ}-{ids[0]}"
    move_releases(conn, [Move(row, ReleaseState.PLANNED, ReleaseState.SENDING) for row in ids], now)
    conn.execute(
        releases.update().where(releases.c.id.in_(ids)).values(batch=batch, tries=releases.c.tries + 1)
    )
    return ReleaseBatch(batch=batch, orders=_load(conn, ids, seal))


def record_answers(conn: sa.Connection, answers: Sequence[ReleaseAnswer], now: datetime) -> dict[str, int]:
    """Keep what the warehouse answered to a call; how many of each result."""
    by_reference = {answer.reference: answer for answer in answers}
    statement = (
        sa.select(releases.c.id, releases.c.reference, releases.c.state, releases.c.order_id)
        .where(releases.c.reference.in_(list(by_reference)))
        .with_for_update()
    )
    counts: dict[str, int] = {}
    for row in conn.execute(statement).all():
        answer = by_reference[row.reference]
        start, end = ReleaseState(row.state), STATE_AFTER[answer.result]
        if start is end or end not in NEXT_RELEASE_STATES[start]:
            continue
        move_releases(conn, [Move(row.id, start, end, answer.reason)], now)
        conn.execute(
            releases.update()
            .where(releases.c.id == row.id)
            .values(warehouse_order_id=answer.warehouse_order_id, reason=answer.reason)
        )
        if end in HANDED_OVER or end is ReleaseState.REJECTED:
            move_orders(conn, [Move(row.order_id, OrderState.RELEASING, OrderState.RELEASED)], now)
        counts[end.value] = counts.get(end.value, 0) + 1
    return counts


def doubt_unanswered(conn: sa.Connection, connection: str, now: datetime) -> int:
    """Turn releases that a dead process left in SENDING into UNKNOWN: they are asked about, not resent.

    Only call this while holding the lock on the connection, so that nobody is really sending.
    """
    statement = sa.select(releases.c.id).where(
        releases.c.connection == connection, releases.c.state == ReleaseState.SENDING
    )
    moves = [
        Move(row, ReleaseState.SENDING, ReleaseState.UNKNOWN, "the answer was lost")
        for row in conn.scalars(statement).all()
    ]
    return len(move_releases(conn, moves, now))


def unknown_releases(conn: sa.Connection, connection: str) -> tuple[tuple[str, str], ...]:
    """(batch, reference) of every release whose answer was lost."""
    statement = (
        sa.select(releases.c.batch, releases.c.reference)
        .where(releases.c.connection == connection, releases.c.state == ReleaseState.UNKNOWN)
        .order_by(releases.c.id)
    )
    return tuple((row.batch, row.reference) for row in conn.execute(statement))


def replan_release(conn: sa.Connection, reference: str, now: datetime) -> None:
    """Plan a release again that the warehouse certainly does not have."""
    release_id = conn.scalar(sa.select(releases.c.id).where(releases.c.reference == reference))
    if release_id is not None:
        reason = "the warehouse does not have it"
        move_releases(conn, [Move(release_id, ReleaseState.UNKNOWN, ReleaseState.PLANNED, reason)], now)


def record_overdue(conn: sa.Connection, connection: str, before: datetime, now: datetime) -> int:
    """Open a problem for each release handed over before that moment that nobody answered; how many are new."""
    statement = (
        sa.select(releases.c.reference, orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(
            releases.c.connection == connection,
            releases.c.state.in_([ReleaseState.SUBMITTED, ReleaseState.UNKNOWN]),
            releases.c.sent_at < before,
            orders.c.state == OrderState.RELEASED,
        )
    )
    found = [
        Problem(
            kind=ProblemKind.RELEASE_UNANSWERED,
            subject=row.amazon_order_id,
            summary=f"Order {row.amazon_order_id}: the warehouse {connection} has not answered to {row.reference}.",
            act_by=row.confirm_by,
        )
        for row in conn.execute(statement)
    ]
    return record_problems(conn, found, now)


def _plan_one(
    conn: sa.Connection, order: sa.RowMapping, skus: SkuMap, services: ServiceMap, now: datetime
) -> None:
    rows = conn.execute(sa.select(order_lines).where(order_lines.c.order_id == order["id"])).mappings().all()
    lines = releasable_lines(
        ((row["order_item_id"], row["seller_sku"], row["unfulfilled"]) for row in rows), skus
    )
    units = {row["order_item_id"]: row["unfulfilled"] for row in rows}
    last = sa.select(sa.func.coalesce(sa.func.max(releases.c.release_no), 0)).where(
        releases.c.order_id == order["id"]
    )
    release_no = (conn.scalar(last) or 0) + 1
    new = {
        "order_id": order["id"],
        "release_no": release_no,
        "reference": order_reference(order["amazon_order_id"], release_no),
        "connection": order["connection"],
        "service": services.resolve(order["marketplace_id"], order["service_level"], order["programs"]),
        "state": ReleaseState.PLANNED,
        "planned_at": now,
    }
    release_id = conn.scalar(insert(releases).values(new).returning(releases.c.id))
    conn.execute(release_lines.insert(), [_line_row(release_id, line, units) for line in lines])


def _line_row(release_id: int | None, line: ReleaseLine, units: dict[str, int]) -> dict[str, object]:
    return {
        "release_id": release_id,
        "line_ref": line.line_ref,
        "sku": line.sku,
        "quantity": line.quantity,
        "per_unit": line.quantity // units[line.line_ref],
    }


def _load(conn: sa.Connection, ids: Sequence[int], seal: Seal) -> tuple[FulfillmentOrder, ...]:
    lines: dict[int, list[ReleaseLine]] = {}
    rows = conn.execute(sa.select(release_lines).where(release_lines.c.release_id.in_(ids)))
    for row in rows.mappings():
        line = ReleaseLine(line_ref=row["line_ref"], sku=row["sku"], quantity=row["quantity"])
        lines.setdefault(row["release_id"], []).append(line)
    statement = (
        sa.select(releases, orders.c.amazon_order_id, orders.c.confirm_by, orders.c.deliver_by)
        .add_columns(orders.c.recipient)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(releases.c.id.in_(ids))
        .order_by(orders.c.confirm_by, releases.c.id)
    )
    return tuple(
        FulfillmentOrder(
            reference=row["reference"],
            amazon_order_id=row["amazon_order_id"],
            release_no=row["release_no"],
            ship_by=row["confirm_by"],
            deliver_by=row["deliver_by"],
            service=row["service"],
            recipient=seal.open(row["recipient"], row["amazon_order_id"]),
            lines=tuple(lines[row["id"]]),
        )
        for row in conn.execute(statement).mappings()
    )
