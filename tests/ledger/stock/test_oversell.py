"""Oversold warehouse SKUs in PostgreSQL: found from open orders, shown once per SKU, cleared when it is over."""

from dataclasses import replace

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.maps import SkuMap
from domain.problems import ProblemKind
from domain.stock.oversell import Standing
from domain.stock.snapshots import SnapshotLimits
from domain.warehouse import StockRow, StockSnapshot
from ledger.connection import Ledger
from ledger.stock.oversell import Oversold, find_oversold, settle_oversold
from ledger.stock.snapshots import record_snapshot
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SKUS,
    amazon_order,
    dispatch,
    line,
    order_id,
    packed,
    snapshot,
)
from tests.ledger.statements import counted
from tests.ledger.walk import NO_SKUS, claim, ingest, problems, release, ship

PLAIN = SkuMap(components={}, same_skus=True)


def _count(ledger: Ledger, seen: StockSnapshot) -> None:
    with ledger.begin() as conn:
        assert record_snapshot(conn, "main", seen, SnapshotLimits(), seen.as_of) == "APPLIED"


def _watch(ledger: Ledger, skus: dict[str, SkuMap] | None = None) -> Oversold:
    with ledger.begin() as conn:
        found = find_oversold(conn, "main", skus or {"main": SKUS})
        settle_oversold(conn, "main", found, NOW)
    return found


def _numbers(found: Oversold) -> list[int]:
    return [int(one.claim.order_id[-7:]) for one in found.orders]


def _pending(number: int, quantity: int = 1):
    lines = [line(quantity=quantity)]
    return amazon_order(number=number, status=AmazonStatus.PENDING, lines=lines, to=None)


def test_more_ordered_than_counted_is_a_problem_with_its_orders(ledger: Ledger) -> None:
    """Found before the warehouse knows of any of them: units short, orders, the first deadline, what is to come."""
    shelf = StockRow(sku="A", available=4, on_order=20, quarantine=1)
    _count(ledger, replace(snapshot(("B", 9)), rows=(shelf, StockRow(sku="B", available=9))))
    ingest(ledger, amazon_order(number=1, lines=[line(quantity=3)]), amazon_order(number=2, lines=[line()]))
    assert _watch(ledger).orders == ()
    assert problems(ledger) == ()
    late = amazon_order(number=3, lines=[line()], confirm_by=NOW + HOUR)
    ingest(ledger, late)
    found = _watch(ledger)
    assert _numbers(found) == [3]
    (problem,) = problems(ledger)
    assert (problem.kind, problem.owner, problem.subject) == (ProblemKind.OVERSOLD, "ecommerce", "main A")
    assert problem.act_by == NOW + HOUR
    assert "A at main is 1 unit short: the count of Nov 27 09:00 UTC had 4 available" in problem.summary
    assert (
        f"Not enough for {order_id(3)}. The count also has 20 on order, 1 in quarantine." in problem.summary
    )


def test_it_clears_with_a_new_count_and_opens_again(ledger: Ledger) -> None:
    """Units booked in end it, and the next sale over them is found anew."""
    _count(ledger, snapshot(("A", 1)))
    ingest(ledger, amazon_order(number=1), amazon_order(number=2))
    _watch(ledger)
    assert len(problems(ledger)) == 1
    _count(ledger, snapshot(("A", 2), as_of=NOW + HOUR))
    assert _watch(ledger) == Oversold()
    assert problems(ledger) == ()
    ingest(ledger, amazon_order(number=3))
    _watch(ledger)
    assert [one.subject for one in problems(ledger)] == ["main A"]


def test_it_clears_when_an_order_is_canceled(ledger: Ledger) -> None:
    """What Amazon canceled takes nothing any more."""
    _count(ledger, snapshot(("A", 1)))
    ingest(ledger, amazon_order(number=1), amazon_order(number=2))
    assert _numbers(_watch(ledger)) == [2]
    ingest(ledger, amazon_order(number=1, status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE))
    assert _watch(ledger) == Oversold()
    assert problems(ledger) == ()


