"""The warehouse's list of open orders: what is lost, over or strange is found, and what is on its way is not."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.problems import ProblemKind
from domain.warehouse import Census, OpenOrder
from domain.watch.census import Difference, Differing, census_problems
from ledger.connection import Ledger
from ledger.watch.acknowledging import Seen, acknowledge
from ledger.watch.census import Compared, compare_census, record_census, record_differences
from tasks.watch.census import words
from tests.factories import DAY, HOUR, MINUTE, NOW, amazon_order, dispatch, order_id
from tests.ledger.walk import ingest, release, ship

LISTED = NOW + 6 * HOUR  # when the warehouse wrote its list: its orders were accepted long before
JUDGED = LISTED + 3 * HOUR


def listed(ledger: Ledger, *references: str, as_of: datetime = LISTED) -> str:
    census = Census(as_of=as_of, orders=tuple(OpenOrder(reference=one) for one in references))
    with ledger.begin() as conn:
        return record_census(conn, "main", census, as_of + MINUTE)


def ref(number: int) -> str:
    return f"{order_id(number)}-1"


def found(ledger: Ledger, now: datetime = JUDGED) -> list[tuple[str, str]]:
    """One judgment; the kinds and subjects of what is open after it."""
    with ledger.begin() as conn:
        record_differences(conn, "main", now)
        rows = conn.execute(sa.text("SELECT kind, subject FROM report.problems WHERE cleared_at IS NULL"))
        return sorted((row.kind, row.subject) for row in rows)


def orders(ledger: Ledger, *numbers: int) -> None:
    release(ledger, *(amazon_order(number=number) for number in numbers))


def test_an_order_that_the_warehouse_lost_is_missing_until_it_is_found(ledger: Ledger) -> None:
    """Accepted, not dispatched and not in the list: the warehouse's problem, gone with the next list."""
    orders(ledger, 1, 2)
    assert listed(ledger, ref(1)) == "census"
    assert found(ledger) == [("order_missing", order_id(2))]
    assert listed(ledger, ref(1), ref(2), as_of=LISTED + HOUR) == "census"
    assert found(ledger) == []


def test_a_missing_order_that_is_dispatched_is_not_missing(ledger: Ledger) -> None:
    """The order's own fate ends it: a dispatch that was read, or Amazon's cancellation."""
    orders(ledger, 1, 2)
    listed(ledger)
    assert listed(ledger, "X-1") == "census"
    assert [subject for kind, subject in found(ledger) if kind == "order_missing"] == [
        order_id(1),
        order_id(2),
    ]
    ship(ledger, dispatch(number=1), now=JUDGED)
    canceled = amazon_order(number=2, status=AmazonStatus.CANCELED, updated_at=JUDGED)
    ingest(ledger, canceled, now=JUDGED)
    assert [one for one in found(ledger) if one[0] == "order_missing"] == []


def test_what_is_on_its_way_is_no_difference(ledger: Ledger) -> None:
    """Accepted just before the list, dispatched while it travels, canceled shortly before: nobody is asked."""
    release(ledger, amazon_order(number=1), now=LISTED - 10 * MINUTE)
    orders(ledger, 2, 3)
    ingest(
        ledger,
        amazon_order(number=3, status=AmazonStatus.CANCELED, updated_at=LISTED - 3 * HOUR),
        now=LISTED - 3 * HOUR,
    )
    listed(ledger, ref(3))
    assert found(ledger, LISTED + HOUR) == [], "the dispatch of order 2 may still be on its way"
    ship(ledger, dispatch(number=2), now=LISTED + 90 * MINUTE)
    assert found(ledger) == []


def test_an_order_that_is_over_here_is_still_open_there(ledger: Ledger) -> None:
    """Canceled well before the list that still has it: the warehouse is asked to close it."""
    orders(ledger, 1)
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + HOUR), now=NOW + HOUR)
    listed(ledger, ref(1))
    assert found(ledger) == [("order_still_open", order_id(1))]
    listed(ledger, "X-1", as_of=LISTED + HOUR)
    assert found(ledger) == [("unknown_order", "main X-1")]


