"""The steps of a listing's quantity: when it is sent, and what a look at Amazon makes of it."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.listings import NEXT_LISTING_STATES, REFUSED_REST, ListingState, Publication, after_look
from tests.domain.examples import NOW, RULES, hours

L = ListingState
units_or_none = st.none() | st.integers(0, 9)
moments = st.none() | st.integers(0, 48).map(lambda ago: NOW - hours(ago))
publications = st.builds(
    Publication,
    state=st.sampled_from(ListingState),
    wanted=units_or_none,
    published=units_or_none,
    shown=units_or_none,
    tried_at=moments,
    accepted_at=moments,
)


def _known(
    state: ListingState,
    *,
    wanted: int | None = 9,
    shown: int | None = 9,
    tried_at: datetime | None = NOW,
) -> Publication:
    return Publication(
        state=state, wanted=wanted, published=9, shown=shown, tried_at=tried_at, accepted_at=NOW
    )


def test_next_listing_states_are_total() -> None:
    """Every state says where it leads, and only to states of the machine other than itself."""
    assert set(NEXT_LISTING_STATES) == set(ListingState)
    assert all(
        state not in after and after <= set(ListingState) for state, after in NEXT_LISTING_STATES.items()
    )
    reached = {L.CANDIDATE}
    for _ in ListingState:
        reached |= {after for state in reached for after in NEXT_LISTING_STATES[state]}
    assert reached == set(ListingState)


def test_a_quantity_is_sent_from_a_plan_alone() -> None:
    """Nothing is sent that was not planned, and an answer belongs to what was sent."""
    for path in (L.SENT, L.SUBMITTED):
        assert [start for start in ListingState if path in NEXT_LISTING_STATES[start]] == [L.PLANNED]
    for answer in (L.ACCEPTED, L.INVALID):
        starts = [start for start in ListingState if answer in NEXT_LISTING_STATES[start]]
        assert starts == [L.SENT, L.SUBMITTED]


@RULES
@given(known=publications, units=units_or_none, sold=st.integers(0, 9), overdue=st.booleans())
def test_no_look_makes_an_illegal_step(
    known: Publication, units: int | None, sold: int, overdue: bool
) -> None:
    """Whatever Amazon shows, the listing stays where it is or takes a step that its state leads to."""
    end = after_look(known, units, sold=sold, overdue=overdue)
    assert end is known.state or end in NEXT_LISTING_STATES[known.state]


@RULES
@given(known=publications, wanted=st.integers(0, 9))
def test_what_is_due_can_be_planned(known: Publication, wanted: int) -> None:
    """A quantity is due only in a state that leads to a plan, and never while an answer is due."""
    if known.is_due(wanted, NOW):
        assert L.PLANNED in NEXT_LISTING_STATES[known.state]
        assert known.state not in (L.SENT, L.SUBMITTED)


@RULES
@given(known=publications, units=units_or_none, sold=st.integers(0, 9), overdue=st.booleans())
def test_in_effect_is_what_was_published(
    known: Publication, units: int | None, sold: int, overdue: bool
) -> None:
    """A look makes a quantity effective only when Amazon shows what was published, less what it sold since."""
    end = after_look(known, units, sold=sold, overdue=overdue)
    if end is L.EFFECTIVE and known.state is not L.EFFECTIVE:
        assert units is not None
        assert 0 <= (known.published or 0) - units <= sold


@pytest.mark.parametrize(
    ("known", "wanted", "due"),
    [
        (_known(L.IDLE), 9, True),
        (_known(L.DRIFTED), 9, True),
        (_known(L.PLANNED), 3, False),
        (_known(L.SENT), 3, False),
        (_known(L.CANDIDATE), 3, False),
        (_known(L.ABSENT), 3, False),
        (_known(L.ACCEPTED), 9, False),
        (_known(L.ACCEPTED), 3, True),
        (_known(L.EFFECTIVE), 9, False),
        (_known(L.EFFECTIVE), 0, True),
        (_known(L.INVALID), 9, False),
        (_known(L.INVALID), 3, True),
        (_known(L.INVALID, tried_at=NOW - REFUSED_REST), 9, True),
    ],
)
def test_what_is_due(known: Publication, wanted: int, due: bool) -> None:
    """The first number and one after a drift are always sent, others when they change, a refused one later."""
    assert known.is_due(wanted, NOW) is due


@pytest.mark.parametrize(
    ("known", "units", "sold", "end"),
    [
        (_known(L.CANDIDATE), 3, 0, L.IDLE),
        (_known(L.ABSENT), 3, 0, L.IDLE),
        (_known(L.IDLE), 9, 0, L.IDLE),
        (_known(L.PLANNED), 9, 0, L.PLANNED),
        (_known(L.SENT), 9, 0, L.SENT),
        (_known(L.SENT), None, 0, L.SENT),
        (_known(L.INVALID), 9, 0, L.INVALID),
        (_known(L.ACCEPTED), 9, 0, L.EFFECTIVE),
        (_known(L.ACCEPTED), 3, 0, L.ACCEPTED),
        # Amazon took the number and has sold some of it already.
        (_known(L.ACCEPTED, shown=20), 7, 2, L.EFFECTIVE),
        (_known(L.ACCEPTED, shown=None), 7, 2, L.EFFECTIVE),
        (_known(L.ACCEPTED, shown=6), 7, 2, L.EFFECTIVE),
        (_known(L.ACCEPTED, shown=20), 6, 2, L.ACCEPTED),
        # That may still be the smaller number from before.
        (_known(L.ACCEPTED, shown=8), 7, 2, L.ACCEPTED),
        (_known(L.ACCEPTED, shown=7), 7, 2, L.ACCEPTED),
        (_known(L.DRIFTED), 9, 0, L.EFFECTIVE),
        (_known(L.DRIFTED), 3, 0, L.DRIFTED),
        (_known(L.EFFECTIVE), None, 0, L.ABSENT),
        (_known(L.EFFECTIVE), 9, 0, L.EFFECTIVE),
        (_known(L.EFFECTIVE), 10, 0, L.DRIFTED),
        (_known(L.EFFECTIVE, wanted=10), 10, 0, L.EFFECTIVE),
        (_known(L.EFFECTIVE), 7, 0, L.EFFECTIVE),
        (_known(L.EFFECTIVE, shown=8), 7, 0, L.DRIFTED),
        # Our order explains the first look; what went since may be one that we have not read: we look again.
        (_known(L.EFFECTIVE, shown=8), 7, 1, L.EFFECTIVE),
        (_known(L.EFFECTIVE, shown=7), 7, 1, L.DRIFTED),
        (_known(L.EFFECTIVE, shown=7), 6, 1, L.DRIFTED),
        (_known(L.EFFECTIVE, shown=8), 7, 2, L.PLANNED),
        (_known(L.EFFECTIVE, shown=8, wanted=7), 7, 0, L.EFFECTIVE),
    ],
)
def test_after_a_look(known: Publication, units: int | None, sold: int, end: ListingState) -> None:
    """More than we said is drift at once, less at the second look unless our own orders explain it."""
    assert after_look(known, units, sold=sold, overdue=False) is end


@pytest.mark.parametrize(
    ("units", "returned", "end"),
    [(10, 0, L.DRIFTED), (10, 1, L.PLANNED), (11, 1, L.DRIFTED), (11, 2, L.PLANNED), (9, 2, L.EFFECTIVE)],
)
def test_what_was_canceled_explains_more(units: int, returned: int, end: ListingState) -> None:
    """Units of canceled orders that Amazon put back are nobody's doing: our number is published again."""
    assert after_look(_known(L.EFFECTIVE), units, sold=0, returned=returned) is end


def test_overdue_is_planned_again() -> None:
    """What Amazon took and does not show in time is sent again, and nothing else is for being late."""
    for state in set(ListingState) - {L.CANDIDATE, L.ABSENT, L.EFFECTIVE}:
        end = after_look(_known(state), 3, sold=0, overdue=True)
        assert end is (L.PLANNED if state is L.ACCEPTED else state)
