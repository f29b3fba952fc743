from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_answers import cases, sample

from blocks.wire.amazon.listings import parse_listing, parse_listings, parse_submission, quantity_body
from domain.amazon import IssueSeverity, Quantity
from domain.errors import Refused, TryAgain

MODEL = "listings-items-api-model/listingsItems_2021-08-01.json"
ITEM = "/listings/2021-08-01/items/{sellerId}/{sku}"
US = "ATVPDKIKX0DER"


def test_amazons_published_submissions_are_read(shared):
    """ACCEPTED and INVALID are answers; VALID, which only a preview gives, is not."""
    for _, response in cases(shared, MODEL, ITEM, "patch", 200):
        if response["status"] == "VALID":
            with pytest.raises(TryAgain):
                parse_submission(response)
            continue
        answer = parse_submission(response)
        assert answer.accepted == (response["status"] == "ACCEPTED")
        assert len(answer.issues) == len(response["issues"])
    assert parse_submission(sample(shared, "pricing-patchListingsItem.json")).accepted


def test_amazons_published_listings_are_read(shared):
    """Every listing Amazon publishes gives its effective units and its issues."""
    documents = [response for _, response in cases(shared, MODEL, ITEM, "get", 200)]
    for document in (*documents, sample(shared, "listings-getListingsItem.json")):
        seen = parse_listing(document, US)
        assert (seen.seller_sku, seen.units, seen.other_channels) == (document["sku"], 100, ())
        assert len(seen.issues) == len(document.get("issues", []))


def test_amazons_published_search_is_not_a_whole_one(shared):
    """Amazon's example shows one of three listings, which is not believed; without the rest it is read."""
    for _, response in cases(shared, MODEL, "/listings/2021-08-01/items/{sellerId}", "get", 200):
        with pytest.raises(TryAgain):
            parse_listings(response, US)
        whole = {"numberOfResults": len(response["items"]), "items": response["items"]}
        assert [seen.seller_sku for seen in parse_listings(whole, US)] == [
            i["sku"] for i in response["items"]
        ]


@pytest.mark.parametrize(("path", "method"), [(ITEM, "get"), (ITEM, "patch")])
def test_amazons_published_refusals_are_no_answers(shared, path, method):
    """An error document is never read as a listing or as an accepted quantity."""
    for _, response in cases(shared, MODEL, path, method, 400):
        with pytest.raises(TryAgain):
            parse_listing(response, US)
        with pytest.raises(TryAgain) as raised:
            parse_submission(response)
        assert raised.value.maybe_done
        with pytest.raises(TryAgain):
            parse_listings(response, US)


@given(units=st.integers(min_value=0, max_value=10**6))
def test_a_quantity_merges_the_merchants_offer_alone(units):
    """The patch never replaces, and never names a channel that Amazon ships."""
    body = quantity_body(Quantity(marketplace_id=US, seller_sku="S", units=units))
    assert body == {
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": units}],
            }
        ],
    }


def test_fewer_than_none_cannot_be_offered():
    """A quantity below zero is refused before it is sent."""
    with pytest.raises(Refused, match="below zero"):
        quantity_body(Quantity(marketplace_id=US, seller_sku="S", units=-1))


@pytest.mark.parametrize(
    ("offers", "units", "others"),
    [
        (None, None, ()),
        ([], None, ()),
        ([{"fulfillmentChannelCode": "AMAZON_NA", "quantity": 5}], None, ("AMAZON_NA",)),
        (
            [{"fulfillmentChannelCode": "AMAZON_NA"}, {"fulfillmentChannelCode": "DEFAULT", "quantity": 0}],
            0,
            ("AMAZON_NA",),
        ),
    ],
)
def test_units_in_effect_are_those_of_the_merchant(offers, units, others):
    """Zero units and no merchant offer are different things; other channels are named."""
    seen = parse_listing({"sku": "S", "fulfillmentAvailability": offers}, US)
    assert (seen.marketplace_id, seen.units, seen.other_channels, seen.issues) == (US, units, others, ())


