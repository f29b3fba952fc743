import json
import time
from datetime import timedelta

import pytest

from sandbox.amazon.feed_plans import FOR_EVER
from tests.sandbox.seller import DE, GB
from tests.sandbox.test_sandbox_listings import content_of, done, feed, quantity

SKU = "MUG/1 ü"
FEEDS = "/feeds/2021-06-30/feeds"
SUMMARY = ("messagesProcessed", "messagesAccepted", "messagesInvalid", "errors", "warnings")


def messages(*skus, units=6, **changes):
    patch = {"operationType": "PATCH", "productType": "PRODUCT", "patches": [quantity(units)]} | changes
    return [{"messageId": place, "sku": sku} | patch for place, sku in enumerate(skus, start=1)]


def document(world, *rows, **header):
    told = {"sellerId": world.seller_id, "version": "2.0"} | header
    return json.dumps({"header": told, "messages": list(rows)}).encode()


def submit(seller, *skus, **changes):
    return feed(seller, document(seller.world, *messages(*skus, **changes)))


def report_of(seller, feed_id, eventually):
    told = done(seller, f"{FEEDS}/{feed_id}", eventually)
    assert told["processingStatus"] == "DONE"
    return json.loads(content_of(seller, f"/feeds/2021-06-30/documents/{told['resultFeedDocumentId']}"))


def counts(report):
    return tuple(report["summary"][name] for name in SUMMARY)


def stock(world, *skus):
    for sku in skus:
        world.add_listing(sku, GB, 1)
    return skus


@pytest.mark.parametrize("unread", [0, 2])
def test_a_fatal_feed_has_no_report_and_may_have_worked(world, seller, eventually, unread):
    """What Amazon read of a feed before it gave up takes effect, and no report says so."""
    a, b = stock(world, "A", "B")
    world.plan_feed(ending="FATAL", unread=unread)
    told = done(seller, f"{FEEDS}/{submit(seller, a, b)}", eventually)
    assert told["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in told
    time.sleep(0.12)
    assert world.effective_quantity(a, GB) == (1 if unread else 6)


@pytest.mark.parametrize(
    ("plan", "status"),
    [({"queued": FOR_EVER}, "IN_QUEUE"), ({"processing": FOR_EVER}, "IN_PROGRESS")],
)
def test_a_feed_can_be_stuck(world, seller, plan, status):
    """A planned feed stays where it is, the next one goes on, and only one that has not started is canceled."""
    world.document_after = 60
    world.plan_feed(**plan)
    stuck = submit(seller, *stock(world, "A"))
    time.sleep(0.1)
    assert seller.call("GET", f"{FEEDS}/{stuck}").json()["processingStatus"] == status
    answer = seller.call("DELETE", f"{FEEDS}/{stuck}")
    assert (answer.status_code, answer.content != b"") == (
        (200, False) if status == "IN_QUEUE" else (400, True)
    )
    now = seller.call("GET", f"{FEEDS}/{stuck}").json()["processingStatus"]
    assert now == ("CANCELLED" if status == "IN_QUEUE" else status)


def test_a_canceled_feed_changes_nothing(world, seller):
    """Its time comes and goes; to cancel it again is refused, an unknown one is not found."""
    world.document_after = 200
    feed_id = submit(seller, *stock(world, "A"))
    assert seller.call("DELETE", f"{FEEDS}/{feed_id}").status_code == 200
    time.sleep(0.3)
    assert seller.call("GET", f"{FEEDS}/{feed_id}").json()["processingStatus"] == "CANCELLED"
    assert world.effective_quantity("A", GB) == 1
    assert seller.call("DELETE", f"{FEEDS}/{feed_id}").status_code == 400
    assert seller.call("DELETE", f"{FEEDS}/0").status_code == 404


def test_a_report_counts_what_was_planned(world, seller, eventually):
    """Rows are rejected, warned, without effect or not processed at all, and the report adds up."""
    skus = stock(world, "A", "B", "C", "D", "E")
    world.plan_feed(unread=1, rejected=["A"], warned=["B"], ineffective=["C"])
    report = report_of(seller, submit(seller, *skus), eventually)
    assert counts(report) == (4, 3, 1, 1, 1)
    assert [(each["messageId"], each["severity"]) for each in report["issues"]] == [
        (1, "ERROR"),
        (2, "WARNING"),
    ]
    eventually(lambda: world.effective_quantity("B", GB) == 6)
    eventually(lambda: world.effective_quantity("D", GB) == 6)
    assert [world.effective_quantity(sku, GB) for sku in skus] == [1, 6, 1, 6, 1]


def test_a_feed_overwrites_what_was_patched_while_it_waited(world, seller, eventually):
    """No order holds between the two paths: a feed is applied when its time comes."""
    stock(world, "A")
    world.document_after = 400
    feed_id = submit(seller, "A")
    seller.patch("A", quantity(9))
    eventually(lambda: world.effective_quantity("A", GB) == 9)
    report_of(seller, feed_id, eventually)
    eventually(lambda: world.effective_quantity("A", GB) == 6)


def test_a_patch_after_the_feed_wins(world, seller, eventually):
    """A patch that comes while a feed's quantity is on its way replaces it."""
    stock(world, "A")
    world.document_after, world.quantity_after = 20, 1000
    report_of(seller, submit(seller, "A"), eventually)
    seller.patch("A", quantity(9))
    time.sleep(1.1)
    assert world.effective_quantity("A", GB) == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"sku": 7},
        {"patches": None},
        {"patches": [quantity(1, op="set")]},
        {"patches": [quantity(-1)]},
        {"operationType": "DELETE"},
        {"productType": None},
        {"more": 1},
    ],
)
def test_a_bad_message_is_an_issue_of_its_own(world, seller, eventually, wrong):
    """The message is invalid, the one beside it takes effect."""
    good, bad = messages(*stock(world, "A", "B"))
    report = report_of(seller, feed(seller, document(world, good, bad | wrong)), eventually)
    assert counts(report) == (2, 1, 1, len(report["issues"]), 0)
    assert {each["messageId"] for each in report["issues"]} == {2}
    eventually(lambda: world.effective_quantity("A", GB) == 6)
    assert world.effective_quantity("B", GB) == 1