def test_an_order_that_the_warehouse_has_closed_since_is_over_with_a_word(ledger: Ledger) -> None:
    """Its problem ends when a person says so, not with the list of tomorrow; a newer list that has it opens it."""
    orders(ledger, 1)
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + HOUR), now=NOW + HOUR)
    listed(ledger, ref(1))
    assert found(ledger) == [("order_still_open", order_id(1))]
    seen = Seen(number=0, kind="order_still_open", subject=order_id(1), note="They closed it.", author="Kim")
    with ledger.begin() as conn:
        assert acknowledge(conn, seen, ledger.seal, JUDGED).endswith("with that it is over.")
    assert found(ledger, JUDGED + 7 * HOUR) == []
    listed(ledger, ref(1), as_of=JUDGED - MINUTE)
    assert found(ledger, JUDGED + 8 * HOUR) == [], "that list was written before the word"
    listed(ledger, ref(1), as_of=JUDGED + 15 * HOUR)
    assert found(ledger, JUDGED + 16 * HOUR) == [("order_still_open", order_id(1))]


def test_a_reference_that_a_person_has_seen_does_not_come_back(ledger: Ledger) -> None:
    """An unknown reference that was acknowledged is over, in this list and in the next one."""
    listed(ledger, "X-1", "X-2")
    assert len(found(ledger)) == 2
    over = "UPDATE ledger.problems SET acknowledged_at = now(), cleared_at = now() WHERE subject = 'main X-1'"
    with ledger.begin() as conn:
        conn.execute(sa.text(over))
    assert found(ledger) == [("unknown_order", "main X-2")]
    listed(ledger, "X-1", as_of=LISTED + HOUR)
    assert found(ledger) == []


def test_another_crowd_of_unknown_orders_is_told_again(ledger: Ledger) -> None:
    """A person who knows of many is left alone while it is about as many, for a month; not when it is more."""
    crowd = [("unknown_order", "main, list of open orders")]

    def judged(number: int, first: int, as_of: datetime) -> list[tuple[str, str]]:
        assert listed(ledger, *(f"X-{first + n}" for n in range(number)), as_of=as_of) == "census"
        return found(ledger, as_of + 3 * HOUR)

    assert judged(60, 0, LISTED) == crowd
    with ledger.begin() as conn:
        seen = Seen(number=0, kind=crowd[0][0], subject=crowd[0][1], note="another client's", author="Kim")
        acknowledge(conn, seen, ledger.seal, LISTED + 4 * HOUR)
    assert found(ledger, LISTED + 5 * HOUR) == []
    assert judged(80, 1000, LISTED + DAY) == []
    assert judged(3000, 2000, LISTED + 2 * DAY) == crowd
    assert judged(2500, 9000, LISTED + 3 * DAY) == crowd, "still open: nobody has acknowledged this one"
    assert judged(80, 0, LISTED + 4 * DAY) == [], "back to what is known"
    assert judged(60, 0, LISTED + 40 * DAY) == crowd


def test_an_older_list_and_an_empty_one_are_not_taken(ledger: Ledger) -> None:
    """The newest list stays; one without orders is doubted while there should be some, and one of the future."""
    orders(ledger, 1)
    assert listed(ledger) == "doubted"
    assert listed(ledger, ref(1)) == "census"
    assert listed(ledger, as_of=LISTED + HOUR) == "doubted"
    assert listed(ledger, ref(1), as_of=LISTED - HOUR) == "older"
    with ledger.begin() as conn:
        ahead = Census(as_of=LISTED + DAY, orders=(OpenOrder(reference=ref(1)),))
        assert record_census(conn, "main", ahead, LISTED + HOUR) == "doubted"
        assert compare_census(conn, "main", JUDGED).as_of == LISTED
    ship(ledger, dispatch(number=1), now=LISTED + HOUR)
    assert listed(ledger, as_of=LISTED + 2 * HOUR) == "census", "nothing is open, and the list says so"


def test_an_order_that_list_after_list_lacks_is_one_problem(ledger: Ledger) -> None:
    """A new list that lacks it, too, settles nothing while it is young; the one that has it does at once."""
    orders(ledger, 1, 2)
    missing = ("order_missing", order_id(2))
    for day in range(3):
        as_of = LISTED + day * DAY
        listed(ledger, ref(1), as_of=as_of)
        assert found(ledger, as_of + 5 * MINUTE) == ([missing] if day else [])
        assert found(ledger, as_of + 3 * HOUR) == [missing]
    with ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM ledger.problems")) == 1
    orders(ledger, 3)
    listed(ledger, ref(2), as_of=LISTED + 3 * DAY)
    assert found(ledger, LISTED + 3 * DAY + 5 * MINUTE) == [], "order 1 is not in it, and may be on its way"


