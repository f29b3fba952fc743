"""Peak mode: tracking goes first in everything that is shared, and ordinary quantities go out less often."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Refused

EVERY = timedelta(minutes=30)  # between two publications of everything, unless the form says otherwise
# More often than every ten minutes hardly slows anything; after more than an hour no buffer is of a sensible size.
SHORTEST_EVERY, LONGEST_EVERY = timedelta(minutes=10), timedelta(hours=1)
LONGEST = timedelta(days=7)  # what lasts longer is no peak: who still needs it starts the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakWish:
    """What a person asks for: until when (UTC), how often everything is published, and why."""

    author: str
    ends_at: datetime
    every: timedelta = EVERY
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A peak as it is kept, all times UTC. `ended_at` is None until it was ended or its end was noticed."""

    id: int
    started_at: datetime
    started_by: str
    ends_at: datetime
    every: timedelta
    reason: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    def is_on(self, now: datetime) -> bool:
        """Whether it is on: it ends by itself, whether or not anybody has noticed."""
        return self.ended_at is None and self.started_at <= now < self.ends_at

    def tell(self) -> str:
        """What is on, until when and by whom, in one sentence."""
        why = f": {self.reason}" if self.reason else ""
        return (
            f"Peak mode is on until {minute(self.ends_at)}, started by {self.started_by} at"
            f" {minute(self.started_at)}{why}. Quantities that are not urgent go out every"
            f" {minutes(self.every)} minutes, with larger buffers."
        )


def check_wish(wish: PeakWish, now: datetime) -> None:
    """Make sure that a peak can be as somebody wants it.

    Raises:
        Refused: the end has passed or is too far away, or the interval is out of bounds.
    """
    if wish.ends_at <= now:
        raise Refused(f"The end {minute(wish.ends_at)} has passed. Nothing changed.")
    if wish.ends_at - now > LONGEST:
        raise Refused(f"Peak mode lasts {LONGEST.days} days at most. Nothing changed.")
    if not SHORTEST_EVERY <= wish.every <= LONGEST_EVERY:
        least, most = minutes(SHORTEST_EVERY), minutes(LONGEST_EVERY)
        raise Refused(
            f"In peak mode everything is published every {least} to {most} minutes. Nothing changed."
        )


def publication_due(peak: Peak | None, last: datetime | None, now: datetime) -> bool:
    """Whether quantities that are not urgent go out now; `last` is when they all went out in this peak (UTC)."""
    if peak is None or not peak.is_on(now) or last is None:
        return True
    return now - last >= peak.every


def longer_wait(peak: Peak | None, now: datetime) -> timedelta:
    """How much longer than usual a quantity may wait until the next one takes its place."""
    return peak.every if peak is not None and peak.is_on(now) else timedelta(0)


def minute(moment: datetime) -> str:
    """A moment as people read it; it is in UTC already."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def minutes(length: timedelta) -> str:
    """A length in minutes, such as 30 or 12.5."""
    return f"{length.total_seconds() / 60:g}"
