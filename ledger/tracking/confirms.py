"""Parcels on their way to Amazon: claimed with the intent, sent, and the outcome kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

import sqlalchemy as sa

from domain.amazon import ShipConfirm
from domain.orders.order import OrderState
from domain.tracking.confirms import next_try
from domain.tracking.parcels import ParcelState
from ledger.moves import Move, move_parcels
from ledger.tables import orders, parcels
from ledger.tracking.parcel_words import parcel_contents


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedConfirm:
    """One parcel to tell Amazon about, with the number its outcome is kept under."""

    parcel_id: int
    claim: ShipConfirm
    attempts: int = 0


class Answered(StrEnum):
    """How one ship confirm ended. UNANSWERED may have taken effect; UNSENT was not even tried."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one ship confirm: `reason` in a sentence, `code` in Amazon's telling word."""

    parcel_id: int
    answered: Answered
    reason: str = ""
    code: str = ""


def free_unanswered(conn: sa.Connection, account: str, now: datetime) -> int:
    """Take back parcels whose call was cut off by the end of its process; how many.

    Whether Amazon took them is asked before they are sent again. Call it as the only one that confirms
    parcels of the account.
    """
    statement = (
        sa.select(parcels.c.id)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.state == ParcelState.SENDING)
    )
    ids = conn.scalars(statement).all()
    moves = [Move(row, ParcelState.SENDING, ParcelState.MAPPED, "the answer was lost") for row in ids]
    moved = move_parcels(conn, moves, now)
    again = {"attempts": parcels.c.attempts + 1, "next_try_at": now}
    conn.execute(parcels.update().where(parcels.c.id.in_(moved)).values(again))
    return len(moved)


def claim_confirms(
    conn: sa.Connection, account: str, limit: int, now: datetime
) -> tuple[ClaimedConfirm, ...]:
    """Take the most urgent parcels that Amazon may be told about now and mark them SENDING."""
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.marketplace_id)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(*_waiting(account), sa.func.coalesce(parcels.c.next_try_at <= now, sa.true()))
        .order_by(orders.c.confirm_by, parcels.c.id)
        .limit(limit)
        .with_for_update(of=parcels, skip_locked=True, key_share=True)
    )
    rows = conn.execute(statement).mappings().all()
    moves = [Move(row["id"], ParcelState.MAPPED, ParcelState.SENDING) for row in rows]
    moved = move_parcels(conn, moves, now)
    first = {"first_sent_at": sa.func.coalesce(parcels.c.first_sent_at, now)}
    conn.execute(parcels.update().where(parcels.c.id.in_(moved)).values(first))
    contents = parcel_contents(conn, sorted(moved))
    return tuple(_claimed(row, contents[row["id"]]) for row in rows if row["id"] in moved)


def count_waiting(conn: sa.Connection, account: str, now: datetime) -> int:
    """How many parcels Amazon may be told about at once and was not."""
    due = sa.func.coalesce(parcels.c.next_try_at <= now, sa.true())
    statement = (
        sa.select(sa.func.count())
        .select_from(parcels.join(orders, orders.c.id == parcels.c.order_id))
        .where(*_waiting(account), due)
    )
    return conn.execute(statement).scalar_one()


def _waiting(account: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        orders.c.seller_account == account,
        parcels.c.state == ParcelState.MAPPED,
        orders.c.state != OrderState.CANCELED,
    )


def record_outcomes(
    conn: sa.Connection, outcomes: Iterable[Outcome], prove_within: timedelta, now: datetime
) -> None:
    """Keep how ship confirms ended. What the warehouse changed meanwhile stays as it is: the answer is old.

    `prove_within` is the account's measure of Amazon's pace, which the waits for another try follow.
    """
    by_end: dict[Answered, list[Outcome]] = {end: [] for end in Answered}
    for outcome in outcomes:
        by_end[outcome.answered].append(outcome)
    _accept(conn, by_end[Answered.ACCEPTED], now)
    _refuse(conn, by_end[Answered.REFUSED], now)
    _put_back(conn, by_end[Answered.UNANSWERED], prove_within, now)
    _move(conn, by_end[Answered.UNSENT], ParcelState.MAPPED, now)


def _accept(conn: sa.Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Amazon answered 204. That is not proof yet."""
    moved = _move(conn, outcomes, ParcelState.ACCEPTED, now)
    if not moved:
        return
    values = {
        "first_accepted_at": sa.func.coalesce(parcels.c.first_accepted_at, now),
        "edits": parcels.c.edits + sa.case((parcels.c.first_accepted_at.is_(None), 0), else_=1),
        "tries": parcels.c.tries + 1,
        "attempts": 0,
        "refusals": 0,
        "next_try_at": None,
    }
    conn.execute(parcels.update().where(parcels.c.id.in_(moved)).values(values))


def _refuse(conn: sa.Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Amazon said no. What that means is decided when the order was read back."""
    moved = _move(conn, outcomes, ParcelState.REJECTED, now)
    for outcome in outcomes:
        if outcome.parcel_id in moved:
            values = {
                "reason": outcome.reason,
                "refused_code": outcome.code,
                "refusals": parcels.c.refusals + 1,
                "attempts": 0,
                "looked_at": None,
            }
            conn.execute(parcels.update().where(parcels.c.id == outcome.parcel_id).values(values))


def _put_back(
    conn: sa.Connection, outcomes: Sequence[Outcome], prove_within: timedelta, now: datetime
) -> None:
    """No useful answer: each parcel waits its own time, the shorter the sooner it is due."""
    moved = _move(conn, outcomes, ParcelState.MAPPED, now)
    statement = (
        sa.select(parcels.c.id, parcels.c.attempts, orders.c.confirm_by)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.id.in_(moved))
    )
    reasons = {outcome.parcel_id: outcome.reason for outcome in outcomes}
    for row in conn.execute(statement).all():
        attempts = row.attempts + 1
        spread = _spread(f"{row.id} {attempts}")
        at = next_try(attempts, row.confirm_by, prove_within, now, spread)
        values = {"attempts": attempts, "next_try_at": at, "reason": reasons[row.id]}
        conn.execute(parcels.update().where(parcels.c.id == row.id).values(values))


def _spread(name: str) -> float:
    """Jitter, 0 to 1, that a test can repeat."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest()) / 0xFFFF_FFFF


def _move(conn: sa.Connection, outcomes: Sequence[Outcome], end: ParcelState, now: datetime) -> set[int]:
    moves = [Move(one.parcel_id, ParcelState.SENDING, end, one.reason) for one in outcomes]
    return move_parcels(conn, moves, now)


def _claimed(row: sa.RowMapping, contents: tuple[tuple[str, int], ...]) -> ClaimedConfirm:
    claim = ShipConfirm(
        order_id=row["amazon_order_id"],
        marketplace_id=row["marketplace_id"],
        package_reference_id=str(row["id"]),
        carrier_code=row["carrier_code"],
        carrier_name=row["carrier_name"],
        shipping_method=row["shipping_method"],
        tracking=row["tracking"],
        shipped_at=row["dispatched_at"],
        contents=contents,
    )
    return ClaimedConfirm(parcel_id=row["id"], claim=claim, attempts=row["attempts"])
