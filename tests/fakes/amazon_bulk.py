"""The half of the fake Amazon that takes a while: feeds and reports, through the sandbox's own processing."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from blocks.amazon_faults import Deed
from blocks.wire.amazon_answer import read_time
from blocks.wire.amazon_listings import parse_listing, quantity_body
from domain.amazon import (
    AmazonJob,
    FeedIssue,
    FeedReport,
    IssueSeverity,
    JobStatus,
    ListingIssue,
    Quantity,
    ReportedListing,
    SeenListing,
)
from domain.errors import Refused
from sandbox.amazon.answers import Answer
from sandbox.amazon.feeds import Feed
from sandbox.amazon.world import AmazonWorld

_FEEDS, _REPORTS = "/feeds/2021-06-30", "/reports/2021-06-30"
_JSON = "application/json; charset=UTF-8"
_FEED, _LISTINGS = "JSON_LISTINGS_FEED", "GET_MERCHANT_LISTINGS_ALL_DATA"


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
        query = {
            "marketplaceIds": marketplace_id,
            "includedData": "summaries,fulfillmentAvailability,issues",
        }
        try:
            payload = self._ask(
                _reads("getListingsItem", seller_sku), "GET", self._item(seller_sku), query=query
            )
        except Refused as refusal:
            if refusal.code.upper() in {"NOT_FOUND", "NOTFOUND"}:
                return None
            raise
        return parse_listing(payload, marketplace_id)

    def upload_quantities(self, quantities: Sequence[Quantity]) -> str:
        made = self._ask(
            _writes("createFeedDocument"), "POST", f"{_FEEDS}/documents", body={"contentType": _JSON}
        )
        messages = [
            {"messageId": place, "sku": one.seller_sku, "operationType": "PATCH", **quantity_body(one)}
            for place, one in enumerate(quantities, start=1)
        ]
        header = {"sellerId": self.world.seller_id, "version": "2.0"}
        raw = json.dumps({"header": header, "messages": messages}).encode()
        url = urlsplit(made["url"])
        self._told(_writes("uploadFeedDocument"), "PUT", (url.path, url.query), raw, _JSON)
        return str(made["feedDocumentId"])

    def submit_feed(self, marketplace_id: str, document_id: str) -> str:
        body = {
            "feedType": _FEED,
            "marketplaceIds": [marketplace_id],
            "inputFeedDocumentId": document_id,
        }
        return str(self._ask(_writes("createFeed"), "POST", f"{_FEEDS}/feeds", body=body)["feedId"])

    def fetch_feeds(self, marketplace_id: str, since: datetime) -> tuple[AmazonJob, ...]:
        with self.world.lock:
            self.world.settle()
            found = [one for one in self.world.jobs.values() if isinstance(one, Feed)]
        ours = [one for one in found if one.created >= since and marketplace_id in one.marketplace_ids]
        return tuple(self.fetch_feed(one.feed_id) for one in ours)

    def fetch_feed(self, feed_id: str) -> AmazonJob:
        payload = self._ask(_reads("getFeed", feed_id), "GET", f"{_FEEDS}/feeds/{feed_id}")
        return _job(payload, "feedId", "resultFeedDocumentId")

    def cancel_feed(self, feed_id: str) -> None:
        self._ask(_writes("cancelFeed"), "DELETE", f"{_FEEDS}/feeds/{feed_id}")

    def fetch_feed_report(self, document_id: str) -> FeedReport:
        told = json.loads(
            self._document("getFeedDocument", f"{_FEEDS}/documents/{document_id}").decode("utf-8")
        )
        summary = told["summary"]
        return FeedReport(
            processed=summary["messagesProcessed"],
            accepted=summary["messagesAccepted"],
            invalid=summary["messagesInvalid"],
            issues=tuple(_feed_issue(issue) for issue in told["issues"]),
        )

    def ask_listing_report(self, marketplace_id: str) -> str:
        body = {"reportType": _LISTINGS, "marketplaceIds": [marketplace_id]}
        return str(self._ask(_writes("createReport"), "POST", f"{_REPORTS}/reports", body=body)["reportId"])

    def fetch_report(self, report_id: str) -> AmazonJob:
        payload = self._ask(_reads("getReport", report_id), "GET", f"{_REPORTS}/reports/{report_id}")
        return _job(payload, "reportId", "reportDocumentId")

    def fetch_listing_report(self, document_id: str) -> tuple[ReportedListing, ...]:
        raw = self._document("getReportDocument", f"{_REPORTS}/documents/{document_id}")
        rows = csv.DictReader(
            io.StringIO(raw.decode("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE, restval=""
        )
        return tuple(
            ReportedListing(
                seller_sku=row["seller-sku"],
                units=int(row["quantity"] or 0) if row["fulfillment-channel"] == "DEFAULT" else None,
            )
            for row in rows
        )

    def _document(self, operation: str, path: str) -> bytes:
        told = self._ask(_reads(operation, path), "GET", path)
        url = urlsplit(told["url"])
        raw = self._told(_reads("downloadDocument", path), "GET", (url.path, url.query), b"").body
        return gzip.decompress(raw) if told.get("compressionAlgorithm") == "GZIP" else raw


def _reads(operation: str, subject: str) -> Deed:
    return Deed(operation=operation, subject=subject, doing=f"reading {subject}")


def _writes(operation: str) -> Deed:
    return Deed(operation=operation, subject="", doing=f"calling {operation}", writes=True)


def _job(payload: dict[str, Any], name: str, result: str) -> AmazonJob:
    return AmazonJob(
        job_id=payload[name],
        status=JobStatus(payload["processingStatus"]),
        created_at=read_time(payload["createdTime"]),
        marketplace_ids=tuple(payload["marketplaceIds"]),
        document_id=payload.get(result, ""),
    )


def _feed_issue(told: dict[str, Any]) -> FeedIssue:
    severity = IssueSeverity.__members__.get(told.get("severity", ""), IssueSeverity.ERROR)
    issue = ListingIssue(severity=severity, code=told.get("code", ""), message=told.get("message", ""))
    return FeedIssue(message_id=told.get("messageId"), seller_sku=told.get("sku", ""), issue=issue)
