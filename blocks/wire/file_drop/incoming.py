"""What a warehouse writes into a file drop, turned into our words (docs/file-drop.md)."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from blocks.wire.file_drop.cells import Cells, Fault, Row, read_records, shown
from blocks.wire.file_drop.stock import STOCK_COLUMNS, read_counts
from domain.warehouse import (
    Census,
    ChangeKind,
    Delivery,
    DeliveryKind,
    Dispatch,
    DispatchLine,
    OpenOrder,
    OrderChange,
    ReturnReceipt,
    StockSnapshot,
)

ACK_COLUMNS = ("order_ref", "result", "wms_ref", "reason")
DISPATCH_COLUMNS = (
    *("order_ref", "package_ref", "carrier", "service", "tracking", "shipped_at"),
    *("line_ref", "sku", "qty", "package_no", "package_count", "voided"),
)
RETURN_COLUMNS = (
    *("return_ref", "order_ref", "sku", "qty", "condition", "disposition"),
    *("received_at", "rma", "tracking"),
)
CENSUS_COLUMNS = ("as_of", "order_ref", "wms_ref", "status")
_RESULTS = {
    "ACCEPTED": ChangeKind.ACCEPTED,
    "REJECTED": ChangeKind.REJECTED,
    "CANCELLED": ChangeKind.CANCELED,  # codespell:ignore cancelled
    "TOO_LATE": ChangeKind.TOO_LATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as a delivery, and how many of its rows said again what another row had said."""

    delivery: Delivery
    repeated: int = 0


