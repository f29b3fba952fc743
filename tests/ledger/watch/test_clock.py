"""The watch's own problems on a real ledger: opened when a gap is there, gone when it is not, never twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.problems import ProblemKind
from domain.warehouse import ChangeKind
from domain.watch.clock import Hop
from ledger.connection import Ledger
from ledger.watch.clock import open_orders, settle_gaps
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    amazon_order,
    carrier_map,
    dispatch,
    line,
    order_id,
    package,
)
from tests.ledger.statements import counted
from tests.ledger.walk import (
    NO_SKUS,
    claim,
    confirm,
    decide,
    ingest,
    kinds,
    look,
    problems,
    refuse,
    release,
    say,
    ship,
)

DUE = amazon_order(confirm_by=NOW + 3 * HOUR)
TWO_UNITS = amazon_order(confirm_by=NOW + 3 * HOUR, lines=[line(quantity=2)])


def watch(ledger: Ledger, now: datetime = NOW) -> int:
    """One look at the clock."""
    with ledger.begin() as conn:
        return settle_gaps(conn, open_orders(conn), now)


def test_open_orders_come_with_their_hop_the_first_due_first(ledger: Ledger) -> None:
    """Each open order has its account, warehouse, hop and moment; what is done is not among them."""
    release(ledger, amazon_order(number=1, confirm_by=NOW + DAY))
    ingest(ledger, amazon_order(number=2, confirm_by=NOW + HOUR))
    ingest(ledger, amazon_order(number=3, confirm_by=None), maps=NO_SKUS)
    release(ledger, amazon_order(number=4))
    ship(ledger, dispatch(number=4))
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id), number=4)
    with ledger.begin() as conn:
        found = open_orders(conn)
    assert [(one.order_id, one.hop, one.held_for, one.ready_at) for one in found] == [
        (order_id(2), Hop.NOT_CROSSED, "", NOW),
        (order_id(1), Hop.NOT_DISPATCHED, "", None),
        (order_id(3), Hop.HELD, "unmapped_sku", None),
    ]
    assert {(one.seller_account, one.connection) for one in found} == {("main", "main")}


def test_an_order_that_does_not_cross_is_shown_until_it_does(ledger: Ledger) -> None:
    """READY for more than 15 minutes opens a problem of the integration; crossing clears it."""
    ingest(ledger, amazon_order())
    assert watch(ledger, NOW + 15 * MINUTE) == 0
    assert watch(ledger, NOW + 16 * MINUTE) == 1
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == (
        ProblemKind.ORDER_NOT_CROSSED,
        "integration",
        order_id(),
    )
    claim(ledger)
    assert watch(ledger, NOW + 17 * MINUTE) == 0
    assert kinds(ledger) == [ProblemKind.ORDER_NOT_CROSSED]
    release(ledger, amazon_order())
    watch(ledger, NOW + 18 * MINUTE)
    assert kinds(ledger) == []


def test_the_quarter_of_an_hour_starts_when_a_hold_ends(ledger: Ledger) -> None:
    """An order that was held for hours is not late to cross the moment it is ready."""
    ingest(ledger, amazon_order(), maps=NO_SKUS)
    ingest(ledger, amazon_order(), now=NOW + 5 * HOUR)
    assert watch(ledger, NOW + 5 * HOUR + 10 * MINUTE) == 0
    assert watch(ledger, NOW + 5 * HOUR + 16 * MINUTE) == 1


def test_a_held_order_is_no_matter_of_crossing(ledger: Ledger) -> None:
    """What waits for the seller has a problem of its own, however long it waits and however late it is."""
    ingest(ledger, amazon_order(confirm_by=NOW + HOUR), maps=NO_SKUS)
    assert watch(ledger, NOW + DAY) == 0


def test_a_picking_delay_ends_with_the_dispatch(ledger: Ledger) -> None:
    """Accepted and not dispatched with three hours left is a problem of the warehouse, until it is dispatched."""
    release(ledger, DUE)
    assert watch(ledger) == 1
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.act_by) == (
        ProblemKind.PICKING_DELAY,
        "warehouse",
        NOW + 3 * HOUR,
    )
    ship(ledger, dispatch())
    watch(ledger)
    assert kinds(ledger) == []


def test_half_an_order_is_a_picking_delay_once_the_other_half_is_proven(ledger: Ledger) -> None:
    """While a parcel of the order is on its way to Amazon nothing is said of the rest; afterward it is."""
    release(ledger, TWO_UNITS)
    ship(ledger, dispatch(package_count=2))
    (claimed,) = confirm(ledger)
    assert watch(ledger) == 0
    look(ledger, package(claimed.claim.package_reference_id))
    assert watch(ledger) == 1


def test_an_order_rejected_at_the_shelf_is_no_picking_delay(ledger: Ledger) -> None:
    """A warehouse that took its acceptance back is asked about that, not why it does not pick."""
    release(ledger, DUE)
    say(ledger, ChangeKind.REJECTED, 1)
    watch(ledger)
    assert kinds(ledger) == [ProblemKind.REJECTED_BY_WAREHOUSE]


_WAITING: dict[str, Callable[[Ledger], object]] = {
    "not sent": decide,
    "carrier": lambda led: decide(led, carriers=carrier_map()),
    "refused": refuse,
    "accepted": confirm,
}


@pytest.mark.parametrize("how", _WAITING)
def test_a_parcel_of_ours_that_waits_is_never_a_picking_delay(ledger: Ledger, how: str) -> None:
    """Whatever holds up the tracking, the warehouse is not asked why it does not pick."""
    release(ledger, TWO_UNITS)
    ship(ledger, dispatch(package_count=2))
    _WAITING[how](ledger)
    watch(ledger, NOW + 2 * DAY)
    assert ProblemKind.PICKING_DELAY not in kinds(ledger)


def _late(ledger: Ledger, at: datetime = NOW + 4 * HOUR) -> None:
    """Known two hours in time, and first accepted an hour late."""
    release(ledger, DUE)
    ship(ledger, dispatch())
    confirm(ledger, now=at)


def test_a_late_confirm_is_shown_with_who_held_it(ledger: Ledger) -> None:
    """The first acceptance after the ship-by time opens one problem that names by whom and by how long."""
    _late(ledger)
    assert watch(ledger, NOW + 4 * HOUR) == 1
    (found,) = problems(ledger)
    assert (found.kind, found.subject) == (ProblemKind.CONFIRMED_LATE, order_id())
    assert "1 h 0 min later; Lockstep held it" in found.summary
    assert watch(ledger, NOW + 5 * HOUR) == 0
    assert kinds(ledger) == [ProblemKind.CONFIRMED_LATE]


def test_a_late_confirm_goes_when_it_is_acknowledged_and_does_not_come_back(ledger: Ledger) -> None:
    """An acknowledged one is cleared at the next look, and the parcel that is still late opens none again."""
    _late(ledger)
    watch(ledger, NOW + 4 * HOUR)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.problems SET acknowledged_at = :now"), {"now": NOW + 5 * HOUR})
    for minutes in (0, 1, 2):
        assert watch(ledger, NOW + 5 * HOUR + minutes * MINUTE) == 0
        assert kinds(ledger) == []


def test_a_late_confirm_is_no_news_after_two_days(ledger: Ledger) -> None:
    """Nobody acknowledged it: it is cleared 48 hours after it was shown."""
    _late(ledger)
    watch(ledger, NOW + 4 * HOUR)
    watch(ledger, NOW + 51 * HOUR)
    assert kinds(ledger) == [ProblemKind.CONFIRMED_LATE]
    watch(ledger, NOW + 52 * HOUR)
    assert kinds(ledger) == []


def test_a_confirm_in_time_and_one_of_long_ago_are_not_shown(ledger: Ledger) -> None:
    """Accepted before its ship-by time, or late but more than a day ago, a parcel opens nothing."""
    release(ledger, DUE, amazon_order(number=2, confirm_by=NOW))
    ship(ledger, dispatch(), dispatch(number=2, package_ref="P2"))
    confirm(ledger, now=NOW + HOUR)
    assert watch(ledger, NOW + 26 * HOUR) == 0


def _call(ledger: Ledger, at: datetime, *outcomes: str) -> None:
    row = "INSERT INTO ledger.calls (at, stranger, operation, outcome, milliseconds)"
    values = " VALUES (:at, 'Amazon (main)', 'searchOrders', :outcome, 5)"
    with ledger.begin() as conn:
        conn.execute(sa.text(row + values), [{"at": at, "outcome": outcome} for outcome in outcomes])


def test_a_throttle_is_shown_while_it_lasts(ledger: Ledger) -> None:
    """Five refusals as too many in a quarter of an hour open a problem; a quarter of an hour later it is gone."""
    _call(ledger, NOW, *["429 QuotaExceeded"] * 5, *["ok"] * 10, "503 ServiceUnavailable")
    assert watch(ledger, NOW + 14 * MINUTE) == 1
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == (
        ProblemKind.THROTTLED,
        "integration",
        "Amazon (main), searchOrders",
    )
    assert "5 of 16 calls" in found.summary
    watch(ledger, NOW + 15 * MINUTE)
    assert kinds(ledger) == []


_READ_EACH_MINUTE = {
    "orders_forget_idx": "UPDATE ledger.orders SET recipient = NULL WHERE recipient IS NOT NULL"
    " AND coalesce(deliver_by, confirm_by, amazon_created_at) < now()",
    "parcels_first_accepted_idx": "SELECT FROM report.lateness WHERE accepted_at >= now()",
    "calls_at_idx": "SELECT FROM ledger.calls WHERE at > now()",
    "orders_open_idx": "SELECT FROM report.orders WHERE state NOT IN ('CLOSED', 'CANCELED', 'FOREIGN')",
}


@pytest.mark.parametrize("index", _READ_EACH_MINUTE)
def test_what_is_read_each_minute_has_an_index_that_leaves_history_out(ledger: Ledger, index: str) -> None:
    """PostgreSQL can answer every question of the watch from an index on what is open or new."""
    with ledger.begin() as conn:
        conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(conn.scalars(sa.text(f"EXPLAIN {_READ_EACH_MINUTE[index]}")))
    assert index in plan


def test_many_gaps_cost_as_many_statements_as_one(ledger: Ledger) -> None:
    """A look makes the same number of statements for one order as for fifty, and writes nothing twice."""
    spent = []
    for numbers in (range(1, 2), range(2, 51)):
        release(ledger, *(amazon_order(number=number, confirm_by=NOW + HOUR) for number in numbers))
        with counted(ledger) as statements:
            watch(ledger)
        spent.append(len(statements))
    assert spent[0] == spent[1]
    with ledger.begin() as conn:
        before = conn.scalars(sa.text("SELECT xmin::text FROM ledger.problems ORDER BY id")).all()
    watch(ledger, NOW + timedelta(seconds=30))
    with ledger.begin() as conn:
        after = conn.scalars(sa.text("SELECT xmin::text FROM ledger.problems ORDER BY id")).all()
    assert before == after
