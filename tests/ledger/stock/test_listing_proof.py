"""Read back: a quantity counts when Amazon shows it, and what Amazon shows instead is sent again and told."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from domain.problems import ProblemKind
from domain.stock.listings import ListingState
from ledger.connection import Ledger
from ledger.stock.listings import record_candidates
from tests.factories import GB, HOUR, MINUTE, NOW, amazon_order, line
from tests.ledger.quantities import effective, listed, look, plan, publish, see, seen, to_read
from tests.ledger.walk import ingest, kinds, one, path, problems, states


def test_accepted_is_not_effective(ledger: Ledger) -> None:
    """Only the number that Amazon shows makes a publication effective, at that moment."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    publish(ledger)
    assert look(ledger, {"A": 5}) == {"ACCEPTED": 1}
    assert look(ledger, {"A": 9}, now=NOW + MINUTE) == {"EFFECTIVE": 1}
    row = one(ledger, "SELECT * FROM report.listings WHERE seller_sku = :value", "A")
    assert (row["published"], row["effective"]) == (9, 9)
    assert (row["published_at"], row["effective_at"]) == (NOW, NOW + MINUTE)
    assert path(ledger, "listing") == ["IDLE", "PLANNED", "SENT", "ACCEPTED", "EFFECTIVE"]


def test_what_amazon_took_and_does_not_show_is_sent_again_and_then_shown_to_people(ledger: Ledger) -> None:
    """The first time it is sent again in silence; the second time it is a problem, until it is in effect."""
    effective(ledger, 5)
    plan(ledger, {"A": 9}, now=NOW + MINUTE)
    at = NOW + MINUTE
    for expected in ([], [ProblemKind.QUANTITY_DRIFTED], [ProblemKind.QUANTITY_DRIFTED]):
        assert publish(ledger, now=at) == {"A": 9}
        assert look(ledger, {"A": 5}, now=at + HOUR) == {"ACCEPTED": 1}
        assert look(ledger, {"A": 5}, now=at + HOUR + MINUTE) == {"PLANNED": 1}
        assert kinds(ledger) == expected
        at += 2 * HOUR
    (found,) = problems(ledger)
    assert (found.owner, found.subject) == ("integration", f"main A in {GB}")
    assert "took 9 twice and does not offer it" in found.summary
    publish(ledger, now=at)
    assert look(ledger, {"A": 9}, now=at) == {"EFFECTIVE": 1}
    assert problems(ledger) == ()


def test_a_quantity_in_effect_ends_the_count_of_losses(ledger: Ledger) -> None:
    """Two losses with a success between them are not two in a row."""
    at = NOW
    listed(ledger, {"A": 0})
    for units in (5, 7):
        at += 3 * HOUR
        plan(ledger, {"A": units}, now=at)
        publish(ledger, now=at)
        assert look(ledger, {"A": 0}, now=at + 2 * HOUR) == {"PLANNED": 1}
        publish(ledger, now=at + 2 * HOUR)
        assert look(ledger, {"A": units}, now=at + 2 * HOUR + MINUTE) == {"EFFECTIVE": 1}
    assert problems(ledger) == ()


def test_more_than_we_said_is_drift(ledger: Ledger) -> None:
    """Units that nobody of us published are shown and our number is sent again."""
    effective(ledger, 9)
    assert look(ledger, {"A": 40}) == {"DRIFTED": 1}
    assert kinds(ledger) == [ProblemKind.QUANTITY_DRIFTED]
    assert plan(ledger, {"A": 9}) == {"planned": 1}
    assert publish(ledger) == {"A": 9}
    assert look(ledger, {"A": 9}) == {"EFFECTIVE": 1}
    assert problems(ledger) == ()


def test_less_than_we_said_may_be_amazons_own_sale(ledger: Ledger) -> None:
    """Amazon takes its own orders off the number before we can have read them: one look proves nothing."""
    effective(ledger, 9)
    assert look(ledger, {"A": 7}) == {"EFFECTIVE": 1}
    assert problems(ledger) == ()
    assert to_read(ledger, ListingState.EFFECTIVE, in_doubt=True) == {GB: ("A",)}
    assert look(ledger, {"A": 9}) == {"EFFECTIVE": 1}
    assert to_read(ledger, ListingState.EFFECTIVE, in_doubt=True) == {}


