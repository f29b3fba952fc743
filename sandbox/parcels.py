"""Who carries a parcel, how its units are split over parcels, and what its tracking number looks like."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from sandbox.habits import PLAIN, Habit, Line

CARRIERS: tuple[tuple[str, str], ...] = (
    ("Royal Mail", "Tracked 48"),
    ("Royal Mail", "Tracked 24"),
    ("DPD", "Next Day"),
    ("DHL", "Standard"),
    ("Hermes", "Standard"),
    ("UPS", "Standard"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One dispatched parcel: which of how many it is, and the habit by which it is told.

    The tracking number is the carrier's own and is empty until it is told; see `written`.
    """

    order_ref: str
    amazon_order_id: str
    package_ref: str
    carrier: str
    service: str
    tracking: str
    shipped_at: datetime
    lines: tuple[Line, ...]
    number: int = 1
    count: int = 1
    habit: Habit = PLAIN

    @property
    def written(self) -> str:
        """The tracking number as files spell it."""
        return self.habit.spelled(self.tracking)


def split(order_ref: str, lines: list[Line]) -> list[list[Line]]:
    """The parcels of an order: most travel in one, every third one of two or more units in two."""
    units = sum(quantity for _, _, quantity in lines)
    if units < 2 or zlib.crc32(order_ref.encode()) % 3:
        return [lines]
    if len(lines) > 1:
        return [lines[:1], lines[1:]]
    line_ref, sku, quantity = lines[0]
    return [[(line_ref, sku, 1)], [(line_ref, sku, quantity - 1)]]


def tracking_number(carrier: str, number: int) -> str:
    """A number in the shape of the carrier's, with check digits where they are simple to work out."""
    if carrier == "Royal Mail":
        return f"RR{number:08d}{_s10_check(number)}GB"
    if carrier == "UPS":
        return f"1Z999AA1{number:09d}{_ups_check(f'999AA1{number:09d}')}"
    if carrier == "DPD":
        return f"1550{number:010d}"
    if carrier == "DHL":
        return f"00340434{number:012d}"
    return f"H{number:015d}"


def _s10_check(number: int) -> int:
    weights = (8, 6, 4, 2, 3, 5, 9, 7)
    rest = 11 - sum(w * int(d) for w, d in zip(weights, f"{number:08d}", strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)


def _ups_check(body: str) -> int:
    digits = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body]
    total = sum(digits[0::2]) + 2 * sum(digits[1::2])
    return -total % 10


def dispatch_rows(parcel: Parcel, *, voided: bool = False) -> list[dict[str, object]]:
    """A parcel as rows of a dispatch file, one per line, or one without a line when those are not told."""
    habit = parcel.habit
    row: dict[str, object] = {
        "order_ref": parcel.order_ref,
        "package_ref": parcel.package_ref,
        "carrier": parcel.carrier,
        "service": parcel.service,
        "tracking": parcel.written,
        "shipped_at": parcel.shipped_at.isoformat(),
        "package_no": parcel.number if habit.package_count else "",
        "package_count": parcel.count if habit.package_count == "right" else habit.package_count,
        "voided": str(voided).lower(),
    }
    lines = parcel.lines if habit.tells_lines else [("", "", "")]
    return [row | {"line_ref": line_ref, "sku": sku, "qty": units} for line_ref, sku, units in lines]
