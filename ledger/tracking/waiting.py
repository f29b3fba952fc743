"""Parcels that Amazon keeps waiting: shown to a person in one problem per account, before they are late."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.orders.order import OrderState
from domain.problems import Problem, ProblemKind
from domain.tracking.confirms import waits_too_long
from domain.tracking.evidence import proof_due
from domain.tracking.parcels import ParcelState
from ledger.problems import clear_problems, record_problems
from ledger.tables import orders, parcels

_AT_AMAZON = ("MAPPED", "SENDING", "ACCEPTED")


def show_waiting(
    conn: sa.Connection, account: str, stranger: str, prove_within: timedelta, now: datetime
) -> int:
    """Show the parcels that wait too long to be sent or to be read back; how many.

    Whatever the cause is, no answer, no useful one or a budget that is used up: it is one problem about the
    stranger, cleared when none is left. A fault of the stranger's in this street is over when nothing is.
    """
    rows = conn.execute(_waiting(account)).mappings().all()
    if not rows:
        kinds = [ProblemKind.STRANGER_UNREACHABLE, ProblemKind.CREDENTIALS_REFUSED]
        clear_problems(conn, kinds, [f"{stranger}, tracking-push"], now)
    late = [row for row in rows if _too_long(row, prove_within, now)]
    if not late:
        clear_problems(conn, [ProblemKind.TRACKING_WAITING], [stranger], now)
        return 0
    record_problems(conn, [_problem(stranger, late)], now)
    return len(late)


def _waiting(account: str) -> sa.Select[tuple[object, ...]]:
    columns = ("state", "attempts", "first_ready_at", "accepted_at", "looked_at")
    return (
        sa.select(*[parcels.c[name] for name in columns], orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.state.in_(_AT_AMAZON))
        .where(orders.c.state != OrderState.CANCELED)
        .order_by(orders.c.confirm_by, parcels.c.id)
    )


def _too_long(row: sa.RowMapping, prove_within: timedelta, now: datetime) -> bool:
    if row["state"] != ParcelState.ACCEPTED:
        since = row["first_ready_at"] or now
        return waits_too_long(row["attempts"], now - since, row["confirm_by"], prove_within, now)
    due = proof_due(row["accepted_at"] or now, row["confirm_by"], prove_within)
    if row["looked_at"] is not None and row["looked_at"] >= due:
        return False  # it was read and found wanting: that is decided elsewhere
    return waits_too_long(0, now - due, row["confirm_by"], prove_within, now)


def _problem(stranger: str, late: Sequence[sa.RowMapping]) -> Problem:
    unsent = sum(row["state"] != ParcelState.ACCEPTED for row in late)
    counts = [(unsent, "to be sent"), (len(late) - unsent, "to be read back")]
    what = " and ".join(f"{number} {words}" for number, words in counts if number)
    parcels_wait = "parcel waits" if len(late) == 1 else "parcels wait"
    summary = (
        f"{stranger} gives no useful answer, or none that its limits allow: {len(late)} {parcels_wait}, {what};"
        f" the first is of order {late[0]['amazon_order_id']}."
    )
    return Problem(
        kind=ProblemKind.TRACKING_WAITING,
        subject=stranger,
        summary=summary,
        act_by=late[0]["confirm_by"],
        affected=len(late),
    )
