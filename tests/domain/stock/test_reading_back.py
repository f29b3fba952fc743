"""When an accepted quantity is looked at: never before it can be in effect, ever more seldom, never forgotten."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.reading_back import Wait, next_look, wait_unmeasured
from tests.domain.examples import NOW, RULES

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SETTLE = 16 * MINUTE
USUAL = wait_unmeasured(SETTLE)
times = st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds))
ages = st.integers(0, 7200).map(lambda seconds: timedelta(seconds=seconds))


def test_a_minute_is_usual_until_something_was_measured() -> None:
    """With the default patience a quantity is expected within one minute, and hardly ever after four."""
    assert Wait(usual=MINUTE, long=4 * MINUTE) == USUAL


def test_the_first_look_comes_at_half_the_usual_time() -> None:
    """Nothing was seen since Amazon took the number, whatever was seen before."""
    for before in (None, NOW - MINUTE):
        assert next_look(NOW, before, USUAL, SETTLE, urgent=False) == NOW + MINUTE / 2


@pytest.mark.parametrize("urgent", [True, False])
def test_looks_grow_apart_and_end_when_the_patience_does(urgent: bool) -> None:
    """Each gap is at least as long as the one before, until the look that finds the number overdue."""
    looks = [next_look(NOW, None, USUAL, SETTLE, urgent=urgent)]
    while looks[-1] <= NOW + SETTLE:
        looks.append(next_look(NOW, looks[-1], USUAL, SETTLE, urgent=urgent))
    gaps = [later - before for before, later in pairwise(looks)]
    assert looks[-1] == NOW + SETTLE + SECOND
    assert gaps[:-1] == sorted(gaps[:-1])
    assert len(looks) == (14 if urgent else 7)


@RULES
@given(age=ages, usual=times, long=times, settle=times)
def test_an_urgent_one_is_looked_at_no_later(
    age: timedelta, usual: timedelta, long: timedelta, settle: timedelta
) -> None:
    """An urgent quantity never waits longer for its look than another one, and both wait for less than ever."""
    wait = Wait(usual=usual, long=long)
    seen = NOW + age
    urgent, other = (next_look(NOW, seen, wait, settle, urgent=one) for one in (True, False))
    assert seen < urgent <= other <= seen + timedelta(minutes=30)


@RULES
@given(age=ages, usual=times, settle=times, urgent=st.booleans())
def test_no_look_is_planned_across_the_end_of_patience(
    age: timedelta, usual: timedelta, settle: timedelta, urgent: bool
) -> None:
    """What becomes overdue is looked at when it does."""
    seen, end = NOW + age, NOW + settle + SECOND
    look = next_look(NOW, seen, Wait(usual=usual, long=usual), settle, urgent=urgent)
    assert not seen < end < look
