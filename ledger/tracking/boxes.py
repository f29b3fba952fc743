"""What is in each parcel: the warehouse's own lines, and what Amazon is told of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from domain.tracking.boxes import Box, Contents, ReleasedLine, Share, share_out
from domain.tracking.parcels import ParcelState
from domain.warehouse import DispatchLine
from ledger.moves import Move, move_parcels
from ledger.tables import parcel_lines, parcel_told, parcels, release_lines
from ledger.tracking.parcel_words import parcel_contents

# What Amazon has or may have taken of a parcel stays as it was told; the other boxes share the rest.
_FIXED = frozenset({ParcelState.SENDING, ParcelState.ACCEPTED, ParcelState.PROVEN, ParcelState.UNPROVEN})


def record_told(conn: sa.Connection, told: Mapping[int, Sequence[DispatchLine]]) -> None:
    """Keep what the warehouse says is in each parcel, instead of what it said before."""
    conn.execute(parcel_told.delete().where(parcel_told.c.parcel_id.in_(told)))
    rows = [
        {
            "parcel_id": parcel_id,
            "position": place,
            "line_ref": line.line_ref,
            "sku": line.sku,
            "quantity": line.quantity,
        }
        for parcel_id, lines in told.items()
        for place, line in enumerate(lines)
    ]
    if rows:
        conn.execute(parcel_told.insert(), rows)


def told_lines(conn: sa.Connection, ids: Sequence[int]) -> dict[int, tuple[DispatchLine, ...]]:
    """What the warehouse said is in each parcel, as it said it."""
    found: dict[int, tuple[DispatchLine, ...]] = dict.fromkeys(ids, ())
    statement = sa.select(parcel_told).where(parcel_told.c.parcel_id.in_(ids))
    for row in conn.execute(statement.order_by(parcel_told.c.parcel_id, parcel_told.c.position)):
        line = DispatchLine(line_ref=row.line_ref, sku=row.sku, quantity=row.quantity)
        found[row.parcel_id] = (*found[row.parcel_id], line)
    return found


def share_boxes(conn: sa.Connection, release_ids: Sequence[int], now: datetime) -> None:
    """Work out anew what is in each parcel of these releases; what changed is decided again."""
    released = _released_lines(conn, release_ids)
    boxes: dict[int, list[sa.RowMapping]] = {}
    statement = (
        sa.select(parcels)
        .where(parcels.c.release_id.in_(release_ids), parcels.c.state != ParcelState.VOIDED)
        .order_by(parcels.c.id)
        .with_for_update(key_share=True)
    )
    for row in conn.execute(statement).mappings():
        boxes.setdefault(row["release_id"], []).append(row)
    ids = [row["id"] for rows in boxes.values() for row in rows]
    told, known = told_lines(conn, ids), parcel_contents(conn, ids)
    changed = []
    for release_id, rows in boxes.items():
        shares = share_out(
            released.get(release_id, ()), [_box(row, told[row["id"]], known[row["id"]]) for row in rows]
        )
        for row in rows:
            share = shares[row["warehouse_parcel_id"]]
            if row["state"] not in _FIXED and _differs(row, known[row["id"]], share):
                changed.append((row, share))
    _write(conn, changed, now)


def _box(row: sa.RowMapping, told: tuple[DispatchLine, ...], known: Contents) -> Box:
    fixed = known if row["state"] in _FIXED else ()
    return Box(ref=row["warehouse_parcel_id"], told=told, count=row["package_count"], fixed=fixed)


def _differs(row: sa.RowMapping, known: Contents, share: Share) -> bool:
    was = (dict(known), row["joined"], row["reason"] if not known and not row["joined"] else "")
    return was != (dict(share.contents), share.joined, share.reason)


def _write(conn: sa.Connection, changed: Sequence[tuple[sa.RowMapping, Share]], now: datetime) -> None:
    if not changed:
        return
    ids = [row["id"] for row, _ in changed]
    conn.execute(parcel_lines.delete().where(parcel_lines.c.parcel_id.in_(ids)))
    lines = [
        {"parcel_id": row["id"], "order_item_id": item, "quantity": units}
        for row, share in changed
        for item, units in share.contents
    ]
    if lines:
        conn.execute(parcel_lines.insert(), lines)
    update = parcels.update().where(parcels.c.id == sa.bindparam("parcel"))
    values = [
        {
            "parcel": row["id"],
            "contents_known": bool(share.contents),
            "reason": share.reason,
            "joined": share.joined,
        }
        for row, share in changed
    ]
    conn.execute(update, values)
    again = "what is in it was worked out anew"
    undecided = [ParcelState.BLOCKED, ParcelState.MAPPED, ParcelState.REJECTED, ParcelState.NOT_REQUIRED]
    moves = [
        Move(row["id"], ParcelState(row["state"]), ParcelState.RECORDED, again)
        for row, _ in changed
        if row["state"] in undecided
    ]
    move_parcels(conn, moves, now)


def _released_lines(conn: sa.Connection, ids: Sequence[int]) -> Mapping[int, tuple[ReleasedLine, ...]]:
    grouped: dict[tuple[int, str], dict[str, tuple[int, int]]] = {}
    statement = sa.select(release_lines).where(release_lines.c.release_id.in_(ids))
    for row in conn.execute(statement.order_by(release_lines.c.release_id, release_lines.c.line_ref)):
        parts = grouped.setdefault((row.release_id, row.line_ref), {})
        parts[row.sku] = (row.quantity, row.per_unit)
    found: dict[int, tuple[ReleasedLine, ...]] = {}
    for (release_id, line_ref), parts in grouped.items():
        quantity, per_unit = next(iter(parts.values()))
        units = {sku: each for sku, (_, each) in parts.items()}
        line = ReleasedLine(order_item_id=line_ref, quantity=quantity // per_unit, parts=units)
        found[release_id] = (*found.get(release_id, ()), line)
    return found
