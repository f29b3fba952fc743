import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from scripted_amazon import FreeDesk, Reply, account, errors, scripted, told

from domain.amazon import JobStatus
from domain.errors import Refused, TryAgain

SINCE = datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)
US = "ATVPDKIKX0DER"


def feed(feed_id="1", status="IN_QUEUE", **parts):
    told = {"feedId": feed_id, "feedType": "JSON_LISTINGS_FEED", "processingStatus": status}
    return told | {"createdTime": "2026-11-01T09:00:00.000Z", "marketplaceIds": [US]} | parts


def query_of(asked):
    return {name: values[0] for name, values in parse_qs(asked.query).items()}


def test_a_feed_is_submitted_with_what_amazon_documents_and_no_more():
    """The body names the type, one marketplace and the document; the library adds nothing of its own."""
    with scripted(told({"feedId": "77"}, 202)) as amazon:
        assert account(amazon.url).open(FreeDesk()).submit_feed(US, "d") == "77"
        (asked,) = amazon.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/feeds/2021-06-30/feeds", "")
    wanted = {"feedType": "JSON_LISTINGS_FEED", "inputFeedDocumentId": "d", "marketplaceIds": [US]}
    assert json.loads(asked.body) == wanted


def test_a_report_is_asked_for_with_what_amazon_documents_and_no_more():
    """The body names the type and one marketplace."""
    with scripted(told({"reportId": "88"}, 202)) as amazon:
        assert account(amazon.url).open(FreeDesk()).ask_listing_report(US) == "88"
        (asked,) = amazon.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/reports/2021-06-30/reports", "")
    assert json.loads(asked.body) == {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [US]}


def test_all_pages_of_feeds_are_read():
    """A further page is asked for by its token and nothing else."""
    pages = [
        {"feeds": [feed("1")], "nextToken": "t1"},
        {"feeds": [], "nextToken": "t2"},
        {"feeds": [feed("2")]},
    ]
    with scripted(lambda asked: told(pages.pop(0))) as amazon:
        found = account(amazon.url).open(FreeDesk()).fetch_feeds(US, SINCE)
        first, *others = map(query_of, amazon.asked)
    assert [job.job_id for job in found] == ["1", "2"]
    assert first == {
        "feedTypes": "JSON_LISTINGS_FEED",
        "marketplaceIds": US,
        "createdSince": "2026-11-01T08:00:00.123Z",
        "pageSize": "100",
    }
    assert others == [{"nextToken": "t1"}, {"nextToken": "t2"}]


def test_feeds_that_are_not_all_shown_are_not_believed():
    """A page that comes again, and a later page that fails, leave nothing read."""
    with (
        scripted(told({"feeds": [feed()], "nextToken": "t"})) as amazon,
        pytest.raises(TryAgain, match="again"),
    ):
        account(amazon.url).open(FreeDesk()).fetch_feeds(US, SINCE)
    pages = [told({"feeds": [feed()], "nextToken": "t"}), errors(500)]
    with scripted(lambda asked: pages.pop(0)) as amazon, pytest.raises(TryAgain):
        account(amazon.url).open(FreeDesk()).fetch_feeds(US, SINCE)


def test_how_far_a_job_is_costs_one_plain_question():
    """GetFeed and getReport are asked without a parameter."""
    report = {"reportId": "2", "createdTime": "2026-11-01T09:00:00Z", "processingStatus": "DONE"}

    def script(asked):
        return told(report if "/reports/" in asked.path else feed("a/b", "DONE", resultFeedDocumentId="d"))

    with scripted(script) as amazon:
        door = account(amazon.url).open(FreeDesk())
        seen = door.fetch_feed("a/b")
        assert (seen.status, seen.document_id, seen.marketplace_ids) == (JobStatus.DONE, "d", (US,))
        assert door.fetch_report("2").status is JobStatus.DONE
        asked = [(each.path, each.query) for each in amazon.asked]
    assert asked == [("/feeds/2021-06-30/feeds/a%2Fb", ""), ("/reports/2021-06-30/reports/2", "")]


@pytest.mark.parametrize("answer", [Reply(body=b""), told({}), Reply(status=204)])
@pytest.mark.parametrize(
    ("status", "wanted"),
    [("CANCELLED", None), ("IN_QUEUE", TryAgain), ("IN_PROGRESS", Refused), ("DONE", Refused)],
)
def test_a_feed_is_canceled_when_amazon_shows_it(answer, status, wanted):
    """Amazon's answer to a cancellation says nothing; what the feed shows afterwards decides."""
    with scripted(lambda asked: answer if asked.method == "DELETE" else told(feed("1", status))) as amazon:
        door = account(amazon.url).open(FreeDesk())
        if wanted is None:
            door.cancel_feed("1")
        else:
            with pytest.raises(wanted) as raised:
                door.cancel_feed("1")
            assert getattr(raised.value, "maybe_done", True)
        assert [(each.method, each.query, each.body) for each in amazon.asked] == [
            ("DELETE", "", b""),
            ("GET", "", b""),
        ]


def test_a_cancellation_that_cannot_be_looked_at_may_be_done():
    """When the look afterwards fails, the feed may be canceled all the same."""
    with scripted(lambda asked: Reply() if asked.method == "DELETE" else errors(503)) as amazon:
        door = account(amazon.url).open(FreeDesk())
        with pytest.raises(TryAgain) as raised:
            door.cancel_feed("1")
    assert raised.value.maybe_done


@pytest.mark.parametrize("name", ["", " ", ".", ".."])
def test_a_job_without_a_name_is_not_asked_about(name):
    """A blank or dotted id would address something else."""
    with scripted(Reply()) as amazon:
        door = account(amazon.url).open(FreeDesk())
        for act in (
            door.fetch_feed,
            door.cancel_feed,
            door.fetch_report,
            door.fetch_feed_report,
            door.fetch_listing_report,
            lambda document: door.submit_feed(US, document),
        ):
            with pytest.raises(Refused):
                act(name)
        assert amazon.asked == []


def test_one_listing_is_read_by_its_name():
    """The answer has to be about the listing that was asked about; an unknown one is none."""
    with scripted(told({"sku": "A"})) as amazon:
        door = account(amazon.url).open(FreeDesk())
        assert door.fetch_listing(US, "A").seller_sku == "A"
        assert query_of(amazon.asked[0]) == {
            "marketplaceIds": US,
            "includedData": "fulfillmentAvailability,issues,summaries",
        }
        with pytest.raises(TryAgain, match="another listing"):
            door.fetch_listing(US, "B")
        amazon.script = lambda asked: errors(404, "NOT_FOUND", "SKU not found.")
        assert door.fetch_listing(US, "A") is None
