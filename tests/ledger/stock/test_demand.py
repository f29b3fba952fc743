"""Demand by the hour, and what is expected to go unseen: on real PostgreSQL."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.maps import SkuMap
from domain.stock.demand import WINDOWS, Exposure, expected_units
from ledger.connection import Ledger
from ledger.stock.demand import DemandBook, expected_by_sku, forget_demand, load_demand
from tests.factories import DAY, HOUR, MINUTE, NOW, SKUS, amazon_order, line
from tests.ledger.statements import counted
from tests.ledger.walk import ingest

ORDERED = NOW - HOUR  # when the factory's orders were placed
LATER = NOW + 10 * MINUTE
NONE = (0,) * len(WINDOWS)


def _demand(ledger: Ledger) -> list[tuple[str, str, datetime, int]]:
    with ledger.begin() as conn:
        found = conn.execute(
            sa.text("SELECT seller_account, seller_sku, hour, units FROM ledger.demand ORDER BY 1, 2, 3")
        )
        return [tuple(row) for row in found]


def _sold(ledger: Ledger, sku: str, units: int, hour: datetime, account: str = "main") -> None:
    with ledger.begin() as conn:
        conn.execute(
            sa.text("INSERT INTO ledger.demand VALUES (:account, :sku, :hour, :units)"),
            {"account": account, "sku": sku, "hour": hour, "units": units},
        )


def _drained(ledger: Ledger, sku: str, units: int, hour: datetime, connection: str = "main") -> None:
    with ledger.begin() as conn:
        conn.execute(
            sa.text("INSERT INTO ledger.drains VALUES (:connection, :sku, :hour, :units)"),
            {"connection": connection, "sku": sku, "hour": hour, "units": units},
        )


def _book(ledger: Ledger, skus: dict[str, SkuMap] | None = None) -> DemandBook:
    with ledger.begin() as conn:
        return load_demand(conn, "main", skus or {"main": SKUS}, LATER)


def test_new_orders_add_up_in_the_hour_in_which_they_were_placed(ledger: Ledger) -> None:
    """Units of one SKU and hour are one row, over orders, lines and pages."""
    two = [line(quantity=2), line(item="item-2", quantity=3)]
    ingest(ledger, amazon_order(number=1, lines=two), amazon_order(number=2))
    ingest(ledger, amazon_order(number=3, lines=[line(sku="KIT")]), amazon_order(number=4))
    assert _demand(ledger) == [("main", "A", ORDERED, 7), ("main", "KIT", ORDERED, 1)]


def test_an_order_counts_once_however_often_it_is_read(ledger: Ledger) -> None:
    """Pages overlap on purpose: what is known already adds nothing, paid since or not."""
    ingest(ledger, amazon_order(status=AmazonStatus.PENDING))
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE))
    assert _demand(ledger) == [("main", "A", ORDERED, 1)]


@pytest.mark.parametrize(
    ("order", "units"),
    [
        (amazon_order(status=AmazonStatus.PENDING), 1),
        (amazon_order(status=AmazonStatus.SHIPPED, lines=[line(quantity=2, unfulfilled=0)]), 2),
        (amazon_order(status=AmazonStatus.CANCELED), 0),
        (amazon_order(merchant_fulfilled=False), 0),
        (amazon_order(lines=[line(sku="")]), 0),
        (amazon_order(lines=[line(quantity=0)]), 0),
    ],
    ids=["pending", "shipped", "canceled", "Amazon's own", "nameless", "nothing"],
)
def test_what_buyers_took_counts(ledger: Ledger, order: object, units: int) -> None:
    """Payment pending and shipped units were taken; canceled ones and those of Amazon's own stock were not."""
    ingest(ledger, order)  # type: ignore[arg-type]
    assert sum(row[3] for row in _demand(ledger)) == units


