"""Quantities: only changes are sent, towards zero first, and what Amazon refuses is shown."""

from dataclasses import replace

from domain.amazon import AmazonStatus
from domain.problems import ProblemKind
from domain.stock.listings import ListingState
from domain.stock.sellable import BufferRule, Pool
from ledger.connection import Ledger
from ledger.maps import BufferBook
from ledger.stock.listing_looks import accepted_due
from ledger.stock.listing_proof import record_seen
from ledger.stock.listings import (
    claim_quantities,
    count_waiting,
    free_unanswered,
    record_candidates,
    record_unsent,
)
from ledger.stock.offer_plans import Rules, plan_offers
from tests.factories import DE, GB, HOUR, MINUTE, NOW, SKUS, amazon_order, line
from tests.ledger.quantities import claim, effective, listed, look, plan, publish, to_read
from tests.ledger.walk import ingest, one, path, problems, states


def test_candidates_are_looked_up_once(ledger: Ledger) -> None:
    """Every SKU in every marketplace becomes one candidate, and none of them twice."""
    with ledger.begin() as conn:
        assert record_candidates(conn, "main", [GB, DE], ["A", "B", "A"]) == 4
        assert record_candidates(conn, "main", [GB, DE], ["B", "C"]) == 2
        assert record_candidates(conn, "main", [GB], []) == 0
    assert to_read(ledger, ListingState.CANDIDATE) == {GB: ("A", "B", "C"), DE: ("A", "B", "C")}


def test_a_listing_amazon_does_not_have_is_absent(ledger: Ledger) -> None:
    """Without a merchant-fulfilled offer nothing is published, until Amazon shows one."""
    listed(ledger, {"A": None})
    with ledger.begin() as conn:
        record_candidates(conn, "main", [GB], ["B"])
        assert record_seen(conn, "main", GB, {"B": None}, now=NOW) == {"ABSENT": 1}
    assert plan(ledger, {"A": 5, "B": 5}) == {}
    assert look(ledger, {"A": 3}) == {"IDLE": 1}
    assert plan(ledger, {"A": 5}) == {"planned": 1}


def test_the_oldest_look_is_renewed_first(ledger: Ledger) -> None:
    """Listings are read again in the order of their last look, those never seen first, and none too early."""
    listed(ledger, {"A": 1, "B": 1, "C": 1, "D": 1})
    look(ledger, {"B": 1}, now=NOW - HOUR)
    look(ledger, {"D": 1}, now=NOW + HOUR)
    assert to_read(ledger, ListingState.IDLE, limit=2) == {GB: ("B", "A")}
    assert to_read(ledger, ListingState.IDLE) == {GB: ("B", "A", "C")}


def test_what_amazon_offers_already_is_not_sent(ledger: Ledger) -> None:
    """A number that a fresh look has shown counts as published; an old look does not."""
    listed(ledger, {"A": 5, "B": 5})
    assert plan(ledger, {"A": 5, "B": 7}) == {"same": 1, "planned": 1}
    assert states(ledger, "listings") == ["EFFECTIVE", "PLANNED"]
    row = one(ledger, "SELECT * FROM ledger.listings WHERE seller_sku = :value", "A")
    assert (row["published"], row["effective"], row["effective_at"]) == (5, 5, NOW)
    listed(ledger, {"C": 5})
    assert plan(ledger, {"C": 5}, now=NOW + HOUR) == {"uncounted": 2, "planned": 1}


def test_what_amazon_sold_by_itself_is_not_sent(ledger: Ledger) -> None:
    """Orders since the last look lower Amazon's offer without us: only another number is a change."""
    effective(ledger, 5, "A")
    ingest(ledger, replace(amazon_order(lines=[line(sku="A", quantity=2)]), created_at=NOW + MINUTE))
    assert plan(ledger, {"A": 3}, now=NOW + 2 * MINUTE) == {"same": 1}
    assert to_read(ledger, ListingState.EFFECTIVE) == {GB: ("A",)}  # it is looked at in the same run
    look(ledger, {"A": 3}, now=NOW + 3 * MINUTE)
    assert plan(ledger, {"A": 3}, now=NOW + 4 * MINUTE) == {"same": 1}
    assert plan(ledger, {"A": 5}, now=NOW + 4 * MINUTE) == {"planned": 1}


def test_an_urgent_quantity_stays_urgent_until_it_is_seen(ledger: Ledger) -> None:
    """What was urgent to send is urgent to read back, whatever is planned again meanwhile."""
    effective(ledger, 50, "A")
    urgent = "SELECT urgent FROM ledger.listings WHERE seller_sku = :value"
    plan(ledger, {"A": 0})
    publish(ledger)
    assert plan(ledger, {"A": 0}) == {"same": 1}
    assert one(ledger, urgent, "A")["urgent"]


