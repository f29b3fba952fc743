"""The daily census: what the warehouse forgot, and what it should not have, is shown with its owner."""

import json
from datetime import timedelta

import sqlalchemy as sa
from prefect.client.orchestration import get_client

from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from flows.warehouse_census import warehouse_census
from tests.flows.conftest import GB, Street
from tests.flows.runs import eventually


def test_a_forgotten_order_is_found_and_found_again(street: Street) -> None:
    """A list without an accepted order opens a problem of the warehouse, the next right list clears it."""
    street.warehouse.dispatch_after = (1e6, 1e6)
    made = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    street.settle()
    order_ingest()
    assert eventually(lambda: (street.work(), street.warehouse.accepted)[1])
    tracking_push()
    with street.ledger.begin() as conn:  # as if the warehouse had accepted it this morning
        hours = {"ago": timedelta(hours=9)}
        assert conn.execute(
            sa.text("UPDATE ledger.releases SET answered_at = answered_at - :ago"), hours
        ).rowcount
    street.warehouse.list_open(leave_out=[made], add=["X-1"])
    warehouse_census()
    assert street.problems() == [("unknown_order", "warehouse", "main X-1")], "a dispatch may be on its way"
    with street.ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.censuses SET as_of = as_of - interval '3 hours'"))
    problem_watch()
    assert ("order_missing", "warehouse", made) in street.problems()
    with get_client(sync_client=True) as client:
        shown = client._client.get("/artifacts/census-main/latest").json()
    assert "has 1 open order;" in shown["description"]
    assert [row["order"] for row in json.loads(shown["data"])] == [made, "none of ours"]

    street.warehouse.list_open()
    warehouse_census()
    assert street.problems() == []
