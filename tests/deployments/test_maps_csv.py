"""Maps as CSV: a wrong row is named with file, row, column and reason, and then nothing is imported."""

import codecs
import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.maps_csv import columns, export_map, import_map, parse
from domain.errors import Refused
from domain.stock.snapshots import SnapshotLimits
from ledger import maps, register
from ledger.connection import Ledger
from ledger.map_rules import Known
from ledger.maps import BufferEntry, CarrierEntry, OfferEntry, ServiceEntry, SkuEntry
from ledger.stock.snapshots import record_snapshot
from tests.factories import snapshot

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
NAMES = Known(
    accounts=frozenset({"main", "second"}),
    connections={"main": ("main",)},
    warehouses={"main": ("BER", "LON")},
)
HEADERS = {kind: ",".join(columns(kind)) for kind in ("carriers", "skus", "services", "buffers", "offers")}
UK, US = "A1F83G8C2ARO7P", "ATVPDKIKX0DER"
GOOD = {
    "carriers": f"main,ROYAL MAIL,,{UK},Royal Mail,,Tracked 24,",
    "skus": "main,KIT-1,main,A,2",
    "services": f"main,{UK},Expedited,,main,NEXT DAY",
    "buffers": "main,,3,12.5,0.01,0.5",
    "offers": "main,X,40,BER;LON,true",
}


def read(kind: str, *rows: str) -> list[object]:
    return list(parse(kind, "map.csv", "\n".join([HEADERS[kind], *rows, ""]).encode(), NAMES))


def refusal(kind: str, content: bytes) -> str:
    with pytest.raises(Refused) as caught:
        parse(kind, "map.csv", content, NAMES)
    assert str(caught.value).endswith("Nothing was imported.")
    return str(caught.value)


def test_the_columns_are_the_documented_ones() -> None:
    """The five headers are spelled as the manual has them."""
    assert HEADERS == {
        "carriers": "connection,warehouse_carrier,warehouse_service,marketplace_id,carrier_code,carrier_name,"
        "shipping_method,signed_by",
        "skus": "seller_account,seller_sku,connection,warehouse_sku,units",
        "services": "seller_account,marketplace_id,service_level,program,connection,warehouse_service",
        "buffers": "seller_account,seller_sku,fixed,percent,odds,share",
        "offers": "seller_account,seller_sku,cap,warehouses,stopped",
    }


def test_good_rows_are_read() -> None:
    """Every kind of row arrives typed, with empty cells as nothing."""
    assert read("carriers", GOOD["carriers"]) == [
        CarrierEntry(
            connection="main",
            warehouse_carrier="ROYAL MAIL",
            warehouse_service="",
            marketplace_id=UK,
            carrier_code="Royal Mail",
            carrier_name="",
            shipping_method="Tracked 24",
            signed_by="",
        )
    ]
    assert read("skus", GOOD["skus"], "main,KIT-1,main,B,1") == [
        SkuEntry(seller_account="main", seller_sku="KIT-1", connection="main", warehouse_sku="A", units=2),
        SkuEntry(seller_account="main", seller_sku="KIT-1", connection="main", warehouse_sku="B", units=1),
    ]
    assert read("services", "main,,,,main,STANDARD") == [
        ServiceEntry(
            seller_account="main",
            marketplace_id="",
            service_level="",
            program="",
            connection="main",
            warehouse_service="STANDARD",
        )
    ]
    assert read("buffers", GOOD["buffers"], "main,X,,,,") == [
        BufferEntry(seller_account="main", seller_sku="", fixed=3, percent=12.5, odds=0.01, share=0.5),
        BufferEntry(seller_account="main", seller_sku="X", fixed=None, percent=None, odds=None, share=None),
    ]
    assert read("offers", GOOD["offers"], "main,,,,", "main,Y,0, LON ; BER ,FALSE") == [
        OfferEntry(seller_account="main", seller_sku="X", cap=40, warehouses=("BER", "LON"), stopped=True),
        OfferEntry(seller_account="main", seller_sku="", cap=None, warehouses=(), stopped=False),
        OfferEntry(seller_account="main", seller_sku="Y", cap=0, warehouses=("BER", "LON"), stopped=False),
    ]


def test_other_with_name_and_signature_is_accepted() -> None:
    """Other is let through when somebody signed for it and named the carrier, in the United States too."""
    assert len(read("carriers", f"main,VEHO,,{US},Other,Veho,,Jo Field")) == 1


def test_bom_blank_rows_and_column_order_do_not_matter() -> None:
    """A file as a spreadsheet saves it is read: BOM, CRLF, columns in another order, blank rows."""
    text = "units,warehouse_sku,connection,seller_sku,seller_account\r\n\r\n1,A,main,S,main\r\n,,,,\r\n"
    (entry,) = parse("skus", "map.csv", codecs.BOM_UTF8 + text.encode(), NAMES)
    assert entry == SkuEntry(
        seller_account="main", seller_sku="S", connection="main", warehouse_sku="A", units=1
    )


