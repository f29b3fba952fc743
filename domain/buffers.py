"""The buffer that demand exceeds no more often than stated, while a number is on its way."""

import math
from functools import lru_cache


@lru_cache(maxsize=8192)
def adaptive_buffer(mean: float, odds: float) -> int:
    """The smallest b with P(Poisson(mean) > b) <= odds."""
    units, term = 0, math.exp(-mean)
    below = term
    while 1 - below > odds and units < 10 * mean + 100:
        units += 1
        term *= mean / units
        below += term
    return units