def test_accepted_first_then_paid_then_pending(ledger: Ledger) -> None:
    """What the warehouse took on since the count keeps its units; payment pending goes without first."""
    _count(ledger, snapshot(("A", 2)))
    ingest(ledger, _pending(1))
    release(ledger, amazon_order(number=2), now=NOW + MINUTE)
    release(ledger, amazon_order(number=3), now=NOW + MINUTE, accepted=False)
    ingest(ledger, amazon_order(number=4))
    found = _watch(ledger)
    assert [(one.claim.standing, one.claim.order_id) for one in found.orders] == [
        (Standing.PAID, order_id(4)),
        (Standing.UNPAID, order_id(1)),
    ]
    _count(ledger, snapshot(("A", 0), as_of=NOW + HOUR))
    assert _numbers(_watch(ledger)) == [3, 4, 1]  # the accepted one is in the new count


def test_what_left_since_the_count_is_not_affected(ledger: Ledger) -> None:
    """An order whose parcel is on its way has its units, although the count did not have them."""
    _count(ledger, snapshot(("A", 2)))
    release(ledger, amazon_order(lines=[line(quantity=3)]), now=NOW + MINUTE)
    assert _numbers(_watch(ledger)) == [1]
    ship(ledger, dispatch(lines=[packed(quantity=3)]), now=NOW + HOUR)
    assert _watch(ledger).orders == ()
    assert problems(ledger) == ()


def test_a_kit_that_lacks_a_component_is_affected(ledger: Ledger) -> None:
    """Waiting or handed over, a kit is filled with all its components or not at all."""
    _count(ledger, snapshot(("B", 3), ("C", 9)))
    ingest(ledger, amazon_order(lines=[line(sku="KIT", quantity=2)]))
    (one,) = _watch(ledger).orders
    assert dict(one.short) == {"B": 1}
    claim(ledger)
    (one,) = _watch(ledger).orders
    assert dict(one.short) == {"B": 1}
    assert [problem.subject for problem in problems(ledger)] == ["main B"]


def test_accounts_share_the_shelf_in_their_own_words(ledger: Ledger) -> None:
    """Orders of every account that the connection serves count; another connection's and unmapped SKUs do not."""
    _count(ledger, snapshot(("B", 2), ("C", 2)))
    ingest(ledger, amazon_order(number=1, lines=[line(sku="B")]))
    ingest(ledger, amazon_order(number=2, lines=[line(sku="KIT")]), account="second")
    ingest(ledger, amazon_order(number=3, lines=[line(sku="B", quantity=9)]), connection="north")
    nobody = SkuMap(components={}, same_skus=False)
    ingest(ledger, amazon_order(number=4, lines=[line(sku="B")]), account="third", maps=NO_SKUS)
    found = _watch(ledger, {"main": PLAIN, "second": SKUS, "third": nobody})
    assert [(one.claim.seller_account, dict(one.short)) for one in found.orders] == [("second", {"B": 1})]


def test_another_connections_problems_are_left_alone(ledger: Ledger) -> None:
    """A look at one warehouse neither opens nor clears anything of another."""
    _count(ledger, snapshot(("A", 0)))
    ingest(ledger, amazon_order(number=1))
    _watch(ledger)
    with ledger.begin() as conn:
        settle_oversold(conn, "mai", Oversold(), NOW)
    assert [one.subject for one in problems(ledger)] == ["main A"]


def test_a_sku_that_was_never_counted_is_not_oversold(ledger: Ledger) -> None:
    """Unknown is not zero."""
    ingest(ledger, amazon_order(number=1, lines=[line(sku="NEW", quantity=9)]))
    assert _watch(ledger) == Oversold()
    _count(ledger, snapshot(("A", 1)))
    assert _watch(ledger) == Oversold()


def test_the_hold_of_an_order_is_not_changed(ledger: Ledger) -> None:
    """The watch tells; it stops nothing on its way."""
    _count(ledger, snapshot(("A", 0)))
    ingest(ledger, amazon_order(number=1), _pending(2))
    _watch(ledger)
    with ledger.begin() as conn:
        states = conn.scalars(sa.text("SELECT state FROM ledger.orders ORDER BY id")).all()
    assert states == ["READY", "PENDING"]


def test_the_statements_do_not_grow_with_the_orders(ledger: Ledger) -> None:
    """As many for a hundred open orders as for two, oversold or not."""
    _count(ledger, snapshot(("A", 1), ("B", 500)))

    def statements() -> int:
        with counted(ledger) as seen:
            _watch(ledger)
        return len(seen)

    ingest(ledger, amazon_order(number=1), amazon_order(number=2))
    few = statements()
    ingest(ledger, *[amazon_order(number=n, confirm_by=NOW + DAY) for n in range(3, 103)])
    _watch(ledger)
    assert statements() <= few