@dataclass(slots=True, kw_only=True)
class _Parts:
    """The rows of one file in our words, as far as they have been read."""

    changes: tuple[OrderChange, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    snapshots: tuple[StockSnapshot, ...] = ()
    returns: tuple[ReturnReceipt, ...] = ()
    censuses: tuple[Census, ...] = ()


def content_key(name: str, data: bytes) -> str:
    """The name of a file's content: the same file again is the same key, new bytes are a new one."""
    return f"{name}@{hashlib.sha256(data).hexdigest()[:16]}"


def read_file(
    kind: DeliveryKind, name: str, data: bytes, *, written_at: datetime, encoding: str = "utf-8"
) -> Reading:
    """One file of the warehouse, whole or not at all: on the first fault the delivery has no rows.

    A row that repeats another word for word counts once. `written_at` (UTC) is the file's own time; it
    stands in for the time of a stock or census file that has a header and no row.
    """
    key = content_key(name, data)
    columns, understand = _KINDS[kind]
    try:
        records = read_records(data, columns, encoding)
        once: dict[Cells, int] = {}
        for number, cells in records:
            once.setdefault(cells, number)
        parts = understand(once, written_at)
    except Fault as fault:
        return Reading(delivery=Delivery(key=key, name=name, fault=fault.sentence(name)))
    delivery = Delivery(
        key=key,
        name=name,
        changes=parts.changes,
        dispatches=parts.dispatches,
        snapshots=parts.snapshots,
        returns=parts.returns,
        censuses=parts.censuses,
    )
    return Reading(delivery=delivery, repeated=len(records) - len(once))


def _rows(once: Mapping[Cells, int], columns: Sequence[str]) -> Iterator[Row]:
    for cells, number in once.items():
        yield Row(number=number, cells=dict(zip(columns, cells, strict=True)))


def _changes(once: Mapping[Cells, int], _written_at: datetime) -> _Parts:
    return _Parts(changes=tuple(_change(row) for row in _rows(once, ACK_COLUMNS)))


def _change(row: Row) -> OrderChange:
    reference, result = row.needed("order_ref"), row.needed("result")
    if result not in _RESULTS:
        raise row.fault("result", f"{shown(result)} is none of {', '.join(_RESULTS)}.")
    return OrderChange(
        reference=reference,
        kind=_RESULTS[result],
        warehouse_order_id=row.text("wms_ref"),
        reason=row.text("reason"),
    )


@dataclass(slots=True, kw_only=True)
class _Parcel:
    """The rows that speak of one parcel; the first one speaks for all."""

    first_row: int
    head: Dispatch
    lines: dict[tuple[str, str], DispatchLine] = field(default_factory=dict)


def _dispatches(once: Mapping[Cells, int], _written_at: datetime) -> _Parts:
    parcels: dict[tuple[str, str, bool, str], _Parcel] = {}
    for row in _rows(once, DISPATCH_COLUMNS):
        head, line = _parcel_head(row), _line(row)
        name = (head.reference, head.package_ref, head.voided, head.tracking)
        parcel = parcels.get(name)
        if parcel is None:
            parcel = parcels[name] = _Parcel(first_row=row.number, head=head)
        else:
            _refuse_contradiction(row, head, line, parcel)
        if line is not None:
            parcel.lines[line.line_ref, line.sku] = line
    dispatches = (replace(parcel.head, lines=tuple(parcel.lines.values())) for parcel in parcels.values())
    return _Parts(dispatches=tuple(dispatches))


def _parcel_head(row: Row) -> Dispatch:
    return Dispatch(
        reference=row.needed("order_ref"),
        package_ref=row.needed("package_ref"),
        carrier=row.text("carrier"),  # a parcel without carrier or tracking blocks itself, not its file
        service=row.text("service"),
        tracking=row.text("tracking"),
        shipped_at=row.time("shipped_at"),
        package_no=row.maybe_whole("package_no", least=1),
        package_count=row.maybe_whole("package_count", least=1),
        voided=row.flag("voided"),
        lines=(),
    )


def _line(row: Row) -> DispatchLine | None:
    """What the row says is in the parcel; nothing when the warehouse does not tell."""
    if not any(row.text(column) for column in ("line_ref", "sku", "qty")):
        return None
    quantity = row.whole("qty", least=1)
    return DispatchLine(line_ref=row.text("line_ref"), sku=row.needed("sku"), quantity=quantity)


def _refuse_contradiction(row: Row, head: Dispatch, line: DispatchLine | None, parcel: _Parcel) -> None:
    for column in ("carrier", "service", "shipped_at", "package_no", "package_count"):
        if getattr(head, column) != getattr(parcel.head, column):
            reason = f"{shown(row.text(column))} is not what row {parcel.first_row} says of the same parcel."
            raise row.fault(column, reason)
    if (line is None) != (not parcel.lines):
        reason = f"row {parcel.first_row} says what is in this parcel and this row does not, or the reverse."
        raise row.fault("sku", reason)
    if line is not None and (line.line_ref, line.sku) in parcel.lines:
        reason = "an earlier row has another quantity for the same line in the same parcel; write one row."
        raise row.fault("qty", reason)


def _stock(once: Mapping[Cells, int], written_at: datetime) -> _Parts:
    return _Parts(snapshots=read_counts(once, written_at))


def _returns(once: Mapping[Cells, int], _written_at: datetime) -> _Parts:
    return _Parts(returns=tuple(_return(row) for row in _rows(once, RETURN_COLUMNS)))


def _return(row: Row) -> ReturnReceipt:
    return ReturnReceipt(
        return_ref=row.needed("return_ref"),
        reference=row.text("order_ref"),  # a parcel without papers is received all the same
        sku=row.needed("sku"),
        quantity=row.whole("qty", least=1),
        condition=row.text("condition"),
        disposition=row.text("disposition"),
        received_at=row.time("received_at"),
        rma=row.text("rma"),
        tracking=row.text("tracking"),
    )


def _census(once: Mapping[Cells, int], written_at: datetime) -> _Parts:
    """The list of open orders; one without rows says that none is open, a claim to be doubted."""
    orders: dict[str, OpenOrder] = {}
    first: Row | None = None
    for row in _rows(once, CENSUS_COLUMNS):
        first = first or row
        if row.time("as_of") != first.time("as_of"):
            raise row.fault("as_of", f"differs from row {first.number}; one file is one list at one time.")
        reference = row.needed("order_ref")
        if reference in orders:
            raise row.fault(
                "order_ref", "stands in the file before, with other values; one row is one order."
            )
        status = row.text("status")
        orders[reference] = OpenOrder(
            reference=reference, warehouse_order_id=row.text("wms_ref"), status=status
        )
    as_of = first.time("as_of") if first else written_at
    return _Parts(censuses=(Census(as_of=as_of, orders=tuple(orders.values())),))


_KINDS: dict[DeliveryKind, tuple[tuple[str, ...], Callable[[Mapping[Cells, int], datetime], _Parts]]] = {
    DeliveryKind.CHANGES: (ACK_COLUMNS, _changes),
    DeliveryKind.DISPATCHES: (DISPATCH_COLUMNS, _dispatches),
    DeliveryKind.STOCK: (STOCK_COLUMNS, _stock),
    DeliveryKind.RETURNS: (RETURN_COLUMNS, _returns),
    DeliveryKind.CENSUS: (CENSUS_COLUMNS, _census),
}
