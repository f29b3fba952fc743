"""A person decides about one order: kept with who and why, carried out once, never taken for another's deed."""

from collections.abc import Callable
from threading import Thread

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.errors import Refused
from domain.orders.decisions import Act, Choice
from domain.problems import ProblemKind
from domain.warehouse import ChangeKind
from ledger.connection import Ledger
from ledger.deeds import last_deeds
from ledger.deliveries import claim_cancels, record_cancels_sent
from ledger.orders.decisions import Decided, Wish, account_of_order, carry_out, why_waiting
from ledger.orders.release_plans import plan_releases
from tests.factories import HOUR, MAPS, MINUTE, NOW, amazon_order, dispatch, line, order_id
from tests.ledger.walk import (
    NO_SKUS,
    claim,
    confirm,
    ingest,
    kinds,
    order_row,
    problems,
    release,
    release_row,
    say,
    ship,
    states,
)

K = ProblemKind


def decide(ledger: Ledger, choice: Choice, *, author: str = "Kim", reason: str = "a test") -> Decided:
    """Carry out a decision about the first order."""
    wish = Wish(order_id=order_id(), choice=choice, author=author, reason=reason)
    with ledger.begin() as conn:
        return carry_out(conn, wish, MAPS, ledger.seal, NOW)


def ask(ledger: Ledger) -> None:
    """Hand every wish to stop to the warehouse."""
    with ledger.begin() as conn:
        for batch in claim_cancels(conn, "main", NOW):
            record_cancels_sent(conn, batch, NOW)


def deeds(ledger: Ledger) -> list[tuple[str, str]]:
    """Author and sentence of every decision, newest first."""
    with ledger.begin() as conn:
        return [(deed.author, deed.said) for deed in last_deeds(conn, 9)]


def test_a_held_order_waits_until_somebody_releases_it(ledger: Ledger) -> None:
    """A hold is a state with its person's name, survives the next look at Amazon, and ends with a release."""
    ingest(ledger, amazon_order())
    assert decide(ledger, Choice.HOLD).act is Act.KEEP
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert claim(ledger) is None
    (held,) = problems(ledger)
    assert (held.kind, held.summary) == (K.HELD_BY_PERSON, f"Order {order_id()}: Kim holds it.")
    decide(ledger, Choice.RELEASE, author="Jo", reason="stock found")
    assert (states(ledger, "orders"), problems(ledger)) == (["READY"], ())
    assert claim(ledger) is not None
    assert [author for author, _ in deeds(ledger)] == ["Jo", "Kim"]
    assert deeds(ledger)[0][1] == "Decided release: the hold of Kim is taken off. Reason: stock found."


def test_a_release_does_not_overrule_the_maps(ledger: Ledger) -> None:
    """What the maps lack holds the order still after a person's hold is off, and is said."""
    ingest(ledger, amazon_order(lines=[line(sku="NEW")]), maps=NO_SKUS)
    wish = Wish(order_id=order_id(), choice=Choice.HOLD, author="Kim", reason="why")
    for choice in (Choice.HOLD, Choice.RELEASE):
        with ledger.begin() as conn:
            carry_out(
                conn,
                Wish(order_id=wish.order_id, choice=choice, author="Kim", reason="why"),
                NO_SKUS,
                ledger.seal,
                NOW,
            )
    with ledger.begin() as conn:
        assert why_waiting(conn, order_id()) == "it still waits, because of unmapped sku"
    assert kinds(ledger) == [K.UNMAPPED_SKU]


def test_a_pending_order_is_held_when_it_is_paid(ledger: Ledger) -> None:
    """Before the payment there is nothing to hold back; afterwards the order waits for the person."""
    ingest(ledger, amazon_order(status=AmazonStatus.PENDING))
    decide(ledger, Choice.HOLD)
    assert (states(ledger, "orders"), problems(ledger)) == (["PENDING"], ())
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert (states(ledger, "orders"), kinds(ledger)) == (["HELD"], [K.HELD_BY_PERSON])


def _wish(ledger: Ledger, minutes: int, *, wished: bool = True) -> None:
    ingest(ledger, amazon_order(lines=[line(cancel_requested=wished)], updated_at=NOW + minutes * MINUTE))


