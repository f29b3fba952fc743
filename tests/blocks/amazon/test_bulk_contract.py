"""What every door to Amazon's feeds, reports and single listings keeps, whoever is behind it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from scripted_amazon import FreeDesk

from blocks.seller_account import SellerAccount
from domain.amazon import IssueSeverity, JobStatus, Quantity, ReportedListing
from domain.errors import Refused, TryAgain
from domain.health.rates import Metric
from domain.health.reports import Measure
from domain.ports import AmazonDoor, BulkDoor
from sandbox.amazon.feed_plans import FOR_EVER
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.fakes.amazon import FakeAmazon

GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
SPEED = 5000  # the five minutes that Amazon takes for a document are 60 ms


@contextmanager
def over_sockets(world: AmazonWorld) -> Iterator[AmazonDoor]:
    """The real door, over a real socket."""
    with AmazonServer(world) as server:
        block = SellerAccount(
            name="main",
            seller_id=world.seller_id,
            region="EU",
            endpoint=server.endpoint,
            token_url=server.token_url,
            marketplaces=[GB, DE],
            client_id=world.tokens.client_id,
            client_secret=world.tokens.client_secret,
            refresh_token=world.tokens.refresh_token,
        )
        yield block.open(FreeDesk(), timeout=2.0)


@contextmanager
def without_sockets(world: AmazonWorld) -> Iterator[FakeAmazon]:
    """The tests' own door, in this process."""
    yield FakeAmazon(world)


DOORS = {"sockets": over_sockets, "fake": without_sockets}


@pytest.fixture
def world() -> AmazonWorld:
    world = AmazonWorld(Clock(SPEED), limits=False)
    for sku in ("A", "B", "C", "MUG/1 ü", "a,b"):
        world.add_listing(sku, GB, 1, lead_time_to_ship_max_days=2, restock_date="2026-12-24")
    return world


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, world: AmazonWorld) -> Iterator[BulkDoor]:
    with DOORS[request.param](world) as opened:
        yield opened


def quantities(*skus: str, units: int = 6, market: str = GB) -> list[Quantity]:
    return [Quantity(marketplace_id=market, seller_sku=sku, units=units) for sku in skus]


def submitted(door: BulkDoor, *skus: str, units: int = 6) -> str:
    return door.submit_feed(GB, door.upload_quantities(quantities(*skus, units=units)))


def until(look: Callable[[], object], wanted: Callable[[object], bool]) -> object:
    """What `look` gives, as soon as it is what is wanted."""
    end = time.monotonic() + 5
    while not wanted(found := look()) and time.monotonic() < end:
        time.sleep(0.01)
    assert wanted(found)
    return found


def ended(door: BulkDoor, feed_id: str, status: JobStatus = JobStatus.DONE) -> str:
    """The document of a feed that came to this end."""
    return until(lambda: door.fetch_feed(feed_id), lambda job: job.status is status).document_id


def test_quantities_of_a_feed_take_effect_and_touch_nothing_else(world, door):
    """A feed's quantities are read back with handling time and restock date as they were."""
    report = door.fetch_feed_report(ended(door, submitted(door, "A", "MUG/1 ü", units=7)))
    assert (report.processed, report.accepted, report.invalid, report.issues) == (2, 2, 0, ())
    for sku in ("A", "MUG/1 ü"):
        until(lambda sku=sku: door.fetch_listing(GB, sku).units, lambda units: units == 7)
        effective = world.listings[(sku, GB)].effective
        assert effective == {
            "DEFAULT": {
                "fulfillment_channel_code": "DEFAULT",
                "quantity": 7,
                "lead_time_to_ship_max_days": 2,
                "restock_date": "2026-12-24",
            }
        }
    assert door.fetch_listing(GB, "B").units == 1


def test_a_feed_reports_each_row(world, door):
    """Rejected rows, warnings and unknown SKUs come with the place they were uploaded at."""
    world.plan_feed(rejected=["A"], warned=["B"])
    report = door.fetch_feed_report(ended(door, submitted(door, "A", "B", "C", "NONE")))
    assert (report.processed, report.accepted, report.invalid) == (4, 2, 2)
    found = [(each.message_id, each.seller_sku, each.issue.severity) for each in report.issues]
    error, warning = IssueSeverity.ERROR, IssueSeverity.WARNING
    assert found == [(1, "A", error), (2, "B", warning), (4, "NONE", error)]


def test_a_feed_may_be_read_in_part(world, door):
    """The report says how many messages were processed when that is fewer than were sent."""
    world.plan_feed(unread=2)
    report = door.fetch_feed_report(ended(door, submitted(door, "A", "B", "C")))
    assert (report.processed, report.accepted, report.invalid) == (1, 1, 0)


def test_accepted_is_not_effective(world, door):
    """A row can be accepted and change nothing; only the listing itself tells."""
    world.plan_feed(ineffective=["A"])
    report = door.fetch_feed_report(ended(door, submitted(door, "A", "B")))
    assert (report.accepted, report.issues) == (2, ())
    until(lambda: door.fetch_listing(GB, "B").units, lambda units: units == 6)
    assert door.fetch_listing(GB, "A").units == 1


def test_a_fatal_feed_has_no_report(world, door):
    """A feed that Amazon gives up has no document, and an unknown document is refused."""
    world.plan_feed(ending="FATAL")
    assert ended(door, submitted(door, "A"), JobStatus.FATAL) == ""
    with pytest.raises(Refused):
        door.fetch_feed_report("unknown")


