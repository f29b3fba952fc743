"""What the warehouse counted, and how many of it are spoken for by orders it could not know of."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.maps import SkuMap
from domain.orders.order import OrderState
from domain.orders.releases import CancelState
from domain.stock.sellable import Pool
from ledger.stock.confirmed import confirmed_stock
from ledger.tables import order_lines, orders, release_lines, releases, stock

# Written as the index on open releases has it, so that PostgreSQL sees that it fits.
_NOT_ACCEPTED = sa.literal_column(
    "releases.state IN ('PLANNED','SENDING','SUBMITTED','UNKNOWN','REJECTED')", sa.Boolean
)
# What is settled at Amazon is no longer owed, although the warehouse never said a word or said no.
_STILL_OPEN = sa.and_(
    orders.c.state.not_in([OrderState.CLOSED, OrderState.FOREIGN]),
    orders.c.amazon_status != AmazonStatus.SHIPPED,
)
# A canceled order takes nothing, unless it was too late to stop it.
_GIVEN_BACK = sa.and_(orders.c.state == OrderState.CANCELED, releases.c.cancel_state != CancelState.TOO_LATE)


Shelves = Mapping[tuple[str, ...], Mapping[str, Pool]]
Doubt = Callable[[str, Collection[str]], str]


def shelves(
    conn: sa.Connection,
    connection: str,
    skus: Mapping[str, SkuMap],
    choices: Iterable[tuple[str, ...]] = ((),),
    *,
    expected: Mapping[str, float] | None = None,
    doubt: Doubt | None = None,
) -> Shelves:
    """Every counted warehouse SKU as a pool, once for each choice of warehouses (none chosen: all are summed).

    Available is summed over the chosen warehouses; reserved is over all accounts that the connection serves,
    because nobody can tell from which warehouse an order will leave. `skus` holds the SKU map of each seller
    account, `expected` the demand while a number is on its way, `doubt` says why a count is not
    believed (None: all are).
    """
    counted = _counts(conn, connection)
    taken = reserved(conn, connection, skus) if counted else Counter[str]()
    ahead = expected or {}
    found: dict[tuple[str, ...], dict[str, Pool]] = {}
    for chosen in {(), *choices}:
        found[chosen] = {
            sku: Pool(
                available=available,
                reserved=taken.get(sku, 0),
                expected=ahead.get(sku, 0.0),
                doubt=doubt(sku, chosen) if doubt is not None else "",
            )
            for sku, available in _summed(counted, chosen).items()
        }
    return found


def pools(conn: sa.Connection, connection: str, skus: Mapping[str, SkuMap]) -> Mapping[str, Pool]:
    """Available and reserved units of every counted warehouse SKU, all warehouses summed."""
    return shelves(conn, connection, skus)[()]


def reserved(conn: sa.Connection, connection: str, skus: Mapping[str, SkuMap]) -> Counter[str]:
    """Units by warehouse SKU in orders that the last count could not know of (DESIGN section 7)."""
    return _unreleased(conn, connection, skus) + _released_since(conn, connection)


def _counts(conn: sa.Connection, connection: str) -> dict[str, dict[str, int]]:
    """Available units by warehouse and SKU."""
    statement = sa.select(stock.c.warehouse, stock.c.sku, stock.c.available)
    found: dict[str, dict[str, int]] = {}
    for warehouse, sku, available in conn.execute(statement.where(stock.c.connection == connection)).all():
        found.setdefault(warehouse, {})[sku] = available
    return found


def _summed(counted: Mapping[str, Mapping[str, int]], chosen: Collection[str]) -> Mapping[str, int]:
    names = [name for name in counted if not chosen or name in chosen]
    if len(names) == 1:
        return counted[names[0]]
    total: dict[str, int] = {}
    for name in names:
        for sku, available in counted[name].items():
            total[sku] = total.get(sku, 0) + available
    return total


def _unreleased(conn: sa.Connection, connection: str, skus: Mapping[str, SkuMap]) -> Counter[str]:
    """Units in orders that the warehouse was not given yet, payment pending included."""
    waiting = [OrderState.PENDING, OrderState.READY, OrderState.HELD]
    statement = (
        sa.select(orders.c.seller_account, order_lines.c.seller_sku, sa.func.sum(order_lines.c.unfulfilled))
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.connection == connection, orders.c.state.in_(waiting))
        .group_by(orders.c.seller_account, order_lines.c.seller_sku)
    )
    reserved: Counter[str] = Counter()
    for account, seller_sku, units in conn.execute(statement):
        for part in skus[account].resolve(seller_sku) if account in skus else ():
            reserved[part.warehouse_sku] += part.units * int(units)
    return reserved


def _released_since(conn: sa.Connection, connection: str) -> Counter[str]:
    """Units in releases that the warehouse had not accepted when it counted, shipped since or not."""
    reserved: Counter[str] = Counter()
    for lines in released_lines(conn, connection):
        by_sku = lines.with_only_columns(release_lines.c.sku, sa.func.sum(release_lines.c.quantity))
        statement = by_sku.group_by(release_lines.c.sku)
        reserved.update({sku: int(units) for sku, units in conn.execute(statement)})
    return reserved


def released_lines(conn: sa.Connection, connection: str) -> tuple[sa.Select[tuple[str, int]], ...]:
    """Lines of releases not accepted by now, and of those accepted since the count.

    Two questions, each with an index of its own: `oldest` keeps history out of the second.
    """
    confirmed = confirmed_stock(connection)
    counted = (  # of a SKU in several warehouses, the oldest count decides
        sa.select(confirmed.c.sku, sa.func.min(confirmed.c.as_of).label("as_of"))
        .group_by(confirmed.c.sku)
        .subquery("counted")
    )
    # Asked first and given as a value: PostgreSQL can then tell from its statistics how little is younger.
    oldest = conn.scalar(sa.select(sa.func.min(confirmed.c.as_of)))
    accepted = sa.and_(releases.c.answered_at > oldest, releases.c.answered_at > counted.c.as_of)
    lines = (
        sa.select(release_lines.c.sku, release_lines.c.quantity)
        .select_from(release_lines)  # a reader may ask for other columns of the same lines
        .join(releases, releases.c.id == release_lines.c.release_id)
        .join(orders, orders.c.id == releases.c.order_id)
        .join(counted, counted.c.sku == release_lines.c.sku)
        .where(releases.c.connection == connection, sa.not_(_GIVEN_BACK))
    )
    not_accepted, since = sa.and_(_NOT_ACCEPTED, _STILL_OPEN), sa.and_(sa.not_(_NOT_ACCEPTED), accepted)
    return lines.where(not_accepted), lines.where(since)


def counted_skus(conn: sa.Connection, connection: str) -> tuple[str, ...]:
    """Every warehouse SKU that was ever counted at a connection."""
    statement = (
        sa.select(stock.c.sku).where(stock.c.connection == connection).distinct().order_by(stock.c.sku)
    )
    return tuple(conn.scalars(statement))


def counted_warehouses(conn: sa.Connection) -> dict[str, tuple[str, ...]]:
    """The warehouses that the counts of each connection have named."""
    statement = sa.select(stock.c.connection, stock.c.warehouse).distinct().order_by(stock.c.warehouse)
    found: dict[str, tuple[str, ...]] = {}
    for connection, warehouse in conn.execute(statement):
        found[connection] = (*found.get(connection, ()), warehouse)
    return found
