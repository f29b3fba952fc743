"""Laws that hold for every decision about an order, from every state, whatever else is wrong with it."""

from itertools import product

import pytest

from domain.amazon import AmazonStatus
from domain.orders.order import (
    AT_WAREHOUSE,
    CLOSED_STATES,
    NEXT_STATES,
    NOT_RELEASED,
    ORDER_KINDS,
    OrderDecision,
    OrderFacts,
    OrderState,
    decide_order,
)
from tests.domain.examples import (
    MAPS,
    ORDER_ID,
    facts,
)

S, A = OrderState, AmazonStatus
KNOWN = (None, *OrderState)
PENDING = (A.PENDING, A.PENDING_AVAILABILITY)
SHIPPABLE = (A.UNSHIPPED, A.PARTIALLY_SHIPPED)
BEFORE_RELEASE = (None, S.PENDING, S.READY, S.HELD)
MAYBE_AT_WAREHOUSE = (S.RELEASING, S.RELEASED, S.PART_DISPATCHED, S.DISPATCHED)
SCENES = tuple(product(KNOWN, AmazonStatus))


def _name(value: object) -> str:
    return getattr(value, "name", str(value)).lower()


# Everything besides status and state that a decision may look at: 32 combinations.
TWISTS = tuple(product((False, True), repeat=5))


def _twisted(status: AmazonStatus, twist: tuple[bool, ...]) -> tuple[OrderFacts, bool]:
    cancel, sku, service, address, held = twist
    seen = facts(
        status=status,
        cancel_requested=cancel,
        seller_skus=("NOBODY-KNOWS",) if sku else ("MUG",),
        service_level="Teleport" if service else "Standard",
        address_gaps=("city",) if address else (),
    )
    return seen, held


def _decisions(
    known: OrderState | None, status: AmazonStatus
) -> list[tuple[OrderFacts, bool, OrderDecision]]:
    scenes = [_twisted(status, twist) for twist in TWISTS]
    return [(seen, held, decide_order(seen, known, MAPS, held_by_person=held)) for seen, held in scenes]


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_every_decision_is_an_allowed_step(known: OrderState | None, status: AmazonStatus) -> None:
    """Whatever is decided, the order stays where it is or may step there: no page can break the ledger."""
    for seen, held, decision in _decisions(known, status):
        allowed = known is None or decision.state is known or decision.state in NEXT_STATES[known]
        assert allowed, f"{known} does not lead to {decision.state} (held={held}, {seen})"


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_only_shippable_orders_become_ready(known: OrderState | None, status: AmazonStatus) -> None:
    """READY is decided for UNSHIPPED and PARTIALLY_SHIPPED orders without any fault, and for no other."""
    for seen, held, decision in _decisions(known, status):
        if decision.state is S.READY:
            assert known in BEFORE_RELEASE
            assert status in SHIPPABLE
            assert not any((held, seen.cancel_requested, seen.address_gaps))


