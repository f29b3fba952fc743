"""What the teams were told about problems: gathered to decide the next messages, kept once they are out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.problems import ProblemKind
from domain.watch.notices import QUIET, Group, Notice, Stage, Told, Watched, What
from ledger.tables import notices, problems

_KEPT = timedelta(days=30)
_STALE = timedelta(days=1)  # the end of a problem is no news any more after this


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What messages are decided by: open problems, ends that are untold, and what was told lately."""

    open_ones: tuple[Watched, ...]
    cleared: tuple[Watched, ...]
    told: tuple[Told, ...]


def load_standing(conn: sa.Connection, now: datetime) -> Standing:
    """Gather what the messages of this moment are decided by."""
    table = problems.c
    untold_ends = (
        table.cleared_at > now - _STALE,
        table.announced_at.is_not(None),
        table.clear_told_at.is_(None),
    )
    lately = sa.select(notices).where(notices.c.at > now - QUIET).order_by(notices.c.id)
    return Standing(
        open_ones=load_open(conn),
        cleared=_watched(conn, *untold_ends),
        told=tuple(
            Told(
                at=row["at"],
                what=What(row["what"]),
                group=_group(row, row["cause"]),
                stage=Stage(row["stage"]),
            )
            for row in conn.execute(lately).mappings()
        ),
    )


def load_open(conn: sa.Connection) -> tuple[Watched, ...]:
    """Every open problem, as messages see them."""
    return _watched(conn, problems.c.cleared_at.is_(None))


def record_notices(conn: sa.Connection, told: Iterable[Notice], now: datetime) -> None:
    """Keep that these messages are out, for each of their causes and problems."""
    rows: list[dict[str, object]] = []
    for notice in told:
        for part in notice.parts:
            _mark(conn, notice.what, part.news, now)
            rows.append(
                {
                    "at": now,
                    "what": notice.what,
                    "owner": part.group.owner,
                    "kind": part.group.kind,
                    "cause": part.group.cause,
                    "stage": part.stage,
                    "problems": len(part.problems),
                    "affected": part.affected,
                }
            )
    if rows:
        conn.execute(notices.insert(), rows)


def record_stages(conn: sa.Connection, stages: Mapping[int, Stage]) -> None:
    """Keep, by id, how near these problems are told to be; nobody heard anything new."""
    for stage in Stage:
        ids = [number for number, told in stages.items() if told is stage]
        if ids:
            conn.execute(problems.update().where(_one_of(ids)).values(stage=stage))


def forget_notices(conn: sa.Connection, now: datetime) -> int:
    """Drop what was told more than 30 days ago; how many."""
    return conn.execute(notices.delete().where(notices.c.at < now - _KEPT)).rowcount


def _mark(conn: sa.Connection, what: What, news: Mapping[int, Stage], now: datetime) -> None:
    for stage in Stage:
        ids = [number for number, heard in news.items() if heard is stage]
        values: dict[str, object] = {"clear_told_at": now}
        if what is not What.CLEARED:
            values = {"announced_at": sa.func.coalesce(problems.c.announced_at, now), "stage": stage}
        if ids:
            conn.execute(problems.update().where(_one_of(ids)).values(values))


def _one_of(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return problems.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.BigInteger)))


def _watched(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> tuple[Watched, ...]:
    columns = (
        "id",
        "kind",
        "owner",
        "cause",
        "subject",
        "summary",
        "affected",
        "opened_at",
        "act_by",
        "stage",
        "acknowledged_by",
        "about",
    )
    moments = ("announced_at", "acknowledged_at")
    statement = sa.select(*[problems.c[name] for name in (*columns, *moments)]).where(*which)
    return tuple(_one(row) for row in conn.execute(statement.order_by(problems.c.id)).mappings())


def _one(row: sa.RowMapping) -> Watched:
    heard = Stage(row["stage"] or Stage.NEW) if row["announced_at"] else None
    return Watched(
        id=row["id"],
        group=_group(row, row["cause"] or row["subject"]),
        subject=row["subject"],
        summary=row["summary"],
        affected=row["affected"],
        opened_at=row["opened_at"],
        act_by=row["act_by"],
        told=heard,
        acknowledged=row["acknowledged_at"] is not None,
        acknowledged_by=row["acknowledged_by"],
        about=row["about"],
    )


def _group(row: sa.RowMapping, cause: str) -> Group:
    return Group(owner=row["owner"], kind=ProblemKind(row["kind"]), cause=cause)
