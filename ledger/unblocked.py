"""What waits for a row of a map, which words are in use, and where it is after the row came into force."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from domain.maps import fold
from domain.orders.order import OrderState
from domain.problems import ProblemKind
from domain.tracking.parcels import ParcelState
from ledger.maps import CarrierEntry
from ledger.tables import carrier_map, listings, order_lines, orders, parcels, service_map, stock
from ledger.tracking.carrier_use import LATELY

_COMING = (OrderState.PENDING, OrderState.READY, OrderState.HELD)


def parcels_waiting(conn: sa.Connection, entry: CarrierEntry) -> tuple[int, ...]:
    """The ids of the parcels that are blocked for want of this row of the carrier map."""
    table = parcels.c
    statement = (
        sa.select(table.id, table.warehouse_carrier, table.warehouse_service)
        .join(orders, orders.c.id == table.order_id)
        .where(table.state == ParcelState.BLOCKED, table.blocked_for == ProblemKind.CARRIER_UNMAPPED)
        .where(table.connection == entry.connection, orders.c.marketplace_id == entry.marketplace_id)
        .where(orders.c.state != OrderState.CANCELED)
        .order_by(table.id)
    )
    carrier, service = fold(entry.warehouse_carrier), fold(entry.warehouse_service)
    return tuple(
        row.id
        for row in conn.execute(statement)
        if fold(row.warehouse_carrier) == carrier and service in ("", fold(row.warehouse_service))
    )


def parcel_states(conn: sa.Connection, ids: Collection[int]) -> Mapping[ParcelState, int]:
    """How many of these parcels are in which state."""
    return Counter(ParcelState(state) for state in conn.scalars(_states(parcels, ids)))


def orders_waiting(conn: sa.Connection, account: str, kind: ProblemKind) -> tuple[int, ...]:
    """The ids of the orders of an account that are held, and say that this is why."""
    statement = sa.select(orders.c.id).where(
        orders.c.seller_account == account, orders.c.state == OrderState.HELD, orders.c.held_for == kind
    )
    return tuple(conn.scalars(statement.order_by(orders.c.id)))


def order_states(conn: sa.Connection, ids: Collection[int]) -> Mapping[OrderState, int]:
    """How many of these orders are in which state."""
    return Counter(OrderState(state) for state in conn.scalars(_states(orders, ids)))


def seller_skus_like(conn: sa.Connection, account: str, seller_sku: str) -> tuple[str, ...]:
    """The seller SKUs of listings and of orders to come that are the same up to case."""
    same = sa.func.lower(seller_sku)
    listed = sa.select(listings.c.seller_sku).where(
        listings.c.seller_account == account, sa.func.lower(listings.c.seller_sku) == same
    )
    ordered = (
        sa.select(order_lines.c.seller_sku)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .where(orders.c.seller_account == account, orders.c.state.in_(_COMING))
        .where(sa.func.lower(order_lines.c.seller_sku) == same)
    )
    return tuple(sorted(set(conn.scalars(sa.union(listed, ordered)))))


def warehouse_skus_like(conn: sa.Connection, connection: str, warehouse_sku: str) -> tuple[str, ...]:
    """The SKUs that the warehouse has counted and that are the same up to case."""
    statement = sa.select(stock.c.sku).where(
        stock.c.connection == connection, sa.func.lower(stock.c.sku) == sa.func.lower(warehouse_sku)
    )
    return tuple(sorted(set(conn.scalars(statement))))


def carrier_in_use(conn: sa.Connection, connection: str, carrier: str, now: datetime) -> bool:
    """Whether a carrier is mapped at a connection, in any marketplace, or on a parcel of its last 30 days."""
    mapped = sa.select(carrier_map.c.warehouse_carrier).where(
        carrier_map.c.connection == connection, carrier_map.c.until.is_(None)
    )
    used = sa.select(parcels.c.warehouse_carrier).where(
        parcels.c.connection == connection, parcels.c.known_at >= now - LATELY
    )
    return fold(carrier) in {fold(word) for word in conn.scalars(sa.union(mapped, used))}


def services_asked(conn: sa.Connection, account: str) -> tuple[frozenset[str], frozenset[str]]:
    """(Service levels, programs) of the orders that are not at the warehouse yet."""
    return _asked(conn, orders.c.seller_account == account, orders.c.state.in_(_COMING))


def services_in_use(
    conn: sa.Connection, account: str, now: datetime
) -> tuple[frozenset[str], frozenset[str]]:
    """(Service levels, programs) that an account has mapped, at any connection, or had orders of for 30 days."""
    table = service_map.c
    statement = sa.select(table.service_level, table.program).where(
        table.seller_account == account, table.until.is_(None)
    )
    mapped = conn.execute(statement.distinct()).all()
    levels, programs = _asked(
        conn, orders.c.seller_account == account, orders.c.amazon_created_at >= now - LATELY
    )
    return levels.union(row.service_level for row in mapped), programs.union(row.program for row in mapped)


def _asked(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> tuple[frozenset[str], frozenset[str]]:
    rows = conn.execute(sa.select(orders.c.service_level, orders.c.programs).where(*which).distinct()).all()
    levels = frozenset(row.service_level for row in rows if row.service_level)
    return levels, frozenset(program for row in rows for program in row.programs)


def _states(table: sa.Table, ids: Collection[int]) -> sa.Select[tuple[str]]:
    chosen = table.c.id == sa.any_(sa.literal(sorted(ids), sa.ARRAY(sa.BigInteger)))
    return sa.select(table.c.state).where(chosen)
