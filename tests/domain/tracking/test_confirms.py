"""Ship confirms that did not go through: what a refusal means, when to call again, when a person must know."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problems import ProblemKind
from domain.tracking.confirms import (
    Next,
    Refusal,
    Settlement,
    due_soon,
    looks_allowed,
    next_try,
    settle_refusal,
    waits_too_long,
)
from domain.tracking.evidence import Evidence
from tests.domain.examples import NOW, RULES, hours

K, E = ProblemKind, Evidence
# Amazon's telling words (FACTS 2.2), an answer without any, and one nobody has seen yet.
AGAIN = ("PackageToUpdateNotFound", "InvalidInput", "Unauthorized", "NotFound", "BrandNew", "")
FINAL = ("InvalidPackageVersion", "NonexistentOrderItem")
CODES = AGAIN + FINAL
TIMES = (1, 2, 3, 4, 50)


@pytest.mark.parametrize(
    ("code", "times", "canceled", "itself"), list(product(CODES, TIMES, (False, True), (False, True)))
)
@pytest.mark.parametrize("evidence", [E.SEEN, E.ADOPTED])
def test_what_amazon_shows_is_done_whatever_it_says(
    code: str, times: int, canceled: bool, itself: bool, evidence: Evidence
) -> None:
    """A refused parcel that Amazon shows is proven, whatever the refusal said and however often."""
    refusal = Refusal(
        code=code, times=times, evidence=evidence, order_canceled=canceled, confirms_itself=itself
    )
    assert settle_refusal(refusal) == Settlement(next=Next.PROVEN)


@pytest.mark.parametrize(("code", "times"), list(product(CODES, TIMES)))
@pytest.mark.parametrize("evidence", [E.ABSENT, E.CONTRADICTED, E.NOTHING_LEFT])
@pytest.mark.parametrize(
    ("canceled", "itself", "words"),
    [(True, False, "canceled"), (True, True, "canceled"), (False, True, "Ship+")],
)
def test_what_amazon_needs_no_word_of_is_not_required(
    code: str, times: int, evidence: Evidence, canceled: bool, itself: bool, words: str
) -> None:
    """A canceled order's parcel and one that Amazon confirms itself are nobody's problem, and say why."""
    refusal = Refusal(
        code=code, times=times, evidence=evidence, order_canceled=canceled, confirms_itself=itself
    )
    settled = settle_refusal(refusal)
    assert (settled.next, settled.problem, words in settled.reason) == (Next.NOT_REQUIRED, None, True)


@pytest.mark.parametrize(("code", "times", "soon"), list(product(CODES, TIMES, (False, True))))
@pytest.mark.parametrize(
    ("evidence", "problem"),
    [(E.NOTHING_LEFT, K.CONFIRMED_ELSEWHERE), (E.CONTRADICTED, K.TRACKING_CONTRADICTED)],
)
def test_other_data_at_amazon_is_a_persons(
    code: str, times: int, soon: bool, evidence: Evidence, problem: ProblemKind
) -> None:
    """What Amazon shows otherwise is not overwritten by trying again: a person looks."""
    refusal = Refusal(code=code, times=times, evidence=evidence, due_soon=soon)
    assert settle_refusal(refusal) == Settlement(next=Next.PERSON, problem=problem)


@pytest.mark.parametrize(("code", "times", "soon"), list(product(CODES, TIMES, (False, True))))
def test_a_refusal_without_evidence_is_tried_again_a_few_times(code: str, times: int, soon: bool) -> None:
    """A refusal may be an incident of Amazon's: twice it is tried again, unless time is short or it is final."""
    settled = settle_refusal(Refusal(code=code, times=times, evidence=E.ABSENT, due_soon=soon))
    if code in AGAIN and times < 3 and not soon:
        assert settled == Settlement(next=Next.AGAIN)
    else:
        assert (settled.next, settled.problem) == (Next.PERSON, K.TRACKING_REFUSED)
        assert bool(settled.reason) is (code in FINAL)


@pytest.mark.parametrize(("code", "evidence", "times"), list(product(CODES, E, range(3, 9))))
def test_no_refusal_ends_in_silence(code: str, evidence: Evidence, times: int) -> None:
    """After the third refusal a parcel is proven, or a person is shown it; it is never tried in a circle."""
    settled = settle_refusal(Refusal(code=code, times=times, evidence=evidence))
    assert settled.next in (Next.PROVEN, Next.PERSON)
    assert (settled.problem is not None) is (settled.next is Next.PERSON)


FOUR = timedelta(minutes=4)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 600), (7, 600), (999, 600)]
)
def test_waits_double_up_to_ten_minutes(attempts: int, seconds: int) -> None:
    """With time enough each wait is twice the one before, up to ten minutes at the usual pace."""
    assert next_try(attempts, NOW + hours(24), FOUR, NOW, 0.5) == NOW + timedelta(seconds=seconds)
    assert next_try(attempts, None, FOUR, NOW, 0.5) == NOW + timedelta(seconds=seconds)


spreads = st.floats(0, 1)
left_over = st.timedeltas(timedelta(minutes=-90), hours(48))
paces = st.timedeltas(timedelta(seconds=2), hours(1))


@RULES
@given(attempts=st.integers(1, 1000), left=left_over, pace=paces, spread=spreads)
def test_waits_never_shrink_with_the_attempts(
    attempts: int, left: timedelta, pace: timedelta, spread: float
) -> None:
    """Another useless answer never brings the next call nearer."""
    first, second = (next_try(n, NOW + left, pace, NOW, spread) for n in (attempts, attempts + 1))
    assert first <= second