def test_a_release_overrules_the_buyers_wish(ledger: Ledger) -> None:
    """The order goes out and stays out of the problems at every look, and who wanted that is kept."""
    _wish(ledger, 0)
    assert decide(ledger, Choice.RELEASE, reason="they want it").act is Act.LET_GO
    assert (states(ledger, "orders"), problems(ledger)) == (["READY"], ())
    _wish(ledger, 1)
    assert (states(ledger, "orders"), order_row(ledger)["wanted_by"]) == (["READY"], "Kim")
    assert claim(ledger) is not None
    _wish(ledger, 2)
    assert problems(ledger) == ()
    why = "it is shipped although the buyer asked to cancel it"
    assert deeds(ledger) == [("Kim", f"Decided release: {why}. Reason: they want it.")]


@pytest.mark.parametrize("ended", ["withdrawn", "held"])
def test_an_overruled_wish_may_come_back(ledger: Ledger, ended: str) -> None:
    """A wish that is new, or that a person took up again, holds the order as the first one did."""
    _wish(ledger, 0)
    decide(ledger, Choice.RELEASE)
    if ended == "held":
        decide(ledger, Choice.HOLD)
    else:
        _wish(ledger, 1, wished=False)
    _wish(ledger, 2)
    assert (states(ledger, "orders"), K.CANCEL_REQUESTED in kinds(ledger)) == (["HELD"], True)


def test_a_release_before_the_wish_does_not_overrule_it(ledger: Ledger) -> None:
    """Whoever released an order did not know of a wish that came later."""
    ingest(ledger, amazon_order())
    decide(ledger, Choice.HOLD)
    decide(ledger, Choice.RELEASE)
    _wish(ledger, 1)
    assert kinds(ledger) == [K.CANCEL_REQUESTED]


def test_a_wish_is_overruled_at_the_warehouse(ledger: Ledger) -> None:
    """An order that goes on there all the same needs nobody any more."""
    release(ledger, amazon_order())
    _wish(ledger, 1)
    assert decide(ledger, Choice.RELEASE).act is Act.RESUME
    assert problems(ledger) == ()
    assert decide(ledger, Choice.RELEASE).act is Act.NOTHING


def test_a_plan_is_held_before_it_is_sent(ledger: Ledger) -> None:
    """While the warehouse is away a planned order can be held, and goes out after its release."""
    ingest(ledger, amazon_order())
    with ledger.begin() as conn:
        plan_releases(conn, "main", MAPS, 10, NOW)
    decide(ledger, Choice.CANCEL)
    assert (claim(ledger), kinds(ledger)) == (None, [K.HELD_BY_PERSON])
    decide(ledger, Choice.RELEASE)
    assert (claim(ledger) is not None, problems(ledger)) == (True, ())


def test_a_stop_is_asked_for_once_and_its_answer_is_no_mistake_of_the_warehouse(ledger: Ledger) -> None:
    """The warehouse stops what a person asked it to: customer service cancels it at Amazon, and that ends it."""
    release(ledger, amazon_order())
    assert decide(ledger, Choice.CANCEL).act is Act.STOP
    assert decide(ledger, Choice.CANCEL, author="Jo").act is Act.NOTHING
    ask(ledger)
    with pytest.raises(Refused, match="has not answered yet"):
        decide(ledger, Choice.RELEASE)
    say(ledger, ChangeKind.CANCELED, 1)
    (found,) = problems(ledger)
    assert (found.kind, found.owner) == (K.CANCEL_REQUESTED, "customer_service")
    assert found.summary.startswith(
        f"Order {order_id()}: the warehouse main stopped it, and Kim does not want it"
    )
    assert (release_row(ledger)["state"], release_row(ledger)["cancel_state"]) == ("REJECTED", "CANCELED")
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert kinds(ledger) == [K.CANCEL_REQUESTED]
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + HOUR))
    assert (states(ledger, "orders"), problems(ledger)) == (["CANCELED"], ())
    assert len(deeds(ledger)) == 1


def test_a_wish_that_nobody_heard_of_is_taken_back(ledger: Ledger) -> None:
    """A release before the warehouse was asked leaves nothing to ask, and no problem."""
    release(ledger, amazon_order())
    decide(ledger, Choice.CANCEL)
    assert decide(ledger, Choice.RELEASE).act is Act.RESUME
    with ledger.begin() as conn:
        assert claim_cancels(conn, "main", NOW) == {}
    assert (release_row(ledger)["cancel_state"], problems(ledger)) == ("", ())