def test_an_offer_without_a_quantity_is_an_issue():
    """What Amazon leaves open is told and not taken for zero."""
    seen = parse_listing({"sku": "S", "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT"}]}, US)
    assert seen.units is None
    assert [str(issue) for issue in seen.issues] == [
        "ERROR Amazon shows the merchant-fulfilled offer without a quantity."
    ]


GB = "A1F83G8C2ARO7P"


def summary(marketplace_id=US, **parts):
    told = {"marketplaceId": marketplace_id, "status": ["BUYABLE"], "lastUpdatedDate": "2026-11-25T10:00:00Z"}
    return told | parts


@pytest.mark.parametrize(
    ("summaries", "buyable", "updated"),
    [
        (None, None, None),
        ([], None, None),
        ([summary(GB)], None, None),
        ([summary(GB, status=[]), summary()], True, datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ([summary(status=["DISCOVERABLE"])], False, datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ([summary(status=None, lastUpdatedDate=None)], None, None),
    ],
)
def test_whether_buyers_can_order_is_said_per_marketplace(summaries, buyable, updated):
    """The summary of the marketplace that was asked about counts, and what Amazon leaves out is unknown."""
    seen = parse_listing({"sku": "S", "summaries": summaries}, US)
    assert (seen.buyable, seen.updated_at) == (buyable, updated)


@pytest.mark.parametrize("wrong", [{"lastUpdatedDate": "yesterday"}, {"status": "BUYABLE"}])
def test_a_summary_out_of_shape_is_no_answer(wrong):
    """A time or a status that cannot be read makes the listing unread."""
    with pytest.raises(TryAgain):
        parse_listing({"sku": "S", "summaries": [summary(**wrong)]}, US)


@pytest.mark.parametrize(
    ("exemption", "actions"),
    [
        ({"status": "NOT_EXEMPT"}, ("LISTING_SUPPRESSED", "SEARCH_SUPPRESSED")),
        (None, ("LISTING_SUPPRESSED", "SEARCH_SUPPRESSED")),
        ({"status": "EXEMPT"}, ()),
        ({"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2026-12-01T00:00:00Z"}, ()),
    ],
)
def test_what_amazon_did_about_an_issue_is_named(exemption, actions):
    """Enforcements count unless the listing is exempt from them."""
    done = [{"action": "LISTING_SUPPRESSED"}, {"action": "SEARCH_SUPPRESSED"}]
    issue = {"code": "1", "message": "Words.", "severity": "WARNING", "categories": []}
    issue["enforcements"] = {"actions": done, "exemption": exemption}
    (found,) = parse_listing({"sku": "S", "issues": [issue]}, US).issues
    assert (found.severity, found.actions) == (IssueSeverity.WARNING, actions)


@pytest.mark.parametrize("severity", ["", None, "FATAL", "warning"])
def test_a_severity_that_amazon_does_not_document_is_an_error(severity):
    """What is not understood is taken for the worst."""
    issue = {"code": "1", "message": "Words.", "severity": severity}
    (found,) = parse_listing({"sku": "S", "issues": [issue]}, US).issues
    assert found.severity is IssueSeverity.ERROR


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"items": None},
        {"items": [{"fulfillmentAvailability": []}]},
        {
            "items": [
                {
                    "sku": "S",
                    "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": -1}],
                }
            ]
        },
        {"items": [{"sku": "S"}], "numberOfResults": 2},
        {"items": [{"sku": "S"}], "numberOfResults": 1, "pagination": {"nextToken": "t"}},
    ],
)
def test_a_list_that_is_not_whole_is_not_believed(payload):
    """Missing listings are absent only when Amazon showed all it counted."""
    with pytest.raises(TryAgain):
        parse_listings(payload, US)
