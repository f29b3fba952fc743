"""What an acknowledgment ends: causes outside that nobody sees end, and nothing that Lockstep sees itself."""

from itertools import product

import pytest

from domain.orders.order import OrderState
from domain.problems import MANNERS, ProblemKind
from domain.tracking.parcels import ParcelState
from domain.watch.acknowledging import (
    ENDS_WHEN_ACKNOWLEDGED,
    HAPPENED_ONCE,
    ends_when_acknowledged,
    happened_once,
)

K = ProblemKind
BY_CIRCUMSTANCE = {K.CONFIRMED_ELSEWHERE, K.TRACKING_CONTRADICTED}


@pytest.mark.parametrize("kind", sorted(ENDS_WHEN_ACKNOWLEDGED), ids=str)
def test_what_nobody_sees_end_is_over_with_a_word(kind: ProblemKind) -> None:
    """Such a kind names the form as its next step, and ends whatever it is about."""
    assert ends_when_acknowledged(kind)
    assert MANNERS[kind].form == "acknowledge-problem"


@pytest.mark.parametrize("kind", sorted(set(K) - ENDS_WHEN_ACKNOWLEDGED - BY_CIRCUMSTANCE), ids=str)
def test_what_lockstep_sees_end_stays_open(kind: ProblemKind) -> None:
    """Nobody can wave away an unmapped carrier: it stays until its cause is gone, in every state of its subject."""
    for order, parcel in product([None, *OrderState], [None, *ParcelState]):
        assert not ends_when_acknowledged(kind, order=order, parcel=parcel)


@pytest.mark.parametrize("state", [None, *OrderState], ids=str)
def test_an_order_that_somebody_else_shipped_is_theirs(state: OrderState | None) -> None:
    """Only of an order that was never handed over no more is to come."""
    over = ends_when_acknowledged(K.CONFIRMED_ELSEWHERE, order=state)
    assert over == (state is OrderState.FOREIGN)


@pytest.mark.parametrize("state", [None, *ParcelState], ids=str)
def test_a_parcel_that_was_taken_back_is_settled_by_a_person(state: ParcelState | None) -> None:
    """Only of a parcel that the warehouse took back Amazon's other data is a person's alone."""
    over = ends_when_acknowledged(K.TRACKING_CONTRADICTED, parcel=state)
    assert over == (state is ParcelState.VOIDED)


def test_what_happened_once_ends_with_a_word() -> None:
    """Only what ends with an acknowledgment can be kept from opening again; a crowd of orders cannot."""
    assert HAPPENED_ONCE <= ENDS_WHEN_ACKNOWLEDGED
    assert happened_once(K.UNKNOWN_ORDER, "main X-1")
    assert not happened_once(K.UNKNOWN_ORDER, "main, list of open orders")
