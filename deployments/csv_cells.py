"""A CSV that a person filled in: its rows as cells by column, and every fault with row, column and reason."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.errors import Refused
from domain.ranges import Range

SHOWN = 20  # wrong rows in one answer; more of them are usually one mistake
_WHOLE = re.compile(r"\d{1,10}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,15})?", re.ASCII)
SEPARATOR = ";"  # between the names in one cell
_UNREADABLE = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one cell; the header is row 1, and an empty column means the whole row."""

    row: int
    column: str
    reason: str


class Cells:
    """One row: each method reads a cell, and notes a fault when it is not what it must be."""

    def __init__(self, row: int, cells: dict[str, str], faults: list[Fault]) -> None:
        self.row = row
        self._cells = cells
        self._faults = faults

    def fault(self, column: str, reason: str) -> None:
        """Note what is wrong with this row's cell."""
        self._faults.append(Fault(row=self.row, column=column, reason=reason))

    def exact(self, column: str) -> str:
        """The cell to the character."""
        return self._cells[column]

    def text(self, column: str) -> str:
        """The cell without the spaces around it."""
        return self._cells[column].strip()

    def whole(self, column: str, numbers: Range, *, needed: bool = False) -> int | None:
        """A whole number of that range; None when the cell is empty."""
        value = self.text(column)
        if not value:
            if needed:
                self.fault(column, "is empty")
            return None
        if not _WHOLE.fullmatch(value) or not numbers.holds(int(value)):
            self.fault(column, f'"{value}" is not {numbers.words}')
            return None
        return int(value)

    def listed(self, column: str) -> tuple[str, ...]:
        """The names in a cell, separated by semicolons, each once and in the order of the alphabet."""
        return tuple(sorted({name.strip() for name in self.text(column).split(SEPARATOR)} - {""}))

    def yes(self, column: str) -> bool:
        """Whether the cell says true; an empty one says false."""
        value = self.text(column).lower()  # a spreadsheet writes TRUE
        if value not in ("", "true", "false"):
            self.fault(column, f'"{value}" is neither true nor false')
        return value == "true"

    def decimal(self, column: str, numbers: Range) -> float | None:
        """A number of that range; None when the cell is empty."""
        value = self.text(column)
        if not value:
            return None
        meant = float(value) if _DECIMAL.fullmatch(value) else -1.0
        if not numbers.holds(meant):
            comma = ", with a point for decimals" if "," in value else ""
            self.fault(column, f'"{value}" is not {numbers.words}{comma}')
            return None
        return meant


def read_rows(content: bytes, columns: Sequence[str], faults: list[Fault]) -> Iterator[Cells]:
    """The rows of a file that has exactly these columns, in any order; blank rows are passed over."""
    rows = _records(_decoded(content), faults)
    header = [name.strip() for name in next(rows, (1, []))[1]]
    if not _header_is_right(header, columns, faults):
        return
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = Cells(number, dict(zip(header, row, strict=False)), faults)
        if len(row) < len(header):
            cells.fault(header[len(row)], f"is not there: the row has {len(row)} of {len(header)} cells")
        elif len(row) > len(header):
            cells.fault(header[-1], f"is followed by more cells: {len(row)} instead of {len(header)}")
        elif broken := [name for name, cell in zip(header, row, strict=True) if _UNREADABLE in cell]:
            cells.fault(broken[0], "cannot be read as UTF-8; save the file as CSV UTF-8")
        else:
            yield cells


def answer(file: str, faults: Sequence[Fault]) -> Refused:
    """The refusal of a whole file: one line for each fault, the first twenty."""
    lines = [
        f"{file}, row {fault.row}{f', column {fault.column}' if fault.column else ''}: {_ended(fault.reason)}"
        for fault in sorted(faults, key=lambda fault: fault.row)[:SHOWN]
    ]
    if len(faults) > SHOWN:
        lines.append(f"{file}: and {len(faults) - SHOWN} more.")
    return Refused("\n".join(lines) + " Nothing was imported.")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _decoded(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace")


def _records(text: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Records with their numbers. A fault of the format ends the file: what follows cannot be told apart."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"is not CSV ({error}); look for a quotation mark that is not closed"
            faults.append(Fault(row=number, column="", reason=reason))
            return
        yield number, row


def _header_is_right(header: list[str], columns: Sequence[str], faults: list[Fault]) -> bool:
    for reason, column in _header_faults(header, columns):
        faults.append(Fault(row=1, column=column, reason=reason))
    return not faults


def _header_faults(header: list[str], columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    wanted = ",".join(columns)
    if not any(header):
        yield f"there is no header; it must be {wanted}", ""
    elif len(header) == 1 and any(mark in header[0] for mark in (";", "\t")):
        yield f"the cells must be separated by commas; the header is {wanted}", ""
    else:
        yield from (
            (f"is missing; the header must be {wanted}", name) for name in columns if name not in header
        )
        strange = [name for name in dict.fromkeys(header) if name not in columns]
        yield from ((f"is not known; the header must be {wanted}", name or "(empty)") for name in strange)
        yield from (("is there twice", name) for name in columns if header.count(name) > 1)
