"""The document of a JSON_LISTINGS_FEED and its processing report, both version 2.0."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from blocks.wire.amazon.answer import Count, ForeignModel, Prose, fault_sentence, one_line
from blocks.wire.amazon.listings import quantity_body
from domain.amazon import FeedIssue, FeedReport, IssueSeverity, ListingIssue, Quantity
from domain.errors import Refused, TryAgain

CONTENT_TYPE = "application/json; charset=UTF-8"
MOST_MESSAGES = 25_000
_VERSION = "2.0"


class _Header(ForeignModel):
    version: Literal["2.0"]


class _Summary(ForeignModel):
    messages_processed: Count
    messages_accepted: Count
    messages_invalid: Count


class _Issue(ForeignModel):
    message_id: Annotated[int, Field(strict=True, ge=1)] | None = None
    sku: Prose | None = None
    code: Prose | None = None
    message: Prose | None = None
    severity: Prose | None = None


class _Report(ForeignModel):
    header: _Header
    issues: list[_Issue]
    summary: _Summary


def feed_document(seller_id: str, quantities: Sequence[Quantity]) -> bytes:
    """The document that sets these quantities and nothing else; a message's id is its place, from 1.

    Raises:
        Refused: When there is nothing to say, or more than Amazon takes, or one listing twice, or listings
            of several marketplaces, or a quantity below zero.
    """
    _check(quantities)
    messages = [_message(place, quantity) for place, quantity in enumerate(quantities, start=1)]
    document = {"header": {"sellerId": seller_id, "version": _VERSION}, "messages": messages}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def parse_feed_report(content: bytes) -> FeedReport:
    """What Amazon made of a feed, message by message.

    Raises:
        TryAgain: When it is not a whole processing report.
    """
    try:
        report = _Report.model_validate(json.loads(content))
    except ValidationError as error:
        told = f"In Amazon's report of a feed {fault_sentence(error)}."
    except (ValueError, RecursionError):
        told = "Amazon's report of a feed is not whole."
    else:
        return _told(report)
    raise TryAgain(told)


def _check(quantities: Sequence[Quantity]) -> None:
    if not 1 <= len(quantities) <= MOST_MESSAGES:
        told = f"A feed takes 1 to {MOST_MESSAGES} quantities, not {len(quantities)}."
        raise Refused(told, code="Messages")
    if len({quantity.marketplace_id for quantity in quantities}) > 1:
        raise Refused("A feed of quantities is for one marketplace.", code="Marketplaces")
    seen: set[str] = set()
    for quantity in quantities:
        if quantity.seller_sku in seen:
            told = f"The listing {quantity.seller_sku} cannot be in one feed twice."
            raise Refused(told, code="Duplicate")
        if not quantity.seller_sku.strip():
            raise Refused("A quantity without a SKU cannot be offered.", code="InvalidInput")
        seen.add(quantity.seller_sku)


def _message(place: int, quantity: Quantity) -> dict[str, Any]:
    """The same merge as a single patch, so that both paths touch the same and no more."""
    told = {"messageId": place, "sku": quantity.seller_sku, "operationType": "PATCH"}
    return told | quantity_body(quantity)


def _told(report: _Report) -> FeedReport:
    return FeedReport(
        processed=report.summary.messages_processed,
        accepted=report.summary.messages_accepted,
        invalid=report.summary.messages_invalid,
        issues=tuple(_issue(issue) for issue in report.issues),
    )


def _issue(issue: _Issue) -> FeedIssue:
    found = ListingIssue(
        severity=IssueSeverity.__members__.get(issue.severity or "", IssueSeverity.ERROR),
        code=one_line((issue.code,), limit=60),
        message=one_line((issue.message,)),
    )
    return FeedIssue(message_id=issue.message_id, seller_sku=issue.sku or "", issue=found)
