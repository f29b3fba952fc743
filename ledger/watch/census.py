"""The last list of open orders that a warehouse gave, and how it differs from what is open here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.orders.order import OrderState
from domain.orders.releases import ReleaseState
from domain.problems import Problem, ProblemKind
from domain.warehouse import Census
from domain.watch.census import (
    KNOWN_BEFORE,
    STALE,
    TRAVELS,
    WELL_BEFORE,
    Difference,
    Differing,
    cause_of,
    census_problems,
    is_crowd,
    is_known_crowd,
)
from ledger.problems import open_subjects, settle_problems
from ledger.tables import census_orders, censuses, order_history, orders, problems, releases

_KINDS = (ProblemKind.ORDER_MISSING, ProblemKind.ORDER_STILL_OPEN, ProblemKind.UNKNOWN_ORDER)
_ENDED_BY_WORD = (ProblemKind.ORDER_STILL_OPEN, ProblemKind.UNKNOWN_ORDER)
_ENDED = {
    OrderState.CANCELED: "canceled",
    OrderState.CLOSED: "shipped",
    OrderState.FOREIGN: "confirmed elsewhere",
}
_THERE = [ReleaseState.ACCEPTED, ReleaseState.EXISTS]
_OPEN = [OrderState.RELEASED, OrderState.PART_DISPATCHED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A warehouse's last list beside the ledger: its moment, how many orders each has, and where they differ.

    `as_of` is None when no list ever came; `doubted` counts those that came since and were not believed.
    """

    as_of: datetime | None
    doubted: int = 0
    listed: int = 0
    expected: int = 0
    differing: tuple[Differing, ...] = ()


def record_census(conn: sa.Connection, connection: str, census: Census, now: datetime) -> str:
    """Keep a list in place of the one before: "census", or "doubted" or "older" when it is not taken.

    A list without orders is doubted while orders should be with the warehouse.
    """
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"census {connection}"))))
    kept = _as_of(conn, connection)
    if (kept is not None and census.as_of <= kept) or census.as_of > now + KNOWN_BEFORE:
        older = kept is not None and census.as_of <= kept
        return "older" if older else _doubt(conn, connection)
    if not census.orders and _expected(conn, connection, census.as_of):
        return _doubt(conn, connection)
    conn.execute(censuses.delete().where(censuses.c.connection == connection))
    conn.execute(insert(censuses).values(connection=connection, as_of=census.as_of, recorded_at=now))
    rows = [
        {
            "connection": connection,
            "reference": one.reference,
            "warehouse_order_id": one.warehouse_order_id,
            "status": one.status,
        }
        for one in census.orders
    ]
    if rows:
        conn.execute(census_orders.insert(), rows)
    return "census"


def _doubt(conn: sa.Connection, connection: str) -> str:
    """Count a list that is not believed beside the one that stays."""
    here = censuses.update().where(censuses.c.connection == connection)
    conn.execute(here.values(doubted=censuses.c.doubted + 1))
    return "doubted"


def compare_census(conn: sa.Connection, connection: str, now: datetime) -> Compared:
    """The last list beside the ledger, with the numbers of both; changes nothing."""
    last = sa.select(censuses.c.as_of, censuses.c.doubted).where(censuses.c.connection == connection)
    row = conn.execute(last).one_or_none()
    if row is None:
        return Compared(as_of=None)
    its = sa.select(sa.func.count()).where(census_orders.c.connection == connection)
    return Compared(
        as_of=row.as_of,
        doubted=row.doubted,
        listed=conn.scalar(its) or 0,
        expected=_expected(conn, connection, row.as_of),
        differing=find_differing(conn, connection, row.as_of, now),
    )


def find_differing(
    conn: sa.Connection, connection: str, as_of: datetime, now: datetime
) -> tuple[Differing, ...]:
    """Orders about which the list and the ledger differ, without what was on its way when it was written.

    An order that is told as missing, and that the next list lacks as well, is missing all the time.
    """
    missing = _missing(conn, connection, as_of)
    if now < as_of + TRAVELS:
        missing = _told_missing(conn, missing)
    return (*missing, *_strange(conn, connection, as_of))


def record_differences(conn: sa.Connection, connection: str, now: datetime) -> int:
    """Make the open problems about a connection's list what it shows now; how many are new.

    Cleared by the next list or by the order's own fate. A list of days ago proves nothing any more: it opens
    nothing, and of what it said only that an order is missing still stands, until somebody has it. A reference
    that is not ours is over when a person has seen it, whatever list it is in; very many of them are for a
    while. An order that the warehouse was to close is over by a person's word, until a list of later has it.
    """
    as_of = _as_of(conn, connection)
    if as_of is None:
        return 0
    stale = now - as_of >= STALE
    differing = (
        _told_missing(conn, _missing(conn, connection, as_of))
        if stale
        else find_differing(conn, connection, as_of, now)
    )
    found = _unseen(conn, census_problems(connection, as_of, differing), as_of, now)
    subjects = sorted({*_told(conn, connection), *(problem.subject for problem in found)})
    return settle_problems(conn, _KINDS, subjects, found, now) if subjects else 0


def _told_missing(conn: sa.Connection, missing: Sequence[Differing]) -> list[Differing]:
    told = set(open_subjects(conn, ProblemKind.ORDER_MISSING)) if missing else set()
    return [one for one in missing if one.amazon_order_id in told]