WRONG = [
    ("carriers", f"main,RM,,{UK},Royal mail,,,", 'column carrier_code: "Royal mail" is not'),
    ("carriers", f"main,RM,,{UK},Royal mail,,,", 'Amazon\'s spelling; did you mean "Royal Mail"?'),
    ("carriers", f"main,RM,,{UK},Royal Mail ,,,", 'column carrier_code: "Royal Mail " is not Amazon\'s spelling'),
    ("carriers", f"main,RM,,{UK},Zzyzx,,,", 'column carrier_code: "Zzyzx" is not in Amazon\'s list for GB'),
    ("carriers", f"main,RM,,{UK},Andere,,,Jo", 'column carrier_code: "Andere" is "Other" in another language;'),
    ("carriers", f"main,RM,,{UK},otro,,,", 'column carrier_code: "otro" is not in Amazon\'s list for GB'),
    ("carriers", f"main,RM,,{UK},,,,", "column carrier_code: is empty"),
    ("carriers", f"main,RM,,{US},Yodel,,,", 'column carrier_code: "Yodel" is not in Amazon\'s list for US'),
    ("carriers", f"main,RM,,{UK},Other,,,Jo", "column carrier_name: is empty"),
    ("carriers", f"main,RM,,{UK},Other,Veho,,", "column signed_by: is empty"),
    ("carriers", f"main,RM,,{UK},DPD,Veho,,", "column carrier_name: is only filled in with"),
    ("carriers", "main,RM,,A1WRONG,DPD,,,", 'column marketplace_id: "A1WRONG" is not a marketplace id'),
    ("carriers", f"mine,RM,,{UK},DPD,,,", '"mine" is not a warehouse connection (there is: main)'),
    ("carriers", f"main,,,{UK},DPD,,,", "column warehouse_carrier: is empty"),
    ("skus", "main,S,main,A,0", 'column units: "0" is not a whole number from 1 to 10,000'),
    ("skus", "main,S,main,A,-1", "column units"),
    ("skus", "main,S,main,A,1.5", "column units"),
    ("skus", "main,S,main,A,99999999999", "column units"),
    ("skus", "main,S,main,A,10001", 'column units: "10001" is not'),
    ("skus", "main,S,main,A,", "column units: is empty"),
    ("skus", "main,S,main,A,two", "column units"),
    ("skus", "third,S,main,A,1", 'column seller_account: "third" is not a seller account'),
    ("skus", "second,S,main,A,1", 'column connection: "main" does not serve the seller account "second"'),
    ("skus", "main,S,main,A", "column units: is not there: the row has 4 of 5 cells"),
    ("skus", "main,S,main,A,1,1", "column units: is followed by more cells"),
    ("skus", 'main,"S,main,A,1', "is not CSV"),
    ("services", "main,A1WRONG,,,main,NX", "column marketplace_id"),
    ("services", f"main,{UK},,,main,", "column warehouse_service: is empty"),
    ("buffers", "main,X,-1,,,", "column fixed"),
    ("buffers", "main,X,1000001,,,", 'column fixed: "1000001" is not a whole number from 0 to 1,000,000'),
    ("buffers", "main,X,,101,,", 'column percent: "101" is not a number from 0 to 100'),
    ("buffers", 'main,X,,"12,5",,', "with a point for decimals"),
    ("buffers", "main,X,,nan,,", "column percent"),
    ("buffers", "main,X,,,1,", 'column odds: "1" is not a number between 0 and 1'),
    ("buffers", "main,X,,,0,", "column odds"),
    ("buffers", "main,X,,,,1.1", "column share"),
    ("buffers", "main,X,,,,inf", "column share"),
    ("offers", "main,Y,-1,,", "column cap"),
    ("offers", "main,Y,,,yes", 'column stopped: "yes" is neither true nor false'),
    ("offers", "main,Y,,LON;PAR,", 'column warehouses: "PAR" was never counted (there is: BER, LON)'),
    ("offers", "second,Y,,LON,", 'column warehouses: "LON" was never counted (no count has come yet)'),
    ("offers", "third,Y,,LON,", 'column seller_account: "third" is not a seller account'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "row", "expected"), WRONG)
def test_a_wrong_row_is_named_with_its_place_and_reason(kind: str, row: str, expected: str) -> None:
    """The second data row is row 3 of the file; its column and reason are said in one line."""
    said = refusal(kind, "\n".join([HEADERS[kind], GOOD[kind], row, ""]).encode())
    assert said.startswith("map.csv, row 3")
    assert expected in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", HEADERS)
def test_a_repeated_row_is_refused(kind: str) -> None:
    """Two rows of one key contradict each other or mean nothing."""
    assert "row 3" in refusal(kind, "\n".join([HEADERS[kind], GOOD[kind], GOOD[kind]]).encode())


