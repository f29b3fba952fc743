"""How counts moved, SKU by SKU: what our orders explain, and how much is sold elsewhere, hour by hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.orders.releases import CancelState, ReleaseState
from domain.stock.moves import Split, split_change
from ledger.stock.confirmed import last_counts
from ledger.tables import drains, release_lines, releases, stock_days

KEPT = timedelta(days=35)
_SAME_SALE = timedelta(hours=24)  # an order of ours that explains a fall is known within a day
_NOTHING = Split(ours=0)
_DAY = ("opening", "closing", "ours", "fell", "rose")


class Change(NamedTuple):
    """Available units of a SKU in two counts. One that is not `sure` says nothing of sales: a corrected number."""

    sku: str
    before: int
    now: int
    sure: bool


class Window(NamedTuple):
    """The moments (UTC) of two counts that follow each other in one warehouse."""

    last: datetime
    as_of: datetime

    @property
    def hour(self) -> datetime:
        """The hour in which the second one was made."""
        return self.as_of.replace(minute=0, second=0, microsecond=0)


def explained_units(conn: sa.Connection, connection: str, window: Window) -> dict[str, int]:
    """Units by warehouse SKU in orders that the warehouse accepted between two counts and did not give back."""
    statement = (
        sa.select(release_lines.c.sku, sa.func.sum(release_lines.c.quantity))
        .join(releases, releases.c.id == release_lines.c.release_id)
        .where(
            releases.c.connection == connection,
            releases.c.answered_at > window.last,
            releases.c.answered_at <= window.as_of,
            releases.c.state.in_([ReleaseState.ACCEPTED, ReleaseState.EXISTS]),
            releases.c.cancel_state != CancelState.CANCELED,
        )
        .group_by(release_lines.c.sku)
    )
    return {sku: int(units) for sku, units in conn.execute(statement)}


def record_moves(
    conn: sa.Connection,
    place: tuple[str, str],
    changes: Sequence[Change],
    explained: Mapping[str, int],
    window: Window,
) -> None:
    """Add to the day of each SKU how its number moved, and to the hour what was sold elsewhere.

    Where a connection has several warehouses, nobody tells which of them an order takes its units from: it
    explains a fall in any of them, and no more than the fall.
    """
    several = len(last_counts(conn, place[0])) > 1
    days = _load_days(conn, place, window, [change.sku for change in changes])
    rows: list[tuple[str | int, ...]] = []
    sold: dict[str, int] = {}
    for change in changes:
        opening, _, ours, fell, rose = days.get(change.sku, (change.before, 0, 0, 0, 0))
        split = _split(change, explained.get(change.sku, 0), fell, several=several)
        if split == _NOTHING:
            continue
        moved = (ours + split.ours, fell + split.fell, rose + split.rose)
        rows.append((change.sku, opening, change.now, *moved))
        if change.sure and split.drain:
            sold[change.sku] = split.drain
    _write_days(conn, place, window, rows)
    _add_drains(conn, place[0], window.hour, {sku: units for sku, units in sold.items() if units > 0})
    _take_back(conn, place[0], window.hour, {sku: -units for sku, units in sold.items() if units < 0})


def forget_counts(conn: sa.Connection, now: datetime) -> int:
    """Drop how counts moved more than 35 days ago; how many rows."""
    gone = conn.execute(stock_days.delete().where(stock_days.c.day < (now - KEPT).date())).rowcount
    return gone + conn.execute(drains.delete().where(drains.c.hour < now - KEPT)).rowcount


def _split(change: Change, ours: int, fell_before: int, *, several: bool) -> Split:
    if several:
        ours = min(ours, max(0, change.before - change.now))
    return split_change(change.before, change.now, ours=ours, fell_before=fell_before)


def _load_days(
    conn: sa.Connection, place: tuple[str, str], window: Window, skus: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    statement = sa.select(stock_days.c.sku, *[stock_days.c[name] for name in _DAY]).where(
        stock_days.c.connection == place[0],
        stock_days.c.warehouse == place[1],
        stock_days.c.day == window.as_of.date(),
        stock_days.c.sku == sa.any_(sa.literal(list(skus), sa.ARRAY(sa.Text))),
    )
    return {row[0]: tuple(row[1:]) for row in conn.execute(statement)}


def _write_days(
    conn: sa.Connection, place: tuple[str, str], window: Window, rows: Sequence[tuple[str | int, ...]]
) -> None:
    if not rows:
        return
    texts = sa.literal([row[0] for row in rows], sa.ARRAY(sa.Text))
    numbers = [sa.literal([row[at] for row in rows], sa.ARRAY(sa.Integer)) for at in range(1, 1 + len(_DAY))]
    new = sa.func.unnest(texts, *numbers).table_valued("sku", *_DAY).render_derived(name="new")
    fixed = (sa.literal(place[0]), sa.literal(place[1]), sa.literal(window.as_of.date()))
    names = ["connection", "warehouse", "day", "sku", *_DAY]
    query = sa.select(*fixed, *[new.c[name] for name in ("sku", *_DAY)])
    statement = insert(stock_days).from_select(names, query)
    changed = {name: statement.excluded[name] for name in _DAY if name != "opening"}
    key = [stock_days.c[name] for name in ("connection", "warehouse", "sku", "day")]
    conn.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def _add_drains(conn: sa.Connection, connection: str, hour: datetime, sold: Mapping[str, int]) -> None:
    if not sold:
        return
    new = _unnest(sold)
    query = sa.select(sa.literal(connection), new.c.sku, sa.literal(hour), new.c.units)
    statement = insert(drains).from_select(["connection", "sku", "hour", "units"], query)
    key = [drains.c.connection, drains.c.sku, drains.c.hour]
    more = {"units": drains.c.units + statement.excluded.units}
    conn.execute(statement.on_conflict_do_update(index_elements=key, set_=more))


def _take_back(conn: sa.Connection, connection: str, hour: datetime, owed: Mapping[str, int]) -> None:
    """What looked like a sale elsewhere was an order of ours: take it off again, the latest hours first."""
    if not owed:
        return
    recent = (
        drains.c.connection == connection,
        drains.c.hour > hour - _SAME_SALE,
        drains.c.sku == sa.any_(sa.literal(list(owed), sa.ARRAY(sa.Text))),
    )
    left = dict(owed)
    for row in conn.execute(sa.select(drains).where(*recent).order_by(drains.c.hour.desc())).all():
        taken = min(left[row.sku], row.units)
        left[row.sku] -= taken
        which = (drains.c.connection == connection, drains.c.sku == row.sku, drains.c.hour == row.hour)
        if taken == row.units:
            conn.execute(drains.delete().where(*which))
        elif taken:
            conn.execute(drains.update().where(*which).values(units=row.units - taken))


def _unnest(units: Mapping[str, int]) -> sa.TableValuedAlias:
    columns = (
        sa.literal(list(units), sa.ARRAY(sa.Text)),
        sa.literal(list(units.values()), sa.ARRAY(sa.Integer)),
    )
    return sa.func.unnest(*columns).table_valued("sku", "units").render_derived(name="new")
