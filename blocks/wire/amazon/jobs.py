"""Feeds, reports and where their documents lie, as Feeds and Reports 2021-06-30 speak of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from blocks.wire.amazon.answer import ForeignModel, Identifier, Moment, Word, fault_sentence
from domain.amazon import AmazonJob, JobStatus
from domain.errors import TryAgain

LISTINGS_FEED = "JSON_LISTINGS_FEED"
ALL_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
ACCOUNT_HEALTH = "GET_V2_SELLER_PERFORMANCE_REPORT"

_Model = TypeVar("_Model", bound=ForeignModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """Where a document lies for five minutes. The address opens it for anybody: it is never shown."""

    document_id: str
    url: str = field(repr=False)
    packed: bool = False  # with gzip


class _Feed(ForeignModel):
    feed_id: Identifier
    feed_type: Identifier
    created_time: Moment
    processing_status: Word
    marketplace_ids: list[Identifier] | None = None
    result_feed_document_id: Word | None = None


class _Feeds(ForeignModel):
    feeds: list[_Feed]
    next_token: Word | None = None


class _Report(ForeignModel):
    report_id: Identifier
    created_time: Moment
    processing_status: Word
    marketplace_ids: list[Identifier] | None = None
    report_document_id: Word | None = None


class _NewFeed(ForeignModel):
    feed_id: Identifier


class _NewReport(ForeignModel):
    report_id: Identifier


class _Document(ForeignModel):
    feed_document_id: Identifier | None = None
    report_document_id: Identifier | None = None
    url: Identifier
    compression_algorithm: Word | None = None


def parse_new_feed(payload: Mapping[str, Any]) -> str:
    """The id of a feed that Amazon took.

    Raises:
        TryAgain: When there is none; Amazon may have taken the feed.
    """
    return _understood(_NewFeed, payload, writes=True).feed_id


def parse_new_report(payload: Mapping[str, Any]) -> str:
    """The id of a report that Amazon prepares.

    Raises:
        TryAgain: When there is none.
    """
    return _understood(_NewReport, payload).report_id


def parse_feed(payload: Mapping[str, Any], feed_id: str) -> AmazonJob:
    """How far the feed is that was asked about.

    Raises:
        TryAgain: When the answer is about another feed, or its status is a new word of Amazon's.
    """
    feed = _understood(_Feed, payload)
    _check_same("feed", feed.feed_id, feed_id)
    return _feed_job(feed)


def parse_feeds_page(payload: Mapping[str, Any]) -> tuple[tuple[AmazonJob, ...], str | None]:
    """One page of feeds, those of listings only, and the token of the next page.

    Raises:
        TryAgain: When it is not a list of feeds, or a status is a new word of Amazon's.
    """
    page = _understood(_Feeds, payload)
    ours = tuple(_feed_job(feed) for feed in page.feeds if feed.feed_type == LISTINGS_FEED)
    return ours, page.next_token or None


def parse_report(payload: Mapping[str, Any], report_id: str) -> AmazonJob:
    """How far the report is that was asked about.

    Raises:
        TryAgain: When the answer is about another report, or its status is a new word of Amazon's.
    """
    report = _understood(_Report, payload)
    _check_same("report", report.report_id, report_id)
    return AmazonJob(
        job_id=report.report_id,
        status=_status(report.processing_status),
        created_at=report.created_time,
        marketplace_ids=tuple(report.marketplace_ids or ()),
        document_id=report.report_document_id or "",
    )


def parse_new_document(payload: Mapping[str, Any]) -> StoredDocument:
    """An empty feed document and the address to put its content to.

    Raises:
        TryAgain: When one of the two is missing.
    """
    document = _understood(_Document, payload)
    if document.feed_document_id is None:
        raise TryAgain("Amazon gave a feed document without an id.")
    return StoredDocument(document_id=document.feed_document_id, url=document.url)


def parse_document(payload: Mapping[str, Any], document_id: str) -> StoredDocument:
    """Where the content of a document lies.

    Raises:
        TryAgain: When the answer is about another document, or it is packed in a way we do not know.
    """
    document = _understood(_Document, payload)
    if document_id not in {document.feed_document_id, document.report_document_id}:
        raise TryAgain("Amazon described another document than the one asked about.")
    if document.compression_algorithm not in {None, "", "GZIP"}:
        raise TryAgain("Amazon packed a document in a way that it does not document.")
    return StoredDocument(
        document_id=document_id, url=document.url, packed=document.compression_algorithm == "GZIP"
    )


def _feed_job(feed: _Feed) -> AmazonJob:
    return AmazonJob(
        job_id=feed.feed_id,
        status=_status(feed.processing_status),
        created_at=feed.created_time,
        marketplace_ids=tuple(feed.marketplace_ids or ()),
        document_id=feed.result_feed_document_id or "",
    )


def _status(word: str) -> JobStatus:
    try:
        return JobStatus(word)
    except ValueError:
        raise TryAgain("Amazon gave a feed or report a status that it does not document.") from None


def _check_same(what: str, found: str, asked: str) -> None:
    if found != asked:
        raise TryAgain(f"Amazon showed another {what} than {asked}, so it was not believed.")


def _understood(model: type[_Model], payload: Mapping[str, Any], *, writes: bool = False) -> _Model:
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        told = f"In Amazon's answer about a feed or report {fault_sentence(error)}."
    raise TryAgain(told, maybe_done=writes)
