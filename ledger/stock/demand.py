"""What buyers ordered lately, by the hour, and how many units are expected to go before we can know of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import AmazonOrder, AmazonStatus
from domain.maps import SkuMap
from domain.stock.demand import (
    LONGEST,
    WINDOWS,
    DayCurve,
    Exposure,
    Outlook,
    covered_rate,
    curve_of,
    expected_units,
    outlook,
    window_starts,
)
from ledger.stock.exposure import measured_exposure
from ledger.tables import demand, drains

KEPT = timedelta(days=35)
_NOTHING = (0,) * len(WINDOWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandBook:
    """What sold lately of each warehouse SKU of a connection, by window, and what a number is exposed to."""

    exposure: Exposure
    at_amazon: Outlook
    elsewhere: Outlook
    amazon: Mapping[str, Sequence[int]] = field(default_factory=dict)
    others: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def expected(self) -> dict[str, float]:
        """The mean of the units that will be taken unseen, by warehouse SKU; one that is left out sold nothing."""
        return {
            sku: expected_units(
                self.amazon.get(sku, _NOTHING), self.others.get(sku, _NOTHING), self.at_amazon, self.elsewhere
            )
            for sku in {**self.amazon, **self.others}
        }

    def rate(self, sku: str) -> float:
        """Units an hour that are expected to go now, over all channels."""
        parts = ((self.amazon, self.at_amazon), (self.others, self.elsewhere))
        return sum(covered_rate(sold[sku], look.windows) * look.pace for sold, look in parts if sku in sold)


def record_demand(conn: sa.Connection, account: str, new: Iterable[AmazonOrder]) -> None:
    """Count the units of orders never seen before in the hour (UTC) in which the buyers ordered.

    Payment pending counts, for the buyer has taken the unit; what came canceled does not.
    """
    units: Counter[tuple[str, datetime]] = Counter()
    for order in new:
        if order.status is not AmazonStatus.CANCELED:
            hour = order.created_at.replace(minute=0, second=0, microsecond=0)
            for line in order.lines:
                if line.seller_sku:
                    units[line.seller_sku, hour] += line.quantity
    rows = [
        {"seller_account": account, "seller_sku": sku, "hour": hour, "units": count}
        for (sku, hour), count in sorted(
            units.items()
        )  # in one order, so that two writers never block each other
        if count > 0
    ]
    if rows:
        conn.execute(_ADD, rows)


def forget_demand(conn: sa.Connection, now: datetime) -> int:
    """Drop what is older than any estimate looks back; how many rows went."""
    return sum(
        conn.execute(table.delete().where(table.c.hour < now - KEPT)).rowcount for table in (demand, drains)
    )


def expected_by_sku(
    conn: sa.Connection, connection: str, skus: Mapping[str, SkuMap], now: datetime
) -> dict[str, float]:
    """The mean of the units that will be taken unseen before a number published now has been replaced.

    By warehouse SKU, over all seller accounts in `skus`. A SKU that nobody took in four weeks is left out.
    """
    return load_demand(conn, connection, skus, now).expected()


def load_demand(
    conn: sa.Connection, connection: str, skus: Mapping[str, SkuMap], now: datetime
) -> DemandBook:
    """What sold lately at Amazon and through other channels. `skus` holds the SKU map of each seller account."""
    exposure = measured_exposure(conn, connection, list(skus), now)
    curve = _curve(conn, list(skus), now)
    begun: datetime | None = conn.scalar(sa.select(sa.func.min(demand.c.hour)))
    return DemandBook(
        exposure=exposure,
        at_amazon=outlook(curve, now, exposure.order_age, exposure.ahead, begun),
        elsewhere=outlook(curve, now, exposure.snapshot_age, exposure.ahead, begun),
        amazon=_at_amazon(conn, skus, now),
        others=_elsewhere(conn, connection, now),
    )


def _at_amazon(conn: sa.Connection, skus: Mapping[str, SkuMap], now: datetime) -> dict[str, list[int]]:
    """Units of each warehouse SKU by window, kits taken apart."""
    statement = (
        sa.select(demand.c.seller_account, demand.c.seller_sku, *_by_window(demand, now))
        .where(demand.c.hour >= window_starts(now)[-1], demand.c.seller_account.in_(list(skus)))
        .group_by(demand.c.seller_account, demand.c.seller_sku)
    )
    found: dict[str, list[int]] = {}
    for account, seller_sku, *sold in conn.execute(statement):
        for part in skus[account].resolve(seller_sku):
            units = found.get(part.warehouse_sku, _NOTHING)
            found[part.warehouse_sku] = [
                known + part.units * more for known, more in zip(units, sold, strict=True)
            ]
    return found


def _elsewhere(conn: sa.Connection, connection: str, now: datetime) -> dict[str, list[int]]:
    statement = (
        sa.select(drains.c.sku, *_by_window(drains, now))
        .where(drains.c.hour >= window_starts(now)[-1], drains.c.connection == connection)
        .group_by(drains.c.sku)
    )
    return {sku: sold for sku, *sold in conn.execute(statement)}


def _by_window(table: sa.Table, now: datetime) -> list[sa.ColumnElement[int]]:
    """The units of each window, in one pass over the longest."""
    units = sa.func.sum(table.c.units)
    return [
        sa.func.coalesce(units.filter(table.c.hour >= start), 0).label(f"last_{hours}")
        for start, hours in zip(window_starts(now), WINDOWS, strict=True)
    ]


def _curve(conn: sa.Connection, accounts: Sequence[str], now: datetime) -> DayCurve:
    """How the orders of these accounts spread over the day: whole days, so that every hour counts alike."""
    until = now.replace(minute=0, second=0, microsecond=0)
    statement = (
        sa.select(demand.c.hour, sa.func.sum(demand.c.units))
        .where(demand.c.hour >= until - LONGEST, demand.c.hour < until, demand.c.seller_account.in_(accounts))
        .group_by(demand.c.hour)
    )
    units = [0] * 24
    for hour, count in conn.execute(statement):
        units[hour.hour] += count
    return curve_of(units)


_INSERT = insert(demand)
_ADD = _INSERT.on_conflict_do_update(
    index_elements=[demand.c.seller_account, demand.c.seller_sku, demand.c.hour],
    set_={"units": demand.c.units + _INSERT.excluded.units},
)
