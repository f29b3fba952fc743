"""The simulated Amazon behind the house's own port, without a socket: the same desk, the same JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from blocks.amazon.faults import Deed, lost, verdict
from blocks.amazon.guard import Fault
from blocks.wire.amazon.answer import write_time
from blocks.wire.amazon.listings import parse_listings, parse_submission, quantity_body
from blocks.wire.amazon.orders import INCLUDED_DATA, parse_order, parse_orders_page
from blocks.wire.amazon.shipments import confirm_body
from domain.amazon import AmazonOrder, OrdersPage, PublishAnswer, Quantity, SeenListing, ShipConfirm
from sandbox.amazon import desk
from sandbox.amazon.answers import Answer
from sandbox.amazon.world import AmazonWorld
from tests.fakes.amazon_bulk import Bulk

_ORDERS = "/orders/2026-01-01/orders"
_ITEMS = "/listings/2021-08-01/items"
_LISTING_DATA = "summaries,fulfillmentAvailability,issues"
_AT_ONCE = 20
_TOKEN_USED_FOR = timedelta(minutes=50)


class FakeAmazon(Bulk):
    """A `domain.ports.AmazonDoor` and `BulkDoor` over a world in this process, for any number of threads.

    What goes wrong is told to the world (`world.inject`), as for one over HTTP. `calls` counts what was asked by
    Amazon's operation.
    """

    def __init__(self, world: AmazonWorld, account: str = "main") -> None:
        self.world = world
        self.calls: Counter[str] = Counter()
        self._account = account
        self._token, self._given = "", datetime.min.replace(tzinfo=world.now().tzinfo)

    @property
    def account(self) -> str:
        return self._account

    def fetch_orders(self, *, since: datetime, page_token: str | None) -> OrdersPage:
        query = {
            "lastUpdatedAfter": write_time(since),
            "fulfilledBy": "MERCHANT",
            "includedData": INCLUDED_DATA,
            "maxResultsPerPage": "100",
        }
        query |= {} if page_token is None else {"paginationToken": page_token}
        deed = Deed(operation="searchOrders", subject="", doing="reading changed orders")
        return parse_orders_page(self._ask(deed, "GET", _ORDERS, query=query), page_token=page_token)

    def fetch_order(self, order_id: str) -> AmazonOrder:
        deed = Deed(operation="getOrder", subject=order_id, doing=f"reading order {order_id}")
        query = {"includedData": INCLUDED_DATA}
        return parse_order(self._ask(deed, "GET", f"{_ORDERS}/{order_id}", query=query))

    def order_reads(self) -> tuple[float, float]:
        return 30.0, 30.0

    def confirm_shipment(self, claim: ShipConfirm) -> None:
        doing = f"confirming the shipment of order {claim.order_id}"
        deed = Deed(operation="confirmShipment", subject=claim.order_id, doing=doing, writes=True)
        path = f"/orders/v0/orders/{claim.order_id}/shipmentConfirmation"
        self._ask(deed, "POST", path, body=confirm_body(claim))

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        sku = quantity.seller_sku
        doing = f"setting the quantity of {sku}"
        deed = Deed(operation="patchListingsItem", subject=sku, doing=doing, writes=True)
        query = {"marketplaceIds": quantity.marketplace_id, "includedData": "issues"}
        body = quantity_body(quantity)
        return parse_submission(self._ask(deed, "PATCH", self._item(sku), query=query, body=body))

    def fetch_listings(self, marketplace_id: str, seller_skus: Sequence[str]) -> tuple[SeenListing, ...]:
        deed = Deed(operation="searchListingsItems", subject=seller_skus[0], doing="reading listings")
        seen: list[SeenListing] = []
        for at in range(0, len(seller_skus), _AT_ONCE):
            query = {
                "marketplaceIds": marketplace_id,
                "identifiers": ",".join(seller_skus[at : at + _AT_ONCE]),
                "identifiersType": "SKU",
                "includedData": _LISTING_DATA,
                "pageSize": str(_AT_ONCE),
            }
            payload = self._ask(deed, "GET", f"{_ITEMS}/{self.world.seller_id}", query=query)
            seen += parse_listings(payload, marketplace_id)
        return tuple(seen)

    def _item(self, sku: str) -> str:
        return f"{_ITEMS}/{self.world.seller_id}/{quote(sku, safe='')}"

    def _ask(
        self,
        deed: Deed,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
    ) -> dict[str, Any]:
        """Amazon's JSON answer to one call; whatever is no answer means what it means to the door over HTTP."""
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self._told(deed, method, (path, urlencode(query or {})), raw)
        payload = json.loads(answer.body) if answer.body[:1] == b"{" else None
        says_nothing = answer.status == 204 or method == "DELETE"
        if answer.status >= 300 or (payload is None and not says_nothing):
            error = ((payload or {}).get("errors") or [{}])[0]
            text = error.get("message", "")
            raise verdict(deed, Fault(httpx.Response(answer.status), code=error.get("code", ""), text=text))
        return payload or {}

    def _told(
        self, deed: Deed, method: str, address: tuple[str, str], raw: bytes, kind: str = "application/json"
    ) -> Answer:
        with self.world.lock:
            self.calls[deed.operation] += 1
            incoming = desk.Incoming(
                method=method,
                path=address[0],
                query=address[1],
                token=self._fresh_token(),
                content_type=kind,
                body=raw,
                endpoint="",
                request_id="",
            )
            answer, silent = desk.answer(self.world, incoming)
        if silent:
            heard = silent not in ("reset", "reset-before", "hang-before")
            raise lost(deed, httpx.ReadError("") if heard else httpx.ReadTimeout(""))
        return answer

    def _fresh_token(self) -> str:
        now = self.world.now()
        if not self._token or now - self._given > _TOKEN_USED_FOR:
            self._token, self._given = self.world.tokens.give("seller", now), now
        return self._token
