"""The table of a warehouse's list: written when the list comes, and again when it is known who is missing."""

import pytest

from ledger.connection import Ledger
from ledger.register import record_connection
from ledger.tables import censuses
from tasks.tables import Rows
from tasks.watch import census
from tests.factories import HOUR, MINUTE, NOW, order_id
from tests.ledger.tracking.test_carrier_use import MAIN
from tests.ledger.watch.test_census import LISTED, listed, orders, ref

Shown = list[tuple[str, Rows, str]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What was put where people look: name, rows and words of each table, the last at the end."""
    tables: Shown = []

    def show(key: str, rows: Rows, words: str, *_: object) -> None:
        tables.append((key, rows, words))

    monkeypatch.setattr(census, "show_table", show)
    return tables


def test_an_order_that_is_missing_comes_into_the_table_when_it_is_known(ledger: Ledger, shown: Shown) -> None:
    """The list is read when it comes, and its table says who is missing two hours after it, the same morning."""
    with ledger.begin() as conn:
        record_connection(conn, MAIN)
    orders(ledger, 1, 2)
    listed(ledger, ref(1))
    assert census.judge.fn(ledger, "main", LISTED + 30 * MINUTE) == 0
    assert census.show_differences.fn(ledger, LISTED + 2 * HOUR) == 1
    (_, early, _), (key, rows, words) = shown
    assert early == [{"order": "none"}]
    assert key == "census-main"
    assert [(row["order"], row["difference"]) for row in rows] == [(order_id(2), "missing at the warehouse")]
    assert "1 missing at the warehouse" in words


def test_a_warehouse_without_a_list_is_not_written_about_every_minute(ledger: Ledger, shown: Shown) -> None:
    """That no list ever came, or none that is believed, is said once a day, and the watch leaves it there."""
    with ledger.begin() as conn:
        record_connection(conn, MAIN)
    orders(ledger, 1)
    assert listed(ledger) == "doubted"
    assert census.judge.fn(ledger, "main", NOW, doubted=1) == 0
    assert census.show_differences.fn(ledger, NOW) == 0
    ((_, _, words),) = shown
    assert words.startswith("The warehouse has never sent a list")
    assert "1 newer list without orders, or of the future, is not believed" in words
    with ledger.begin() as conn:
        assert conn.execute(censuses.select()).all() == []
