"""Amazon's token buckets: no window ever holds more calls than the plan allows."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.budgets import Bucket, corrected, emptied, left_to_others, refilled, take, take_spare
from tests.domain.examples import NOW, RULES

HOUR = 3600.0
PLANS = [(1 / 179, 20.0), (0.5, 30.0), (2.0, 10.0), (5.0, 10.0), (1 / 120, 15.0), (0.1, 1.0)]


def _full(rate: float = 2.0, burst: float = 10.0, tokens: float | None = None) -> Bucket:
    return Bucket(rate=rate, burst=burst, tokens=burst if tokens is None else tokens, at=NOW)


def _later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("rate", "burst"), PLANS)
def test_a_full_bucket_gives_its_burst_at_once(rate: float, burst: float) -> None:
    """As many calls as were saved up go at once; each further one waits for its own token."""
    bucket = _full(rate, burst)
    waits = []
    for _ in range(int(burst) + 3):
        bucket, wait = take(bucket, NOW, 3 * HOUR)
        waits.append(wait)
    assert waits[: int(burst)] == [0.0] * int(burst)
    assert waits[int(burst) :] == pytest.approx([1 / rate, 2 / rate, 3 / rate])


@pytest.mark.parametrize(
    ("tokens", "seconds", "expected"),
    [
        (10, 0, 10),
        (10, 100, 10),
        (0, 0, 0),
        (0, 1, 2),
        (0, 0.25, 0.5),
        (0, 5, 10),
        (0, 6, 10),
        (-4, 1, -2),
        (-4, 3, 2),
        (3, -60, 3),
        (-4, -60, -4),
    ],
)
def test_a_bucket_refills_with_time(tokens: float, seconds: float, expected: float) -> None:
    """Tokens come at the rate up to the burst; a clock that went back brings and takes none."""
    bucket = refilled(_full(tokens=tokens), _later(seconds))
    assert bucket.tokens == pytest.approx(expected)
    assert bucket.at == max(NOW, _later(seconds))


@pytest.mark.parametrize(
    ("tokens", "patience", "wait", "taken"),
    [
        (10, 0, 0, True),
        (1, 0, 0, True),
        (0.5, 0, 0.25, False),
        (0.5, 0.25, 0.25, True),
        (0, 0, 0.5, False),
        (0, 0.5, 0.5, True),
        (0, 60, 0.5, True),
        (-9, 4.9, 5, False),
        (-9, 5, 5, True),
    ],
)
def test_a_call_waits_no_longer_than_it_can(tokens: float, patience: float, wait: float, taken: bool) -> None:
    """A wait within the patience takes a token; a longer one is stated and takes nothing."""
    before = _full(tokens=tokens)
    after, stated = take(before, NOW, patience)
    assert stated == pytest.approx(wait)
    assert after == (replace(before, tokens=tokens - 1) if taken else before)


@RULES
@given(
    tokens=st.floats(-50, 10),
    seconds=st.floats(-100, 1000),
    patience=st.floats(0, 30),
    rate=st.floats(0.005, 10),
)
def test_impatience_takes_nothing(tokens: float, seconds: float, patience: float, rate: float) -> None:
    """A call that gives up leaves the bucket as time alone has made it."""
    before, now = _full(rate=rate, tokens=tokens), _later(seconds)
    after, wait = take(before, now, patience)
    assert wait >= 0
    full = refilled(before, now)
    assert after == (replace(full, tokens=full.tokens - 1) if wait <= patience else full)


callers = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 7, 250, 1000, 9000, 60000]), st.sampled_from([0, 0.4, 2, 30, HOUR])
    ),
    min_size=1,
    max_size=40,
)


@RULES
@given(plan=st.sampled_from(PLANS), calls=callers)
def test_no_window_exceeds_the_plan(plan: tuple[float, float], calls: list[tuple[int, float]]) -> None:
    """Between any two calls there are at most burst plus rate times time, however the callers come."""
    rate, burst = plan
    bucket, at, made = _full(rate, burst), NOW, []
    for gap, patience in calls:
        at += timedelta(milliseconds=gap)
        bucket, wait = take(bucket, at, patience)
        if wait <= patience:
            made.append((at - NOW).total_seconds() + wait)
    made.sort()
    for (first, start), (last, end) in combinations(enumerate(made), 2):
        assert last - first + 1 <= burst + rate * (end - start) + 1e-6


@RULES
@given(plan=st.sampled_from(PLANS), calls=callers)
def test_callers_go_in_line(plan: tuple[float, float], calls: list[tuple[int, float]]) -> None:
    """Who comes later is never let through before somebody who already waits."""
    bucket, at, last = _full(*plan), NOW, 0.0
    for gap, patience in calls:
        at += timedelta(milliseconds=gap)
        bucket, wait = take(bucket, at, patience)
        if wait <= patience:
            made = (at - NOW).total_seconds() + wait
            assert made >= last - 1e-6
            last = made


@RULES
@given(plan=st.sampled_from(PLANS), steps=st.lists(st.integers(-5000, 5000), max_size=30))
def test_a_clock_that_jumps_gives_nothing_away(plan: tuple[float, float], steps: list[int]) -> None:
    """However the clock goes back and forth, no more calls go at once than burst and true advance allow."""
    rate, burst = plan
    bucket, offset, furthest, made = _full(rate, burst), 0, 0, 0
    for step in steps:
        offset += step
        furthest = max(furthest, offset)
        bucket, wait = take(bucket, _later(offset / 1000), 0)
        made += wait == 0
    assert made <= burst + rate * furthest / 1000 + 1e-6
    assert bucket.tokens <= burst


@pytest.mark.parametrize("tokens", [10, 3.5, 0, -4])
@pytest.mark.parametrize("seconds", [0, 1, 60, -60])
def test_another_rate_keeps_what_was_saved(tokens: float, seconds: float) -> None:
    """Amazon's own figure counts from now on; what was saved until now stays."""
    before = _full(tokens=tokens)
    after = corrected(before, 0.5, _later(seconds))
    assert after == replace(refilled(before, _later(seconds)), rate=0.5)
    assert refilled(after, after.at + timedelta(seconds=2)).tokens == pytest.approx(min(10, after.tokens + 1))


