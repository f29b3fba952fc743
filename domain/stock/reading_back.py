"""When a quantity that Amazon took is looked at: not before it can be in effect, then ever more seldom."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_FIRST = 2  # the first look comes at the usual time divided by this
_GROWTH = 1.0  # each further gap is the age of the publication at the look before, times this
_URGENT_GROWTH = 0.25
_LONGEST = timedelta(minutes=30)
_PAST = timedelta(seconds=1)  # at the very end of the patience nothing is overdue yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long Amazon takes to bring a quantity into effect: half of them, and 19 of 20, within these times."""

    usual: timedelta
    long: timedelta


def wait_unmeasured(settle: timedelta) -> Wait:
    """What is expected before anything was measured, when a quantity is overdue after `settle`.

    Amazon states no time. A sixteenth and a quarter of the patience are one and four minutes by default.
    """
    return Wait(usual=settle / 16, long=settle / 4)


def next_look(
    accepted_at: datetime, seen_at: datetime | None, wait: Wait, settle: timedelta, *, urgent: bool
) -> datetime:
    """When (UTC) a quantity that Amazon took at `accepted_at` is to be looked at, after a look at `seen_at`.

    The first look comes at half the usual time: a time that is measured by looking is never shorter than the
    truth, so waiting the whole of it would make it grow forever. What is overdue after `settle` is looked at
    then.
    """
    if seen_at is None or seen_at < accepted_at:
        return accepted_at + min(wait.usual / _FIRST, settle)
    age = seen_at - accepted_at
    growth = _URGENT_GROWTH if urgent else _GROWTH
    # What takes longer than nearly all others did is a matter of patience, not of asking often.
    shortest = wait.usual / _FIRST if age <= wait.long else wait.usual
    following = seen_at + min(max(age * growth, shortest), _LONGEST)
    overdue = accepted_at + settle + _PAST
    return overdue if seen_at < overdue < following else following
