"""Parcels on their way to Amazon: mapped or blocked, claimed, sent, and proven by what Amazon shows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import ShipConfirm
from domain.maps import AmazonCarrier, CarrierMap
from domain.orders import OrderState
from domain.parcels import (
    ParcelDecision,
    ParcelState,
    decide_parcel,
)
from domain.problems import Problem, ProblemKind
from ledger.moves import Move, move_parcels
from ledger.parcel_words import AMAZON_SAID, BLOCKS, parcel_contents, parcel_subject, said
from ledger.problems import clear_problems, open_problems, record_problems, settle_problems
from ledger.progress import record_progress
from ledger.tables import orders, parcels

_OF_ONE = BLOCKS - {ProblemKind.CARRIER_UNMAPPED}  # a carrier's problem speaks for all its parcels
_UNDECIDED = ("RECORDED", "BLOCKED", "MAPPED", "REJECTED", "UNPROVEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedConfirm:
    """One parcel to tell Amazon about, with the number its outcome is kept under."""

    parcel_id: int
    claim: ShipConfirm


def map_parcels(conn: sa.Connection, account: str, carriers: CarrierMap, now: datetime) -> dict[str, int]:
    """Decide every parcel that Amazon has not taken with today's carrier map; how many are now in which state.

    A parcel that Amazon refused is sent again when the map gives it other words than it was refused with.
    """
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.marketplace_id, orders.c.programs)
        .add_columns(orders.c.confirm_by, orders.c.state.label("order_state"))
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.state.in_(_UNDECIDED))
        .order_by(orders.c.confirm_by, parcels.c.id)
        .with_for_update(of=parcels)
    )
    counts: Counter[str] = Counter()
    found: list[Problem] = []
    rows = conn.execute(statement).mappings().all()
    for row in rows:
        carrier = carriers.resolve(row["marketplace_id"], row["warehouse_carrier"], row["warehouse_service"])
        decision = _decide(row, carrier)
        if decision is None:
            continue
        _apply(conn, row, decision, now)
        found += [_problem(row, decision.problem)] if decision.problem else []
        counts[decision.state.value] += 1
    _settle(conn, rows, found, now)
    done = {row["order_id"] for row in rows if row["order_state"] != OrderState.CANCELED}
    record_progress(conn, done, now)
    return dict(counts)


def free_unanswered(conn: sa.Connection, account: str, now: datetime) -> int:
    """Make parcels sendable again that a dead process left in SENDING.

    The same package reference with the same body is an edit at Amazon, so sending again is harmless. Only
    call this while holding the lock on the account.
    """
    statement = (
        sa.select(parcels.c.id)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.state == ParcelState.SENDING)
    )
    reason = "the answer was lost"
    moves = [
        Move(row, ParcelState.SENDING, ParcelState.MAPPED, reason) for row in conn.scalars(statement).all()
    ]
    return len(move_parcels(conn, moves, now))


def claim_confirms(
    conn: sa.Connection, account: str, limit: int, untried_since: datetime, now: datetime
) -> tuple[ClaimedConfirm, ...]:
    """Take the most urgent parcels that Amazon may be told about and mark them SENDING.

    A parcel that was tried since `untried_since`, the start of the run, waits for the next run.
    """
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.marketplace_id)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.state == ParcelState.MAPPED)
        .where(sa.func.coalesce(parcels.c.sent_at < untried_since, sa.true()))
        .where(orders.c.state != OrderState.CANCELED)
        .order_by(orders.c.confirm_by, parcels.c.id)
        .limit(limit)
        .with_for_update(of=parcels, skip_locked=True)
    )
    rows = conn.execute(statement).mappings().all()
    moves = [Move(row["id"], ParcelState.MAPPED, ParcelState.SENDING) for row in rows]
    moved = move_parcels(conn, moves, now)
    contents = parcel_contents(conn, sorted(moved))
    return tuple(_claimed(row, contents[row["id"]]) for row in rows if row["id"] in moved)


def count_waiting(conn: sa.Connection, account: str) -> int:
    """How many parcels Amazon may be told about and was not."""
    statement = (
        sa.select(sa.func.count())
        .select_from(parcels.join(orders, orders.c.id == parcels.c.order_id))
        .where(orders.c.seller_account == account, parcels.c.state == ParcelState.MAPPED)
    )
    return conn.execute(statement).scalar_one()


def record_accepted(conn: sa.Connection, parcel_id: int, now: datetime) -> None:
    """Amazon answered 204. That is not proof yet."""
    if not move_parcels(conn, [Move(parcel_id, ParcelState.SENDING, ParcelState.ACCEPTED)], now):
        return  # the warehouse sent the parcel again meanwhile: this answer is about the old label
    first = sa.func.coalesce(parcels.c.first_accepted_at, now)
    conn.execute(
        parcels.update()
        .where(parcels.c.id == parcel_id)
        .values(first_accepted_at=first, tries=parcels.c.tries + 1)
    )


def record_unsent(conn: sa.Connection, parcel_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Amazon did not answer usefully: the parcels wait for the next try."""
    moves = [Move(row, ParcelState.SENDING, ParcelState.MAPPED, reason) for row in parcel_ids]
    move_parcels(conn, moves, now)


