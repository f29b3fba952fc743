"""The rules of domain/demand.py and domain/buffers.py for whole arrays; tests/backtest proves them equal."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.stock.buffers import adaptive_buffer
from domain.stock.demand import COVER, PRIOR, TRUST, WINDOWS

_LOWEST, _HIGHEST = -30, 15  # means from 2^-31 to 2^14 units
_PER_OCTAVE = 64


def covered_rates(units: NDArray[np.float64], windows: Sequence[float]) -> NDArray[np.float64]:
    """`covered_rate` of every SKU; `units` has the windows first."""
    normal = (units[-1] + PRIOR) / max(windows[-1], 1.0)
    surge = np.ones_like(normal)
    for count, hours in zip(units, windows, strict=True):
        if hours > 0:
            shape = TRUST + count
            np.maximum(surge, (shape + COVER * np.sqrt(shape)) / (TRUST + normal * hours), out=surge)
    return np.asarray(normal * surge)


class BufferTable:
    """`adaptive_buffer` at some odds, looked up: one entry for each mean that it rounds to."""

    def __init__(self, odds: Sequence[float]) -> None:
        rounded = [
            (0.5 + place / (2 * _PER_OCTAVE)) * 2.0**octave
            for octave in range(_LOWEST, _HIGHEST)
            for place in range(1, _PER_OCTAVE + 1)
        ]
        self._units = np.array([[adaptive_buffer(mean, one) for one in odds] for mean in rounded], np.int32)
        self._columns = np.arange(len(odds))

    def buffers(self, means: NDArray[np.float64]) -> NDArray[np.int32]:
        """The buffers of (SKU, odds)."""
        mantissa, exponent = np.frexp(means)
        place = np.ceil(mantissa * (2 * _PER_OCTAVE)).astype(np.int64) - _PER_OCTAVE - 1
        row = (exponent - _LOWEST) * _PER_OCTAVE + place
        return np.where(means < 1e-9, 0, self._units[np.clip(row, 0, len(self._units) - 1), self._columns])


class Windows:
    """Units sold in each of the rule's windows, kept up hour by hour."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.units = np.zeros((len(WINDOWS), *shape))
        self._hours: deque[NDArray[np.float64]] = deque([np.zeros(shape)], maxlen=WINDOWS[-1])

    def add(self, units: NDArray[np.int64]) -> None:
        """Count units in the hour under way."""
        self._hours[-1] += units
        self.units += units

    def next_hour(self) -> None:
        """Begin an hour: each window loses the one that falls out of it."""
        for place, hours in enumerate(WINDOWS):
            if len(self._hours) >= hours:
                self.units[place] -= self._hours[-hours]
        self._hours.append(np.zeros(self._hours[0].shape))
