"""A warehouse's count, out of the rows of one stock file; quick, because a large catalog has 100,000 of them."""

from collections.abc import Mapping
from datetime import datetime

from blocks.wire.file_drop.cells import Cells, Row
from domain.warehouse import StockRow, StockSnapshot

STOCK_COLUMNS = ("as_of", "warehouse", "sku", "on_hand", "allocated", "available", "quarantine", "on_order")
_NUMBERS = ("on_hand", "allocated", "available", "quarantine", "on_order")


def read_counts(once: Mapping[Cells, int], written_at: datetime) -> tuple[StockSnapshot, ...]:
    """The counts of a file, one per warehouse; `once` is the number of each row by its cells.

    A SKU may have several rows with other numbers: which of them is right, the file does not say. A file without
    rows is a count of nothing at `written_at` (UTC): a claim to be doubted, and for the ledger to hold.

    Raises:
        Fault: the first row with a cell that cannot be understood, or of another time than the first.
    """
    if not once:
        return (StockSnapshot(as_of=written_at, warehouse="", rows=()),)
    reader = _Reader(_row(*next(iter(once.items()))))
    warehouses: dict[str, list[StockRow]] = {}
    for cells, number in once.items():
        warehouses.setdefault(cells[1], []).append(reader.read(cells, number))
    return tuple(
        StockSnapshot(as_of=reader.as_of, warehouse=warehouse, rows=tuple(rows))
        for warehouse, rows in warehouses.items()
    )


class _Reader:
    """Reads rows of one count; what was understood once is looked up the next time."""

    def __init__(self, first: Row) -> None:
        self._first = first.number
        self.as_of = first.time("as_of")
        self._same = {first.text("as_of")}  # spellings of that moment
        self._units: dict[str, int | None] = {"": None}

    def read(self, cells: Cells, number: int) -> StockRow:
        """One row, out of cells in the order of the columns."""
        as_of, _, sku, on_hand, allocated, available, quarantine, on_order = cells
        units = self._units
        try:
            counted = units[available]
            row = (sku, counted, units[on_hand], units[allocated], units[quarantine], units[on_order])
        except KeyError:
            self._learn(_row(cells, number))
            return self.read(cells, number)
        if counted is None or not sku or as_of not in self._same:
            self._learn(_row(cells, number))
        return StockRow._make(row)

    def _learn(self, row: Row) -> None:
        """Understand every cell of a row, or say which one cannot be."""
        if row.time("as_of") != self.as_of:
            raise row.fault("as_of", f"differs from row {self._first}; one file is one count at one time.")
        self._same.add(row.text("as_of"))
        row.needed("sku")
        row.whole("available")  # may be below zero where a warehouse counts what it owes
        for column in _NUMBERS:
            self._units[row.text(column)] = row.maybe_whole(column)


def _row(cells: Cells, number: int) -> Row:
    return Row(number=number, cells=dict(zip(STOCK_COLUMNS, cells, strict=True)))
