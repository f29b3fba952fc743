"""Reports that Amazon prepares in its own time, over Reports 2021-06-30, and where documents lie."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from blocks.amazon.calls import AmazonCalls, check_segment
from blocks.amazon.documents import get_document, unpacked
from blocks.amazon.faults import Deed
from blocks.amazon.guard import Answer
from blocks.wire.amazon.health_report import parse_health_report
from blocks.wire.amazon.jobs import (
    ACCOUNT_HEALTH,
    ALL_LISTINGS,
    StoredDocument,
    parse_document,
    parse_new_report,
    parse_report,
)
from blocks.wire.amazon.listing_report import parse_listing_report
from domain.amazon import AmazonJob, ReportedListing
from domain.health.reports import Reported

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCalls(AmazonCalls):
    """The reports of one seller account, and the documents of reports and feeds."""

    def ask_listing_report(self, marketplace_id: str) -> str:
        """Ask for the report of all merchant listings of one marketplace; the report's id.

        Raises:
            TryAgain: When Amazon did not answer usefully; to ask again changes nothing.
            Refused: When Amazon does not let this account have it.
        """
        return self._ask_report(ALL_LISTINGS, marketplace_id, "all listings")

    def ask_health_report(self, marketplace_id: str) -> str:
        """Ask for the report of the account's health in one marketplace; the report's id.

        Raises:
            TryAgain: When Amazon did not answer usefully; to ask again changes nothing.
            Refused: When Amazon does not let this account have it.
        """
        return self._ask_report(ACCOUNT_HEALTH, marketplace_id, "the account's health")

    def fetch_report(self, report_id: str) -> AmazonJob:
        """How far a report is.

        Raises:
            TryAgain: When Amazon did not answer usefully.
            Refused: When Amazon does not know the report.
        """
        deed = Deed(operation="getReport", subject=report_id, doing=f"reading how far report {report_id} is")
        check_segment("report", report_id)
        return self.call(
            deed,
            lambda: self.session.reports.get_report(report_id),
            lambda answer: parse_report(answer.payload, report_id),
        )

    def fetch_listing_report(self, document_id: str) -> tuple[ReportedListing, ...]:
        """The rows of a report of all merchant listings.

        Raises:
            TryAgain: When Amazon did not give it whole.
            Refused: When Amazon does not know the document, or the columns are not those that are needed.
        """
        deed = Deed(
            operation="getReportDocument", subject=document_id, doing="finding the report of all listings"
        )
        return self._fetch(deed, self.session.reports.describe_document, parse_listing_report)

    def fetch_health_report(self, document_id: str) -> tuple[Reported, ...]:
        """What a report of the account's health says.

        Raises:
            TryAgain: When Amazon did not give it whole, or not as it documents it.
            Refused: When Amazon does not know the document.
        """
        deed = Deed(
            operation="getReportDocument",
            subject=document_id,
            doing="finding the report of the account's health",
        )
        return self._fetch(deed, self.session.reports.describe_document, parse_health_report)

    def _ask_report(self, report_type: str, marketplace_id: str, what: str) -> str:
        deed = Deed(
            operation="createReport", subject=marketplace_id, doing=f"asking for the report of {what}"
        )
        return self.call(
            deed,
            lambda: self.session.reports.create_report(
                reportType=report_type, marketplaceIds=[marketplace_id]
            ),
            lambda answer: parse_new_report(answer.payload),
        )

    def _fetch(self, deed: Deed, describe: Callable[[str], Any], read: Callable[[bytes, str], _T]) -> _T:
        """Ask where a document is, fetch it at once, and read it; an address lives five minutes."""
        check_segment("document", deed.subject)
        stored = self.call(
            deed,
            lambda: describe(deed.subject),
            lambda answer: parse_document(answer.payload, deed.subject),
        )
        download = Deed(
            operation="downloadDocument", subject=deed.subject, doing="downloading a document", presigned=True
        )
        return self.call(
            download,
            lambda: get_document(self.session.storage, stored.url),
            lambda answer: read(_content(stored, answer), answer.content_type),
        )


def _content(stored: StoredDocument, answer: Answer) -> bytes:
    return unpacked(answer.content) if stored.packed else answer.content
