"""A person has seen a problem: kept with who and what, an end where nobody else can tell, and no return."""

from datetime import datetime
from threading import Thread

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.errors import Refused
from domain.problems import Problem, ProblemKind
from domain.warehouse import ChangeKind, Delivery, DeliveryKind
from ledger.connection import Ledger
from ledger.deeds import last_deeds
from ledger.deliveries import record_delivery
from ledger.problems import record_problems
from ledger.watch.acknowledging import Seen, acknowledge
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, order_id
from tests.ledger.walk import NO_SKUS, confirm, ingest, kinds, problems, release, say, ship

K = ProblemKind
LATER = NOW + HOUR


def see(
    ledger: Ledger,
    number: int = 1,
    *,
    author: str = "Kim",
    note: str = "I call them.",
    now: datetime = LATER,
) -> str:
    """Somebody acknowledges the problem of that number."""
    seen = Seen(number=number, kind="", subject="", note=note, author=author)
    with ledger.begin() as conn:
        return acknowledge(conn, seen, ledger.seal, now)


def row(ledger: Ledger, number: int = 1) -> sa.RowMapping:
    """A problem as the ledger has it."""
    with ledger.begin() as conn:
        statement = sa.text("SELECT * FROM ledger.problems WHERE id = :id")
        return conn.execute(statement, {"id": number}).mappings().one()


def found(ledger: Ledger, kind: ProblemKind, subject: str) -> int:
    """A recorder finds a problem; whether that is new."""
    with ledger.begin() as conn:
        return record_problems(conn, [Problem(kind=kind, subject=subject, summary="It is so.")], LATER)


def test_a_problem_whose_cause_lasts_stays_open(ledger: Ledger) -> None:
    """Who has seen it and when is kept, it is not told as over, and the next look opens nothing beside it."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    said = see(ledger)
    assert said.startswith(f"Problem 1 (unmapped sku: {order_id()}) is acknowledged; it stays open until")
    assert (row(ledger)["acknowledged_by"], row(ledger)["acknowledged_at"]) == ("Kim", LATER)
    ingest(ledger, amazon_order(updated_at=LATER), maps=NO_SKUS)
    assert [problem.id for problem in problems(ledger)] == [1]
    with ledger.begin() as conn:
        (deed,) = last_deeds(conn, 9)
    assert (deed.author, deed.subject, deed.said) == ("Kim", order_id(), f"{said} Note: I call them.")


def test_an_unknown_order_is_over_for_good(ledger: Ledger) -> None:
    """Another file with the same reference does not bring it back; another reference is another problem."""
    say(ledger, ChangeKind.ACCEPTED, 1)
    assert see(ledger).endswith("with that it is over.")
    say(ledger, ChangeKind.ACCEPTED, 1)
    assert problems(ledger) == ()
    say(ledger, ChangeKind.ACCEPTED, 1, 2)
    assert [problem.subject for problem in problems(ledger)] == [f"main {order_id(2)}-1"]


def test_a_stop_that_came_too_late_does_not_come_back(ledger: Ledger) -> None:
    """Neither the parcel of the canceled order nor a repeated file opens it again."""
    release(ledger, amazon_order())
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE))
    say(ledger, ChangeKind.TOO_LATE, 1)
    see(ledger)
    ship(ledger, dispatch())
    assert problems(ledger) == ()


def test_what_may_happen_again_opens_again(ledger: Ledger) -> None:
    """A second outage, and other content under the name of a file that was set aside, are new."""
    found(ledger, K.LOCKSTEP_DOWN, "Lockstep")
    see(ledger)
    assert found(ledger, K.LOCKSTEP_DOWN, "Lockstep") == 1
    for number, key in ((3, "first"), (4, "second")):
        delivery = Delivery(key=key, name="ack-1.csv", fault="row 2 is cut")
        with ledger.begin() as conn:
            record_delivery(conn, "main", DeliveryKind.CHANGES, delivery, LATER)
        see(ledger, number)
    assert kinds(ledger) == [K.LOCKSTEP_DOWN]


@pytest.mark.parametrize("kind", [K.CONFIRMED_LATE, K.UNKNOWN_ORDER, K.CANCEL_TOO_LATE], ids=str)
def test_a_settled_story_is_not_told_twice(ledger: Ledger, kind: ProblemKind) -> None:
    """Beside other findings of the same look, one that a person is done with is left out."""
    found(ledger, kind, "A")
    see(ledger)
    again = [Problem(kind=kind, subject=name, summary="It is so.") for name in ("A", "B")]
    with ledger.begin() as conn:
        assert record_problems(conn, again, LATER) == 1
    assert [problem.subject for problem in problems(ledger)] == ["B"]


def test_an_order_that_others_shipped_is_over(ledger: Ledger) -> None:
    """Before the hand-over it was theirs; an order at the warehouse stays open until it is settled."""
    ingest(ledger, amazon_order(), amazon_order(number=2), maps=NO_SKUS)
    release(ledger, amazon_order(number=3))
    shipped = {"status": AmazonStatus.SHIPPED, "updated_at": NOW + MINUTE}
    ingest(ledger, amazon_order(**shipped), amazon_order(number=3, **shipped))
    open_now = {problem.subject: problem.id for problem in problems(ledger)}
    assert see(ledger, open_now[order_id()]).endswith("it is over.")
    assert "stays open" in see(ledger, open_now[order_id(3)])


def test_a_parcel_taken_back_is_over(ledger: Ledger) -> None:
    """What Amazon was told of a parcel that the warehouse took back is settled by the person who says so."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    confirm(ledger)
    ship(ledger, dispatch(voided=True))
    assert kinds(ledger) == [K.TRACKING_CONTRADICTED]
    assert see(ledger).endswith("it is over.")
    assert problems(ledger) == ()


