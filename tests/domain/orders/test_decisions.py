"""What a person may decide about an order: possible where it helps, and refused with the way out elsewhere."""

from itertools import product

import pytest

from domain.orders.decisions import Act, Choice, Standing, rule_on
from domain.orders.order import AT_WAREHOUSE, NOT_RELEASED, OrderState
from domain.orders.releases import CancelState, ReleaseState

S, R, C = OrderState, ReleaseState, CancelState
CHOICES = [Choice.HOLD, Choice.RELEASE, Choice.CANCEL]
STANDINGS = [
    Standing(
        state=state, release=release, cancel=cancel, asked=asked, held_by=held_by, wished_away=wished_away
    )
    for state, release, cancel, asked, held_by, wished_away in product(
        S, [None, *R], C, (False, True), ("", "Kim"), (False, True)
    )
]


def standing(
    state: OrderState,
    release: ReleaseState | None = None,
    cancel: CancelState = C.NONE,
    *,
    asked: bool = False,
    held_by: str = "",
    wished_away: bool = False,
) -> Standing:
    return Standing(
        state=state, release=release, cancel=cancel, asked=asked, held_by=held_by, wished_away=wished_away
    )


@pytest.mark.parametrize("state", sorted(NOT_RELEASED), ids=str)
@pytest.mark.parametrize(
    ("choice", "act"), [(Choice.HOLD, Act.KEEP), (Choice.CANCEL, Act.KEEP), (Choice.RELEASE, Act.LET_GO)]
)
def test_what_never_left_us_is_kept_or_let_go(state: OrderState, choice: Choice, act: Act) -> None:
    """Before the hand-over hold and cancel keep the order here, and release lets it go."""
    assert rule_on(choice, standing(state)).act is act


def test_a_plan_that_was_never_sent_can_still_be_held() -> None:
    """While the warehouse is away a planned release waits here: it is held like any order at hand."""
    assert rule_on(Choice.HOLD, standing(S.RELEASING, R.PLANNED)).act is Act.KEEP
    assert rule_on(Choice.HOLD, standing(S.RELEASING, R.UNKNOWN)).act is None


@pytest.mark.parametrize("state", sorted(AT_WAREHOUSE), ids=str)
def test_nothing_is_held_at_the_warehouse(state: OrderState) -> None:
    """An order that was handed over cannot be held, and the answer names what is possible."""
    ruling = rule_on(Choice.HOLD, standing(state, R.ACCEPTED))
    assert ruling.act is None
    assert ("cancel" in ruling.why) == (state is not S.DISPATCHED)


@pytest.mark.parametrize(
    ("now", "act"),
    [
        (standing(S.RELEASED, R.ACCEPTED), Act.STOP),
        (standing(S.RELEASING, R.UNKNOWN), Act.STOP),
        (standing(S.PART_DISPATCHED, R.ACCEPTED), Act.STOP),
        (standing(S.RELEASED, R.ACCEPTED, C.SENT), Act.NOTHING),
        (standing(S.RELEASED, R.REJECTED), Act.GIVE_UP),
        (standing(S.RELEASED, R.REJECTED, C.CANCELED), Act.GIVE_UP),
        (standing(S.RELEASED, R.ACCEPTED, C.TOO_LATE), None),
        (standing(S.DISPATCHED, R.ACCEPTED), None),
    ],
)
def test_cancel_asks_the_warehouse_once(now: Standing, act: Act | None) -> None:
    """What the warehouse may have is asked back, what it rejected is given up, what has left stays."""
    assert rule_on(Choice.CANCEL, now).act is act


@pytest.mark.parametrize(
    ("now", "act"),
    [
        (standing(S.RELEASED, R.ACCEPTED, C.PLANNED, held_by="Kim"), Act.RESUME),
        (standing(S.RELEASED, R.ACCEPTED, C.PLANNED, asked=True, held_by="Kim"), None),
        (standing(S.RELEASED, R.ACCEPTED, C.SENT, asked=True, held_by="Kim"), None),
        (standing(S.RELEASED, R.REJECTED, C.CANCELED, asked=True, held_by="Kim"), Act.ASK_AGAIN),
        (standing(S.RELEASED, R.REJECTED, held_by="Kim"), Act.ASK_AGAIN),
        (standing(S.RELEASED, R.REJECTED), Act.NOTHING),
        (standing(S.DISPATCHED, R.ACCEPTED, C.TOO_LATE), Act.NOTHING),
        (standing(S.RELEASED, R.ACCEPTED), Act.NOTHING),
        (standing(S.RELEASED, R.ACCEPTED, wished_away=True), Act.RESUME),
        (standing(S.DISPATCHED, R.ACCEPTED, wished_away=True), Act.RESUME),
        (standing(S.RELEASED, R.REJECTED, wished_away=True), Act.ASK_AGAIN),
    ],
)
def test_release_takes_back_what_can_be_taken_back(now: Standing, act: Act | None) -> None:
    """A wish that the warehouse has not heard of is dropped; one that it carried out has to be talked over."""
    assert rule_on(Choice.RELEASE, now).act is act


@pytest.mark.parametrize(
    ("held_by", "wished_away", "why"),
    [
        ("", False, ""),
        ("Kim", False, "the hold of Kim is taken off"),
        ("", True, "it is shipped although the buyer asked to cancel it"),
        (
            "Kim",
            True,
            "the hold of Kim is taken off, and it is shipped although the buyer asked to cancel it",
        ),
    ],
)
def test_a_release_says_what_it_overrules(held_by: str, wished_away: bool, why: str) -> None:
    """A person's hold and a buyer's wish are named as far as they stand in the way."""
    ruling = rule_on(Choice.RELEASE, standing(S.HELD, held_by=held_by, wished_away=wished_away))
    assert (ruling.act, ruling.why) == (Act.LET_GO, why)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("state", [S.CANCELED, S.FOREIGN, S.CLOSED], ids=str)
def test_what_is_over_is_over(choice: Choice, state: OrderState) -> None:
    """Nobody decides about an order that Amazon canceled, that somebody else shipped, or that is done."""
    assert rule_on(choice, standing(state, R.ACCEPTED)).act is None


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_every_answer_is_plain(choice: Choice) -> None:
    """Wherever an order stands, a refusal says why; no answer has a word of the machines."""
    for now in STANDINGS:
        ruling = rule_on(choice, now)
        assert ruling.why or ruling.act is Act.LET_GO
        assert not ruling.why.endswith(".")
        assert not any(word in ruling.why for word in (*S, *R, "_"))
