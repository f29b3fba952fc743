"""What was planned but never left us follows the maps in force: a correction is in time until the order is sent."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.maps import ServiceMap
from domain.orders.order import OrderMaps, OrderState
from domain.orders.releases import ReleaseState
from domain.ranges import LARGEST
from ledger.maps import load_services, load_skus
from ledger.orders.release_plans import lines_to_release
from ledger.register import connections
from ledger.tables import order_lines, orders, release_lines, releases

# A claim counts as a try before its call: what was never tried cannot be at the warehouse. What was tried keeps
# its lines even when the warehouse says it has it not, because a call once made may still arrive.
_NEVER_SENT = (
    sa.select(releases.c.id, releases.c.order_id, releases.c.connection, releases.c.service)
    .add_columns(orders.c.seller_account, orders.c.marketplace_id, orders.c.service_level, orders.c.programs)
    .join(orders, orders.c.id == releases.c.order_id)
    .where(releases.c.state == ReleaseState.PLANNED, releases.c.tries == 0)
)
_LINE = ("line_ref", "sku", "quantity", "per_unit")
_Line = tuple[Any, ...]


def renew_planned(conn: sa.Connection, account: str) -> int:
    """Let an account's plans that never left follow the maps in force; how many changed.

    One that another process claims right now is left to that claim.
    """
    mine = _NEVER_SENT.where(orders.c.seller_account == account, orders.c.state == OrderState.RELEASING)
    found = conn.execute(mine.with_for_update(of=releases, skip_locked=True, key_share=True)).mappings().all()
    return len(_renew(conn, found))


def renew_claimed(conn: sa.Connection, ids: Collection[int]) -> set[int]:
    """Let those of these planned releases that never left follow the maps in force; the ids of those that changed.

    Only call this with their rows locked and before they are moved on: what is read here is then what is sent.
    """
    return _renew(conn, conn.execute(_NEVER_SENT.where(releases.c.id.in_(ids))).mappings().all())


def _renew(conn: sa.Connection, plans: Sequence[sa.RowMapping]) -> set[int]:
    places: defaultdict[tuple[str, str], list[sa.RowMapping]] = defaultdict(list)
    for plan in plans:
        places[plan["seller_account"], plan["connection"]].append(plan)
    same_skus = {one.name: one.same_skus for one in connections(conn)} if plans else {}
    changed: set[int] = set()
    for (account, connection), here in places.items():
        if connection in same_skus:
            maps = _maps(conn, account, connection, here, same_skus=same_skus[connection])
            changed |= _renew_lines(conn, here, maps) | _renew_services(conn, here, maps.services)
    return changed


def _maps(
    conn: sa.Connection, account: str, connection: str, plans: Sequence[sa.RowMapping], *, same_skus: bool
) -> OrderMaps:
    """The maps in force, with no more SKUs than these plans are about."""
    ids = [plan["order_id"] for plan in plans]
    asked = set(conn.scalars(sa.select(order_lines.c.seller_sku).where(order_lines.c.order_id.in_(ids))))
    return OrderMaps(
        skus=load_skus(conn, account, connection, same_skus=same_skus, among=asked),
        services=load_services(conn, account, connection),
    )


def _renew_lines(conn: sa.Connection, plans: Sequence[sa.RowMapping], maps: OrderMaps) -> set[int]:
    """An order that the maps say nothing of any more keeps the lines that it was planned with."""
    wanted = lines_to_release(conn, [plan["order_id"] for plan in plans], maps.skus)
    planned = _planned(conn, [plan["id"] for plan in plans])
    new = {
        plan["id"]: lines
        for plan in plans
        if (lines := _as_kept(wanted.get(plan["order_id"], ()))) and lines != planned[plan["id"]]
    }
    if new:
        conn.execute(release_lines.delete().where(release_lines.c.release_id.in_(new)))
        rows = [
            {"release_id": plan} | dict(zip(_LINE, one, strict=True)) for plan in new for one in new[plan]
        ]
        conn.execute(release_lines.insert(), rows)
    return set(new)


def _as_kept(lines: Collection[Mapping[str, Any]]) -> set[_Line]:
    """Lines as the ledger keeps them; none when one of them has more units than it can keep."""
    if any(line["quantity"] > LARGEST for line in lines):
        return set()
    return {tuple(line[name] for name in _LINE) for line in lines}


def _planned(conn: sa.Connection, ids: Sequence[int]) -> Mapping[int, set[_Line]]:
    found: defaultdict[int, set[_Line]] = defaultdict(set)
    for row in conn.execute(sa.select(release_lines).where(release_lines.c.release_id.in_(ids))).mappings():
        found[row["release_id"]].add(tuple(row[name] for name in _LINE))
    return found


def _renew_services(conn: sa.Connection, plans: Sequence[sa.RowMapping], services: ServiceMap) -> set[int]:
    new = {
        plan["id"]: service
        for plan in plans
        if (service := services.resolve(plan["marketplace_id"], plan["service_level"], plan["programs"]))
        and service != plan["service"]
    }
    if new:
        statement = releases.update().where(releases.c.id == sa.bindparam("row_id"))
        conn.execute(statement, [{"row_id": plan, "service": service} for plan, service in new.items()])
    return set(new)
