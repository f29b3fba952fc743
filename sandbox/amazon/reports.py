"""Reports API 2021-06-30: all listings, the account's health; and restricted data tokens."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.amazon.answers import Answer, Call, Refusal, invalid, moment, reply, stamp
from sandbox.amazon.documents import described, new_document
from sandbox.amazon.health import ACCOUNT_HEALTH, health_report
from sandbox.amazon.listings import status_of
from sandbox.amazon.order import asin
from sandbox.amazon.shelf import Listing
from sandbox.amazon.tokens import LIFE
from sandbox.amazon.world import AmazonWorld

REPORT_BODY = {
    "reportType!": str,
    "marketplaceIds!": [str],
    "reportOptions": dict,
    "dataStartTime": str,
    "dataEndTime": str,
}
RESTRICTED_BODY = {
    "targetApplication": str,
    "restrictedResources!": [{"method!": str, "path!": str, "dataElements": [str]}],
}
ALL_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
COLUMNS = (
    "item-name",
    "listing-id",
    "seller-sku",
    "price",
    "quantity",
    "open-date",
    "product-id-type",
    "item-condition",
    "asin1",
    "product-id",
    "pending-quantity",
    "fulfillment-channel",
    "status",
)


@dataclass(slots=True, kw_only=True)
class Report:
    """One requested report."""

    report_id: str
    report_type: str
    marketplace_ids: list[str]
    created: datetime
    status: str = "IN_QUEUE"
    ended: datetime | None = None
    document_id: str = ""


def create_report(world: AmazonWorld, call: Call) -> Answer:
    """Queues a report; that of all listings and that of the account's health are rehearsed."""
    body = call.body
    if body["reportType"] not in (ALL_LISTINGS, ACCOUNT_HEALTH):
        raise invalid(f"Request for report type {body['reportType']} is not allowed at this time.")
    if not 1 <= len(body["marketplaceIds"]) <= 25:
        raise invalid("Invalid request parameters", "1 to 25 marketplaceIds.")
    if any(name in body and moment(body[name]) is None for name in ("dataStartTime", "dataEndTime")):
        raise invalid("Invalid request parameters", "A data time is not an ISO 8601 date-time.")
    report = Report(
        report_id=str(60_000_000_000 + len(world.jobs)),
        report_type=body["reportType"],
        marketplace_ids=body["marketplaceIds"],
        created=world.now(),
    )
    world.jobs[report.report_id] = report
    world.later(world.document_after, lambda at: _finish(world, report, at))
    return reply({"reportId": report.report_id}, 202)


def get_report(world: AmazonWorld, call: Call) -> Answer:
    """How far a report is."""
    report = world.jobs.get(call.path["reportId"])
    if not isinstance(report, Report):
        raise Refusal(404, "NotFound", "The report was not found.")
    told: dict[str, Any] = {
        "reportId": report.report_id,
        "reportType": report.report_type,
        "marketplaceIds": report.marketplace_ids,
        "createdTime": stamp(report.created),
        "processingStatus": report.status,
    }
    if report.ended:
        told |= {"processingStartTime": stamp(report.created), "processingEndTime": stamp(report.ended)}
    return reply(told | ({"reportDocumentId": report.document_id} if report.document_id else {}))


def get_report_document(world: AmazonWorld, call: Call) -> Answer:
    """The address of a report's content."""
    return reply(described(world, call, "reportDocumentId"))


def create_restricted_data_token(world: AmazonWorld, call: Call) -> Answer:
    """A token that also opens what is restricted."""
    if not 1 <= len(call.body["restrictedResources"]) <= 50:
        raise invalid("Invalid Input", "1 to 50 restrictedResources.")
    token = world.tokens.give("restricted", world.now())
    return reply({"restrictedDataToken": token, "expiresIn": LIFE})


def _finish(world: AmazonWorld, report: Report, at: datetime) -> None:
    report.ended = at
    if report.report_type == ACCOUNT_HEALTH:
        content = health_report(world, report.marketplace_ids, at)
        document = new_document(world, "application/json;charset=UTF-8", content)
        report.status, report.document_id = "DONE", document.document_id
        return
    rows = [_row(one) for one in world.listings.values() if one.marketplace_id in report.marketplace_ids]
    if not rows:  # Amazon says CANCELLED for "no data"
        report.status = "CANCELLED"
        return
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter="\t", lineterminator="\r\n", quoting=csv.QUOTE_NONE)
    writer.writeheader()
    writer.writerows(rows)
    document = new_document(world, "text/plain;charset=UTF-8", out.getvalue().encode())
    report.status, report.document_id = "DONE", document.document_id


def _row(listing: Listing) -> dict[str, str]:
    channel = next(iter(listing.effective), "DEFAULT")
    quantity = listing.quantity(channel)
    merchant = channel == "DEFAULT"
    number = asin(listing.seller_sku)
    return {
        "item-name": f"Rehearsal product {listing.seller_sku}",
        "listing-id": number[2:],
        "seller-sku": listing.seller_sku,
        "price": listing.price,
        "quantity": str(quantity) if merchant and quantity is not None else "",
        "open-date": listing.created.strftime("%d/%m/%Y %H:%M:%S GMT"),
        "product-id-type": "1",
        "item-condition": "11",
        "asin1": number,
        "product-id": number,
        "pending-quantity": "0" if merchant else "",
        "fulfillment-channel": channel,
        "status": "Active" if "BUYABLE" in status_of(listing) else "Inactive",
    }