@pytest.mark.parametrize("how", ["none", "twice", "version", "seller", "shape", "many"])
def test_a_bad_document_is_fatal(world, seller, eventually, how):
    """A feed that is none as a whole ends FATAL and changes nothing."""
    rows = messages(*stock(world, "A", "B"))
    content = {
        "none": document(world),
        "twice": document(world, rows[0], rows[1] | {"messageId": 1}),
        "version": document(world, *rows, version="1.0"),
        "seller": document(world, *rows, sellerId="SOMEBODY"),
        "shape": json.dumps(rows).encode(),
        "many": document(world, *messages(*["A"] * 25_001)),
    }[how]
    told = done(seller, f"{FEEDS}/{feed(seller, content)}", eventually)
    assert told["processingStatus"] == "FATAL"
    time.sleep(0.1)
    assert world.effective_quantity("A", GB) == 1


def test_feeds_are_listed_the_newest_first(world, seller):
    """Pages follow each other by token alone and hold every feed that was asked for once."""
    world.document_after = FOR_EVER
    made = [submit(seller, "A") for _ in range(5)]
    query = {"feedTypes": "JSON_LISTINGS_FEED", "marketplaceIds": GB, "pageSize": "2"}
    page = seller.call("GET", FEEDS, params=query).json()
    pages = [page]
    while "nextToken" in page:
        page = seller.call("GET", FEEDS, params={"nextToken": page["nextToken"]}).json()
        pages.append(page)
    assert [len(page["feeds"]) for page in pages] == [2, 2, 1]
    assert [each["feedId"] for page in pages for each in page["feeds"]] == made[::-1]
    later = (world.now() + timedelta(hours=1)).isoformat()
    for narrow in (
        {"createdSince": later},
        {"marketplaceIds": DE},
        {"processingStatuses": "DONE,FATAL"},
        {"feedTypes": "POST_ORDER_ACKNOWLEDGEMENT_DATA"},
    ):
        assert seller.call("GET", FEEDS, params=query | narrow).json() == {"feeds": []}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"nextToken": "unknown"},
        {"feedTypes": "JSON_LISTINGS_FEED", "pageSize": "101"},
        {"feedTypes": "JSON_LISTINGS_FEED", "createdSince": "yesterday"},
        {"feedTypes": "JSON_LISTINGS_FEED", "processingStatuses": "OPEN"},
        {"feedType": "JSON_LISTINGS_FEED"},
    ],
)
def test_a_question_for_feeds_out_of_shape_is_refused(seller, query):
    """Amazon refuses a question without a type, and parameters that it does not know."""
    assert seller.call("GET", FEEDS, params=query).status_code == 400


def test_a_plan_is_checked(world):
    """A feed cannot end in a way that Amazon has no word for."""
    with pytest.raises(ValueError, match="DONE or FATAL"):
        world.plan_feed(ending="LOST")
