"""What a warehouse's files mean, and the sentence that comes back when one does not parse."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocks.wire.file_drop.incoming import (
    CENSUS_COLUMNS,
    DISPATCH_COLUMNS,
    RETURN_COLUMNS,
    STOCK_COLUMNS,
    read_file,
)
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
    StockRow,
    StockSnapshot,
)

WRITTEN_AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SHIPPED_AT = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
PARCEL = {
    "order_ref": "O-1",
    "package_ref": "P1",
    "carrier": "EVRI",
    "service": "48H",
    "tracking": "H0001",
    "shipped_at": "2026-11-27T14:05:00Z",
    "line_ref": "L1",
    "sku": "MUG",
    "qty": "1",
    "package_no": "1",
    "package_count": "2",
    "voided": "false",
}
COUNT = {
    "as_of": "2026-11-27T06:00:00+01:00",
    "warehouse": "LDS",
    "sku": "MUG",
    "on_hand": "12",
    "allocated": "2",
    "available": "10",
    "quarantine": "",
    "on_order": "",
}
NAMES = {
    DeliveryKind.CHANGES: "ack-1.csv",
    DeliveryKind.DISPATCHES: "dispatch-1.csv",
    DeliveryKind.STOCK: "stock-1.csv",
    DeliveryKind.RETURNS: "returns-1.csv",
    DeliveryKind.CENSUS: "census-1.csv",
}


def sheet(columns, *rows) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def dispatch_file(*changes: dict[str, str]) -> str:
    return sheet(DISPATCH_COLUMNS, *({**PARCEL, **change} for change in changes))


def stock_file(*changes: dict[str, str]) -> str:
    return sheet(STOCK_COLUMNS, *({**COUNT, **change} for change in changes))


def read(kind: DeliveryKind, content: str | bytes, encoding: str = "utf-8") -> Delivery:
    data = content if isinstance(content, bytes) else content.encode()
    return read_file(kind, NAMES[kind], data, written_at=WRITTEN_AT, encoding=encoding).delivery


def fault(kind: DeliveryKind, content: str | bytes, encoding: str = "utf-8") -> str:
    delivery = read(kind, content, encoding)
    assert delivery == Delivery(key=delivery.key, name=NAMES[kind], fault=delivery.fault)
    return delivery.fault


def test_every_answer_of_a_warehouse_is_understood():
    """The four words of an ack become our four kinds of change, in the file's order."""
    content = (
        "order_ref,result,wms_ref,reason\nO-1,ACCEPTED,W1,\nO-2,REJECTED,,No such SKU\n"
        "O-3,CANCELLED,W3,\nO-4,TOO_LATE,W4,packed\n"  # codespell:ignore cancelled
    )
    assert read(DeliveryKind.CHANGES, content).changes == (
        OrderChange(reference="O-1", kind=ChangeKind.ACCEPTED, warehouse_order_id="W1"),
        OrderChange(reference="O-2", kind=ChangeKind.REJECTED, reason="No such SKU"),
        OrderChange(reference="O-3", kind=ChangeKind.CANCELED, warehouse_order_id="W3"),
        OrderChange(reference="O-4", kind=ChangeKind.TOO_LATE, warehouse_order_id="W4", reason="packed"),
    )


def test_rows_of_one_parcel_become_one_dispatch():
    """Several parcels of an order stay apart, and the lines of one parcel come together."""
    content = dispatch_file(
        {}, {"line_ref": "L2", "sku": "TRAY", "qty": "3"}, {"package_ref": "P2", "tracking": "H0002"}
    )
    first, second = read(DeliveryKind.DISPATCHES, content).dispatches
    assert first == Dispatch(
        reference="O-1",
        package_ref="P1",
        carrier="EVRI",
        service="48H",
        tracking="H0001",
        shipped_at=SHIPPED_AT,
        package_no=1,
        package_count=2,
        voided=False,
        lines=(
            DispatchLine(line_ref="L1", sku="MUG", quantity=1),
            DispatchLine(line_ref="L2", sku="TRAY", quantity=3),
        ),
    )
    assert (second.package_ref, second.tracking) == ("P2", "H0002")


