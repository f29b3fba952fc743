"""What takes Amazon a while: feeds of quantities, over Feeds 2021-06-30."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blocks.amazon.calls import check_segment
from blocks.amazon.documents import put_document
from blocks.amazon.faults import Deed
from blocks.amazon.report_calls import ReportCalls
from blocks.wire.amazon.answer import write_time
from blocks.wire.amazon.feeds import CONTENT_TYPE, feed_document, parse_feed_report
from blocks.wire.amazon.jobs import (
    LISTINGS_FEED,
    parse_feed,
    parse_feeds_page,
    parse_new_document,
    parse_new_feed,
)
from domain.amazon import AmazonJob, FeedReport, JobStatus, Quantity
from domain.errors import Denied, Refused, TryAgain

_PAGE = 100  # Amazon's largest page of feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCalls(ReportCalls):
    """The feeds of one seller account, beside its reports."""

    def upload_quantities(self, quantities: Sequence[Quantity]) -> str:
        """Put quantities of one marketplace into a feed document; its id. Nothing takes effect yet.

        Raises:
            TryAgain: When Amazon did not answer usefully; to upload again is harmless.
            Refused: When a quantity cannot be said, or Amazon said no.
        """
        content = feed_document(self.seller_id, quantities)
        where = quantities[0].marketplace_id
        deed = Deed(operation="createFeedDocument", subject=where, doing="preparing a feed of quantities")
        document = self.call(
            deed,
            lambda: self.session.feeds.create_feed_document(None, CONTENT_TYPE),
            lambda answer: parse_new_document(answer.payload),
        )
        upload = Deed(
            operation="uploadFeedDocument",
            subject=where,
            doing="uploading a feed of quantities",
            presigned=True,
        )
        self.call(
            upload,
            lambda: put_document(self.session.storage, document.url, content, CONTENT_TYPE),
            lambda _: None,
        )
        return document.document_id

    def submit_feed(self, marketplace_id: str, document_id: str) -> str:
        """Have Amazon process an uploaded document; the feed's id.

        Raises:
            TryAgain: When Amazon did not answer usefully; with `maybe_done` it may have taken the feed.
            Refused: When Amazon said no.
        """
        deed = Deed(
            operation="createFeed",
            subject=marketplace_id,
            doing="submitting a feed of quantities",
            writes=True,
        )
        check_segment("document", document_id)
        return self.call(
            deed,
            lambda: self.session.feeds.create_feed(
                LISTINGS_FEED, document_id, marketplaceIds=[marketplace_id]
            ),
            lambda answer: parse_new_feed(answer.payload),
        )

    def fetch_feeds(self, marketplace_id: str, since: datetime) -> tuple[AmazonJob, ...]:
        """Our listing feeds of a marketplace created since a moment (UTC), over all pages.

        Raises:
            TryAgain: When Amazon did not show them all.
            Refused: When Amazon does not let this account read its feeds.
        """
        query: dict[str, Any] = {
            "feedTypes": LISTINGS_FEED,
            "marketplaceIds": marketplace_id,
            "createdSince": write_time(since),
            "pageSize": _PAGE,
        }
        feeds, token = self._feeds_page(marketplace_id, query)
        asked: set[str] = set()
        while token is not None:
            if token in asked:
                raise TryAgain("Amazon showed the same page of feeds again, so none of them was believed.")
            asked.add(token)
            more, token = self._feeds_page(marketplace_id, {"nextToken": token})
            feeds += more
        return feeds

    def fetch_feed(self, feed_id: str) -> AmazonJob:
        """How far a feed is.

        Raises:
            TryAgain: When Amazon did not answer usefully.
            Refused: When Amazon does not know the feed.
        """
        deed = Deed(operation="getFeed", subject=feed_id, doing=f"reading how far feed {feed_id} is")
        check_segment("feed", feed_id)
        return self.call(
            deed,
            lambda: self.session.feeds.get_feed(feed_id),
            lambda answer: parse_feed(answer.payload, feed_id),
        )

    def cancel_feed(self, feed_id: str) -> None:
        """Take a feed back that Amazon has not started. Returning means that Amazon shows it as canceled.

        Raises:
            TryAgain: When Amazon did not answer usefully or does not show it yet; with `maybe_done` the feed
                may be canceled.
            Refused: When Amazon has started it or does not know it.
        """
        deed = Deed(operation="cancelFeed", subject=feed_id, doing=f"canceling feed {feed_id}", writes=True)
        check_segment("feed", feed_id)
        try:
            self.call(deed, lambda: self.session.feeds.cancel_feed(feed_id), lambda _: None)
        except Denied:
            raise
        except Refused:
            if self.fetch_feed(feed_id).status is JobStatus.CANCELED:
                return
            raise
        self._prove_canceled(feed_id)

    def _prove_canceled(self, feed_id: str) -> None:
        """Amazon's answer to a cancellation says nothing, so it proves nothing."""
        try:
            seen = self.fetch_feed(feed_id).status
        except TryAgain as error:
            raise TryAgain(str(error), after=error.after, maybe_done=True) from error
        if seen is JobStatus.IN_QUEUE:
            raise TryAgain(f"Amazon does not show yet that feed {feed_id} is canceled.", maybe_done=True)
        if seen is not JobStatus.CANCELED:
            raise Refused(f"Amazon has started feed {feed_id} already ({seen.value}).", code=seen.value)

    def fetch_feed_report(self, document_id: str) -> FeedReport:
        """A feed's processing report.

        Raises:
            TryAgain: When Amazon did not give it whole.
            Refused: When Amazon does not know the document, or it is larger than any report.
        """
        deed = Deed(operation="getFeedDocument", subject=document_id, doing="finding the report of a feed")
        return self._fetch(
            deed, self.session.feeds.describe_document, lambda content, _: parse_feed_report(content)
        )

    def _feeds_page(
        self, marketplace_id: str, query: dict[str, Any]
    ) -> tuple[tuple[AmazonJob, ...], str | None]:
        deed = Deed(operation="getFeeds", subject=marketplace_id, doing="reading which feeds there are")
        return self.call(
            deed,
            lambda: self.session.feeds.get_feeds(**query),
            lambda answer: parse_feeds_page(answer.payload),
        )
