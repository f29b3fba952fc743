"""The report of all merchant listings: tab-separated text whose columns and encoding differ by region."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message

from domain.amazon import ReportedListing
from domain.errors import Refused, TryAgain

_SKU, _UNITS, _CHANNEL = "seller-sku", "quantity", "fulfillment-channel"
_NEEDED = (_SKU, _UNITS, _CHANNEL)
_MERCHANT = "DEFAULT"
# What Amazon declares as Shift-JIS has characters of its Windows superset.
_SUPERSETS = {"shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "windows-31j": "cp932"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where the needed columns are, and how many columns there are."""

    sku: int
    units: int
    channel: int
    width: int


def parse_listing_report(content: bytes, content_type: str) -> tuple[ReportedListing, ...]:
    """The rows of the report, in Amazon's order. `content_type` is the download's, for its charset.

    Raises:
        Refused: When a needed column is missing: in some languages Amazon translates the header.
        TryAgain: When the report is not whole, not readable, or empty: Amazon cancels a report without
            data.
    """
    text = _decoded(content, content_type).removeprefix("\ufeff")
    lines = text.split("\n")
    whole = lines[-1] == ""  # a last row with its end is not cut
    if whole:
        lines.pop()
    if not lines:
        raise TryAgain("Amazon's report of all listings is empty.")
    places = _places(_cells(lines[0]))
    if not whole and places.width - 1 in {places.sku, places.units, places.channel}:
        raise TryAgain(f"Row {len(lines)} of Amazon's report of all listings may be cut off.")
    rows = tuple(_rows(lines, places))
    if not rows:
        raise TryAgain("Amazon's report of all listings has a header and no row, which is no answer.")
    return rows


def _decoded(content: bytes, content_type: str) -> str:
    for charset in (_declared(content_type), "utf-8", "cp1252"):
        try:
            if charset:
                return content.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    raise TryAgain("Amazon's report of all listings is in an encoding that could not be read.")


def _declared(content_type: str) -> str:
    header = Message()
    header["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = str(header.get_content_charset() or "").lower()
    return _SUPERSETS.get(charset, charset)


def _cells(line: str) -> list[str]:
    return line.removesuffix("\r").split("\t")


def _places(names: Sequence[str]) -> _Places:
    found = {name.strip().lower(): place for place, name in enumerate(names)}
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        told = (
            f"Amazon's report of all listings has no column {' and no '.join(missing)}. Amazon translates the "
            "header in some languages; the report is needed in English."
        )
        raise Refused(told, code="Columns")
    return _Places(sku=found[_SKU], units=found[_UNITS], channel=found[_CHANNEL], width=len(names))


def _rows(lines: Sequence[str], places: _Places) -> Iterator[ReportedListing]:
    for number, line in enumerate(lines[1:], start=2):
        cells = _cells(line)
        if len(cells) != places.width:
            told = (
                f"Row {number} of Amazon's report of all listings has {len(cells)} of {places.width} columns."
            )
            raise TryAgain(told)
        yield _row(number, cells, places)


def _row(number: int, cells: Sequence[str], places: _Places) -> ReportedListing:
    sku, units, channel = cells[places.sku], cells[places.units].strip(), cells[places.channel].strip()
    if not sku.strip():
        raise TryAgain(f"Row {number} of Amazon's report of all listings has no SKU.")
    if channel.upper() != _MERCHANT or not units:
        return ReportedListing(seller_sku=sku, units=None)
    if not (units.isascii() and units.isdecimal()) or len(units) > 9:
        raise TryAgain(f"Row {number} of Amazon's report of all listings has a quantity that is no number.")
    return ReportedListing(seller_sku=sku, units=int(units))
