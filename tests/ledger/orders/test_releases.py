"""The outbox to the warehouse: every order is handed over once, and a lost answer is asked about."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Barrier

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.maps import Component, SkuMap
from domain.problems import ProblemKind
from domain.warehouse import ChangeKind, ReleaseResult
from ledger.connection import Ledger
from ledger.orders.release_plans import plan_releases
from ledger.orders.releases import (
    ReleaseBatch,
    claim_releases,
    doubt_unanswered,
    record_overdue,
    replan_release,
    unknown_releases,
)
from tests.factories import DAY, HOUR, MAPS, MINUTE, NOW, amazon_order, dispatch, line, order_id, recipient
from tests.ledger.walk import (
    answer,
    claim,
    ingest,
    order_row,
    path,
    problems,
    release,
    release_row,
    say,
    ship,
    states,
)

CANCELED = amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE)


def _references(batch: ReleaseBatch | None) -> list[str]:
    return [order.reference for order in batch.orders] if batch else []


def test_a_release_carries_what_the_warehouse_needs(ledger: Ledger) -> None:
    """The hand-over names our reference, the deadlines, the service, the person, and a kit's components."""
    ingest(ledger, amazon_order(lines=[line(), line(item="item-2", sku="KIT", quantity=3)]))
    batch = claim(ledger)
    assert batch is not None
    (order,) = batch.orders
    assert (order.reference, order.release_no, order.service) == (f"{order_id()}-1", 1, "STD")
    assert (order.ship_by, order.deliver_by) == (NOW + DAY, NOW + 4 * DAY)
    assert order.recipient == recipient()
    assert {(row.line_ref, row.sku, row.quantity) for row in order.lines} == {
        ("item-1", "A", 1),
        ("item-2", "B", 6),
        ("item-2", "C", 3),
    }
    assert "Ottilie" not in repr(batch)


def test_the_most_urgent_orders_go_first(ledger: Ledger) -> None:
    """A limited plan and a limited claim each take the orders that are due first."""
    ingest(ledger, *(amazon_order(number=n, confirm_by=NOW + (9 - n) * HOUR) for n in range(1, 6)))
    with ledger.begin() as conn:
        assert plan_releases(conn, "main", MAPS, 3, NOW) == 3
        batch = claim_releases(conn, "main", ledger.seal, 2, NOW)
    assert _references(batch) == [f"{order_id(5)}-1", f"{order_id(4)}-1"]
    assert order_row(ledger, 1)["state"] == "READY"


def test_only_what_is_left_to_ship_is_released(ledger: Ledger) -> None:
    """Of a partly shipped order the warehouse gets the units that nobody shipped yet."""
    shipped = [line(quantity=2, unfulfilled=0), line(item="item-2", sku="B", quantity=3, unfulfilled=1)]
    ingest(ledger, amazon_order(status=AmazonStatus.PARTIALLY_SHIPPED, lines=shipped))
    batch = claim(ledger)
    assert batch is not None
    assert [(row.line_ref, row.quantity) for row in batch.orders[0].lines] == [("item-2", 1)]


def test_an_order_with_nothing_left_does_not_stop_the_others(ledger: Ledger) -> None:
    """An order that Amazon shows as open without a unit to ship is not released, and the next one is."""
    ingest(ledger, amazon_order(lines=[line(unfulfilled=0)]), amazon_order(number=2))
    assert _references(claim(ledger)) == [f"{order_id(2)}-1"]


def test_an_order_of_too_many_units_does_not_stop_the_others(ledger: Ledger) -> None:
    """An order that comes to more units than can be kept is shown, and the next one is released."""
    part = Component(warehouse_sku="Z", units=2_000_000_000)
    maps = replace(MAPS, skus=SkuMap(components={"A": (part,)}, same_skus=True))
    ingest(ledger, amazon_order(lines=[line(quantity=2)]), amazon_order(number=2, lines=[line(sku="B")]))
    with ledger.begin() as conn:
        assert plan_releases(conn, "main", maps, 100, NOW) == 1
    assert (order_row(ledger)["state"], order_row(ledger, 2)["state"]) == ("READY", "RELEASING")
    assert [(one.kind, one.subject) for one in problems(ledger)] == [
        (ProblemKind.ORDER_UNREADABLE, order_id())
    ]


