"""The adaptive buffer: the fewest units that a Poisson demand exceeds no more often than the stated odds."""

import math
from itertools import accumulate, count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.buffers import adaptive_buffer, expected_beyond, odds_of_more, rounded_up
from tests.domain.examples import RULES

ODDS = st.sampled_from([0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0.0001])
means = st.floats(0, 400, allow_subnormal=False)


def _directly(mean: float, odds: float) -> int:
    """The smallest b with P(X <= b) >= 1 - odds, term by term from zero up."""
    terms = (math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in count())
    return next(b for b, below in enumerate(accumulate(terms)) if 1 - below <= odds)


@RULES
@given(mean=st.floats(0.001, 400), odds=ODDS)
def test_the_buffer_is_the_smallest_that_keeps_the_odds(mean: float, odds: float) -> None:
    """For the rounded mean the buffer is that of a direct sum, and never smaller than that of the mean itself."""
    kept = adaptive_buffer(mean, odds)
    assert kept == _directly(rounded_up(mean), odds)
    assert kept >= _directly(mean, odds)


@RULES
@given(mean=means)
def test_a_mean_is_rounded_up_and_by_little(mean: float) -> None:
    """What is computed for is at least the mean and at most 1.6 % more."""
    assert mean <= rounded_up(mean) <= mean * (1 + 1 / 63)


@RULES
@given(mean=means, more=st.floats(0, 50), odds=ODDS, easier=ODDS)
def test_more_demand_or_stricter_odds_never_keep_less(
    mean: float, more: float, odds: float, easier: float
) -> None:
    """The buffer grows with the mean and with the strictness of the odds."""
    assert adaptive_buffer(mean + more, odds) >= adaptive_buffer(mean, odds)
    assert adaptive_buffer(mean, min(odds, easier)) >= adaptive_buffer(mean, max(odds, easier))


@pytest.mark.parametrize("mean", [1_000.0, 5_000.0, 10_000.0, 1e5])
@pytest.mark.parametrize("odds", [0.5, 0.01, 1e-6])
def test_large_means_keep_the_odds_to_the_unit(mean: float, odds: float) -> None:
    """In the thousands the buffer still just keeps the odds, and one unit less would not."""
    kept, rounded = adaptive_buffer(mean, odds), rounded_up(mean)
    assert odds_of_more(rounded, kept) <= odds * (1 + 1e-6)
    assert odds_of_more(rounded, kept - 1) > odds * (1 - 1e-6)


@pytest.mark.parametrize(("mean", "odds"), [(0, 0.01), (1e-12, 0.5), (3.0, 1.0), (3.0, 2.0), (0.009, 0.01)])
def test_nothing_is_kept_back_without_need(mean: float, odds: float) -> None:
    """No demand, demand rarer than the odds, or odds of certainty need no buffer."""
    assert adaptive_buffer(mean, odds) == 0


def test_odds_of_zero_are_as_good_as_never() -> None:
    """Odds of zero cannot be kept by any number; one in a billion is."""
    assert adaptive_buffer(2.0, 0.0) == adaptive_buffer(2.0, 1e-9) == _directly(2.0, 1e-9)


@pytest.mark.parametrize(
    ("mean", "odds"), [(-1.0, 0.1), (math.inf, 0.1), (math.nan, 0.1), (1.0, -0.1), (1.0, math.nan)]
)
def test_what_is_no_mean_or_no_odds_is_refused(mean: float, odds: float) -> None:
    """A mean or odds that cannot be are a fault of the caller, never a buffer of zero."""
    with pytest.raises(ValueError, match="no buffer"):
        adaptive_buffer(mean, odds)


@RULES
@given(mean=st.floats(0.001, 300), units=st.integers(0, 400))
def test_the_odds_of_more_are_those_of_a_direct_sum(mean: float, units: int) -> None:
    """The tail and the mean beyond it agree with sums over all counts that matter."""
    counts = range(int(mean + 15 * math.sqrt(mean)) + units + 50)
    likely = [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in counts]
    assert odds_of_more(mean, units) == pytest.approx(math.fsum(likely[units + 1 :]), abs=1e-12)
    beyond = math.fsum((k - units) * likely[k] for k in counts if k > units)
    assert expected_beyond(mean, units) == pytest.approx(beyond, abs=1e-9)


def test_nothing_asked_for_exceeds_nothing() -> None:
    """Without demand nothing is exceeded; fewer than no units always are."""
    assert (odds_of_more(0.0, 0), expected_beyond(0.0, 0), odds_of_more(1.0, -1)) == (0.0, 0.0, 1.0)
