"""The half of the fake Amazon that takes a while: feeds and reports, through the sandbox's own processing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from blocks.amazon.documents import unpacked
from blocks.amazon.faults import Deed
from blocks.wire.amazon.answer import write_time
from blocks.wire.amazon.feeds import CONTENT_TYPE, feed_document, parse_feed_report
from blocks.wire.amazon.health_report import parse_health_report
from blocks.wire.amazon.jobs import (
    ACCOUNT_HEALTH,
    ALL_LISTINGS,
    LISTINGS_FEED,
    parse_document,
    parse_feed,
    parse_feeds_page,
    parse_new_document,
    parse_new_feed,
    parse_new_report,
    parse_report,
)
from blocks.wire.amazon.listing_report import parse_listing_report
from blocks.wire.amazon.listings import parse_listing
from domain.amazon import AmazonJob, FeedReport, JobStatus, Quantity, ReportedListing, SeenListing
from domain.errors import Refused
from domain.health.reports import Reported
from sandbox.amazon.answers import Answer
from sandbox.amazon.world import AmazonWorld

_FEEDS, _REPORTS = "/feeds/2021-06-30", "/reports/2021-06-30"
_LISTING_DATA = "summaries,fulfillmentAvailability,issues"


class Bulk:
    """A `domain.ports.BulkDoor`; the way to the desk is its heir's."""

    world: AmazonWorld

    def _ask(
        self,
        deed: Deed,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
    ) -> dict[str, Any]:
        raise NotImplementedError

    def _told(
        self, deed: Deed, method: str, address: tuple[str, str], raw: bytes, kind: str = "application/json"
    ) -> Answer:
        raise NotImplementedError

    def _item(self, sku: str) -> str:
        raise NotImplementedError

    def fetch_listing(self, marketplace_id: str, seller_sku: str) -> SeenListing | None:
        query = {"marketplaceIds": marketplace_id, "includedData": _LISTING_DATA}
        deed = _reads("getListingsItem", seller_sku)
        try:
            payload = self._ask(deed, "GET", self._item(seller_sku), query=query)
        except Refused as refusal:
            if refusal.code.upper() in {"NOT_FOUND", "NOTFOUND"}:
                return None
            raise
        return parse_listing(payload, marketplace_id)

    def upload_quantities(self, quantities: Sequence[Quantity]) -> str:
        raw = feed_document(self.world.seller_id, quantities)
        body = {"contentType": CONTENT_TYPE}
        made = parse_new_document(
            self._ask(_writes("createFeedDocument"), "POST", f"{_FEEDS}/documents", body=body)
        )
        self._told(_writes("uploadFeedDocument"), "PUT", _address(made.url), raw, CONTENT_TYPE)
        return made.document_id

    def submit_feed(self, marketplace_id: str, document_id: str) -> str:
        body = {
            "feedType": LISTINGS_FEED,
            "marketplaceIds": [marketplace_id],
            "inputFeedDocumentId": document_id,
        }
        return parse_new_feed(self._ask(_writes("createFeed"), "POST", f"{_FEEDS}/feeds", body=body))

    def fetch_feeds(self, marketplace_id: str, since: datetime) -> tuple[AmazonJob, ...]:
        deed = _reads("getFeeds", marketplace_id)
        query = {
            "feedTypes": LISTINGS_FEED,
            "marketplaceIds": marketplace_id,
            "createdSince": write_time(since),
            "pageSize": "100",
        }
        found, token = parse_feeds_page(self._ask(deed, "GET", f"{_FEEDS}/feeds", query=query))
        while token is not None:
            page = self._ask(deed, "GET", f"{_FEEDS}/feeds", query={"nextToken": token})
            more, token = parse_feeds_page(page)
            found += more
        return found

    def fetch_feed(self, feed_id: str) -> AmazonJob:
        payload = self._ask(_reads("getFeed", feed_id), "GET", f"{_FEEDS}/feeds/{feed_id}")
        return parse_feed(payload, feed_id)

    def cancel_feed(self, feed_id: str) -> None:
        try:
            self._ask(_writes("cancelFeed"), "DELETE", f"{_FEEDS}/feeds/{feed_id}")
        except Refused:
            if self.fetch_feed(feed_id).status is not JobStatus.CANCELED:
                raise

    def fetch_feed_report(self, document_id: str) -> FeedReport:
        content, _ = self._document("getFeedDocument", f"{_FEEDS}/documents", document_id)
        return parse_feed_report(content)

    def ask_listing_report(self, marketplace_id: str) -> str:
        return self._asked(ALL_LISTINGS, marketplace_id)

    def ask_health_report(self, marketplace_id: str) -> str:
        return self._asked(ACCOUNT_HEALTH, marketplace_id)

    def fetch_health_report(self, document_id: str) -> tuple[Reported, ...]:
        content, _ = self._document("getReportDocument", f"{_REPORTS}/documents", document_id)
        return parse_health_report(content)

    def _asked(self, report_type: str, marketplace_id: str) -> str:
        body = {"reportType": report_type, "marketplaceIds": [marketplace_id]}
        return parse_new_report(self._ask(_writes("createReport"), "POST", f"{_REPORTS}/reports", body=body))

    def fetch_report(self, report_id: str) -> AmazonJob:
        payload = self._ask(_reads("getReport", report_id), "GET", f"{_REPORTS}/reports/{report_id}")
        return parse_report(payload, report_id)

    def fetch_listing_report(self, document_id: str) -> tuple[ReportedListing, ...]:
        content, kind = self._document("getReportDocument", f"{_REPORTS}/documents", document_id)
        return parse_listing_report(content, kind)

    def _document(self, operation: str, folder: str, document_id: str) -> tuple[bytes, str]:
        """A document's content and its type."""
        path = f"{folder}/{document_id}"
        stored = parse_document(self._ask(_reads(operation, document_id), "GET", path), document_id)
        answer = self._told(_reads("downloadDocument", document_id), "GET", _address(stored.url), b"")
        content = unpacked(answer.body) if stored.packed else answer.body
        return content, answer.content_type


def _address(url: str) -> tuple[str, str]:
    """The path and the query of a document's address."""
    parts = urlsplit(url)
    return parts.path, parts.query


def _reads(operation: str, subject: str) -> Deed:
    return Deed(operation=operation, subject=subject, doing=f"reading {subject}")


def _writes(operation: str) -> Deed:
    return Deed(operation=operation, subject="", doing=f"calling {operation}", writes=True)
