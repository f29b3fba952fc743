"""The rate of a SKU's own demand: quick with promotions, awake before the morning, careful with few sales."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.demand import (
    HOUR,
    WINDOWS,
    DayCurve,
    Exposure,
    covered_rate,
    curve_of,
    expected_units,
    outlook,
    window_starts,
)
from tests.domain.examples import NOW, RULES

FLAT = DayCurve()
MINUTES = timedelta(minutes=1)
NIGHT_LULL = curve_of(
    [4, 2, 1, 1, 1, 2, 30, 70, 110, 130, 130, 130, 140, 130, 120, 120, 120, 130, 140, 170, 190, 170, 120, 60]
)
LENGTHS = tuple(float(hours) for hours in WINDOWS)
GUESS = Exposure()
moments = st.integers(0, 600_000).map(lambda minutes: NOW - minutes * MINUTES)
sales = st.lists(st.integers(0, 500), min_size=5, max_size=5).map(
    lambda more: tuple(sum(more[: place + 1]) for place in range(5))
)


def _steady(an_hour: float) -> tuple[float, ...]:
    return tuple(an_hour * hours for hours in LENGTHS)


@RULES
@given(since=moments, hours=st.floats(0, 2_000))
def test_a_flat_day_has_plain_hours(since: datetime, hours: float) -> None:
    """Without a curve the hours between two moments are the clock's."""
    assert FLAT.hours(since, since + hours * HOUR) == pytest.approx(hours, abs=1e-6)


@RULES
@given(since=moments, days=st.integers(0, 40))
def test_whole_days_have_24_hours_under_any_curve(since: datetime, days: int) -> None:
    """A curve shifts demand within the day and takes none away."""
    assert NIGHT_LULL.hours(since, since + timedelta(days=days)) == pytest.approx(24 * days, abs=1e-6)


def test_time_that_goes_backwards_is_no_time() -> None:
    """Between a moment and an earlier one nothing is sold."""
    assert FLAT.hours(NOW, NOW - HOUR) == 0


def test_few_sales_make_no_curve() -> None:
    """One sale at three in the morning does not make that the hour of the day; thousands do."""
    once, often = curve_of([0, 0, 0, 1] + [0] * 20), curve_of([0, 0, 0, 5_000] + [0] * 20)
    assert max(once.weights) < 1.6
    assert often.weights[3] > 10
    assert min(often.weights) > 0


def test_the_windows_are_whole_hours_and_the_one_under_way() -> None:
    """The shortest window is the hour under way and the one before, the longest four weeks."""
    starts = window_starts(NOW + 20 * MINUTES)
    assert starts[0] == NOW - HOUR
    assert starts[-1] == NOW - timedelta(days=28) + HOUR


@pytest.mark.parametrize("an_hour", [0.05, 0.5, 5.0, 50.0])
def test_steady_demand_is_covered_and_not_by_much(an_hour: float) -> None:
    """What sells at the same rate for weeks is expected at that rate or somewhat more, least so when many."""
    rate = covered_rate(_steady(an_hour), LENGTHS)
    assert an_hour <= rate <= an_hour * (1 + 2.5 / (1 + an_hour) ** 0.5)


@pytest.mark.parametrize("multiple", [3, 10])
def test_a_promotion_is_followed_within_the_hour(multiple: int) -> None:
    """An hour of a promotion is enough: the rate is at least four fifths of what sells now."""
    usual = 4.0
    units = tuple(count + (multiple - 1) * usual for count in _steady(usual))
    assert covered_rate(units, (1.0, *LENGTHS[1:])) >= 0.8 * multiple * usual


def test_a_promotion_is_not_forgotten_in_the_night() -> None:
    """After six quiet hours the day before still counts: the morning is expected on the promotion's level."""
    morning = NOW.replace(hour=6)
    look = outlook(NIGHT_LULL, morning, timedelta(0), HOUR)
    usual, night = 10.0, NIGHT_LULL.hours(morning - 6 * HOUR, morning)
    normal = [usual * hours for hours in look.windows]
    promoted = [0.0, 5 * usual * night, 5 * normal[2], normal[3] + 4 * normal[2], normal[4] + 4 * normal[2]]
    assert covered_rate(promoted, look.windows) >= 4.5 * usual


