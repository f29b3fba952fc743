"""The rows of a map: what is in force, and how a change closes one version and opens the next."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

import sqlalchemy as sa

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class Book(Generic[Row]):
    """A map's table, its kind of row, and what tells two rows of it apart (`several`: may share a key)."""

    table: sa.Table
    entry: type[Row]
    key: Callable[[Row], tuple[str, ...]]
    several: bool = False

    @property
    def columns(self) -> list[sa.ColumnElement[object]]:
        """The columns that a row says something in."""
        return [self.table.c[part.name] for part in fields(self.entry)]


def in_force(conn: sa.Connection, book: Book[Row], *which: sa.ColumnElement[bool]) -> tuple[Row, ...]:
    """The rows in force, in an order that does not change."""
    query = sa.select(*book.columns).where(book.table.c.until.is_(None), *which).order_by(*book.columns)
    return tuple(book.entry(**row) for row in conn.execute(query).mappings())


def record_rows(
    conn: sa.Connection, book: Book[Row], entries: Iterable[Row], author: str, now: datetime
) -> int:
    """Put rows in force at `now` (UTC); the number of rows that changed.

    One writer at a time: two imports at once would leave two rows of one key in force.
    """
    conn.execute(sa.text(f"LOCK TABLE {book.table.fullname} IN SHARE ROW EXCLUSIVE MODE"))
    old = _by_key(book, in_force(conn, book))
    changed, closed, opened = 0, set[Row](), set[Row]()
    for key, wanted in _by_key(book, entries).items():
        gone, fresh = old.get(key, set()) - wanted, wanted - old.get(key, set())
        changed += max(len(gone), len(fresh))
        closed |= gone
        opened |= fresh
    _close(conn, book, closed, now)
    if opened:
        stamp = {"since": now, "author": author}
        conn.execute(book.table.insert(), [{**asdict(entry), **stamp} for entry in opened])
    return changed


def _by_key(book: Book[Row], entries: Iterable[Row]) -> dict[tuple[str, ...], set[Row]]:
    found: dict[tuple[str, ...], set[Row]] = {}
    for entry in entries:
        others = found.get(book.key(entry), set()) if book.several else set[Row]()
        found[book.key(entry)] = others | {entry}
    return found


def _close(conn: sa.Connection, book: Book[Row], entries: set[Row], now: datetime) -> None:
    """Rows are found by content, which no two rows in force share."""
    if not entries:
        return
    same = [
        book.table.c[part.name].is_not_distinct_from(sa.bindparam(f"old_{part.name}"))
        for part in fields(book.entry)
    ]
    statement = book.table.update().where(book.table.c.until.is_(None), *same).values(until=now)
    conn.execute(
        statement,
        [{f"old_{name}": value for name, value in asdict(entry).items()} for entry in entries],
    )
