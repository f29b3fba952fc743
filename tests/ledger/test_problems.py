"""Problems: opened once per kind and subject, and gone with their cause."""

from dataclasses import replace

import sqlalchemy as sa

from domain.problems import MANNERS, Problem, ProblemKind
from ledger.connection import Ledger
from ledger.problems import (
    clear_problems,
    open_problems,
    record_problems,
    settle_problems,
)
from tests.factories import HOUR, MINUTE, NOW

GAP = Problem(kind=ProblemKind.CARRIER_UNMAPPED, subject="main / Pigeon", summary="No carrier.", act_by=NOW)
FILE = Problem(kind=ProblemKind.FILE_SET_ASIDE, subject="stock.csv", summary="Row 3 does not parse.")


def _ids(conn: sa.Connection) -> list[int]:
    return [problem.id for problem in open_problems(conn)]


def test_a_problem_is_opened_once(ledger: Ledger) -> None:
    """Found again, a problem keeps its number and beginning and takes over the latest words and deadline."""
    later = replace(GAP, summary="No carrier, still.", act_by=NOW - HOUR)
    with ledger.begin() as conn:
        assert record_problems(conn, [GAP, FILE], NOW) == 2
        first = _ids(conn)
        assert record_problems(conn, [later], NOW + MINUTE) == 0
        assert _ids(conn) == first
        found = open_problems(conn)[0]
    assert (found.opened_at, found.summary, found.act_by) == (NOW, "No carrier, still.", NOW - HOUR)


def test_of_many_with_one_cause_the_first_speaks(ledger: Ledger) -> None:
    """Several findings of one kind and subject are one problem, in the words of the first."""
    with ledger.begin() as conn:
        assert record_problems(conn, [GAP, replace(GAP, summary="Another order.")], NOW) == 1
        assert [problem.summary for problem in open_problems(conn)] == ["No carrier."]
        assert record_problems(conn, [], NOW) == 0


def test_the_same_run_counts_a_problem_once(ledger: Ledger) -> None:
    """A problem found on two pages of one run, which share their moment, is new once."""
    with ledger.begin() as conn:
        assert record_problems(conn, [GAP], NOW) == 1
        assert record_problems(conn, [GAP], NOW) == 0


def test_a_cleared_problem_that_returns_is_a_new_one(ledger: Ledger) -> None:
    """What was cleared stays in the record; the same cause later opens a problem of its own."""
    with ledger.begin() as conn:
        record_problems(conn, [GAP], NOW)
        assert clear_problems(conn, [GAP.kind], [GAP.subject], NOW + MINUTE) == 1
        assert clear_problems(conn, [GAP.kind], [GAP.subject], NOW + HOUR) == 0
        assert clear_problems(conn, [GAP.kind], [], NOW + HOUR) == 0
        assert _ids(conn) == []
        assert record_problems(conn, [GAP], NOW + HOUR) == 1
        cleared = conn.scalars(sa.text("SELECT cleared_at FROM report.problems ORDER BY id")).all()
    assert cleared == [NOW + MINUTE, None]


def test_settling_makes_the_open_ones_what_was_found(ledger: Ledger) -> None:
    """Of the subjects looked at whatever is not found any more clears; other subjects and kinds stay."""
    other = replace(GAP, subject="main / Owl")
    with ledger.begin() as conn:
        record_problems(conn, [GAP, other, FILE], NOW)
        settle_problems(conn, [GAP.kind], [GAP.subject, FILE.subject], [], NOW)
        assert {problem.subject for problem in open_problems(conn)} == {other.subject, FILE.subject}
        assert settle_problems(conn, [GAP.kind], [GAP.subject, other.subject], [GAP], NOW + MINUTE) == 1
        assert {problem.subject for problem in open_problems(conn)} == {GAP.subject, FILE.subject}


def test_the_most_urgent_stands_first(ledger: Ledger) -> None:
    """Open problems are ordered by the moment they must be settled, those without one last."""
    soon = replace(GAP, subject="soon", act_by=NOW + MINUTE)
    late = replace(GAP, subject="late", act_by=NOW + HOUR)
    with ledger.begin() as conn:
        record_problems(conn, [FILE, late, soon], NOW)
        assert [problem.subject for problem in open_problems(conn)] == ["soon", "late", "stock.csv"]


def test_every_kind_is_kept_with_its_manner(ledger: Ledger) -> None:
    """Owner, severity and next step of each kind are in the row, so that nobody has to look them up."""
    with ledger.begin() as conn:
        record_problems(conn, [Problem(kind=kind, subject="x", summary="y.") for kind in ProblemKind], NOW)
        rows = conn.execute(sa.text("SELECT kind, owner, severity, next_step FROM report.problems"))
        assert {tuple(row) for row in rows} == {
            (kind, manner.owner, manner.severity, manner.next_step) for kind, manner in MANNERS.items()
        }
    assert set(MANNERS) == set(ProblemKind)
