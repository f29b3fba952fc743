"""Cancellations: what was not sent is not sent, what was is asked back, and no wish is lost on the way."""

from threading import Thread

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.problems import ProblemKind
from domain.warehouse import ChangeKind
from ledger.connection import Ledger
from ledger.deliveries import claim_cancels, record_cancels_sent
from ledger.orders.release_plans import plan_releases
from ledger.orders.releases import claim_releases, doubt_unanswered, replan_release
from tests.factories import MAPS, MINUTE, NOW, amazon_order, order_id
from tests.ledger.walk import (
    claim,
    ingest,
    kinds,
    order_row,
    problems,
    release,
    release_row,
    say,
)

CANCELED = amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE)


def test_an_order_canceled_after_it_was_planned_is_never_sent(ledger: Ledger) -> None:
    """A plan whose order Amazon canceled stays a plan, and the warehouse is not asked to stop it either."""
    ingest(ledger, amazon_order())
    with ledger.begin() as conn:
        plan_releases(conn, "main", MAPS, 10, NOW)
    ingest(ledger, CANCELED)
    assert claim(ledger) is None
    with ledger.begin() as conn:
        assert claim_cancels(conn, "main", NOW) == {}


def test_a_cancellation_while_the_order_goes_out_is_not_lost(ledger: Ledger) -> None:
    """A cancellation that comes in while another process claims the order stops it there or asks for a stop."""
    ingest(ledger, amazon_order())
    with ledger.begin() as conn:
        plan_releases(conn, "main", MAPS, 10, NOW)
    other = Thread(target=ingest, args=(ledger, CANCELED))

    def cancel_now(*_: object) -> None:
        other.start()
        other.join(0.5)  # it either ends by now or waits for the claim to commit

    with ledger.begin() as conn:
        sa.event.listen(conn, "after_cursor_execute", cancel_now, once=True)
        claim_releases(conn, "main", ledger.seal, 10, NOW)
    other.join(10)
    assert order_row(ledger)["state"] == "CANCELED"
    row = release_row(ledger)
    assert (row["state"], row["cancel_state"]) in {("PLANNED", ""), ("SENDING", "PLANNED")}


def test_no_stop_is_asked_for_what_the_warehouse_never_got(ledger: Ledger) -> None:
    """A canceled order in doubt that the warehouse turns out not to have needs no wish to stop it."""
    ingest(ledger, amazon_order())
    claim(ledger)
    with ledger.begin() as conn:
        doubt_unanswered(conn, "main", NOW)
    ingest(ledger, CANCELED)
    with ledger.begin() as conn:
        replan_release(conn, f"{order_id()}-1", NOW)
        assert claim_cancels(conn, "main", NOW) == {}
    assert claim(ledger) is None


def test_a_wish_to_stop_keeps_its_call_until_it_was_made(ledger: Ledger) -> None:
    """A wish is handed out under one name until the call was made, then no more."""
    release(ledger, amazon_order(), amazon_order(number=2))
    ingest(ledger, CANCELED)
    with ledger.begin() as conn:
        first = claim_cancels(conn, "main", NOW)
    with ledger.begin() as conn:
        assert claim_cancels(conn, "main", NOW + MINUTE) == first
        ((batch, requests),) = first.items()
        assert [(r.reference, r.line_ref) for r in requests] == [(f"{order_id()}-1", "")]
        assert record_cancels_sent(conn, batch, NOW) == 1
        assert claim_cancels(conn, "main", NOW) == {}


def test_the_warehouse_stops_an_order_in_time(ledger: Ledger) -> None:
    """A cancellation that the warehouse carried out is done and needs nobody."""
    release(ledger, amazon_order())
    ingest(ledger, CANCELED)
    assert say(ledger, ChangeKind.CANCELED, 1) == {"CANCELED": 1}
    assert (release_row(ledger)["cancel_state"], problems(ledger)) == ("CANCELED", ())


def test_too_late_to_stop_is_a_problem(ledger: Ledger) -> None:
    """An order that the warehouse could not stop is shown to customer service."""
    release(ledger, amazon_order())
    ingest(ledger, CANCELED)
    say(ledger, ChangeKind.TOO_LATE, 1)
    assert release_row(ledger)["cancel_state"] == "TOO_LATE"
    assert [(p.kind, p.owner) for p in problems(ledger)] == [("cancel_too_late", "customer_service")]


def test_a_cancellation_nobody_asked_for_is_a_problem(ledger: Ledger) -> None:
    """A warehouse that cancels what Amazon still wants leaves an order that somebody has to save."""
    release(ledger, amazon_order())
    say(ledger, ChangeKind.CANCELED, 1, reason="damaged")
    assert kinds(ledger) == [ProblemKind.REJECTED_BY_WAREHOUSE]
    assert "damaged" in problems(ledger)[0].summary


def test_a_cancellation_ends_what_the_order_needed(ledger: Ledger) -> None:
    """When Amazon cancels a rejected order nobody has to save it any more."""
    release(ledger, amazon_order(), accepted=False)
    say(ledger, ChangeKind.REJECTED, 1)
    ingest(ledger, CANCELED)
    assert problems(ledger) == ()
