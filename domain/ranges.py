"""Which numbers the seller's maps take: one rule for spreadsheets and forms."""

from dataclasses import dataclass

LARGEST = 2_147_483_647  # PostgreSQL's integer: no number of units that is kept is larger


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From `least` to `most`; `inside`: between them, without both ends."""

    least: int
    most: int
    whole: bool = False
    inside: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number is one of them."""
        if not self.least <= value <= self.most:
            return False
        if self.inside:
            return self.least < value < self.most
        return not self.whole or float(value).is_integer()

    @property
    def words(self) -> str:
        """What such a number is, as the end of a sentence."""
        if self.whole:
            if self.most == LARGEST:
                return f"a whole number of {self.least} or more"
            return f"a whole number from {self.least} to {self.most:,}"
        ends = f"between {self.least} and" if self.inside else f"from {self.least} to"
        return f"a number {ends} {self.most}"


# What is larger is a slip, and times an order or a peak it would be too large to keep.
UNITS = Range(least=1, most=10_000, whole=True)
FIXED = Range(least=0, most=1_000_000, whole=True)
CAP = Range(least=0, most=LARGEST, whole=True)
PERCENT = Range(least=0, most=100)
ODDS = Range(least=0, most=1, inside=True)
SHARE = Range(least=0, most=1)