def test_the_morning_is_seen_in_the_night() -> None:
    """Before the rise more is expected of the coming hours than the quiet ones behind would say."""
    at = NOW.replace(hour=6)
    look = outlook(NIGHT_LULL, at, 10 * MINUTES, 90 * MINUTES)
    units = [10 * hours for hours in look.windows]
    ahead = NIGHT_LULL.hours(at, at + 90 * MINUTES)
    behind = NIGHT_LULL.hours(at - 90 * MINUTES, at)
    assert ahead > 5 * behind
    assert covered_rate(units, look.windows) * look.exposed >= 10 * ahead


def test_one_sale_in_four_weeks_is_no_promotion_and_no_silence() -> None:
    """A slow SKU is expected to sell on, a few times its rate, also right after its one sale."""
    lately, long_ago = (covered_rate(units, LENGTHS) for units in ((1, 1, 1, 1, 1), (0, 0, 0, 0, 1)))
    once = 1 / LENGTHS[-1]
    assert once < long_ago < lately < 6 * once


@RULES
@given(units=sales, more=st.integers(1, 50), place=st.integers(0, 3))
def test_more_sold_lately_never_lowers_the_rate(units: tuple[int, ...], more: int, place: int) -> None:
    """A sale that falls into a shorter window, too, raises what is expected or leaves it."""
    later = tuple(count + (more if at >= place else 0) for at, count in enumerate(units))
    sooner = tuple(count + more for count in units)
    assert covered_rate(sooner, LENGTHS) >= covered_rate(later, LENGTHS) - 1e-12
    assert covered_rate(units, LENGTHS) > 0


def test_a_window_that_is_mostly_unseen_says_nothing() -> None:
    """With one count a day the last hours of other channels are not known: only windows of a day and more speak."""
    look = outlook(FLAT, NOW, timedelta(hours=25), HOUR)
    assert [hours > 0 for hours in look.windows] == [False, False, False, True, True]
    assert look.exposed == pytest.approx(26)


def test_a_new_seller_is_measured_from_the_first_hour_on() -> None:
    """When counting began a day ago, a day's sales are not spread over four weeks."""
    begun = NOW - timedelta(hours=24)
    look = outlook(FLAT, NOW, timedelta(0), HOUR, begun)
    assert look.windows[-1] == pytest.approx(24)
    assert 10 <= covered_rate((10, 50, 230, 240, 240), look.windows) < 12


def test_the_first_hour_of_all_counts_as_an_hour() -> None:
    """When counting began a moment ago, what sold since is what sells in an hour."""
    look = outlook(FLAT, NOW + MINUTES, 10 * MINUTES, HOUR, NOW)
    assert look.windows == (0.0,) * 5
    assert covered_rate((7,) * 5, look.windows) == pytest.approx(7.5)


def test_what_never_sold_is_not_expected() -> None:
    """A channel without a sale in four weeks takes nothing; both channels add up."""
    none = (0,) * 5
    ours = outlook(FLAT, NOW, GUESS.order_age, GUESS.ahead)
    theirs = outlook(FLAT, NOW, GUESS.snapshot_age, GUESS.ahead)
    assert expected_units(none, none, ours, theirs) == 0
    alone = expected_units(_steady(1), none, ours, theirs), expected_units(none, _steady(1), ours, theirs)
    assert expected_units(_steady(1), _steady(1), ours, theirs) == pytest.approx(sum(alone))
    assert alone[1] > 3 * alone[0]  # other channels are seen only when the warehouse counts


def test_the_exposure_ahead_is_from_a_plan_to_its_replacement() -> None:
    """A number lives from its plan until the next plan's number is in effect."""
    parts = Exposure(planning=5 * MINUTES, publish=2 * MINUTES, effective=8 * MINUTES)
    assert parts.ahead == 15 * MINUTES
