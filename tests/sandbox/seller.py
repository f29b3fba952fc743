"""A seller's plain HTTP client whose every exchange is held against both oracles."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx

from sandbox.amazon.desk import find
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from tests.sandbox import published_models
from tests.sandbox.official_models import faults

ORDERS, LISTINGS, FEEDS, REPORTS = (
    "orders_v2026_01_01",
    "listings_items_v2021_08_01",
    "feeds_v2021_06_30",
    "reports_v2021_06_30",
)
# operation: (package, model of the request, model of a good answer)
OFFICIAL: dict[str, tuple[str, str, str]] = {
    "searchOrders": (ORDERS, "", "SearchOrdersResponse"),
    "getOrder": (ORDERS, "", "GetOrderResponse"),
    "confirmShipment": ("orders_v0", "ConfirmShipmentRequest", ""),
    "patchListingsItem": (LISTINGS, "ListingsItemPatchRequest", "ListingsItemSubmissionResponse"),
    "getListingsItem": (LISTINGS, "", "Item"),
    "searchListingsItems": (LISTINGS, "", "ItemSearchResults"),
    "createFeedDocument": (FEEDS, "CreateFeedDocumentSpecification", "CreateFeedDocumentResponse"),
    "createFeed": (FEEDS, "CreateFeedSpecification", "CreateFeedResponse"),
    "getFeeds": (FEEDS, "", "GetFeedsResponse"),
    "getFeed": (FEEDS, "", "Feed"),
    "cancelFeed": (FEEDS, "", ""),
    "getFeedDocument": (FEEDS, "", "FeedDocument"),
    "createReport": (REPORTS, "CreateReportSpecification", "CreateReportResponse"),
    "getReport": (REPORTS, "", "Report"),
    "getReportDocument": (REPORTS, "", "ReportDocument"),
    "createRestrictedDataToken": (
        "tokens_v2021_03_01",
        "CreateRestrictedDataTokenRequest",
        "CreateRestrictedDataTokenResponse",
    ),
}
ALL = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"
GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"


class Seller:
    """Talks to a sandbox; every answer and every accepted request is checked by both oracles."""

    def __init__(self, server: AmazonServer) -> None:
        self.world = server.world
        self.http = httpx.Client(base_url=server.endpoint, timeout=5, verify=False)  # no TLS here: saves time
        self.checked = 0
        tokens = self.world.tokens
        self.form = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh_token,
            "client_id": tokens.client_id,
            "client_secret": tokens.client_secret,
        }
        self.headers = {"x-amz-access-token": self.token().json()["access_token"]}

    def token(self, **changes: str) -> httpx.Response:
        return self.http.post("/auth/o2/token", data=self.form | changes)

    def call(self, method: str, path: str, *, check: bool = True, **given: Any) -> httpx.Response:
        """One call; check=False where an injected fault makes the answer un-Amazonian on purpose."""
        answer = self.http.request(method, path, headers=self.headers, **given)
        if check:
            self._check(answer, given.get("json"))
        return answer

    def _check(self, answer: httpx.Response, body: Any) -> None:
        found = find(answer.request.method, answer.request.url.raw_path.decode().split("?")[0])
        assert found is not None, "an address that no operation has"
        name = found[0].name
        document = json.loads(answer.content) if answer.content else None
        good = answer.status_code < 300
        package, request_model, answer_model = OFFICIAL[name]
        wrong = []
        if good and request_model:
            wrong += faults(body, request_model, package)
        if not good:
            answer_model = "ConfirmShipmentErrorResponse" if name == "confirmShipment" else "ErrorList"
        if answer_model:
            wrong += faults(document, answer_model, package)
        wrong += self._published(name, answer, body if good else None, document)
        assert wrong == []
        self.checked += 1

    def _published(self, name: str, answer: httpx.Response, body: Any, document: Any) -> list[str]:
        if not published_models.PRESENT:
            return []
        headers = {key for key in answer.headers if key.startswith("x-amzn-")}
        wrong = published_models.faults_of_answer(name, answer.status_code, headers, document)
        return wrong + (published_models.faults_of_request(name, body) if body is not None else [])

    def search(self, **query: str) -> httpx.Response:
        hour = (self.world.now() - timedelta(hours=1)).isoformat()
        base = {} if "createdAfter" in query or "none" in query else {"lastUpdatedAfter": hour}
        query.pop("none", None)
        return self.call("GET", "/orders/2026-01-01/orders", params=base | query)

    def get(self, order_id: str, **query: str) -> httpx.Response:
        return self.call("GET", f"/orders/2026-01-01/orders/{order_id}", params=query)

    def confirm(self, order_id: str, body: dict[str, Any], *, check: bool = True) -> httpx.Response:
        path = f"/orders/v0/orders/{order_id}/shipmentConfirmation"
        return self.call("POST", path, json=body, check=check)

    def patch(self, sku: str, patch: dict[str, Any], market: str = GB, **query: str) -> httpx.Response:
        body = {"productType": "PRODUCT", "patches": [patch]}
        return self.call("PATCH", self.item(sku), params={"marketplaceIds": market} | query, json=body)

    def listing(self, sku: str, market: str = GB, **query: str) -> httpx.Response:
        return self.call("GET", self.item(sku), params={"marketplaceIds": market} | query)

    def item(self, sku: str) -> str:
        return f"/listings/2021-08-01/items/{self.world.seller_id}/{quote(sku, safe='')}"


def parcel(world: AmazonWorld, order_id: str, **changes: Any) -> dict[str, Any]:
    """A right confirmShipment body for the whole order, with changes to its packageDetail."""
    order = world.orders[order_id]
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "Royal Mail",
        "shippingMethod": "Tracked 48",
        "trackingNumber": "RR123456785GB",
        "shipDate": "2026-11-23T10:00:00.000Z",
        "orderItems": [{"orderItemId": i.order_item_id, "quantity": i.ordered} for i in order.items],
    }
    return {"marketplaceId": order.marketplace_id, "packageDetail": detail | changes}
