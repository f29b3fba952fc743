"""The rows of the daily variances in PostgreSQL: counted listings with what was sold, and the counts of a day."""

from datetime import date

import sqlalchemy as sa

from ledger.connection import Ledger
from ledger.stock.variances import COUNT_COLUMNS, OFFER_COLUMNS, count_rows, offer_rows
from tests.factories import DE, GB, HOUR, MINUTE, NOW, amazon_order, line
from tests.ledger.walk import ingest

_LISTING = sa.text(
    "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, available, reserved, buffer,"
    " publishable, published, effective, published_at) VALUES (:account, :shop, :sku, :state, 12, 1, 1,"
    " :publishable, :publishable, :effective, :published_at)"
)
_DAY = sa.text(
    "INSERT INTO ledger.stock_days (connection, warehouse, sku, day, opening, closing, ours, fell, rose)"
    " VALUES (:connection, 'W1', :sku, :day, 20, 15, 3, 2, 0)"
)


def _listing(ledger: Ledger, sku: str, effective: int | None = 10, **other: object) -> None:
    """A listing of which 10 units were published an hour ago and so many are shown."""
    row = {
        "account": "main",
        "shop": GB,
        "state": "EFFECTIVE",
        "publishable": 10,
        "published_at": NOW - HOUR,
    }
    with ledger.begin() as conn:
        conn.execute(_LISTING, row | {"sku": sku, "effective": effective} | other)


def test_every_counted_listing_is_a_row(ledger: Ledger) -> None:
    """What was never counted, or has no offer of ours, and other accounts are left out."""
    _listing(ledger, "A")
    _listing(ledger, "A", shop=DE)
    _listing(ledger, "B", publishable=None)
    _listing(ledger, "C", state="ABSENT")
    _listing(ledger, "D", account="second")
    with ledger.begin() as conn:
        rows = offer_rows(conn, "main")
    assert [(row["marketplace_id"], row["seller_sku"]) for row in rows] == [(GB, "A"), (DE, "A")]
    assert [tuple(row) for row in rows] == [OFFER_COLUMNS] * 2


def test_what_was_sold_since_the_publication_is_counted(ledger: Ledger) -> None:
    """Orders of the same SKU and marketplace since then, only where Amazon shows less than is to be offered."""
    _listing(ledger, "A", effective=7)
    _listing(ledger, "B", effective=10)
    _listing(ledger, "C", effective=7, published_at=NOW - MINUTE)
    lines = [line(item=f"item-{sku}", sku=sku, quantity=3) for sku in "ABC"]
    ingest(ledger, amazon_order(lines=lines))  # placed an hour ago
    ingest(ledger, amazon_order(number=2, marketplace=DE, lines=lines))
    with ledger.begin() as conn:
        rows = offer_rows(conn, "main")
    assert [(row["seller_sku"], row["sold"]) for row in rows] == [("A", 3), ("B", 0), ("C", 0)]


def test_the_counts_of_one_day_and_connection_are_read(ledger: Ledger) -> None:
    """Other days and other connections are not part of a day's table."""
    day = date(2026, 11, 27)
    rows = [
        {"connection": "main", "sku": "B", "day": day},
        {"connection": "main", "sku": "A", "day": day},
        {"connection": "main", "sku": "A", "day": date(2026, 11, 26)},
        {"connection": "north", "sku": "A", "day": day},
    ]
    with ledger.begin() as conn:
        conn.execute(_DAY, rows)
        found = count_rows(conn, "main", day)
    assert [row["sku"] for row in found] == ["A", "B"]
    assert [tuple(row) for row in found] == [COUNT_COLUMNS] * 2
