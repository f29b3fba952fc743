"""Feeds API 2021-06-30 with JSON_LISTINGS_FEED and its processing report."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.amazon.answers import Answer, Call, Refusal, invalid, moment, reply, stamp
from sandbox.amazon.documents import Document, described, new_document, presign
from sandbox.amazon.feed_messages import processed
from sandbox.amazon.feed_plans import FeedPlan
from sandbox.amazon.strict import between, instant, many, one_of, text
from sandbox.amazon.world import AmazonWorld

DOCUMENT_BODY = {"contentType!": str}
FEED_BODY = {
    "feedType!": str,
    "marketplaceIds!": [str],
    "inputFeedDocumentId!": str,
    "feedOptions": dict,
}
GET_DOCUMENT_QUERY = {"enableContentEncodingUrlHeader": one_of("true", "false")}
STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
LIST_QUERY = {
    "feedTypes": many(10),
    "marketplaceIds": many(10),
    "pageSize": between(1, 100),
    "processingStatuses": one_of(*STATUSES),
    "createdSince": instant,
    "createdUntil": instant,
    "nextToken": text,
}
_JSON = "application/json; charset=UTF-8"


@dataclass(slots=True, kw_only=True)
class Feed:
    """One submitted feed on its way through the queue."""

    feed_id: str
    feed_type: str
    marketplace_ids: list[str]
    input: Document
    created: datetime
    plan: FeedPlan
    status: str = "IN_QUEUE"
    started: datetime | None = None
    ended: datetime | None = None
    result_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPages:
    """What a token of a search for feeds stands for."""

    feeds: list[Feed]
    size: int


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
        plan=world.next_feed_plan(),
    )
    world.jobs[feed.feed_id] = feed
    queued = world.document_after / 3 if feed.plan.queued is None else feed.plan.queued
    processing = world.document_after * 2 / 3 if feed.plan.processing is None else feed.plan.processing
    world.later(queued, lambda at: _start(feed, at))
    world.later(queued + processing, lambda at: _finish(world, feed, at))
    return reply({"feedId": feed.feed_id}, 202)


def get_feeds(world: AmazonWorld, call: Call) -> Answer:
    """A page of feeds, the newest first; a further page is asked for by its token alone."""
    token = call.query.get("nextToken")
    if token is None:
        if "feedTypes" not in call.query:
            raise invalid("Invalid request parameters", "Either feedTypes or nextToken is required.")
        found, size = _found(world, call), int(call.query.get("pageSize", "10"))
    elif len(call.query) > 1 or not isinstance(world.pages.get(token), FeedPages):
        raise invalid("Invalid request parameters", "nextToken is unknown or not the only parameter.")
    else:
        pages = world.pages[token]
        assert isinstance(pages, FeedPages)
        found, size = pages.feeds, pages.size
    told: dict[str, Any] = {"feeds": [_written(feed) for feed in found[:size]]}
    if len(found) > size:
        told["nextToken"] = secrets.token_urlsafe(24)
        world.pages[told["nextToken"]] = FeedPages(feeds=found[size:], size=size)
    return reply(told)


def get_feed(world: AmazonWorld, call: Call) -> Answer:
    """How far a feed is."""
    return reply(_written(_feed(world, call)))


def cancel_feed(world: AmazonWorld, call: Call) -> Answer:
    """Takes a feed out of the queue; one that has started cannot be canceled. The answer is empty."""
    feed = _feed(world, call)
    if feed.status != "IN_QUEUE":
        raise invalid("Invalid request parameters", f"Feed {feed.feed_id} is {feed.status}.")
    feed.status, feed.ended = "CANCELLED", world.now()
    return Answer()


def get_feed_document(world: AmazonWorld, call: Call) -> Answer:
    """The address of a feed's input or processing report."""
    return reply(described(world, call, "feedDocumentId"))


def _feed(world: AmazonWorld, call: Call) -> Feed:
    feed = world.jobs.get(call.path["feedId"])
    if not isinstance(feed, Feed):
        raise Refusal(404, "NotFound", "The feed was not found.")
    return feed


def _found(world: AmazonWorld, call: Call) -> list[Feed]:
    since, until = (moment(call.query.get(name, "")) for name in ("createdSince", "createdUntil"))
    markets, statuses = set(call.csv("marketplaceIds")), call.csv("processingStatuses") or STATUSES
    found = [
        job
        for job in world.jobs.values()
        if isinstance(job, Feed)
        and job.feed_type in call.csv("feedTypes")
        and job.status in statuses
        and (not markets or markets & set(job.marketplace_ids))
        and (since is None or job.created >= since)
        and (until is None or job.created <= until)
    ]
    return found[::-1]


def _written(feed: Feed) -> dict[str, Any]:
    told: dict[str, Any] = {
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "marketplaceIds": feed.marketplace_ids,
        "createdTime": stamp(feed.created),
        "processingStatus": feed.status,
    }
    for name, at in (("processingStartTime", feed.started), ("processingEndTime", feed.ended)):
        told |= {name: stamp(at)} if at else {}
    return told | ({"resultFeedDocumentId": feed.result_id} if feed.result_id else {})


def _start(feed: Feed, at: datetime) -> None:
    if feed.status == "IN_QUEUE":
        feed.status, feed.started = "IN_PROGRESS", at


def _finish(world: AmazonWorld, feed: Feed, at: datetime) -> None:
    """Processes the feed now, whatever was submitted since it was created: no order holds between the two."""
    if feed.status == "CANCELLED":
        return
    feed.ended = at
    try:
        report = processed(world, feed.input.content or b"", feed.marketplace_ids, feed.plan)
    except ValueError:
        feed.status = "FATAL"
        return
    feed.status = feed.plan.ending
    if feed.status == "DONE":
        report["header"]["feedId"] = feed.feed_id
        feed.result_id = new_document(world, _JSON, json.dumps(report).encode()).document_id
