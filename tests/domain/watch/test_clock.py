"""The clock: the hop that holds an order, its owner, and how long is left."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.order import AT_WAREHOUSE, CLOSED_STATES, OrderState
from domain.problems import ProblemKind, Team
from domain.tracking.parcels import SETTLED_PARCELS, ParcelState
from domain.watch.clock import (
    BLOCKED_AT,
    FURTHEST_BEHIND,
    OWNERS,
    Hop,
    OrderOnItsWay,
    ParcelOnItsWay,
    hop_of,
    in_words,
    owner_of,
    time_left,
    time_left_roughly,
    words_of,
)
from tests.domain.examples import NOW, RULES, hours

parcels = st.builds(
    ParcelOnItsWay,
    state=st.sampled_from(ParcelState),
    blocked_for=st.sampled_from(["", *BLOCKED_AT]),
    tries=st.integers(0, 2),
    attempts=st.integers(0, 5),
)
orders = st.builds(
    OrderOnItsWay,
    state=st.sampled_from(OrderState),
    accepted=st.booleans(),
    rejected=st.booleans(),
    stopped=st.booleans(),
    parcels=st.lists(parcels, max_size=4).map(tuple),
)


@given(order=orders)
@RULES
def test_a_picking_delay_is_never_shown_while_a_parcel_waits(order: OrderOnItsWay) -> None:
    """Only an order without an open parcel, accepted and not wholly dispatched, waits for the warehouse to pick."""
    open_parcels = [one for one in order.parcels if one.state not in SETTLED_PARCELS]
    if hop_of(order) is Hop.NOT_DISPATCHED:
        assert not open_parcels
        assert order.accepted
        assert not order.rejected
        assert not order.stopped
        assert order.state in (OrderState.RELEASED, OrderState.PART_DISPATCHED)


@given(order=orders)
@RULES
def test_what_is_done_waits_on_nobody_and_everything_else_on_something(order: OrderOnItsWay) -> None:
    """Closed, canceled and foreign orders have no hop and no owner; every other order has a hop."""
    hop = hop_of(order)
    assert (hop is Hop.DONE) is (order.state in CLOSED_STATES)
    assert (owner_of(hop, "") == "") is (hop in (Hop.DONE, Hop.PAYMENT_PENDING))


@given(order=orders, more=parcels)
@RULES
def test_one_more_parcel_never_moves_an_order_on(order: OrderOnItsWay, more: ParcelOnItsWay) -> None:
    """The parcel furthest behind speaks: another one leaves the hop where it is, or takes it back."""
    if order.state not in AT_WAREHOUSE - {OrderState.RELEASING}:
        return
    both = replace(order, parcels=(*order.parcels, more))
    before, after = hop_of(order), hop_of(both)
    if before in FURTHEST_BEHIND:
        assert FURTHEST_BEHIND.index(after) <= FURTHEST_BEHIND.index(before)


@pytest.mark.parametrize(
    ("parcel", "hop", "owner"),
    [
        (ParcelOnItsWay(state=ParcelState.RECORDED), Hop.NOT_SENT, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.MAPPED), Hop.NOT_SENT, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.SENDING), Hop.NOT_SENT, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.MAPPED, attempts=1), Hop.UNANSWERED, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.MAPPED, tries=1), Hop.NOT_SHOWN, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.ACCEPTED, tries=1), Hop.NOT_SHOWN, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.UNPROVEN, tries=2), Hop.NOT_SHOWN, Team.INTEGRATION),
        (ParcelOnItsWay(state=ParcelState.REJECTED), Hop.REFUSED, Team.INTEGRATION),
        (
            ParcelOnItsWay(state=ParcelState.BLOCKED, blocked_for="carrier_unmapped"),
            Hop.CARRIER_UNMAPPED,
            Team.OPERATIONS,
        ),
        (
            ParcelOnItsWay(state=ParcelState.BLOCKED, blocked_for="tracking_missing"),
            Hop.NO_TRACKING,
            Team.WAREHOUSE,
        ),
        (ParcelOnItsWay(state=ParcelState.PROVEN), Hop.NOT_DISPATCHED, Team.WAREHOUSE),
    ],
)
def test_a_throttle_a_refusal_and_a_picking_delay_look_different(
    parcel: ParcelOnItsWay, hop: Hop, owner: Team
) -> None:
    """Each way in which a tracking number can be held up has a hop of its own, with its owner."""
    order = OrderOnItsWay(state=OrderState.PART_DISPATCHED, accepted=True, parcels=(parcel,))
    assert (hop_of(order), owner_of(hop_of(order), "")) == (hop, owner)


def test_every_hop_is_plain_english_of_its_own() -> None:
    """No two hops share their words, and none shows a name from the code."""
    assert len(set(Hop)) == len(Hop)
    assert not any("_" in hop or hop.isupper() for hop in Hop)
    assert set(Hop) - set(OWNERS) == {Hop.DONE, Hop.PAYMENT_PENDING, Hop.HELD}


@pytest.mark.parametrize("kind", ProblemKind)
def test_a_held_order_names_its_reason(kind: ProblemKind) -> None:
    """The words of a held order go on with the reason, spelled for people."""
    assert words_of(Hop.HELD, kind) == f"held: {kind.replace('_', ' ')}"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=2, minutes=10, seconds=59), "2 h 10 min"),
        (hours(1), "1 h 0 min"),
        (timedelta(minutes=35), "35 min"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(0), "less than a minute"),
        (-timedelta(minutes=35), "over by 35 min"),
        (-timedelta(seconds=1), "over by less than a minute"),
        (hours(25), "1 day 1 h"),
        (-hours(50.5), "over by 2 days 2 h"),
    ],
)
def test_the_time_left_is_said_in_words(left: timedelta, words: str) -> None:
    """Whole minutes, rounded down, and how long it is over when it is."""
    assert time_left(NOW + left, NOW) == words


def test_without_a_moment_nothing_is_left_to_say() -> None:
    """An order without a ship-by time has no time left, and the words for it are empty."""
    assert time_left(None, NOW) == ""
    assert in_words(timedelta(days=1)) == "1 day 0 h"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2, hours=3, minutes=50), "2 days 3 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=1, minutes=59), "1 h 55 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=9), "5 min"),
        (timedelta(minutes=1), "less than 5 min"),
        (timedelta(0), "over by less than 5 min"),
        (timedelta(minutes=-34), "over by 30 min"),
        (timedelta(hours=-26), "over by 1 day 2 h"),
    ],
)
def test_time_left_is_as_exact_as_a_person_needs(left: timedelta, words: str) -> None:
    """Hours while there are two and more, then five minutes; never "over" before it is."""
    assert time_left_roughly(NOW + left, NOW) == words


def test_time_left_stands_for_five_minutes() -> None:
    """Between two marks of five minutes the words stay, whatever the minute at which something is due."""
    due = [NOW + hours(1) + timedelta(minutes=n) for n in range(50)]
    said = [tuple(time_left_roughly(one, NOW + timedelta(minutes=n)) for one in due) for n in range(1, 6)]
    assert len(set(said)) == 1
    assert time_left_roughly(None, NOW) == ""
