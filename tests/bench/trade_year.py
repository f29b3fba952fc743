"""A generated year of demand for the backtest of buffers: what buyers want, whatever is offered to them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_MINUTES = 5
STEPS_AN_HOUR = 60 // STEP_MINUTES
STEPS_A_DAY = 24 * STEPS_AN_HOUR
CHANNELS = ("Amazon, first marketplace", "Amazon, second marketplace", "another channel")
# Demand by the hour of the day, in parts of the mean: a night lull, a steep morning, an evening peak.
_HOURS = (0.5, 0.25, 0.15, 0.1, 0.1, 0.15, 0.35, 0.7, 1.1, 1.3, 1.35, 1.35)
_HOURS += (1.4, 1.3, 1.2, 1.2, 1.25, 1.3, 1.45, 1.7, 1.9, 1.75, 1.3, 0.85)
_WEEKDAYS = (1.05, 0.95, 0.9, 0.95, 0.95, 1.0, 1.2)
_SIZES = ((1, 0.90), (2, 0.07), (3, 0.03))  # units of an order, and how many orders have so many

Units = NDArray[np.int32]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What is for sale. All arrays have the SKUs first.

    `daily` is the mean of units a day over all channels, `shares` how they spread over `CHANNELS`, `lift` the
    multiple of every day of the year: season, promotions and chance. `every` is days between two receipts.
    """

    seed: int
    days: int
    daily: Numbers
    shares: Numbers
    lift: Numbers
    promoted: NDArray[np.bool_]
    every: Units
    stocked: Numbers  # by SKU and day: the level a receipt fills up to

    def demand(self) -> Iterator[Units]:
        """Units wanted by (SKU, channel, step), day by day: the same at every call."""
        dice = np.random.default_rng((self.seed, 2))
        hours = np.repeat(np.array(_HOURS) / np.mean(_HOURS), STEPS_AN_HOUR) / STEPS_A_DAY
        orders = sum(size * share for size, share in _SIZES)
        for day in range(self.days):
            rate = (self.daily * self.lift[:, day])[:, None] * self.shares / orders
            mean = rate[:, :, None] * hours
            # Orders of each size are independent Poisson streams of their own.
            wanted = np.zeros(mean.shape, np.int32)
            for size, share in _SIZES:
                wanted += size * dice.poisson(mean * share).astype(np.int32)
            yield wanted


def market(skus: int, days: int, seed: int = 1) -> Market:
    """So many SKUs that sell from one unit in two months to hundreds a day."""
    dice = np.random.default_rng((seed, 1))
    daily = np.exp(dice.uniform(np.log(0.02), np.log(300), skus))
    other = np.where(dice.random(skus) < 0.25, 0.0, dice.uniform(0.05, 0.5, skus))
    first = dice.uniform(0.5, 1.0, skus)
    shares = np.stack([(1 - other) * first, (1 - other) * (1 - first), other], axis=1)
    promotions = _promotions(dice, skus, days)
    when = np.arange(days)
    season = 1 + 0.5 * np.exp(-(((when - 330) / 25) ** 2)) + 0.1 * np.sin(when / 58)
    chance = dice.gamma(10, 1 / 10, (skus, days))
    usual = season * np.array(_WEEKDAYS)[when % 7]
    every = dice.integers(5, 22, skus).astype(np.int32)
    # A buyer orders for the usual season, too little or too much; promotions are half planned for.
    filled = dice.uniform(0.6, 1.35, (skus, days)) * (1 + (promotions - 1) / 2)
    return Market(
        seed=seed,
        days=days,
        daily=daily,
        shares=shares,
        lift=usual * promotions * chance,
        promoted=promotions > 1,
        every=every,
        stocked=np.maximum(2, np.ceil(daily[:, None] * every[:, None] * filled)),
    )


def _promotions(dice: np.random.Generator, skus: int, days: int) -> Numbers:
    """Four promotions of one to five days a year for each SKU, and two sales of the whole house."""
    lift = np.ones((skus, days))
    for sku in range(skus):
        for _ in range(max(1, round(4 * days / 365))):
            start, length = dice.integers(7, days), dice.integers(1, 6)
            lift[sku, start : start + length] = dice.uniform(3, 10)
    for start in (190, 328):
        lift[:, start : start + 3] = np.maximum(lift[:, start : start + 3], 3)
    return lift
