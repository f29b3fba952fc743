"""Quantities from the ledger to Amazon and the proof that they are in effect."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import PublishAnswer, Quantity
from domain.errors import Refused, TryAgain
from domain.maps import SkuMap
from domain.ports import AmazonDoor
from domain.stock import ListingState
from ledger.connection import Ledger
from ledger.listing_proof import record_seen
from ledger.listings import (
    claim_quantities,
    count_waiting,
    free_unanswered,
    listings_to_read,
    plan_offers,
    record_candidates,
    record_published,
    record_unsent,
)
from ledger.maps import load_buffers, load_skus
from ledger.register import Account, Connection
from ledger.stock import counted_skus, pools
from tasks.confirms import Sent
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying

BATCH = 200  # quantities claimed at once
ASK_AT_ONCE = 20  # searchListingsItems takes 20 identifiers
_GIVE_UP_AFTER = 3
_READ_PER_RUN = 400  # listings looked at in one run, so that a large catalog does not hold up the publishing
_LOOK_AGAIN = {
    ListingState.ABSENT: timedelta(hours=24),
    ListingState.EFFECTIVE: timedelta(hours=6),
    ListingState.DRIFTED: timedelta(hours=6),
}


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
    lost_in_a_row = 0
    for place, (listing_id, quantity) in enumerate(claims):
        try:
            answer = amazon.publish_quantity(quantity)
        except Refused as refusal:
            answer = PublishAnswer(accepted=False, issues=(str(refusal),))
        except TryAgain as error:
            lost_in_a_row += 1
            over = error.after is not None or lost_in_a_row >= _GIVE_UP_AFTER
            rest = claims[place:] if over else claims[place : place + 1]
            with ledger.begin() as conn:
                record_unsent(conn, [one for one, _ in rest], str(error), clock())
            counts["unsent"] += len(rest)
            if over:
                return Sent(counts=dict(counts), stopped=error)
            continue
        lost_in_a_row = 0
        counts["accepted" if answer.accepted else "invalid"] += 1
        with ledger.begin() as conn:
            record_published(conn, listing_id, answer, clock())
    return Sent(counts=dict(counts))


@task(task_run_name="choose listings to read back", cache_policy=NO_CACHE, persist_result=False, retries=2)
def choose_reads(ledger: Ledger, account: Account, now: datetime) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(marketplace, up to 20 seller SKUs) to look at: new ones, published ones, then those not seen for long."""
    chosen: list[tuple[str, tuple[str, ...]]] = []
    with ledger.begin() as conn:
        for state in (ListingState.ACCEPTED, ListingState.CANDIDATE, *_LOOK_AGAIN):
            before = now - _LOOK_AGAIN.get(state, timedelta(0))
            found = listings_to_read(conn, account.name, [state], before, _READ_PER_RUN)
            for marketplace, skus in found.items():
                parts = [skus[at : at + ASK_AT_ONCE] for at in range(0, len(skus), ASK_AT_ONCE)]
                chosen += [(marketplace, part) for part in parts]
    return tuple(chosen)


@task(
    task_run_name="read back listings in {marketplace_id}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def prove(
    ledger: Ledger,
    amazon: AmazonDoor,
    marketplace_id: str,
    skus: tuple[str, ...],
    clock: Callable[[], datetime],
) -> dict[str, int]:
    """Read what is in effect for up to 20 listings and record it; reading twice is harmless."""
    seen = amazon.fetch_listings(marketplace_id, skus)
    with ledger.begin() as conn:
        return record_seen(conn, amazon.account, marketplace_id, skus, seen, now=clock())
