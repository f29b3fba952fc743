"""Feeds of quantities, each step in a transaction of its own, as the tasks make them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import AmazonJob, FeedIssue, FeedReport, IssueSeverity, JobStatus, ListingIssue
from domain.stock.feeds import FeedState
from ledger.connection import Ledger
from ledger.stock.feeds import Feed, open_feeds, plan_feeds, record_submitted, record_uploaded
from tests.factories import GB, NOW

MANY = 1_000


def planned(ledger: Ledger, count: int = MANY, *, account: str = "main", urgent: int = 0) -> None:
    """So many listings in GB planned to fall from 1,000 to 500 units; the first ones urgent, to zero."""
    statement = sa.text(
        "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, urgent, published,"
        f" publishable) SELECT '{account}', '{GB}', 'S' || n, 'PLANNED', n <= {urgent}, 1000,"
        f" CASE WHEN n <= {urgent} THEN 0 ELSE 500 END FROM generate_series(1, {count}) n"
    )
    with ledger.begin() as conn:
        conn.execute(statement)


def fill(ledger: Ledger, now: datetime = NOW) -> int:
    """Put what is ordinary into a feed, in a run that starts now."""
    with ledger.begin() as conn:
        return plan_feeds(conn, "main", now, now)


def undone(ledger: Ledger) -> tuple[Feed, ...]:
    """Feeds that are not done."""
    with ledger.begin() as conn:
        return open_feeds(conn, "main")


def submitted(ledger: Ledger, feed_id: str = "F1", now: datetime = NOW) -> Feed:
    """The one planned feed, uploaded and submitted."""
    (feed,) = undone(ledger)
    with ledger.begin() as conn:
        record_uploaded(conn, feed, "D1", now)
        record_submitted(conn, feed.id, FeedState.SENDING, feed_id, now)
    (feed,) = undone(ledger)
    return feed


def job(status: JobStatus, feed_id: str = "F1", *, created_at: datetime = NOW) -> AmazonJob:
    """A feed as Amazon shows it."""
    return AmazonJob(job_id=feed_id, status=status, created_at=created_at)


def report(count: int, invalid: Sequence[int] = (), warned: Sequence[int] = ()) -> FeedReport:
    """A processing report that finds these messages invalid, and warns of those."""
    severities = [(one, IssueSeverity.ERROR) for one in invalid]
    severities += [(one, IssueSeverity.WARNING) for one in warned]
    issues = [
        FeedIssue(
            message_id=one,
            seller_sku=f"S{one}",
            issue=ListingIssue(severity=severity, code="90000900", message="The attribute is unknown."),
        )
        for one, severity in severities
    ]
    accepted = count - len(invalid)
    return FeedReport(processed=count, accepted=accepted, invalid=len(invalid), issues=tuple(issues))


def counted(ledger: Ledger, table: str = "listings") -> dict[str, int]:
    """How many rows are in which state."""
    with ledger.begin() as conn:
        rows = conn.execute(sa.text(f"SELECT state, count(*) FROM ledger.{table} GROUP BY state"))
        return {row[0]: row[1] for row in rows}
