"""The simulated report of an account's health: Amazon's published shape, and what this Amazon itself saw."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.amazon.health import health_report
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.sandbox import published_models

GB = "A1F83G8C2ARO7P"
SCHEMA = "reports/accountHealthReport-2020-11-18.json"
DAY = timedelta(days=1)


@pytest.fixture
def world() -> AmazonWorld:
    return AmazonWorld(Clock(), limits=False)


def _metrics(world: AmazonWorld) -> dict:
    (found,) = json.loads(health_report(world, [GB], world.now()))["performanceMetrics"]
    return found


def _order(world: AmazonWorld, due: datetime, **more: object) -> str:
    return world.add_order(marketplace_id=GB, items=[("A", 2)], placed_at=due - DAY, ship_by=due, **more)


@pytest.mark.skipif(not published_models.PRESENT, reason=published_models.WHY_SKIPPED)
def test_the_report_has_the_published_shape(world: AmazonWorld) -> None:
    """With orders or without, every required part is there; the example's spelling is what breaks the schema."""
    assert (
        published_models.faults_of_schema(SCHEMA, json.loads(health_report(world, [GB], world.now()))) == []
    )
    world.ship_elsewhere(_order(world, world.now() - 2 * DAY))
    report = json.loads(health_report(world, [GB], world.now()))
    assert published_models.faults_of_schema(SCHEMA, report) == []
    world.example_spelling = True
    report = json.loads(health_report(world, [GB], world.now()))
    assert published_models.faults_of_schema(SCHEMA, report) != []


def test_an_order_is_late_when_its_last_unit_is_confirmed_too_late(world: AmazonWorld) -> None:
    """In time, late, in part only, and not at all: three of four are late; what is canceled is not due."""
    due = world.now() - 2 * DAY
    in_time, late, in_part, _ = (_order(world, due) for _ in range(4))
    for order in (in_time, late):
        world.ship_elsewhere(order)
    world.ship_elsewhere(in_part, items={"A": 1})
    for package in (*world.packages(in_time), *world.packages(in_part)):
        package.created = due
    world.cancel(_order(world, due))
    rate = _metrics(world)["lateShipmentRate"]
    assert (rate["lateShipmentCount"], rate["orderCount"], rate["rate"], rate["status"]) == (
        3,
        4,
        0.75,
        "BAD",
    )


def test_late_shipments_over_ten_days_are_in_a_list_when_wished(world: AmazonWorld) -> None:
    """A late order of two weeks ago is in the 30 days alone; by itself the report has no list."""
    for days in (2, 14):
        world.ship_elsewhere(_order(world, world.now() - days * DAY))
    assert "lateShipmentRateList" not in _metrics(world)
    world.late_rate_list = True
    found = _metrics(world)
    month, ten = found["lateShipmentRateList"]
    assert month == found["lateShipmentRate"]
    assert (month["orderCount"], ten["orderCount"], ten["lateShipmentCount"]) == (2, 1, 1)


def test_the_report_lags(world: AmazonWorld) -> None:
    """What was due today or more than 30 days ago is not in it, and dates are whole days of UTC."""
    now = world.now()
    for due in (now, now - 32 * DAY):
        world.ship_elsewhere(_order(world, due))
    rate = _metrics(world)["lateShipmentRate"]
    assert (rate["orderCount"], rate["status"]) == (0, "NONE")
    last = (now - DAY).astimezone(UTC).date()
    assert rate["reportingDateRange"]["reportingDateTo"] == f"{last:%Y-%m-%d}T23:59Z"


def test_a_cancellation_counts_when_no_buyer_wanted_it(world: AmazonWorld) -> None:
    """The seller's own counts; the buyer's, and one that the buyer asked for, do not."""
    due = world.now() - DAY
    for by in ("MERCHANT", "BUYER"):
        world.cancel(_order(world, due), by=by)
    asked = _order(world, due)
    world.request_cancel(asked)
    world.cancel(asked, by="MERCHANT")
    rate = _metrics(world)["preFulfillmentCancellationRate"]
    assert (rate["cancellationCount"], rate["orderCount"]) == (1, 3)


def test_a_parcel_without_a_number_is_not_valid(world: AmazonWorld) -> None:
    """Packages of orders promised within the dates, and those that a carrier can know."""
    for tracking in ("1Z999AA10123456784", "UNKNOWN"):
        order = _order(world, world.now() - 15 * DAY, deliver_by=world.now() - 12 * DAY)
        world.ship_elsewhere(order, tracking=tracking)
    rate = _metrics(world)["validTrackingRate"]
    assert (rate["validTrackingCount"], rate["shipmentCount"], rate["rate"]) == (1, 2, 0.5)
