"""Quantities from the ledger to Amazon; the proof that they are in effect is read in `tasks.proof`."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import IssueSeverity, ListingIssue, PublishAnswer, Quantity
from domain.errors import Denied, Refused, TryAgain
from domain.maps import SkuMap
from domain.ports import AmazonDoor
from ledger.connection import Ledger
from ledger.listings import (
    claim_quantities,
    count_waiting,
    free_unanswered,
    plan_offers,
    record_candidates,
    record_published,
    record_unsent,
)
from ledger.maps import load_buffers, load_skus
from ledger.register import Account, Connection
from ledger.stock import counted_skus, pools
from tasks.confirms import Sent

BATCH = 200  # quantities claimed at once
_GIVE_UP_AFTER = 3


@task(
    task_run_name="load the SKU map of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def load_sku_map(ledger: Ledger, account: Account, connection: Connection) -> SkuMap:
    """The seller's SKU map for one account and its warehouse."""
    with ledger.begin() as conn:
        return load_skus(conn, account.name, connection.name, same_skus=connection.same_skus)


@task(task_run_name="note listings of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def note_listings(ledger: Ledger, account: Account, connection: Connection, skus: SkuMap) -> int:
    """Note SKUs that may have a listing: those that are mapped, and the warehouse's own where they agree."""
    with ledger.begin() as conn:
        own = counted_skus(conn, connection.name) if connection.same_skus else ()
        return record_candidates(conn, account.name, account.marketplaces, {*skus.components, *own})


@task(
    task_run_name="plan quantities of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def plan(
    ledger: Ledger, account: Account, connection: Connection, skus: dict[str, SkuMap], now: datetime
) -> dict[str, int]:
    """Compute what may be offered of every listing and plan what differs from what was published."""
    with ledger.begin() as conn:
        free_unanswered(conn, account.name, now)
        pool = pools(conn, connection.name, skus)
        buffers = load_buffers(conn, account.name)
        return plan_offers(conn, account.name, pool, skus[account.name], buffers, now=now)


@task(
    task_run_name="claim quantities of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def claim(
    ledger: Ledger, account: Account, started: datetime, now: datetime
) -> tuple[tuple[tuple[int, Quantity], ...], int]:
    """Take planned quantities that this run has not tried, towards zero first, and how many more wait.

    The intent is committed before the call; `started` is the run's start.
    """
    with ledger.begin() as conn:
        claims = claim_quantities(conn, account.name, BATCH, started, now)
        return claims, count_waiting(conn, account.name)


@task(task_run_name="publish quantities at Amazon", cache_policy=NO_CACHE, persist_result=False)
def publish(
    ledger: Ledger,
    amazon: AmazonDoor,
    claims: Sequence[tuple[int, Quantity]],
    clock: Callable[[], datetime],
) -> Sent:
    """Publish quantity by quantity; every outcome is committed before the next call is made."""
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None  # a pause does not take the place of a fault
    in_a_row = 0
    for place, (listing_id, quantity) in enumerate(claims):
        try:
            answer = _publish_one(amazon, quantity)
        except Denied as error:
            _put_back(ledger, claims[place:], error, clock())
            raise
        except TryAgain as error:
            in_a_row, lost = in_a_row + 1, error if lost is None or not error.pause else lost
            over = error.pause or in_a_row >= _GIVE_UP_AFTER
            rest = claims[place:] if over else claims[place : place + 1]
            _put_back(ledger, rest, error, clock())
            counts["unsent"] += len(rest)
            if over:
                return Sent(counts=dict(counts), lost=lost, over=True)
            continue
        in_a_row = 0
        counts["accepted" if answer.accepted else "invalid"] += 1
        with ledger.begin() as conn:
            record_published(conn, listing_id, answer, clock())
    return Sent(counts=dict(counts), lost=lost)


def _publish_one(amazon: AmazonDoor, quantity: Quantity) -> PublishAnswer:
    try:
        return amazon.publish_quantity(quantity)
    except Denied:
        raise
    except Refused as refusal:
        issue = ListingIssue(severity=IssueSeverity.ERROR, code=refusal.code, message=str(refusal))
        return PublishAnswer(accepted=False, issues=(issue,))


def _put_back(
    ledger: Ledger, claims: Sequence[tuple[int, Quantity]], reason: Exception, now: datetime
) -> None:
    """What was not sent waits for the next run."""
    with ledger.begin() as conn:
        record_unsent(conn, [listing_id for listing_id, _ in claims], str(reason), now)
