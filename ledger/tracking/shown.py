"""What Amazon showed of an order's packages: kept at every read, asked before every ship confirm."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import AmazonOrder, AmazonPackage
from ledger.tables import order_lines, parcels, shown_packages


def record_shown(conn: sa.Connection, reads: Mapping[int, AmazonOrder], now: datetime) -> None:
    """Keep the packages that a read showed, by ledger order id."""
    rows = [
        {
            "order_id": order_id,
            "reference_id": package.reference_id,
            "tracking": package.tracking,
            "carrier": package.carrier,
            "status": package.status,
            "contents": [list(pair) for pair in package.contents],
            "first_seen_at": now,
            "seen_at": now,
        }
        for order_id, order in reads.items()
        for package in {one.reference_id: one for one in order.packages}.values()
    ]
    if not rows:
        return
    statement = insert(shown_packages).values(rows)
    told = ("tracking", "carrier", "status", "contents", "seen_at")
    new = {name: statement.excluded[name] for name in told}
    keys = ["order_id", "reference_id"]
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=new))


def shown_of(conn: sa.Connection, order_ids: Sequence[int]) -> dict[int, tuple[AmazonPackage, ...]]:
    """The packages that Amazon ever showed of these orders, as it showed them last."""
    found: dict[int, tuple[AmazonPackage, ...]] = {}
    statement = sa.select(shown_packages).where(shown_packages.c.order_id.in_(order_ids))
    for row in conn.execute(statement.order_by(shown_packages.c.order_id, shown_packages.c.reference_id)):
        package = AmazonPackage(
            reference_id=row.reference_id,
            tracking=row.tracking,
            carrier=row.carrier,
            status=row.status,
            contents=tuple((item, units) for item, units in row.contents),
        )
        found[row.order_id] = (*found.get(row.order_id, ()), package)
    return found


def ordered_units(conn: sa.Connection, order_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Units ordered by order item, for each order."""
    found: dict[int, dict[str, int]] = {}
    for row in conn.execute(sa.select(order_lines).where(order_lines.c.order_id.in_(order_ids))):
        found.setdefault(row.order_id, {})[row.order_item_id] = row.quantity
    return found


def our_references(conn: sa.Connection, order_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The package references that we gave to the parcels of these orders."""
    found: dict[int, frozenset[str]] = {}
    statement = sa.select(parcels.c.order_id, parcels.c.id).where(parcels.c.order_id.in_(order_ids))
    for row in conn.execute(statement):
        found[row.order_id] = found.get(row.order_id, frozenset()) | {str(row.id)}
    return found
