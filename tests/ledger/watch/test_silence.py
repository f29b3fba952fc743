"""Ship confirms without a useful answer: tried again with waits between, asked about first, never in silence."""

from datetime import datetime, timedelta

import pytest

from domain.amazon import AmazonPackage, AmazonStatus
from domain.problems import Problem, ProblemKind
from ledger.connection import Ledger
from ledger.problems import record_problems
from ledger.tracking.confirms import Answered, free_unanswered
from ledger.tracking.looks import unproven_orders
from ledger.tracking.parcel_words import parcel_contents
from ledger.tracking.waiting import show_waiting
from tests.factories import DAY, HOUR, MINUTE, NOW, amazon_order, dispatch, order_id, package
from tests.ledger.walk import (
    PROVE_WITHIN,
    decide,
    end,
    ingest,
    kinds,
    look,
    parcel_row,
    path,
    problems,
    release,
    ship,
    states,
    take,
)

AMAZON = "Amazon account main"
SECOND = timedelta(seconds=1)


def _mapped(ledger: Ledger, *numbers: int, confirm_by: datetime | None = NOW + DAY) -> None:
    release(ledger, *(amazon_order(number=n, confirm_by=confirm_by) for n in numbers or (1,)))
    ship(ledger, *(dispatch(number=n, package_ref=f"P{n}") for n in numbers or (1,)))
    decide(ledger)


def _unanswered(ledger: Ledger, at: datetime = NOW) -> datetime:
    """One call to Amazon in vain for everything that is due; when the first of them is due again."""
    claims = take(ledger, now=at)
    assert claims
    end(ledger, *claims, answered=Answered.UNANSWERED, reason="Amazon answered 503", now=at)
    again: datetime = min(parcel_row(ledger, f"P{c.claim.order_id[-1]}")["next_try_at"] for c in claims)
    return again


def _show(ledger: Ledger, at: datetime) -> int:
    with ledger.begin() as conn:
        return show_waiting(conn, "main", AMAZON, PROVE_WITHIN, at)


def test_a_call_in_vain_waits_for_its_next_try(ledger: Ledger) -> None:
    """A parcel without an answer stays mapped, counts the attempt and is not claimed before its time."""
    _mapped(ledger)
    again = _unanswered(ledger)
    row = parcel_row(ledger)
    assert (row["state"], row["attempts"], row["tries"]) == ("MAPPED", 1, 0)
    assert NOW + PROVE_WITHIN / 16 <= again <= NOW + PROVE_WITHIN * 3 / 16
    assert take(ledger, now=again - SECOND) == ()
    (claimed,) = take(ledger, now=again)
    assert claimed.attempts == 1


def test_waits_grow_with_every_call_in_vain(ledger: Ledger) -> None:
    """Each wait is longer than half of the next doubling, up to a quarter of an hour."""
    _mapped(ledger)
    at, waits = NOW, []
    for _ in range(9):
        again = _unanswered(ledger, at)
        waits.append(again - at)
        at = again
    assert waits[0] < waits[3] < waits[6]
    assert max(waits) <= 15 * MINUTE


def test_parcels_that_failed_together_come_back_apart(ledger: Ledger) -> None:
    """The waits of parcels that found Amazon away at one moment are spread."""
    _mapped(ledger, *range(1, 10))
    _unanswered(ledger)
    tries = {parcel_row(ledger, f"P{n}")["next_try_at"] for n in range(1, 10)}
    assert len(tries) == 9
    assert max(tries) - min(tries) > PROVE_WITHIN / 32


def test_an_answer_begins_anew(ledger: Ledger) -> None:
    """A parcel that Amazon took has no attempts in vain any more."""
    _mapped(ledger)
    again = _unanswered(ledger)
    end(ledger, *take(ledger, now=again), now=again)
    row = parcel_row(ledger)
    assert (row["state"], row["attempts"], row["next_try_at"], row["tries"]) == ("ACCEPTED", 0, None, 1)


def test_four_calls_in_vain_are_shown_until_amazon_answers(ledger: Ledger) -> None:
    """The fourth call in vain opens one problem, trying goes on, and the answer clears it."""
    _mapped(ledger)
    at = NOW
    for _ in range(3):
        at = _unanswered(ledger, at)
        assert _show(ledger, at) == 0
    at = _unanswered(ledger, at)
    assert _show(ledger, at) == 1
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject, found.act_by) == (
        ProblemKind.TRACKING_WAITING,
        "integration",
        AMAZON,
        NOW + DAY,
    )
    assert order_id() in found.summary
    end(ledger, *take(ledger, now=at), now=at)
    assert (_show(ledger, at), problems(ledger)) == (0, ())


def test_one_call_in_vain_in_the_last_hour_is_shown(ledger: Ledger) -> None:
    """With less than an hour left nobody waits for a fourth call, and the next comes within minutes."""
    _mapped(ledger, confirm_by=NOW + 50 * MINUTE)
    assert _show(ledger, NOW) == 0
    again = _unanswered(ledger)
    assert (_show(ledger, NOW), kinds(ledger)) == (1, [ProblemKind.TRACKING_WAITING])
    assert again < NOW + MINUTE


def test_a_thousand_parcels_without_an_answer_are_one_problem(ledger: Ledger) -> None:
    """While Amazon is away there is one problem, which counts the parcels and names the most urgent."""
    _mapped(ledger, *range(1, 9), confirm_by=NOW + HOUR / 2)
    _unanswered(ledger)
    assert _show(ledger, NOW) == 8
    (found,) = problems(ledger)
    assert "8 parcels" in found.summary


