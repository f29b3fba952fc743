"""The daily close out of the ledger: everything due on the shop's own day, and who is named for what is open."""

from datetime import date, timedelta

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.problems import Problem, ProblemKind
from domain.reviews.day_closes import close_line
from ledger.connection import Ledger
from ledger.problems import record_problems
from ledger.reviews.day_closes import close_day, kept_closes, open_tonight
from tests.factories import DAY, DE, GB, HOUR, NOW, amazon_order, dispatch, order_id
from tests.ledger.walk import confirm, ingest, release, ship

TODAY = date(2026, 11, 27)
CLOSE = NOW + 12 * HOUR + HOUR / 2  # 21:30
TONIGHT = NOW + 15 * HOUR - timedelta(seconds=1)  # 23:59:59 in London


def _close(ledger: Ledger, day: date = TODAY, now=CLOSE):
    with ledger.begin() as conn:
        return close_day(conn, "main", [GB, DE], day, now)


def test_a_day_with_every_kind_of_end(ledger: Ledger) -> None:
    """In time, late, canceled, by somebody else, open and still due, open and over: each is counted once."""
    due = NOW + HOUR
    release(ledger, *(amazon_order(number=number, confirm_by=due) for number in (1, 2, 3)))
    release(ledger, amazon_order(number=4, confirm_by=TONIGHT))
    release(ledger, amazon_order(number=8, confirm_by=TONIGHT + HOUR))
    for number, at in ((1, NOW), (2, due + HOUR)):
        ship(ledger, dispatch(number=number, package_ref=f"P{number}", tracking=f"T{number}"), now=at)
        confirm(ledger, now=at)
    ingest(ledger, amazon_order(number=5, confirm_by=due, status=AmazonStatus.CANCELED))
    ingest(ledger, amazon_order(number=6, confirm_by=due, status=AmazonStatus.SHIPPED), now=due + HOUR)
    close = _close(ledger)
    assert close_line(close, CLOSE) == (
        "5 orders due, 1 confirmed in time, 1 confirmed late, 1 late and not confirmed yet, 1 confirmed by somebody"
        " else, 1 open, in time so far, 1 canceled"
    )
    assert [(one.order_id, one.owner) for one in close.open_ones] == [
        (order_id(3), "warehouse"),
        (order_id(4), "warehouse"),
    ]
    with ledger.begin() as conn:
        (kept,) = kept_closes(conn, TODAY, TODAY + DAY)
    assert (kept.due, kept.confirmed, kept.late, kept.canceled, kept.explained, kept.unexplained) == (
        5,
        2,
        1,
        1,
        2,
        0,
    )


def test_a_day_that_is_closed_again_says_how_it_ended(ledger: Ledger) -> None:
    """The next close tells what became of the open ones, in the same row."""
    release(ledger, amazon_order(confirm_by=TONIGHT))
    assert close_line(_close(ledger), CLOSE) == "1 order due, 0 confirmed in time, 1 open, in time so far"
    ship(ledger, dispatch(), now=CLOSE)
    confirm(ledger, now=TONIGHT)
    assert close_line(_close(ledger, now=CLOSE + DAY), CLOSE + DAY) == "1 order due, 1 confirmed in time"
    with ledger.begin() as conn:
        (kept,) = kept_closes(conn, TODAY, TODAY + DAY)
    assert (kept.confirmed, kept.explained) == (1, 0)


def test_each_marketplace_has_its_own_day(ledger: Ledger) -> None:
    """An order due at 23:30 UTC is due today in London and tomorrow in Berlin."""
    due = NOW + 14 * HOUR + HOUR / 2
    release(
        ledger, amazon_order(number=1, confirm_by=due), amazon_order(number=2, confirm_by=due, marketplace=DE)
    )
    assert [one.marketplace_id for one in _close(ledger).open_ones] == [GB]
    assert [one.marketplace_id for one in _close(ledger, TODAY + DAY).open_ones] == [DE]


def test_an_open_problem_stands_for_its_order(ledger: Ledger) -> None:
    """What an open problem says of an order is its explanation; a cleared one says nothing."""
    ingest(ledger, amazon_order(confirm_by=TONIGHT, to=None))
    (one,) = _close(ledger).open_ones
    assert (one.problem, one.owner) == (
        f"Order {order_id()}: its address lacks address.",
        "customer_service",
    )
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.problems SET cleared_at = :now"), {"now": NOW})
    assert _close(ledger).open_ones[0].problem == ""


def test_what_waits_for_a_payment_is_amazons(ledger: Ledger) -> None:
    """An order that is due and whose payment is pending waits for Amazon; nobody here can do anything."""
    ingest(ledger, amazon_order(confirm_by=TONIGHT, status=AmazonStatus.PENDING))
    (one,) = _close(ledger).open_ones
    assert (one.owner, one.hop, one.is_explained) == ("Amazon", "payment pending at Amazon", True)
    with ledger.begin() as conn:
        assert open_tonight(conn, "main", [GB, DE], CLOSE) == ()
    ended = _close(ledger, now=TONIGHT + HOUR)
    assert (ended.due, ended.late, ended.explained) == (1, 0, 1)


def test_an_order_that_nothing_explains_is_said_loudly(ledger: Ledger) -> None:
    """A closed order without a confirm that Amazon got is nobody's, and stands out."""
    release(ledger, amazon_order(confirm_by=TONIGHT))
    ship(ledger, dispatch())
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.orders SET state = 'CLOSED'"))
        conn.execute(sa.text("UPDATE ledger.parcels SET state = 'PROVEN'"))
        assert record_problems(
            conn, [Problem(kind=ProblemKind.OVERSOLD, subject="A", summary="Two more than there are.")], NOW
        )
    close = _close(ledger)
    assert (close.unexplained, close.explained) == (1, 0)
    assert "1 OPEN AND NOT EXPLAINED" in close_line(close, CLOSE)
