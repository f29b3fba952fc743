"""How the warehouse's carriers are used: on blocked parcels, on recent ones, and by orders that come next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.maps import CarrierMap, fold
from domain.orders.order import OrderState
from domain.problems import Problem, ProblemKind
from domain.tracking.carrier_gaps import CarrierGap, Need, Used, find_gaps
from domain.tracking.carrier_replay import KnownParcel
from domain.tracking.parcels import NO_CONFIRM_PROGRAMS, ParcelState
from ledger.maps import load_carriers
from ledger.problems import clear_problems, open_problems, record_problems
from ledger.register import Connection, connections
from ledger.tables import carrier_map, orders, parcels, releases, shown_packages

LATELY = timedelta(days=30)  # how far back the warehouse's habits are read

_COMING = (OrderState.RELEASING, OrderState.RELEASED, OrderState.PART_DISPATCHED)
_UNTOLD = (ParcelState.VOIDED, ParcelState.NOT_REQUIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedCarrier:
    """A warehouse's carrier string that parcels wait on; `first_due` is UTC."""

    connection: str
    warehouse_carrier: str
    warehouse_service: str
    marketplace_id: str
    parcels: int
    first_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierVersion:
    """One version of a row of the carrier map; `until` is None on the one in force. Times are UTC."""

    connection: str
    warehouse_carrier: str
    warehouse_service: str
    marketplace_id: str
    carrier_code: str
    carrier_name: str
    shipping_method: str
    signed_by: str
    since: datetime
    until: datetime | None
    author: str


def blocked_carriers(conn: sa.Connection) -> tuple[BlockedCarrier, ...]:
    """Carrier strings that parcels wait on and that the map in force does not know, the most urgent first."""
    table = parcels.c
    key = (table.connection, table.warehouse_carrier, table.warehouse_service, orders.c.marketplace_id)
    due = sa.func.min(orders.c.confirm_by).label("first_due")
    statement = (
        sa.select(*key, sa.func.count().label("parcels"), due)
        .join(orders, orders.c.id == table.order_id)
        .where(table.state == ParcelState.BLOCKED, table.blocked_for == ProblemKind.CARRIER_UNMAPPED)
        .where(orders.c.state != OrderState.CANCELED)
        .group_by(*key)
        .order_by(due.asc().nulls_last(), *key)
    )
    found = tuple(BlockedCarrier(**row) for row in conn.execute(statement).mappings())
    maps = {name: load_carriers(conn, name) for name in {one.connection for one in found}}
    return tuple(one for one in found if not _mapped(maps[one.connection], one))


def carrier_gaps(conn: sa.Connection, connection: Connection, now: datetime) -> tuple[CarrierGap, ...]:
    """What the carrier map lacks for orders that this warehouse will dispatch next, the most urgent first.

    A carrier that parcels wait on already is no gap any more.
    """
    needs = _needs(conn, connection.name)
    if not needs:
        return ()
    used = _used(conn, connection.name, now - LATELY)
    maps = {connection.name: load_carriers(conn, connection.name)}
    gaps = find_gaps(needs, used, maps, {connection.name: connection.buy_shipping})
    waiting = {_key(one) for one in blocked_carriers(conn)}
    return tuple(gap for gap in gaps if _key(gap) not in waiting)


def all_carrier_gaps(conn: sa.Connection, now: datetime) -> tuple[CarrierGap, ...]:
    """The gaps of every warehouse connection."""
    return tuple(gap for one in connections(conn) for gap in carrier_gaps(conn, one, now))


def settle_carrier_gaps(
    conn: sa.Connection, connection: str, found: tuple[Problem, ...], now: datetime
) -> int:
    """Make the open carrier gaps of one warehouse exactly what was found; how many are new."""
    still = {problem.subject for problem in found}
    gone = [
        problem.subject
        for problem in open_problems(conn)
        if problem.kind is ProblemKind.CARRIER_GAP
        and problem.subject.startswith(f"{connection} / ")
        and problem.subject not in still
    ]
    clear_problems(conn, [ProblemKind.CARRIER_GAP], gone, now)
    return record_problems(conn, found, now)


