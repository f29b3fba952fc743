"""What was planned but never left us follows the maps in force; what may have left keeps its lines."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from ledger.connection import Ledger
from ledger.maps import ServiceEntry, SkuEntry, record_services, record_skus
from ledger.orders.release_plans import plan_releases
from ledger.orders.releases import ReleaseBatch, claim_releases, doubt_unanswered, replan_release
from ledger.orders.renewals import renew_planned
from ledger.register import Connection, record_connection
from tests.factories import HOUR, MAPS, MINUTE, NOW, amazon_order, line, order_id
from tests.ledger.statements import counted
from tests.ledger.walk import claim, ingest, order_row, path, release_row

MAIN = Connection(name="main", adapter="file-drop", serves=("main", "second"), same_skus=True)


@pytest.fixture
def house(ledger: Ledger) -> Ledger:
    """A ledger that knows its warehouse, and how any order is asked for there."""
    with ledger.begin() as conn:
        record_connection(conn, MAIN)
    return _map(ledger, service="STD")


def _map(
    ledger: Ledger, *parts: tuple[str, int], sku: str = "A", service: str = "", account: str = "main"
) -> Ledger:
    with ledger.begin() as conn:
        entries = [
            SkuEntry(
                seller_account=account, seller_sku=sku, connection="main", warehouse_sku=name, units=units
            )
            for name, units in parts
        ]
        record_skus(conn, entries, "Kim", NOW)
        row = ServiceEntry(
            seller_account=account,
            marketplace_id="",
            service_level="",
            program="",
            connection="main",
            warehouse_service=service,
        )
        record_services(conn, [row] if service else [], "Kim", NOW)
    return ledger


def _plan(ledger: Ledger, account: str = "main") -> None:
    """Plan with the maps of before; the warehouse is away, so nothing is claimed."""
    with ledger.begin() as conn:
        plan_releases(conn, account, MAPS, 1000, NOW)


def _claim(conn: sa.Connection, ledger: Ledger) -> ReleaseBatch | None:
    return claim_releases(conn, "main", ledger.seal, 1000, NOW + HOUR)


def _lines(batch: ReleaseBatch | None) -> dict[str, set[tuple[str, int]]]:
    assert batch is not None
    return {one.amazon_order_id: {(part.sku, part.quantity) for part in one.lines} for one in batch.orders}


def _kept(ledger: Ledger) -> Sequence[tuple[str, int, int]]:
    found = sa.text("SELECT sku, quantity, per_unit FROM ledger.release_lines ORDER BY release_id, sku")
    with ledger.begin() as conn:
        return [tuple(row) for row in conn.execute(found)]


def test_what_never_left_follows_a_corrected_sku(house: Ledger) -> None:
    """An order planned before its SKU was corrected is handed over, and kept, as the goods it is now."""
    ingest(house, amazon_order(lines=[line(quantity=3)]))
    _plan(house)
    _map(house, ("Y", 1), ("Z", 2))
    with house.begin() as conn:
        assert _lines(_claim(conn, house)) == {order_id(): {("Y", 3), ("Z", 6)}}
    assert _kept(house) == [("Y", 3, 1), ("Z", 6, 2)]
    with house.begin() as conn:
        said = conn.scalar(sa.text("SELECT reason FROM ledger.release_history"))
    assert (path(house, "release"), said) == (["SENDING"], "the maps changed")


def test_what_never_left_follows_a_corrected_ship_method(house: Ledger) -> None:
    """An order planned before its ship method was corrected is asked for as the map says now."""
    ingest(house, amazon_order())
    _plan(house)
    _map(house, service="NEXT DAY")
    with house.begin() as conn:
        batch = _claim(conn, house)
    assert batch is not None
    assert [one.service for one in batch.orders] == ["NEXT DAY"]


def test_each_account_follows_its_own_map(house: Ledger) -> None:
    """One claim takes the orders of every account that the warehouse serves, each by its own account's map."""
    ingest(house, amazon_order())
    ingest(house, amazon_order(number=2), account="second")
    _plan(house)
    _plan(house, "second")
    _map(house, ("Z", 2), account="second")
    with house.begin() as conn:
        assert _lines(_claim(conn, house)) == {order_id(1): {("A", 1)}, order_id(2): {("Z", 2)}}