def test_a_feed_that_waits_can_be_taken_back(world, door):
    """A feed in the queue is canceled, also twice; one that is under way or unknown is not."""
    world.plan_feed(queued=FOR_EVER)
    waiting = submitted(door, "A")
    assert door.fetch_feed(waiting).status is JobStatus.IN_QUEUE
    door.cancel_feed(waiting)
    assert door.fetch_feed(waiting).status is JobStatus.CANCELED
    door.cancel_feed(waiting)
    world.plan_feed(queued=0, processing=FOR_EVER)
    running = submitted(door, "A")
    until(lambda: door.fetch_feed(running).status, lambda status: status is JobStatus.IN_PROGRESS)
    for feed_id in (running, "unknown"):
        with pytest.raises(Refused):
            door.cancel_feed(feed_id)


def test_a_feed_whose_answer_was_lost_is_found_again(world, door):
    """A submission without an answer may have been taken; the list of feeds tells which."""
    document = door.upload_quantities(quantities("A"))
    before = world.now() - timedelta(minutes=1)
    for fault, taken in (("reset-after", True), ("500-html", False)):
        known = {job.job_id for job in door.fetch_feeds(GB, before)}
        world.inject("createFeed", fault)
        with pytest.raises(TryAgain) as raised:
            door.submit_feed(GB, document)
        assert raised.value.maybe_done
        new = [job for job in door.fetch_feeds(GB, before) if job.job_id not in known]
        assert len(new) == taken
    assert door.fetch_feeds(DE, before) == ()
    assert door.fetch_feeds(GB, world.now() + timedelta(minutes=1)) == ()


def test_many_feeds_are_all_shown(world, door):
    """More feeds than one page holds are read to the last."""
    document = door.upload_quantities(quantities("A"))
    made = {door.submit_feed(GB, document) for _ in range(101)}
    assert {job.job_id for job in door.fetch_feeds(GB, world.now() - timedelta(hours=1))} == made


def test_a_feed_needs_an_uploaded_document(world, door):
    """Amazon refuses a feed for a document that it does not know."""
    with pytest.raises(Refused):
        door.submit_feed(GB, "unknown")
    with pytest.raises(Refused):
        door.upload_quantities([])


def test_the_report_of_all_listings_has_a_row_for_each(world, door):
    """It names every SKU of the marketplace with its units, none for what Amazon ships."""
    world.add_listing("FBA-1", GB, 5, channel="AMAZON_EU")
    world.add_listing("D", DE, 9)
    report_id = door.ask_listing_report(GB)
    job = until(lambda: door.fetch_report(report_id), lambda job: job.status is JobStatus.DONE)
    rows = door.fetch_listing_report(job.document_id)
    assert ReportedListing(seller_sku="FBA-1", units=None) in rows
    assert {(row.seller_sku, row.units) for row in rows if row.units is not None} == {
        (sku, 1) for sku in ("A", "B", "C", "MUG/1 ü", "a,b")
    }
    empty = door.ask_listing_report("A1RKKUPIHCS9HS")
    until(lambda: door.fetch_report(empty).status, lambda status: status is JobStatus.CANCELED)
    with pytest.raises(Refused):
        door.fetch_report("unknown")


def test_a_listing_says_whether_it_can_be_bought(world, door):
    """A listing is buyable, sold out or suppressed, with what Amazon did; an unknown one is none."""
    seen = door.fetch_listing(GB, "MUG/1 ü")
    assert (seen.units, seen.buyable, seen.issues) == (1, True, ())
    assert seen.updated_at is not None
    assert seen.updated_at <= world.now()
    world.set_quantity_elsewhere("A", GB, 0)
    assert door.fetch_listing(GB, "A").buyable is False
    world.suppress("B", GB)
    seen = door.fetch_listing(GB, "B")
    assert (seen.units, seen.buyable) == (1, False)
    assert [issue.actions for issue in seen.issues] == [("LISTING_SUPPRESSED",)]
    assert door.fetch_listing(GB, "a,b").units == 1
    assert door.fetch_listing(GB, "NONE") is None
    assert door.fetch_listing(DE, "A") is None


@pytest.mark.parametrize("example", [False, True])
def test_the_report_of_the_accounts_health_counts_what_amazon_saw(world, door, example):
    """Late orders and the seller's cancellations of its own dates, in either spelling of Amazon's."""
    world.example_spelling, world.account_status = example, "AT_RISK"
    yesterday = world.now() - timedelta(days=1)
    for number in range(2):
        due = world.add_order(marketplace_id=GB, items=[("A", 1)], placed_at=yesterday, ship_by=yesterday)
        if number:
            world.ship_elsewhere(due)
    world.cancel(world.add_order(marketplace_id=GB, items=[("A", 1)], placed_at=yesterday), by="MERCHANT")
    report_id = door.ask_health_report(GB)
    job = until(lambda: door.fetch_report(report_id), lambda job: job.status is JobStatus.DONE)
    found = {one.measure: one for one in door.fetch_health_report(job.document_id)}
    late, canceled = found[Measure.LATE], found[Measure.CANCEL]
    assert (late.defects, late.total, late.rate, late.status) == (2, 2, 1.0, "BAD")
    assert (canceled.defects, canceled.total) == (1, 3)
    assert (late.until, late.metric) == (yesterday.date(), Metric.LATE_30)
    assert found[Measure.ACCOUNT].status == "AT_RISK"
    assert found[Measure.DELIVERY].status == "NONE"
