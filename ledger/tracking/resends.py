"""Parcels that a person has sent to Amazon again, with the note of who asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.errors import Refused
from domain.tracking.parcels import ParcelState
from domain.tracking.resends import Resend, rule_on_resend
from ledger.deeds import Deed, record_deed
from ledger.moves import Move, move_parcels
from ledger.orders.progress import record_progress
from ledger.tables import parcels
from ledger.tracking.named_parcels import claim_parcels, standing_of

_GOES_ANYWAY = (ParcelState.RECORDED, ParcelState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a wish to send an order's tracking again leads to.

    `parcels` go out with this run, by the warehouse's names; `said` has a sentence for each that was looked at.
    """

    parcels: tuple[str, ...]
    said: tuple[str, ...]


def plan_resend(conn: sa.Connection, order: str, parcel: str, author: str, now: datetime) -> Plan:
    """Make parcels ready to be sent to Amazon again at once; an empty `parcel` means all that are not settled.

    Raises:
        Refused: there is no such order or parcel, or none of them can be sent; nothing was changed.
    """
    rows = claim_parcels(conn, order, parcel)
    ruled = [(row, rule_on_resend(standing_of(row))) for row in rows]
    said = tuple(f"Parcel {row['warehouse_parcel_id']} {rule.why}." for row, rule in ruled)
    goes = [row for row, rule in ruled if rule.again or row["state"] in _GOES_ANYWAY]
    if not goes and any(row["state"] != ParcelState.PROVEN for row in rows):
        raise Refused(f"Order {order}: {' '.join(said)} Nothing changed.")
    again = [row for row, rule in ruled if rule.again]
    if again:
        _free(conn, again, author, now)
        record_progress(conn, {row["order_id"] for row in again}, now)
        record_deed(conn, _deed(order, author, ruled, now))
    names = tuple(row["warehouse_parcel_id"] for row in goes)
    return Plan(parcels=names, said=said or (f"Every parcel of order {order} is settled.",))


def _free(conn: sa.Connection, rows: Sequence[sa.RowMapping], author: str, now: datetime) -> None:
    """Let parcels go at once: what was tried before does not count, what was told is judged by fresh reads."""
    reason = f"{author} sends it again"
    moves = [Move(row["id"], ParcelState(row["state"]), ParcelState.MAPPED, reason) for row in rows]
    move_parcels(conn, [move for move in moves if move.start is not ParcelState.MAPPED], now)
    # One call in vain stays counted: whether Amazon took the parcel is asked before it is sent again.
    least = {name: sa.func.least(parcels.c[name], 1) for name in ("tries", "attempts")}
    fresh = {"refusals": 0, "next_try_at": now, "looked_at": None, "reason": ""}
    ids = [row["id"] for row in rows]
    conn.execute(parcels.update().where(parcels.c.id.in_(ids)).values(least | fresh))


def _deed(order: str, author: str, ruled: Sequence[tuple[sa.RowMapping, Resend]], now: datetime) -> Deed:
    names = ", ".join(row["warehouse_parcel_id"] for row, rule in ruled if rule.again)
    return Deed(
        at=now, author=author, form="resend-tracking", subject=order, said=f"Sends again: parcel {names}."
    )
