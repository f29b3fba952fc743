"""The page of what needs somebody: whose, by when, what happened, what to do, most urgent first."""

from datetime import timedelta

import pytest

from domain.manners import MANNERS
from domain.problem_kinds import ProblemKind
from domain.watch.notices import Watched, by_cause
from domain.watch.to_do import Fix, first_unseen, headline, to_do_page
from tests.domain.examples import NOW, UK, hours
from tests.domain.watch.notice_examples import CARRIER, watched

MINUTE = timedelta(minutes=1)
FIX = Fix(form="http://ui/form", acknowledge="http://ui/ack")


def page(*problems: Watched, fix: Fix = FIX) -> str:
    parts = by_cause(problems, NOW)
    return to_do_page(parts, {part.group: fix for part in parts}, NOW)


def test_one_cause_is_one_block() -> None:
    """A thousand orders of one SKU are one block: the first due, the count, what to do, where, the numbers."""
    found = [watched(n, due=NOW + hours(5) + n * MINUTE) for n in range(1, 1001)]
    numbers = ", ".join(map(str, range(1, 11)))
    assert page(*found).split("\n\n") == [
        "### Ecommerce: the first by 14:01 UTC (5 h left)",
        "**1,000 orders: nobody mapped seller SKU MUG.**",
        MANNERS[ProblemKind.UNMAPPED_SKU].next_step,
        f"Form [map-sku](http://ui/form) · problems {numbers} and 990 more ([acknowledge 1](http://ui/ack))",
    ]


def test_the_most_urgent_stands_first_and_each_team_is_counted() -> None:
    """Blocks go by their first moment; what has none comes last, and the headline counts by team."""
    found = (
        watched(1, cause="LATER", due=NOW + hours(9)),
        watched(2, cause="NEVER", due=None),
        watched(3, kind=CARRIER, cause="OVER", due=NOW - hours(1)),
    )
    told = page(*found)
    heads = [line for line in told.splitlines() if line.startswith("### ")]
    assert heads == [
        "### Operations: was due 08:00 UTC (over by 1 h)",
        "### Ecommerce: act by 18:00 UTC (9 h left)",
        "### Ecommerce: when there is time",
    ]
    counted = "3 things need somebody, most urgent first: ecommerce 2, operations 1."
    assert headline(by_cause(found, NOW), NOW) == counted
    assert headline(by_cause(found[:1], NOW), NOW) == "1 thing needs somebody: ecommerce."


@pytest.mark.parametrize(
    ("kind", "affected", "waits"),
    [(CARRIER, 1, ""), (CARRIER, 1200, " 1,200 parcels wait for it."), (ProblemKind.THROTTLED, 9, "")],
)
def test_one_problem_speaks_for_itself(kind: ProblemKind, affected: int, waits: str) -> None:
    """Its sentence stands there whole, and after it how many orders or parcels wait for it."""
    problem = watched(kind=kind, affected=affected)
    assert page(problem).split("\n\n")[1] == f"**{problem.summary}{waits}**"


def test_a_long_list_is_cut_and_counted() -> None:
    """Of 53 causes 50 are blocks, and the rest are a number."""
    told = page(*(watched(n, cause=f"S{n}") for n in range(53)))
    assert told.count("### ") == 50
    assert told.endswith("And 3 more, less urgent: the table open-problems has them.")


def test_an_empty_list_is_one_line_that_stands_for_an_hour() -> None:
    """When nothing is open, that is all; the line names the hour, so that it is not written each minute."""
    line = "Nothing needs anybody, as of Nov 27 09:00 UTC."
    assert to_do_page((), {}, NOW) == headline((), NOW) == line
    assert headline((), NOW + 59 * MINUTE) == line != headline((), NOW + 60 * MINUTE)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([""], "problem 1 ([acknowledge](http://ui/ack))"),
        (["Kim"], "problem 1 · acknowledged by Kim"),
        (["Kim", ""], "problems 1, 2 ([acknowledge 2](http://ui/ack)) · acknowledged by Kim (1 of 2)"),
        (["Kim", "Ada", "Kim"], "problems 1, 2, 3 · acknowledged by Ada, Kim"),
    ],
)
def test_who_has_acknowledged_stands_there(seen: list[str], words: str) -> None:
    """The names of those who know of it, of how many, and the form for the first that nobody acknowledged."""
    found = [watched(n, acknowledged_by=name) for n, name in enumerate(seen, 1)]
    assert page(*found).splitlines()[-1] == f"Form [map-sku](http://ui/form) · {words}"
    (part,) = by_cause(found, NOW)
    unseen = first_unseen(part)
    assert (unseen.id if unseen else None) == next((n for n, name in enumerate(seen, 1) if not name), None)


def test_a_form_for_one_at_a_time_names_the_one() -> None:
    """Where a form settles one order or parcel, the block says which one it is filled in for."""
    found = [watched(n, kind=ProblemKind.TRACKING_MISSING, cause="main") for n in (1, 2)]
    single = Fix(form="http://ui/form", acknowledge="http://ui/ack", single=True)
    assert "Form [correct-tracking](http://ui/form) for 026-1234567-0000001 · " in page(*found, fix=single)
    assert "Form [correct-tracking](http://ui/form) · " in page(found[0], fix=single)


def test_words_of_others_are_shown_as_they_are() -> None:
    """What a warehouse calls its carrier makes no headings, links or markup, and a marketplace has its name."""
    found = [watched(n, kind=CARRIER, cause=f"main / [*OWL*](x) <b>_1|\n# in {UK}") for n in (1, 2)]
    assert r"mapped for main / \[\*OWL\*\](x) \<b\>\_1\| \# in Amazon UK.**" in page(*found)


@pytest.mark.parametrize("kind", ProblemKind, ids=lambda kind: kind.value)
def test_every_kind_has_its_block(kind: ProblemKind) -> None:
    """Each kind names its team, its next step and, where there is one, its form."""
    told = page(watched(kind=kind))
    manner = MANNERS[kind]
    assert told.startswith(f"### {manner.owner.replace('_', ' ').capitalize()}: act by ")
    assert ("Form [" in told) is (manner.form not in ("", "acknowledge-problem"))
    assert "problem 1" in told.lower()
