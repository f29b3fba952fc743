"""The account's health, the daily close and the weekly review as flows, on a real Prefect server."""

import json
from datetime import UTC, datetime, time

import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from flows.account_health import account_health
from flows.daily_close import daily_close
from flows.order_ingest import order_ingest
from flows.weekly_review import weekly_review
from tasks.reviews.day_close import day_to_close
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import eventually


def shown(*keys: str) -> dict[str, Artifact]:
    """What stands in the Prefect UI under these keys, the newest version of each."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=list(keys)))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.UPDATED_DESC)
    return {str(one.key): one for one in reversed(found)}


def late_orders(street: Street) -> None:
    """Two orders that were due at noon of the day that a close is about, at the warehouse and not confirmed."""
    due = datetime.combine(day_to_close(street.world.now()), time(12), tzinfo=UTC)
    for _ in range(2):
        street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], ship_by=due)
    street.settle()
    order_ingest()


def ready(street: Street) -> bool:
    """Whether Amazon has the reports that were asked for; they count as asked for a while ago."""
    before = sa.text("UPDATE ledger.asked_reports SET asked_at = asked_at - interval '10 minutes'")
    with street.ledger.begin() as conn:
        conn.execute(before)
    street.world.settle()
    return all(one.status == "DONE" for one in street.world.jobs.values())


def test_the_health_of_an_account_is_shown_beside_amazons(street: Street) -> None:
    """Late orders are a rate over its limit, a problem, tables and charts; Amazon's report comes a run later."""
    late_orders(street)
    street.world.account_status, street.world.late_rate_list = "AT_RISK", True
    account_health()
    ten_days = "main, Late Shipment Rate over 10 days, UK"
    assert ("health_at_risk", "operations", ten_days) in street.problems()
    assert eventually(lambda: ready(street))
    account_health()
    assert (
        "health_at_risk",
        "operations",
        "main, Account status as Amazon reports it, DE",
    ) in street.problems()
    found = shown("account-health-main", "health-defects-main", "health-rates-main", "late-parcels-main")
    rows = {row["rate"]: row for row in json.loads(str(found["account-health-main"].data))}
    assert rows["Late Shipment Rate over 10 days, UK"]["now"] == "100.0 % (2 of 2 orders)"
    for days in (10, 30):
        assert "Amazon counts" in rows[f"Late Shipment Rate over {days} days, UK"]["in words"]
    assert rows["Account status, UK"]["Amazon says"] == "at risk"
    defects = json.loads(str(found["health-defects-main"].data))
    assert {(row["team"], row["what"]) for row in defects} == {
        ("integration", "late and not confirmed yet")  # Lockstep saw them after their time only
    }
    assert "(data:image/png;base64," in str(found["health-rates-main"].data)
    assert "(data:image/png;base64," in str(found["late-parcels-main"].data)
    assert {one.marketplace_ids[0] for one in street.world.jobs.values()} == {GB, DE}


def test_the_day_and_the_week_are_told(street: Street) -> None:
    """What is open and whose it is stands on a page each; both flows change nothing."""
    late_orders(street)
    daily_close()
    weekly_review()
    found = shown("daily-close", "weekly-review")
    page = str(found["daily-close"].data)
    assert "2 late and not confirmed yet" in str(found["daily-close"].description)
    assert page.count("| warehouse |") == 2
    assert str(found["weekly-review"].data).startswith("# The last eight weeks")
    with street.ledger.begin() as conn:
        closed = conn.scalars(sa.text("SELECT unexplained FROM ledger.day_closes")).all()
    assert set(closed) == {0}
