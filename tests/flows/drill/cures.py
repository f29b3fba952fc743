"""Cures that several plants share."""

from collections.abc import Callable

from flows.acknowledge_problem import acknowledge_problem
from tests.flows.drill.house import Drill, K


def acknowledged(kind: K) -> Callable[[Drill], None]:
    """A person says that it is settled."""

    def cure(drill: Drill) -> None:
        [found] = drill.ask(
            "SELECT id FROM report.problems WHERE kind = :kind AND cleared_at IS NULL", kind=kind
        )
        acknowledge_problem("It is settled.", your_name="Ada", problem=found["id"])

    return cure


def faults_end(seller: str) -> Callable[[Drill], None]:
    """Amazon answers this seller account as it should again."""
    return lambda drill: drill.sellers[seller].faults_end()
