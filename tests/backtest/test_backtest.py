"""A small year of the backtest: the adaptive buffer keeps its odds and beats fixed ones at equal lost hours."""

import numpy as np
import pytest

from tests.bench.backtest import PERCENTS, matches, oversold_at_equal_hours
from tests.bench.stock_delays import delays
from tests.bench.stock_year import Outcome, Policy, simulate
from tests.bench.trade_year import STEPS_A_DAY, Market, market

SKUS, DAYS = 60, 63
ODDS = (0.5, 0.1, 0.02, 0.005)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Five weeks of 60 SKUs after four weeks of running in, counted once an hour."""
    policies = [*(Policy(percent=one) for one in PERCENTS), *(Policy(odds=one) for one in ODDS)]
    return simulate(market(SKUS, DAYS, 2), policies, delays(DAYS, 2))


def test_no_more_is_oversold_than_by_any_fixed_buffer_at_equal_lost_hours(outcome: Outcome) -> None:
    """Held against each fixed buffer, the strictest adaptive one that hides no more oversells no more."""
    found = matches(outcome)
    assert [outcome.policies[match.fixed].percent for match in found] == list(PERCENTS)
    for match in found:
        assert oversold_at_equal_hours(outcome, match) <= outcome.oversold[match.fixed]
    for match in found[1:]:  # and where a fixed one keeps anything back, it oversells less than half as much
        assert match.adaptive is not None
        assert outcome.lost_hours[match.adaptive] <= outcome.lost_hours[match.fixed]
        assert 2 * outcome.oversold[match.adaptive] < outcome.oversold[match.fixed]


@pytest.mark.parametrize("odds", ODDS)
def test_the_odds_that_are_stated_are_kept(outcome: Outcome, odds: float) -> None:
    """Unseen demand is more than the buffer no more often than stated: of slow, middling and fast SKUs each."""
    place = outcome.policies.index(Policy(odds=odds))
    exceeded, checked = outcome.exceeded[:, place], outcome.checked[:, place]
    assert checked.min() > 5_000
    assert (exceeded / checked).max() <= odds


def test_stricter_odds_oversell_less_and_hide_more(outcome: Outcome) -> None:
    """From no buffer to the strictest odds, oversold units fall and lost hours grow."""
    places = [0, *range(len(PERCENTS), len(outcome.policies))]
    assert (np.diff(outcome.oversold[places]) <= 0).all()
    assert (np.diff(outcome.lost_hours[places]) > 0).all()


def _quiet(daily: float) -> Market:
    return Market(
        seed=1,
        days=31,
        daily=np.array([daily]),
        shares=np.array([[0.5, 0.3, 0.2]]),
        lift=np.ones((1, 31)),
        promoted=np.zeros((1, 31), np.bool_),
        every=np.array([1000], np.int32),
        stocked=np.full((1, 31), 100.0),
    )


def test_units_are_neither_made_nor_lost() -> None:
    """What Amazon sold of a pool that is never filled up is at most what lay there and what was oversold."""
    found = simulate(_quiet(3.0), [Policy(), Policy(odds=0.1)], delays(31))
    assert (found.sold - found.oversold <= 100).all()
    assert found.sold[0] > 0


def test_without_demand_nothing_happens() -> None:
    """A SKU that nobody wants is offered all the time and never oversold, whatever is kept back for the others."""
    found = simulate(_quiet(0.0), [Policy(), Policy(percent=5), Policy(odds=0.01)], delays(31))
    assert (found.sold.sum(), found.oversold.sum(), found.lost_hours.sum()) == (0, 0, 0)
    assert found.held.tolist() == [0, 5, 0]


def test_the_demand_of_a_year_is_the_same_at_every_call() -> None:
    """Policies are compared on the same buyers: the same seed gives the same demand, another one another."""
    first, again, other = (np.stack(list(market(5, 9, seed).demand())) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert first.shape == (9, 5, 3, STEPS_A_DAY)
