"""Bulk feeds of quantities: which listings went, how far Amazon is, and what its report says row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.amazon import AmazonJob, FeedReport, IssueSeverity, JobStatus, PublishAnswer, Quantity
from domain.problems import Problem, ProblemKind
from domain.stock.feeds import OPEN_FEED_STATES, OVERDUE_AFTER, FeedState
from domain.stock.listings import ListingState
from domain.stock.publishing import FEED_REST, Waiting, in_bulk
from ledger.moves import Move, move_feeds, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.stock.listings import count_waiting, record_answers, record_number
from ledger.tables import feed_history, feed_messages, feeds, listings

_F = FeedState
_L = ListingState
_SKEW = timedelta(minutes=2)  # between our clock and Amazon's
# A submission that Amazon does not list by then never reached it.
_NOT_THERE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed that is not done, as a run finds it. `feed_id` is Amazon's, empty until it gave one."""

    id: int
    marketplace_id: str
    state: FeedState
    feed_id: str
    sent_at: datetime | None


def plan_feeds(conn: sa.Connection, account: str, untried_since: datetime, now: datetime) -> int:
    """Put ordinary changes into one feed per marketplace where there are many; how many went in.

    From then on none of them is sent by a patch, until the feed is done or given up.
    """
    planned = 0
    for marketplace, (_, ordinary) in count_waiting(conn, account, untried_since).items():
        waiting = Waiting(
            ordinary=ordinary,
            open_feed=_is_open(conn, account, marketplace),
            failed_lately=_failed_lately(conn, account, marketplace, now),
        )
        if limit := in_bulk(waiting):
            planned += _fill(conn, (account, marketplace), limit, now)
    return planned


def open_feeds(conn: sa.Connection, account: str) -> tuple[Feed, ...]:
    """Feeds that are not done, oldest first. Only call this while holding the account's turn."""
    undone = feeds.c.state.in_([*OPEN_FEED_STATES, _F.OVERDUE])
    columns = (feeds.c.id, feeds.c.marketplace_id, feeds.c.state, feeds.c.feed_id, feeds.c.sent_at)
    rows = conn.execute(
        sa.select(*columns).where(feeds.c.seller_account == account, undone).order_by(feeds.c.id)
    )
    return tuple(Feed(**{**row, "state": FeedState(row["state"])}) for row in rows.mappings())


def quantities_of(conn: sa.Connection, feed: Feed) -> tuple[Quantity, ...]:
    """The quantities of a feed in the order of their message ids."""
    statement = (
        sa.select(listings.c.seller_sku, feed_messages.c.units)
        .join(listings, listings.c.id == feed_messages.c.listing_id)
        .where(feed_messages.c.feed_id == feed.id)
        .order_by(feed_messages.c.message_id)
    )
    return tuple(
        Quantity(marketplace_id=feed.marketplace_id, seller_sku=sku, units=units)
        for sku, units in conn.execute(statement)
    )


def record_uploaded(conn: sa.Connection, feed: Feed, document_id: str, now: datetime) -> bool:
    """Keep that a feed's document is at Amazon, before it is submitted; False when it went on meanwhile."""
    conn.execute(feeds.update().where(feeds.c.id == feed.id).values(document_id=document_id))
    return bool(move_feeds(conn, [Move(feed.id, _F.PLANNED, _F.SENDING)], now))


def record_submitted(
    conn: sa.Connection, feed_id: int, start: FeedState, amazon_id: str, now: datetime
) -> None:
    """Keep the id that Amazon gave a feed, which was found (from UNKNOWN) or just submitted (from SENDING)."""
    conn.execute(feeds.update().where(feeds.c.id == feed_id).values(feed_id=amazon_id))
    move_feeds(conn, [Move(feed_id, start, _F.SUBMITTED)], now)


def record_unsure(conn: sa.Connection, feed_ids: Sequence[int], reason: str, now: datetime) -> None:
    """The answer to a submission was lost, or its process died: Amazon is asked before anything else."""
    move_feeds(conn, [Move(one, _F.SENDING, _F.UNKNOWN, reason) for one in feed_ids], now)


def record_dropped(conn: sa.Connection, feed_id: int, start: FeedState, reason: str, now: datetime) -> None:
    """A feed never reached Amazon: its listings are planned again."""
    if move_feeds(conn, [Move(feed_id, start, _F.DROPPED, reason)], now):
        _let_go(conn, feed_id, reason, now)


def record_refused(conn: sa.Connection, feed_id: int, start: FeedState, reason: str, now: datetime) -> None:
    """Amazon does not take the feed: its listings are planned again, and go by patches for a while."""
    if move_feeds(conn, [Move(feed_id, start, _F.FAILED, reason)], now):
        _let_go(conn, feed_id, reason, now)