def test_what_amazon_sold_and_we_have_not_read_is_not_published_again(ledger: Ledger) -> None:
    """Units that are gone at Amazon stay gone until their order is read, also when another number goes out."""
    effective(ledger, 5, "A")
    look(ledger, {"A": 3}, now=NOW + 2 * MINUTE)
    assert plan(ledger, {"A": 5}, now=NOW + 3 * MINUTE) == {"same": 1}
    assert plan(ledger, {"A": 9}, now=NOW + 3 * MINUTE) == {"planned": 1}
    row = one(ledger, "SELECT * FROM ledger.listings WHERE seller_sku = :value", "A")
    assert row["publishable"] == 7
    assert row["explanation"].endswith("that leaves 9; 2 sold at Amazon and not read yet: 7")


def test_what_was_unread_is_read_in_time(ledger: Ledger) -> None:
    """When the order that explains a look is read, it counts as any other order, and nothing is sent."""
    effective(ledger, 5, "A")
    look(ledger, {"A": 3}, now=NOW + 2 * MINUTE)
    placed = replace(amazon_order(lines=[line(sku="A", quantity=2)]), created_at=NOW + MINUTE)
    ingest(ledger, placed, now=NOW + 4 * MINUTE)
    assert plan(ledger, {"A": 3}, now=NOW + 5 * MINUTE) == {"same": 1}
    assert plan(ledger, {"A": 9}, now=NOW + 5 * MINUTE) == {"planned": 1}
    assert publish(ledger, now=NOW + 5 * MINUTE) == {"A": 9}


def test_a_cancellation_has_the_listing_looked_at(ledger: Ledger) -> None:
    """Amazon may put the units of a canceled order back: it is looked at at once, and more is no drift."""
    effective(ledger, 5, "A")
    placed = replace(amazon_order(lines=[line(sku="A", quantity=2)]), created_at=NOW + MINUTE)
    ingest(ledger, placed, now=NOW + MINUTE)
    later = NOW + 2 * MINUTE
    assert plan(ledger, {"A": 0}, now=later) == {"planned": 1}
    assert publish(ledger, now=later) == {"A": 0}
    look(ledger, {"A": 0}, now=NOW + 3 * MINUTE)
    gone = replace(placed, status=AmazonStatus.CANCELED, updated_at=NOW + 4 * MINUTE)
    ingest(ledger, gone, now=NOW + 4 * MINUTE)
    assert to_read(ledger, ListingState.EFFECTIVE) == {}
    assert plan(ledger, {"A": 0}, now=NOW + 5 * MINUTE) == {"same": 1}
    assert to_read(ledger, ListingState.EFFECTIVE) == {GB: ("A",)}
    assert look(ledger, {"A": 2}, now=NOW + 5 * MINUTE) == {"PLANNED": 1}
    assert publish(ledger, now=NOW + 5 * MINUTE) == {"A": 0}
    assert problems(ledger) == ()


def test_a_doubted_count_only_lowers_what_is_offered(ledger: Ledger) -> None:
    """While a count is doubted a quantity may fall and never rises, and its sentence says why."""
    effective(ledger, 5, "A", "B")
    doubt = "half of the SKUs are missing"
    assert plan(ledger, {"A": 9, "B": 3}, doubt=doubt) == {"same": 1, "planned": 1}
    assert publish(ledger) == {"B": 3}
    row = one(ledger, "SELECT * FROM ledger.listings WHERE seller_sku = :value", "A")
    assert (row["publishable"], row["available"]) == (5, 9)
    assert row["explanation"].endswith(f"it only goes down, because {doubt}: 5")


def test_only_changes_are_planned(ledger: Ledger) -> None:
    """What was published already is not sent, what differs is, and it is planned once."""
    effective(ledger, 5, "A", "B")
    assert plan(ledger, {"A": 5, "B": 7}) == {"same": 1, "planned": 1}
    assert plan(ledger, {"A": 5, "B": 7}) == {"same": 1, "planned": 1}
    assert publish(ledger) == {"B": 7}
    assert plan(ledger, {"A": 5, "B": 7}) == {"same": 2}


def test_an_uncounted_sku_is_left_alone(ledger: Ledger) -> None:
    """A listing whose SKU, or one component of it, was never counted keeps what it has."""
    listed(ledger, {"A": 5, "KIT": 5})
    assert plan(ledger, {"B": 10}) == {"uncounted": 2}
    assert states(ledger, "listings") == ["IDLE", "IDLE"]