def test_relabel_is_a_voided_dispatch_and_a_new_one():
    """A voided row with the old tracking and a row with the new one are two dispatches of one parcel."""
    content = dispatch_file({"voided": "true"}, {"tracking": "H0009"})
    said = [
        (one.package_ref, one.tracking, one.voided)
        for one in read(DeliveryKind.DISPATCHES, content).dispatches
    ]
    assert said == [("P1", "H0001", True), ("P1", "H0009", False)]


def test_parcel_may_be_silent_about_carrier_tracking_and_contents():
    """What a warehouse does not tell of a parcel stays empty, so that it blocks the parcel and not its file."""
    silent = dict.fromkeys(
        ("carrier", "service", "tracking", "line_ref", "sku", "qty", "package_no", "package_count"), ""
    )
    (dispatch,) = read(DeliveryKind.DISPATCHES, dispatch_file(silent)).dispatches
    assert (dispatch.carrier, dispatch.tracking, dispatch.package_no, dispatch.lines) == ("", "", None, ())


def test_a_row_said_twice_counts_once_and_is_noted():
    """A row that repeats another word for word adds nothing, and the reading says how many did."""
    data = dispatch_file({}, {"line_ref": "L2"}, {}).encode()
    reading = read_file(DeliveryKind.DISPATCHES, "dispatch-1.csv", data, written_at=WRITTEN_AT)
    assert [line.line_ref for line in reading.delivery.dispatches[0].lines] == ["L1", "L2"]
    assert reading.repeated == 1


def test_stock_becomes_one_snapshot_per_warehouse():
    """Rows of one count become a snapshot for each warehouse, at the stated time in UTC."""
    content = stock_file({}, {"sku": "TRAY", "available": "-1"}, {"warehouse": "NYC", "on_hand": ""})
    leeds, york = read(DeliveryKind.STOCK, content).snapshots
    assert leeds == StockSnapshot(
        as_of=datetime(2026, 11, 27, 5, 0, tzinfo=UTC),
        warehouse="LDS",
        rows=(
            StockRow(sku="MUG", available=10, on_hand=12, allocated=2),
            StockRow(sku="TRAY", available=-1, on_hand=12, allocated=2),
        ),
    )
    assert york.rows == (StockRow(sku="MUG", available=10, allocated=2),)


def test_a_sku_with_two_numbers_keeps_both_rows():
    """Which of two numbers is right the file does not say; rows that repeat word for word are one."""
    (snapshot,) = read(DeliveryKind.STOCK, stock_file({}, {"available": "11"}, {})).snapshots
    assert [(row.sku, row.available) for row in snapshot.rows] == [("MUG", 10), ("MUG", 11)]


def test_one_moment_may_be_written_in_two_ways():
    """The rows of a count agree when their times are the same moment, whatever the zone they are written in."""
    content = stock_file({}, {"sku": "TRAY", "as_of": "2026-11-27T05:00:00Z"})
    assert len(read(DeliveryKind.STOCK, content).snapshots[0].rows) == 2


def test_header_without_rows_is_an_empty_snapshot_of_the_files_time():
    """A stock file with no row claims an empty warehouse; the claim goes through for the ledger to hold."""
    assert read(DeliveryKind.STOCK, stock_file()).snapshots == (
        StockSnapshot(as_of=WRITTEN_AT, warehouse="", rows=()),
    )
    assert read(DeliveryKind.DISPATCHES, dispatch_file()) == Delivery(
        key=read(DeliveryKind.DISPATCHES, dispatch_file()).key, name="dispatch-1.csv"
    )


def test_returns_are_read():
    """A returned line keeps what the warehouse says of it; it may know no order."""
    row = dict(
        zip(
            RETURN_COLUMNS,
            ["R1", "", "MUG", "2", "damaged", "QUARANTINE", "2026-11-27T14:05:00Z", "RMA7", "T1"],
            strict=True,
        )
    )
    assert read(DeliveryKind.RETURNS, sheet(RETURN_COLUMNS, row)).returns == (
        ReturnReceipt(
            return_ref="R1",
            reference="",
            sku="MUG",
            quantity=2,
            condition="damaged",
            disposition="QUARANTINE",
            received_at=SHIPPED_AT,
            rma="RMA7",
            tracking="T1",
        ),
    )


