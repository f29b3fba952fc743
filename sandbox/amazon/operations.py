"""Which address is which operation, what it may be asked, and who answers it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from sandbox.amazon import confirm, documents, feeds, listings, reports, search
from sandbox.amazon.answers import Answer, Call
from sandbox.amazon.strict import Rule
from sandbox.amazon.world import AmazonWorld

Handler = Callable[[AmazonWorld, Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: its name is Amazon's operationId. A presigned one needs no token and no plan."""

    name: str
    method: str
    path: re.Pattern[str]
    handler: Handler
    query: Mapping[str, Rule] = field(default_factory=dict)
    body: object = None
    presigned: bool = False


def _operation(
    name: str, address: str, handler: Handler, *, query: Mapping[str, Rule] | None = None, body: object = None
) -> Operation:
    method, template = address.split(" ")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Operation(
        name=name,
        method=method,
        path=re.compile(pattern),
        handler=handler,
        query=query or {},
        body=body,
        presigned=template.startswith(documents.PATH),
    )


_ORDERS, _ITEMS = "/orders/2026-01-01/orders", "/listings/2021-08-01/items/{sellerId}"
_FEEDS, _REPORTS = "/feeds/2021-06-30", "/reports/2021-06-30"
_DOCUMENT = feeds.GET_DOCUMENT_QUERY

OPERATIONS: tuple[Operation, ...] = (
    _operation("searchOrders", f"GET {_ORDERS}", search.search_orders, query=search.SEARCH_QUERY),
    _operation("getOrder", f"GET {_ORDERS}/{{orderId}}", search.get_order, query=search.GET_QUERY),
    _operation(
        "confirmShipment",
        "POST /orders/v0/orders/{orderId}/shipmentConfirmation",
        confirm.confirm_shipment,
        body=confirm.BODY,
    ),
    _operation(
        "patchListingsItem",
        f"PATCH {_ITEMS}/{{sku}}",
        listings.patch_listings_item,
        query=listings.PATCH_QUERY,
        body=listings.PATCH_BODY,
    ),
    _operation(
        "getListingsItem", f"GET {_ITEMS}/{{sku}}", listings.get_listings_item, query=listings.GET_QUERY
    ),
    _operation(
        "searchListingsItems", f"GET {_ITEMS}", listings.search_listings_items, query=listings.SEARCH_QUERY
    ),
    _operation(
        "createFeedDocument", f"POST {_FEEDS}/documents", feeds.create_feed_document, body=feeds.DOCUMENT_BODY
    ),
    _operation("createFeed", f"POST {_FEEDS}/feeds", feeds.create_feed, body=feeds.FEED_BODY),
    _operation("getFeeds", f"GET {_FEEDS}/feeds", feeds.get_feeds, query=feeds.LIST_QUERY),
    _operation("getFeed", f"GET {_FEEDS}/feeds/{{feedId}}", feeds.get_feed),
    _operation("cancelFeed", f"DELETE {_FEEDS}/feeds/{{feedId}}", feeds.cancel_feed),
    _operation(
        "getFeedDocument",
        f"GET {_FEEDS}/documents/{{feedDocumentId}}",
        feeds.get_feed_document,
        query=_DOCUMENT,
    ),
    _operation("createReport", f"POST {_REPORTS}/reports", reports.create_report, body=reports.REPORT_BODY),
    _operation("getReport", f"GET {_REPORTS}/reports/{{reportId}}", reports.get_report),
    _operation(
        "getReportDocument",
        f"GET {_REPORTS}/documents/{{reportDocumentId}}",
        reports.get_report_document,
        query=_DOCUMENT,
    ),
    _operation(
        "createRestrictedDataToken",
        "POST /tokens/2021-03-01/restrictedDataToken",
        reports.create_restricted_data_token,
        body=reports.RESTRICTED_BODY,
    ),
    _operation("uploadFeedDocument", f"PUT {documents.PATH}{{documentId}}", documents.upload),
    _operation("downloadDocument", f"GET {documents.PATH}{{documentId}}", documents.download),
)


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation at an address (still percent-encoded) and its path parts, decoded."""
    for operation in OPERATIONS:
        match = operation.path.fullmatch(path)
        if match is not None and operation.method == method:
            return operation, {name: unquote(value) for name, value in match.groupdict().items()}
    return None
