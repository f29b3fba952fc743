"""Wrong stock files, as 3PLs write them: half a file, cases for pieces, another client's, an old one."""

from collections.abc import Callable
from datetime import datetime, timedelta

CountRow = dict[str, object]
_CASE = 12


def miscounted(kind: str, rows: list[CountRow]) -> list[CountRow]:
    """The rows of a count as a mistake of that kind writes them.

    Raises:
        ValueError: there is no such mistake.
    """
    if kind not in _MISTAKES:
        raise ValueError(f"Nobody miscounts by {kind!r}; there are {', '.join(MISCOUNTS)}.")
    return _MISTAKES[kind](rows)


def _empty(_rows: list[CountRow]) -> list[CountRow]:
    return []


def _half(rows: list[CountRow]) -> list[CountRow]:
    return rows[: len(rows) // 2]


def _one_gone(rows: list[CountRow]) -> list[CountRow]:
    return rows[1:]


def _zero(rows: list[CountRow]) -> list[CountRow]:
    return [row | {"on_hand": 0, "allocated": 0, "available": 0} for row in rows]


def _negative(rows: list[CountRow]) -> list[CountRow]:
    return [rows[0] | {"available": -3}, *rows[1:]]


def _duplicate(rows: list[CountRow]) -> list[CountRow]:
    return [*rows, rows[0]]


def _contradiction(rows: list[CountRow]) -> list[CountRow]:
    more = _units(rows[0], "available") + 50
    return [*rows, rows[0] | {"on_hand": more, "available": more}]


def _cases(rows: list[CountRow]) -> list[CountRow]:
    numbers = ("on_hand", "allocated", "available")
    return [row | {name: _units(row, name) // _CASE for name in numbers} for row in rows]


def _foreign(rows: list[CountRow]) -> list[CountRow]:
    return [row | {"sku": f"OTHER-{number:04}"} for number, row in enumerate(rows)]


def _old(rows: list[CountRow]) -> list[CountRow]:
    return _dated(rows, -timedelta(days=3))


def _future(rows: list[CountRow]) -> list[CountRow]:
    return _dated(rows, timedelta(days=365))


def _dated(rows: list[CountRow], shift: timedelta) -> list[CountRow]:
    return [
        row
        | {"as_of": (datetime.fromisoformat(str(row["as_of"])) + shift).isoformat(timespec="milliseconds")}
        for row in rows
    ]


def _units(row: CountRow, name: str) -> int:
    return int(str(row[name]))


_MISTAKES: dict[str, Callable[[list[CountRow]], list[CountRow]]] = {
    "empty": _empty,
    "half": _half,
    "one-gone": _one_gone,
    "zero": _zero,
    "negative": _negative,
    "duplicate": _duplicate,
    "contradiction": _contradiction,
    "cases": _cases,
    "foreign": _foreign,
    "old": _old,
    "future": _future,
}
MISCOUNTS = ("missing", *_MISTAKES)
