"""The closed list of what can need a person: each kind owned, ranked and answered in plain words."""

import re

import pytest

from domain.orders.order import HOLD_ORDER
from domain.problems import MANNERS, Manner, Problem, ProblemKind, Severity, Team
from tests.domain.examples import NOW, ORDER_ID

K, T = ProblemKind, Team
TEAMS = {"operations", "ecommerce", "customer_service", "finance", "warehouse", "integration"}
ALL = pytest.mark.parametrize("kind", ProblemKind, ids=lambda kind: kind.value)


def test_the_teams_are_the_six_of_the_configuration() -> None:
    """Owners are spelled as in lockstep.toml, and there is no seventh."""
    assert {team.value for team in Team} == TEAMS


def test_every_kind_has_a_manner_and_no_other() -> None:
    """Nothing can be opened that nobody owns, and no manner is left over."""
    assert set(MANNERS) == set(ProblemKind)


@ALL
def test_a_kind_has_an_owner_and_a_severity(kind: ProblemKind) -> None:
    """Every kind belongs to a team of the closed list and says how much it hurts."""
    assert MANNERS[kind].owner in Team
    assert MANNERS[kind].severity in Severity


@ALL
def test_a_next_step_is_plain(kind: ProblemKind) -> None:
    """The next step is one or two sentences without gaps, short enough for a Slack message."""
    step = MANNERS[kind].next_step
    assert step == " ".join(step.split())
    assert step[0].isupper()
    assert step.endswith(".")
    assert 20 < len(step) < 240
    assert not re.search(r"TODO|FIXME|XXX|tbd|[{}<>%]|\.\.", step, re.IGNORECASE)


@ALL
def test_a_next_step_tells_somebody_to_act(kind: ProblemKind) -> None:
    """The words of a programmer do not appear: no class, no exception, no HTTP status."""
    assert not re.search(r"\b(Exception|Traceback|HTTP|null|None|API|[45]\d\d)\b", MANNERS[kind].next_step)


def test_no_two_kinds_have_the_same_next_step() -> None:
    """A kind that is answered like another would be the other."""
    steps = [manner.next_step for manner in MANNERS.values()]
    assert len(set(steps)) == len(steps)


@ALL
def test_a_kind_is_one_word(kind: ProblemKind) -> None:
    """A kind is spelled in small letters as its name, fit for a table, a filter and an event."""
    assert kind.value == kind.name.lower()
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.value)


@pytest.mark.parametrize(
    ("kind", "owner"),
    [
        (K.UNMAPPED_SKU, T.ECOMMERCE),
        (K.UNMAPPED_SHIP_METHOD, T.OPERATIONS),
        (K.BAD_ADDRESS, T.CUSTOMER_SERVICE),
        (K.CANCEL_REQUESTED, T.CUSTOMER_SERVICE),
        (K.CANCEL_TOO_LATE, T.CUSTOMER_SERVICE),
        (K.REJECTED_BY_WAREHOUSE, T.WAREHOUSE),
        (K.RELEASE_UNANSWERED, T.WAREHOUSE),
        (K.TRACKING_MISSING, T.WAREHOUSE),
        (K.CONTENTS_UNKNOWN, T.WAREHOUSE),
        (K.FILE_SET_ASIDE, T.WAREHOUSE),
        (K.CARRIER_UNMAPPED, T.OPERATIONS),
        (K.TRACKING_REFUSED, T.INTEGRATION),
        (K.TRACKING_UNPROVEN, T.INTEGRATION),
        (K.TRACKING_CONTRADICTED, T.INTEGRATION),
        (K.CREDENTIALS_REFUSED, T.INTEGRATION),
        (K.STRANGER_UNREACHABLE, T.INTEGRATION),
    ],
    ids=str,
)
def test_owners_are_those_of_the_clock_table(kind: ProblemKind, owner: Team) -> None:
    """Who must act is settled: the seller's teams hold, the warehouse dispatches, integration hands over."""
    assert MANNERS[kind].owner is owner


@pytest.mark.parametrize("kind", HOLD_ORDER, ids=lambda kind: kind.value)
def test_a_held_order_belongs_to_the_seller(kind: ProblemKind) -> None:
    """What holds an order is settled by a team of the seller, never by the warehouse or the integrator."""
    assert MANNERS[kind].owner in {T.OPERATIONS, T.ECOMMERCE, T.CUSTOMER_SERVICE, T.FINANCE}


@pytest.mark.parametrize(
    "kind",
    [K.UNMAPPED_SKU, K.UNMAPPED_SHIP_METHOD, K.BAD_ADDRESS, K.CARRIER_UNMAPPED, K.TRACKING_REFUSED],
    ids=lambda kind: kind.value,
)
def test_what_makes_an_order_late_is_urgent(kind: ProblemKind) -> None:
    """A problem that keeps an order or its tracking back is never ranked below the rest."""
    assert MANNERS[kind].severity is Severity.URGENT


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (K.UNMAPPED_SKU, "lockstep import skus"),
        (K.UNMAPPED_SHIP_METHOD, "lockstep import services"),
        (K.CARRIER_UNMAPPED, "lockstep import carriers"),
    ],
    ids=str,
)
def test_a_missing_row_names_its_command(kind: ProblemKind, command: str) -> None:
    """Where a map lacks a row, the next step is the command that adds it."""
    assert command in MANNERS[kind].next_step


@ALL
def test_a_problem_has_the_manner_of_its_kind(kind: ProblemKind) -> None:
    """A problem carries what is wrong; who and what next come from its kind."""
    problem = Problem(kind=kind, subject=ORDER_ID, summary=f"Order {ORDER_ID}: it waits.", act_by=NOW)
    assert problem.manner is MANNERS[kind]
    assert isinstance(problem.manner, Manner)


def test_a_problem_may_have_no_deadline() -> None:
    """Without a moment after which it costs something, there is none."""
    assert Problem(kind=K.FILE_SET_ASIDE, subject="ack-1.csv", summary="It is cut.").act_by is None