def test_a_component_listed_twice_is_refused() -> None:
    """A kit names each warehouse SKU once: two rows of it are refused, also with other units."""
    rows = [HEADERS["skus"], "main,KIT-1,main,A,2", "main,KIT-1,main,B,1", "main,KIT-1,main,A,3"]
    said = refusal("skus", "\n".join(rows).encode())
    assert said == "map.csv, row 4, column warehouse_sku: repeats row 2. Nothing was imported."


def test_a_carrier_is_the_same_in_other_case_and_spaces() -> None:
    """Warehouse carriers that are compared as equal are a repetition."""
    rows = [HEADERS["carriers"], GOOD["carriers"], f"main,royal   mail,,{UK},DPD,,,"]
    assert "column warehouse_carrier: repeats row 2" in refusal("carriers", "\n".join(rows).encode())


def test_all_wrong_rows_are_listed_up_to_twenty() -> None:
    """Each fault has a line of its own; beyond twenty only their number is said."""
    rows = [f"main,S{number},main,A,0" for number in range(25)]
    lines = refusal("skus", "\n".join([HEADERS["skus"], *rows]).encode()).split("\n")
    assert len(lines) == 21
    assert lines[19].startswith("map.csv, row 21, column units")
    assert lines[20] == "map.csv: and 5 more. Nothing was imported."


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("seller_account,seller_sku,connection,warehouse_sku", "row 1, column units: is missing"),
        (HEADERS["skus"] + ",color", "row 1, column color: is not known"),
        (HEADERS["skus"] + ",units", "row 1, column units: is there twice"),
        (HEADERS["skus"].replace(",", ";"), "row 1: the cells must be separated by commas"),
        ("", "row 1: there is no header"),
    ],
)
def test_a_wrong_header_is_refused(header: str, expected: str) -> None:
    """Columns that are missing, unknown, repeated or separated otherwise are named in row 1."""
    assert expected in refusal("skus", f"{header}\nmain,S,main,A,1\n".encode())


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_refused(encoding: str) -> None:
    """A file that is not UTF-8 is refused and not guessed at."""
    content = f"{HEADERS['skus']}\nmain,Café,main,A,1\n".encode(encoding)
    said = refusal("skus", content)
    assert encoding == "utf-16" or "row 2, column seller_sku: cannot be read as UTF-8" in said


@given(st.binary(max_size=300), st.sampled_from(sorted(HEADERS)))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, kind: str) -> None:
    """Whatever the file holds, it is rows or a refusal; nothing else escapes and no fault lacks its row."""
    said = "map.csv, row 1"
    for body in (content, HEADERS[kind].encode() + b"\n" + content):
        try:
            parse(kind, "map.csv", body, NAMES)
        except Refused as refused:
            said = str(refused)
        assert re.match(r"map\.csv, row \d+", said)


_WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\ufffd"),
    min_size=1,
    max_size=8,
)
_SKUS = st.builds(
    SkuEntry,
    seller_account=st.just("main"),
    seller_sku=_WORD,
    connection=st.just("main"),
    warehouse_sku=_WORD,
    units=st.integers(1, 10_000),
)


@given(st.lists(_SKUS, max_size=6, unique_by=lambda e: (e.seller_sku, e.warehouse_sku)))
def test_what_is_written_is_read_again(entries: list[SkuEntry]) -> None:
    """Any rows, written with quotes where CSV wants them, are read as the same rows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns("skus"))
    writer.writerows([[getattr(entry, name) for name in columns("skus")] for entry in entries])
    assert list(parse("skus", "map.csv", out.getvalue().encode(), NAMES)) == entries


def test_an_import_is_all_or_nothing_and_an_export_imports_unchanged(ledger: Ledger) -> None:
    """A good file comes into force with its author; its export changes nothing; a wrong one neither."""
    account = register.Account(
        name="main",
        seller_id="A1EXAMPLE",
        region="EU",
        marketplaces=(UK,),
        look_back=timedelta(hours=24),
        prove_within=timedelta(minutes=4),
    )
    connection = register.Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
    with ledger.begin() as conn:
        register.record_account(conn, account)
        register.record_connection(conn, connection)
        for place in ("BER", "LON"):
            count = snapshot(("A", 10), as_of=NOW, warehouse=place)
            record_snapshot(conn, "main", count, SnapshotLimits(), NOW)
        for kind, row in GOOD.items():
            content = f"{HEADERS[kind]}\n{row}\n".encode()
            assert import_map(conn, kind, ("map.csv", content), "jo", NOW) == (1, 1)
            exported = export_map(conn, kind)
            assert exported == content.decode()
            assert import_map(conn, kind, ("map.csv", exported.encode()), "jo", NOW) == (1, 0)
        wrong = f"{HEADERS['skus']}\nmain,NEW,main,A,1\nmain,NEW2,main,A,0\n".encode()
        with pytest.raises(Refused, match="row 3, column units"):
            import_map(conn, "skus", ("map.csv", wrong), "jo", NOW)
        assert {entry.seller_sku for entry in maps.export_skus(conn)} == {"KIT-1"}
