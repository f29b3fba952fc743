"""What follows from one look at an order: released once, held with a reason, stopped or left alone."""

from itertools import product

import pytest

from domain.amazon import AmazonStatus
from domain.orders.order import (
    OrderDecision,
    OrderState,
    decide_order,
)
from domain.problems import ProblemKind, Team
from tests.domain.examples import (
    MAPS,
    facts,
)

S, A, K = OrderState, AmazonStatus, ProblemKind
KNOWN = (None, *OrderState)
PENDING = (A.PENDING, A.PENDING_AVAILABILITY)
SHIPPABLE = (A.UNSHIPPED, A.PARTIALLY_SHIPPED)
BEFORE_RELEASE = (None, S.PENDING, S.READY, S.HELD)
MAYBE_AT_WAREHOUSE = (S.RELEASING, S.RELEASED, S.PART_DISPATCHED, S.DISPATCHED)
SCENES = tuple(product(KNOWN, AmazonStatus))


def _name(value: object) -> str:
    return getattr(value, "name", str(value)).lower()


def _expected(known: OrderState | None, status: AmazonStatus) -> OrderState:
    """Where a clean order belongs, by the words of DESIGN section 4."""
    if known in BEFORE_RELEASE:
        by_status = {
            A.PENDING: S.PENDING,
            A.PENDING_AVAILABILITY: S.PENDING,
            A.UNSHIPPED: S.READY,
            A.PARTIALLY_SHIPPED: S.READY,
            A.SHIPPED: S.FOREIGN,
            A.CANCELED: S.CANCELED,
            A.UNFULFILLABLE: S.HELD,
            A.UNKNOWN: S.HELD,
        }
        return by_status[status]
    assert known is not None
    return S.CANCELED if status is A.CANCELED and known in MAYBE_AT_WAREHOUSE else known


# What becomes of a closed order that Amazon cancels is left to the property of the allowed steps below.
CLEAN = [scene for scene in SCENES if scene != (S.CLOSED, A.CANCELED)]


@pytest.mark.parametrize(("known", "status"), CLEAN, ids=_name)
def test_every_status_meets_every_state(known: OrderState | None, status: AmazonStatus) -> None:
    """An order with nothing wrong goes where Amazon's status sends it, from every state."""
    assert decide_order(facts(status=status), known, MAPS).state is _expected(known, status)


@pytest.mark.parametrize("known", [S.PENDING, S.READY, S.HELD], ids=_name)
def test_shipped_before_release_is_a_problem(known: OrderState) -> None:
    """An order that Lockstep knew and somebody else shipped is FOREIGN and shown to a person."""
    decision = decide_order(facts(status=A.SHIPPED), known, MAPS)
    assert decision.state is S.FOREIGN
    assert [problem.kind for problem in decision.problems] == [K.CONFIRMED_ELSEWHERE]


def test_shipped_before_first_sight_is_history() -> None:
    """An order that was shipped before Lockstep saw it bothers nobody."""
    assert decide_order(facts(status=A.SHIPPED), None, MAPS) == OrderDecision(state=S.FOREIGN)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (S.RELEASING, True),
        (S.RELEASED, True),
        (S.PART_DISPATCHED, False),
        (S.DISPATCHED, False),
        (S.CLOSED, False),
    ],
    ids=_name,
)
def test_shipped_before_dispatch_is_a_problem(known: OrderState, shown: bool) -> None:
    """Shipped at Amazon without a parcel of the warehouse means that somebody else confirmed it."""
    kinds = [problem.kind for problem in decide_order(facts(status=A.SHIPPED), known, MAPS).problems]
    assert kinds == [K.CONFIRMED_ELSEWHERE] * shown


@pytest.mark.parametrize("known", [S.RELEASING, S.RELEASED, S.PART_DISPATCHED], ids=_name)
@pytest.mark.parametrize("status", SHIPPABLE, ids=_name)
def test_a_wish_to_cancel_after_release_is_shown(known: OrderState, status: AmazonStatus) -> None:
    """While units wait at the warehouse, the buyer's wish goes to customer service and stops nothing itself."""
    decision = decide_order(facts(status=status, cancel_requested=True), known, MAPS)
    assert decision.state is known
    assert not decision.stop_at_warehouse
    assert [problem.kind for problem in decision.problems] == [K.CANCEL_REQUESTED]
    assert decision.problems[0].manner.owner is Team.CUSTOMER_SERVICE


@pytest.mark.parametrize("known", MAYBE_AT_WAREHOUSE, ids=_name)
@pytest.mark.parametrize("status", [A.PENDING, A.UNSHIPPED, A.PARTIALLY_SHIPPED, A.UNFULFILLABLE], ids=_name)
def test_maps_do_not_matter_after_release(known: OrderState, status: AmazonStatus) -> None:
    """What the warehouse has is not held by a map that changed afterwards."""
    seen = facts(
        status=status, seller_skus=("NOBODY-KNOWS",), service_level="Teleport", address_gaps=("city",)
    )
    assert decide_order(seen, known, MAPS) == OrderDecision(state=known)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (S.RELEASING, [K.HELD_BY_PERSON]),
        (S.RELEASED, [K.CANCEL_REQUESTED]),
        (S.PART_DISPATCHED, [K.CANCEL_REQUESTED]),
        (S.DISPATCHED, []),
    ],
    ids=str,
)
def test_what_a_person_stopped_stays_shown(known: OrderState, shown: list[K]) -> None:
    """Until Amazon cancels it or it has left, an order that a person does not want shipped names that person."""
    decision = decide_order(facts(held_by="Kim"), known, MAPS, held_by_person=True)
    assert (decision.state, [problem.kind for problem in decision.problems]) == (known, shown)
    assert all("Kim" in problem.summary for problem in decision.problems)
