"""Implausibly little: what came since a moment, beside what came in the same hours of the last weeks.

A quiet hour, a night, a slow day and a public holiday are plausible, a dead marketplace is not. So a lull is
reckoned with care: with the lowest of the weeks that are known, and as slow as the hours and the day before were.
Both are looked up before the lull began. So it never becomes its own excuse, and what is found stays found until
something comes.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = 7 * DAY
REMEMBERED = 8 * WEEK  # as far back as a judgment looks: what died four weeks ago had four weeks before
LONGEST = WEEK  # what has brought nothing for longer is judged by its first week
ODDS = 1e-6
_SHORTEST, _SAME_DAY = timedelta(minutes=10), 6 * HOUR
_EARLIER = (
    (WEEK, 4, 3),
    (DAY, 7, 5),
)  # what a lull is compared with, how many of them, and how many at least
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
    least = _least(carried)
    if now - carried.last_volume_at >= least:
        yield carried.last_volume_at, 0
    this_hour = _hour_of(now)
    came = carried.hours.get(this_hour, 0)
    for back in range(1, _TRICKLE_HOURS + 1):
        start = this_hour - back * HOUR
        came += carried.hours.get(start, 0)
        if came > _STRAGGLERS:
            return
        if came and now - start >= least:
            yield start, came


def _least(carried: Carried) -> timedelta:
    return 2 * HOUR if carried.batched else _SHORTEST


def _usual(carried: Carried, since: datetime, now: datetime) -> float | None:
    """How much is usual by now, or was by an earlier moment of the lull of which more weeks are known.

    Hours in which nothing ran are not known: what was implausible before them does not become plausible by them.
    """
    least, last = _least(carried), min(now, since + LONGEST)
    earlier = [since + _SAME_DAY, *_known_until(carried, since, last)]
    moments = {last, *(moment for moment in earlier if since + least <= moment < last)}
    usual = [_usual_until(carried, since, moment) for moment in moments]
    return max((one for one in usual if one is not None), default=None)


def _known_until(carried: Carried, since: datetime, last: datetime) -> Iterator[datetime]:
    """The moments before the last at which a gap begins in what is known of one of the weeks and days before."""
    for unit, number, _least_known in _EARLIER:
        for times in range(1, number + 1):
            moment = _hour_of(since)
            while moment < last and moment - times * unit in carried.hours:
                moment += HOUR
            if moment < last:
                yield moment


def _usual_until(carried: Carried, since: datetime, end: datetime) -> float | None:
    """How much came at least between the same moments of other weeks, else days, as slow as it was before."""
    for unit, number, least_known in _EARLIER:
        until = min(end, since + unit)  # so that all that is looked up was before the lull
        asked = {times * unit: _came(carried, since, until, times * unit) for times in range(1, number + 1)}
        known = {shift: came for shift, came in asked.items() if came is not None}
        if len(known) >= least_known:
            return _level(carried, since, known) * min(known.values())
    return None


def _came(carried: Carried, since: datetime, until: datetime, shift: timedelta) -> float | None:
    """What came so much earlier; None when it is not known.

    Of what comes in batches it is the least of that time, an hour earlier and an hour later, and over a night of
    that time without its last hour: a warehouse works by its own clock, which changes twice a year.
    """
    start, end = since - shift, until - shift
    came = _sum(carried, start, end)
    if came is None or not carried.batched:
        return came
    beside = [_sum(carried, start + by, end + by) for by in (-HOUR, HOUR)]
    if until - since > _SAME_DAY:
        beside.append(_sum(carried, start, end - HOUR))
    return min([came, *(one for one in beside if one is not None)])


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
