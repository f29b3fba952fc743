"""The watch's own rules: when an order has not crossed, is picked too late or was confirmed late; throttles."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problems import ProblemKind
from domain.watch.clock import Hop
from domain.watch.gaps import (
    CallCount,
    LateConfirm,
    OpenOrder,
    confirmed_late,
    not_crossed,
    picking_delay,
    throttled,
)
from tests.domain.examples import NOW, ORDER_ID, RULES, hours

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DAY, NONE = timedelta(days=1), timedelta(0)


def order(hop: Hop = Hop.NOT_CROSSED, *, due: timedelta | None = DAY, ready: timedelta = NONE) -> OpenOrder:
    """An order that is due so long after NOW and became ready so long before it."""
    return OpenOrder(
        order_id=ORDER_ID,
        seller_account="main",
        connection="north",
        hop=hop,
        confirm_by=None if due is None else NOW + due,
        ready_at=NOW - ready,
    )


@pytest.mark.parametrize(
    ("due", "ready", "shown"),
    [
        (hours(24), 15 * MINUTE, False),
        (hours(24), 15 * MINUTE + SECOND, True),
        (None, 15 * MINUTE, False),
        (None, 16 * MINUTE, True),
        (hours(1), 3 * MINUTE, False),
        (hours(1) - SECOND, 2 * MINUTE, False),
        (hours(1) - SECOND, 3 * MINUTE, True),
        (-hours(1), 3 * MINUTE, True),
    ],
)
def test_an_order_must_cross_in_a_quarter_of_an_hour(
    due: timedelta | None, ready: timedelta, shown: bool
) -> None:
    """It is shown after 15 minutes, or after two when less than an hour is left."""
    assert (not_crossed(order(due=due, ready=ready), NOW) is not None) is shown


@pytest.mark.parametrize(
    ("due", "shown"),
    [(hours(4), False), (hours(4) - SECOND, True), (-hours(30), True), (None, False)],
)
def test_a_picking_delay_is_shown_four_hours_before_it_is_due(due: timedelta | None, shown: bool) -> None:
    """What the warehouse has and has not dispatched is shown with less than four hours left, and when overdue."""
    assert (picking_delay(order(Hop.NOT_DISPATCHED, due=due), NOW) is not None) is shown


@given(hop=st.sampled_from(Hop), due=st.none() | st.integers(-100, 100).map(hours), ready=st.integers(0, 99))
@RULES
def test_each_rule_speaks_of_its_own_hop_only(hop: Hop, due: timedelta | None, ready: int) -> None:
    """Whatever the time left, an order is never both, and a parcel of ours that waits is neither."""
    one = order(hop, due=due, ready=hours(ready))
    if not_crossed(one, NOW):
        assert hop is Hop.NOT_CROSSED
    if picking_delay(one, NOW):
        assert hop is Hop.NOT_DISPATCHED


def test_orders_of_one_warehouse_have_one_cause() -> None:
    """Five hundred orders that wait for one warehouse are one message: the cause is the connection."""
    crossing, picking = order(ready=hours(2)), order(Hop.NOT_DISPATCHED, due=hours(1))
    causes = {found.cause for found in (not_crossed(crossing, NOW), picking_delay(picking, NOW)) if found}
    assert causes == {"north"}


@pytest.mark.parametrize(
    ("due", "act_by"),
    [(hours(24), NOW - hours(2) + hours(1.25)), (None, NOW - hours(0.75)), (-hours(3), NOW - hours(3))],
)
def test_an_order_that_does_not_cross_is_acted_on_before_it_is_due(
    due: timedelta | None, act_by: datetime
) -> None:
    """The moment to act by is an hour after it should have crossed, or when it is due if that is sooner."""
    found = not_crossed(order(due=due, ready=hours(2)), NOW)
    assert found is not None
    assert found.act_by == act_by


@given(later=st.integers(0, 600))
@RULES
def test_the_sentences_do_not_change_while_time_passes(later: int) -> None:
    """What a person was told stays as it is from minute to minute, so that nothing is written again."""
    crossing, picking = order(ready=hours(2)), order(Hop.NOT_DISPATCHED, due=hours(1))
    assert not_crossed(crossing, NOW) == not_crossed(crossing, NOW + later * MINUTE)
    assert picking_delay(picking, NOW) == picking_delay(picking, NOW + later * MINUTE)


@pytest.mark.parametrize(
    ("late_by", "who"),
    [
        ("warehouse", "the warehouse"),
        ("seller", "the seller"),
        ("lockstep", "Lockstep"),
        ("amazon", "Amazon"),
    ],
)
def test_a_late_confirm_names_who_held_it_and_by_how_long(late_by: str, who: str) -> None:
    """The sentence has the order, its ship-by time, how much later it was and who held it then."""
    late = LateConfirm(
        order_id=ORDER_ID,
        seller_account="main",
        confirm_by=NOW,
        accepted_at=NOW + 35 * MINUTE,
        late_by=late_by,
    )
    found = confirmed_late(late)
    assert (found.kind, found.subject) == (ProblemKind.CONFIRMED_LATE, ORDER_ID)
    assert found.cause == f"main, late by {who}"
    assert found.summary == (
        f"Order {ORDER_ID} was due by 2026-11-27 09:00 UTC, and Amazon got its tracking 35 min later;"
        f" {who} held it when it became late."
    )


@pytest.mark.parametrize(
    ("calls", "refused", "shown"),
    [(4, 4, False), (5, 5, True), (25, 5, True), (26, 5, False), (1000, 199, False), (1000, 200, True)],
)
def test_a_throttle_is_five_refusals_and_a_fifth_of_the_calls(calls: int, refused: int, shown: bool) -> None:
    """A few refusals, or few among many calls, are how limits work; many of them need somebody."""
    count = CallCount(stranger="Amazon (main)", operation="confirmShipment", calls=calls, refused=refused)
    found = throttled(count)
    assert (found is not None) is shown
    if found:
        assert found.subject == "Amazon (main), confirmShipment"
        assert f"{refused} of {calls}" in found.summary
