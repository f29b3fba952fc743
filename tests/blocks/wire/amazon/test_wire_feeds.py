import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from blocks.wire.amazon.feeds import MOST_MESSAGES, feed_document, parse_feed_report
from domain.amazon import IssueSeverity, Quantity
from domain.errors import Refused, TryAgain
from sandbox.amazon.feed_messages import processed
from sandbox.amazon.feed_plans import FeedPlan
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.domain.examples import RULES

US, GB = "ATVPDKIKX0DER", "A1F83G8C2ARO7P"
SUMMARY = {"errors": 1, "warnings": 0, "messagesProcessed": 3, "messagesAccepted": 2, "messagesInvalid": 1}
REPORT = {
    "header": {"sellerId": "A1SELLER", "version": "2.0", "feedId": "1"},
    "issues": [{"messageId": 2, "sku": "B", "code": "13013", "severity": "ERROR", "message": "No such SKU."}],
    "summary": SUMMARY,
}


def quantity(sku="A", units=3, market=US):
    return Quantity(marketplace_id=market, seller_sku=sku, units=units)


def schema(shared, name):
    return json.loads((shared / "amazon" / "models" / "schemas" / "feeds" / name).read_text())


def written(report):
    return json.dumps(report).encode()


SKUS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)
OFFERS = st.lists(
    st.tuples(SKUS, st.integers(0, 10**6)), min_size=1, max_size=30, unique_by=lambda one: one[0]
)


@RULES
@given(offers=OFFERS)
def test_a_feed_says_each_quantity_in_its_place_and_nothing_else(offers):
    """Message n sets the n-th quantity by the same merge as a single patch, on the merchant's channel alone."""
    told = json.loads(feed_document("A1SELLER", [quantity(sku, units) for sku, units in offers]))
    assert told["header"] == {"sellerId": "A1SELLER", "version": "2.0"}
    assert told["messages"] == [
        {
            "messageId": place,
            "sku": sku,
            "operationType": "PATCH",
            "productType": "PRODUCT",
            "patches": [
                {
                    "op": "merge",
                    "path": "/attributes/fulfillment_availability",
                    "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": units}],
                }
            ],
        }
        for place, (sku, units) in enumerate(offers, start=1)
    ]


@RULES
@given(offers=OFFERS)
def test_what_a_feed_says_arrives(offers):
    """A strict Amazon understands every message, and the listings are submitted with what was meant."""
    world = AmazonWorld(Clock())
    for sku, _ in offers:
        world.add_listing(sku, US, 1, lead_time_to_ship_max_days=3)
    content = feed_document(world.seller_id, [quantity(sku, units) for sku, units in offers])
    report = parse_feed_report(written(processed(world, content, [US], FeedPlan())))
    assert (report.processed, report.accepted, report.issues) == (len(offers), len(offers), ())
    for sku, units in offers:
        offer = world.listings[(sku, US)].submitted["DEFAULT"]
        assert (offer["quantity"], offer["lead_time_to_ship_max_days"]) == (units, 3)


def test_a_feed_is_what_amazon_publishes(shared):
    """The document keeps Amazon's schema of listings feeds."""
    offers = [quantity("A", 0), quantity("MUG/1 ü", 7)]
    found = Draft7Validator(schema(shared, "listings-feed-schema-v2.json")).iter_errors(
        json.loads(feed_document("A1SELLER", offers))
    )
    assert [error.message for error in found] == []


def test_the_largest_feed_stays_below_ten_megabytes():
    """25,000 quantities with long SKUs are within what Amazon advises for one document."""
    offers = [quantity(f"{number:05d}-{'x' * 34}", 1000) for number in range(MOST_MESSAGES)]
    assert len(feed_document("A1SELLER", offers)) < 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("offers", "code"),
    [
        ([], "Messages"),
        ([quantity(str(number)) for number in range(MOST_MESSAGES + 1)], "Messages"),
        ([quantity("A"), quantity("B"), quantity("A", 9)], "Duplicate"),
        ([quantity("A"), quantity("B", market=GB)], "Marketplaces"),
        ([quantity("A", -1)], "Negative"),
        ([quantity(" ")], "InvalidInput"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_feed_cannot_say_is_refused(offers, code):
    """Nothing is uploaded of a feed with a quantity that cannot be told."""
    with pytest.raises(Refused) as refusal:
        feed_document("A1SELLER", offers)
    assert refusal.value.code == code


def test_a_report_is_read_message_by_message():
    """Counts and issues come out as Amazon wrote them, with the message each belongs to."""
    report = parse_feed_report(written(REPORT))
    assert (report.processed, report.accepted, report.invalid) == (3, 2, 1)
    (found,) = report.issues
    assert (found.message_id, found.seller_sku) == (2, "B")
    assert str(found.issue) == "ERROR 13013 No such SKU."


def test_amazons_published_report_is_read(shared):
    """The example of a processing report that Amazon publishes is understood in full."""
    example = schema(shared, "listings-feed-processing-report-schema-v2.example.json")
    report = parse_feed_report(written(example))
    assert report.processed == example["summary"]["messagesProcessed"]
    assert [each.message_id for each in report.issues] == [
        each.get("messageId") for each in example["issues"]
    ]


def test_an_issue_of_the_whole_feed_has_no_message():
    """Without a message id an issue is about all of it, and an unknown severity is taken for the worst."""
    issue = {"severity": "CRITICAL", "message": "The feed\n is broken."}
    (found,) = parse_feed_report(written(REPORT | {"issues": [issue]})).issues
    assert (found.message_id, found.seller_sku) == (None, "")
    assert found.issue == replace(found.issue, severity=IssueSeverity.ERROR, message="The feed is broken.")


@pytest.mark.parametrize("severity", list(IssueSeverity))
def test_every_severity_is_kept(severity):
    """ERROR, WARNING and INFO stay what they are."""
    issue = {"messageId": 1, "severity": severity.value, "message": "Words."}
    (found,) = parse_feed_report(written(REPORT | {"issues": [issue]})).issues
    assert found.issue.severity is severity


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b"<Error><Code>AccessDenied</Code></Error>",
        written(REPORT | {"header": {"version": "1.0"}}),
        written(REPORT | {"issues": None}),
        written({name: part for name, part in REPORT.items() if name != "summary"}),
        written(REPORT | {"summary": SUMMARY | {"messagesProcessed": -1}}),
        written(REPORT | {"summary": SUMMARY | {"messagesAccepted": "2"}}),
        written(REPORT | {"issues": [{"messageId": 0, "severity": "ERROR", "message": "Words."}]}),
        written(REPORT | {"issues": [{"messageId": "2", "severity": "ERROR", "message": "Words."}]}),
    ],
)
def test_what_is_no_report_is_not_believed(content):
    """A report that is not whole, or of another version, says nothing about any message."""
    with pytest.raises(TryAgain):
        parse_feed_report(content)


@RULES
@given(cut=st.integers(0, len(written(REPORT)) - 1))
def test_a_cut_report_is_not_believed(cut):
    """Wherever a report breaks off, nothing of it is read."""
    with pytest.raises(TryAgain):
        parse_feed_report(written(REPORT)[:cut])
