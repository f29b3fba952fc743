"""What the docs copy from the code is what the code says."""

import re

import pytest

from domain.problems import ProblemKind
from tests.docs.diagrams import MACHINES, MANUAL, STATES_PAGE, problem_kinds, with_diagrams, with_manners


def test_the_diagrams_are_the_code_s() -> None:
    """Every drawn machine shows exactly the steps that the code allows."""
    page = STATES_PAGE.read_text(encoding="utf-8")
    assert re.findall(r"<!-- drawn: (\w+) -->", page) == list(MACHINES)
    assert with_diagrams(page) == page, "run python -m tests.docs.diagrams"


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_is_said_in_plain_words(name: str) -> None:
    """The table under a diagram has one row for each state of its machine, in the code's order."""
    page = STATES_PAGE.read_text(encoding="utf-8")
    section = page.partition(f"<!-- drawn: {name} -->")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .{10,} \|$", section, re.MULTILINE)
    assert set(rows) == {str(state) for state in MACHINES[name][1]}
    assert len(rows) == len(set(rows))


def test_every_kind_of_problem_has_its_next_step() -> None:
    """The manual's table has every kind once, with the team, severity and next step of the code."""
    page = MANUAL.read_text(encoding="utf-8")
    assert problem_kinds(page) == [str(kind) for kind in ProblemKind]
    assert with_manners(page) == page, "run python -m tests.docs.diagrams"


def test_drawing_repairs_a_page() -> None:
    """A page that says something else is brought back to what the code says."""
    page = STATES_PAGE.read_text(encoding="utf-8")
    assert with_diagrams(page.replace("READY --> HELD", "READY --> CLOSED")) == page
    manual = MANUAL.read_text(encoding="utf-8")
    assert with_manners(manual.replace("| integration | urgent |", "| finance | normal |")) == manual
