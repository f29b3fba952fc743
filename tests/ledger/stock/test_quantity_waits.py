"""What counts as waiting for Amazon: unsent since it was planned, unseen since Amazon took it."""

import sqlalchemy as sa

from ledger.connection import Ledger
from ledger.stock.quantity_waits import waited_since
from tests.factories import GB, HOUR, NOW


def test_unsent_and_unseen_quantities_wait(ledger: Ledger) -> None:
    """What is in effect, refused or only planned lately waits for nothing; another account's is not counted."""
    states = ("PLANNED", "SENT", "SUBMITTED", "ACCEPTED", "EFFECTIVE", "INVALID")
    rows = [
        {"account": account, "sku": f"{state}-{hours}", "state": state, "at": NOW - hours * HOUR}
        for account in ("main", "other")
        for state in states
        for hours in (1, 3, 5)
    ]
    statement = sa.text(
        "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, planned_at, accepted_at)"
        f" VALUES (:account, '{GB}', :sku, :state, :at, :at)"
    )
    with ledger.begin() as conn:
        conn.execute(statement, rows)
        assert waited_since(conn, "main", NOW - 2 * HOUR) == (8, NOW - 5 * HOUR)
        assert waited_since(conn, "nobody", NOW) == (0, None)
