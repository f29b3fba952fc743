"""The seller's maps and buffers as CSV: checked row by row on the way in, the same columns on the way out.

A file with a wrong row changes nothing. Imports merge: rows of the ledger that are not in the file stay.
"""

import csv
import io
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Generic

import sqlalchemy as sa

from deployments.csv_cells import SEPARATOR, Cells, Fault, answer, read_rows
from deployments.map_cells import read_buffer, read_carrier, read_offer, read_service, read_sku
from domain.errors import Refused
from domain.maps import fold
from ledger import maps
from ledger.map_rules import Known, known_names
from ledger.maps import BufferEntry, CarrierEntry, Entry, OfferEntry, ServiceEntry, SkuEntry


@dataclass(frozen=True, slots=True)
class _Kind(Generic[Entry]):
    """One map: its kind of row, how a row is read, what no two rows may share, and where it is kept."""

    entry: type[Entry]
    read: Callable[[Cells, Known], Entry]
    same: Callable[[Entry], Hashable]
    named: str  # the column that a repeated row is shown at
    record: Callable[[sa.Connection, Iterable[Entry], str, datetime], int]
    export: Callable[[sa.Connection], tuple[Entry, ...]]

    @property
    def columns(self) -> list[str]:
        return [part.name for part in fields(self.entry)]

    def parsed(self, file: str, content: bytes, known: Known) -> list[Entry]:
        faults: list[Fault] = []
        seen: dict[Hashable, int] = {}
        entries = []
        for cells in read_rows(content, self.columns, faults):
            entry = self.read(cells, known)
            first = seen.setdefault(self.same(entry), cells.row)
            if first != cells.row:
                cells.fault(self.named, f"repeats row {first}")
            entries.append(entry)
        if faults:
            raise answer(file, faults)
        return entries

    def taken_in(
        self, conn: sa.Connection, source: tuple[str, bytes], author: str, now: datetime
    ) -> tuple[int, int]:
        entries = self.parsed(*source, known_names(conn))
        return len(entries), self.record(conn, entries, author, now)


def columns(kind: str) -> list[str]:
    """The columns of a map, in the order they are written."""
    return _kind(kind).columns


def parse(kind: str, file: str, content: bytes, known: Known) -> Sequence[object]:
    """The checked rows of a file; `file` is its name for messages.

    Raises:
        Refused: a row is wrong; the message names file, row, column and reason of up to 20.
    """
    return _kind(kind).parsed(file, content, known)


def import_map(
    conn: sa.Connection, kind: str, source: tuple[str, bytes], author: str, now: datetime
) -> tuple[int, int]:
    """Check a file, given as (name, content), and put its rows in force at `now` (UTC).

    Returns the rows read and the rows that changed something.

    Raises:
        Refused: a row is wrong; nothing was imported.
    """
    return _kind(kind).taken_in(conn, source, author, now)


def export_map(conn: sa.Connection, kind: str) -> str:
    """The rows in force as CSV, in an order that does not change."""
    return written(kind, _kind(kind).export(conn))


def written(kind: str, entries: Iterable[object]) -> str:
    """Rows of a map as CSV with its header."""
    names = columns(kind)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(getattr(entry, name)) for name in names] for entry in entries)
    return out.getvalue()


def _cell(value: str | float | tuple[str, ...] | None) -> str:
    """Numbers without exponent and without a trailing `.0`, as a person would write them."""
    if isinstance(value, tuple):
        return SEPARATOR.join(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        plain = format(Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "" if value is None else str(value)


_CARRIERS = _Kind(
    CarrierEntry,
    read_carrier,
    lambda e: (e.connection, fold(e.warehouse_carrier), fold(e.warehouse_service), e.marketplace_id),
    "warehouse_carrier",
    maps.record_carriers,
    maps.export_carriers,
)
_SKUS = _Kind(
    SkuEntry,
    read_sku,
    lambda e: (e.seller_account, e.seller_sku, e.connection, e.warehouse_sku),
    "warehouse_sku",
    maps.record_skus,
    maps.export_skus,
)
_SERVICES = _Kind(
    ServiceEntry,
    read_service,
    lambda e: (e.seller_account, e.marketplace_id, e.service_level, e.program, e.connection),
    "service_level",
    maps.record_services,
    maps.export_services,
)
_BUFFERS = _Kind(
    BufferEntry,
    read_buffer,
    lambda e: (e.seller_account, e.seller_sku),
    "seller_sku",
    maps.record_buffers,
    maps.export_buffers,
)
_OFFERS = _Kind(
    OfferEntry,
    read_offer,
    lambda e: (e.seller_account, e.seller_sku),
    "seller_sku",
    maps.record_offers,
    maps.export_offers,
)
_AnyKind = (
    _Kind[CarrierEntry] | _Kind[SkuEntry] | _Kind[ServiceEntry] | _Kind[BufferEntry] | _Kind[OfferEntry]
)
_KINDS: dict[str, _AnyKind] = {
    "carriers": _CARRIERS,
    "skus": _SKUS,
    "services": _SERVICES,
    "buffers": _BUFFERS,
    "offers": _OFFERS,
}


def _kind(name: str) -> _AnyKind:
    if name not in _KINDS:
        raise Refused(f'There is no map "{name}"; there is: {", ".join(_KINDS)}.')
    return _KINDS[name]
