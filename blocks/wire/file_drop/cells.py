"""A warehouse's CSV file as typed cells; the first cell that cannot be understood is a `Fault`."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

# Bytes that the encoding does not know arrive as lone surrogates; PostgreSQL stores no NUL.
_FOREIGN = re.compile("[\x00\ud800-\udfff]")
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_HARMLESS = re.compile(
    r"-?\d{1,6}([.,]\d{1,3})?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_QUOTED_AT_MOST = 40

Cells = tuple[str, ...]


class Fault(Exception):  # noqa: N818 - a finding about a file, turned into a sentence and never raised further
    """The first thing in a file that does not parse. Row 1 is the header."""

    def __init__(self, row: int, column: str, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.column = column
        self.reason = reason

    def sentence(self, name: str) -> str:
        """Where and why, for the person at the warehouse who mends the file."""
        return f"{name}, row {self.row}, column {quoted(self.column)}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row's cells by column name, with surrounding spaces removed."""

    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell; may be empty."""
        return self.cells[column]

    def needed(self, column: str) -> str:
        """The cell, which must not be empty."""
        if not self.cells[column]:
            raise self.fault(column, "is empty, and it is needed.")
        return self.cells[column]

    def whole(self, column: str, *, least: int | None = None) -> int:
        """The cell as a whole number, at least `least`."""
        value = self.needed(column)
        if not _WHOLE.fullmatch(value):
            raise self.fault(column, f"{shown(value)} is not a whole number such as 12.")
        if least is not None and int(value) < least:
            raise self.fault(column, f"{shown(value)} is less than {least}.")
        return int(value)

    def maybe_whole(self, column: str, *, least: int | None = None) -> int | None:
        """The cell as a whole number; nothing when it is empty."""
        return self.whole(column, least=least) if self.cells[column] else None

    def time(self, column: str) -> datetime:
        """The cell as a time in UTC; it must state its zone."""
        value = self.needed(column)
        match = _TIME.fullmatch(value)
        if match is None:
            wanted = "a time such as 2026-11-27T14:05:00Z (year-month-day, T, time, zone)"
            raise self.fault(column, f"{shown(value)} is not {wanted}.")
        if not match[3]:
            raise self.fault(
                column, f"{shown(value)} has no zone; write Z or an offset such as +01:00 after it."
            )
        try:
            return datetime.fromisoformat(value.upper().replace(",", ".")).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.fault(column, f"{shown(value)} is no time in the calendar.") from None

    def flag(self, column: str) -> bool:
        """The cell as a truth: `true` or `false`."""
        value = self.needed(column)
        if value not in {"true", "false"}:
            raise self.fault(column, f"{shown(value)} is neither true nor false.")
        return value == "true"

    def fault(self, column: str, reason: str) -> Fault:
        """A fault in this row."""
        return Fault(self.number, column, reason)


def shown(value: str) -> str:
    """A cell for a sentence: a date or a short number as it is, of anything else only that it is there.

    A row that slipped by a column can hold a person's name or telephone where a time should be, and the
    sentence travels further than the file.
    """
    return f'"{value}"' if _HARMLESS.fullmatch(value) else f"what stands there ({len(value)} characters)"


def quoted(value: str) -> str:
    """A value for a sentence: on one line and never longer than 40 characters."""
    value = " ".join(value.split())
    return f'"{value}"' if len(value) <= _QUOTED_AT_MOST else f'"{value[:_QUOTED_AT_MOST]}..."'


def read_records(data: bytes, columns: Sequence[str], encoding: str) -> list[tuple[int, Cells]]:
    """Number and cells, in the order of `columns`, of every row of a CSV file that has at least these columns.

    The file's own order of columns is free; blank lines do not count.

    Raises:
        Fault: the file is empty, is not in the encoding, lacks a column, or holds a row that is cut.
    """
    text = _decoded(data, columns[0], encoding)
    records = _records(text, columns)
    number, header = next(records, (1, []))
    if not header:
        raise Fault(number, columns[0], "the file is empty; even a file without rows needs its header.")
    suspect = _FOREIGN.search(text) is not None
    if suspect:
        _refuse_foreign(number, header, [str(place + 1) for place in range(len(header))], encoding)
    chosen, width = itemgetter(*_places(header, columns)), len(header)
    rows = []
    for row, record in records:
        if not record:
            continue
        if len(record) != width:
            raise _wrong_length(row, record, header)
        if suspect:
            _refuse_foreign(row, record, header, encoding)
        rows.append((row, tuple(map(str.strip, chosen(record)))))
    return rows


def _decoded(data: bytes, first: str, encoding: str) -> str:
    if data.startswith(codecs.BOM_UTF8):
        data, encoding = data[len(codecs.BOM_UTF8) :], "utf-8"
    try:
        return data.decode(encoding, "surrogateescape")
    except UnicodeError:  # encodings of several bytes, such as UTF-16, cannot carry a foreign byte on
        raise Fault(1, first, f"the file is not text in the encoding {encoding}.") from None


def _records(text: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, record in enumerate(reader, start=1):
            yield number, record
    except csv.Error:
        raise _bad_quotes(text, number + 1, columns) from None


def _bad_quotes(text: str, row: int, columns: Sequence[str]) -> Fault:
    """The fault of a row whose quotes do not close, with the column where reading stopped."""
    reason = "a quote is opened and not closed, or closed inside a value; the row may be cut."
    if row == 1:
        return Fault(row, columns[0], reason)
    try:
        lenient = list(csv.reader(io.StringIO(text, newline="")))
        return Fault(row, lenient[0][len(lenient[row - 1]) - 1], reason)
    except (csv.Error, IndexError):
        return Fault(row, columns[-1], reason)


def _places(header: Sequence[str], columns: Sequence[str]) -> list[int]:
    for column in columns:
        if column not in header:
            reason = (
                "the header lacks this column. Names are compared to the letter and separated by commas; "
                "a column you have no values for stays in the header and empty."
            )
            raise Fault(1, column, reason)
        if header.count(column) > 1:
            raise Fault(1, column, "the header names this column twice.")
    return [header.index(column) for column in columns]


def _wrong_length(row: int, record: Sequence[str], header: Sequence[str]) -> Fault:
    counts = f"the row has {len(record)} fields and the header {len(header)}"
    if len(record) < len(header):
        return Fault(row, header[len(record)], f"{counts}; the row or the file is cut.")
    return Fault(row, header[-1], f"{counts}; a value with a comma needs quotes around it.")


def _refuse_foreign(row: int, record: Sequence[str], header: Sequence[str], encoding: str) -> None:
    for name, value in zip(header, record, strict=True):
        found = _FOREIGN.search(value)
        if found and found[0] == "\0":
            raise Fault(row, name, "holds a zero byte; the file is not plain text.")
        if found:
            reason = (
                f"holds a character that is not {encoding.upper()}. Write the file as UTF-8, "
                "or have its encoding set for this connection."
            )
            raise Fault(row, name, reason)
