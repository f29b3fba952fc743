"""Orders that wait for a person: held for a reason, decided again by themselves, forgotten when done."""

import pytest

from domain.amazon import AmazonStatus
from domain.orders.order import OrderMaps
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.orders.held import purge_recipients, review_held
from ledger.tables import order_lines
from tests.factories import (
    DAY,
    HOUR,
    MAPS,
    MINUTE,
    NOW,
    SKUS,
    amazon_order,
    line,
    order_id,
)
from tests.ledger.statements import counted
from tests.ledger.walk import (
    NO_SKUS,
    NOTHING_MAPPED,
    claim,
    ingest,
    kinds,
    order_row,
    problems,
    release,
    release_row,
    states,
)


def _review(ledger: Ledger, maps: OrderMaps) -> dict[str, int]:
    with ledger.begin() as conn:
        return review_held(conn, "main", maps, NOW + HOUR)


def test_a_held_order_goes_on_when_the_map_has_its_sku(ledger: Ledger) -> None:
    """An order held for an unmapped SKU is READY after the mapping, and its problem clears by itself."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    held = problems(ledger)[0]
    assert (held.kind, held.owner, held.subject) == (ProblemKind.UNMAPPED_SKU, "ecommerce", order_id())
    assert held.act_by == NOW + DAY
    assert _review(ledger, NO_SKUS) == {}
    assert _review(ledger, MAPS) == {"READY": 1}
    assert (order_row(ledger)["held_for"], problems(ledger)) == ("", ())


def test_a_ready_order_is_held_when_its_mapping_goes(ledger: Ledger) -> None:
    """A READY order whose SKU nobody maps any more waits for a person again."""
    ingest(ledger, amazon_order())
    assert _review(ledger, NO_SKUS) == {"HELD": 1}
    assert (order_row(ledger)["held_for"], kinds(ledger)) == ("unmapped_sku", [ProblemKind.UNMAPPED_SKU])


def test_a_held_order_shows_the_reason_that_is_left(ledger: Ledger) -> None:
    """When one of two reasons for holding is gone the order is held for the other, by its owner."""
    ingest(ledger, amazon_order(), maps=NOTHING_MAPPED)
    assert order_row(ledger)["held_for"] == "unmapped_sku"
    _review(ledger, OrderMaps(skus=SKUS, services=NOTHING_MAPPED.services))
    assert kinds(ledger) == [ProblemKind.UNMAPPED_SHIP_METHOD]
    assert order_row(ledger)["held_for"] == "unmapped_ship_method"


def test_a_buyers_wish_to_cancel_holds_and_then_lets_go(ledger: Ledger) -> None:
    """Before the release the wish holds the order; when Amazon shows it no more the order goes on."""
    ingest(ledger, amazon_order(lines=[line(cancel_requested=True)]))
    assert (order_row(ledger)["held_for"], problems(ledger)[0].owner) == (
        "cancel_requested",
        "customer_service",
    )
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert (states(ledger, "orders"), problems(ledger)) == (["READY"], ())


def test_a_wish_after_the_release_is_a_problem_only(ledger: Ledger) -> None:
    """A buyer's wish for an order at the warehouse opens a problem and stops nothing."""
    release(ledger, amazon_order())
    ingest(ledger, amazon_order(lines=[line(cancel_requested=True)], updated_at=NOW + MINUTE))
    assert (states(ledger, "orders"), release_row(ledger)["cancel_state"]) == (["RELEASED"], "")
    assert kinds(ledger) == [ProblemKind.CANCEL_REQUESTED]


def test_an_answer_without_an_address_does_not_hold_an_order_that_has_one(ledger: Ledger) -> None:
    """A READY order whose address is kept stays READY when an answer leaves the address out."""
    ingest(ledger, amazon_order())
    ingest(ledger, amazon_order(to=None, updated_at=NOW + MINUTE))
    assert (states(ledger, "orders"), problems(ledger)) == (["READY"], ())


def test_an_order_without_an_address_is_held_until_it_has_one(ledger: Ledger) -> None:
    """An answer with an address is taken, a later one without takes it away neither then nor at a review."""
    ingest(ledger, amazon_order(to=None))
    assert order_row(ledger)["held_for"] == "bad_address"
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    ingest(ledger, amazon_order(to=None, updated_at=NOW + 2 * MINUTE))
    assert _review(ledger, MAPS) == {}
    assert (states(ledger, "orders"), problems(ledger)) == (["READY"], ())


def test_an_order_with_nothing_left_to_ship_is_not_ready(ledger: Ledger) -> None:
    """A READY order without any line to ship, however that came, waits for a person and is never planned."""
    ingest(ledger, amazon_order(), amazon_order(number=2))
    with ledger.begin() as conn:
        conn.execute(order_lines.delete().where(order_lines.c.order_id == 1))
        conn.execute(order_lines.update().values(unfulfilled=0))
    assert _review(ledger, MAPS) == {"HELD": 2}
    assert kinds(ledger) == [ProblemKind.UNFULFILLABLE] * 2


@pytest.mark.parametrize("maps", [MAPS, NOTHING_MAPPED], ids=["released", "held"])
def test_a_review_costs_the_same_for_one_order_and_for_many(ledger: Ledger, maps: OrderMaps) -> None:
    """Orders are decided together: the number of statements does not grow with the number of orders."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    with counted(ledger) as one:
        _review(ledger, maps)
    ingest(ledger, *[amazon_order(number=number) for number in range(2, 60)], maps=NO_SKUS)
    with counted(ledger) as many:
        _review(ledger, maps)
    assert len(many) <= len(one) + 1  # orders that moved before are not moved again


def test_recipients_of_settled_orders_are_forgotten_in_time(ledger: Ledger) -> None:
    """Orders that were due before the moment lose their recipient, whatever became of them at the warehouse."""
    release(ledger, amazon_order(), amazon_order(number=2, deliver_by=NOW + 9 * DAY))
    ingest(ledger, amazon_order(number=3, status=AmazonStatus.SHIPPED, deliver_by=None))
    ingest(ledger, amazon_order(number=4, status=AmazonStatus.CANCELED))
    with ledger.begin() as conn:
        assert purge_recipients(conn, NOW + DAY) == 0
        assert purge_recipients(conn, NOW + 3 * DAY) == 1
        assert purge_recipients(conn, NOW + 5 * DAY) == 2
    kept = [order_row(ledger, number)["recipient"] is not None for number in (1, 2, 3, 4)]
    assert kept == [False, True, False, False]


def test_a_recipient_that_is_still_needed_is_kept(ledger: Ledger) -> None:
    """What is not at the warehouse yet keeps its recipient, however late it is; what was purged stays so."""
    ingest(ledger, amazon_order(status=AmazonStatus.PENDING), amazon_order(number=2, lines=[]))
    release(ledger, amazon_order(number=3))
    ingest(ledger, amazon_order(number=4))
    claim(ledger)
    ingest(ledger, amazon_order(number=5))
    with ledger.begin() as conn:
        assert purge_recipients(conn, NOW + 99 * DAY) == 1
    ingest(ledger, amazon_order(number=3, updated_at=NOW + MINUTE))
    assert order_row(ledger, 3)["recipient"] is None
    assert states(ledger, "orders") == ["PENDING", "HELD", "RELEASED", "RELEASING", "READY"]
