"""Which orders are read back one by one: what no page shows in time, the most urgent first."""

from datetime import datetime, timedelta

import pytest

from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.tracking.confirms import Answered
from ledger.tracking.looks import record_look, unproven_orders
from tests.factories import DAY, HOUR, MINUTE, NOW, amazon_order, dispatch, order_id, package
from tests.ledger.walk import (
    PROVE_WITHIN,
    confirm,
    decide,
    end,
    kinds,
    look,
    order_row,
    parcel_row,
    problems,
    refuse,
    release,
    ship,
    take,
)

SECOND = timedelta(seconds=1)


def _to_read(ledger: Ledger, at: datetime, limit: int = 10) -> list[tuple[str, bool]]:
    with ledger.begin() as conn:
        found = unproven_orders(conn, "main", PROVE_WITHIN, limit, at)
    return [(one.amazon_order_id, one.urgent) for one in found]


def _shipped(ledger: Ledger, confirm_by: datetime | None = NOW + DAY) -> None:
    release(ledger, amazon_order(confirm_by=confirm_by))
    ship(ledger, dispatch())


def test_orders_are_read_back_when_half_their_time_is_over(ledger: Ledger) -> None:
    """An order is worth a call of its own after half of `prove_within`; after all of it, the call is urgent."""
    _shipped(ledger)
    confirm(ledger)
    assert _to_read(ledger, NOW + PROVE_WITHIN / 2) == []
    assert _to_read(ledger, NOW + PROVE_WITHIN / 2 + SECOND) == [(order_id(), False)]
    assert _to_read(ledger, NOW + PROVE_WITHIN + SECOND) == [(order_id(), True)]


@pytest.mark.parametrize("looked", [121, 180, 239])
def test_an_order_is_read_when_its_proof_is_due(ledger: Ledger, looked: int) -> None:
    """However lately it was read in vain, an order gets an urgent look of its own once its proof is due."""
    _shipped(ledger)
    confirm(ledger)
    look(ledger, now=NOW + looked * SECOND)
    assert _to_read(ledger, NOW + PROVE_WITHIN - SECOND / 2) == []
    assert _to_read(ledger, NOW + PROVE_WITHIN) == [(order_id(), True)]


def test_a_page_that_showed_the_order_saves_the_call(ledger: Ledger) -> None:
    """An order that any read showed lately is not read again so soon, seen or not."""
    _shipped(ledger)
    confirm(ledger)
    look(ledger, now=NOW + 3 * MINUTE)
    assert _to_read(ledger, NOW + 3 * MINUTE + SECOND) == []
    assert _to_read(ledger, NOW + 6 * MINUTE) == [(order_id(), True)]


def test_an_order_that_is_due_soon_is_urgent(ledger: Ledger) -> None:
    """Within two hours of the deadline half of the time is enough to make the call urgent."""
    _shipped(ledger, NOW + 2 * HOUR)
    confirm(ledger)
    assert _to_read(ledger, NOW + 3 * MINUTE) == [(order_id(), True)]


def test_the_most_urgent_orders_are_read_back_first(ledger: Ledger) -> None:
    """A limited look takes the orders that are due first."""
    release(ledger, *(amazon_order(number=n, confirm_by=NOW + (9 - n) * HOUR) for n in range(1, 6)))
    ship(ledger, *(dispatch(number=n, package_ref=f"P{n}") for n in range(1, 6)))
    confirm(ledger)
    found = _to_read(ledger, NOW + HOUR, limit=2)
    assert [one for one, _ in found] == [order_id(5), order_id(4)]


def test_a_refused_parcel_is_read_back_at_once_and_then_hourly(ledger: Ledger) -> None:
    """What Amazon refused is asked about in the same run; a person's work is looked at once an hour."""
    _shipped(ledger)
    refuse(ledger, code="InvalidPackageVersion")
    assert _to_read(ledger, NOW) == [(order_id(), True)]
    look(ledger)
    assert _to_read(ledger, NOW + HOUR) == []
    assert _to_read(ledger, NOW + HOUR + SECOND) == [(order_id(), False)]


