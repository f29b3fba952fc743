"""The simulated Listings Items API, feeds and reports keep Amazon's rules."""

import csv
import gzip
import io
import json
import time

import pytest

from tests.sandbox import published_models
from tests.sandbox.seller import DE, GB

SKU = "MUG/1 ü"
EFFECTIVE = 0.12  # 90 scaled seconds are 45 ms
PATH = "/attributes/fulfillment_availability"


def quantity(units, op="merge", **more):
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": units} | more
    return {"op": op, "path": PATH, "value": [value]}


def attribute(seller):
    return seller.listing(SKU, includedData="attributes").json()["attributes"]["fulfillment_availability"]


def test_an_accepted_patch_is_effective_later(world, seller, eventually):
    """ACCEPTED leaves the effective quantity alone until the delay is over."""
    world.quantity_after = 2000
    answer = seller.patch(SKU, quantity(3)).json()
    assert (answer["status"], answer["sku"], answer["issues"]) == ("ACCEPTED", SKU, [])
    assert world.effective_quantity(SKU, GB) == 10
    eventually(lambda: world.effective_quantity(SKU, GB) == 3)
    told = seller.listing(SKU, includedData="fulfillmentAvailability").json()["fulfillmentAvailability"]
    assert told == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 3}]


def test_merge_keeps_and_replace_wipes_the_handling_time(seller):
    """Merge leaves handling time and restock date, replace drops what it does not name."""
    seller.patch(SKU, quantity(3))
    assert attribute(seller) == [
        {
            "fulfillment_channel_code": "DEFAULT",
            "quantity": 3,
            "lead_time_to_ship_max_days": 2,
            "restock_date": "2026-12-01",
        }
    ]
    seller.patch(SKU, quantity(4, op="replace"))
    assert attribute(seller) == [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}]


def test_a_later_patch_overtakes_an_earlier_one(world, seller):
    """Of two patches on their way only the last becomes effective."""
    seller.patch(SKU, quantity(3))
    seller.patch(SKU, quantity(5))
    time.sleep(EFFECTIVE)
    assert world.effective_quantity(SKU, GB) == 5


def test_a_preview_changes_nothing(seller):
    """VALIDATION_PREVIEW says VALID and leaves the listing as it was."""
    answer = seller.patch(SKU, quantity(0), mode="VALIDATION_PREVIEW")
    assert answer.json()["status"] == "VALID"
    assert attribute(seller)[0]["quantity"] == 10


@pytest.mark.parametrize(
    "patch",
    [
        {"op": "merge", "path": "/attributes/fulfillmentAvailability", "value": [{"quantity": 1}]},
        {"op": "merge", "path": PATH, "value": [{"quantity": 1}]},
        quantity(-1),
        {"op": "merge", "path": PATH, "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": "1"}]},
        {"op": "merge", "path": PATH, "value": [{"fulfillment_channel_code": "DEFAULT", "amount": 1}]},
    ],
)
def test_a_bad_patch_is_invalid_with_status_200(world, seller, patch):
    """What Amazon does not understand is INVALID, still HTTP 200, and has no effect."""
    answer = seller.patch(SKU, patch)
    assert (answer.status_code, answer.json()["status"]) == (200, "INVALID")
    assert answer.json()["issues"][0]["severity"] == "ERROR"
    time.sleep(EFFECTIVE)
    assert world.effective_quantity(SKU, GB) == 10


def test_an_unknown_sku_is_invalid_to_patch_and_not_found_to_get(seller):
    """A SKU that is not offered in the marketplace cannot be changed or read."""
    assert seller.patch("NONE", quantity(1)).json()["status"] == "INVALID"
    assert seller.patch(SKU, quantity(1), market=DE).json()["status"] == "INVALID"
    assert seller.listing("NONE").status_code == 404


def test_a_body_out_of_shape_is_refused(seller):
    """Unknown body fields, unknown operations and a missing marketplace are 400."""
    body = {"productType": "PRODUCT", "patches": [quantity(1)]}
    params = {"marketplaceIds": GB}
    for given in (
        {"params": params, "json": body | {"path": "x"}},
        {"params": params, "json": {"productType": "PRODUCT", "patches": [quantity(1, op="set")]}},
        {"params": params, "json": {"productType": "PRODUCT", "patches": []}},
        {"json": body},
        {"params": params | {"MarketplaceIds": GB}, "json": body},
    ):
        assert seller.call("PATCH", seller.item(SKU), **given).status_code == 400


def test_the_two_patch_faults(world, seller):
    """invalid-200 refuses a right patch, accepted-no-effect accepts it and does nothing."""
    world.inject("patchListingsItem", "invalid-200")
    world.inject("patchListingsItem", "accepted-no-effect")
    assert [seller.patch(SKU, quantity(1)).json()["status"] for _ in range(2)] == ["INVALID", "ACCEPTED"]
    time.sleep(EFFECTIVE)
    assert world.effective_quantity(SKU, GB) == 10


def test_somebody_elses_quantity_is_effective_at_once(world, seller):
    """Another app's change shows in what was submitted and in what is effective."""
    world.set_quantity_elsewhere(SKU, GB, 77)
    assert (world.effective_quantity(SKU, GB), attribute(seller)[0]["quantity"]) == (77, 77)