@RULES
@given(attempts=st.integers(1, 1000), left=left_over, pace=paces, spread=spreads)
def test_waits_are_bounded(attempts: int, left: timedelta, pace: timedelta, spread: float) -> None:
    """No wait is longer than three and three quarters of the seller's patience, nor shorter than a thirtieth."""
    wait = next_try(attempts, NOW + left, pace, NOW, spread) - NOW
    assert pace / 33 <= wait <= pace * 3.75 + timedelta(microseconds=1)


@RULES
@given(attempts=st.integers(1, 1000), left=st.timedeltas(timedelta(minutes=3), hours(48)), spread=spreads)
def test_there_is_always_room_for_several_more(attempts: int, left: timedelta, spread: float) -> None:
    """However often Amazon failed, the next calls come before the deadline: at least three of them."""
    now, tries = NOW, 0
    while (now := next_try(attempts + tries, NOW + left, FOUR, now, spread)) < NOW + left:
        tries += 1
        if tries == 3:
            return
    pytest.fail(f"only {tries} calls in {left}")


@RULES
@given(attempts=st.integers(1, 20), spread=st.lists(spreads, min_size=2, max_size=2, unique=True))
def test_what_failed_together_comes_back_apart(attempts: int, spread: list[float]) -> None:
    """Parcels spread by a different share come back in that order, over as long as the wait itself."""
    low, high = sorted(spread)
    first, second = (next_try(attempts, None, FOUR, NOW, share) for share in (low, high))
    assert first <= second
    earliest, latest = (next_try(attempts, None, FOUR, NOW, share) - NOW for share in (0.0, 1.0))
    assert latest == 3 * earliest


@pytest.mark.parametrize(
    ("left", "soon"),
    [
        (None, False),
        (hours(1), False),
        (hours(2), False),
        (hours(1) - timedelta(seconds=1), True),
        (timedelta(0), True),
        (-hours(5), True),
    ],
)
def test_the_last_hour_is_soon(left: timedelta | None, soon: bool) -> None:
    """From an hour before the deadline on, and after it, a person has to know of whatever goes wrong."""
    assert due_soon(None if left is None else NOW + left, NOW) is soon


@pytest.mark.parametrize(
    ("attempts", "deadline", "overdue"),
    [
        (0, NOW - hours(1), False),  # it waits for its turn, not for an answer
        (1, NOW + hours(8), False),
        (3, NOW + hours(8), False),
        (4, NOW + hours(8), True),
        (50, NOW + hours(8), True),
        (3, None, False),
        (4, None, True),
        (1, NOW + hours(0.9), True),
        (1, NOW - hours(9), True),
    ],
)
def test_silence_is_shown_after_four_calls_or_in_the_last_hour(
    attempts: int, deadline: datetime | None, overdue: bool
) -> None:
    """A person knows of a parcel without an answer after four calls, or at once when little time is left."""
    assert waits_too_long(attempts, timedelta(0), deadline, timedelta(minutes=4), NOW) is overdue


@pytest.mark.parametrize(
    ("spare", "burst", "urgent", "others", "allowed"),
    [
        (30, 30, 0, 0, 0),
        (30, 30, 5, 0, 5),
        (30, 30, 50, 0, 30),
        (30, 30, 0, 50, 15),
        (30, 30, 5, 50, 15),
        (30, 30, 15, 50, 15),
        (30, 30, 20, 50, 20),
        (16.9, 30, 0, 50, 1),
        (15, 30, 0, 50, 0),
        (0.9, 30, 5, 5, 0),
        (-3, 30, 5, 5, 0),
        (1e6, 0, 3, 4, 7),
    ],
)
def test_looks_are_spent_on_what_is_urgent(
    spare: float, burst: float, urgent: int, others: int, allowed: int
) -> None:
    """Urgent orders may use up the budget; the others leave half of it for urgent ones to come."""
    assert looks_allowed(spare, burst, urgent=urgent, others=others) == allowed


@RULES
@given(
    spare=st.floats(-10, 100), burst=st.floats(0, 60), urgent=st.integers(0, 99), others=st.integers(0, 99)
)
def test_looks_never_exceed_the_budget(spare: float, burst: float, urgent: int, others: int) -> None:
    """No more orders are read than there are, nor than calls can be made at once; no urgent one is left out."""
    allowed = looks_allowed(spare, burst, urgent=urgent, others=others)
    assert 0 <= allowed <= min(urgent + others, max(0, spare))
    assert allowed >= min(urgent, int(max(0, spare)))


@pytest.mark.parametrize(
    ("waited", "deadline", "shown"),
    [
        (timedelta(minutes=5), NOW + hours(0.9), True),
        (timedelta(minutes=3), NOW + hours(0.9), False),
        (timedelta(minutes=5), NOW + hours(2), False),
        (timedelta(hours=5), None, False),
        (timedelta(minutes=5), NOW - hours(1), True),
    ],
)
def test_a_turn_that_does_not_come_is_shown_in_the_last_hour(
    waited: timedelta, deadline: datetime | None, shown: bool
) -> None:
    """A parcel that Amazon's limits keep from its turn is a person's when it is due within the hour."""
    assert waits_too_long(0, waited, deadline, timedelta(minutes=4), NOW) is shown
