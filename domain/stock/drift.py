"""Who else writes a quantity: what the times and the numbers of its returns say about the other writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

RETURNS_WITHIN = timedelta(days=7)  # a drift that comes back later than this is a new one
DAY = timedelta(days=1)
MANY_A_DAY = 5  # from so many in a day the other writer is as much at work as we are
SAME_TIME = timedelta(minutes=5)  # listings that change within this of one another change at the same time
_TOOL_FROM = 5  # nobody changes so many listings by hand within minutes
# Intervals at which programs are usually set to run. Longest first: what fits an hour fits five minutes too.
_INTERVALS = tuple(timedelta(minutes=n) for n in (1440, 720, 480, 360, 240, 180, 120, 60, 30, 20, 15, 10))
_LEEWAY = timedelta(minutes=2)


class Number(StrEnum):
    """What the other writer's number is in relation to ours."""

    COUNT = "the warehouse's count"
    OLD = "an older number of ours"
    CONSTANT = "always the same number"
    UNKNOWN = "no number we know"


_MEANING = {
    Number.COUNT: "it is each time the warehouse's count: another program publishes that without orders and buffer",
    Number.OLD: "it is each time an older number of ours: a late feed or a program that keeps a copy",
    Number.CONSTANT: "it is each time {shown}: a fixed setting of a program or a price tool",
    Number.UNKNOWN: "its numbers are neither the warehouse's count nor older ones of ours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time Amazon showed a number that nobody of us had published, found `at` (all times UTC).

    Amazon still showed ours at `right_until`, and says that the listing was changed at `changed_at`.
    `available` is the warehouse's count as units of the seller SKU, `earlier` are older numbers of ours.
    """

    at: datetime
    published: int
    shown: int
    right_until: datetime | None = None
    changed_at: datetime | None = None
    available: int | None = None
    earlier: tuple[int, ...] = ()

    @property
    def moment(self) -> datetime:
        """When the number was written, as near as we know: never before it was last right."""
        changed = self.changed_at
        if changed is None or changed > self.at or (self.right_until and changed < self.right_until):
            return self.at
        return changed

    @property
    def is_timed(self) -> bool:
        """Whether Amazon told the moment; else it is only known between two looks."""
        return self.moment == self.changed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWriter:
    """What is known of somebody who sets a quantity of ours again and again.

    `times` within a week and `today` within a day, `rhythm` in words (empty: none was found), what the
    `number` is, and how many listings changed at the same time, this one included.
    """

    times: int
    today: int
    rhythm: str
    number: Number
    shown: int
    together: int
    last_between: tuple[datetime | None, datetime]

    def explain(self) -> str:
        """The pattern in plain sentences, to be read after what happened last."""
        said = [f"It came back {self.times} times within a week, {self.today} of them in the last 24 hours"]
        said += [self.rhythm or self._between(), _MEANING[self.number].format(shown=self.shown), self._who()]
        first = "; ".join(part for part in said if part) + "."
        return f"{first} {_URGENT}" if self.is_urgent else first

    @property
    def is_urgent(self) -> bool:
        """Whether it returns so often that correcting it is no help."""
        return self.today >= MANY_A_DAY

    def _between(self) -> str:
        start, end = self.last_between
        if start is None:
            return f"last found at {end:%H:%M} UTC"
        if start == end:
            return f"last at {end:%H:%M} UTC"
        return f"last between {start:%d %b %H:%M} and {end:%d %b %H:%M} UTC"

    def _who(self) -> str:
        if self.together >= _TOOL_FROM:
            return f"{self.together} listings changed at the same time: a program, not a person"
        if self.together > 1:
            return f"{self.together} listings changed at the same time"
        return "no other listing changed at the same time: a person, or a program for this one alone"


_URGENT = (
    "Urgent: Lockstep corrects it each time, and each time the wrong number is on sale for a while: stop the"
    " other writer."
)


def who_writes(occurrences: Sequence[Occurrence], now: datetime, together: int = 1) -> OtherWriter | None:
    """What the returns of one listing say about who writes them; None before it came back within a week.

    `together` is how many listings, this one included, changed when it last did.
    """
    recent = sorted(
        (one for one in occurrences if now - one.at <= RETURNS_WITHIN), key=lambda one: (one.moment, one.at)
    )
    if len(recent) < 2:
        return None
    last = recent[-1]
    return OtherWriter(
        times=len(recent),
        today=sum(now - one.at <= DAY for one in recent),
        rhythm=_rhythm([one.moment for one in recent if one.is_timed]),
        number=_number(recent),
        shown=last.shown,
        together=together,
        last_between=(last.moment if last.is_timed else last.right_until, last.moment),
    )


def _number(recent: Sequence[Occurrence]) -> Number:
    """What all the numbers have in common; one that does not fit leaves it open."""
    if all(one.shown == one.available for one in recent):
        return Number.COUNT
    if all(one.shown in one.earlier for one in recent):
        return Number.OLD
    return Number.CONSTANT if len({one.shown for one in recent}) == 1 else Number.UNKNOWN


def _rhythm(moments: Sequence[datetime]) -> str:
    """The longest usual interval of which every gap is a multiple; two gaps at least make a rhythm."""
    gaps = [later - before for before, later in pairwise(moments)]
    if len(gaps) < 2:
        return ""
    for interval in _INTERVALS:
        if all(_fits(gap, interval) for gap in gaps):
            return _told(interval, moments, every=all(gap < 1.5 * interval for gap in gaps))
    return ""


def _fits(gap: timedelta, interval: timedelta) -> bool:
    leeway = min(_LEEWAY, interval / 20)
    over = gap % interval
    return gap > interval / 2 and min(over, interval - over) <= leeway


def _told(interval: timedelta, moments: Sequence[datetime], *, every: bool) -> str:
    minutes = interval // timedelta(minutes=1)
    last = moments[-1]
    if minutes == 1440:
        return f"always at about {last:%H:%M} UTC"
    clock = f", at about {last.minute} minutes past the hour" if minutes % 60 == 0 else ""
    return (
        f"every {minutes} minutes{clock}" if every else f"always a multiple of {minutes} minutes apart{clock}"
    )