@pytest.mark.parametrize(
    ("tokens", "seconds", "expected"),
    [(10, 0, 0), (0.5, 0, 0), (0, 0, 0), (-4, 0, -4), (-4, 1, -2), (0, 3, 0)],
)
def test_a_refusal_empties_the_bucket(tokens: float, seconds: float, expected: float) -> None:
    """After a 429 nobody goes before a whole token has come, and the line that stood stays as long."""
    after = emptied(_full(tokens=tokens), _later(seconds))
    assert after.tokens == pytest.approx(expected)
    _, wait = take(after, after.at, 0)
    assert wait == pytest.approx((1 - expected) / 2)


@RULES
@given(tokens=st.floats(-50, 10), seconds=st.floats(-100, 1000))
def test_a_refusal_never_lets_a_call_through(tokens: float, seconds: float) -> None:
    """However full the bucket was believed, the next call after a 429 waits."""
    after = emptied(_full(tokens=tokens), _later(seconds))
    _, wait = take(after, after.at, 0)
    assert wait >= 0.5 - 1e-9
    assert emptied(after, after.at) == after


@pytest.mark.parametrize(
    ("tokens", "taken", "wait"),
    [(10, True, 0), (6, True, 0), (5.9, False, 0.05), (5, False, 0.5), (0, False, 3), (-4, False, 5)],
)
def test_who_leaves_half_takes_only_what_is_over(tokens: float, taken: bool, wait: float) -> None:
    """Half of a burst of ten stays: a sixth token is taken, else it is said when there will be one."""
    left, told = take_spare(_full(tokens=tokens), NOW, 0.5)
    assert left.tokens == (tokens - 1 if taken else tokens)
    assert told == pytest.approx(wait)


@RULES
@given(
    plan=st.sampled_from(PLANS),
    part=st.sampled_from([0.25, 0.5, 0.9]),
    steps=st.lists(st.tuples(st.booleans(), st.floats(0, 30), st.floats(0, 60)), max_size=60),
)
def test_tracking_never_waits_behind_others(
    plan: tuple[float, float], part: float, steps: list[tuple[bool, float, float]]
) -> None:
    """Whatever others do, it waits no longer than with a bucket of its own, as large as what they leave."""
    rate, burst = plan
    shared, alone = _full(rate, burst), _full(rate, left_to_others(burst, part))
    now = NOW
    for is_tracking, pause, patience in steps:
        now += timedelta(seconds=pause)
        if not is_tracking:
            shared, _ = take_spare(shared, now, part)
            continue
        patient = patience + HOUR  # both take their place in line, so that the two stay comparable
        shared, wait = take(shared, now, patient)
        alone, wait_alone = take(alone, now, patient)
        assert wait <= wait_alone + 1e-6
    assert shared.tokens >= alone.tokens - 1e-6


@RULES
@given(plan=st.sampled_from(PLANS), steps=st.lists(st.tuples(st.booleans(), st.floats(0, 300)), max_size=60))
def test_what_is_left_to_tracking_is_not_lost_to_others_for_ever(
    plan: tuple[float, float], steps: list[tuple[bool, float]]
) -> None:
    """Who leaves a part and comes again when it was told to gets a token, unless tracking took it meanwhile."""
    rate, burst = plan
    bucket, now = _full(rate, burst), NOW
    for is_tracking, pause in steps:
        now += timedelta(seconds=pause)
        if is_tracking:
            bucket, _ = take(bucket, now, 0.0)
        else:
            bucket, wait = take_spare(bucket, now, 0.5)
            if wait:
                now += timedelta(seconds=wait + 1e-3)
                bucket, again = take_spare(bucket, now, 0.5)
                assert again == 0