def record_forgotten(conn: sa.Connection, account: str, feed: Feed, reason: str, now: datetime) -> str:
    """Amazon refuses to speak of a feed: an overdue one is given up, another may only be new to it."""
    if feed.state is not _F.OVERDUE:
        return record_silence(conn, account, feed, now)
    _end(conn, account, feed, reason, now)
    return "failed"


def record_delayed(conn: sa.Connection, feed: Feed, reason: str, now: datetime) -> None:
    """A feed cannot be uploaded: after two hours its listings go by patches."""
    planned = conn.scalar(sa.select(feeds.c.planned_at).where(feeds.c.id == feed.id))
    if planned is not None and now - planned >= OVERDUE_AFTER:
        record_refused(conn, feed.id, _F.PLANNED, reason, now)


def find_submitted(
    conn: sa.Connection, account: str, feed: Feed, jobs: Sequence[AmazonJob], now: datetime
) -> str:
    """Look for a feed among those Amazon has: it is submitted, or it was dropped; the word for it.

    Ours is the first that was created since we submitted it and that no other feed of ours is.
    """
    assert feed.sent_at is not None
    known = set(conn.scalars(sa.select(feeds.c.feed_id).where(feeds.c.seller_account == account)))
    since = feed.sent_at - _SKEW
    new = [job for job in jobs if job.created_at >= since and job.job_id not in known]
    if new:
        found = min(new, key=lambda job: job.created_at)
        record_submitted(conn, feed.id, _F.UNKNOWN, found.job_id, now)
        return "found"
    if now - feed.sent_at < _NOT_THERE_AFTER:
        return "unknown"
    record_dropped(conn, feed.id, _F.UNKNOWN, "Amazon does not have it", now)
    return "dropped"


def record_job(conn: sa.Connection, account: str, feed: Feed, job: AmazonJob, now: datetime) -> str:
    """Keep how far Amazon is with a feed that is not DONE: given up, overdue, or still waited for."""
    if job.status in (JobStatus.FATAL, JobStatus.CANCELED):
        reason = f"Amazon ended feed {feed.feed_id} as {job.status}"
        _end(conn, account, feed, reason, now)
        return "failed"
    return record_silence(conn, account, feed, now)


def record_silence(conn: sa.Connection, account: str, feed: Feed, now: datetime) -> str:
    """A feed is not done, or Amazon does not say: once it is overdue, its listings go on without it."""
    submitted = conn.scalar(sa.select(feeds.c.submitted_at).where(feeds.c.id == feed.id))
    if feed.state is _F.SUBMITTED and submitted is not None and now - submitted >= OVERDUE_AFTER:
        reason = f"Amazon has not processed feed {feed.feed_id} since {submitted:%H:%M} UTC"
        move_feeds(conn, [Move(feed.id, _F.SUBMITTED, _F.OVERDUE, reason)], now)
        _let_go(conn, feed.id, reason, now)
        record_problems(conn, [_stuck(conn, account, feed, reason)], now)
        return "overdue"
    return "in progress"


def record_report(
    conn: sa.Connection, account: str, feed: Feed, report: FeedReport, now: datetime
) -> dict[str, int]:
    """Settle a feed's listings by its report, row by row: accepted or invalid.

    What the report does not speak of counts as accepted: whether it took effect is read back anyway. The
    listings of a feed that was overdue may have gone on: they are looked at again at once.
    """
    if not move_feeds(conn, [Move(feed.id, feed.state, _F.READ, _told(report))], now):
        return {}
    _clear(conn, account, feed, now)
    columns = (feed_messages.c.message_id, feed_messages.c.listing_id)
    rows = conn.execute(sa.select(*columns).where(feed_messages.c.feed_id == feed.id))
    ids: dict[int | None, int] = {row[0]: row[1] for row in rows}
    if feed.state is _F.OVERDUE:
        return {"to look at": _look_again(conn, list(ids.values()))}
    answers = {listing: PublishAnswer(accepted=True) for listing in ids.values()}
    for row in report.issues:
        if row.message_id in ids and row.issue.severity is IssueSeverity.ERROR:
            listing = ids[row.message_id]
            answers[listing] = PublishAnswer(accepted=False, issues=(*answers[listing].issues, row.issue))
    record_answers(conn, _L.SUBMITTED, answers, now)
    invalid = sum(not answer.accepted for answer in answers.values())
    return {"accepted": len(answers) - invalid, "invalid": invalid}


