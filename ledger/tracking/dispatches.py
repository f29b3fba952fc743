"""Parcels as the warehouse reports them: recorded once, corrected by the same package reference."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.maps import fold
from domain.orders.order import OrderState
from domain.orders.releases import CancelState, ReleaseState
from domain.problems import Problem, ProblemKind
from domain.tracking.parcels import (
    NEXT_PARCEL_STATES,
    SHOWN_TO_AMAZON,
    ParcelState,
    normal_tracking,
)
from domain.warehouse import Dispatch
from ledger.deliveries import record_stop_failed, unknown_order
from ledger.moves import Move, move_orders, move_parcels, move_releases
from ledger.orders.progress import record_progress
from ledger.problems import clear_problems, record_problems
from ledger.tables import orders, parcel_history, parcels, releases
from ledger.tracking.boxes import record_told, share_boxes, told_lines
from ledger.tracking.parcel_words import PARCEL_KINDS, about_parcel
from ledger.tracking.relabels import labels_of, relabel, settle_correction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    id: int
    connection: str
    order_id: int
    amazon_order_id: str
    state: ReleaseState
    order_state: OrderState
    confirm_by: datetime | None
    held_by: str


def record_dispatches(
    conn: sa.Connection, connection: str, dispatches: Sequence[Dispatch], now: datetime
) -> dict[str, int]:
    """Record parcels; how many are `new`, `changed` (re-labeled), `same`, `voided` or of `unknown` orders."""
    known = _claim_releases(conn, connection, {dispatch.reference for dispatch in dispatches})
    counts: Counter[str] = Counter()
    book = _Book(conn, {release.id for release in known.values()}, now)
    # A re-label is a voided row and a new one with the same package reference: the new one decides.
    alive = {(d.reference, d.package_ref) for d in dispatches if not d.voided}
    for dispatch in dispatches:
        release = known.get(dispatch.reference)
        if release is None:
            record_problems(conn, [unknown_order(connection, dispatch.reference)], now)
            counts["unknown"] += 1
        elif not dispatch.voided:
            counts[_record_parcel(conn, book, release, dispatch, now)] += 1
        elif (dispatch.reference, dispatch.package_ref) not in alive:
            counts[_void(conn, book, release, dispatch, now)] += 1
    book.write()
    share_boxes(conn, [release.id for release in known.values()], now)
    record_progress(conn, {release.order_id for release in known.values()}, now)
    return dict(counts)


class _Book:
    """The parcels of some releases: those that are known, and new ones that are written together."""

    def __init__(self, conn: sa.Connection, release_ids: Collection[int], now: datetime) -> None:
        self._conn, self._now = conn, now
        self._new: dict[tuple[int, str], tuple[dict[str, Any], Dispatch]] = {}
        statement = sa.select(parcels).where(parcels.c.release_id.in_(release_ids)).order_by(parcels.c.id)
        self._known = {
            _key(row): row for row in conn.execute(statement.with_for_update(key_share=True)).mappings()
        }

    def find(self, release: _Release, package_ref: str) -> sa.RowMapping | None:
        """The parcel as it is in the ledger by now; None when it is not there."""
        key = (release.id, package_ref)
        if key in self._new:  # the same message speaks of it twice
            self.write()
        return self._known.get(key)

    def changed(self, parcel_id: int) -> None:
        """Read a parcel anew after something else wrote it."""
        row = self._conn.execute(sa.select(parcels).where(parcels.c.id == parcel_id)).mappings().one()
        self._known[_key(row)] = row

    def add(self, release: _Release, dispatch: Dispatch, told: Mapping[str, Any]) -> None:
        """Take in a parcel that is written with the others."""
        fixed = {
            "order_id": release.order_id,
            "release_id": release.id,
            "connection": release.connection,
            "warehouse_parcel_id": dispatch.package_ref,
            "state": ParcelState.RECORDED,
            "known_at": self._now,
            "first_dispatched_at": dispatch.shipped_at,
            "first_tracked_at": self._now if told["tracking_key"] else None,
        }
        self._new[(release.id, dispatch.package_ref)] = (fixed | dict(told), dispatch)

    def write(self) -> None:
        """Write what is new, in as many statements for one parcel as for a thousand."""
        if not self._new:
            return
        values = [row for row, _ in self._new.values()]
        written = self._conn.execute(insert(parcels).values(values).returning(*parcels.c)).mappings().all()
        self._known |= {_key(row): row for row in written}
        first = {"at": self._now, "from_state": None, "to_state": ParcelState.RECORDED}
        self._conn.execute(parcel_history.insert(), [{"parcel_id": row["id"], **first} for row in written])
        record_told(self._conn, {row["id"]: self._new[_key(row)][1].lines for row in written})
        self._new.clear()


def _key(row: sa.RowMapping) -> tuple[int, str]:
    return row["release_id"], row["warehouse_parcel_id"]


def _claim_releases(conn: sa.Connection, connection: str, references: set[str]) -> dict[str, _Release]:
    statement = (
        sa.select(releases.c.id, releases.c.reference, releases.c.state, releases.c.order_id)
        .add_columns(orders.c.state.label("order_state"), orders.c.confirm_by, orders.c.amazon_order_id)
        .add_columns(orders.c.held_by)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(releases.c.reference.in_(sorted(references)), releases.c.connection == connection)
        .order_by(releases.c.id)
        .with_for_update(key_share=True)
    )
    rows = conn.execute(statement).all()
    return {
        row.reference: _Release(
            id=row.id,
            connection=connection,
            order_id=row.order_id,
            amazon_order_id=row.amazon_order_id,
            state=ReleaseState(row.state),
            order_state=OrderState(row.order_state),
            confirm_by=row.confirm_by,
            held_by=row.held_by,
        )
        for row in rows
    }


def _record_parcel(
    conn: sa.Connection, book: _Book, release: _Release, dispatch: Dispatch, now: datetime
) -> str:
    _settle_release(conn, release, now)
    told = {
        "warehouse_carrier": dispatch.carrier,
        "warehouse_service": dispatch.service,
        "tracking": dispatch.tracking,
        "tracking_key": normal_tracking(dispatch.tracking),
        "package_count": dispatch.package_count,
        "dispatched_at": dispatch.shipped_at,
    }
    known = book.find(release, dispatch.package_ref)
    if known is None:
        book.add(release, dispatch, told)
        if release.held_by and release.order_state is not OrderState.CANCELED:
            _too_late(conn, release, f"although {release.held_by} had stopped it", now)
        return "new"
    # An older message changes nothing, unless the parcel waits for just that: a correction.
    if dispatch.shipped_at < known["dispatched_at"] and known["state"] != ParcelState.BLOCKED:
        return "same"
    told |= settle_correction(conn, known, told)
    # A label that comes after its parcel may come alone, and a message without one takes none back.
    if not told["tracking_key"]:
        told |= {"tracking": known["tracking"], "tracking_key": known["tracking_key"]}
    if _same(conn, known, told, dispatch):
        if known["corrected_at"] is not None:  # the warehouse may have come round to a person's word
            book.changed(known["id"])
        return "same"
    clear_problems(conn, PARCEL_KINDS, [f"{release.amazon_order_id} {dispatch.package_ref}"], now)
    relabel(conn, known, told, "the warehouse sent the parcel again with other data", now)
    if dispatch.lines:
        record_told(conn, {known["id"]: dispatch.lines})
    book.changed(known["id"])
    return "changed"


def _settle_release(conn: sa.Connection, release: _Release, now: datetime) -> None:
    """A dispatch is also the warehouse's word that it has the order, whatever we last knew."""
    if release.state not in (ReleaseState.ACCEPTED, ReleaseState.EXISTS):
        move_releases(
            conn, [Move(release.id, release.state, ReleaseState.ACCEPTED, "it was dispatched")], now
        )
        conn.execute(
            orders.update()
            .where(orders.c.id == release.order_id, orders.c.accepted_at.is_(None))
            .values(accepted_at=now)
        )
        kinds = [ProblemKind.RELEASE_UNANSWERED, ProblemKind.REJECTED_BY_WAREHOUSE]
        clear_problems(conn, kinds, [release.amazon_order_id], now)
    if release.order_state is OrderState.RELEASING:
        move_orders(conn, [Move(release.order_id, OrderState.RELEASING, OrderState.RELEASED)], now)
    if release.order_state is OrderState.CANCELED:
        _too_late(conn, release, "although Amazon canceled it", now)


