"""Account health: Amazon's limits to the order, and tonight played out."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.health.rates import (
    ENOUGH,
    LAST_CALL,
    MANY,
    RULES,
    Hop,
    Metric,
    Outlook,
    Rate,
    Risk,
    allowed,
    is_over,
    played_out,
    risk_of,
    room,
)
from tests.domain.examples import RULES as LIMITS
from tests.factories import GB, HOUR, NOW

LATE, TRACKING, CANCEL = RULES[Metric.LATE_10], RULES[Metric.TRACKING_30], RULES[Metric.CANCEL_7]
numbers = st.integers(min_value=0, max_value=5_000)
held = st.dictionaries(st.sampled_from(Hop), st.integers(min_value=0, max_value=300))
usual = st.dictionaries(st.sampled_from(Hop), st.tuples(numbers, numbers)).map(
    lambda found: {hop: Rate(min(pair), max(pair)) for hop, pair in found.items()}
)


@pytest.mark.parametrize(
    ("rule", "total", "most"),
    [
        (LATE, 25, 0),  # one of 25 is 4 %, and Amazon asks for less
        (LATE, 26, 1),
        (LATE, 100, 3),
        (LATE, 1_000, 39),
        (TRACKING, 19, 0),
        (TRACKING, 20, 1),  # 95 % is enough
        (TRACKING, 100, 5),
        (CANCEL, 40, 0),  # one of 40 is 2.5 %
        (CANCEL, 41, 1),
        (CANCEL, 0, 0),
    ],
)
def test_the_limits_of_amazon_to_the_order(rule, total, most):
    """Under 4 %, 95 % or more, under 2.5 %: worked out by hand."""
    assert allowed(total, rule) == most
    assert is_over(Rate(most + 1, max(total, 1)), rule)
    assert not is_over(Rate(most, total), rule)


@LIMITS
@given(st.sampled_from(Metric), numbers, numbers)
def test_the_room_left_is_exactly_what_the_limit_allows(metric, one, other):
    """So many more defects are allowed as room says, and one more breaks the limit, as percentages have it."""
    rule, rate = RULES[metric], Rate(min(one, other), max(one, other))
    left = room(rate, rule)
    for more in (left, left + 1):
        defects = rate.defects + more
        if defects > 0 and rate.total:
            thousandths = 1_000 * defects
            limit = round(1_000 * rule.limit) * rate.total
            breaks = thousandths > limit if rule.may_reach else thousandths >= limit
            assert is_over(Rate(defects, rate.total), rule) == breaks == (more > left)


@LIMITS
@given(st.tuples(numbers, numbers), held, usual)
def test_tonight_ends_between_all_saved_and_all_lost(pair, at_hops, known):
    """What is expected loses no more than the worst case and no less than what is lost already."""
    decided = Rate(min(pair), max(pair))
    worst, expected = played_out(decided, at_hops, known)
    assert worst == Rate(decided.defects + sum(at_hops.values()), decided.total + sum(at_hops.values()))
    enough = all(known.get(hop, Rate()).total >= ENOUGH for hop, number in at_hops.items() if number)
    assert (expected is not None) == enough
    if expected is not None:
        assert expected.total == worst.total
        assert decided.defects <= expected.defects <= worst.defects


def test_each_hop_loses_what_it_usually_loses():
    """Ten at a hop that loses a fifth and four at one that loses none: two late orders more."""
    known = {Hop.NOT_DISPATCHED: Rate(20, 100), Hop.NOT_CONFIRMED: Rate(0, 50)}
    at_hops = {Hop.NOT_DISPATCHED: 10, Hop.NOT_CONFIRMED: 4}
    assert played_out(Rate(1, 86), at_hops, known) == (Rate(15, 100), Rate(3, 100))


FINE = Rate(0, 1_000)


def _outlook(now=FINE, late=0, open_tonight=100, expected=None, ends_in=8 * HOUR):
    return Outlook(
        metric=Metric.LATE_10,
        marketplace_id=GB,
        now=now,
        worst=Rate(late + open_tonight, 1_000),
        expected=expected,
        open_tonight=open_tonight,
        ends_at=NOW + ends_in,
    )


@pytest.mark.parametrize(
    ("outlook", "risk"),
    [
        (_outlook(), Risk.NONE),  # a morning: everything is open, and nobody is called
        (_outlook(ends_in=LAST_CALL), Risk.LAST_CALL),
        (_outlook(ends_in=LAST_CALL, open_tonight=39), Risk.NONE),
        (_outlook(expected=Rate(40, 1_000)), Risk.EXPECTED),
        (_outlook(expected=Rate(39, 1_000)), Risk.NONE),
        (_outlook(now=Rate(40, 1_000)), Risk.OVER),
        (_outlook(now=Rate(1, 1), open_tonight=0), Risk.OVER),
    ],
)
def test_a_person_is_called_when_something_can_be_saved_or_is_lost(outlook, risk):
    """The worst case of a morning breaks every limit every day; it calls in the last hours only."""
    assert risk_of(outlook, NOW) is risk


def test_few_orders_do_not_call_for_a_forecast():
    """Below so many orders a forecast of the rate says nothing, however bad."""
    few = Outlook(
        metric=Metric.LATE_10,
        marketplace_id=GB,
        now=Rate(),
        worst=Rate(MANY - 1, MANY - 1),
        expected=Rate(MANY - 1, MANY - 1),
        open_tonight=MANY - 1,
        ends_at=NOW + timedelta(minutes=5),
    )
    assert risk_of(few, NOW) is Risk.NONE


@pytest.mark.parametrize(
    ("late", "still_open", "save"), [(0, 100, 61), (39, 100, 100), (20, 19, 0), (60, 50, 50)]
)
def test_how_many_orders_must_be_saved_tonight(late, still_open, save):
    """39 of 1,000 may be late: what is late already and what is open must not become more."""
    assert _outlook(late=late, open_tonight=still_open).to_save == save


def test_the_limits_are_spelled_as_people_say_them():
    """The window and the limit of each rate in words."""
    assert (LATE.spelled, LATE.asked) == ("Late Shipment Rate over 10 days", "under 4 %")
    assert (TRACKING.asked, CANCEL.asked) == ("95 % or more", "under 2.5 %")
