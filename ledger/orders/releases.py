"""The outbox to the warehouse: intent first, answer after, and whatever was left open is asked about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.orders.order import OrderState
from domain.orders.releases import (
    ANSWERS_AT_SOONEST,
    HANDED_OVER,
    NEXT_RELEASE_STATES,
    STATE_AFTER,
    ReleaseState,
    is_overdue,
)
from domain.problems import Problem, ProblemKind
from domain.warehouse import FulfillmentOrder, ReleaseAnswer, ReleaseLine
from ledger.moves import Move, move_orders, move_releases
from ledger.orders.renewals import renew_claimed
from ledger.problems import record_problems
from ledger.secrecy import Seal
from ledger.tables import orders, release_lines, releases


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseBatch:
    """Releases claimed for one call; `batch` names the call, so that repeating it is harmless."""

    batch: str
    orders: tuple[FulfillmentOrder, ...]


def claim_releases(
    conn: sa.Connection, connection: str, seal: Seal, limit: int, now: datetime
) -> ReleaseBatch | None:
    """Take planned releases for one call and mark them SENDING; None when there is nothing to send.

    An order that Amazon canceled after it was planned is not sent, nor one that a person stopped. What is sent for
    the first time follows the maps in force, whatever it was planned with.
    """
    statement = (
        sa.select(releases.c.id, releases.c.reference)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(
            releases.c.connection == connection,
            releases.c.state == ReleaseState.PLANNED,
            orders.c.state == OrderState.RELEASING,
            orders.c.held_by_person.is_(False),
        )
        .order_by(orders.c.confirm_by, releases.c.id)
        .limit(limit)
        .with_for_update(
            of=[releases, orders], skip_locked=True, key_share=True
        )  # a cancellation meanwhile is seen
    )
    ids = [row.id for row in conn.execute(statement)]
    if not ids:
        return None
    batch = f"{now:%Y%m%dT%H%M%SZ}-{ids[0]}"
    renewed = renew_claimed(conn, ids)
    start, end = ReleaseState.PLANNED, ReleaseState.SENDING
    move_releases(
        conn, [Move(row, start, end, "the maps changed" if row in renewed else "") for row in ids], now
    )
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
        .with_for_update(key_share=True)
    )
    steps: list[Move[ReleaseState]] = []
    words: list[dict[str, object]] = []
    over: list[Move[OrderState]] = []
    for row in conn.execute(statement).all():
        answer = by_reference[row.reference]
        start, end = ReleaseState(row.state), STATE_AFTER[answer.result]
        if start is end or end not in NEXT_RELEASE_STATES[start]:
            continue
        steps.append(Move(row.id, start, end, answer.reason))
        words.append(
            {"row_id": row.id, "warehouse_order_id": answer.warehouse_order_id, "reason": answer.reason}
        )
        if end in HANDED_OVER or end is ReleaseState.REJECTED:
            over.append(Move(row.order_id, OrderState.RELEASING, OrderState.RELEASED))
    moved = move_releases(conn, steps, now)
    if words:
        conn.execute(releases.update().where(releases.c.id == sa.bindparam("row_id")), words)
    move_orders(conn, over, now)
    _note_direct_answers(conn, [step for step in steps if step.id in moved], now)
    return Counter(step.end.value for step in steps if step.id in moved)


def _note_direct_answers(conn: sa.Connection, steps: Sequence[Move[ReleaseState]], now: datetime) -> None:
    """What a warehouse that answers at once says: accepted orders, and rejected ones as problems."""
    taken = [step.id for step in steps if step.end in (ReleaseState.ACCEPTED, ReleaseState.EXISTS)]
    of_release = sa.select(releases.c.order_id).where(releases.c.id.in_(taken))
    conn.execute(
        orders.update()
        .where(orders.c.id.in_(of_release), orders.c.accepted_at.is_(None))
        .values(accepted_at=now)
    )
    refused = {step.id: step.reason for step in steps if step.end is ReleaseState.REJECTED}
    statement = (
        sa.select(releases.c.id, releases.c.connection, orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(releases.c.id.in_(refused))
    )
    found = [
        Problem(
            kind=ProblemKind.REJECTED_BY_WAREHOUSE,
            subject=row.amazon_order_id,
            summary=f"Order {row.amazon_order_id}: the warehouse {row.connection} rejected it:"
            f" {refused[row.id] or 'no reason'}.",
            act_by=row.confirm_by,
            cause=row.connection,
        )
        for row in conn.execute(statement)
    ]
    record_problems(conn, found, now)


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


def record_overdue(conn: sa.Connection, connection: str, now: datetime) -> int:
    """Open a problem for each release that nobody answered for too long; how many are new."""
    statement = (
        sa.select(releases.c.reference, releases.c.sent_at, orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(
            releases.c.connection == connection,
            releases.c.state.in_([ReleaseState.SENDING, ReleaseState.SUBMITTED, ReleaseState.UNKNOWN]),
            releases.c.sent_at < now - ANSWERS_AT_SOONEST,
            orders.c.state.in_([OrderState.RELEASING, OrderState.RELEASED]),
        )
    )
    found = [
        Problem(
            kind=ProblemKind.RELEASE_UNANSWERED,
            subject=row.amazon_order_id,
            summary=f"Order {row.amazon_order_id}: the warehouse {connection} has not answered to {row.reference}.",
            act_by=row.confirm_by,
            cause=connection,
        )
        for row in conn.execute(statement)
        if is_overdue(row.sent_at, row.confirm_by, now)
    ]
    return record_problems(conn, found, now)


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
