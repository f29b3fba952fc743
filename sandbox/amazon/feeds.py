"""Feeds API 2021-06-30 with JSON_LISTINGS_FEED and its processing report."""

import gzip
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.amazon.answers import Answer, Call, Refusal, invalid, reply, stamp
from sandbox.amazon.documents import Document, described, new_document, presign
from sandbox.amazon.shelf import ATTRIBUTE, issues_of, patched
from sandbox.amazon.strict import one_of
from sandbox.amazon.world import AmazonWorld

DOCUMENT_BODY = {"contentType!": str}
FEED_BODY = {
    "feedType!": str,
    "marketplaceIds!": [str],
    "inputFeedDocumentId!": str,
    "feedOptions": dict,
}
GET_DOCUMENT_QUERY = {"enableContentEncodingUrlHeader": one_of("true", "false")}
MOST_MESSAGES = 25_000
_JSON = "application/json; charset=UTF-8"


@dataclass(slots=True, kw_only=True)
class Feed:
    """One submitted feed on its way through the queue."""

    feed_id: str
    feed_type: str
    marketplace_ids: list[str]
    input: Document
    created: datetime
    status: str = "IN_QUEUE"
    started: datetime | None = None
    ended: datetime | None = None
    result_id: str = ""


def create_feed_document(world: AmazonWorld, call: Call) -> Answer:
    """An empty document and the address to put it to."""
    document = new_document(world, call.body["contentType"])
    url = presign(world, call, document, "PUT")
    return reply({"feedDocumentId": document.document_id, "url": url}, 201)


def create_feed(world: AmazonWorld, call: Call) -> Answer:
    """Queues an uploaded document for processing."""
    body = call.body
    document = world.documents.get(body["inputFeedDocumentId"])
    if body["feedType"] != "JSON_LISTINGS_FEED":
        raise invalid("Invalid request parameters", f"The feed type {body['feedType']} is not supported.")
    if not 1 <= len(body["marketplaceIds"]) <= 25:
        raise invalid("Invalid request parameters", "1 to 25 marketplaceIds.")
    if document is None or document.content is None:
        raise invalid("Invalid request parameters", "The input feed document is unknown or was not uploaded.")
    feed = Feed(
        feed_id=str(50_000_000_000 + len(world.jobs)),
        feed_type=body["feedType"],
        marketplace_ids=body["marketplaceIds"],
        input=document,
        created=world.now(),
    )
    world.jobs[feed.feed_id] = feed
    world.later(world.document_after / 3, lambda at: _start(feed, at))
    world.later(world.document_after, lambda at: _finish(world, feed, at))
    return reply({"feedId": feed.feed_id}, 202)


def get_feed(world: AmazonWorld, call: Call) -> Answer:
    """How far a feed is."""
    feed = world.jobs.get(call.path["feedId"])
    if not isinstance(feed, Feed):
        raise Refusal(404, "NotFound", "The feed was not found.")
    told: dict[str, Any] = {
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "marketplaceIds": feed.marketplace_ids,
        "createdTime": stamp(feed.created),
        "processingStatus": feed.status,
    }
    for name, at in (("processingStartTime", feed.started), ("processingEndTime", feed.ended)):
        told |= {name: stamp(at)} if at else {}
    return reply(told | ({"resultFeedDocumentId": feed.result_id} if feed.result_id else {}))


def get_feed_document(world: AmazonWorld, call: Call) -> Answer:
    """The address of a feed's input or processing report."""
    return reply(described(world, call, "feedDocumentId"))


def _start(feed: Feed, at: datetime) -> None:
    feed.status, feed.started = "IN_PROGRESS", at


def _finish(world: AmazonWorld, feed: Feed, at: datetime) -> None:
    feed.ended = at
    try:
        content = feed.input.content or b""
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        submitted = json.loads(content)
        report = _processed(world, feed, submitted)
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        feed.status = "FATAL"
        return
    feed.status = "DONE"
    feed.result_id = new_document(world, _JSON, json.dumps(report).encode()).document_id


def _processed(world: AmazonWorld, feed: Feed, submitted: dict[str, Any]) -> dict[str, Any]:
    header, messages = submitted["header"], submitted["messages"]
    if header["version"] != "2.0" or not 1 <= len(messages) <= MOST_MESSAGES:
        raise ValueError("The feed is not a listings feed.")
    right_seller = header["sellerId"] == world.seller_id
    issues: list[dict[str, Any]] = []
    bad: set[int] = set()
    for message in messages:
        found = _apply(world, feed, message) if right_seller else ["The seller is not the account's."]
        issues += [_issue(message, words) for words in found]
        bad |= {message["messageId"]} if found else set()
    return {
        "header": {"sellerId": world.seller_id, "version": "2.0", "feedId": feed.feed_id},
        "issues": issues,
        "summary": {
            "errors": len(issues),
            "warnings": 0,
            "messagesProcessed": len(messages),
            "messagesAccepted": len(messages) - len(bad),
            "messagesInvalid": len(bad),
        },
    }


def _issue(message: dict[str, Any], words: str) -> dict[str, Any]:
    told = {"messageId": message["messageId"], "sku": message["sku"], "message": words}
    return told | {"code": "90000900", "severity": "ERROR"}


def _apply(world: AmazonWorld, feed: Feed, message: dict[str, Any]) -> list[str]:
    """Applies one message; returns what is wrong with it."""
    patches = message.get("patches", [])
    if message["operationType"] == "PARTIAL_UPDATE":
        values = message["attributes"].get(ATTRIBUTE, [])
        patches = [{"op": "replace", "path": f"/attributes/{ATTRIBUTE}", "value": values}]
    elif message["operationType"] != "PATCH":
        return [f"The sandbox does not rehearse the operation type {message['operationType']}."]
    issues = [issue["message"] for issue in issues_of(patches)]
    keys = [(message["sku"], market) for market in feed.marketplace_ids]
    listings = [world.listings[key] for key in keys if key in world.listings]
    if issues or len(listings) < len(keys):
        return issues or ["This SKU does not exist in the marketplace."]
    for listing in listings:
        world.submit(listing, patched(listing.submitted, patches), after=world.quantity_after)
    return []