def known_parcels(conn: sa.Connection, since: datetime) -> tuple[KnownParcel, ...]:
    """Every parcel known since then (UTC) that had to be confirmed, with what Amazon shows of it."""
    table = parcels.c
    # Confirmed by somebody else, Amazon shows a parcel under that one's package reference.
    named = sa.func.coalesce(sa.func.nullif(table.shown_as, ""), sa.cast(table.id, sa.Text))
    shown = sa.and_(shown_packages.c.order_id == table.order_id, shown_packages.c.reference_id == named)
    statement = (
        sa.select(table.connection, orders.c.marketplace_id, table.warehouse_carrier, table.warehouse_service)
        .add_columns(table.tracking, table.carrier_code.label("told_code"))
        .add_columns(sa.func.coalesce(shown_packages.c.status, "").label("shown_status"))
        .join(orders, orders.c.id == table.order_id)
        .outerjoin(shown_packages, shown)
        .where(table.known_at >= since, table.state.not_in(_UNTOLD))
        .where(orders.c.state != OrderState.CANCELED)
    )
    return tuple(KnownParcel(**row) for row in conn.execute(statement).mappings())


def carrier_history(conn: sa.Connection, connection: str) -> tuple[CarrierVersion, ...]:
    """Every version of every row of the carrier map, of one connection or (empty) of all, oldest first."""
    table = carrier_map.c
    statement = sa.select(*[table[name] for name in CarrierVersion.__dataclass_fields__])
    if connection:
        statement = statement.where(table.connection == connection)
    string = (sa.func.lower(table.warehouse_carrier), sa.func.lower(table.warehouse_service))
    rows = conn.execute(statement.order_by(table.connection, *string, table.marketplace_id, table.id))
    return tuple(CarrierVersion(**row) for row in rows.mappings())


def _needs(conn: sa.Connection, connection: str) -> tuple[Need, ...]:
    """Orders at the warehouse or on their way to it that somebody will have to confirm, by service."""
    last = (
        sa.select(releases.c.service)
        .where(releases.c.order_id == orders.c.id)
        .order_by(releases.c.release_no.desc())
        .limit(1)
        .lateral()
    )
    key = (orders.c.connection, orders.c.marketplace_id, last.c.service)
    statement = (
        sa.select(*key, sa.func.count().label("orders"), sa.func.min(orders.c.confirm_by).label("first_due"))
        .select_from(orders.join(last, sa.true()))
        .where(orders.c.state.in_(_COMING), orders.c.connection == connection)
        .where(sa.not_(orders.c.programs.overlap(sorted(NO_CONFIRM_PROGRAMS))))
        .group_by(*key)
    )
    return tuple(Need(**row) for row in conn.execute(statement).mappings())


def _used(conn: sa.Connection, connection: str, since: datetime) -> tuple[Used, ...]:
    """What the warehouse put on its parcels for each service, whatever the marketplace."""
    table = parcels.c
    key = (table.connection, releases.c.service, table.warehouse_carrier, table.warehouse_service)
    statement = (
        sa.select(*key)
        .join(releases, releases.c.id == table.release_id)
        .where(table.connection == connection, table.known_at >= since, table.state != ParcelState.VOIDED)
        .group_by(*key)
        .order_by(*key)
    )
    return tuple(Used(**row) for row in conn.execute(statement).mappings())


def _mapped(known: CarrierMap, one: BlockedCarrier) -> bool:
    found = known.resolve(one.marketplace_id, one.warehouse_carrier, one.warehouse_service)
    return found is not None


def _key(one: BlockedCarrier | CarrierGap) -> tuple[str, str, str, str]:
    string = fold(one.warehouse_carrier), fold(one.warehouse_service)
    return one.connection, one.marketplace_id, *string