def test_every_order_is_released_once_when_two_claim_at_once(ledger: Ledger) -> None:
    """Two processes that plan and claim together take disjoint orders, and between them all."""
    ingest(ledger, *(amazon_order(number=n) for n in range(1, 41)))
    start = Barrier(2)

    def work() -> list[str]:
        taken: list[str] = []
        start.wait()
        for _ in range(12):
            with ledger.begin() as conn:
                plan_releases(conn, "main", MAPS, 5, NOW)
            with ledger.begin() as conn:
                taken += _references(claim_releases(conn, "main", ledger.seal, 5, NOW))
        return taken

    with ThreadPoolExecutor(2) as pool:
        one, two = (future.result() for future in [pool.submit(work), pool.submit(work)])
    assert not set(one) & set(two)
    assert sorted(one + two + _references(claim(ledger))) == sorted(f"{order_id(n)}-1" for n in range(1, 41))
    with ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT max(tries) FROM ledger.releases")) == 1


def test_claims_that_overlap_take_different_orders(ledger: Ledger) -> None:
    """A claim that is not committed yet is not waited for and not claimed again."""
    ingest(ledger, amazon_order(), amazon_order(number=2))
    with ledger.begin() as conn:
        plan_releases(conn, "main", MAPS, 10, NOW)
    with ledger.begin() as first, ledger.begin() as second:
        one = claim_releases(first, "main", ledger.seal, 1, NOW)
        two = claim_releases(second, "main", ledger.seal, 10, NOW)
    assert (_references(one), _references(two)) == ([f"{order_id(1)}-1"], [f"{order_id(2)}-1"])


@pytest.mark.parametrize("result", [ReleaseResult.ACCEPTED, ReleaseResult.EXISTS])
def test_an_order_that_the_warehouse_takes_at_once_is_accepted(ledger: Ledger, result: ReleaseResult) -> None:
    """An answer that says the warehouse has the order counts as its acceptance, at that moment."""
    ingest(ledger, amazon_order())
    claim(ledger)
    assert answer(ledger, 1, result=result, now=NOW + MINUTE) == {result.value: 1}
    assert (order_row(ledger)["state"], release_row(ledger)["answered_at"]) == ("RELEASED", NOW + MINUTE)
    assert order_row(ledger)["accepted_at"] == NOW + MINUTE


@pytest.mark.parametrize("at_once", [True, False])
def test_a_rejected_order_is_shown_to_the_warehouse(ledger: Ledger, at_once: bool) -> None:
    """A rejection, in the answer or in a later file, becomes one problem of the warehouse with the reason."""
    ingest(ledger, amazon_order())
    claim(ledger)
    if at_once:
        answer(ledger, 1, result=ReleaseResult.REJECTED, reason="unknown postcode")
    else:
        answer(ledger, 1)
        say(ledger, ChangeKind.REJECTED, 1, reason="unknown postcode")
    assert path(ledger, "release")[-1] == "REJECTED"
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.act_by) == ("rejected_by_warehouse", "warehouse", NOW + DAY)
    assert "unknown postcode" in found.summary


def test_an_acceptance_after_a_rejection_ends_its_problem(ledger: Ledger) -> None:
    """A warehouse that changes its mind has accepted the order, and nobody needs to act any more."""
    release(ledger, amazon_order(), accepted=False)
    say(ledger, ChangeKind.REJECTED, 1)
    say(ledger, ChangeKind.ACCEPTED, 1, now=NOW + MINUTE)
    assert (path(ledger, "release")[-1], problems(ledger)) == ("ACCEPTED", ())
    assert order_row(ledger)["accepted_at"] == NOW + MINUTE