def test_a_list_of_days_ago_opens_nothing_and_settles_no_missing_order(ledger: Ledger) -> None:
    """When no newer list comes, unknown references end after three days; a missing order ends by its own fate."""
    orders(ledger, 1)
    listed(ledger, "X-1")
    assert len(found(ledger)) == 2
    assert found(ledger, LISTED + 3 * DAY) == [("order_missing", order_id(1))]
    orders(ledger, 2)
    assert found(ledger, LISTED + 4 * DAY) == [("order_missing", order_id(1))]
    ship(ledger, dispatch(number=1), now=LISTED + 4 * DAY)
    assert found(ledger, LISTED + 4 * DAY) == []


def test_the_table_says_what_was_compared(ledger: Ledger) -> None:
    """Counts of both sides and of each difference; a warehouse that sends no list, or no more, is said to."""
    with ledger.begin() as conn:
        assert "has never sent a list" in words(compare_census(conn, "main", NOW), NOW)
    orders(ledger, 1, 2)
    listed(ledger, ref(1), "X-1")
    with ledger.begin() as conn:
        compared = compare_census(conn, "main", JUDGED)
    assert words(compared, JUDGED) == (
        "The list of 2026-11-27 15:00 UTC has 2 open orders; accepted before and not dispatched are, by the ledger,"
        " 2. Differing: 1 missing at the warehouse, 0 over here and still open there, 1 never given out by us."
    )
    assert words(compared, LISTED + 2 * DAY).endswith(
        "No newer list has come for two days: ask the warehouse why."
    )


def test_nobody_is_said_to_be_missing_or_not_before_it_is_known(ledger: Ledger) -> None:
    """For two hours a dispatch may be on its way: the table says from when on it knows, and then what it found."""
    orders(ledger, 1, 2)
    listed(ledger, ref(1), "X-1")
    with ledger.begin() as conn:
        early = words(compare_census(conn, "main", LISTED + 30 * MINUTE), LISTED + 30 * MINUTE)
        known = words(compare_census(conn, "main", LISTED + 2 * HOUR), LISTED + 2 * HOUR)
    assert early.endswith(
        "Differing: 0 over here and still open there, 1 never given out by us. Which are missing at the warehouse"
        " is known from 2026-11-27 17:00 UTC on."
    )
    assert "Differing: 1 missing at the warehouse, 0 over here" in known
    assert "is known from" not in known
    lost = Differing(difference=Difference.MISSING, reference=ref(2))
    told = words(Compared(as_of=LISTED, listed=1, expected=2, differing=(lost,)), LISTED)
    assert "Differing: 1 missing at the warehouse, 0 over" in told
    assert "What else is missing at the warehouse is known from 2026-11-27 17:00 UTC on." in told


def test_a_list_that_is_not_believed_is_counted_until_one_is(ledger: Ledger) -> None:
    """The table goes on saying that newer lists were doubted, and stops when one is taken."""
    orders(ledger, 1)
    listed(ledger, ref(1))
    for hours in (1, 2):
        listed(ledger, as_of=LISTED + hours * HOUR)
    with ledger.begin() as conn:
        said = words(compare_census(conn, "main", JUDGED), JUDGED)
    assert "2 newer lists without orders, or of the future, are not believed" in said
    listed(ledger, ref(1), as_of=LISTED + 3 * HOUR)
    with ledger.begin() as conn:
        assert "not believed" not in words(compare_census(conn, "main", JUDGED), JUDGED)


@pytest.mark.parametrize(("number", "problems"), [(50, 50), (51, 1)])
def test_a_whole_list_of_other_people_s_orders_is_one_problem(number: int, problems: int) -> None:
    """Very many unknown references are told once, with how many."""
    strange = [Differing(difference=Difference.UNKNOWN, reference=f"X-{n}") for n in range(number)]
    told = census_problems("main", LISTED, strange)
    assert len(told) == problems
    assert sum(problem.affected for problem in told) == number
    assert {problem.kind for problem in told} == {ProblemKind.UNKNOWN_ORDER}
    assert {problem.cause for problem in told} == {"the list of open orders of warehouse main"}
