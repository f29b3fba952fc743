"""How counts moved: our own orders are taken out, and the rest is what other channels sell."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.stock.snapshots import SnapshotLimits
from ledger.connection import Ledger
from ledger.stock.moves import forget_counts
from ledger.stock.snapshots import accept_snapshot, record_snapshot
from tests.factories import DAY, HOUR, MINUTE, NOW, amazon_order, line, snapshot
from tests.ledger.walk import release


def _count(ledger: Ledger, units: dict[str, int], after: timedelta, *, warehouse: str = "W1") -> str:
    as_of = NOW + after
    with ledger.begin() as conn:
        counted = snapshot(*units.items(), as_of=as_of, warehouse=warehouse)
        return record_snapshot(conn, "main", counted, SnapshotLimits(), as_of)


def _rows(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    with ledger.begin() as conn:
        found = conn.execute(sa.text(f"SELECT * FROM ledger.{table} ORDER BY 1, 2, 3, 4")).mappings()
        return [dict(row) for row in found]


def _day(ledger: Ledger, sku: str = "A") -> tuple[int, ...]:
    (row,) = [row for row in _rows(ledger, "stock_days") if row["sku"] == sku]
    return tuple(row[name] for name in ("opening", "closing", "ours", "fell", "rose"))


def _drained(ledger: Ledger) -> dict[tuple[str, datetime], int]:
    return {(row["sku"], row["hour"]): row["units"] for row in _rows(ledger, "drains")}


def _order(ledger: Ledger, units: int, accepted: timedelta, *, number: int = 1) -> None:
    release(ledger, amazon_order(number=number, lines=[line(quantity=units)]), now=NOW + accepted)


def test_a_first_count_and_an_unmoved_one_say_nothing(ledger: Ledger) -> None:
    """What was never counted has not moved, and a number that stays writes nothing."""
    _count(ledger, {"A": 10}, timedelta(0))
    _count(ledger, {"A": 10}, HOUR)
    assert (_rows(ledger, "stock_days"), _rows(ledger, "drains")) == ([], [])


def test_what_our_orders_do_not_explain_was_sold_elsewhere(ledger: Ledger) -> None:
    """A fall less our accepted orders goes to the hour of the count; what comes in is no sale."""
    _count(ledger, {"A": 10, "B": 10}, timedelta(0))
    _order(ledger, 3, MINUTE)
    _count(ledger, {"A": 5, "B": 10}, 10 * MINUTE)
    assert _day(ledger) == (10, 5, 3, 2, 0)
    _count(ledger, {"A": 4, "B": 30}, 20 * MINUTE)
    _count(ledger, {"A": 3, "B": 30}, 90 * MINUTE)
    assert _day(ledger) == (10, 3, 3, 4, 0)
    assert _day(ledger, "B") == (10, 30, 0, 0, 20)
    assert _drained(ledger) == {("A", NOW): 3, ("A", NOW + HOUR): 1}


def test_an_order_known_after_the_count_that_subtracted_it_is_no_sale_elsewhere(ledger: Ledger) -> None:
    """The warehouse may subtract before it acknowledges: the next count takes the false sale back."""
    _count(ledger, {"A": 10}, timedelta(0))
    _count(ledger, {"A": 6}, 58 * MINUTE)
    assert _drained(ledger) == {("A", NOW): 4}
    _order(ledger, 3, 59 * MINUTE)
    _count(ledger, {"A": 6}, 61 * MINUTE)
    assert _day(ledger) == (10, 6, 3, 1, 0)
    assert _drained(ledger) == {("A", NOW): 1}
    _order(ledger, 2, 62 * MINUTE, number=2)
    _count(ledger, {"A": 6}, 63 * MINUTE)
    assert _day(ledger) == (10, 6, 5, 0, 1)
    assert _drained(ledger) == {}


def test_a_corrected_number_is_no_sale(ledger: Ledger) -> None:
    """What a person accepts, what was doubted and what comes back after it was missing says nothing of sales."""
    shelf = dict.fromkeys("ABCDEF", 10)
    _count(ledger, shelf, timedelta(0))
    _count(ledger, shelf | {"B": -1}, MINUTE)
    _count(ledger, {sku: units for sku, units in shelf.items() if sku != "C"}, 2 * MINUTE)
    _count(ledger, shelf | {"C": 7}, 3 * MINUTE)
    assert _drained(ledger) == {}
    assert _count(ledger, dict.fromkeys(shelf, 0), 4 * MINUTE) == "HELD"
    with ledger.begin() as conn:
        accept_snapshot(conn, 5, "Ada", NOW + HOUR)
    assert _drained(ledger) == {}
    assert _day(ledger, "C") == (10, 0, 0, 10, 0)


def test_of_several_warehouses_an_order_explains_any_fall_and_no_more(ledger: Ledger) -> None:
    """Nobody says which house an order takes its units from: where nothing fell, nothing is explained."""
    for warehouse in ("W1", "W2"):
        _count(ledger, {"A": 10}, timedelta(0), warehouse=warehouse)
    _order(ledger, 3, MINUTE)
    for warehouse, units in (("W1", 6), ("W2", 10)):
        _count(ledger, {"A": units}, 5 * MINUTE, warehouse=warehouse)
    moved = {row["warehouse"]: (row["ours"], row["fell"], row["rose"]) for row in _rows(ledger, "stock_days")}
    assert moved == {"W1": (3, 1, 0)}
    assert _drained(ledger) == {("A", NOW): 1}


def test_old_moves_are_forgotten(ledger: Ledger) -> None:
    """How a count moved is kept for 35 days."""
    _count(ledger, {"A": 10}, timedelta(0))
    _count(ledger, {"A": 9}, HOUR)
    with ledger.begin() as conn:
        assert forget_counts(conn, NOW + 34 * DAY) == 0
        assert forget_counts(conn, NOW + 37 * DAY) == 2
    assert (_rows(ledger, "stock_days"), _rows(ledger, "drains")) == ([], [])
