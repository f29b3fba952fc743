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

from deployments.csv_cells import Cells, Fault, answer, read_rows
from domain.amazon_carriers import OTHER, approved, near
from domain.errors import Refused
from domain.maps import fold
from domain.marketplaces import MARKETPLACES
from ledger import maps, register
from ledger.maps import BufferEntry, CarrierEntry, Entry, ServiceEntry, SkuEntry


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a map may use: seller accounts, and connections with the accounts they serve."""

    accounts: frozenset[str]
    connections: dict[str, tuple[str, ...]]


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


def known_names(conn: sa.Connection) -> Known:
    """The seller accounts and connections that `lockstep setup` wrote down."""
    return Known(
        accounts=frozenset(one.name for one in register.accounts(conn)),
        connections={one.name: one.serves for one in register.connections(conn)},
    )


def _cell(value: str | float | None) -> str:
    """Numbers without exponent and without a trailing `.0`, as a person would write them."""
    if isinstance(value, float):
        plain = format(Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "" if value is None else str(value)


def _read_carrier(cells: Cells, known: Known) -> CarrierEntry:
    entry = CarrierEntry(
        connection=cells.one_of("connection", known.connections, "a warehouse connection"),
        warehouse_carrier=cells.text("warehouse_carrier", needed=True),
        warehouse_service=cells.text("warehouse_service"),
        marketplace_id=cells.one_of("marketplace_id", MARKETPLACES, "a marketplace id of Amazon"),
        carrier_code=cells.exact("carrier_code"),
        carrier_name=cells.text("carrier_name"),
        shipping_method=cells.text("shipping_method"),
        signed_by=cells.text("signed_by"),
    )
    if entry.marketplace_id in MARKETPLACES:
        _check_code(cells, entry)
    if entry.carrier_code == OTHER:
        why = f'"{OTHER}" costs valid-tracking rate'
        for column in ("carrier_name", "signed_by"):
            if not getattr(entry, column):
                cells.fault(column, f"is empty; {why}, so it needs the carrier's name and a signature")
    elif entry.carrier_name:
        cells.fault("carrier_name", f'is only filled in with the carrier_code "{OTHER}"')
    return entry


def _check_code(cells: Cells, entry: CarrierEntry) -> None:
    code, shop = entry.carrier_code, MARKETPLACES[entry.marketplace_id]
    if code in approved(shop.id):
        return
    if not code.strip():
        cells.fault("carrier_code", "is empty")
    elif meant := near(code, shop.id):
        cells.fault("carrier_code", f'"{code}" is not Amazon\'s spelling; did you mean "{meant[0]}"?')
    else:
        reason = f'"{code}" is not in Amazon\'s list for {shop.country}; take a listed carrier, or "{OTHER}"'
        cells.fault("carrier_code", f"{reason} with carrier_name and signed_by")


def _read_sku(cells: Cells, known: Known) -> SkuEntry:
    return SkuEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        seller_sku=cells.text("seller_sku", needed=True),
        connection=_serving(cells, known),
        warehouse_sku=cells.text("warehouse_sku", needed=True),
        units=cells.whole("units", least=1, needed=True) or 0,
    )


def _read_service(cells: Cells, known: Known) -> ServiceEntry:
    return ServiceEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        marketplace_id=cells.one_of(
            "marketplace_id", MARKETPLACES, "a marketplace id of Amazon", needed=False
        ),
        service_level=cells.text("service_level"),
        program=cells.text("program"),
        connection=_serving(cells, known),
        warehouse_service=cells.text("warehouse_service", needed=True),
    )


def _read_buffer(cells: Cells, known: Known) -> BufferEntry:
    return BufferEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        seller_sku=cells.text("seller_sku"),
        fixed=cells.whole("fixed", least=0),
        percent=cells.decimal("percent", most=100),
        odds=cells.decimal("odds", most=1, inside=True),
        share=cells.decimal("share", most=1),
    )


def _serving(cells: Cells, known: Known) -> str:
    """The row's connection, which must serve the row's seller account."""
    name = cells.one_of("connection", known.connections, "a warehouse connection")
    account = cells.text("seller_account")
    if account in known.accounts and account not in known.connections.get(name, (account,)):
        cells.fault("connection", f'"{name}" does not serve the seller account "{account}"')
    return name


_CARRIERS = _Kind(
    CarrierEntry,
    _read_carrier,
    lambda e: (e.connection, fold(e.warehouse_carrier), fold(e.warehouse_service), e.marketplace_id),
    "warehouse_carrier",
    maps.record_carriers,
    maps.export_carriers,
)
_SKUS = _Kind(
    SkuEntry,
    _read_sku,
    lambda e: (e.seller_account, e.seller_sku, e.connection, e.warehouse_sku),
    "warehouse_sku",
    maps.record_skus,
    maps.export_skus,
)
_SERVICES = _Kind(
    ServiceEntry,
    _read_service,
    lambda e: (e.seller_account, e.marketplace_id, e.service_level, e.program, e.connection),
    "service_level",
    maps.record_services,
    maps.export_services,
)
_BUFFERS = _Kind(
    BufferEntry,
    _read_buffer,
    lambda e: (e.seller_account, e.seller_sku),
    "seller_sku",
    maps.record_buffers,
    maps.export_buffers,
)
_AnyKind = _Kind[CarrierEntry] | _Kind[SkuEntry] | _Kind[ServiceEntry] | _Kind[BufferEntry]
_KINDS: dict[str, _AnyKind] = {
    "carriers": _CARRIERS,
    "skus": _SKUS,
    "services": _SERVICES,
    "buffers": _BUFFERS,
}


def _kind(name: str) -> _AnyKind:
    if name not in _KINDS:
        raise Refused(f'There is no map "{name}"; there is: {", ".join(_KINDS)}.')
    return _KINDS[name]
