"""Quantities to Amazon in bulk: feeds are filled, submitted, followed, and their reports read row by row."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import FeedReport, JobStatus, Quantity
from domain.errors import Denied, Refused, TryAgain
from domain.ports import BulkDoor
from domain.stock.feeds import FeedState
from ledger.connection import Ledger
from ledger.register import Account
from ledger.stock import feeds
from ledger.stock.feeds import Feed
from tasks.tracking.confirms import Sent

_ASK_BACK = timedelta(minutes=2)  # between our clock and Amazon's
_NO_REPORT = FeedReport(processed=0, accepted=0, invalid=0)
_F = FeedState


@task(task_run_name="fill feeds of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def fill(ledger: Ledger, account: Account, started: datetime, now: datetime) -> int:
    """Put many ordinary changes into a feed per marketplace; how many went in."""
    with ledger.begin() as conn:
        return feeds.plan_feeds(conn, account.name, started, now)


@task(task_run_name="take back feeds of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def take_back(ledger: Ledger, amazon: BulkDoor, account: Account, clock: Callable[[], datetime]) -> Sent:
    """Take back feeds that Amazon has not begun and that hold a listing which has to fall at once."""
    with ledger.begin() as conn:
        found = feeds.feeds_in_the_way(conn, account.name)
    counts: Counter[str] = Counter()
    for feed in found:
        try:
            amazon.cancel_feed(feed.feed_id)
        except Denied:
            raise
        except Refused:  # it has begun: its report says soon how it ended
            counts["feeds begun"] += 1
            continue
        except TryAgain as error:
            return Sent(counts=dict(counts), lost=error)
        with ledger.begin() as conn:
            why = "taken back for a listing that has to fall at once"
            feeds.record_dropped(conn, feed.id, feed.state, why, clock())
        counts["feeds taken back"] += 1
    return Sent(counts=dict(counts))


@task(task_run_name="follow feeds of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def follow(ledger: Ledger, amazon: BulkDoor, account: Account, clock: Callable[[], datetime]) -> Sent:
    """Bring every feed that is not done one step on; a fault of one does not keep the others from it."""
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None
    with ledger.begin() as conn:
        found = feeds.open_feeds(conn, account.name)
    for feed in found:
        try:
            counts.update(_step(ledger, amazon, account, feed, clock))
        except Denied:
            raise
        except (TryAgain, Refused) as error:
            fault = error if isinstance(error, TryAgain) else TryAgain(str(error))
            lost = fault if lost is None or lost.pause else lost
    return Sent(counts=dict(counts), lost=lost)


def _step(
    ledger: Ledger, amazon: BulkDoor, account: Account, feed: Feed, clock: Callable[[], datetime]
) -> dict[str, int]:
    if feed.state is _F.PLANNED:
        return _submit(ledger, amazon, feed, clock)
    if feed.state is _F.SENDING:  # of a process that died: we hold the account's turn
        with ledger.begin() as conn:
            feeds.record_unsure(conn, [feed.id], "the answer was lost", clock())
    if feed.state in (_F.SENDING, _F.UNKNOWN):
        return _find(ledger, amazon, account, feed, clock)
    return _poll(ledger, amazon, account, feed, clock)


def _submit(ledger: Ledger, amazon: BulkDoor, feed: Feed, clock: Callable[[], datetime]) -> dict[str, int]:
    """Upload, then submit; what is uploaded and not submitted does nothing."""
    with ledger.begin() as conn:
        quantities = feeds.quantities_of(conn, feed)
    document = _uploaded(ledger, amazon, feed, quantities, clock)
    with ledger.begin() as conn:
        feeds.record_uploaded(conn, feed, document, clock())
    try:
        amazon_id = amazon.submit_feed(feed.marketplace_id, document)
    except Denied as error:
        _drop(ledger, feed, error, clock())
        raise
    except Refused as error:
        with ledger.begin() as conn:
            feeds.record_refused(conn, feed.id, _F.SENDING, str(error), clock())
        return {"feeds refused": 1}
    except TryAgain as error:
        if not error.maybe_done:
            _drop(ledger, feed, error, clock())
        else:
            with ledger.begin() as conn:
                feeds.record_unsure(conn, [feed.id], str(error), clock())
        raise
    with ledger.begin() as conn:
        feeds.record_submitted(conn, feed.id, _F.SENDING, amazon_id, clock())
    return {"in a feed": len(quantities)}


def _uploaded(
    ledger: Ledger,
    amazon: BulkDoor,
    feed: Feed,
    quantities: Sequence[Quantity],
    clock: Callable[[], datetime],
) -> str:
    """The id of the feed's document at Amazon. Without one the quantities do not wait for ever."""
    try:
        return amazon.upload_quantities(quantities)
    except Denied:
        raise
    except Refused as error:
        with ledger.begin() as conn:
            feeds.record_refused(conn, feed.id, _F.PLANNED, str(error), clock())
        raise
    except TryAgain as error:
        with ledger.begin() as conn:
            feeds.record_delayed(conn, feed, str(error), clock())
        raise


def _drop(ledger: Ledger, feed: Feed, error: Exception, now: datetime) -> None:
    with ledger.begin() as conn:
        feeds.record_dropped(conn, feed.id, _F.SENDING, str(error), now)


def _find(
    ledger: Ledger, amazon: BulkDoor, account: Account, feed: Feed, clock: Callable[[], datetime]
) -> dict[str, int]:
    assert feed.sent_at is not None
    jobs = amazon.fetch_feeds(feed.marketplace_id, feed.sent_at - _ASK_BACK)
    with ledger.begin() as conn:
        return {f"feeds {feeds.find_submitted(conn, account.name, feed, jobs, clock())}": 1}


def _poll(
    ledger: Ledger, amazon: BulkDoor, account: Account, feed: Feed, clock: Callable[[], datetime]
) -> dict[str, int]:
    """Ask how far a feed is; what it holds does not wait longer for an answer than for the feed."""
    try:
        return _read(ledger, amazon, account, feed, clock)
    except Denied:
        raise
    except Refused as error:
        with ledger.begin() as conn:
            feeds.record_forgotten(conn, account.name, feed, str(error), clock())
        raise
    except TryAgain:
        with ledger.begin() as conn:
            feeds.record_silence(conn, account.name, feed, clock())
        raise


def _read(
    ledger: Ledger, amazon: BulkDoor, account: Account, feed: Feed, clock: Callable[[], datetime]
) -> dict[str, int]:
    job = amazon.fetch_feed(feed.feed_id)
    if job.status is not JobStatus.DONE:
        with ledger.begin() as conn:
            return {f"feeds {feeds.record_job(conn, account.name, feed, job, clock())}": 1}
    try:
        report = amazon.fetch_feed_report(job.document_id) if job.document_id else _NO_REPORT
    except Denied:
        raise
    except Refused:  # what it would have said is read back from the listings
        report = _NO_REPORT
    with ledger.begin() as conn:
        return feeds.record_report(conn, account.name, feed, report, clock())
