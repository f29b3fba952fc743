"""A person's word on a parcel's tracking number, in the place of the warehouse's."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.errors import Refused
from domain.maps import AmazonCarrier, CarrierMap, fold
from domain.problems import ProblemKind
from domain.tracking.confirms import MOST_EDITS
from domain.tracking.numbers import doubt_about
from domain.tracking.parcels import ParcelState, normal_tracking
from domain.tracking.resends import rule_on_resend
from ledger.deeds import Deed, record_deed
from ledger.orders.progress import record_progress
from ledger.problems import clear_problems
from ledger.secrecy import Seal
from ledger.tables import parcels
from ledger.tracking.named_parcels import claim_parcels, standing_of
from ledger.tracking.parcel_problems import on_other_doors
from ledger.tracking.parcel_words import PARCEL_KINDS, parcel_subject
from ledger.tracking.relabels import overruled, relabel

_FORM = "correct-tracking"
_STAYS_AS_IT_IS = (ParcelState.VOIDED, ParcelState.NOT_REQUIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person says of a parcel; an empty `carrier` leaves the warehouse's."""

    order_id: str
    parcel: str
    tracking: str
    carrier: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What became of a correction; `changed` says that Amazon has to be told, `said` are sentences."""

    changed: bool
    said: str


def correct_parcel(
    conn: sa.Connection, wish: Correction, carriers: CarrierMap, seal: Seal, now: datetime
) -> Corrected:
    """Put a person's number in the place of the warehouse's; an edit of the same package when Amazon knows it.

    Raises:
        Refused: there is no such parcel, Amazon cannot be told of it, the number is on a parcel to another door
            or the carrier is in no row of the map; nothing was changed.
    """
    row = claim_parcels(conn, wish.order_id, wish.parcel)[-1]
    carrier = _check(conn, row, wish, carriers, seal)
    if _says(row) == (normal_tracking(wish.tracking), fold(wish.carrier or row["warehouse_carrier"])):
        return _agree(conn, row, wish, now)
    _write(conn, row, wish, now)
    was = f"The warehouse said {_label(row['tracking'], row['warehouse_carrier'])}."
    said = f"Parcel {row['warehouse_parcel_id']} of order {wish.order_id} has tracking number {wish.tracking} now."
    doubt = doubt_about(wish.tracking, carrier.carrier_code) if carrier else ""
    warning = f" Look once more: tracking number {wish.tracking} {doubt}." if doubt else ""
    _keep(conn, row, wish, f"{said} {was}", now)
    return Corrected(changed=True, said=f"{said} {was}{warning}")


def _check(
    conn: sa.Connection, row: sa.RowMapping, wish: Correction, carriers: CarrierMap, seal: Seal
) -> AmazonCarrier | None:
    """Amazon's carrier for the parcel when it is mapped; everything that speaks against the correction raises."""
    name = f"Parcel {row['warehouse_parcel_id']} of order {wish.order_id}"
    if row["state"] in _STAYS_AS_IT_IS or row["order_state"] == "CANCELED":
        raise Refused(f"{name} {rule_on_resend(standing_of(row)).why}. Nothing changed.")
    if not normal_tracking(wish.tracking):
        raise Refused("A tracking number has letters or digits; this one has none. Nothing changed.")
    if row["edits"] >= MOST_EDITS:
        raise Refused(
            f"{name} was changed {MOST_EDITS} times at Amazon, which allows few changes: enter the number in Seller"
            " Central. Nothing changed."
        )
    others = on_other_doors(conn, normal_tracking(wish.tracking), row["order_id"], seal)
    if others:
        raise Refused(
            f"Tracking number {wish.tracking} is on a parcel of order {others[0]}, which goes to another address:"
            " compare the labels, and correct that parcel first when it is the wrong one. Nothing changed."
        )
    word = wish.carrier or row["warehouse_carrier"]
    found = carriers.resolve(row["marketplace_id"], word, row["warehouse_service"])
    if wish.carrier and found is None:
        raise Refused(
            f'Nobody has mapped the carrier "{wish.carrier}" of the warehouse {row["connection"]} for this'
            " marketplace: spell it as the warehouse does, or run the form map-carrier first. Nothing changed."
        )
    return found


def _says(row: sa.RowMapping) -> tuple[str, str]:
    return row["tracking_key"], fold(row["warehouse_carrier"])


def _agree(conn: sa.Connection, row: sa.RowMapping, wish: Correction, now: datetime) -> Corrected:
    """The parcel has that number already; a doubt between the warehouse's word and a person's ends with it."""
    name = f"Parcel {row['warehouse_parcel_id']} of order {wish.order_id}"
    said = f"{name} has tracking number {row['tracking']} already."
    if not overruled(row):
        return Corrected(changed=False, said=f"{said} Run the form resend-tracking to send it once more.")
    agreed = parcels.update().where(parcels.c.id == row["id"])
    conn.execute(agreed.values(corrected="", corrected_by=""))
    clear_problems(conn, [ProblemKind.TRACKING_SUSPECT], [parcel_subject(row)], now)
    _keep(conn, row, wish, f"{said} The warehouse is right.", now)
    return Corrected(changed=False, said=f"{said} The warehouse's number is taken as right now.")


def _write(conn: sa.Connection, row: sa.RowMapping, wish: Correction, now: datetime) -> None:
    """The person's words, beside what the warehouse said last: only other words of it count from now on."""
    corrected = row["corrected_at"] is not None
    new = {
        "tracking": wish.tracking,
        "tracking_key": normal_tracking(wish.tracking),
        "warehouse_carrier": wish.carrier or row["warehouse_carrier"],
        "told_tracking": row["told_tracking"] if corrected else row["tracking"],
        "told_carrier": row["told_carrier"] if corrected else row["warehouse_carrier"],
        "corrected": wish.tracking,
        "corrected_by": wish.author,
        "corrected_at": now,
    }
    clear_problems(conn, PARCEL_KINDS, [parcel_subject(row)], now)
    reason = f"{wish.author} corrected the tracking"
    relabel(conn, row, new, reason, now)
    record_progress(conn, {row["order_id"]}, now)


def _label(tracking: str, carrier: str) -> str:
    return f"{tracking or 'no number'} with {carrier or 'no carrier'}"


def _keep(conn: sa.Connection, row: sa.RowMapping, wish: Correction, said: str, now: datetime) -> None:
    record_deed(conn, Deed(at=now, author=wish.author, form=_FORM, subject=parcel_subject(row), said=said))
