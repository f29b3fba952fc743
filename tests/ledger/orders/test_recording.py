"""Orders from Amazon in the ledger: pages overlap, answers come late, and nothing is lost or turned back."""

import sqlalchemy as sa

from domain.amazon import AmazonStatus, Unreadable
from domain.problems import ProblemKind
from domain.warehouse import ChangeKind
from ledger.connection import Ledger
from ledger.orders.recording import record_page
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    amazon_order,
    dispatch,
    line,
    order_id,
    orders_page,
    package,
    page_context,
    recipient,
)
from tests.ledger.walk import (
    claim,
    confirm,
    ingest,
    kinds,
    look,
    order_row,
    path,
    problems,
    release,
    release_row,
    say,
    ship,
    states,
)


def test_the_same_page_again_changes_nothing(ledger: Ledger) -> None:
    """A page that is read twice leaves the rows, the lines and the history as they were."""
    page = [amazon_order(number=1), amazon_order(number=2, lines=[line(sku="KIT", quantity=3)])]
    first = ingest(ledger, *page)
    before = dict(order_row(ledger, 2)) | {"recipient": None}
    again = ingest(ledger, *page, now=NOW + MINUTE)
    assert (first.read, first.new, again.read, again.new) == (2, 2, 2, 0)
    assert dict(order_row(ledger, 2)) | {"recipient": None} == before
    assert path(ledger, "order") == ["READY", "READY"]
    with ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT sum(quantity) FROM ledger.order_lines")) == 4


def test_an_order_twice_on_one_page_counts_once(ledger: Ledger) -> None:
    """Of two answers about one order on one page the newer decides, in whatever order they stand."""
    old = amazon_order(status=AmazonStatus.PENDING)
    new = amazon_order(updated_at=NOW + MINUTE)
    assert ingest(ledger, new, old).new == 1
    assert order_row(ledger)["state"] == "READY"


def test_an_older_answer_never_overwrites_a_newer_one(ledger: Ledger) -> None:
    """What Amazon showed earlier changes nothing of what it showed later, lines and state included."""
    ingest(ledger, amazon_order(updated_at=NOW + HOUR, lines=[line(quantity=5)]))
    before = order_row(ledger)
    outcome = ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, lines=[line(quantity=1)]))
    assert outcome.decided == {}
    assert order_row(ledger) == before
    with ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT quantity FROM ledger.order_lines")) == 5


def test_a_pending_order_becomes_ready_when_it_is_paid(ledger: Ledger) -> None:
    """PENDING is kept and never released; when Amazon shows the payment it is READY, with its address."""
    ingest(ledger, amazon_order(status=AmazonStatus.PENDING, to=None))
    assert claim(ledger) is None
    assert order_row(ledger)["state"] == "PENDING"
    assert problems(ledger) == ()
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert path(ledger, "order") == ["PENDING", "READY"]
    batch = claim(ledger)
    assert batch is not None
    assert batch.orders[0].recipient == recipient()


def test_orders_that_amazon_fulfills_are_ignored(ledger: Ledger) -> None:
    """An FBA order leaves no row behind."""
    outcome = ingest(ledger, amazon_order(merchant_fulfilled=False), amazon_order(number=2))
    assert (outcome.read, outcome.new) == (2, 1)
    assert states(ledger, "orders") == ["READY"]


def test_an_order_canceled_before_its_release_is_never_sent(ledger: Ledger) -> None:
    """A READY order that Amazon cancels ends there, and the warehouse hears nothing of it."""
    ingest(ledger, amazon_order())
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE), now=NOW + MINUTE)
    assert claim(ledger) is None
    assert order_row(ledger)["canceled_at"] == NOW + MINUTE
    with ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM ledger.releases")) == 0


def test_an_order_canceled_after_its_release_asks_the_warehouse_to_stop(ledger: Ledger) -> None:
    """A released order that Amazon cancels is CANCELED with a wish for the warehouse, made once."""
    release(ledger, amazon_order())
    canceled = amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE)
    ingest(ledger, canceled)
    ingest(ledger, canceled)
    assert (order_row(ledger)["state"], release_row(ledger)["cancel_state"]) == ("CANCELED", "PLANNED")
    assert path(ledger, "order") == ["READY", "RELEASING", "RELEASED", "CANCELED"]


