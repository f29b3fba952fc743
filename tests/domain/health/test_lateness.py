"""Why an order counts as late: each place it can be at has a cause, in words, and a team."""

import pytest

from domain.health.lateness import LATE_BY, HeldAt, cause_of
from domain.orders.order import HOLD_ORDER
from domain.problems import MANNERS, ProblemKind, Team


@pytest.mark.parametrize("held_at", list(HeldAt))
def test_every_place_is_somebodys(held_at: HeldAt) -> None:
    """Each is one of the four that the report knows, in words that nobody else has."""
    cause = LATE_BY[held_at]
    assert cause.whose in {"warehouse", "seller", "lockstep", "amazon"}
    assert [other.words for other in LATE_BY.values()].count(cause.words) == 1
    assert (cause.whose == "warehouse") is (cause.owner is Team.WAREHOUSE)


@pytest.mark.parametrize("kind", HOLD_ORDER)
def test_what_held_an_order_names_its_team(kind: ProblemKind) -> None:
    """A held order is the team's that the problem belonged to, and says for what it was held."""
    cause = cause_of(HeldAt.HELD, kind)
    assert cause.owner is MANNERS[kind].owner
    assert cause.words == f"it was held when it became late: {kind.replace('_', ' ')}"


def test_an_unknown_reason_is_operations() -> None:
    """When nobody can tell any more why it was held, operations is asked; only what is held has a reason."""
    assert cause_of(HeldAt.HELD) == LATE_BY[HeldAt.HELD]
    assert cause_of(HeldAt.NOT_CROSSED, "bad_address") == LATE_BY[HeldAt.NOT_CROSSED]
