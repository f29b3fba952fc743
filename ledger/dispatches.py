"""Parcels as the warehouse reports them: recorded once, corrected by the same package reference."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.orders import OrderState
from domain.parcels import (
    NEXT_PARCEL_STATES,
    SHOWN_TO_AMAZON,
    ContentsUnclear,
    ParcelState,
    ReleasedLine,
    normal_tracking,
    parcel_contents,
)
from domain.problems import Problem, ProblemKind
from domain.releases import CancelState, ReleaseState
from domain.warehouse import Dispatch
from ledger.deliveries import unknown_order
from ledger.moves import Move, move_orders, move_parcels, move_releases
from ledger.parcel_words import PARCEL_KINDS
from ledger.problems import clear_problems, record_problems
from ledger.progress import record_progress
from ledger.tables import orders, parcel_history, parcel_lines, parcels, release_lines, releases


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    id: int
    connection: str
    order_id: int
    amazon_order_id: str
    state: ReleaseState
    order_state: OrderState
    confirm_by: datetime | None
    lines: tuple[ReleasedLine, ...]


def record_dispatches(
    conn: sa.Connection, connection: str, dispatches: Sequence[Dispatch], now: datetime
) -> dict[str, int]:
    """Record parcels; how many are `new`, `changed` (re-labeled), `same`, `voided` or of `unknown` orders."""
    known = _claim_releases(conn, connection, {dispatch.reference for dispatch in dispatches})
    counts: Counter[str] = Counter()
    # A re-label is a voided row and a new one with the same package reference: the new one decides.
    alive = {(d.reference, d.package_ref) for d in dispatches if not d.voided}
    for dispatch in dispatches:
        release = known.get(dispatch.reference)
        if release is None:
            record_problems(conn, [unknown_order(connection, dispatch.reference)], now)
            counts["unknown"] += 1
        elif not dispatch.voided:
            counts[_record_parcel(conn, release, dispatch, now)] += 1
        elif (dispatch.reference, dispatch.package_ref) not in alive:
            counts[_void(conn, release, dispatch, now)] += 1
    record_progress(conn, {release.order_id for release in known.values()}, now)
    return dict(counts)


def _claim_releases(conn: sa.Connection, connection: str, references: set[str]) -> dict[str, _Release]:
    statement = (
        sa.select(releases.c.id, releases.c.reference, releases.c.state, releases.c.order_id)
        .add_columns(orders.c.state.label("order_state"), orders.c.confirm_by, orders.c.amazon_order_id)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(releases.c.reference.in_(sorted(references)), releases.c.connection == connection)
        .order_by(releases.c.id)
        .with_for_update()
    )
    rows = conn.execute(statement).all()
    lines = _released_lines(conn, [row.id for row in rows])
    return {
        row.reference: _Release(
            id=row.id,
            connection=connection,
            order_id=row.order_id,
            amazon_order_id=row.amazon_order_id,
            state=ReleaseState(row.state),
            order_state=OrderState(row.order_state),
            confirm_by=row.confirm_by,
            lines=lines.get(row.id, ()),
        )
        for row in rows
    }


def _released_lines(conn: sa.Connection, ids: Sequence[int]) -> dict[int, tuple[ReleasedLine, ...]]:
    grouped: dict[tuple[int, str], dict[str, tuple[int, int]]] = {}
    for row in conn.execute(sa.select(release_lines).where(release_lines.c.release_id.in_(ids))):
        parts = grouped.setdefault((row.release_id, row.line_ref), {})
        parts[row.sku] = (row.quantity, row.per_unit)
    found: dict[int, tuple[ReleasedLine, ...]] = {}
    for (release_id, line_ref), parts in grouped.items():
        quantity, per_unit = next(iter(parts.values()))
        units = {sku: each for sku, (_, each) in parts.items()}
        line = ReleasedLine(order_item_id=line_ref, quantity=quantity // per_unit, parts=units)
        found[release_id] = (*found.get(release_id, ()), line)
    return found


def _record_parcel(conn: sa.Connection, release: _Release, dispatch: Dispatch, now: datetime) -> str:
    _settle_release(conn, release, now)
    contents, reason = _contents(release, dispatch)
    told = {
        "warehouse_carrier": dispatch.carrier,
        "warehouse_service": dispatch.service,
        "tracking": dispatch.tracking,
        "package_count": dispatch.package_count,
        "dispatched_at": dispatch.shipped_at,
        "contents_known": bool(contents),
        "reason": reason,
    }
    known = _known_parcel(conn, release.id, dispatch.package_ref)
    if known is None:
        parcel_id = _insert_parcel(conn, release, dispatch, told, now)
        _write_lines(conn, parcel_id, contents)
        return "new"
    # An older message changes nothing, unless the parcel waits for just that: a correction.
    older = dispatch.shipped_at < known["dispatched_at"] and known["state"] != ParcelState.BLOCKED
    if older or _same(conn, known, told, contents):
        return "same"
    clear_problems(conn, PARCEL_KINDS, [f"{release.amazon_order_id} {dispatch.package_ref}"], now)
    return _relabel(conn, known, told, contents, now)


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
        conn.execute(
            releases.update().where(releases.c.id == release.id).values(cancel_state=CancelState.TOO_LATE)
        )
        summary = f"Order {release.amazon_order_id}: the warehouse dispatched it although Amazon canceled it."
        kind = ProblemKind.CANCEL_TOO_LATE
        record_problems(conn, [Problem(kind=kind, subject=release.amazon_order_id, summary=summary)], now)


def _contents(release: _Release, dispatch: Dispatch) -> tuple[tuple[tuple[str, int], ...], str]:
    try:
        only = dispatch.package_count == 1
        return parcel_contents(dispatch.lines, release.lines, only_parcel=only), ""
    except ContentsUnclear as unclear:
        return (), str(unclear)


def _known_parcel(conn: sa.Connection, release_id: int, package_ref: str) -> sa.RowMapping | None:
    statement = (
        sa.select(parcels)
        .where(parcels.c.release_id == release_id, parcels.c.warehouse_parcel_id == package_ref)
        .with_for_update()
    )
    return conn.execute(statement).mappings().one_or_none()


def _insert_parcel(
    conn: sa.Connection,
    release: _Release,
    dispatch: Dispatch,
    told: Mapping[str, Any],
    now: datetime,
) -> int:
    fixed = {
        "order_id": release.order_id,
        "release_id": release.id,
        "connection": release.connection,
        "warehouse_parcel_id": dispatch.package_ref,
        "state": ParcelState.RECORDED,
        "known_at": now,
    }
    statement = insert(parcels).values(fixed | dict(told)).returning(parcels.c.id)
    parcel_id: int = conn.execute(statement).scalar_one()
    row = {"parcel_id": parcel_id, "at": now, "from_state": None, "to_state": ParcelState.RECORDED}
    conn.execute(parcel_history.insert().values(row))
    return parcel_id


def _write_lines(conn: sa.Connection, parcel_id: int, contents: Sequence[tuple[str, int]]) -> None:
    conn.execute(parcel_lines.delete().where(parcel_lines.c.parcel_id == parcel_id))
    rows = [{"parcel_id": parcel_id, "order_item_id": item, "quantity": units} for item, units in contents]
    if rows:
        conn.execute(parcel_lines.insert(), rows)


def _same(
    conn: sa.Connection, known: sa.RowMapping, told: Mapping[str, Any], contents: Sequence[tuple[str, int]]
) -> bool:
    if known["state"] == ParcelState.VOIDED:
        return normal_tracking(known["tracking"]) == normal_tracking(told["tracking"])
    words = ("warehouse_carrier", "warehouse_service", "tracking")
    statement = sa.select(parcel_lines).where(parcel_lines.c.parcel_id == known["id"])
    lines = {row.order_item_id: row.quantity for row in conn.execute(statement)}
    return all(known[word] == told[word] for word in words) and lines == dict(contents)


def _relabel(
    conn: sa.Connection,
    known: sa.RowMapping,
    told: Mapping[str, Any],
    contents: Sequence[tuple[str, int]],
    now: datetime,
) -> str:
    start = ParcelState(known["state"])
    if start is not ParcelState.RECORDED:
        reason = "the warehouse sent the parcel again with other data"
        move_parcels(conn, [Move(known["id"], start, ParcelState.RECORDED, reason)], now)
    conn.execute(parcels.update().where(parcels.c.id == known["id"]).values(dict(told) | {"tries": 0}))
    _write_lines(conn, known["id"], contents)
    return "changed"


def _void(conn: sa.Connection, release: _Release, dispatch: Dispatch, now: datetime) -> str:
    known = _known_parcel(conn, release.id, dispatch.package_ref)
    if known is None or normal_tracking(known["tracking"]) != normal_tracking(dispatch.tracking):
        return "same"  # it takes back a label that another one has replaced already
    start = ParcelState(known["state"])
    if ParcelState.VOIDED not in NEXT_PARCEL_STATES[start]:
        return "same"
    reason = "the warehouse took it back"
    move_parcels(conn, [Move(known["id"], start, ParcelState.VOIDED, reason)], now)
    subject = f"{release.amazon_order_id} {dispatch.package_ref}"
    clear_problems(conn, PARCEL_KINDS, [subject], now)
    if start in SHOWN_TO_AMAZON:
        words = f"the warehouse took back parcel {dispatch.package_ref}, but Amazon was told its tracking"
        summary = f"Order {release.amazon_order_id}: {words}."
        found = Problem(kind=ProblemKind.TRACKING_CONTRADICTED, subject=subject, summary=summary)
        record_problems(conn, [found], now)
    return "voided"