def test_what_was_stopped_is_asked_for_again(ledger: Ledger) -> None:
    """A person who wants a stopped order after all has the warehouse take it again; its word goes on."""
    release(ledger, amazon_order())
    decide(ledger, Choice.CANCEL)
    ask(ledger)
    say(ledger, ChangeKind.CANCELED, 1)
    assert decide(ledger, Choice.RELEASE, author="Jo").act is Act.ASK_AGAIN
    assert kinds(ledger) == [K.REJECTED_BY_WAREHOUSE]
    assert "Jo wants it shipped after all" in problems(ledger)[0].summary
    say(ledger, ChangeKind.ACCEPTED, 1)
    assert (problems(ledger), decide(ledger, Choice.CANCEL).act) == ((), Act.STOP)


@pytest.mark.parametrize("how", ["said so", "dispatched"])
def test_a_stop_that_came_too_late_is_told_to_customer_service(ledger: Ledger, how: str) -> None:
    """The order goes on as ever, its tracking counts, and one problem says that nobody could stop it."""
    release(ledger, amazon_order())
    decide(ledger, Choice.CANCEL)
    ask(ledger)
    if how == "said so":
        say(ledger, ChangeKind.TOO_LATE, 1)
    else:
        ship(ledger, dispatch())
    assert kinds(ledger) == [K.CANCEL_TOO_LATE]
    assert "Kim had" in problems(ledger)[0].summary
    assert (order_row(ledger)["held_by_person"], release_row(ledger)["cancel_state"]) == (False, "TOO_LATE")
    if how == "dispatched":
        assert len(confirm(ledger)) == 1


def test_what_the_warehouse_rejected_is_given_up(ledger: Ledger) -> None:
    """A person who gives a rejected order up makes it customer service's, who cancel it."""
    release(ledger, amazon_order(), accepted=False)
    say(ledger, ChangeKind.REJECTED, 1)
    assert decide(ledger, Choice.CANCEL).act is Act.GIVE_UP
    assert kinds(ledger) == [K.CANCEL_REQUESTED]


def test_an_impossible_decision_changes_nothing(ledger: Ledger) -> None:
    """A hold of what is at the warehouse is refused with the way out, and no deed is kept."""
    release(ledger, amazon_order())
    with pytest.raises(Refused, match="choose cancel to have it stopped"):
        decide(ledger, Choice.HOLD)
    with ledger.begin() as conn, pytest.raises(Refused, match='has no order "026-1"'):
        account_of_order(conn, "026-1")
    assert (deeds(ledger), problems(ledger)) == ([], ())


def test_a_reason_never_names_the_buyer(ledger: Ledger) -> None:
    """Words of the order's address are blotted out of what is kept."""
    ingest(ledger, amazon_order())
    decide(ledger, Choice.HOLD, reason="Ottilie called,\n she moves to Harrogate.")
    assert deeds(ledger)[0][1].endswith("Reason: *** called, she moves to ***.")


def test_two_people_decide_at_once(ledger: Ledger) -> None:
    """One waits for the other: both decisions are kept, and the order is as the later one says."""
    ingest(ledger, amazon_order())
    second = Thread(target=decide, args=(ledger, Choice.RELEASE), kwargs={"author": "Jo"})
    _beside(ledger, second, lambda: None)
    second.join(10)
    assert sorted(author for author, _ in deeds(ledger)) == ["Jo", "Kim"]
    last = deeds(ledger)[0][1]
    held = last.startswith("Decided hold")
    assert (states(ledger, "orders"), order_row(ledger)["held_by_person"]) == (
        ["HELD" if held else "READY"],
        held,
    )


def _beside(ledger: Ledger, other: Thread, then: Callable[[], None]) -> None:
    """Hold the order while the other thread is at work, too."""

    def start(*_: object) -> None:
        other.start()
        other.join(0.3)  # it either ended by now or waits for this decision

    wish = Wish(order_id=order_id(), choice=Choice.HOLD, author="Kim", reason="why")
    with ledger.begin() as conn:
        sa.event.listen(conn, "after_cursor_execute", start, once=True)
        carry_out(conn, wish, MAPS, ledger.seal, NOW)
        then()


def test_a_hold_beside_a_run_that_plans(ledger: Ledger) -> None:
    """Whoever is first, an order is either kept here or at the warehouse, never both."""
    ingest(ledger, amazon_order())
    other = Thread(target=claim, args=(ledger,))
    _beside(ledger, other, lambda: None)
    other.join(10)
    assert (order_row(ledger)["state"], claim(ledger)) == ("HELD", None)
