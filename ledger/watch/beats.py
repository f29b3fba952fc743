"""How the streets beat: when each flow ran well, for whom, and how much it carried, hour by hour."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.watch.lulls import REMEMBERED, Carried
from domain.watch.silence import RESUMED, WATCH, WATCHER, Beat, comes_batched
from ledger.tables import beats

_KEPT = timedelta(weeks=8)
_LAST = timedelta(days=9)  # a weekly flow has beaten since then


def record_beats(conn: sa.Connection, flow: str, carried: Mapping[str, int], now: datetime) -> None:
    """Keep that a flow ran well for these subjects, and how much it carried for each."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = [
        {
            "street": flow,
            "subject": subject,
            "hour": hour,
            "runs": 1,
            "volume": volume,
            "last_at": now,
            "last_volume_at": now if volume else None,
        }
        for subject, volume in sorted(carried.items())  # rows are locked in one order
    ]
    if not rows:
        return
    statement = insert(beats).values(rows)
    new = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=[beats.c.street, beats.c.subject, beats.c.hour],
        set_={
            "runs": beats.c.runs + 1,
            "volume": beats.c.volume + new.volume,
            "last_at": sa.func.greatest(beats.c.last_at, new.last_at),
            "last_volume_at": sa.func.coalesce(new.last_volume_at, beats.c.last_volume_at),
        },
    )
    conn.execute(upsert)


def last_beats(conn: sa.Connection, strangers: Collection[str], now: datetime) -> tuple[Beat, ...]:
    """The last good run of each flow for each of these strangers, and of the watch; removed ones are left out."""
    stranger = sa.func.regexp_replace(beats.c.subject, r"\).*$", ")")
    known = sa.or_(stranger.in_(sorted(strangers)), beats.c.subject == WATCHER)
    statement = (
        sa.select(beats.c.street, beats.c.subject, sa.func.max(beats.c.last_at).label("last_at"))
        .where(beats.c.hour > now - _LAST, known)
        .group_by(beats.c.street, beats.c.subject)
        .order_by(beats.c.street, beats.c.subject)
    )
    return tuple(Beat(flow=r.street, subject=r.subject, last_at=r.last_at) for r in conn.execute(statement))


def last_watch(conn: sa.Connection, *subjects: str) -> datetime | None:
    """When the watch last ran to its end, or what it last noted about itself; None: not within eight weeks."""
    its = (beats.c.street == WATCH, beats.c.subject.in_(subjects or (WATCHER,)))
    moment: datetime | None = conn.scalar(sa.select(sa.func.max(beats.c.last_at)).where(*its))
    return moment


def resumed_at(conn: sa.Connection) -> datetime | None:
    """When the watch last found that it had stood still, and everything started again; None: never."""
    return last_watch(conn, RESUMED)


def beat_between(conn: sa.Connection, start: datetime, end: datetime) -> bool:
    """Whether another flow than the watch ran well between two moments."""
    within = (beats.c.street != WATCH, beats.c.last_at > start, beats.c.last_at < end)
    return conn.execute(sa.select(beats.c.hour).where(*within).limit(1)).first() is not None


def ran_since(conn: sa.Connection, moment: datetime) -> set[str]:
    """The flows that ran well after a moment."""
    return set(conn.scalars(sa.select(beats.c.street).distinct().where(beats.c.last_at > moment)))


def load_carried(
    conn: sa.Connection, flows: Collection[str], now: datetime
) -> dict[tuple[str, str], Carried]:
    """What flows carried for each subject, by the hour, as far back as a judgment looks."""
    statement = (
        sa.select(beats.c.street, beats.c.subject, beats.c.hour, beats.c.volume, beats.c.last_volume_at)
        .where(beats.c.street.in_(sorted(flows)), beats.c.hour >= now - REMEMBERED)
        .order_by(beats.c.hour)
    )
    hours: dict[tuple[str, str], dict[datetime, int]] = {}
    last: dict[tuple[str, str], datetime] = {}
    for row in conn.execute(statement):
        key = (row.street, row.subject)
        hours.setdefault(key, {})[row.hour] = row.volume
        if row.last_volume_at:
            last[key] = row.last_volume_at
    return {
        key: Carried(hours=found, last_volume_at=last.get(key), batched=comes_batched(key[0]))
        for key, found in hours.items()
    }


def forget_beats(conn: sa.Connection, now: datetime) -> int:
    """Drop the beats of more than eight weeks ago; how many."""
    return conn.execute(beats.delete().where(beats.c.hour < now - _KEPT)).rowcount
