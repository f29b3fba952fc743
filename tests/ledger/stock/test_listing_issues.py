"""Issues and suppressed listings: what Amazon finds wrong is kept, and told when buyers cannot buy."""

import pytest

from domain.amazon import IssueSeverity, ListingIssue
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.stock.listing_issues import open_issues, record_issues
from tests.factories import GB, HOUR, MINUTE, NOW
from tests.ledger.quantities import effective, listed, look, plan, publish, see, seen
from tests.ledger.walk import problems

SUPPRESSED = ListingIssue(
    severity=IssueSeverity.WARNING,
    code="18027",
    message="The main image is missing.",
    actions=("SEARCH_SUPPRESSED",),
)


def test_a_suppressed_listing_is_shown_once_until_amazon_shows_it_again(ledger: Ledger) -> None:
    """Looks repeat, the problem does not; it is gone with its cause."""
    effective(ledger, 9)
    for at in (NOW + HOUR, NOW + 2 * HOUR):
        see(ledger, seen("A", 9, SUPPRESSED), now=at)
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == (
        ProblemKind.LISTING_SUPPRESSED,
        "ecommerce",
        f"main A in {GB}",
    )
    assert "although 9 units are offered: the listing is left out of the search (18027" in found.summary
    assert found.opened_at == NOW + HOUR
    see(ledger, seen("A", 9), now=NOW + 3 * HOUR)
    assert problems(ledger) == ()


@pytest.mark.parametrize("units", [None, 0])
def test_what_we_do_not_offer_is_never_a_suppressed_listing(ledger: Ledger, units: int | None) -> None:
    """A listing that was never published, is taken off or offers nothing bothers nobody."""
    listed(ledger, {"NEW": 3})
    effective(ledger, 9)
    see(ledger, seen("A", 9, SUPPRESSED), now=NOW + MINUTE)
    plan(ledger, {"A": 0}, now=NOW + HOUR)
    publish(ledger, now=NOW + HOUR)
    see(ledger, seen("A", units, SUPPRESSED), seen("NEW", 3, SUPPRESSED), now=NOW + 2 * HOUR)
    assert problems(ledger) == ()


def test_issues_keep_the_moment_since_which_they_are_there(ledger: Ledger) -> None:
    """An issue that a look finds again is as old as before; the table has the worst first and a true count."""
    effective(ledger, 9, "A", "B", "C")
    broken = ListingIssue(severity=IssueSeverity.ERROR, code="90220", message="A price is required.")
    note = ListingIssue(severity=IssueSeverity.INFO, code="1", message="By the way.")
    minor = ListingIssue(severity=IssueSeverity.WARNING, code="2", message="Too short.")
    see(ledger, seen("A", 9, note, minor), seen("C", 9, buyable=False), now=NOW + HOUR)
    see(ledger, seen("A", 9, minor, note, broken), seen("B", 9, SUPPRESSED), now=NOW + 2 * HOUR)
    with ledger.begin() as conn:
        rows, count = open_issues(conn, "main", 4)
    assert count == 5
    assert [(row["seller_sku"], row["code"]) for row in rows] == [
        ("A", "90220"),
        ("B", "18027"),
        ("C", ""),
        ("A", "2"),
    ]
    assert rows[3]["since"] == (NOW + HOUR).isoformat()
    look(ledger, {"A": 9, "B": 9, "C": 9}, now=NOW + 3 * HOUR)
    with ledger.begin() as conn:
        assert open_issues(conn, "main", 4) == ([], 0)


def test_the_issues_of_a_refused_quantity_are_kept_while_it_is_refused(ledger: Ledger) -> None:
    """Amazon shows the listing as sound; the number is not in effect for the reason that was given."""
    effective(ledger, 9)
    plan(ledger, {"A": 5}, now=NOW + MINUTE)
    publish(ledger, accepted=False, now=NOW + MINUTE)
    broken = ListingIssue(severity=IssueSeverity.ERROR, code="90220", message="A price is required.")
    with ledger.begin() as conn:
        record_issues(conn, 1, [broken], NOW + MINUTE)
    look(ledger, {"A": 9}, now=NOW + HOUR)
    with ledger.begin() as conn:
        (row,), _ = open_issues(conn, "main", 4)
    assert (row["code"], row["since"]) == ("90220", (NOW + MINUTE).isoformat())
    plan(ledger, {"A": 6}, now=NOW + HOUR)
    publish(ledger, now=NOW + HOUR)
    look(ledger, {"A": 6}, now=NOW + 2 * HOUR)
    with ledger.begin() as conn:
        assert open_issues(conn, "main", 4) == ([], 0)
