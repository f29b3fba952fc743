"""The backtest's rules for whole arrays are the rules of the domain."""

import numpy as np

from domain.stock.buffers import adaptive_buffer
from domain.stock.demand import WINDOWS, covered_rate
from tests.bench.vector_rules import BufferTable, covered_rates

ODDS = (0.5, 0.05, 0.001)


def test_the_rates_are_those_of_the_domain() -> None:
    """For a thousand SKUs and windows of any length, the array's rates are the function's."""
    dice = np.random.default_rng(3)
    units = np.cumsum(dice.poisson(dice.choice([0.1, 2, 80], (1000, 1)), (1000, len(WINDOWS))).T, axis=0)
    for windows in ((2.0, 6.0, 24.0, 168.0, 672.0), (0.0, 0.0, 0.0, 150.5, 640.0), (0.3, 1.0, 9.0, 9.0, 0.2)):
        found = covered_rates(units.astype(float), windows)
        expected = [covered_rate(units[:, sku].tolist(), windows) for sku in range(1000)]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_buffers_are_those_of_the_domain() -> None:
    """For means from nothing to thousands, the table's buffers are the function's to the unit."""
    dice = np.random.default_rng(4)
    means = np.concatenate([[0.0, 1e-10, 0.5, 1.0, 2.0, 64.0], np.exp(dice.uniform(-18, 9, 3000))])
    found = BufferTable(ODDS).buffers(np.repeat(means[:, None], len(ODDS), axis=1))
    assert found.tolist() == [[adaptive_buffer(mean, odds) for odds in ODDS] for mean in means.tolist()]
