"""What waits for a row of a map, and where it stands afterwards."""

from dataclasses import replace

import pytest

from domain.orders.order import OrderState
from domain.problems import ProblemKind
from domain.tracking.parcels import ParcelState
from ledger import tables
from ledger.connection import Ledger
from ledger.unblocked import order_states, orders_waiting, parcel_states, parcels_waiting
from tests.ledger.tracking.test_carrier_use import DE, GB, ROW, a_parcel, an_order


@pytest.mark.parametrize(
    ("carrier", "service", "found"),
    [("rm", "", {1, 2}), (" RM ", "tpn", {1}), ("RM", "TPL", {2}), ("RM", "X", set()), ("R", "", set())],
)
def test_parcels_wait_for_the_row_that_would_free_them(
    ledger: Ledger, carrier: str, service: str, found: set[int]
) -> None:
    """Only blocked parcels of that carrier, service (none: any), connection and marketplace count."""
    with ledger.begin() as conn:
        ids = {
            1: a_parcel(conn, an_order(conn, 1)),
            2: a_parcel(conn, an_order(conn, 2), warehouse_service="TPL"),
            3: a_parcel(conn, an_order(conn, 3, marketplace=DE)),
            4: a_parcel(conn, an_order(conn, 4), state="MAPPED"),
            5: a_parcel(conn, an_order(conn, 5), blocked_for="no_tracking"),
            6: a_parcel(conn, an_order(conn, 6, state="CANCELED")),
            7: a_parcel(conn, an_order(conn, 7), connection="other"),
        }
        row = replace(ROW, warehouse_carrier=carrier, warehouse_service=service, marketplace_id=GB)
        waiting = parcels_waiting(conn, row)
        assert set(waiting) == {ids[n] for n in found}
        states = parcel_states(conn, [ids[1], ids[4]])
        assert states == {ParcelState.BLOCKED: 1, ParcelState.MAPPED: 1}


def test_held_orders_wait_for_what_they_say(ledger: Ledger) -> None:
    """Only held orders of the account that say this reason count; what became of them is counted by state."""
    with ledger.begin() as conn:
        ids = [an_order(conn, n, state="HELD")[0] for n in (1, 2)]
        gone, _ = an_order(conn, 3)
        table = tables.orders
        conn.execute(table.update().values(held_for="unmapped_sku").where(table.c.id == ids[0]))
        assert orders_waiting(conn, "main", ProblemKind.UNMAPPED_SKU) == (ids[0],)
        assert orders_waiting(conn, "other", ProblemKind.UNMAPPED_SKU) == ()
        assert order_states(conn, [*ids, gone]) == {OrderState.HELD: 2, OrderState.RELEASED: 1}
        assert order_states(conn, []) == {}
