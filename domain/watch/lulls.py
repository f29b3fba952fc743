"""Implausibly little: what came since a moment, beside what came in the same hours of the last weeks.

A quiet hour, a night, a slow day and a public holiday are plausible, a dead marketplace is not. So a lull is
reckoned with care: with the lowest of the weeks that are known, and as slow as the hours and the day before were.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = 7 * DAY
REMEMBERED = 4 * WEEK + 3 * DAY  # as far back as a judgment looks
LONGEST = 2 * DAY  # what has brought nothing for longer is judged by its last two days
ODDS = 1e-6
_SHORTEST = timedelta(minutes=10)
_WEEKS, _LEAST_WEEKS = 4, 3
_DAYS, _LEAST_DAYS = 7, 5
_TRICKLE_HOURS = 12
_STRAGGLERS, _TRICKLE = 3, 0.05  # so few, in number and share, do not make a dead flow alive
_BEFORE, _TELLING = (
    (6, 24),
    30,
)  # hours before a lull say how slow business is, when so many are usual in them


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a flow carried by the hour (its beginning, UTC); an hour in which it did not run is absent.

    `last_volume_at` is when it last carried anything. What comes `batched`, such as a file an hour, is judged by
    whole hours only, and by two of them at least.
    """

    hours: Mapping[datetime, int]
    last_volume_at: datetime | None
    batched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lull:
    """Since when so little came, how much that is, and how much is usual by now at least."""

    since: datetime
    came: int
    usual: float


def find_lull(carried: Carried, now: datetime) -> Lull | None:
    """The lull that nothing explains, the longest one; None: what came is plausible, or nothing is known."""
    for since, came in _windows(carried, now):
        usual = _usual(carried, since, now)
        if usual is not None and came <= _TRICKLE * usual and odds_of(came, usual) < ODDS:
            return Lull(since=since, came=came, usual=usual)
    return None


def odds_of(came: int, usual: float) -> float:
    """How often so few or fewer come where so many are usual, when each comes by itself (Poisson)."""
    term = total = math.exp(-usual)
    for number in range(1, came + 1):
        term *= usual / number
        total += term
    return total


def _windows(carried: Carried, now: datetime) -> Iterator[tuple[datetime, int]]:
    """Moments to judge from, with what came since: the last arrival first, then the last twelve full hours."""
    if carried.last_volume_at is None:
        return
    since = max(carried.last_volume_at, now - LONGEST)
    least = 2 * HOUR if carried.batched else _SHORTEST
    if now - since >= least:
        yield since, 0
    this_hour = _hour_of(now)
    came = carried.hours.get(this_hour, 0)
    for back in range(1, _TRICKLE_HOURS + 1):
        start = this_hour - back * HOUR
        came += carried.hours.get(start, 0)
        if came > _STRAGGLERS:
            return
        if came and now - start >= least:
            yield start, came


def _usual(carried: Carried, since: datetime, now: datetime) -> float | None:
    """How much came at least between the same moments of other weeks, or days, as slow as it is lately."""
    shifts = _known_shifts(lambda shift: _sum(carried, since - shift, now - shift))
    if shifts is None:
        return None
    level = _level(carried, since, shifts)
    return level * min(shifts.values())


def _known_shifts(ask: Callable[[timedelta], float | None]) -> dict[timedelta, float] | None:
    """What came as many weeks, else days, earlier; None when too few of them are known."""
    for unit, number, least in ((WEEK, _WEEKS, _LEAST_WEEKS), (DAY, _DAYS, _LEAST_DAYS)):
        asked = {times * unit: ask(times * unit) for times in range(1, number + 1)}
        known = {shift: came for shift, came in asked.items() if came is not None}
        if len(known) >= least:
            return known
    return None


def _level(carried: Carried, since: datetime, shifts: Mapping[timedelta, float]) -> float:
    """How the last hours, and the last day, before the lull compare with the same ones earlier; at most 1."""
    end = _hour_of(since) + HOUR
    return min(
        _level_of(carried, [end - back * HOUR for back in range(1, most + 1)], shifts) for most in _BEFORE
    )


def _level_of(carried: Carried, hours: Sequence[datetime], shifts: Mapping[timedelta, float]) -> float:
    known = [hour for hour in hours if hour in carried.hours]
    if len(known) < len(hours) / 2:
        return 1.0
    came = sum(carried.hours[hour] for hour in known)
    earlier = [_total(carried, [hour - shift for hour in known]) for shift in shifts]
    usual = _mean([one for one in earlier if one is not None])
    return min(1.0, came / usual) if usual >= _TELLING else 1.0


def _sum(carried: Carried, start: datetime, end: datetime) -> float | None:
    """What came between two moments, hours that are cut taken in part; None when an hour is not known."""
    total, hour = 0.0, _hour_of(start)
    while hour < end:
        share = (min(end, hour + HOUR) - max(start, hour)) / HOUR
        if share == 1 or not carried.batched:
            if hour not in carried.hours:
                return None
            total += share * carried.hours[hour]
        hour += HOUR
    return total


def _total(carried: Carried, hours: Sequence[datetime]) -> float | None:
    if any(hour not in carried.hours for hour in hours):
        return None
    return float(sum(carried.hours[hour] for hour in hours))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