def test_a_page_costs_one_statement_more_however_long_it_is(ledger: Ledger) -> None:
    """Demand of a hundred orders is written in as many statements as that of one."""
    with counted(ledger) as one:
        ingest(ledger, amazon_order(number=1))
    with counted(ledger) as many:
        ingest(ledger, *(amazon_order(number=n, lines=[line(sku=f"S{n}")]) for n in range(2, 102)))
    assert len([sql for sql in one if "ledger.demand" in sql]) == 1
    assert len([sql for sql in many if "ledger.demand" in sql]) == 1


def test_old_demand_is_forgotten(ledger: Ledger) -> None:
    """What no estimate looks back on is dropped, of Amazon and of other channels."""
    for days in (1, 34, 36):
        _sold(ledger, "A", 1, NOW - days * DAY)
        _drained(ledger, "A", 1, NOW - days * DAY)
    with ledger.begin() as conn:
        assert forget_demand(conn, NOW) == 2
    assert len(_demand(ledger)) == 2


def test_sales_fall_into_their_windows(ledger: Ledger) -> None:
    """Each window holds what was sold since its first hour; older sales are in none."""
    for hours in (0, 1, 2, 5, 6, 23, 24, 167, 168, 671, 672):
        _sold(ledger, "A", 1, NOW - hours * HOUR)
    assert _book(ledger).amazon == {"A": [2, 4, 6, 8, 10]}


def test_kits_are_taken_apart_and_accounts_add_up(ledger: Ledger) -> None:
    """A kit's sale takes its components; every account that is served takes from the same pool."""
    _sold(ledger, "KIT", 3, NOW)
    _sold(ledger, "B", 1, NOW)
    _sold(ledger, "B", 5, NOW, account="other")
    _sold(ledger, "B", 9, NOW, account="nobody's")
    book = _book(ledger, {"main": SKUS, "other": SKUS})
    assert {sku: units[0] for sku, units in book.amazon.items()} == {"B": 3 * 2 + 1 + 5, "C": 3}


def test_what_nobody_mapped_is_expected_of_nothing(ledger: Ledger) -> None:
    """A seller SKU without a row in the map takes from no pool that we know."""
    _sold(ledger, "A", 3, NOW)
    assert _book(ledger, {"main": SkuMap(components={}, same_skus=False)}).expected() == {}


def test_other_channels_are_those_of_the_connection(ledger: Ledger) -> None:
    """Drains of another connection say nothing of this one's pools."""
    _drained(ledger, "A", 4, NOW)
    _drained(ledger, "A", 8, NOW, connection="elsewhere")
    book = _book(ledger)
    assert (book.amazon, book.others) == ({}, {"A": [4, 4, 4, 4, 4]})


def test_the_expected_units_are_the_rule_s(ledger: Ledger) -> None:
    """The means by SKU are those of the domain's rule on what was read; what did not sell has none."""
    for hours in range(1, 600, 7):
        _sold(ledger, "A", 2, NOW - hours * HOUR)
        _drained(ledger, "A", 1, NOW - hours * HOUR)
    _drained(ledger, "B", 1, NOW - 9 * HOUR)
    book = _book(ledger)
    with ledger.begin() as conn:
        found = expected_by_sku(conn, "main", {"main": SKUS}, LATER)
    assert set(found) == {"A", "B"}
    look = book.at_amazon, book.elsewhere
    assert found["A"] == expected_units(book.amazon["A"], book.others["A"], *look)
    assert found["B"] == expected_units(NONE, book.others["B"], *look)
    assert 0 < found["B"] < found["A"]
    assert book.rate("A") > book.rate("B") > book.rate("C") == 0
    assert book.exposure == Exposure()


def test_the_curve_of_the_day_is_the_accounts_own(ledger: Ledger) -> None:
    """Where all sales are in the evening, little is expected of a night and much of an evening."""
    for days in range(1, 20):
        for hour in (18, 19, 20, 21):
            _sold(ledger, "A", 50, (NOW - days * DAY).replace(hour=hour))
    with ledger.begin() as conn:
        night, evening = (
            expected_by_sku(conn, "main", {"main": SKUS}, NOW.replace(hour=hour))["A"] for hour in (3, 18)
        )
    assert evening > 8 * night