def test_a_search_pages_through_the_listings(world, seller):
    """Pages of 20 give every SKU once; identifiers narrow the search."""
    for number in range(45):
        world.add_listing(f"S{number:02d}", DE, number)
    path = f"/listings/2021-08-01/items/{world.seller_id}"
    query = {"marketplaceIds": DE, "pageSize": "20", "sortBy": "sku", "sortOrder": "ASC"}
    query |= {"includedData": "summaries,attributes,issues,offers,fulfillmentAvailability,productTypes"}
    found, token = [], {}
    while True:
        page = seller.call("GET", path, params=query | token).json()
        found += [item["sku"] for item in page["items"]]
        if "pagination" not in page:
            break
        token = {"pageToken": page["pagination"]["nextToken"]}
    assert found == [f"S{number:02d}" for number in range(45)]
    one = query | {"identifiers": "S03,S04", "identifiersType": "SKU"}
    assert seller.call("GET", path, params=one).json()["numberOfResults"] == 2


def feed(seller, content, content_type="application/json; charset=UTF-8"):
    created = seller.call("POST", "/feeds/2021-06-30/documents", json={"contentType": content_type}).json()
    put = seller.http.put(created["url"], content=content, headers={"content-type": content_type})
    assert put.status_code == 200
    body = {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": [GB],
        "inputFeedDocumentId": created["feedDocumentId"],
    }
    return seller.call("POST", "/feeds/2021-06-30/feeds", json=body).json()["feedId"]


def done(seller, path, eventually):
    eventually(lambda: seller.call("GET", path).json()["processingStatus"] in ("DONE", "FATAL", "CANCELLED"))
    return seller.call("GET", path).json()


def content_of(seller, path):
    told = seller.call("GET", path).json()
    content = seller.http.get(told["url"]).content
    return gzip.decompress(content) if told.get("compressionAlgorithm") == "GZIP" else content


def test_a_listings_feed_is_applied_and_reported(world, seller, eventually):
    """A right message takes effect, a wrong one is in the processing report, and the feed is DONE."""
    messages = [
        {
            "messageId": number,
            "sku": sku,
            "operationType": "PATCH",
            "productType": "PRODUCT",
            "patches": [quantity(6)],
        }
        for number, sku in enumerate((SKU, "NONE"), start=1)
    ]
    document = {"header": {"sellerId": world.seller_id, "version": "2.0"}, "messages": messages}
    world.document_after = 4000
    feed_id = feed(seller, json.dumps(document).encode())
    assert seller.call("GET", f"/feeds/2021-06-30/feeds/{feed_id}").json()["processingStatus"] == "IN_QUEUE"
    told = done(seller, f"/feeds/2021-06-30/feeds/{feed_id}", eventually)
    assert told["processingStatus"] == "DONE"
    report = json.loads(content_of(seller, f"/feeds/2021-06-30/documents/{told['resultFeedDocumentId']}"))
    assert report["summary"] | {"warnings": 0} == {
        "errors": 1,
        "warnings": 0,
        "messagesProcessed": 2,
        "messagesAccepted": 1,
        "messagesInvalid": 1,
    }
    assert report["issues"][0]["messageId"] == 2
    eventually(lambda: world.effective_quantity(SKU, GB) == 6)
    if published_models.PRESENT:
        schema = "feeds/listings-feed-processing-report-schema-v2.json"
        assert published_models.faults_of_schema(schema, report) == []
        assert published_models.faults_of_schema("feeds/listings-feed-schema-v2.json", document) == []


def test_an_unreadable_feed_is_fatal(seller, eventually):
    """A feed that is not JSON ends FATAL without a report."""
    told = done(seller, f"/feeds/2021-06-30/feeds/{feed(seller, b'{')}", eventually)
    assert told["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in told


def test_feeds_need_an_uploaded_document(seller):
    """CreateFeed for a document that was never put, or with an unknown type, is 400."""
    body = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [GB], "inputFeedDocumentId": "none"}
    assert seller.call("POST", "/feeds/2021-06-30/feeds", json=body).status_code == 400
    assert seller.call("GET", "/feeds/2021-06-30/feeds/0").status_code == 404


def test_a_presigned_address_opens_one_document_for_one_method(seller):
    """Another method, another content type and a made-up signature are 403 with XML."""
    kind = "application/json; charset=UTF-8"
    url = seller.call("POST", "/feeds/2021-06-30/documents", json={"contentType": kind}).json()["url"]
    assert seller.http.get(url).status_code == 403
    assert seller.http.put(url, content=b"{}", headers={"content-type": "text/plain"}).status_code == 403
    refused = seller.http.put(url[:-4] + "0000", content=b"{}", headers={"content-type": kind})
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/xml")


def test_the_listings_report(world, seller, eventually):
    """GET_MERCHANT_LISTINGS_ALL_DATA is a tab-separated list of SKUs and quantities, compressed."""
    world.add_listing("FBA-1", GB, 5, channel="AMAZON_EU")
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [GB]}
    report_id = seller.call("POST", "/reports/2021-06-30/reports", json=body).json()["reportId"]
    told = done(seller, f"/reports/2021-06-30/reports/{report_id}", eventually)
    content = content_of(seller, f"/reports/2021-06-30/documents/{told['reportDocumentId']}")
    rows = list(csv.DictReader(io.StringIO(content.decode()), delimiter="\t"))
    assert [(row["seller-sku"], row["quantity"], row["fulfillment-channel"]) for row in rows] == [
        (SKU, "10", "DEFAULT"),
        ("FBA-1", "", "AMAZON_EU"),
    ]


def test_a_report_without_data_is_canceled(seller, eventually):
    """No listing in the marketplace: CANCELLED; a settlement report cannot be requested at all."""
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [DE]}
    report_id = seller.call("POST", "/reports/2021-06-30/reports", json=body).json()["reportId"]
    path = f"/reports/2021-06-30/reports/{report_id}"
    assert done(seller, path, eventually)["processingStatus"] == "CANCELLED"
    body |= {"reportType": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"}
    assert seller.call("POST", "/reports/2021-06-30/reports", json=body).status_code == 400
