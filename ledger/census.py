"""The last list of open orders that a warehouse gave, and how it differs from what is open here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.census import (
    KNOWN_BEFORE,
    STALE,
    TRAVELS,
    WELL_BEFORE,
    Difference,
    Differing,
    cause_of,
    census_problems,
)
from domain.orders import OrderState
from domain.problems import ProblemKind
from domain.releases import ReleaseState
from domain.warehouse import Census
from ledger.problems import settle_problems
from ledger.tables import census_orders, censuses, order_history, orders, problems, releases

_KINDS = (ProblemKind.ORDER_MISSING, ProblemKind.ORDER_STILL_OPEN, ProblemKind.UNKNOWN_ORDER)
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

    `as_of` is None when no list ever came.
    """

    as_of: datetime | None
    listed: int = 0
    expected: int = 0
    differing: tuple[Differing, ...] = ()


def record_census(conn: sa.Connection, connection: str, census: Census, now: datetime) -> str:
    """Keep a list in place of the one before: "census", or "doubted" or "older" when it is not taken.

    A list without orders is doubted while orders should be with the warehouse.
    """
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"census {connection}"))))
    kept = conn.scalar(sa.select(censuses.c.as_of).where(censuses.c.connection == connection))
    if (kept is not None and census.as_of <= kept) or census.as_of > now + KNOWN_BEFORE:
        return "older" if kept is not None and census.as_of <= kept else "doubted"
    if not census.orders and _expected(conn, connection, census.as_of):
        return "doubted"
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


def compare_census(conn: sa.Connection, connection: str, now: datetime) -> Compared:
    """The last list beside the ledger, without what was on its way when it was written; changes nothing."""
    as_of = conn.scalar(sa.select(censuses.c.as_of).where(censuses.c.connection == connection))
    if as_of is None:
        return Compared(as_of=None)
    listed = conn.scalar(
        sa.select(sa.func.count()).select_from(census_orders).where(census_orders.c.connection == connection)
    )
    differing = [*_still_open(conn, connection, as_of), *_unknown(conn, connection)]
    if now >= as_of + TRAVELS:
        differing = [*_missing(conn, connection, as_of), *differing]
    return Compared(
        as_of=as_of,
        listed=listed or 0,
        expected=_expected(conn, connection, as_of),
        differing=tuple(differing),
    )


def record_differences(conn: sa.Connection, connection: str, now: datetime) -> int:
    """Make the open problems about a connection's list what it shows now; how many are new.

    Cleared by the next list or by the order's own fate; a list of days ago proves nothing any more.
    """
    compared = compare_census(conn, connection, now)
    fresh = compared.as_of is not None and now - compared.as_of < STALE
    found = (
        census_problems(connection, compared.as_of, compared.differing) if compared.as_of and fresh else ()
    )
    subjects = sorted({*_told(conn, connection), *(problem.subject for problem in found)})
    return settle_problems(conn, _KINDS, subjects, found, now) if subjects else 0


def _told(conn: sa.Connection, connection: str) -> Collection[str]:
    ours = (problems.c.cleared_at.is_(None), problems.c.cause == cause_of(connection))
    return conn.scalars(sa.select(problems.c.subject).where(*ours)).all()


def _at_warehouse(connection: str, as_of: datetime) -> tuple[Any, ...]:
    """Accepted so long before the list that we knew of it, and not dispatched by today."""
    return (
        releases.c.connection == connection,
        releases.c.state.in_(_THERE),
        releases.c.answered_at < as_of - KNOWN_BEFORE,
        orders.c.state.in_(_OPEN),
    )


def _expected(conn: sa.Connection, connection: str, as_of: datetime) -> int:
    statement = sa.select(sa.func.count()).select_from(
        releases.join(orders, orders.c.id == releases.c.order_id)
    )
    return conn.scalar(statement.where(*_at_warehouse(connection, as_of))) or 0


def _listed(connection: str) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy
    its = (census_orders.c.connection == connection, census_orders.c.reference == releases.c.reference)
    return sa.exists().where(*its)


def _missing(conn: sa.Connection, connection: str, as_of: datetime) -> list[Differing]:
    statement = (
        sa.select(releases.c.reference, releases.c.warehouse_order_id)
        .add_columns(orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(*_at_warehouse(connection, as_of), ~_listed(connection))
        .order_by(orders.c.confirm_by.nulls_last(), releases.c.id)
    )
    return [Differing(difference=Difference.MISSING, **row) for row in conn.execute(statement).mappings()]


def _still_open(conn: sa.Connection, connection: str, as_of: datetime) -> list[Differing]:
    since = (
        sa.select(sa.func.max(order_history.c.at))
        .where(order_history.c.order_id == orders.c.id, order_history.c.to_state == orders.c.state)
        .scalar_subquery()
    )
    statement = (
        sa.select(census_orders.c.reference, census_orders.c.warehouse_order_id, census_orders.c.status)
        .add_columns(orders.c.amazon_order_id, orders.c.state)
        .join(releases, releases.c.reference == census_orders.c.reference)
        .join(orders, orders.c.id == releases.c.order_id)
        .where(
            census_orders.c.connection == connection,
            releases.c.connection == connection,
            orders.c.state.in_(list(_ENDED)),
            since < as_of - WELL_BEFORE,
        )
        .order_by(census_orders.c.reference)
    )
    return [
        Differing(
            difference=Difference.STILL_OPEN,
            reference=row.reference,
            amazon_order_id=row.amazon_order_id,
            warehouse_order_id=row.warehouse_order_id,
            status=row.status,
            ended=_ENDED[OrderState(row.state)],
        )
        for row in conn.execute(statement)
    ]


def _unknown(conn: sa.Connection, connection: str) -> list[Differing]:
    """References that we never gave out: each is written before it is told, so that none is on its way."""
    ours = sa.exists().where(
        releases.c.reference == census_orders.c.reference, releases.c.connection == connection
    )
    statement = (
        sa.select(census_orders.c.reference, census_orders.c.warehouse_order_id, census_orders.c.status)
        .where(census_orders.c.connection == connection, ~ours)
        .order_by(census_orders.c.reference)
    )
    return [Differing(difference=Difference.UNKNOWN, **row) for row in conn.execute(statement).mappings()]
