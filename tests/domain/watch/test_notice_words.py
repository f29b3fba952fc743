"""What a message says: plain English that counts, names the moment and the form, and no id without its meaning."""

from dataclasses import replace

import pytest

from domain.problems import ProblemKind
from domain.watch.notice_words import SHARED, UNITS, body_lines, due_words, kind_words, subject_line
from domain.watch.notices import Notice, Stage, What, decide_notices
from tests.domain.examples import NOW, UK, hours
from tests.domain.watch.notice_examples import CARRIER, watched


def only(*problems: object, **changes: object) -> Notice:
    """The one message about these problems."""
    (notice,) = decide_notices(problems, [], [], NOW)  # type: ignore[arg-type]
    return replace(notice, **changes)  # type: ignore[arg-type]


def test_a_thousand_orders_are_counted() -> None:
    """The line counts the orders, says what they share and when the first is due."""
    orders = [watched(n, cause="MUG", due=NOW + hours(5)) for n in range(1000)]
    line = subject_line(only(*orders), NOW)
    assert line == "1,000 orders: nobody mapped seller SKU MUG; the first is due 14:00 UTC"


def test_the_parcels_of_one_carrier_are_counted() -> None:
    """One problem for which a thousand parcels wait is spoken of by its parcels, and its country has a name."""
    cause = f"main / PARCELFORCE in {UK}"
    line = subject_line(only(watched(kind=CARRIER, cause=cause, affected=1000)), NOW)
    assert line == (
        "1,000 parcels: no carrier of Amazon's is mapped for main / PARCELFORCE in Amazon UK;"
        " the first is due Nov 28 09:00 UTC"
    )


def test_one_order_speaks_for_itself() -> None:
    """A single problem is told in its own sentence."""
    line = subject_line(only(watched(1)), NOW)
    assert line == "Order 026-1234567-0000001: nobody mapped its seller SKU MUG; it is due Nov 28 09:00 UTC"


@pytest.mark.parametrize(
    ("left", "start"), [(30, ""), (8, "Still open: "), (0.5, "Last call: "), (-1, "Overdue: ")]
)
def test_an_escalation_says_how_near_it_is(left: float, start: str) -> None:
    """Every stage begins with its own words."""
    due, heard = NOW + hours(left), Stage.NEW
    (notice,) = decide_notices(
        [watched(told=heard, due=due, opened=due - hours(24)), watched(2, due=NOW + hours(99))], [], [], NOW
    )
    assert subject_line(notice, NOW).startswith(f"{start}2 orders: ")
    assert ("was due" in subject_line(notice, NOW)) == (left < 0)


def test_what_has_no_order_is_to_be_settled() -> None:
    """Where no order is due, the moment is one to act by."""
    away = watched(kind=ProblemKind.STRANGER_UNREACHABLE, cause="Amazon (main)", due=NOW + hours(1))
    assert subject_line(only(away), NOW).endswith("; to be settled by 10:00 UTC")


def test_the_body_says_what_to_do() -> None:
    """The next step stands in the body, after the first order's own sentence and how many are new."""
    old, new = watched(1, told=Stage.NEW), watched(2)
    lines = body_lines(only(old, new))
    assert lines[0] == "1 of them are new."
    assert lines[1].startswith("The first: Order 026-1234567-0000001")
    assert lines[2].startswith("What to do: Run the form map-sku")


def test_a_digest_counts_each_kind() -> None:
    """A digest names its most urgent problem in its line and counts the rest by kind."""
    many = [watched(n, cause=f"SKU-{n}") for n in range(6)]
    (digest,) = decide_notices(many, [], [], NOW)
    assert subject_line(digest, NOW).startswith(
        "6 things need you, the most urgent: Order 026-1234567-0000000"
    )
    assert body_lines(digest) == ("6 orders: unmapped SKU, 6 causes",)


def test_what_has_no_name_is_counted_as_problems() -> None:
    """Two rates at risk are two problems, however many orders each still could save."""
    rates = [watched(n, kind=ProblemKind.HEALTH_AT_RISK, cause="main", affected=4) for n in range(2)]
    assert subject_line(only(*rates), NOW).startswith("2 problems, the first: Order 026-1234567-0000000")


def test_an_end_says_what_is_over() -> None:
    """A clearing repeats what it is about and asks for nothing."""
    (notice,) = decide_notices([], [watched(n, told=Stage.NEW) for n in range(3)], [], NOW)
    assert subject_line(notice, NOW) == "Settled: 3 orders: nobody mapped seller SKU MUG"
    assert body_lines(notice) == ("Nothing is left to do.",)


def test_a_moment_of_another_day_names_it() -> None:
    """The day stands before the time when it is not today."""
    assert due_words(NOW, NOW) == "09:00 UTC"
    assert due_words(NOW + hours(24), NOW) == "Nov 28 09:00 UTC"
    assert due_words(None, NOW) == ""


@pytest.mark.parametrize("kind", ProblemKind, ids=lambda kind: kind.value)
def test_no_message_shows_a_word_of_the_code(kind: ProblemKind) -> None:
    """Of every kind, several problems and an end are told in one plain line without underscores or raw ids."""
    found = [replace(watched(n, kind=kind, cause=f"x in {UK}"), summary="It is so.") for n in range(2)]
    opened = only(*found)
    over = replace(opened, what=What.CLEARED)
    for line in (subject_line(opened, NOW), subject_line(over, NOW), *body_lines(opened), kind_words(kind)):
        assert "_" not in line
        assert "\n" not in line
        assert UK not in line
    assert kind not in SHARED or kind in UNITS
