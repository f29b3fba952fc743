"""The orders behind the reserved units: who takes what the warehouse could not know of when it counted."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

import sqlalchemy as sa

from domain.maps import SkuMap
from domain.orders.order import NOT_RELEASED, OrderState
from domain.stock.oversell import Claim, Standing
from ledger.stock.on_hand import released_lines
from ledger.tables import order_lines, orders, release_lines

# Its units have left, or nobody needs to find them any more.
_GONE = frozenset({OrderState.DISPATCHED, OrderState.CLOSED, OrderState.CANCELED, OrderState.FOREIGN})

_FACTS = [
    orders.c[name]
    for name in ("id", "seller_account", "amazon_order_id", "amazon_created_at", "confirm_by", "state")
]


def claims_on(
    conn: sa.Connection, connection: str, skus: dict[str, SkuMap], wanted: Collection[str]
) -> tuple[Claim, ...]:
    """The orders behind the reserved units of these warehouse SKUs, each with all it takes of them."""
    units: defaultdict[int, Counter[str]] = defaultdict(Counter)
    facts: dict[int, tuple[sa.RowMapping, Standing]] = {}
    for row, sku, taken, standing in _open_lines(conn, connection, skus, wanted):
        units[row["id"]][sku] += taken
        facts[row["id"]] = (row, standing)
    return tuple(
        Claim(
            seller_account=row["seller_account"],
            order_id=row["amazon_order_id"],
            placed_at=row["amazon_created_at"],
            confirm_by=row["confirm_by"],
            standing=standing,
            units=units[key],
        )
        for key, (row, standing) in facts.items()
    )


def _open_lines(
    conn: sa.Connection, connection: str, skus: dict[str, SkuMap], wanted: Collection[str]
) -> Iterator[tuple[sa.RowMapping, str, int, Standing]]:
    """(order, warehouse SKU, units, standing) of every line that takes some of the wanted SKUs."""
    statement = (
        sa.select(*_FACTS, order_lines.c.seller_sku, order_lines.c.unfulfilled.label("units"))
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.connection == connection, orders.c.state.in_(NOT_RELEASED))
        .where(order_lines.c.unfulfilled > 0)
        .where(order_lines.c.seller_sku == _any_of(_sellers_of(skus, wanted)))
    )
    for row in conn.execute(statement).mappings():
        standing = Standing.UNPAID if row["state"] == OrderState.PENDING else Standing.PAID
        account = skus.get(row["seller_account"])
        for part in account.resolve(row["seller_sku"]) if account else ():
            if part.warehouse_sku in wanted:
                yield row, part.warehouse_sku, part.units * row["units"], standing
    for lines, standing in zip(
        released_lines(conn, connection), (Standing.PAID, Standing.ACCEPTED), strict=True
    ):
        found = lines.with_only_columns(*_FACTS, release_lines.c.sku, release_lines.c.quantity.label("units"))
        for row in conn.execute(found.where(release_lines.c.sku == _any_of(wanted))).mappings():
            yield row, row["sku"], row["units"], Standing.GONE if row["state"] in _GONE else standing


def _sellers_of(skus: dict[str, SkuMap], wanted: Collection[str]) -> set[str]:
    """Seller SKUs that may take some of these warehouse SKUs, in any account."""
    found = set(wanted) if any(one.same_skus for one in skus.values()) else set()
    for one in skus.values():
        found |= {
            name for name, parts in one.components.items() if any(p.warehouse_sku in wanted for p in parts)
        }
    return found


def _any_of(texts: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.any_(sa.literal(sorted(texts), sa.ARRAY(sa.Text)))
