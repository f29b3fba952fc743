"""Implausibly little: dead flows are noticed, quiet hours, nights, slow days and public holidays are not."""

import math
import random
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.watch.lulls import DAY, HOUR, ODDS, WEEK, Carried, Lull, find_lull, odds_of
from tests.domain.examples import RULES

# A shop's day in UTC, 1 on average: almost nothing at night, most in the evening.
_NIGHT = [0.25, 0.15, 0.1, 0.1, 0.1, 0.2, 0.45, 0.8, 1.1, 1.3, 1.4, 1.4]
CURVE = [*_NIGHT, 1.35, 1.3, 1.3, 1.3, 1.35, 1.45, 1.6, 1.75, 1.8, 1.5, 1.0, 0.55]
START = datetime(2026, 9, 7, tzinfo=UTC)  # a Monday
NOW = START + 5 * WEEK + timedelta(days=2, hours=14, minutes=20)
LATE = {2: 18 * HOUR, 10: 8 * HOUR, 60: 4 * HOUR}  # by orders an hour: dead at any hour, noticed within


def trade(rate: float, weeks: int, seed: int) -> list[datetime]:
    """When orders came: days differ by a quarter, hours by a fifth, and every 30th day is a public holiday."""
    chance, came = random.Random(seed), []
    for hour in range(weeks * 168):
        if hour % 24 == 0:
            slow = 0.35 if hour // 24 % 30 == 29 else 1.0
            day = slow * math.exp(chance.gauss(0, 0.25))
        many = rate * CURVE[hour % 24] * day * math.exp(chance.gauss(0, 0.2))
        at = chance.expovariate(1)
        while at < many:
            came.append(START + (hour + at / many) * HOUR)
            at += chance.expovariate(1)
    return came