def feeds_in_the_way(conn: sa.Connection, account: str) -> tuple[Feed, ...]:
    """Submitted feeds that hold a listing which must fall at once: worth taking back while Amazon has not begun."""
    urgent = (
        sa.select(feed_messages.c.feed_id)
        .join(listings, listings.c.id == feed_messages.c.listing_id)
        .where(listings.c.state == _L.SUBMITTED, listings.c.urgent)
        .where(listings.c.publishable < feed_messages.c.units, listings.c.seller_account == account)
    )
    held = set(conn.scalars(urgent))
    return tuple(one for one in open_feeds(conn, account) if one.id in held and one.state is _F.SUBMITTED)


def _fill(conn: sa.Connection, where: tuple[str, str], limit: int, now: datetime) -> int:
    account, marketplace = where
    ordinary = (
        listings.c.seller_account == account,
        listings.c.marketplace_id == marketplace,
        listings.c.state == _L.PLANNED,
        sa.not_(listings.c.urgent),
    )
    chosen = sa.select(listings.c.id, listings.c.publishable).where(*ordinary).order_by(listings.c.id)
    units = {row[0]: row[1] for row in conn.execute(chosen.limit(limit))}
    moved = sorted(move_listings(conn, [Move(row, _L.PLANNED, _L.SUBMITTED) for row in units], now))
    record_number(conn, moved)
    row = {"seller_account": account, "marketplace_id": marketplace, "state": _F.PLANNED}
    made = feeds.insert().values(**row, messages=len(moved), planned_at=now).returning(feeds.c.id)
    feed_id = conn.execute(made).scalar_one()
    conn.execute(feed_history.insert().values(feed_id=feed_id, at=now, to_state=_F.PLANNED))
    messages = [
        {"feed_id": feed_id, "message_id": place, "listing_id": listing, "units": units[listing]}
        for place, listing in enumerate(moved, start=1)
    ]
    conn.execute(feed_messages.insert(), messages)
    return len(moved)


def _is_open(conn: sa.Connection, account: str, marketplace: str) -> bool:
    mine = (feeds.c.seller_account == account, feeds.c.marketplace_id == marketplace)
    statement = sa.select(feeds.c.id).where(*mine, feeds.c.state.in_(OPEN_FEED_STATES)).limit(1)
    return conn.scalar(statement) is not None


def _failed_lately(conn: sa.Connection, account: str, marketplace: str, now: datetime) -> bool:
    mine = (feeds.c.seller_account == account, feeds.c.marketplace_id == marketplace)
    bad = feeds.c.state.in_([_F.FAILED, _F.OVERDUE])
    statement = sa.select(feeds.c.id).where(*mine, bad, feeds.c.planned_at > now - FEED_REST).limit(1)
    return conn.scalar(statement) is not None


def _end(conn: sa.Connection, account: str, feed: Feed, reason: str, now: datetime) -> None:
    """A feed came to nothing. What an overdue one held went on long ago, and may be in a newer feed."""
    if move_feeds(conn, [Move(feed.id, feed.state, _F.FAILED, reason)], now):
        if feed.state is not _F.OVERDUE:
            _let_go(conn, feed.id, reason, now)
        _clear(conn, account, feed, now)


def _let_go(conn: sa.Connection, feed_id: int, reason: str, now: datetime) -> None:
    """The listings of a feed that came to nothing, or takes too long, are planned again."""
    held = sa.select(feed_messages.c.listing_id).where(feed_messages.c.feed_id == feed_id)
    move_listings(conn, [Move(row, _L.SUBMITTED, _L.PLANNED, reason) for row in conn.scalars(held)], now)


def _look_again(conn: sa.Connection, listing_ids: Sequence[int]) -> int:
    chosen = listings.c.id == sa.any_(sa.literal(list(listing_ids), sa.ARRAY(sa.BigInteger)))
    return conn.execute(listings.update().where(chosen).values(seen_at=None)).rowcount


def _told(report: FeedReport) -> str:
    return f"{report.processed} processed, {report.accepted} accepted, {report.invalid} invalid"


def _subject(account: str, feed: Feed) -> str:
    return f"{account} feed {feed.feed_id}"


def _stuck(conn: sa.Connection, account: str, feed: Feed, reason: str) -> Problem:
    units = conn.scalar(sa.select(feeds.c.messages).where(feeds.c.id == feed.id))
    summary = f"{reason}. Its {units} quantities of {account} in {feed.marketplace_id} go on one by one."
    return Problem(
        kind=ProblemKind.FEED_STUCK, subject=_subject(account, feed), summary=summary, cause=account
    )


def _clear(conn: sa.Connection, account: str, feed: Feed, now: datetime) -> None:
    clear_problems(conn, [ProblemKind.FEED_STUCK], [_subject(account, feed)], now)
