"""What the warehouse sent: each message is applied once, together with the note that it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.orders.order import OrderState
from domain.orders.releases import NEXT_RELEASE_STATES, CancelState, ReleaseState
from domain.problems import Problem, ProblemKind
from domain.warehouse import CancelRequest, ChangeKind, Delivery, DeliveryKind, OrderChange
from ledger.moves import Move, move_orders, move_releases
from ledger.orders.progress import record_progress
from ledger.problems import clear_problems, record_problems
from ledger.secrecy import Seal
from ledger.tables import deliveries, orders, releases


def record_delivery(
    conn: sa.Connection, connection: str, kind: DeliveryKind, delivery: Delivery, now: datetime
) -> bool:
    """Note that a message came; False when it is known already and must change nothing.

    A message that could not be read is noted as set aside and becomes a problem.
    """
    row = {
        "connection": connection,
        "key": delivery.key,
        "kind": kind,
        "name": delivery.name,
        "outcome": "SET_ASIDE" if delivery.fault else "APPLIED",
        "fault": delivery.fault,
        "recorded_at": now,
    }
    statement = insert(deliveries).values(row).on_conflict_do_nothing().returning(deliveries.c.key)
    fresh = conn.scalar(statement) is not None
    if fresh and delivery.fault:
        summary = f"The warehouse file {delivery.name} was set aside: {delivery.fault}"
        found = Problem(kind=ProblemKind.FILE_SET_ASIDE, subject=delivery.name, summary=summary)
        record_problems(conn, [found], now)
    if fresh and not delivery.fault:
        clear_problems(conn, [ProblemKind.FILE_SET_ASIDE], [delivery.name], now)
    return fresh and not delivery.fault


def record_changes(
    conn: sa.Connection, connection: str, changes: Sequence[OrderChange], seal: Seal, now: datetime
) -> dict[str, int]:
    """Apply the warehouse's words on orders; how many of each kind, and `unknown` references.

    The warehouse's free text may name the person an order goes to; nothing of that is kept.
    """
    counts: dict[str, int] = {}
    touched: set[int] = set()
    for told in sorted(changes, key=lambda change: change.reference):  # rows are locked in one order
        row = _claim(conn, connection, told.reference)
        change = told if row is None else replace(told, reason=_hidden(row, told.reason, seal))
        touched |= set() if row is None else {row["order_id"]}
        if row is None:
            record_problems(conn, [unknown_order(connection, change.reference)], now)
        elif change.kind is ChangeKind.ACCEPTED:
            _accept(conn, row, change, now)
        elif change.kind is ChangeKind.REJECTED:
            _reject(conn, row, change, now)
        else:
            _record_cancel_answer(conn, row, change, now)
        word = "unknown" if row is None else change.kind.value
        counts[word] = counts.get(word, 0) + 1
    record_progress(conn, touched, now)
    return counts


def claim_cancels(
    conn: sa.Connection, connection: str, now: datetime
) -> dict[str, tuple[CancelRequest, ...]]:
    """Our wishes not to ship, by call; a wish keeps its call's name, so that repeating it is harmless."""
    wished = (
        releases.c.connection == connection,
        releases.c.cancel_state == CancelState.PLANNED,
        releases.c.state != ReleaseState.PLANNED,  # what was never handed over needs no stop
    )
    statement = sa.select(releases.c.id).where(*wished, releases.c.cancel_batch == "").order_by(releases.c.id)
    new = conn.scalars(statement.with_for_update(key_share=True)).all()
    if new:
        batch = f"{now:%Y%m%dT%H%M%SZ}-{new[0]}"
        conn.execute(releases.update().where(releases.c.id.in_(new)).values(cancel_batch=batch))
    open_calls = sa.select(releases.c.cancel_batch).where(*wished).distinct()
    # A call is always made of all it was first made of, answered since or not: the same call is the same deed.
    rows = (
        sa.select(releases)
        .where(releases.c.connection == connection, releases.c.cancel_batch.in_(open_calls))
        .order_by(releases.c.id)
    )
    calls: dict[str, tuple[CancelRequest, ...]] = {}
    for row in conn.execute(rows).mappings():
        request = CancelRequest(reference=row["reference"], line_ref="", reason=row["cancel_reason"])
        calls[row["cancel_batch"]] = (*calls.get(row["cancel_batch"], ()), request)
    return calls


def record_cancels_sent(conn: sa.Connection, batch: str, now: datetime) -> int:
    """Keep that the warehouse was asked; its word comes later."""
    statement = (
        releases.update()
        .where(releases.c.cancel_batch == batch, releases.c.cancel_state == CancelState.PLANNED)
        .values(cancel_state=CancelState.SENT, cancel_sent_at=now)
    )
    return conn.execute(statement).rowcount


def record_stop_failed(conn: sa.Connection, order_id: int, now: datetime) -> None:
    """Nobody can stop an order any more that a person did not want shipped: it goes on as ever."""
    statement = (
        orders.update()
        .where(orders.c.id == order_id, orders.c.held_by_person)
        .values(held_by_person=False, held_by="")
        .returning(orders.c.amazon_order_id, orders.c.cancel_requested)
    )
    row = conn.execute(statement).one_or_none()
    if row is not None:
        kinds = {ProblemKind.HELD_BY_PERSON}
        kinds |= set() if row.cancel_requested else {ProblemKind.CANCEL_REQUESTED}  # the buyer's wish stands
        clear_problems(conn, kinds, [row.amazon_order_id], now)