def test_a_call_without_an_answer_is_asked_about_before_the_next(ledger: Ledger) -> None:
    """A parcel that may have arrived is read back when its next try is due, once, and then sent."""
    _shipped(ledger)
    decide(ledger)
    (claimed,) = take(ledger)
    end(ledger, claimed, answered=Answered.UNANSWERED)
    due = parcel_row(ledger)["next_try_at"]
    assert _to_read(ledger, due - SECOND) == []
    assert _to_read(ledger, due) == [(order_id(), True)]
    look(ledger, now=due)
    assert _to_read(ledger, due) == []
    assert take(ledger, now=due) != ()


def test_a_parcel_given_up_is_still_looked_at(ledger: Ledger) -> None:
    """An unproven parcel is read back again and again, because late evidence counts."""
    _shipped(ledger)
    for at in (NOW, NOW + PROVE_WITHIN):
        confirm(ledger, now=at)
        look(ledger, now=at + PROVE_WITHIN)
    assert kinds(ledger) == [ProblemKind.TRACKING_UNPROVEN]
    assert _to_read(ledger, NOW + 2 * HOUR) == [(order_id(), False)]


def test_a_proven_parcel_costs_no_more_calls(ledger: Ledger) -> None:
    """What is done is not read again, however much time passes."""
    _shipped(ledger)
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id))
    assert _to_read(ledger, NOW + 9 * DAY) == []


def test_an_order_that_cannot_be_read_gets_its_turn_later(ledger: Ledger) -> None:
    """A look in vain is noted, so that it does not keep other orders from theirs."""
    _shipped(ledger)
    confirm(ledger)
    at = NOW + 3 * MINUTE
    with ledger.begin() as conn:
        record_look(conn, order_row(ledger)["id"], at)
    assert (_to_read(ledger, at), problems(ledger)) == ([], ())
    assert _to_read(ledger, at + 3 * MINUTE) == [(order_id(), True)]


def test_a_refusal_that_cannot_be_read_back_is_shown(ledger: Ledger) -> None:
    """Without a read nobody knows what a refusal means: a person is told, with Amazon's reason."""
    _shipped(ledger)
    refuse(ledger)
    with ledger.begin() as conn:
        record_look(conn, order_row(ledger)["id"], NOW)
    (found,) = problems(ledger)
    assert (found.kind, "cannot be read back" in found.summary, "InvalidInput" in found.summary) == (
        ProblemKind.TRACKING_REFUSED,
        True,
        True,
    )


ROUND = timedelta(seconds=30)


def _rounds(ledger: Ledger, first: datetime, until: datetime) -> datetime:
    """Run the street every half minute while Amazon takes all and shows nothing; when a person is told."""
    at = first
    while not problems(ledger):
        assert at < until, "nobody was told"
        for _ in _to_read(ledger, at):
            look(ledger, now=at + SECOND / 3)  # a call takes its time
        confirm(ledger, now=at + SECOND)
        at += ROUND
    return at - ROUND + SECOND / 3


@pytest.mark.parametrize("offset", [0, 0.7, 11, 17, 23, 29.9])
def test_a_204_without_effect_is_found_within_ten_minutes(ledger: Ledger, offset: float) -> None:
    """A parcel that Amazon took and never shows is sent once more and is a person's within ten minutes."""
    _shipped(ledger)
    confirm(ledger, now=NOW)
    found = _rounds(ledger, NOW + timedelta(seconds=offset), NOW + HOUR)
    assert found <= NOW + 9 * MINUTE + 5 * SECOND
    assert (kinds(ledger), parcel_row(ledger)["tries"]) == ([ProblemKind.TRACKING_UNPROVEN], 2)


@pytest.mark.parametrize("minutes", [3, 4, 5, 6, 8, 10, 15, 30, 60, 119])
def test_a_204_without_effect_is_found_before_the_deadline(ledger: Ledger, minutes: int) -> None:
    """With only minutes left, the second call and the problem still come before the deadline."""
    deadline = NOW + minutes * MINUTE
    _shipped(ledger, deadline)
    confirm(ledger, now=NOW)
    assert _rounds(ledger, NOW + SECOND, NOW + 3 * HOUR) < deadline
    assert parcel_row(ledger)["tries"] == 2