def test_what_may_have_left_keeps_its_lines(house: Ledger) -> None:
    """An order whose call was made once goes out again as it was, even when the warehouse says it has it not."""
    ingest(house, amazon_order())
    claim(house)
    _map(house, ("Z", 2))
    with house.begin() as conn:
        doubt_unanswered(conn, "main", NOW)
        assert renew_planned(conn, "main") == 0
        replan_release(conn, f"{order_id()}-1", NOW)
        assert renew_planned(conn, "main") == 0
        assert _lines(_claim(conn, house)) == {order_id(): {("A", 1)}}


def test_an_order_that_no_map_speaks_of_any_more_goes_out_as_planned(house: Ledger) -> None:
    """A SKU and a ship method that have no row any more correct nothing: the lines and the service stay."""
    ingest(house, amazon_order())
    _plan(house)
    with house.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.connections SET same_skus = false"))
        conn.execute(sa.text("UPDATE ledger.service_map SET until = now()"))
        batch = _claim(conn, house)
    assert batch is not None
    assert (_lines(batch), batch.orders[0].service) == ({order_id(): {("A", 1)}}, "STD")


def test_an_absurd_number_of_units_harms_its_own_order_alone(house: Ledger) -> None:
    """A map row of more units than can be kept leaves its order as planned, and the others follow theirs."""
    ingest(house, amazon_order(lines=[line(quantity=2)]), amazon_order(number=2, lines=[line(sku="B")]))
    _plan(house)
    _map(house, ("Z", 2_000_000_000))
    _map(house, ("Y", 5), sku="B")
    with house.begin() as conn:
        assert _lines(_claim(conn, house)) == {order_id(1): {("A", 2)}, order_id(2): {("Y", 5)}}


def test_a_plan_that_is_being_claimed_is_left_to_its_claim(house: Ledger) -> None:
    """A renewal beside a claim neither waits for it nor touches what it took, before and after it commits."""
    ingest(house, amazon_order())
    _plan(house)
    with house.begin() as first:
        batch = _claim(first, house)
        _map(house, ("Z", 2))
        with house.begin() as second:
            assert renew_planned(second, "main") == 0
    with house.begin() as conn:
        assert renew_planned(conn, "main") == 0
    assert (_lines(batch), _kept(house)) == ({order_id(): {("A", 1)}}, [("A", 1, 1)])


def test_a_claim_reads_the_map_after_it_took_the_order(house: Ledger) -> None:
    """A correction that is committed while a claim waits for its rows is what the claim sends."""
    ingest(house, amazon_order())
    _plan(house)
    with house.begin() as conn:
        sa.event.listen(conn, "after_cursor_execute", lambda *_: _map(house, ("Z", 2)), once=True)
        assert _lines(_claim(conn, house)) == {order_id(): {("Z", 2)}}


def test_stock_is_reserved_for_what_will_be_sent(house: Ledger) -> None:
    """A plan is renewed while the warehouse is still away, and only once; a canceled order's plan is left alone."""
    ingest(house, amazon_order(), amazon_order(number=2))
    _plan(house)
    _map(house, ("Z", 2))
    with house.begin() as conn:
        conn.execute(
            sa.text("UPDATE ledger.orders SET state = 'CANCELED' WHERE amazon_order_id = :it"),
            {"it": order_id(2)},
        )
        assert (renew_planned(conn, "main"), renew_planned(conn, "main")) == (1, 0)
    assert _kept(house) == [("Z", 2, 2), ("A", 1, 1)]
    assert (order_row(house)["state"], release_row(house)["state"]) == ("RELEASING", "PLANNED")


def test_renewing_many_plans_takes_no_more_statements_than_one(house: Ledger) -> None:
    """The number of statements does not grow with the orders whose SKU was corrected."""
    costs = []
    for first, last in ((1, 2), (2, 40)):
        ingest(house, *(amazon_order(number=n) for n in range(first, last)))
        _plan(house)
        _map(house, ("Z", last))
        with counted(house) as statements, house.begin() as conn:
            renew_planned(conn, "main")
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_nothing_planned_costs_one_question(house: Ledger) -> None:
    """Where every plan has left, a renewal asks once and reads no map."""
    ingest(house, amazon_order())
    claim(house, now=NOW + MINUTE)
    with counted(house) as statements, house.begin() as conn:
        assert renew_planned(conn, "main") == 0
    assert len(statements) == 1