def unknown_order(connection: str, reference: str) -> Problem:
    """The warehouse speaks of an order that it was never given."""
    summary = (
        f"The warehouse {connection} reports the order reference {reference}, which Lockstep never gave out."
    )
    subject = f"{connection} {reference}"
    return Problem(kind=ProblemKind.UNKNOWN_ORDER, subject=subject, summary=summary, cause=connection)


def _hidden(row: sa.RowMapping, text: str, seal: Seal) -> str:
    """The warehouse's words without the person the order goes to."""
    if not text:
        return ""
    if row["recipient"] is None:  # forgotten already: there is nothing left to compare the words with
        return "its reason is not kept, because the address is forgotten already"
    return seal.open(row["recipient"], row["amazon_order_id"]).hide_in(text)


def _claim(conn: sa.Connection, connection: str, reference: str) -> sa.RowMapping | None:
    statement = (
        sa.select(
            releases, orders.c.state.label("order_state"), orders.c.amazon_order_id, orders.c.confirm_by
        )
        .add_columns(orders.c.recipient, orders.c.held_by)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(releases.c.reference == reference, releases.c.connection == connection)
        .with_for_update(key_share=True)
    )
    return conn.execute(statement).mappings().one_or_none()


def _step(conn: sa.Connection, row: sa.RowMapping, end: ReleaseState, reason: str, now: datetime) -> None:
    start = ReleaseState(row["state"])
    if end in NEXT_RELEASE_STATES[start]:
        move_releases(conn, [Move(row["id"], start, end, reason)], now)
    if row["order_state"] == OrderState.RELEASING:
        move_orders(conn, [Move(row["order_id"], OrderState.RELEASING, OrderState.RELEASED)], now)


def _accept(conn: sa.Connection, row: sa.RowMapping, change: OrderChange, now: datetime) -> None:
    _step(conn, row, ReleaseState.ACCEPTED, "", now)
    conn.execute(
        releases.update()
        .where(releases.c.id == row["id"])
        .values(warehouse_order_id=change.warehouse_order_id, reason="")
    )
    conn.execute(
        orders.update()
        .where(orders.c.id == row["order_id"], orders.c.accepted_at.is_(None))
        .values(accepted_at=now)
    )
    kinds = [ProblemKind.REJECTED_BY_WAREHOUSE, ProblemKind.RELEASE_UNANSWERED]
    clear_problems(conn, kinds, [row["amazon_order_id"]], now)


def _reject(conn: sa.Connection, row: sa.RowMapping, change: OrderChange, now: datetime) -> None:
    _step(conn, row, ReleaseState.REJECTED, change.reason, now)
    conn.execute(releases.update().where(releases.c.id == row["id"]).values(reason=change.reason))
    clear_problems(conn, [ProblemKind.RELEASE_UNANSWERED], [row["amazon_order_id"]], now)
    if row["order_state"] != OrderState.CANCELED:
        _open_unshipped(conn, row, f"rejected it: {change.reason or 'no reason'}", "rejected it", now)


def _record_cancel_answer(
    conn: sa.Connection, row: sa.RowMapping, change: OrderChange, now: datetime
) -> None:
    late = change.kind is ChangeKind.TOO_LATE
    answer = CancelState.TOO_LATE if late else CancelState.CANCELED
    conn.execute(releases.update().where(releases.c.id == row["id"]).values(cancel_state=answer))
    if late:
        record_stop_failed(conn, row["order_id"], now)
        asked = f", as {row['held_by']} had asked" if row["held_by"] else ""
        _open(conn, row, ProblemKind.CANCEL_TOO_LATE, f"could not stop it any more{asked}", now)
    elif row["order_state"] != OrderState.CANCELED:
        _step(conn, row, ReleaseState.REJECTED, change.reason, now)
        words = f"canceled it, but Amazon did not: {change.reason or 'no reason'}"
        _open_unshipped(conn, row, words, "stopped it", now)


def _open_unshipped(conn: sa.Connection, row: sa.RowMapping, words: str, did: str, now: datetime) -> None:
    """The warehouse does not ship it: its mistake to settle, unless a person of the seller's asked for that."""
    if row["held_by"]:
        wish = f"{did}, and {row['held_by']} does not want it shipped; cancel it in Seller Central before it is due"
        _open(conn, row, ProblemKind.CANCEL_REQUESTED, f"{wish}, or it counts as late", now)
    else:
        _open(conn, row, ProblemKind.REJECTED_BY_WAREHOUSE, words, now)


def _open(conn: sa.Connection, row: sa.RowMapping, kind: ProblemKind, words: str, now: datetime) -> None:
    summary = f"Order {row['amazon_order_id']}: the warehouse {row['connection']} {words}."
    rejected = kind is ProblemKind.REJECTED_BY_WAREHOUSE
    found = Problem(
        kind=kind,
        subject=row["amazon_order_id"],
        summary=summary,
        act_by=row["confirm_by"],
        cause=row["connection"] if rejected else "",
    )
    record_problems(conn, [found], now)
