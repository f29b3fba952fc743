"""The adaptive buffer: the fewest units that unseen demand exceeds no more often than the stated odds."""

import math
from collections.abc import Iterator
from functools import lru_cache

_STEPS = 128  # steps of the mantissa (0.5 to 1): means are rounded up by at most one part in 64
_WEIGHTLESS = 1e-20
_NOTHING = 1e-9  # a mean under it is no demand, and odds under it are as good as never


def adaptive_buffer(mean: float, odds: float) -> int:
    """The smallest b with P(Poisson(mean) > b) <= odds, for a mean that is rounded up a little.

    `mean` is in units, `odds` a probability; from odds of 1 on nothing is kept back. The mean is rounded up by
    at most 1.6 %, so that many SKUs share one answer: it is never too small, and exact for the rounded mean.

    Raises:
        ValueError: the mean is negative, infinite or not a number, or the odds are negative or not a number.
    """
    if not (0 <= mean < math.inf and odds >= 0):
        raise ValueError(f"There is no buffer for a mean of {mean} units and odds of {odds}.")
    return 0 if mean < _NOTHING or odds >= 1 else _exact(rounded_up(mean), max(odds, _NOTHING))


def rounded_up(mean: float) -> float:
    """The mean that a buffer is computed for: at least `mean`, at most 1.6 % more."""
    mantissa, exponent = math.frexp(mean)
    return math.ldexp(math.ceil(mantissa * _STEPS) / _STEPS, exponent)


def odds_of_more(mean: float, units: int) -> float:
    """P(Poisson(mean) > units): how likely more than so many units are asked for."""
    if units < 0:
        return 1.0
    if mean < _NOTHING:
        return 0.0
    if units < mean:  # the terms grow towards the mean: those up to `units` are summed from the largest down
        return 1.0 - math.fsum(_falling(mean, units, -1))
    return math.fsum(_falling(mean, units + 1, 1))


def expected_beyond(mean: float, units: int) -> float:
    """The mean of the units asked for beyond so many: E[max(0, Poisson(mean) - units)]."""
    return max(0.0, mean * odds_of_more(mean, units - 1) - units * odds_of_more(mean, units))


@lru_cache(maxsize=1 << 14)
def _exact(mean: float, odds: float) -> int:
    """Sums the tail from its thin end, smallest terms first, so that nothing is lost to rounding."""
    count = math.ceil(mean + 12 * math.sqrt(mean)) + 40  # all beyond weighs less than one in 10^20
    term = tail = _likelihood(mean, count)
    while count > 0 and tail <= odds:
        term *= count / mean
        count -= 1
        tail += term
    return count


def _falling(mean: float, count: int, step: int) -> Iterator[float]:
    """The likelihoods from `count` on, away from the mean, until they weigh nothing."""
    term = _likelihood(mean, count)
    while term > _WEIGHTLESS and count >= 0:
        yield term
        term *= mean / (count + 1) if step > 0 else count / mean
        count += step


def _likelihood(mean: float, count: int) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