def test_the_same_word_twice_changes_nothing(ledger: Ledger) -> None:
    """A repeated acceptance keeps the moment of the first and adds no step."""
    release(ledger, amazon_order())
    before = release_row(ledger)
    say(ledger, ChangeKind.ACCEPTED, 1, now=NOW + HOUR)
    answer(ledger, 1, result=ReleaseResult.SUBMITTED, now=NOW + HOUR)
    assert release_row(ledger) == before
    assert order_row(ledger)["accepted_at"] == NOW


def _lose_the_answer(ledger: Ledger) -> ReleaseBatch:
    ingest(ledger, amazon_order())
    batch = claim(ledger)
    assert batch is not None
    with ledger.begin() as conn:
        assert doubt_unanswered(conn, "main", NOW) == 1
        assert unknown_releases(conn, "main") == ((batch.batch, f"{order_id()}-1"),)
    return batch


def test_a_crash_between_claim_and_answer_is_asked_about(ledger: Ledger) -> None:
    """A release whose answer was lost is not sent again by itself; found at the warehouse, it is handed over."""
    _lose_the_answer(ledger)
    assert claim(ledger) is None
    answer(ledger, 1)
    assert path(ledger, "release") == ["SENDING", "UNKNOWN", "SUBMITTED"]
    assert order_row(ledger)["state"] == "RELEASED"


def test_a_release_the_warehouse_does_not_have_is_sent_again(ledger: Ledger) -> None:
    """When the warehouse certainly has it not, the same reference goes out again in a call of its own."""
    lost = _lose_the_answer(ledger)
    with ledger.begin() as conn:
        replan_release(conn, f"{order_id()}-1", NOW)
    again = claim(ledger, now=NOW + MINUTE)
    assert again is not None
    assert (_references(again), again.batch != lost.batch) == (_references(lost), True)
    assert release_row(ledger)["tries"] == 2


def test_an_answer_that_says_nothing_leaves_the_order_in_doubt(ledger: Ledger) -> None:
    """UNKNOWN moves only the release: the order has not crossed."""
    ingest(ledger, amazon_order())
    claim(ledger)
    answer(ledger, 1, result=ReleaseResult.UNKNOWN)
    assert (states(ledger, "releases"), states(ledger, "orders")) == (["UNKNOWN"], ["RELEASING"])
    say(ledger, ChangeKind.ACCEPTED, 1)
    assert (states(ledger, "releases"), states(ledger, "orders")) == (["ACCEPTED"], ["RELEASED"])


def _find_overdue(ledger: Ledger, now: datetime = NOW + 3 * HOUR) -> int:
    with ledger.begin() as conn:
        return record_overdue(conn, "main", now)


def test_an_order_nobody_answered_is_shown_once_and_clears(ledger: Ledger) -> None:
    """Silence past the moment opens one problem, however often one looks; the warehouse's word ends it."""
    release(ledger, amazon_order(), accepted=False)
    assert _find_overdue(ledger, NOW + 2 * HOUR) == 0
    assert _find_overdue(ledger) == 1
    assert _find_overdue(ledger, NOW + 4 * HOUR) == 0
    assert [(p.kind, p.owner) for p in problems(ledger)] == [("release_unanswered", "warehouse")]
    say(ledger, ChangeKind.ACCEPTED, 1)
    assert problems(ledger) == ()


def test_an_order_nobody_answered_is_shown_before_it_is_late(ledger: Ledger) -> None:
    """One that is due sooner than a warehouse usually answers is asked about while there is time."""
    release(ledger, amazon_order(confirm_by=NOW + 100 * MINUTE), amazon_order(number=2), accepted=False)
    assert _find_overdue(ledger, NOW + 20 * MINUTE) == 0
    assert _find_overdue(ledger, NOW + 30 * MINUTE) == 1
    assert [(p.subject, p.act_by) for p in problems(ledger)] == [(order_id(1), NOW + 100 * MINUTE)]


def test_a_dispatch_answers_too(ledger: Ledger) -> None:
    """A parcel is the warehouse's word: the problem of its silence ends with it."""
    release(ledger, amazon_order(), accepted=False)
    _find_overdue(ledger)
    ship(ledger, dispatch())
    assert (states(ledger, "releases"), problems(ledger)) == (["ACCEPTED"], ())
