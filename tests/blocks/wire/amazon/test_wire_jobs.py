import pytest
from published_answers import cases

from blocks.wire.amazon.jobs import (
    parse_document,
    parse_feed,
    parse_feeds_page,
    parse_new_document,
    parse_new_feed,
    parse_new_report,
    parse_report,
)
from domain.amazon import JobStatus
from domain.errors import TryAgain

FEEDS_MODEL = "feeds-api-model/feeds_2021-06-30.json"
REPORTS_MODEL = "reports-api-model/reports_2021-06-30.json"
FEED = {
    "feedId": "1",
    "feedType": "JSON_LISTINGS_FEED",
    "createdTime": "2026-11-25T10:00:00.000Z",
    "processingStatus": "DONE",
    "marketplaceIds": ["ATVPDKIKX0DER"],
    "resultFeedDocumentId": "d",
}
REPORT = {
    "reportId": "1",
    "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
    "createdTime": "2026-11-25T10:00:00+00:00",
    "processingStatus": "DONE",
    "reportDocumentId": "d",
}
PARSERS = {"feed": (parse_feed, FEED), "report": (parse_report, REPORT)}


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_is_read(kind, status):
    """Each word that Amazon documents is a status, and a result is there when Amazon names one."""
    parse, told = PARSERS[kind]
    job = parse(told | {"processingStatus": status.value}, "1")
    assert (job.job_id, job.status, job.document_id) == ("1", status, "d")
    unfinished = {name: part for name, part in told.items() if "DocumentId" not in name}
    assert parse(unfinished, "1").document_id == ""


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"processingStatus": "PAUSED"},
        {"processingStatus": "done"},
        {"processingStatus": None},
        {"createdTime": "2026-11-25T10:00:00"},
        {"feedId": "2", "reportId": "2"},
        {"feedId": "", "reportId": ""},
        {"marketplaceIds": "ATVPDKIKX0DER"},
    ],
)
def test_what_is_not_understood_is_no_status(kind, wrong):
    """A new word, a time without a zone or another job's answer says nothing about this one."""
    parse, told = PARSERS[kind]
    with pytest.raises(TryAgain) as raised:
        parse(told | wrong, "1")
    assert not raised.value.maybe_done


def test_a_page_of_feeds_holds_those_of_listings():
    """Other kinds of feeds are left out, an empty token ends the pages, and one bad feed spoils the page."""
    page = {"feeds": [FEED, FEED | {"feedId": "2", "feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA"}]}
    feeds, token = parse_feeds_page(page | {"nextToken": "t"})
    assert ([feed.job_id for feed in feeds], token) == (["1"], "t")
    assert parse_feeds_page({"feeds": [], "nextToken": ""}) == ((), None)
    for wrong in ({}, {"feeds": None}, {"feeds": [FEED, FEED | {"processingStatus": "PAUSED"}]}):
        with pytest.raises(TryAgain):
            parse_feeds_page(wrong)


def test_a_feed_without_an_id_may_have_been_taken():
    """An answer to a submission that holds no id leaves open what became of it; a report changes nothing."""
    assert parse_new_feed({"feedId": "7"}) == "7"
    assert parse_new_report({"reportId": "7"}) == "7"
    for wrong in ({}, {"feedId": ""}, {"feedId": 7}):
        with pytest.raises(TryAgain) as raised:
            parse_new_feed(wrong)
        assert raised.value.maybe_done
        with pytest.raises(TryAgain) as raised:
            parse_new_report(wrong)
        assert not raised.value.maybe_done


@pytest.mark.parametrize("name", ["feedDocumentId", "reportDocumentId"])
def test_where_a_document_lies_is_kept_to_itself(name):
    """The address is read, with how the document is packed, and never shown."""
    told = {name: "d", "url": "https://storage.example/d?X-Amz-Signature=secret"}
    plain = parse_document(told, "d")
    assert (plain.document_id, plain.url, plain.packed) == ("d", told["url"], False)
    assert parse_document(told | {"compressionAlgorithm": "GZIP"}, "d").packed
    assert "secret" not in repr(plain)
    for wrong in (
        {name: "d"},
        {"url": "https://storage.example/d"},
        told | {name: "e"},
        told | {"url": ""},
        told | {"compressionAlgorithm": "ZIP"},
    ):
        with pytest.raises(TryAgain) as raised:
            parse_document(wrong, "d")
        assert "secret" not in str(raised.value)


def test_a_new_document_has_an_id_and_an_address():
    """Without either of them there is nothing to upload to."""
    told = {"feedDocumentId": "d", "url": "https://storage.example/d"}
    assert parse_new_document(told).document_id == "d"
    for wrong in ({}, {"url": told["url"]}, {"feedDocumentId": "d"}):
        with pytest.raises(TryAgain):
            parse_new_document(wrong)


def test_amazons_published_answers_are_read(shared):
    """The answers that stand in Amazon's models are understood."""
    for _, told in cases(shared, FEEDS_MODEL, "/feeds/2021-06-30/feeds/{feedId}", "get", 200):
        assert parse_feed(told, told["feedId"]).status is JobStatus(told["processingStatus"])
    for _, told in cases(shared, FEEDS_MODEL, "/feeds/2021-06-30/feeds", "post", 202):
        assert parse_new_feed(told) == told["feedId"]
    for _, told in cases(shared, FEEDS_MODEL, "/feeds/2021-06-30/documents", "post", 201):
        assert parse_new_document(told).url == told["url"]
    for _, told in cases(shared, REPORTS_MODEL, "/reports/2021-06-30/reports/{reportId}", "get", 200):
        assert parse_report(told, told["reportId"]).document_id == told.get("reportDocumentId", "")
    path = "/reports/2021-06-30/documents/{reportDocumentId}"
    for _, told in cases(shared, REPORTS_MODEL, path, "get", 200):
        assert parse_document(told, told["reportDocumentId"]).url == told["url"]