def _too_late(conn: sa.Connection, release: _Release, why: str, now: datetime) -> None:
    late = releases.update().where(releases.c.id == release.id)
    conn.execute(late.values(cancel_state=CancelState.TOO_LATE))
    record_stop_failed(conn, release.order_id, now)
    summary = f"Order {release.amazon_order_id}: the warehouse dispatched it {why}."
    kind = ProblemKind.CANCEL_TOO_LATE
    record_problems(conn, [Problem(kind=kind, subject=release.amazon_order_id, summary=summary)], now)


def _same(conn: sa.Connection, known: sa.RowMapping, told: Mapping[str, Any], dispatch: Dispatch) -> bool:
    if known["state"] == ParcelState.VOIDED:
        return bool(known["tracking_key"] == told["tracking_key"])
    told_again = all(known[word] == told[word] for word in ("tracking", "package_count")) and all(
        fold(known[word]) == fold(told[word]) for word in ("warehouse_carrier", "warehouse_service")
    )
    return told_again and dispatch.lines in ((), told_lines(conn, [known["id"]])[known["id"]])


def _void(conn: sa.Connection, book: _Book, release: _Release, dispatch: Dispatch, now: datetime) -> str:
    known = book.find(release, dispatch.package_ref)
    if known is None or normal_tracking(dispatch.tracking) not in labels_of(known):
        return "same"  # it takes back a label that another one has replaced already
    start = ParcelState(known["state"])
    if ParcelState.VOIDED not in NEXT_PARCEL_STATES[start]:
        return "same"
    reason = "the warehouse took it back"
    move_parcels(conn, [Move(known["id"], start, ParcelState.VOIDED, reason)], now)
    book.changed(known["id"])
    subject = f"{release.amazon_order_id} {dispatch.package_ref}"
    clear_problems(conn, PARCEL_KINDS, [subject], now)
    if start in SHOWN_TO_AMAZON:
        words = f"the warehouse took back parcel {dispatch.package_ref}, but Amazon was told its tracking"
        summary = f"Order {release.amazon_order_id}: {words}."
        kind = ProblemKind.TRACKING_CONTRADICTED
        about = about_parcel(release.amazon_order_id, dispatch.package_ref)
        record_problems(conn, [Problem(kind=kind, subject=subject, summary=summary, about=about)], now)
    return "voided"
