"""Parcels whose words change after they were told: by the warehouse, or by a person in its place."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.maps import fold
from domain.tracking.parcels import ParcelState, normal_tracking
from ledger.moves import Move, move_parcels
from ledger.tables import parcels

_NO_CORRECTION = {"corrected_at": None, "told_tracking": "", "told_carrier": ""}


def relabel(
    conn: sa.Connection, known: sa.RowMapping, told: Mapping[str, Any], reason: str, now: datetime
) -> None:
    """Write a parcel's new words; it is decided again and, told once, goes out as an edit of the same package."""
    start = ParcelState(known["state"])
    if start is not ParcelState.RECORDED:
        move_parcels(conn, [Move(known["id"], start, ParcelState.RECORDED, reason)], now)
    fresh = {"tries": 0, "attempts": 0, "refusals": 0, "next_try_at": None, "shown_as": ""}
    tracked = known["first_tracked_at"] or (now if told["tracking_key"] else None)
    values = dict(told) | fresh | {"first_tracked_at": tracked, "awaits_amazon": False}
    conn.execute(parcels.update().where(parcels.c.id == known["id"]).values(values))


def settle_correction(conn: sa.Connection, known: sa.RowMapping, told: Mapping[str, Any]) -> dict[str, str]:
    """What of a person's correction stands beside a message of the warehouse, as columns of the parcel.

    The number that the warehouse gave before, or none, does not undo the correction; another one does, and ends
    it. Its carrier is judged the same way.
    """
    if known["corrected_at"] is None:
        return {}
    if told["tracking_key"] not in ("", normal_tracking(known["told_tracking"])):
        agreed = told["tracking_key"] == known["tracking_key"]
        end = _NO_CORRECTION | ({"corrected": "", "corrected_by": ""} if agreed else {})
        conn.execute(parcels.update().where(parcels.c.id == known["id"]).values(end))
        return {}
    stands = {"tracking": known["tracking"], "tracking_key": known["tracking_key"]}
    if fold(told["warehouse_carrier"]) in ("", fold(known["told_carrier"])):
        return stands | {"warehouse_carrier": known["warehouse_carrier"]}
    said = parcels.update().where(parcels.c.id == known["id"])
    conn.execute(said.values(told_carrier=told["warehouse_carrier"]))
    return stands


def labels_of(known: sa.RowMapping) -> frozenset[str]:
    """The numbers, as they are compared, under which the warehouse may speak of a parcel's label."""
    said = (
        [known["tracking"]] if known["corrected_at"] is None else [known["tracking"], known["told_tracking"]]
    )
    return frozenset(normal_tracking(number) for number in said)


def overruled(row: sa.RowMapping) -> str:
    """That the warehouse gave another number than a person had, as a clause after "tracking number X "; or ""."""
    if not row["corrected"] or row["corrected_at"] is not None:
        return ""
    return f"came from the warehouse after {row['corrected_by']} had corrected it to {row['corrected']}"
