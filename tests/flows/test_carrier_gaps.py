"""Carriers that nobody mapped: asked about while the order is on its way, shown as rows, gone when mapped."""

import json

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from flows.order_ingest import order_ingest
from ledger.maps import record_carriers
from tasks.tracking.carriers import ARTIFACT
from tests.flows.conftest import DE, GB, Street, carrier


def shown() -> tuple[str, list[dict[str, str]]]:
    """The id of what stands in the UI, and its rows."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[ARTIFACT]))
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.UPDATED_DESC, limit=1)
    assert isinstance(artifact.data, str)
    return str(artifact.id), json.loads(artifact.data)


def test_a_gap_is_shown_when_the_order_comes_and_gone_when_it_is_mapped(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    """Long before a parcel exists a person is asked, once; the order goes on, and a row of the map ends it."""
    with street.ledger.begin() as conn:
        conn.execute(sa.text("DELETE FROM ledger.carrier_map WHERE marketplace_id = :shop"), {"shop": DE})
    ids = {street.world.add_order(marketplace_id=market, items=[("SKU-01", 1)]) for market in (GB, DE)}
    street.settle()
    with caplog.at_level("INFO"):
        order_ingest()

    assert set(street.states().values()) == {"RELEASED"}
    assert set(street.states()) == ids
    assert street.problems() == [("carrier_gap", "operations", f"main / service STD in {DE}")]
    assert "1 carrier gaps" in caplog.text
    first, rows = shown()
    assert [(row["marketplace"], row["waiting"]) for row in rows] == [
        ("Amazon DE", "1 open order will need it")
    ]

    order_ingest()
    assert shown()[0] == first  # nothing new to say

    with street.ledger.begin() as conn:
        record_carriers(conn, [carrier("DHL", DE)], "test", street.world.now())
    order_ingest()
    assert street.problems() == []
    last, rows = shown()
    assert rows == [{"carrier at the warehouse": "none"}]
    order_ingest()
    assert shown()[0] == last
