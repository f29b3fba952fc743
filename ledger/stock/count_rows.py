"""The rows of a count into the stock: only what changed is written, 3 % of a large catalog instead of all of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.stock.snapshots import Verdict
from domain.warehouse import StockRow
from ledger.tables import snapshot_rows, stock

_NUMBERS = ("available", "on_hand", "allocated", "quarantine", "on_order")
_AT_ONCE = 10_000
_MISSED = 3  # counts in a row, or a day: a SKU that they leave out is doubted
_MISSING_LONG = timedelta(days=1)


class Kept(NamedTuple):
    """A SKU's number in force: the row that brought it, the counts that missed it since, why it is doubted."""

    sku: str
    available: int
    on_hand: int | None
    allocated: int | None
    quarantine: int | None
    on_order: int | None
    missed: int
    doubt: str


def load_kept(conn: sa.Connection, connection: str, warehouse: str) -> dict[str, Kept]:
    """The numbers in force in a warehouse, by SKU."""
    columns = [stock.c[name] for name in Kept._fields]
    statement = sa.select(*columns).where(stock.c.connection == connection, stock.c.warehouse == warehouse)
    return {row[0]: Kept._make(row) for row in conn.execute(statement).all()}


def apply_rows(
    conn: sa.Connection,
    place: tuple[str, str],
    verdict: Verdict,
    kept: Mapping[str, Kept],
    *,
    last: datetime | None,
    as_of: datetime,
) -> None:
    """Make the believed rows of a count the numbers in force in a place, (connection, warehouse).

    A SKU that is not among them keeps its number and the count that confirmed it, `last` at most (UTC). When
    three counts or a day have left it out, it is doubted.
    """
    doubts = verdict.doubts
    new = [row for row in verdict.rows if kept.get(row.sku) != (*row, 0, doubts.get(row.sku, ""))]
    _write(conn, place, new, doubts, as_of)
    named = {row.sku for row in verdict.rows}
    missing = [sku for sku, one in kept.items() if sku not in named and one.missed < _MISSED]
    _miss(conn, place, missing, (last, as_of))
    _doubt(conn, place, {sku: words for sku, words in doubts.items() if sku not in named and sku in kept})


def keep_rows(conn: sa.Connection, snapshot_id: int, rows: Sequence[StockRow]) -> None:
    """Put the rows of a held count aside, in their order."""
    for at in range(0, len(rows), _AT_ONCE):
        part = rows[at : at + _AT_ONCE]
        places = sa.literal(list(range(at, at + len(part))), sa.ARRAY(sa.Integer))
        told = _unnest(part, places, "position")
        columns = [told.c[name] for name in ("position", "sku", *_NUMBERS)]
        query = sa.select(sa.literal(snapshot_id, sa.BigInteger), *columns)
        conn.execute(insert(snapshot_rows).from_select(["snapshot_id", "position", "sku", *_NUMBERS], query))


def held_rows(conn: sa.Connection, snapshot_id: int) -> tuple[StockRow, ...]:
    """The rows of a held count, in their order."""
    columns = [snapshot_rows.c[name] for name in ("sku", *_NUMBERS)]
    statement = sa.select(*columns).where(snapshot_rows.c.snapshot_id == snapshot_id)
    return tuple(StockRow._make(row) for row in conn.execute(statement.order_by(snapshot_rows.c.position)))


def drop_rows(conn: sa.Connection, snapshot_ids: Sequence[int]) -> None:
    """Forget the rows of counts that are decided."""
    if snapshot_ids:
        conn.execute(snapshot_rows.delete().where(snapshot_rows.c.snapshot_id.in_(snapshot_ids)))


def _write(
    conn: sa.Connection,
    place: tuple[str, str],
    rows: Sequence[StockRow],
    doubts: Mapping[str, str],
    as_of: datetime,
) -> None:
    for at in range(0, len(rows), _AT_ONCE):
        part = rows[at : at + _AT_ONCE]
        words = sa.literal([doubts.get(row.sku, "") for row in part], sa.ARRAY(sa.Text))
        told = _unnest(part, words, "doubt")
        fixed: list[sa.ColumnElement[Any]] = [sa.literal(value) for value in (*place, as_of, 0)]
        query = sa.select(*fixed, *[told.c[name] for name in ("sku", *_NUMBERS, "doubt")])
        columns = ["connection", "warehouse", "as_of", "missed", "sku", *_NUMBERS, "doubt"]
        statement = insert(stock).from_select(columns, query)
        changed = {name: statement.excluded[name] for name in (*_NUMBERS, "as_of", "missed", "doubt")}
        key = [stock.c.connection, stock.c.warehouse, stock.c.sku]
        conn.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def _miss(
    conn: sa.Connection, place: tuple[str, str], skus: Sequence[str], ages: tuple[datetime | None, datetime]
) -> None:
    last, as_of = ages
    seen = sa.case(
        (stock.c.missed == 0, sa.func.coalesce(sa.literal(last, sa.DateTime(timezone=True)), stock.c.as_of)),
        else_=stock.c.as_of,
    )
    long = sa.or_(stock.c.missed + 1 >= _MISSED, seen <= as_of - _MISSING_LONG)
    words = sa.func.concat("no count names it since ", sa.func.to_char(seen, "YYYY-MM-DD HH24:MI"), " UTC")
    values = {
        "missed": stock.c.missed + 1,
        "as_of": seen,
        "doubt": sa.case(
            (sa.and_(stock.c.doubt == "", stock.c.available > 0, long), words), else_=stock.c.doubt
        ),
    }
    for part in _parts(skus):
        conn.execute(_at(place, part).values(values))


def _doubt(conn: sa.Connection, place: tuple[str, str], doubts: Mapping[str, str]) -> None:
    if doubts:
        texts = [sa.literal(list(told), sa.ARRAY(sa.Text)) for told in (doubts.keys(), doubts.values())]
        new = sa.func.unnest(*texts).table_valued("sku", "doubt").render_derived(name="new")
        statement = _at(place, list(doubts)).where(stock.c.sku == new.c.sku)
        conn.execute(statement.values(doubt=new.c.doubt))


def _at(place: tuple[str, str], skus: Sequence[str]) -> sa.Update:
    return stock.update().where(
        stock.c.connection == place[0],
        stock.c.warehouse == place[1],
        stock.c.sku == sa.any_(sa.literal(list(skus), sa.ARRAY(sa.Text))),
    )


def _parts(skus: Sequence[str]) -> Iterable[Sequence[str]]:
    return (skus[at : at + _AT_ONCE] for at in range(0, len(skus), _AT_ONCE))


def _unnest(rows: Sequence[StockRow], more: sa.ColumnElement[Any], name: str) -> sa.TableValuedAlias:
    """Rows as a table, with one more column of that name."""
    columns = [sa.literal([row.sku for row in rows], sa.ARRAY(sa.Text))]
    columns += [
        sa.literal([row[place] for row in rows], sa.ARRAY(sa.Integer))
        for place in range(1, len(StockRow._fields))
    ]
    return sa.func.unnest(*columns, more).table_valued("sku", *_NUMBERS, name).render_derived(name="told")
