"""Each time Amazon showed a number that nobody of us had published: kept, and read for its pattern."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.stock.drift import DAY, RETURNS_WITHIN, SAME_TIME, Occurrence, OtherWriter, who_writes
from ledger.tables import drifts, listings

_KEPT = 8  # older numbers of ours that are remembered
_TOGETHER = sa.text(
    """
    SELECT minute.at AS minute, count(DISTINCT drift.listing_id) AS together
    FROM unnest(CAST(:minutes AS timestamptz[])) AS minute(at)
    JOIN ledger.drifts AS drift
        ON coalesce(drift.changed_at, drift.at) BETWEEN minute.at - :leeway AND minute.at + :leeway
    JOIN ledger.listings AS listing ON listing.id = drift.listing_id
        AND listing.seller_account = (SELECT seller_account FROM ledger.listings WHERE id = :one)
    GROUP BY minute.at
    """
)
_READ = 500  # returns of one listing that are read: more a week change no sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """A listing whose quantity somebody else sets again and again."""

    marketplace_id: str
    seller_sku: str
    published: int
    writer: OtherWriter


def remembered(row: sa.RowMapping) -> list[int]:
    """The numbers of ours to remember after a look at a listing, newest first."""
    earlier: list[int] = list(row["earlier"])
    if row["published"] is None or earlier[:1] == [row["published"]]:
        return earlier
    return [row["published"], *earlier][:_KEPT]


def record_drifts(
    conn: sa.Connection,
    found: Iterable[tuple[sa.RowMapping, int, datetime | None]],
    now: datetime,
) -> None:
    """Keep occurrences: (the listing's row before the look, the units shown, when Amazon says it changed)."""
    rows = [
        {
            "listing_id": row["id"],
            "at": now,
            "right_until": _right_until(row),
            "changed_at": changed_at,
            "published": row["published"] or 0,
            "shown": shown,
            "available": row["available"],
            "earlier": [units for units in remembered(row) if units != row["published"]],
        }
        for row, shown, changed_at in found
    ]
    if rows:
        conn.execute(drifts.insert(), rows)


def writers(conn: sa.Connection, listing_ids: Sequence[int], now: datetime) -> dict[int, OtherWriter]:
    """Who else writes, by listing of one account, as far as it came back within a week."""
    if not listing_ids:
        return {}
    back = {
        listing_id: mine for listing_id, mine in _occurrences(conn, listing_ids, now).items() if len(mine) > 1
    }
    last = {listing_id: max(one.moment for one in mine) for listing_id, mine in back.items()}
    together = _together(conn, last)
    found = {listing_id: who_writes(mine, now, together[listing_id]) for listing_id, mine in back.items()}
    return {listing_id: writer for listing_id, writer in found.items() if writer is not None}


def still_returning(conn: sa.Connection, listing_ids: Collection[int], now: datetime) -> set[int]:
    """Listings whose quantity came back within a week, last within a day: the quiet after it proves nothing."""
    statement = (
        sa.select(drifts.c.listing_id)
        .where(drifts.c.listing_id.in_(listing_ids), drifts.c.at >= now - RETURNS_WITHIN)
        .group_by(drifts.c.listing_id)
        .having(sa.and_(sa.func.count() > 1, sa.func.max(drifts.c.at) > now - DAY))
    )
    return set(conn.scalars(statement)) if listing_ids else set()


def returning(
    conn: sa.Connection, account: str, now: datetime, limit: int
) -> tuple[tuple[Returning, ...], int]:
    """The listings of an account whose quantity came back within a week, most returns first, and how many."""
    times = sa.func.count()
    statement = (
        sa.select(drifts.c.listing_id, sa.func.count().over())
        .join(listings, listings.c.id == drifts.c.listing_id)
        .where(listings.c.seller_account == account, drifts.c.at >= now - RETURNS_WITHIN)
        .group_by(drifts.c.listing_id)
        .having(times > 1)
        .order_by(times.desc(), drifts.c.listing_id)
        .limit(limit)
    )
    counted = conn.execute(statement).all()
    found = writers(conn, [listing_id for listing_id, _ in counted], now)
    return _named(conn, found), counted[0][1] if counted else 0


def _named(conn: sa.Connection, found: Mapping[int, OtherWriter]) -> tuple[Returning, ...]:
    rows = conn.execute(sa.select(listings).where(listings.c.id.in_(found))).mappings()
    named = {row["id"]: row for row in rows}
    return tuple(
        Returning(
            marketplace_id=named[listing_id]["marketplace_id"],
            seller_sku=named[listing_id]["seller_sku"],
            published=named[listing_id]["published"] or 0,
            writer=writer,
        )
        for listing_id, writer in found.items()
    )


def _occurrences(
    conn: sa.Connection, listing_ids: Sequence[int], now: datetime
) -> dict[int, list[Occurrence]]:
    place = sa.func.row_number().over(partition_by=drifts.c.listing_id, order_by=drifts.c.at.desc())
    recent = (
        sa.select(drifts, place.label("place"))
        .where(drifts.c.listing_id.in_(listing_ids), drifts.c.at >= now - RETURNS_WITHIN)
        .subquery()
    )
    names = [name for name in Occurrence.__dataclass_fields__ if name != "earlier"]
    found: dict[int, list[Occurrence]] = {listing_id: [] for listing_id in listing_ids}
    for row in conn.execute(sa.select(recent).where(recent.c.place <= _READ)).mappings():
        one = Occurrence(**{name: row[name] for name in names}, earlier=tuple(row["earlier"]))
        found[row["listing_id"]].append(one)
    return found


def _together(conn: sa.Connection, last: Mapping[int, datetime]) -> dict[int, int]:
    """How many listings of the same account changed when each of these did, this one included.

    What changed in the same minute is asked for once: a program that writes thousands writes them together.
    """
    minutes = {listing_id: moment.replace(second=0, microsecond=0) for listing_id, moment in last.items()}
    found = {row.minute: row.together for row in conn.execute(_TOGETHER, _asked(minutes))} if minutes else {}
    return {listing_id: max(1, found.get(minute, 1)) for listing_id, minute in minutes.items()}


def _asked(minutes: Mapping[int, datetime]) -> dict[str, object]:
    return {"minutes": sorted(set(minutes.values())), "leeway": SAME_TIME, "one": min(minutes)}


def _right_until(row: sa.RowMapping) -> datetime | None:
    """The last look that showed our number; the one that made it effective, when later ones showed another."""
    seen, effective = row["seen_at"], row["effective_at"]
    shown: datetime | None = seen if seen and row["effective"] == row["published"] else effective
    return shown