def record_refused(conn: sa.Connection, parcel_id: int, reason: str, now: datetime) -> None:
    """Amazon said no: a person has to look, unless a read-back shows that it has the parcel already."""
    if not move_parcels(conn, [Move(parcel_id, ParcelState.SENDING, ParcelState.REJECTED, reason)], now):
        return
    conn.execute(parcels.update().where(parcels.c.id == parcel_id).values(reason=reason))
    row = _one(conn, parcel_id)
    words = f"Amazon refused the tracking of parcel {row['warehouse_parcel_id']}: {reason}"
    record_problems(conn, [said(row, ProblemKind.TRACKING_REFUSED, words)], now)


def _decide(row: sa.RowMapping, carrier: AmazonCarrier | None) -> ParcelDecision | None:
    """What a parcel is now; None: Amazon refused it and nothing has changed since."""
    if row["order_state"] == OrderState.CANCELED:  # Amazon takes no ship confirm for a canceled order
        return ParcelDecision(state=ParcelState.NOT_REQUIRED)
    refused = row["state"] in (ParcelState.REJECTED, ParcelState.UNPROVEN)
    if refused and (carrier is None or _words(carrier) == {name: row[name] for name in _words(carrier)}):
        return None
    return decide_parcel(
        tracking=row["tracking"],
        carrier=carrier,
        programs=row["programs"],
        contents_known=row["contents_known"],
    )


def _words(carrier: AmazonCarrier) -> dict[str, str]:
    return {
        "carrier_code": carrier.carrier_code,
        "carrier_name": carrier.carrier_name,
        "shipping_method": carrier.shipping_method,
    }


def _settle(
    conn: sa.Connection, rows: Sequence[sa.RowMapping], found: Sequence[Problem], now: datetime
) -> None:
    """Make the open problems of these parcels what was found, and drop carrier words that nobody waits for."""
    settle_problems(
        conn, _OF_ONE, [parcel_subject(row) for row in rows], [p for p in found if p.kind in _OF_ONE], now
    )
    over = [parcel_subject(row) for row in rows if row["order_state"] == OrderState.CANCELED]
    clear_problems(conn, AMAZON_SAID, over, now)
    carriers = [problem for problem in found if problem.kind is ProblemKind.CARRIER_UNMAPPED]
    waiting = sa.select(parcels, orders.c.marketplace_id).join(orders, orders.c.id == parcels.c.order_id)
    blocked = conn.execute(waiting.where(parcels.c.state == ParcelState.BLOCKED)).mappings()
    kept = {_carrier_subject(row) for row in blocked if row["blocked_for"] == ProblemKind.CARRIER_UNMAPPED}
    shown = [
        problem.subject for problem in open_problems(conn) if problem.kind is ProblemKind.CARRIER_UNMAPPED
    ]
    clear_problems(conn, [ProblemKind.CARRIER_UNMAPPED], [one for one in shown if one not in kept], now)
    record_problems(conn, carriers, now)


def _apply(conn: sa.Connection, row: sa.RowMapping, decision: ParcelDecision, now: datetime) -> None:
    start = ParcelState(row["state"])
    words: dict[str, object] = {"blocked_for": str(decision.problem or "")}
    if decision.carrier:
        words |= _words(decision.carrier)
    if start in (ParcelState.REJECTED, ParcelState.UNPROVEN):
        words["tries"] = 0
    if any(row[name] != value for name, value in words.items()):
        conn.execute(parcels.update().where(parcels.c.id == row["id"]).values(words))
    if decision.state is not start:
        move_parcels(conn, [Move(row["id"], start, decision.state, str(decision.problem or ""))], now)


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
    return ClaimedConfirm(parcel_id=row["id"], claim=claim)


def _one(conn: sa.Connection, parcel_id: int) -> sa.RowMapping:
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.id == parcel_id)
    )
    return conn.execute(statement).mappings().one()


def _carrier_subject(row: sa.RowMapping) -> str:
    words = [row["connection"], row["warehouse_carrier"] or "(none)", row["warehouse_service"]]
    return f"{' / '.join(word for word in words if word)} in {row['marketplace_id']}"


def _problem(row: sa.RowMapping, kind: ProblemKind) -> Problem:
    if kind is ProblemKind.CARRIER_UNMAPPED:
        subject = _carrier_subject(row)
        words = f"No carrier of Amazon's is mapped for {subject}; its parcels wait, the first of order"
        return Problem(
            kind=kind, subject=subject, summary=f"{words} {row['amazon_order_id']}.", act_by=row["confirm_by"]
        )
    lacks = (
        "has no tracking number" if kind is ProblemKind.TRACKING_MISSING else f"is unclear: {row['reason']}"
    )
    return said(row, kind, f"parcel {row['warehouse_parcel_id']} {lacks}")
