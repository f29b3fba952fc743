"""Which way a quantity goes: to, near or up from zero at once, many ordinary changes in bulk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.publishing import FEED_FROM, FEED_MOST, NEAR_ZERO, Waiting, in_bulk, is_urgent
from tests.domain.examples import RULES

units = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("wanted", "shown", "expected", "urgent"),
    [
        (0, 9, 0.0, True),
        (0, 1, 0.0, True),
        (5, 9, 0.0, True),
        (6, 9, 0.0, False),
        (6, 900, 0.0, False),
        (20, 900, 2.5, True),
        (21, 900, 2.5, False),
        (9, 5, 0.0, False),
        (5, 5, 0.0, False),
        (1, 0, 0.0, True),
        (900, 0, 0.0, True),
        (0, 0, 0.0, False),
        (3, None, 0.0, True),
        (0, None, 0.0, False),
    ],
)
def test_what_is_urgent(wanted: int, shown: int | None, expected: float, urgent: bool) -> None:
    """To or near zero, or up from zero, is urgent; what is near depends on what sells while a feed runs."""
    assert is_urgent(wanted, shown, expected) is urgent


@RULES
@given(wanted=units, shown=units, expected=st.floats(0, 500))
def test_what_is_not_urgent_outlasts_a_feed(wanted: int, shown: int, expected: float) -> None:
    """A fall that may wait for a feed leaves more units than the demand of a feed's hours, and more than five."""
    if wanted < shown and not is_urgent(wanted, shown, expected):
        assert wanted > NEAR_ZERO
        assert wanted >= 8 * expected


@pytest.mark.parametrize(
    ("waiting", "in_feed"),
    [
        (Waiting(ordinary=0), 0),
        (Waiting(ordinary=FEED_FROM - 1), 0),
        (Waiting(ordinary=FEED_FROM), FEED_FROM),
        (Waiting(ordinary=FEED_MOST), FEED_MOST),
        (Waiting(ordinary=FEED_MOST + 1), FEED_MOST),
        (Waiting(ordinary=FEED_MOST, open_feed=True), 0),
        (Waiting(ordinary=FEED_MOST, failed_lately=True), 0),
    ],
)
def test_what_goes_in_bulk(waiting: Waiting, in_feed: int) -> None:
    """Many ordinary changes go into one feed, never beside another one, and not after Amazon gave one up."""
    assert in_bulk(waiting) == in_feed
