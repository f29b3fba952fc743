import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.wire.amazon.listing_report import parse_listing_report
from domain.amazon import ReportedListing
from domain.errors import Refused, TryAgain
from tests.domain.examples import RULES

COLUMNS = ("item-name", "seller-sku", "price", "quantity", "fulfillment-channel", "status")
PLAIN = "text/plain"


def row(sku, units, channel="DEFAULT"):
    return dict.fromkeys(COLUMNS, "x") | {
        "seller-sku": sku,
        "quantity": units,
        "fulfillment-channel": channel,
    }


def table(*rows, columns=COLUMNS, end="\r\n"):
    return "".join(
        "\t".join(cells) + end for cells in [columns, *([each[c] for c in columns] for each in rows)]
    )


def read(text, kind=PLAIN, charset="utf-8"):
    return [(each.seller_sku, each.units) for each in parse_listing_report(text.encode(charset), kind)]


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(str.strip)
ROWS = st.lists(
    st.builds(row, CELLS, st.one_of(st.just(""), st.integers(0, 10**6).map(str)), st.just("DEFAULT")),
    min_size=1,
    max_size=8,
)


@RULES
@given(rows=ROWS, columns=st.permutations(COLUMNS), end=st.sampled_from(["\n", "\r\n"]))
def test_rows_are_read_by_the_names_of_their_columns(rows, columns, end):
    """In whatever order the columns come, each SKU has its own units, and an empty quantity is none."""
    wanted = [(each["seller-sku"], int(each["quantity"]) if each["quantity"] else None) for each in rows]
    assert read(table(*rows, columns=columns, end=end)) == wanted


@RULES
@given(rows=ROWS, data=st.data())
def test_a_cut_report_is_never_read_as_another(rows, data):
    """Wherever a report breaks off, it is untrusted, or nothing but an unneeded last cell is missing."""
    content = table(*rows).encode()
    cut = data.draw(st.integers(0, len(content) - 1))
    try:
        found = parse_listing_report(content[:cut], PLAIN)
    except (TryAgain, Refused):
        return
    whole = parse_listing_report(content, PLAIN)
    assert found in {whole, whole[: len(found)]}
    assert content[:cut].count(b"\t") % (len(COLUMNS) - 1) == 0


def test_what_amazon_ships_has_no_units_of_ours():
    """A row of another channel has none, whatever stands in its quantity."""
    rows = row("A", "", "AMAZON_EU"), row("B", "7", "AMAZON_NA"), row("C", "0"), row("D", "")
    assert read(table(*rows)) == [("A", None), ("B", None), ("C", 0), ("D", None)]


def test_quotes_and_odd_characters_are_part_of_a_cell():
    """Nothing is quoted, and only a line feed ends a row."""
    rows = row('"A', "1"), row("B\u2028\x0b\x85C", "2"), row("D'\"E", "3")
    assert read(table(*rows)) == [('"A', 1), ("B\u2028\x0b\x85C", 2), ("D'\"E", 3)]


@pytest.mark.parametrize(
    ("sku", "charset", "kind"),
    [
        ("Kaffeebecher-grün", "utf-8", "text/plain;charset=UTF-8"),
        ("Kaffeebecher-grün", "utf-8-sig", PLAIN),
        ("Kaffeebecher-grün", "utf-8", ""),
        ("Kaffeebecher-grün-€", "cp1252", PLAIN),
        ("Kaffeebecher-grün-€", "cp1252", 'text/plain; charset="Cp1252"'),
        ("Kaffeebecher-grün-€", "cp1252", "text/plain; charset=no-such-charset"),
        ("Tasse-grün-€", "cp1252", "text/plain; charset=UTF-8"),
        ("マグカップ①", "cp932", "text/plain; charset=Shift_JIS"),
        ("マグカップ①", "cp932", "text/plain;charset=windows-31j"),
        ("Tasse-grün", "iso-8859-1", "text/plain; charset=ISO-8859-1"),
    ],
)
def test_each_region_has_its_encoding(sku, charset, kind):
    """The declared charset is believed when it fits, else UTF-8 and then the western one are tried."""
    assert read(table(row(sku, "3")), kind, charset) == [(sku, 3)]


def test_an_encoding_that_nobody_can_read_is_untrusted():
    """Bytes that are none of the known encodings are not guessed at."""
    with pytest.raises(TryAgain, match="encoding"):
        parse_listing_report(b"seller-sku\x81\t\xff\n", PLAIN)


@pytest.mark.parametrize("missing", ["seller-sku", "quantity", "fulfillment-channel"])
def test_a_missing_column_is_named(missing):
    """Without a needed column, as under a translated header, the report is refused and the column named."""
    columns = ["Menge" if name == missing else name for name in COLUMNS]
    text = table(row("A", "1")).replace("\t".join(COLUMNS), "\t".join(columns))
    with pytest.raises(Refused, match=missing) as refusal:
        read(text)
    assert refusal.value.code == "Columns"


@pytest.mark.parametrize(
    "text",
    [
        "",
        table(),
        table(row("A", "1")) + "B\tx",
        table(row("A", "1")) + "x\tB\tx\t1\tDEFAULT",
        table(row("A", "1")) + "\r\n",
        table(row("A", "1")) + "x\tB\tx\t1\tDEFAULT\tx\tx\r\n",
        table(row("", "1")),
        table(row("A", "-1")),
        table(row("A", "1.5")),
        table(row("A", "many")),
        table(row("A", "٣")),
        table(row("A", "1"), columns=(*COLUMNS[:3], "fulfillment-channel", "status", "quantity")).rstrip(),
    ],
)
def test_a_report_that_is_not_whole_is_untrusted(text):
    """An empty report, a row with too few or too many cells, and a quantity that is none spoil all of it."""
    with pytest.raises(TryAgain):
        read(text)


def test_a_last_row_without_an_end_is_whole_when_its_last_cell_does_not_count():
    """Every needed cell has its end, so that nothing of it can be cut."""
    text = table(row("A", "1"), row("B", "25")).removesuffix("\r\n")
    assert parse_listing_report(text.encode(), PLAIN)[1] == ReportedListing(seller_sku="B", units=25)