def test_a_rejected_order_that_amazon_cancels_needs_no_stop(ledger: Ledger) -> None:
    """A warehouse that rejected the order is not asked to stop it; one that has not answered yet is."""
    release(ledger, amazon_order(), amazon_order(number=2), accepted=False)
    say(ledger, ChangeKind.REJECTED, 1)
    for number in (1, 2):
        canceled = amazon_order(number=number, status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE)
        ingest(ledger, canceled)
    assert [release_row(ledger, number)["cancel_state"] for number in (1, 2)] == ["", "PLANNED"]
    assert states(ledger, "orders") == ["CANCELED", "CANCELED"]


def test_a_canceled_order_stays_canceled(ledger: Ledger) -> None:
    """Whatever Amazon shows later of a canceled order, it is not released."""
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED))
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert states(ledger, "orders") == ["CANCELED"]


def test_a_closed_order_that_amazon_cancels_does_not_stop_the_page(ledger: Ledger) -> None:
    """A cancellation of an order whose hand-overs are all done is taken without losing the page's others."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id))
    assert order_row(ledger)["state"] == "CLOSED"
    canceled = amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE)
    ingest(ledger, canceled, amazon_order(number=2))
    assert order_row(ledger, 2)["state"] == "READY"


def test_an_order_shipped_before_we_saw_it_is_foreign(ledger: Ledger) -> None:
    """An order first seen as shipped is history and no problem; one that we had not released is one."""
    ingest(ledger, amazon_order(status=AmazonStatus.SHIPPED), amazon_order(number=2))
    assert (states(ledger, "orders"), problems(ledger)) == (["FOREIGN", "READY"], ())
    ingest(ledger, amazon_order(number=2, status=AmazonStatus.SHIPPED, updated_at=NOW + MINUTE))
    assert states(ledger, "orders") == ["FOREIGN", "FOREIGN"]
    assert [(p.kind, p.subject) for p in problems(ledger)] == [(ProblemKind.CONFIRMED_ELSEWHERE, order_id(2))]


def test_an_unreadable_order_is_shown_until_it_parses(ledger: Ledger) -> None:
    """An order we did not understand opens a problem once; the first answer that parses clears it."""
    broken = orders_page(
        amazon_order(number=2), unreadable=[Unreadable(order_id=order_id(), reason="no lines")]
    )
    for _ in range(2):
        with ledger.begin() as conn:
            outcome, ids = record_page(conn, broken, page_context(ledger.seal), NOW)
    assert (outcome.unreadable, list(ids)) == (1, [order_id(2)])
    assert [(p.kind, p.subject, p.owner) for p in problems(ledger)] == [
        (ProblemKind.ORDER_UNREADABLE, order_id(), "integration")
    ]
    ingest(ledger, amazon_order())
    assert problems(ledger) == ()


def test_a_settled_order_that_was_unreadable_clears_too(ledger: Ledger) -> None:
    """An order that is over leaves no problem behind when its answer parses again."""
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED))
    broken = orders_page(unreadable=[Unreadable(order_id=order_id(), reason="no lines")])
    with ledger.begin() as conn:
        record_page(conn, broken, page_context(ledger.seal), NOW)
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE))
    assert problems(ledger) == ()


def test_two_accounts_may_know_the_same_order_id(ledger: Ledger) -> None:
    """Orders belong to a seller account: the same Amazon id under two accounts is two orders."""
    ingest(ledger, amazon_order())
    assert ingest(ledger, amazon_order(status=AmazonStatus.PENDING), account="second").new == 1
    assert states(ledger, "orders") == ["READY", "PENDING"]


def test_an_order_in_full_goes_from_ready_to_closed(ledger: Ledger) -> None:
    """The main street in one row's history, each step at its moment."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id), now=NOW + HOUR)
    assert path(ledger, "order") == ["READY", "RELEASING", "RELEASED", "DISPATCHED", "CLOSED"]
    row = order_row(ledger)
    assert (row["released_at"], row["accepted_at"], row["closed_at"]) == (NOW, NOW, NOW + HOUR)


def test_a_word_on_an_order_never_given_out_is_shown(ledger: Ledger) -> None:
    """The warehouse's word on a reference we never gave out opens a problem and changes no order."""
    ingest(ledger, amazon_order())
    assert say(ledger, ChangeKind.ACCEPTED, 7) == {"unknown": 1}
    assert (states(ledger, "orders"), kinds(ledger)) == (["READY"], [ProblemKind.UNKNOWN_ORDER])
