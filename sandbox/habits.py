"""What warehouses do beyond the plain parcel: boxes, labels, late tracking, untold contents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Line = tuple[str, str, int]  # line_ref, sku, units

WRITTEN = ("plain", "spaces", "lower", "spaces-lower")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a warehouse dispatches an order and tells of it; the defaults are one plain parcel.

    Args:
        boxes: units per warehouse SKU, box by box; none: everything in one box. Parts of a kit may lie in
            several boxes; what no box names is never dispatched.
        tracking: numbers box by box; those missing are made up.
        carrier: carrier and service; none: the warehouse's own choice.
        written: how files spell tracking numbers: plain, spaces, lower or spaces-lower.
        tracking_after: seconds of the warehouse from a dispatch to its tracking number; 0: with it, none:
            only when somebody has it sent.
        rest_after: seconds of the warehouse from one box to the next; 0: all at once, none: only when
            somebody has them dispatched.
        tells_lines: False leaves out what is in a box.
        package_count: right, empty, or the number that is told in its place.
    """

    boxes: tuple[Mapping[str, int], ...] = ()
    tracking: tuple[str, ...] = ()
    carrier: tuple[str, str] | None = None
    written: str = "plain"
    tracking_after: float | None = 0.0
    rest_after: float | None = 0.0
    tells_lines: bool = True
    package_count: str = "right"

    def __post_init__(self) -> None:
        """Raises ValueError for a spelling that does not exist."""
        if self.written not in WRITTEN:
            raise ValueError(
                f"No tracking number is written {self.written!r}; there are {', '.join(WRITTEN)}."
            )

    def packed(self, lines: Sequence[Line]) -> list[list[Line]]:
        """The lines of each box. Raises ValueError when a box asks for more than the order has."""
        if not self.boxes:
            return [list(lines)]
        left = [units for _, _, units in lines]
        return [list(_taken(lines, left, box)) for box in self.boxes]

    def spelled(self, tracking: str) -> str:
        """A tracking number as this warehouse writes it."""
        if "spaces" in self.written:
            tracking = " ".join(tracking[place : place + 4] for place in range(0, len(tracking), 4))
        return tracking.lower() if "lower" in self.written else tracking


PLAIN = Habit()


def _taken(lines: Sequence[Line], left: list[int], box: Mapping[str, int]) -> Iterator[Line]:
    for sku, wanted in box.items():
        missing = wanted
        for place, (line_ref, own, _) in enumerate(lines):
            units = min(missing, left[place]) if own == sku else 0
            if units:
                left[place] -= units
                missing -= units
                yield line_ref, sku, units
        if missing:
            raise ValueError(f"A box is to hold {missing} units of {sku} more than the order has.")