def test_a_canceled_orders_parcel_waits_for_no_answer(ledger: Ledger) -> None:
    """What needs no ship confirm any more is not missed."""
    _mapped(ledger, confirm_by=NOW + HOUR / 2)
    _unanswered(ledger)
    _show(ledger, NOW)
    ingest(
        ledger,
        amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE, confirm_by=NOW + HOUR / 2),
    )
    assert (_show(ledger, NOW), problems(ledger)) == (0, ())


def test_there_are_several_tries_before_the_deadline(ledger: Ledger) -> None:
    """A parcel that is due in ten minutes is tried at least four times before."""
    _mapped(ledger, confirm_by=NOW + 10 * MINUTE)
    at, tries = NOW, 0
    while at < NOW + 10 * MINUTE:
        at = _unanswered(ledger, at)
        tries += 1
    assert 4 <= tries <= 40


def _freed(ledger: Ledger, at: datetime) -> int:
    with ledger.begin() as conn:
        return free_unanswered(conn, "main", at)


def test_what_a_dead_process_left_is_asked_about_first(ledger: Ledger) -> None:
    """A parcel whose process died is freed, read back urgently, and then sent again as it was."""
    _mapped(ledger)
    (first,) = take(ledger)
    assert _freed(ledger, NOW + MINUTE) == 1
    with ledger.begin() as conn:
        (asked,) = unproven_orders(conn, "main", PROVE_WITHIN, 10, NOW + MINUTE)
    assert (asked.amazon_order_id, asked.urgent) == (order_id(), True)
    look(ledger, now=NOW + MINUTE)
    with ledger.begin() as conn:
        assert unproven_orders(conn, "main", PROVE_WITHIN, 10, NOW + MINUTE) == ()
    (again,) = take(ledger, now=NOW + MINUTE)
    assert (again.parcel_id, again.claim, again.attempts) == (first.parcel_id, first.claim, 1)


def test_what_amazon_took_from_a_dead_process_is_not_sent_again(ledger: Ledger) -> None:
    """A freed parcel that Amazon shows is proven, with the moment it was sent as the moment it arrived."""
    _mapped(ledger)
    (first,) = take(ledger)
    _freed(ledger, NOW + MINUTE)
    assert look(ledger, package(first.claim.package_reference_id), now=NOW + MINUTE) == {"PROVEN": 1}
    assert (take(ledger, now=NOW + DAY), parcel_row(ledger)["first_accepted_at"]) == ((), NOW)


def test_a_read_may_be_quicker_than_the_answer(ledger: Ledger) -> None:
    """A parcel that a page shows while its call is under way is proven; the answer changes nothing then."""
    _mapped(ledger)
    (first,) = take(ledger)
    assert look(ledger, package(first.claim.package_reference_id)) == {"PROVEN": 1}
    for answered in Answered:
        end(ledger, first, answered=answered, now=NOW + MINUTE)
    assert path(ledger, "parcel") == ["RECORDED", "MAPPED", "SENDING", "PROVEN"]
    assert states(ledger, "orders") == ["CLOSED"]


@pytest.mark.parametrize("answered", list(Answered))
def test_an_answer_that_comes_after_the_parcel_was_freed_changes_nothing(
    ledger: Ledger, answered: Answered
) -> None:
    """An outcome counts for the call that is under way alone."""
    _mapped(ledger)
    (first,) = take(ledger)
    _freed(ledger, NOW + MINUTE)
    before = parcel_row(ledger)
    end(ledger, first, answered=answered, now=NOW + MINUTE)
    assert parcel_row(ledger) == before


def test_parcels_that_only_wait_for_their_turn_are_shown_before_they_are_late(ledger: Ledger) -> None:
    """Without a single answer, because the limits allow none, unsent and unread parcels are one problem in time."""
    due = NOW + 50 * MINUTE
    _mapped(ledger, 1, 2, confirm_by=due)
    assert _show(ledger, NOW) == 0
    end(ledger, *take(ledger, limit=1))
    later = NOW + 10 * MINUTE
    assert _show(ledger, later) == 2
    (found,) = problems(ledger)
    assert (found.kind, found.subject, found.act_by) == (ProblemKind.TRACKING_WAITING, AMAZON, due)
    assert "2 parcels wait, 1 to be sent and 1 to be read back" in found.summary
    end(ledger, *take(ledger, now=later), now=later)
    look(ledger, package_of(ledger, 1), number=1, now=later)
    look(ledger, package_of(ledger, 2), number=2, now=later)
    assert _show(ledger, later) == 0
    assert not problems(ledger)


def test_a_fault_of_amazons_is_over_when_no_parcel_waits_for_it(ledger: Ledger) -> None:
    """With nothing left to send or to read, the street has nobody to wait for, and its fault is closed."""
    fault = Problem(
        kind=ProblemKind.STRANGER_UNREACHABLE, subject=f"{AMAZON}, tracking-push", summary="Amazon is away."
    )
    _mapped(ledger)
    with ledger.begin() as conn:
        record_problems(conn, [fault], NOW)
    _show(ledger, NOW)
    assert kinds(ledger) == [ProblemKind.STRANGER_UNREACHABLE]
    end(ledger, *take(ledger))
    look(ledger, package_of(ledger, 1), number=1)
    _show(ledger, NOW)
    assert kinds(ledger) == []


def package_of(ledger: Ledger, number: int) -> AmazonPackage:
    row = parcel_row(ledger, f"P{number}")
    with ledger.begin() as conn:
        contents = parcel_contents(conn, [row["id"]])[row["id"]]
    return package(reference_id=str(row["id"]), tracking=row["tracking"], contents=contents)