@pytest.mark.parametrize("status", PENDING, ids=_name)
@pytest.mark.parametrize("known", BEFORE_RELEASE, ids=_name)
def test_pending_is_never_released(known: OrderState | None, status: AmazonStatus) -> None:
    """An order whose payment is not confirmed waits as PENDING, without bothering anybody."""
    for _, _, decision in _decisions(known, status):
        assert decision == OrderDecision(state=S.PENDING)


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_only_a_cancellation_stops_the_warehouse(known: OrderState | None, status: AmazonStatus) -> None:
    """The warehouse is asked to stop exactly when Amazon canceled an order that it may have."""
    for _, _, decision in _decisions(known, status):
        assert decision.stop_at_warehouse == (status is A.CANCELED and known in MAYBE_AT_WAREHOUSE)


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_a_second_look_decides_the_same_state(known: OrderState | None, status: AmazonStatus) -> None:
    """Pages overlap: the same answer seen again moves nothing and asks the warehouse nothing again."""
    for seen, held, first in _decisions(known, status):
        second = decide_order(seen, first.state, MAPS, held_by_person=held)
        assert second.state is first.state
        assert not (second.stop_at_warehouse and first.stop_at_warehouse)


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_a_second_look_keeps_the_problems_open(known: OrderState | None, status: AmazonStatus) -> None:
    """A problem does not clear itself while nothing changed: a person would never see it.

    An order that is settled is not judged again; the ledger leaves its problems open.
    """
    for seen, held, first in _decisions(known, status):
        if first.state in CLOSED_STATES:
            continue
        second = decide_order(seen, first.state, MAPS, held_by_person=held)
        again = {problem.kind for problem in second.problems}
        lost = {problem.kind for problem in first.problems} - again
        assert not lost & ORDER_KINDS, f"{known} and {status}: {sorted(lost)} is cleared at the next look"


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_a_reason_belongs_to_held(known: OrderState | None, status: AmazonStatus) -> None:
    """A held order names its reason and shows it as a problem; no other order has one."""
    for _, _, decision in _decisions(known, status):
        assert (decision.held_for is not None) == (decision.state is S.HELD)
        if decision.held_for is not None:
            assert decision.held_for is decision.problems[0].kind


@pytest.mark.parametrize(("known", "status"), SCENES, ids=_name)
def test_problems_name_the_order(known: OrderState | None, status: AmazonStatus) -> None:
    """Each problem is one sentence about this order, due when the order is, and of a kind that can clear."""
    for _, _, decision in _decisions(known, status):
        for problem in decision.problems:
            assert problem.subject == ORDER_ID
            assert problem.summary.startswith(f"Order {ORDER_ID}: ")
            assert problem.summary.endswith(".")
            assert problem.act_by == facts().confirm_by
            assert problem.kind in ORDER_KINDS


def test_every_first_decision_happens() -> None:
    """An order never seen before can be pending, ready, held, canceled or shipped by somebody else."""
    first = {decision.state for status in AmazonStatus for _, _, decision in _decisions(None, status)}
    assert first == {S.PENDING, S.READY, S.HELD, S.CANCELED, S.FOREIGN}


@pytest.mark.parametrize("known", [S.CANCELED, S.FOREIGN], ids=_name)
@pytest.mark.parametrize("status", AmazonStatus, ids=_name)
def test_the_ends_are_final(known: OrderState, status: AmazonStatus) -> None:
    """A canceled or foreign order never moves again, whatever Amazon shows."""
    for _, _, decision in _decisions(known, status):
        assert decision.state is known
        assert not decision.stop_at_warehouse
    assert not NEXT_STATES[known]


def test_next_states_are_total() -> None:
    """Every state says where it leads, and only to states of the machine other than itself."""
    assert set(NEXT_STATES) == set(OrderState)
    assert all(state not in after and after <= set(OrderState) for state, after in NEXT_STATES.items())


def test_every_state_can_be_reached() -> None:
    """From the decisions that start an order, the steps lead to every state."""
    reached = {S.PENDING, S.READY, S.HELD, S.CANCELED, S.FOREIGN}
    for _ in OrderState:
        reached |= {after for state in reached for after in NEXT_STATES[state]}
    assert reached == set(OrderState)


def test_every_state_has_one_place() -> None:
    """Each state is before release, at the warehouse or closed, and in one of the three only."""
    places = [*NOT_RELEASED, *AT_WAREHOUSE, *CLOSED_STATES]
    assert len(places) == len(set(places)) == len(OrderState)


def test_nothing_is_released_twice() -> None:
    """No state from which the warehouse may have an order leads back to READY or RELEASING."""
    for state in OrderState:
        if state not in NOT_RELEASED:
            assert not NEXT_STATES[state] & {S.READY, S.RELEASING, S.HELD, S.PENDING}
    assert [state for state in OrderState if S.RELEASING in NEXT_STATES[state]] == [S.READY]
