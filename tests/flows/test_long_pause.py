"""An Amazon that asks for fewer calls for hours: what waits because of it is somebody's problem."""

import sqlalchemy as sa

from flows.inventory_sync import inventory_sync
from tests.flows.conftest import Street
from tests.flows.runs import fails


def test_a_pause_that_keeps_quantities_waiting_for_hours_is_told(street: Street) -> None:
    """A short pause is none of anybody's business; after two hours it is a problem, and gone with the pause."""
    street.work()
    inventory_sync()
    with street.ledger.begin() as conn:
        conn.execute(
            sa.text("UPDATE ledger.listings SET state = 'PLANNED', publishable = 7, planned_at = now()")
        )
    street.world.inject("patchListingsItem", "429", times=1000)
    inventory_sync()
    assert street.problems() == []
    with street.ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.listings SET planned_at = planned_at - interval '3 hours'"))
        conn.execute(sa.text("UPDATE ledger.budgets SET tokens = burst"))
    said = fails(inventory_sync)
    assert "Amazon asked for fewer calls" in said
    assert "quantities wait, the oldest since" in said
    assert street.problems() == [
        ("stranger_unreachable", "integration", "Amazon (main), inventory-sync"),
    ]
    street.world.faults._planned.clear()
    with street.ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.budgets SET tokens = burst"))
    inventory_sync()
    assert street.problems() == []