def test_less_than_we_said_twice_is_drift(ledger: Ledger) -> None:
    """Fewer units that no order of ours explains are shown, and our number is sent again."""
    effective(ledger, 9)
    look(ledger, {"A": 7})
    assert look(ledger, {"A": 7}, now=NOW + HOUR) == {"DRIFTED": 1}
    (found,) = problems(ledger)
    assert "offers 7, but 9 were published" in found.summary
    assert plan(ledger, {"A": 9}) == {"planned": 1}
    publish(ledger)
    assert look(ledger, {"A": 9}) == {"EFFECTIVE": 1}
    assert problems(ledger) == ()


def test_less_by_what_was_sold_is_published_again_in_silence(ledger: Ledger) -> None:
    """When our own orders explain the lower number, it is corrected and nobody is asked."""
    effective(ledger, 9)
    sale = replace(amazon_order(lines=[line(quantity=2)]), created_at=NOW + MINUTE)
    ingest(ledger, sale)
    ingest(ledger, amazon_order(number=2, lines=[line(quantity=50)]))
    look(ledger, {"A": 7})
    assert look(ledger, {"A": 7}, now=NOW + HOUR) == {"PLANNED": 1}
    assert problems(ledger) == ()
    publish(ledger)
    look(ledger, {"A": 9})
    look(ledger, {"A": 6})
    assert look(ledger, {"A": 6}, now=NOW + HOUR) == {"DRIFTED": 1}


def test_the_number_we_are_about_to_send_is_no_drift(ledger: Ledger) -> None:
    """What Amazon shows is what may be offered now: nobody else changed anything that matters."""
    effective(ledger, 9)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.listings SET publishable = 7"))
    for _ in range(2):
        assert look(ledger, {"A": 7}) == {"EFFECTIVE": 1}


def test_an_offer_of_ours_that_is_gone_is_looked_for_sooner(ledger: Ledger) -> None:
    """Of the absent listings, those we published are in doubt; those that never were are not."""
    effective(ledger, 9)
    with ledger.begin() as conn:
        record_candidates(conn, "main", [GB], ["B"])
    look(ledger, {"A": None, "B": None})
    assert to_read(ledger, ListingState.ABSENT) == {GB: ("A", "B")}
    assert to_read(ledger, ListingState.ABSENT, in_doubt=True) == {GB: ("A",)}


def test_the_problems_of_an_absent_listing_are_over(ledger: Ledger) -> None:
    """A listing that is taken off needs nobody any more."""
    effective(ledger, 9, "A", "B")
    look(ledger, {"A": 40})
    plan(ledger, {"A": 9, "B": 5})
    publish(ledger, accepted=False)
    assert len(problems(ledger)) == 3
    look(ledger, {"A": None, "B": None})
    assert problems(ledger) == ()


@pytest.mark.parametrize("units", [None, 3])
def test_an_offer_that_is_taken_off_is_absent(ledger: Ledger, units: int | None) -> None:
    """A listing that loses its merchant-fulfilled offer is left alone, and taken up when it is back."""
    effective(ledger, 9)
    assert look(ledger, {"A": None}) == {"ABSENT": 1}
    assert plan(ledger, {"A": 5}) == {}
    assert look(ledger, {"A": units}) == ({"IDLE": 1} if units else {"ABSENT": 1})


def test_an_offer_beside_amazons_own_stays_ours_and_one_instead_of_it_is_left_alone(ledger: Ledger) -> None:
    """Nothing is ever published where Amazon fulfills: without a channel of ours the listing is absent."""
    listed(ledger, {"A": 3, "B": 3})
    fba = ("AMAZON_EU",)
    see(ledger, replace(seen("A", 3), other_channels=fba), replace(seen("B", None), other_channels=fba))
    assert states(ledger, "listings") == ["IDLE", "ABSENT"]
    assert plan(ledger, {"A": 5, "B": 5}) == {"planned": 1}
    assert publish(ledger) == {"A": 5}