def test_columns_may_be_more_and_in_any_order():
    """Extra columns are ignored and the order of columns does not matter."""
    content = "extra,reason,wms_ref,result,order_ref\nx,,W1,ACCEPTED,O-1\n"
    assert read(DeliveryKind.CHANGES, content).changes[0].reference == "O-1"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("close", [True, False])
def test_line_endings_blank_lines_and_byte_order_mark_do_not_matter(ending, close):
    """A file reads the same with either line ending, blank lines, a BOM, or no newline after a whole last row."""
    lines = ["order_ref,result,wms_ref,reason", "O-1,ACCEPTED,W1,", "", "O-2,ACCEPTED,W2,"]
    content = ending.join(lines) + (ending if close else "")
    assert [one.reference for one in read(DeliveryKind.CHANGES, "\ufeff" + content).changes] == ["O-1", "O-2"]


def test_another_encoding_only_when_declared():
    """Bytes of Windows-1252 are a fault unless the connection declares them; a BOM wins over a declaration."""
    content = "order_ref,result,wms_ref,reason\nO-1,REJECTED,,café\n"
    data = content.encode("cp1252")
    assert fault(DeliveryKind.CHANGES, data).startswith(
        'ack-1.csv, row 2, column "reason": holds a character that is not UTF-8.'
    )
    assert read(DeliveryKind.CHANGES, data, "cp1252").changes[0].reason == "café"
    assert read(DeliveryKind.CHANGES, content.encode("utf-8-sig"), "cp1252").changes[0].reason == "café"
    assert "not UTF-8" in fault(DeliveryKind.CHANGES, content.encode("utf-16"))
    assert fault(DeliveryKind.CHANGES, content.encode("utf-16")[:-1], "utf-16")
    assert read(DeliveryKind.CHANGES, content.encode("utf-16"), "utf-16").changes[0].reason == "café"


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"shipped_at": "27/11/2026 14:05"}, "shipped_at", '"27/11/2026 14:05" is not a time such as'),
        ({"shipped_at": "11/27/2026"}, "shipped_at", "is not a time such as"),
        ({"shipped_at": "2026-11-27"}, "shipped_at", "is not a time such as"),
        ({"shipped_at": "2026-11-27T14:05:00"}, "shipped_at", "has no zone"),
        ({"shipped_at": "2026-13-27T14:05:00Z"}, "shipped_at", "no time in the calendar"),
        ({"shipped_at": "0001-01-01T00:00:00+14:00"}, "shipped_at", "no time in the calendar"),
        ({"shipped_at": ""}, "shipped_at", "is empty"),
        ({"qty": "1.0"}, "qty", "not a whole number"),
        ({"qty": "1,000"}, "qty", "not a whole number"),
        ({"qty": "\u0661"}, "qty", "not a whole number"),
        ({"qty": "9" * 60}, "qty", "what stands there (60 characters) is not a whole number"),
        ({"qty": "0"}, "qty", "less than 1"),
        ({"qty": ""}, "qty", "is empty"),
        ({"sku": ""}, "sku", "is empty"),
        ({"package_no": "one"}, "package_no", "not a whole number"),
        ({"order_ref": " "}, "order_ref", "is empty"),
        ({"package_ref": ""}, "package_ref", "is empty"),
        ({"voided": ""}, "voided", "is empty"),
        ({"voided": "yes"}, "voided", "what stands there (3 characters) is neither true nor false"),
        ({"voided": "TRUE"}, "voided", "neither true nor false"),
        ({"tracking": "H\0"}, "tracking", "zero byte"),
        ({"qty": "2"}, "qty", "another quantity"),
        (
            {"line_ref": "L2", "carrier": "DPD"},
            "carrier",
            "what stands there (3 characters) is not what row 2 says",
        ),
        ({"line_ref": "", "sku": "", "qty": ""}, "sku", "row 2 says what is in this parcel"),
    ],
)
def test_wrong_cell_names_row_column_and_reason(change, column, reason):
    """The first cell that does not parse is named with its file, row and column, and the file has no rows."""
    sentence = fault(DeliveryKind.DISPATCHES, dispatch_file({}, change))
    assert sentence.startswith(f'dispatch-1.csv, row 3, column "{column}": ')
    assert reason in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"available": ""}, "available", "is empty"),
        ({"available": "10.5"}, "available", "not a whole number"),
        ({"as_of": "2026-11-27T07:00:00+01:00"}, "as_of", "one count at one time"),
        ({"sku": ""}, "sku", "is empty"),
        ({"sku": "TRAY", "on_order": "many"}, "on_order", "not a whole number"),
        ({"as_of": "06:00", "available": "ten"}, "as_of", "is not a time"),
    ],
)
def test_wrong_count_names_row_column_and_reason(change, column, reason):
    """A count that is not one count of whole numbers is refused whole."""
    sentence = fault(DeliveryKind.STOCK, stock_file({}, change))
    assert sentence.startswith(f'stock-1.csv, row 3, column "{column}": ')
    assert reason in sentence