def test_an_offer_is_kept_with_its_reasons(ledger: Ledger) -> None:
    """The row says what was available and held back, and the history says it in words."""
    listed(ledger, {"A": 0})
    plan(ledger, {"A": 10}, buffers=BufferBook(by_sku={"A": BufferRule(fixed=4)}))
    row = one(ledger, "SELECT * FROM ledger.listings WHERE seller_sku = :value", "A")
    assert (row["available"], row["reserved"], row["buffer"], row["publishable"]) == (10, 0, 4, 6)
    assert path(ledger, "listing") == ["IDLE", "PLANNED"]


def test_towards_zero_goes_first(ledger: Ledger) -> None:
    """Falling quantities are sent before rising ones, and the lowest first."""
    listed(ledger, {"A": 5, "B": 50, "C": 50, "D": 5})
    with ledger.begin() as conn:
        pools = {sku: Pool(available=n, reserved=0) for sku, n in {"A": 9, "B": 20, "C": 0, "D": 7}.items()}
        plan_offers(conn, "main", {(): pools}, Rules(skus=SKUS), NOW)
    assert [sku for _, sku, _ in claim(ledger, limit=3)] == ["C", "B", "D"]
    assert [sku for _, sku, _ in claim(ledger)] == ["A"]


def test_an_urgent_quantity_stays_urgent_until_it_is_seen_in_effect(ledger: Ledger) -> None:
    """Planning again does not make it ordinary: it is read back by a look of its own, also in a later run."""
    listed(ledger, {"A": 50})
    for _ in range(2):
        plan(ledger, {"A": 1})
        publish(ledger)
    with ledger.begin() as conn:
        due = accepted_due(conn, "main", HOUR, NOW + HOUR, 10, urgent_only=True)
    assert due == ((GB, "A"),)


def test_a_number_that_changes_before_it_is_sent_is_sent_once(ledger: Ledger) -> None:
    """A planned quantity takes the latest count along."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    plan(ledger, {"A": 2})
    assert publish(ledger) == {"A": 2}


def test_a_quantity_without_an_answer_is_sent_again(ledger: Ledger) -> None:
    """A call that Amazon did not answer, or whose process died, is made again with the same number."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    ((number, _, _),) = claim(ledger)
    with ledger.begin() as conn:
        record_unsent(conn, [number], "Amazon answered 503", NOW)
    assert claim(ledger) == [(number, "A", 9)]
    with ledger.begin() as conn:
        assert free_unanswered(conn, "main", NOW) == 1
    assert claim(ledger) == [(number, "A", 9)]


def test_a_run_tries_a_quantity_once(ledger: Ledger) -> None:
    """A quantity that came back without an answer waits for the next run."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    ((number, _, _),) = claim(ledger, now=NOW + MINUTE)
    with ledger.begin() as conn:
        record_unsent(conn, [number], "Amazon answered 503", NOW + MINUTE)
        assert claim_quantities(conn, "main", 10, NOW, NOW + HOUR) == ()
        assert count_waiting(conn, "main", NOW) == {}
        assert count_waiting(conn, "main", NOW + HOUR) == {GB: (0, 1)}
        assert len(claim_quantities(conn, "main", 10, NOW + HOUR, NOW + HOUR)) == 1


def test_an_invalid_quantity_is_shown_and_not_repeated(ledger: Ledger) -> None:
    """A refusal comes with HTTP 200: integration sees the reason, and only another number is tried."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    publish(ledger, accepted=False)
    (found,) = problems(ledger)
    assert (found.kind, found.owner) == (ProblemKind.QUANTITY_INVALID, "integration")
    assert "the price is missing" in found.summary
    assert plan(ledger, {"A": 9}) == {"same": 1}
    assert plan(ledger, {"A": 8}) == {"planned": 1}
    assert publish(ledger) == {"A": 8}
    assert problems(ledger) == ()


def test_a_refused_quantity_is_tried_again_after_hours(ledger: Ledger) -> None:
    """What Amazon disliked may be gone: the same number is sent again after six hours, and then it clears."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    publish(ledger, accepted=False)
    assert look(ledger, {"A": 9}) == {"INVALID": 1}
    assert plan(ledger, {"A": 9}, now=NOW + 6 * HOUR - MINUTE) == {"same": 1}
    assert plan(ledger, {"A": 9}, now=NOW + 6 * HOUR) == {"planned": 1}
    assert publish(ledger, now=NOW + 6 * HOUR) == {"A": 9}
    assert problems(ledger) == ()


def test_a_problem_names_the_account(ledger: Ledger) -> None:
    """Two accounts may list the same SKU in the same marketplace: their problems are told apart."""
    listed(ledger, {"A": 5})
    plan(ledger, {"A": 9})
    publish(ledger, accepted=False)
    (found,) = problems(ledger)
    assert found.subject == f"main A in {GB}"
    assert "main A in Amazon UK" in found.summary