def _unseen(
    conn: sa.Connection, found: Sequence[Problem], as_of: datetime, now: datetime
) -> tuple[Problem, ...]:
    """The problems without those that are over by a person's word."""
    asked = [problem.subject for problem in found if problem.kind in _ENDED_BY_WORD]
    if not asked:
        return tuple(found)
    columns = (problems.c.kind, problems.c.subject, problems.c.affected, problems.c.acknowledged_at)
    statement = (
        sa.select(*columns)
        .where(
            problems.c.kind.in_(_ENDED_BY_WORD),
            problems.c.acknowledged_at.is_not(None),
            problems.c.subject.in_(asked),
        )
        .order_by(problems.c.acknowledged_at)
    )
    seen = {(row.kind, row.subject): (row.affected, row.acknowledged_at) for row in conn.execute(statement)}
    return tuple(problem for problem in found if not _is_over(problem, seen, as_of, now))


def _is_over(
    problem: Problem, seen: Mapping[tuple[str, str], tuple[int, datetime]], as_of: datetime, now: datetime
) -> bool:
    known = seen.get((problem.kind, problem.subject))
    if known is None:
        return False
    if problem.kind is ProblemKind.ORDER_STILL_OPEN:
        return known[1] >= as_of
    return not is_crowd(problem.subject) or is_known_crowd(problem.affected, *known, now)


def _told(conn: sa.Connection, connection: str) -> Collection[str]:
    ours = (problems.c.cleared_at.is_(None), problems.c.cause == cause_of(connection))
    return conn.scalars(sa.select(problems.c.subject).where(*ours)).all()


def _as_of(conn: sa.Connection, connection: str) -> datetime | None:
    moment: datetime | None = conn.scalar(
        sa.select(censuses.c.as_of).where(censuses.c.connection == connection)
    )
    return moment


# What follows looks up one release for each open or listed order, and never reads through all that ever was: a
# subquery with a limit stays one.


def _at_warehouse(connection: str, as_of: datetime) -> sa.Select[Any]:
    """Open orders whose last release was accepted so long before the list that we knew of it."""
    last = (
        sa.select(releases.c.reference, releases.c.warehouse_order_id)
        .add_columns(releases.c.connection, releases.c.state, releases.c.answered_at)
        .where(releases.c.order_id == orders.c.id)
        .order_by(releases.c.release_no.desc())
        .limit(1)
        .lateral("last_release")
    )
    return (
        sa.select(last.c.reference, last.c.warehouse_order_id, orders.c.amazon_order_id, orders.c.confirm_by)
        .select_from(orders.join(last, sa.true()))
        .where(
            orders.c.state.in_(_OPEN),
            last.c.connection == connection,
            last.c.state.in_(_THERE),
            last.c.answered_at < as_of - KNOWN_BEFORE,
        )
    )


def _expected(conn: sa.Connection, connection: str, as_of: datetime) -> int:
    there = _at_warehouse(connection, as_of).subquery()
    return conn.scalar(sa.select(sa.func.count()).select_from(there)) or 0


def _missing(conn: sa.Connection, connection: str, as_of: datetime) -> list[Differing]:
    there = _at_warehouse(connection, as_of).subquery()
    its = (census_orders.c.connection == connection, census_orders.c.reference == there.c.reference)
    statement = sa.select(there).where(~sa.exists().where(*its))
    rows = conn.execute(statement.order_by(there.c.confirm_by.nulls_last(), there.c.reference))
    return [Differing(difference=Difference.MISSING, **row) for row in rows.mappings()]


def _strange(conn: sa.Connection, connection: str, as_of: datetime) -> list[Differing]:
    """Listed orders that are over here since well before the list, or that we never gave out.

    A reference is written before it is told, so that none that is unknown is on its way.
    """
    ours = (
        sa.select(orders.c.id, orders.c.amazon_order_id, orders.c.state)
        .select_from(releases.join(orders, orders.c.id == releases.c.order_id))
        .where(releases.c.reference == census_orders.c.reference, releases.c.connection == connection)
        .limit(1)
        .lateral("ours")
    )
    statement = (
        sa.select(census_orders.c.reference, census_orders.c.warehouse_order_id, census_orders.c.status, ours)
        .select_from(census_orders.outerjoin(ours, sa.true()))
        .where(
            census_orders.c.connection == connection,
            sa.or_(ours.c.id.is_(None), ours.c.state.in_(list(_ENDED))),
        )
        .order_by(census_orders.c.reference)
    )
    rows = conn.execute(statement).mappings().all()
    since = _over_since(conn, [row["id"] for row in rows if row["id"] is not None])
    return [
        _differing(row)
        for row in rows
        if row["id"] is None or since.get(row["id"], as_of) < as_of - WELL_BEFORE
    ]


def _over_since(conn: sa.Connection, ids: Sequence[int]) -> dict[int, datetime]:
    """Since when orders are in the state in which they ended."""
    if not ids:
        return {}
    last = sa.func.max(order_history.c.at)
    ended = (order_history.c.order_id.in_(ids), order_history.c.to_state.in_(list(_ENDED)))
    rows = conn.execute(
        sa.select(order_history.c.order_id, last).where(*ended).group_by(order_history.c.order_id)
    )
    return {row[0]: row[1] for row in rows}


def _differing(row: sa.RowMapping) -> Differing:
    known = row["id"] is not None
    return Differing(
        difference=Difference.STILL_OPEN if known else Difference.UNKNOWN,
        reference=row["reference"],
        amazon_order_id=row["amazon_order_id"] or "",
        warehouse_order_id=row["warehouse_order_id"],
        status=row["status"],
        ended=_ENDED[OrderState(row["state"])] if known else "",
    )