def test_a_problem_is_named_by_kind_and_subject(ledger: Ledger) -> None:
    """Without the number the open problem of that kind about that subject is meant."""
    found(ledger, K.UNKNOWN_ORDER, "main X-1")
    seen = Seen(number=0, kind="unknown_order", subject="main X-1", note="ok", author="Kim")
    with ledger.begin() as conn:
        assert acknowledge(conn, seen, ledger.seal, LATER).startswith("Problem 1 (unknown order: main X-1)")
        with pytest.raises(Refused, match="is over since 2026-11-27 10:00 UTC"):
            acknowledge(conn, seen, ledger.seal, LATER + MINUTE)


def test_a_wrong_number_changes_nothing(ledger: Ledger) -> None:
    """A number that no problem has is refused with where the numbers are."""
    with pytest.raises(Refused, match="no problem number 7: the table of open problems"):
        see(ledger, 7)


def test_a_note_never_names_the_buyer(ledger: Ledger) -> None:
    """Words of the order's address are blotted out of what is kept."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    see(ledger, note="wrote to Quennell.")
    with ledger.begin() as conn:
        assert last_deeds(conn, 1)[0].said.endswith("Note: wrote to ***.")


def test_two_people_see_it_at_once(ledger: Ledger) -> None:
    """The second waits for the first, takes the problem over, is told from whom, and both are on record."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    answers: list[str] = []
    other = Thread(target=lambda: answers.append(see(ledger, author="Jo")))

    def start(*_: object) -> None:
        other.start()
        other.join(0.3)

    with ledger.begin() as conn:
        sa.event.listen(conn, "after_cursor_execute", start, once=True)
        acknowledge(conn, Seen(number=1, kind="", subject="", note="ok", author="Kim"), ledger.seal, LATER)
    other.join(10)
    assert row(ledger)["acknowledged_by"] == "Jo"
    assert "is Jo's now; Kim acknowledged it at 2026-11-27 10:00 UTC; it stays open" in answers[0]
    with ledger.begin() as conn:
        assert [deed.author for deed in last_deeds(conn, 9)] == ["Jo", "Kim"]


def test_who_takes_a_problem_over_has_it(ledger: Ledger) -> None:
    """A second name and note are kept like the first ones; a second word of one person changes no hands."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    see(ledger)
    said = see(ledger, author="Jo", note="Kim is off, I take it.")
    assert row(ledger)["acknowledged_by"] == "Jo"
    with ledger.begin() as conn:
        newest, first = last_deeds(conn, 9)
    assert (newest.author, newest.said) == ("Jo", f"{said} Note: Kim is off, I take it.")
    assert (first.author, first.subject) == ("Kim", order_id())
    again = see(ledger, author="Jo", now=LATER + HOUR)
    assert "is acknowledged again, after 2026-11-27 10:00 UTC; it stays open" in again


@pytest.mark.parametrize("kind", [K.UNKNOWN_ORDER, K.CARRIER_GAP], ids=str)
def test_the_same_word_twice_is_one(ledger: Ledger, kind: ProblemKind) -> None:
    """A deed that is tried again after its answer was lost says the same and is on record once."""
    found(ledger, kind, "main X-1")
    assert see(ledger) == see(ledger)
    with ledger.begin() as conn:
        assert len(last_deeds(conn, 9)) == 1


def test_a_second_word_ends_what_the_first_could_not(ledger: Ledger) -> None:
    """An acknowledged problem whose end only a person sees is over with the next word, once that is so."""
    release(ledger, amazon_order())
    shipped = amazon_order(status=AmazonStatus.SHIPPED, updated_at=NOW + MINUTE)
    ingest(ledger, shipped)
    assert "stays open" in see(ledger)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.orders SET state = 'FOREIGN'"))
    assert see(ledger, author="Jo").endswith("with that it is over.")
    assert problems(ledger) == ()
