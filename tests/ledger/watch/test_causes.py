"""What one person's one act would mend is one cause, and each problem counts what waits for it."""

import pytest
import sqlalchemy as sa

from domain.orders.order import decide_order
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.deliveries import unknown_order
from ledger.orders.releases import record_overdue
from tests.domain.examples import MAPS, facts
from tests.factories import HOUR, NOW, amazon_order, dispatch, line, order_id
from tests.ledger.walk import decide, release, ship


def causes(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Kind, cause and number of every open problem."""
    found = sa.text("SELECT kind, cause, affected FROM ledger.problems WHERE cleared_at IS NULL ORDER BY id")
    with ledger.begin() as conn:
        return [tuple(row) for row in conn.execute(found)]


@pytest.mark.parametrize(
    ("order", "cause"),
    [
        (facts(seller_skus=("TEACUP", "SAUCER", "MUG")), "SAUCER"),
        (facts(service_level="Expedited"), "Expedited in A1F83G8C2ARO7P"),
        (facts(address_gaps=("city",)), ""),
    ],
)
def test_held_orders_share_what_is_not_mapped(order: object, cause: str) -> None:
    """Orders wait for one row of a map; an address is each order's own."""
    (found,) = decide_order(order, None, MAPS).problems  # type: ignore[arg-type]
    assert found.cause == cause


def test_the_parcels_of_a_carrier_are_counted(ledger: Ledger) -> None:
    """The problem of an unmapped carrier says how many parcels wait for it, at every look."""
    release(ledger, amazon_order(lines=[line(quantity=5)]))
    ship(ledger, *(dispatch(package_ref=f"P{n}", carrier="Pigeon") for n in range(3)))
    decide(ledger)
    ship(ledger, dispatch(package_ref="P4", carrier="Pigeon"))
    decide(ledger)
    ((kind, cause, affected),) = causes(ledger)
    assert (kind, affected) == ("carrier_unmapped", 4)
    assert cause.startswith("main / Pigeon")


def test_parcels_without_tracking_are_the_warehouses(ledger: Ledger) -> None:
    """All parcels that a warehouse dispatched without a number are one question to it."""
    release(ledger, amazon_order(), amazon_order(number=2))
    ship(ledger, dispatch(tracking=""), dispatch(number=2, package_ref="P2", tracking=""))
    decide(ledger)
    assert causes(ledger) == [("tracking_missing", "main", 1)] * 2


def test_unanswered_orders_are_the_warehouses(ledger: Ledger) -> None:
    """Orders that a warehouse does not answer to are one question to it, and so are references it invented."""
    release(ledger, amazon_order(), amazon_order(number=2))
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.releases SET state = 'SUBMITTED'"))
        assert record_overdue(conn, "main", NOW + 3 * HOUR) == 2
    assert causes(ledger) == [("release_unanswered", "main", 1)] * 2
    assert unknown_order("main", order_id()).cause == "main"
    assert unknown_order("main", order_id()).kind is ProblemKind.UNKNOWN_ORDER
