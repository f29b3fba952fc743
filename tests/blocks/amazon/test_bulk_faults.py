"""The real door on the sandbox's bad days: no fault of Amazon's looks like a success, and none is lasting."""

import time

import pytest
from test_bulk_contract import GB, over_sockets, quantities

from domain.amazon import JobStatus
from domain.errors import Refused, TryAgain
from sandbox.amazon.faults import ANSWERS, CONFIRM_ONLY
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock

PASSING = ("401-json", "403-expired", "403-message")  # a fresh token and another try at once
NO_ANSWER = ("reset-before", "reset-after", "hang-after")
FAULTS = [*(fault for fault in ANSWERS if fault not in CONFIRM_ONLY), *NO_ANSWER]
STORAGE = ("uploadFeedDocument", "downloadDocument")


@pytest.fixture(scope="module")
def place():
    world = AmazonWorld(Clock(20_000), limits=False)
    world.hang_seconds = 0.1
    for sku in ("A", "B"):
        world.add_listing(sku, GB, 1)
    with over_sockets(world) as door:
        feed_id = door.submit_feed(GB, door.upload_quantities(quantities("A")))
        report_id = door.ask_listing_report(GB)
        done = [finished(lambda: door.fetch_feed(feed_id)), finished(lambda: door.fetch_report(report_id))]
        yield world, door, done


def finished(look):
    end = time.monotonic() + 5
    while (job := look()).status is not JobStatus.DONE:
        assert time.monotonic() < end
        time.sleep(0.01)
    return job


def calls(world, door, done):
    feed, report = done
    document = door.upload_quantities(quantities("B"))

    def cancel():
        door.cancel_feed(waiting(world, door, document))

    return {
        "createFeedDocument": lambda: door.upload_quantities(quantities("A")),
        "uploadFeedDocument": lambda: door.upload_quantities(quantities("A")),
        "createFeed": lambda: door.submit_feed(GB, document),
        "getFeeds": lambda: door.fetch_feeds(GB, feed.created_at),
        "getFeed": lambda: door.fetch_feed(feed.job_id),
        "cancelFeed": cancel,
        "getFeedDocument": lambda: door.fetch_feed_report(feed.document_id),
        "downloadDocument": lambda: door.fetch_feed_report(feed.document_id),
        "createReport": lambda: door.ask_listing_report(GB),
        "getReport": lambda: door.fetch_report(report.job_id),
        "getReportDocument": lambda: door.fetch_listing_report(report.document_id),
        "getListingsItem": lambda: door.fetch_listing(GB, "A"),
    }


def waiting(world, door, document):
    """A feed that stays in the queue."""
    world.plan_feed(queued=1e9)
    return door.submit_feed(GB, document)


OPERATIONS = (
    "createFeedDocument",
    "uploadFeedDocument",
    "createFeed",
    "getFeeds",
    "getFeed",
    "cancelFeed",
    "getFeedDocument",
    "downloadDocument",
    "createReport",
    "getReport",
    "getReportDocument",
    "getListingsItem",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_bad_day_is_seen_and_passes(place, operation):
    """Every fault is an error or costs nothing but a token, and the next call goes through."""
    world, door, done = place
    call = calls(world, door, done)[operation]
    for fault in FAULTS:
        world.inject(operation, fault)
        if succeeds(operation, fault):
            call()
        elif (operation, fault) == ("getListingsItem", "404"):
            assert call() is None
        else:
            with pytest.raises((TryAgain, Refused)) as raised:
                call()
            assert isinstance(raised.value, Refused) == final(operation, fault), fault
            writes = operation in {"createFeed", "cancelFeed"}
            assert getattr(raised.value, "maybe_done", False) == (writes and leaves_open(fault)), fault
        call()


def succeeds(operation, fault):
    """Whether a fault is none for this operation."""
    silent_storage = operation == "uploadFeedDocument" and fault == "200-empty"
    return silent_storage or (fault in PASSING and operation not in STORAGE)


def final(operation, fault):
    """Whether a fault is Amazon's own refusal."""
    return fault in {"400-invalid", "404"} and operation not in STORAGE


def leaves_open(fault):
    """Whether a write may have been done."""
    return fault not in {"429", "429-empty", "400-invalid", "404"}
