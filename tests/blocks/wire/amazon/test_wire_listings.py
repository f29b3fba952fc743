import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_answers import cases, sample

from blocks.wire.amazon_listings import parse_listing, parse_listings, parse_submission, quantity_body
from domain.amazon import Quantity
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
