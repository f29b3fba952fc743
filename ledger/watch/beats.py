"""How the streets beat: when each flow ran well, for whom, and how much it carried, hour by hour."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.watch.lulls import REMEMBERED, Carried
from domain.watch.silence import RESUMED, WATCH, WATCHER, Beat, HourOfRuns, comes_batched
from ledger.tables import beats


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


def expect_beats(conn: sa.Connection, flows: Collection[str], now: datetime) -> None:
    """Note since when flows are due that never ran well, as a beat without a run; drop it when they are not due."""
    only_due = beats.c.runs == 0
    conn.execute(beats.delete().where(only_due, beats.c.street.not_in(sorted(flows))))
    known = {flow for flow in flows if conn.scalar(sa.select(sa.exists().where(beats.c.street == flow)))}
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = {"subject": WATCHER, "hour": hour, "runs": 0, "volume": 0, "last_at": now}
    if new := [{"street": flow, **row} for flow in sorted(set(flows) - known)]:
        conn.execute(insert(beats).on_conflict_do_nothing(), new)


def last_beats(conn: sa.Connection, strangers: Collection[str], now: datetime) -> tuple[Beat, ...]:
    """The last good run of each flow for each of these strangers, and of the watch; removed ones are left out.

    A flow that never ran well beats once, when it was first seen to be due.
    """
    stranger = sa.func.regexp_replace(beats.c.subject, r"\).*$", ")")
    known = sa.or_(stranger.in_(sorted(strangers)), beats.c.subject == WATCHER)
    statement = (
        sa.select(beats.c.street, beats.c.subject, sa.func.max(beats.c.last_at).label("last_at"))
        .add_columns(sa.func.sum(beats.c.runs).label("runs"))
        .where(beats.c.hour > now - REMEMBERED, known)
        .group_by(beats.c.street, beats.c.subject)
        .order_by(beats.c.street, beats.c.subject)
    )
    rows = conn.execute(statement).all()
    ran = {row.street for row in rows if row.runs}
    return tuple(
        Beat(flow=row.street, subject=row.subject, last_at=row.last_at)
        for row in rows
        if row.runs or row.street not in ran
    )


def last_watch(conn: sa.Connection, *subjects: str) -> datetime | None:
    """When the watch last ran to its end, or what it last noted about itself; None: not within eight weeks."""
    its = (beats.c.street == WATCH, beats.c.subject.in_(subjects or (WATCHER,)))
    moment: datetime | None = conn.scalar(sa.select(sa.func.max(beats.c.last_at)).where(*its))
    return moment


def resumed_at(conn: sa.Connection) -> datetime | None:
    """When the watch last found that it had stood still, and everything started again; None: never."""
    return last_watch(conn, RESUMED)


def hours_of_runs(
    conn: sa.Connection, flows: Collection[str], start: datetime, end: datetime
) -> list[tuple[str, HourOfRuns]]:
    """The hours in which these flows may have run well between two moments."""
    these = (beats.c.street.in_(sorted(flows)), beats.c.runs > 0)
    statement = sa.select(beats.c.street, beats.c.hour, beats.c.runs, beats.c.last_at).where(
        *these, beats.c.hour < end, beats.c.last_at > start
    )
    return [
        (row.street, HourOfRuns(hour=row.hour, runs=row.runs, last_at=row.last_at))
        for row in conn.execute(statement)
    ]


def ran_since(conn: sa.Connection, moment: datetime) -> set[str]:
    """The flows that ran well after a moment."""
    return set(
        conn.scalars(sa.select(beats.c.street).distinct().where(beats.c.runs > 0, beats.c.last_at > moment))
    )


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
    return conn.execute(beats.delete().where(beats.c.hour < now - REMEMBERED)).rowcount
