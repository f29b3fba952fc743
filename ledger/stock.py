"""What the warehouse counted, and how many of it are spoken for by orders it could not know of."""

from collections import Counter

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.maps import SkuMap
from domain.orders import OrderState
from domain.releases import CancelState
from domain.stock import Pool
from ledger.confirmed import confirmed_stock
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


def pools(conn: sa.Connection, connection: str, skus: dict[str, SkuMap]) -> dict[str, Pool]:
    """Available and reserved units of every counted warehouse SKU, over all accounts the connection serves.

    `skus` holds the SKU map of each seller account.
    """
    statement = (
        sa.select(stock.c.sku, sa.func.sum(stock.c.available))
        .where(stock.c.connection == connection)
        .group_by(stock.c.sku)
    )
    counted = {sku: int(available) for sku, available in conn.execute(statement)}
    if not counted:
        return {}
    reserved = _unreleased(conn, connection, skus) + _released_since(conn, connection)
    return {sku: Pool(available=available, reserved=reserved[sku]) for sku, available in counted.items()}


def _unreleased(conn: sa.Connection, connection: str, skus: dict[str, SkuMap]) -> Counter[str]:
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
    confirmed = confirmed_stock(connection)
    counted = (  # of a SKU in several warehouses, the oldest count decides
        sa.select(confirmed.c.sku, sa.func.min(confirmed.c.as_of).label("as_of"))
        .group_by(confirmed.c.sku)
        .subquery("counted")
    )
    # Asked first and given as a value: PostgreSQL can then tell from its statistics how little is younger.
    oldest = conn.scalar(sa.select(sa.func.min(confirmed.c.as_of)))
    accepted = sa.and_(releases.c.answered_at > oldest, releases.c.answered_at > counted.c.as_of)
    reserved: Counter[str] = Counter()
    # Two questions, each with an index of its own: `oldest` keeps history out of the second.
    for condition in (sa.and_(_NOT_ACCEPTED, _STILL_OPEN), sa.and_(sa.not_(_NOT_ACCEPTED), accepted)):
        statement = (
            sa.select(release_lines.c.sku, sa.func.sum(release_lines.c.quantity))
            .join(releases, releases.c.id == release_lines.c.release_id)
            .join(orders, orders.c.id == releases.c.order_id)
            .join(counted, counted.c.sku == release_lines.c.sku)
            .where(releases.c.connection == connection, condition, sa.not_(_GIVEN_BACK))
            .group_by(release_lines.c.sku)
        )
        reserved.update({sku: int(units) for sku, units in conn.execute(statement)})
    return reserved


def counted_skus(conn: sa.Connection, connection: str) -> tuple[str, ...]:
    """Every warehouse SKU that was ever counted at a connection."""
    statement = (
        sa.select(stock.c.sku).where(stock.c.connection == connection).distinct().order_by(stock.c.sku)
    )
    return tuple(conn.scalars(statement))
