"""More sold than counted: told by the run that reads the orders, with the choices, gone with the next count."""

import json
from datetime import timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from domain.stock.snapshots import SnapshotLimits
from flows.order_ingest import order_ingest
from ledger.stock.snapshots import record_snapshot
from tests.factories import snapshot
from tests.flows.conftest import GB, Street


def shown() -> tuple[str, list[dict[str, object]]]:
    """The id of what stands in the UI, and its rows."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=["oversold-main"]))
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.UPDATED_DESC, limit=1)
    assert isinstance(artifact.data, str)
    return str(artifact.id), json.loads(artifact.data)


def count(street: Street, units: int, minutes: int) -> None:
    """The warehouse counted so many units of SKU-01, that many minutes ago."""
    now = street.world.now()
    seen = snapshot(("SKU-01", units), as_of=now - timedelta(minutes=minutes))
    with street.ledger.begin() as conn:
        record_snapshot(conn, "main", seen, SnapshotLimits(), now)


def test_what_cannot_be_filled_is_told_when_the_orders_are_read(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    """One problem and one row in the same run, no new table without news, and nothing left after a good count."""
    count(street, 2, minutes=30)
    before = street.world.now() - timedelta(minutes=10)
    first = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 2)], placed_at=before)
    second = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    street.settle()
    with caplog.at_level("WARNING"):
        order_ingest()

    assert street.states() == {first: "RELEASED", second: "RELEASED"}
    assert street.problems() == [("oversold", "ecommerce", "main SKU-01")]
    assert "main: open orders that cannot be filled: 1" in caplog.text
    table, rows = shown()
    assert [(row["order"], row["units short"], row["paid"]) for row in rows] == [(second, 1, "yes")]
    assert "have more booked in; or agree a later date" in str(rows[0]["choices"])

    order_ingest()
    assert shown()[0] == table  # nothing new to say

    count(street, 3, minutes=0)
    order_ingest()
    assert street.problems() == []
    assert shown()[1] == [{"order": "none"}]