@pytest.mark.parametrize(
    ("content", "start"),
    [
        ("", 'row 1, column "order_ref": the file is empty'),
        ("\n", 'row 1, column "order_ref": the file is empty'),
        ("order_ref,Result,wms_ref,reason\n", 'row 1, column "result": the header lacks this column'),
        ("order_ref;result;wms_ref;reason\n", 'row 1, column "order_ref": the header lacks'),
        ("O-1,ACCEPTED,W1,\n", 'row 1, column "order_ref": the header lacks'),
        (
            "order_ref,result,wms_ref,reason,reason\n",
            'row 1, column "reason": the header names this column twice',
        ),
        ("order_ref,result,wms_ref,reason\nO-1,ACC", 'row 2, column "wms_ref": the row has 2 fields'),
        (
            "order_ref,result,wms_ref,reason\nO-1,REJECTED,,a,b\n",
            'row 2, column "reason": the row has 5 fields',
        ),
        (
            'order_ref,result,wms_ref,reason\nO-1,REJECTED,,"No su',
            'row 2, column "reason": a quote is opened',
        ),
        ('order_ref,result,wms_ref,reason\n"O"-1,REJECTED,,\n', 'row 2, column "reason": a quote is opened'),
    ],
)
def test_wrong_shape_names_row_column_and_reason(content, start):
    """An empty file, a wrong header and a cut row are faults with a place."""
    assert fault(DeliveryKind.CHANGES, content).startswith(f"ack-1.csv, {start}")


def test_long_free_text_is_never_quoted_whole():
    """A sentence about a cell of free text says only how long it is, on one line."""
    sentence = fault(DeliveryKind.CHANGES, f'order_ref,result,wms_ref,reason\nO-1,"x\n{"y" * 500}",,\n')
    assert "\n" not in sentence
    assert "502 characters" in sentence
    assert "yyy" not in sentence


@given(cut=st.integers(min_value=0))
def test_a_file_cut_anywhere_gives_no_wrong_row(cut):
    """However a dispatch file is cut, what is read is the beginning of what was written, or a fault."""
    whole = dispatch_file(
        {}, {"package_ref": "P2", "tracking": "H0002"}, {"package_ref": "P3", "tracking": "H3"}
    )
    data = whole.encode()
    delivery = read(DeliveryKind.DISPATCHES, data[: cut % (len(data) + 1)])
    assert (
        delivery.fault
        or delivery.dispatches == read(DeliveryKind.DISPATCHES, whole).dispatches[: len(delivery.dispatches)]
    )


LISTED = {"as_of": "2026-11-27T06:00:00+01:00", "order_ref": "O-1", "wms_ref": "W1", "status": "picking"}


