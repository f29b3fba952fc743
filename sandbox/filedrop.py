"""The files between the seller and the 3PL: columns, strict reading, writing under a temporary name."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sandbox.clock import Clock

Row = dict[str, str]

_RECIPIENT = (
    "recipient",
    "company",
    "addr1",
    "addr2",
    "addr3",
    "city",
    "region",
    "postcode",
    "country",
    "phone",
)
ORDERS = (
    *("order_ref", "amazon_order_id", "release_no", "line_ref", "sku", "qty"),
    *("ship_by", "deliver_by", "service_level"),
    *_RECIPIENT,
    *("email", "gift_message", "notes"),
)
CANCEL = ("order_ref", "line_ref", "reason")
ACK = ("order_ref", "result", "wms_ref", "reason")
DISPATCH = (
    *("order_ref", "package_ref", "carrier", "service", "tracking", "shipped_at"),
    *("line_ref", "sku", "qty", "package_no", "package_count", "voided"),
)
CENSUS = ("as_of", "order_ref", "wms_ref", "status")
STOCK = ("as_of", "warehouse", "sku", "on_hand", "allocated", "available", "quarantine", "on_order")


class BadFile(Exception):  # noqa: N818 - a finding about a file, not a failure of ours
    """A file that does not parse: names the row (the header is row 1), the column and the reason."""


def _filled(value: str) -> bool:
    return bool(value.strip())


def _count(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) > 0


def _instant(value: str) -> bool:
    try:
        parsed = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    return parsed.tzinfo is not None and "T" in value


def _reference(value: str) -> bool:
    # X12 leaves 22 characters for a depositor's order number, and other systems do not take all signs.
    return re.fullmatch(r"[0-9A-Z-]{1,22}", value) is not None


_ORDER_RULES: dict[str, Callable[[str], bool]] = {
    "order_ref": _reference,
    "amazon_order_id": lambda value: re.fullmatch(r"\d{3}-\d{7}-\d{7}", value) is not None,
    "release_no": _count,
    "line_ref": _filled,
    "sku": _filled,
    "qty": _count,
    "ship_by": _instant,
    "deliver_by": lambda value: not value or _instant(value),
    "recipient": _filled,
    "addr1": _filled,
    "city": _filled,
    "postcode": _filled,
    "country": lambda value: re.fullmatch(r"[A-Z]{2}", value) is not None,
}
_CANCEL_RULES: dict[str, Callable[[str], bool]] = {"order_ref": _reference}


def read_orders(content: bytes) -> list[Row]:
    """The rows of an orders file. Raises BadFile."""
    return _read(content, ORDERS, _ORDER_RULES)


def read_cancels(content: bytes) -> list[Row]:
    """The rows of a cancel file. Raises BadFile."""
    return _read(content, CANCEL, _CANCEL_RULES)


def _read(content: bytes, columns: Sequence[str], rules: Mapping[str, Callable[[str], bool]]) -> list[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("The file is not UTF-8.") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise BadFile(f"Row {reader.line_num}: {error}.") from error
    if not lines or lines[0] != list(columns):
        raise BadFile(f"Row 1: the header is not {','.join(columns)}.")
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) != len(columns):
            raise BadFile(f"Row {number}: {len(cells)} cells instead of {len(columns)}.")
        row = dict(zip(columns, cells, strict=True))
        wrong = next((column for column, rule in rules.items() if not rule(row[column])), None)
        if wrong is not None:  # the value itself may be personal data and is not told
            raise BadFile(f"Row {number}, column {wrong}: the value is missing or malformed.")
        rows.append(row)
    if not rows:
        raise BadFile("The file has no row below its header.")
    return rows


class DropFolder:
    """The 3PL's side of the folder: reads and archives `in/`, writes `out/`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.inbox, self.outbox, self.clock = folder / "in", folder / "out", clock
        for place in (self.inbox / "archive", self.inbox / "failed", self.outbox):
            place.mkdir(parents=True, exist_ok=True)
        self.complaints: list[str] = []
        self._written = 0

    def taken(self, kind: str, read: Callable[[bytes], list[Row]]) -> Iterator[list[Row]]:
        """The rows of every waiting file of a kind, file by file; each is archived after use or set aside."""
        for path in sorted(self.inbox.glob(f"{kind}-*.csv")):
            try:
                rows = read(path.read_bytes())
            except BadFile as problem:
                self._set_aside(path, str(problem))
                continue
            yield rows
            path.rename(self.inbox / "archive" / path.name)

    def put(self, kind: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Path:
        """Writes a CSV file under a temporary name and renames it."""
        self._written += 1
        name = f"{kind}-{self.clock.now():%Y%m%dT%H%M%S%f}-{self._written:05d}.csv"
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, columns, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        temporary, final = self.outbox / f".{name}.tmp", self.outbox / name
        temporary.write_bytes(out.getvalue().encode())
        temporary.rename(final)
        return final

    def _set_aside(self, path: Path, reason: str) -> None:
        """A file of the seller's that does not parse: nothing of it is taken in, and it is told loudly."""
        self.complaints.append(f"{path.name}: {reason}")
        path.rename(self.inbox / "failed" / path.name)
        (self.inbox / "failed" / f"{path.name}.error.txt").write_text(reason + "\n", encoding="utf-8")