def by_hour(came: Sequence[datetime], until: datetime) -> dict[datetime, int]:
    many = Counter((moment - START) // HOUR for moment in came)
    return {START + number * HOUR: many[number] for number in range((until - START) // HOUR + 1)}


def looks(came: Sequence[datetime], first: datetime, end: datetime) -> Iterator[Lull | None]:
    """What is found at every full hour and, because gaps end there, just before an arrival after a gap."""
    hours = by_hour(came, end)
    gaps = [moment for before, moment in pairwise(came) if moment - before > timedelta(minutes=9)]
    clock = [first + number * HOUR for number in range((end - first) // HOUR)]
    for now in sorted({*clock, *(moment for moment in gaps if first <= moment < end)}):
        known, this = bisect_left(came, now), now.replace(minute=0, second=0, microsecond=0)
        whole, hours[this] = hours[this], known - bisect_left(came, this)
        yield find_lull(Carried(hours=hours, last_volume_at=came[known - 1]), now)
        hours[this] = whole


def noticed(rate: float, seed: int, at_hour: int) -> timedelta:
    """How long a flow that dies at that hour of a Wednesday stays unnoticed, to ten minutes."""
    dead = START + 5 * WEEK + 2 * DAY + at_hour * HOUR
    came = [moment for moment in trade(rate, 6, seed) if moment < dead]
    hours, now = by_hour(came, dead), dead
    while now < dead + 2 * DAY:
        now += timedelta(minutes=10)
        hours.setdefault(now.replace(minute=0, second=0, microsecond=0), 0)
        if find_lull(Carried(hours=hours, last_volume_at=came[-1]), now):
            return now - dead
    raise AssertionError("never noticed")


@pytest.mark.parametrize("rate", [2, 10, 30])
def test_quiet_weeks_alarm_nobody(rate: int) -> None:
    """Four weeks of slow days, nights and a public holiday make at most one alarm."""
    came = trade(rate, 9, seed=rate)
    found = [lull is not None for lull in looks(came, START + 5 * WEEK, START + 9 * WEEK)]
    alarms = sum(on and not before for before, on in pairwise(found))
    sys.stdout.write(f"{rate} orders an hour: {alarms} false alarms in four weeks\n")
    assert alarms <= 1


@pytest.mark.parametrize("rate", LATE)
def test_a_dead_flow_is_noticed(rate: int) -> None:
    """A flow or marketplace that dies at night, in the morning or evening is noticed, the busier the sooner."""
    found = {hour: max(noticed(rate, seed, hour) for seed in range(3)) for hour in (3, 10, 19)}
    spelled = ", ".join(f"dead at {hour:02}:00 noticed after {late}" for hour, late in found.items())
    sys.stdout.write(f"{rate} orders an hour: {spelled}\n")
    assert max(found.values()) <= LATE[rate]


def steady(units: int, *, until: datetime = NOW, hours: int = 6 * 168) -> dict[datetime, int]:
    this = until.replace(minute=0, second=0, microsecond=0)
    return {this - back * HOUR: units for back in range(hours)}


def dying(dead: datetime, until: datetime, units: int = 60) -> Carried:
    """A flow that ran on and brought nothing any more since then."""
    hours = steady(units, until=dead - HOUR, hours=8 * 168)
    hours |= {dead + ahead * HOUR: 0 for ahead in range((until - dead) // HOUR + 1)}
    return Carried(hours=hours, last_volume_at=dead - timedelta(minutes=1))


@pytest.mark.parametrize("units", [3, 60])
def test_a_dead_flow_stays_found(units: int) -> None:
    """Whatever was found after hours is found after two days, a weekend, a week and three weeks of nothing."""
    dead = NOW.replace(minute=0)
    for after in (12, 24, 36, 47, 48, 49, 53, 60, 72, 120, 167, 169, 240, 500):
        now = dead + after * HOUR + timedelta(minutes=20)
        found = find_lull(dying(dead, now, units), now)
        assert found is not None, after
        assert found.since == dead - timedelta(minutes=1)


@RULES
@given(
    missing=st.sets(st.integers(0, 7 * 168), max_size=30),
    after=st.integers(1, 200),
    longer=st.integers(0, 200),
    units=st.integers(1, 60),
    days=st.integers(4, 40),
    batched=st.booleans(),
)
def test_what_is_implausible_stays_so_until_something_comes(
    missing: set[int], after: int, longer: int, units: int, days: int, batched: bool
) -> None:
    """However many hours of the past are not known, a lull that was found is found at every later moment."""
    dead = NOW.replace(minute=0)
    lull = dying(dead, dead + (after + longer) * HOUR, units)
    gaps = {dead - (back + 1) * HOUR for back in missing}
    hours = {hour: many for hour, many in lull.hours.items() if hour not in gaps and hour > dead - days * DAY}
    known = Carried(hours=hours, last_volume_at=lull.last_volume_at, batched=batched)
    if find_lull(known, dead + after * HOUR):
        assert find_lull(known, dead + (after + longer) * HOUR)


def test_one_straggler_does_not_make_a_dead_flow_alive() -> None:
    """A single order after hours of nothing leaves the lull found, with what came."""
    hours = steady(60) | {NOW.replace(minute=0) - back * HOUR: 0 for back in range(4)}
    hours[NOW.replace(minute=0) - HOUR] = 1
    found = find_lull(Carried(hours=hours, last_volume_at=NOW - timedelta(minutes=30)), NOW)
    assert found is not None
    assert found.came in (0, 1)
    assert find_lull(Carried(hours=steady(60), last_volume_at=NOW), NOW) is None


def test_what_is_not_known_is_not_judged() -> None:
    """Without three weeks, or five days, of the same hours nothing is said; with five days it is."""
    last = NOW - 2 * HOUR
    dead = {NOW.replace(minute=0) - back * HOUR: 0 for back in range(2)}
    for days, says in ((1, False), (4, False), (7, True)):
        carried = Carried(hours=steady(60, hours=24 * days + 12) | dead, last_volume_at=last)
        assert (find_lull(carried, NOW) is not None) is says, days
    assert find_lull(Carried(hours={}, last_volume_at=None), NOW) is None


def test_a_day_that_was_slow_already_is_judged_as_a_slow_one() -> None:
    """After a day with a twentieth of the usual, as on a holiday, two hours without anything are plausible."""
    for share, says in ((1.0, True), (0.05, False)):
        hours = steady(20)
        today = [NOW.replace(minute=0) - back * HOUR for back in range(2, 26)]
        hours |= {hour: round(20 * share) for hour in today} | {
            NOW.replace(minute=0) - back * HOUR: 0 for back in range(2)
        }
        carried = Carried(hours=hours, last_volume_at=NOW.replace(minute=0))
        assert (find_lull(carried, NOW + 100 * timedelta(minutes=1)) is not None) is says


def test_batches_are_judged_by_two_whole_hours() -> None:
    """A file an hour, whenever in the hour it comes, is no lull between two files."""
    last = NOW.replace(minute=2)
    hours = steady(60)
    assert (
        find_lull(Carried(hours=hours, last_volume_at=last, batched=True), last + 100 * timedelta(minutes=1))
        is None
    )
    dead = {last.replace(minute=0) + ahead * HOUR: 0 for ahead in range(1, 5)}
    late = find_lull(Carried(hours=hours | dead, last_volume_at=last, batched=True), last + 4 * HOUR)
    assert late is not None
    assert late.since == last


def at_work(day: datetime, now: datetime) -> Carried:
    """A warehouse in London with a file at half past each hour from eight to five, Mondays to Fridays."""
    first = now.replace(minute=0) - 40 * DAY
    hours = {first + ahead * HOUR: 0 for ahead in range(40 * 24 + 1)}
    files = [hour for hour in hours if works(hour) and hour + HOUR / 2 <= min(day, now)]
    hours |= dict.fromkeys(files, 60)
    return Carried(hours=hours, last_volume_at=files[-1] + HOUR / 2, batched=True)


def works(hour: datetime) -> bool:
    local = hour.astimezone(ZoneInfo("Europe/London"))
    return local.weekday() < 5 and 8 <= local.hour < 17


@pytest.mark.parametrize("changed", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)])
def test_the_weeks_after_the_clocks_change_alarm_nobody(changed: datetime) -> None:
    """A warehouse that works by local time is not told to be silent at the hour by which it shifted."""
    for now in (changed + half * HOUR / 2 for half in range(8 * 48)):
        assert find_lull(at_work(now, now), now) is None, now
    dead = changed + 2 * DAY + 10 * HOUR
    assert find_lull(at_work(dead, dead + 5 * HOUR), dead + 5 * HOUR)


@RULES
@given(usual=st.floats(0, 400), came=st.integers(0, 50))
def test_odds_are_odds_and_fall_as_more_is_usual(usual: float, came: int) -> None:
    """Between 0 and 1, higher when more came, lower when more is usual."""
    odds = odds_of(came, usual)
    assert 0 <= odds <= 1.000001
    assert odds <= odds_of(came + 1, usual) + 1e-12
    assert odds_of(came, usual + 1) <= odds + 1e-12


@RULES
@given(minutes=st.integers(0, 2_000), units=st.integers(0, 100))
def test_a_lull_is_at_least_ten_minutes_and_what_is_usual_is_many(minutes: int, units: int) -> None:
    """Nothing is said of less than ten minutes, and never when fewer than thirteen are usual."""
    last = NOW - timedelta(minutes=minutes)
    hours = {hour: 0 if hour > last else many for hour, many in steady(units).items()}
    found = find_lull(Carried(hours=hours, last_volume_at=last), NOW)
    if found is not None:
        assert NOW - found.since >= timedelta(minutes=10)
        assert found.usual > -math.log(ODDS) * 0.9
