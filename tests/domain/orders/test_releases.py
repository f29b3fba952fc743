"""The outbox to the warehouse: its reference, its states and when an answer is overdue."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.releases import (
    HANDED_OVER,
    NEXT_RELEASE_STATES,
    STATE_AFTER,
    ReleaseState,
    is_overdue,
)
from domain.warehouse import REFERENCE_LIMIT, ReleaseResult, order_reference
from tests.domain.examples import NOW, ORDER_ID, RULES, hours

R = ReleaseState


@pytest.mark.parametrize(
    ("order_id", "release_no", "reference"),
    [
        (ORDER_ID, 1, "026-1234567-7654321-1"),
        (ORDER_ID, 2, "026-1234567-7654321-2"),
        (ORDER_ID, 9, "026-1234567-7654321-9"),
        (ORDER_ID, 10, "026-1234567-7654321-10"),
        (ORDER_ID, 99, "026-1234567-7654321-99"),
        ("S01-1234567-7654321", 1, "S01-1234567-7654321-1"),
    ],
)
def test_our_reference_is_the_order_and_a_number(order_id: str, release_no: int, reference: str) -> None:
    """A reference is Amazon's order id and the release number, within 22 characters."""
    assert order_reference(order_id, release_no) == reference
    assert len(reference) <= REFERENCE_LIMIT == 22


@pytest.mark.parametrize(("order_id", "release_no"), [(ORDER_ID, 100), (ORDER_ID + "99", 1), ("x" * 22, 1)])
def test_a_reference_that_does_not_fit_is_refused(order_id: str, release_no: int) -> None:
    """A reference is never cut: the error names it and the limit."""
    with pytest.raises(ValueError, match=f"{order_id}-{release_no} is longer than 22 characters"):
        order_reference(order_id, release_no)


orders = st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True)


@RULES
@given(st.tuples(orders, st.integers(1, 99)), st.tuples(orders, st.integers(1, 99)))
def test_references_differ(one: tuple[str, int], other: tuple[str, int]) -> None:
    """Two releases share a reference only when they are the same release."""
    assert (order_reference(*one) == order_reference(*other)) == (one == other)


def test_next_release_states_are_total() -> None:
    """Every state says where it leads, and every state can be reached from a plan."""
    assert set(NEXT_RELEASE_STATES) == set(ReleaseState)
    assert all(
        state not in after and after <= set(ReleaseState) for state, after in NEXT_RELEASE_STATES.items()
    )
    reached = {R.PLANNED}
    for _ in ReleaseState:
        reached |= {after for state in reached for after in NEXT_RELEASE_STATES[state]}
    assert reached == set(ReleaseState)


@pytest.mark.parametrize("result", ReleaseResult, ids=lambda result: result.name.lower())
def test_every_answer_is_an_allowed_step(result: ReleaseResult) -> None:
    """Whatever a warehouse answers to a call has a state of the same name that SENDING leads to."""
    assert STATE_AFTER[result].value == result.value
    assert STATE_AFTER[result] in NEXT_RELEASE_STATES[R.SENDING]


@pytest.mark.parametrize("state", ReleaseState, ids=lambda state: state.name.lower())
def test_nothing_is_sent_again_unasked(state: ReleaseState) -> None:
    """What the warehouse may have is not planned again, unless the call never ended or it was asked about."""
    assert (R.SENDING in NEXT_RELEASE_STATES[state]) == (state is R.PLANNED)
    assert (R.PLANNED in NEXT_RELEASE_STATES[state]) == (state in (R.SENDING, R.UNKNOWN))


@pytest.mark.parametrize("answer", [R.ACCEPTED, R.EXISTS, R.REJECTED], ids=lambda state: state.name.lower())
@pytest.mark.parametrize("start", [R.SENDING, R.SUBMITTED, R.UNKNOWN], ids=lambda state: state.name.lower())
def test_a_late_answer_always_counts(start: ReleaseState, answer: ReleaseState) -> None:
    """The warehouse's word is taken from every state in which it is missing."""
    assert answer in NEXT_RELEASE_STATES[start]


def test_handed_over_means_that_the_warehouse_has_it() -> None:
    """Only what was taken in counts as handed over; a lost answer does not."""
    assert {R.SUBMITTED, R.ACCEPTED, R.EXISTS} == HANDED_OVER


@pytest.mark.parametrize(
    ("due", "minutes"), [(None, 120), (24, 120), (8, 120), (6, 90), (4, 60), (1, 15), (0, 15), (-1, 15)]
)
def test_an_answer_is_overdue_while_there_is_time_to_ask(due: float | None, minutes: int) -> None:
    """Two hours, or a quarter of the time there is until the order is due, a quarter of an hour at least."""
    confirm_by = None if due is None else NOW + hours(due)
    moment = NOW + timedelta(minutes=minutes)
    assert not is_overdue(NOW, confirm_by, moment)
    assert is_overdue(NOW, confirm_by, moment + timedelta(seconds=1))