def test_a_list_of_open_orders_is_read_whole():
    """One list at one time, an order a row; the warehouse's number and status may be empty."""
    rows = (LISTED, {**LISTED, "order_ref": "O-2", "wms_ref": "", "status": ""}, LISTED)
    [census] = read(DeliveryKind.CENSUS, sheet(CENSUS_COLUMNS, *rows)).censuses
    assert census == Census(
        as_of=datetime(2026, 11, 27, 5, tzinfo=UTC),
        orders=(
            OpenOrder(reference="O-1", warehouse_order_id="W1", status="picking"),
            OpenOrder(reference="O-2"),
        ),
    )


def test_a_list_without_rows_is_a_claim_of_its_file_s_time():
    """A header alone says that nothing is open, at the moment at which the file was written."""
    [census] = read(DeliveryKind.CENSUS, sheet(CENSUS_COLUMNS)).censuses
    assert census == Census(as_of=WRITTEN_AT, orders=())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"as_of": "2026-11-27T07:00:00Z", "order_ref": "O-2"}, 'row 3, column "as_of": differs from row 2'),
        ({"status": "packed"}, 'row 3, column "order_ref": stands in the file before'),
        ({"order_ref": ""}, 'row 3, column "order_ref": is empty'),
        ({"as_of": "2026-11-27"}, 'row 3, column "as_of"'),
    ],
)
def test_a_list_that_contradicts_itself_is_set_aside(change, place):
    """Another time, an order twice with other values, a row without its order: no row of the file is used."""
    assert place in fault(DeliveryKind.CENSUS, sheet(CENSUS_COLUMNS, LISTED, {**LISTED, **change}))


@given(st.binary(max_size=200))
@example(b'"\x80')
@example(b'order_ref,result,wms_ref,reason\n\xff,"')
def test_any_bytes_end_in_a_delivery(data):
    """No content whatever makes reading fail otherwise than by a sentence."""
    for kind in DeliveryKind:
        delivery = read(kind, data)
        delivery.fault.encode()
        assert "\n" not in delivery.fault


PLAIN = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
WORD = st.text(PLAIN, min_size=1, max_size=20).map(str.strip).filter(bool)
MOMENT = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]),
)
UNITS = st.integers(min_value=0, max_value=10**9 - 1)


@given(
    as_of=MOMENT,
    rows=st.dictionaries(
        WORD, st.tuples(UNITS, st.none() | UNITS, st.none() | UNITS), min_size=1, max_size=8
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_stock_comes_back_as_it_was_written(as_of, rows, encoding):
    """Whatever SKUs, numbers and zones are written, the same are read."""
    written = [
        {
            **COUNT,
            "as_of": as_of.isoformat(),
            "sku": sku,
            "available": available,
            "on_hand": hand,
            "allocated": kept,
        }
        for sku, (available, hand, kept) in rows.items()
    ]
    (snapshot,) = read(DeliveryKind.STOCK, sheet(STOCK_COLUMNS, *written).encode(encoding)).snapshots
    assert snapshot.as_of == as_of
    assert {row.sku: (row.available, row.on_hand, row.allocated) for row in snapshot.rows} == rows


@given(
    parcels=st.dictionaries(
        st.tuples(WORD, WORD),
        st.tuples(WORD, st.booleans(), MOMENT, st.dictionaries(WORD, st.integers(1, 999), max_size=4)),
        max_size=5,
    )
)
def test_dispatches_come_back_as_they_were_written(parcels):
    """Whatever parcels are written, row by row, the same are read."""
    rows = [
        {
            **PARCEL,
            "order_ref": reference,
            "package_ref": package,
            "tracking": tracking,
            "shipped_at": at.isoformat(),
            "voided": str(voided).lower(),
            "line_ref": "L" if sku else "",
            "sku": sku,
            "qty": quantity,
        }
        for (reference, package), (tracking, voided, at, lines) in parcels.items()
        for sku, quantity in (lines or {"": ""}).items()
    ]
    found = {
        (one.reference, one.package_ref): (
            *(one.tracking, one.voided, one.shipped_at),
            {line.sku: line.quantity for line in one.lines},
        )
        for one in read(DeliveryKind.DISPATCHES, sheet(DISPATCH_COLUMNS, *rows)).dispatches
    }
    assert found == parcels
