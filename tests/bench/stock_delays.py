"""How late everything is known in the backtest of buffers: mostly a little, now and then an outage."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from domain.stock.demand import Exposure
from tests.bench.trade_year import STEP_MINUTES, STEPS_A_DAY

STEP = timedelta(minutes=STEP_MINUTES)
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """By step: up to which step orders are read, the step of the newest count here, when a number takes effect."""

    read: Counts
    counted: Counts
    effective: Counts
    exposure: Exposure


def delays(days: int, seed: int = 1, counted_every: int = 60) -> Delays:
    """Delays of every step of so many days. `counted_every` is in minutes.

    Their 95th percentiles are what `ledger/stock/exposure.py` would measure of them.
    """
    dice = np.random.default_rng((seed, 3))
    steps = days * STEPS_A_DAY
    now = np.arange(steps)
    read = _orders_read(dice, now)
    publish = dice.choice([0, 1], steps, p=[0.8, 0.2])
    effect = dice.choice([1, 2, 3, 6], steps, p=[0.5, 0.35, 0.13, 0.02])
    counted = _counted(dice, steps, counted_every // STEP_MINUTES)
    replaced = (now - counted)[:-1][counted[1:] > counted[:-1]] + 1
    placed = now[: steps - 50]
    exposure = Exposure(
        order_age=_p95(np.searchsorted(read, placed) - placed),
        snapshot_age=_p95(replaced[1:]),
        planning=STEP,
        publish=_p95(publish),
        effective=_p95(effect),
    )
    effective = np.maximum.accumulate(now + publish + effect)  # a number never overtakes an older one
    return Delays(read=read, counted=counted, effective=effective, exposure=exposure)


def _orders_read(dice: np.random.Generator, now: Counts) -> Counts:
    """Orders are read within five to twenty minutes; once in a thousand steps nothing is read for an hour."""
    lag = 1 + dice.choice([0, 1, 2, 3], len(now), p=[0.3, 0.5, 0.15, 0.05])
    lag = np.where(dice.random(len(now)) < 0.001, 12, lag)
    return np.maximum.accumulate(np.maximum(now - lag, -1))


def _counted(dice: np.random.Generator, steps: int, gap: int) -> Counts:
    """Counts come every `gap` steps, give or take a sixth; one in fifty comes three gaps late."""
    planned = np.arange(0, steps, gap)
    as_of = np.clip(planned + dice.integers(-(gap // 6), gap // 6 + 1, len(planned)), 0, steps - 1)
    late = np.where(dice.random(len(as_of)) < 0.02, 3 * gap, 0)
    counted = np.full(steps + 5 * gap, -1)
    for moment, after in zip(as_of, late + dice.integers(1, 3, len(as_of)), strict=True):
        counted[moment + after] = max(counted[moment + after], moment)
    return np.maximum.accumulate(counted)[:steps]


def _p95(steps: Counts) -> timedelta:
    return int(np.percentile(steps, 95, method="inverted_cdf")) * STEP
