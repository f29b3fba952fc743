"""Quantities from the ledger to Amazon and the proof that they are in effect."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import IssueSeverity, ListingIssue, PublishAnswer, Quantity
from domain.errors import Denied, Refused, TryAgain
from domain.listings import ListingState
from domain.maps import SkuMap
from domain.ports import AmazonDoor
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
_READ_PER_RUN = 400  # listings of a state looked at in one run, so that a large catalog does not take it all
# Quantities take longer than ship confirms to come into effect at Amazon, which states no time: we wait four
# times as long (16 minutes by default). Sending the same number again harms nothing.
_SETTLE_FACTOR = 4
_LOOK_AGAIN = {
    ListingState.ACCEPTED: timedelta(0),
    ListingState.CANDIDATE: timedelta(0),
    ListingState.IDLE: timedelta(hours=6),
    ListingState.EFFECTIVE: timedelta(hours=6),
    ListingState.DRIFTED: timedelta(hours=6),
    ListingState.INVALID: timedelta(hours=6),
    ListingState.ABSENT: timedelta(hours=24),
}
# Sooner when Amazon shows something else than was published: an offer of ours that is gone, or fewer units.
_LOOK_SOONER = {
    ListingState.ABSENT: timedelta(minutes=15),
    ListingState.EFFECTIVE: timedelta(minutes=15),
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


@task(task_run_name="choose listings to read back", cache_policy=NO_CACHE, persist_result=False, retries=2)
def choose_reads(ledger: Ledger, account: Account, now: datetime) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(marketplace, up to 20 seller SKUs) to look at: new ones, published ones, then those not seen for long."""
    chosen: list[tuple[str, tuple[str, ...]]] = []
    wishes = [(state, after, False) for state, after in _LOOK_AGAIN.items()]
    wishes += [(state, after, True) for state, after in _LOOK_SOONER.items()]
    with ledger.begin() as conn:
        for state, after, in_doubt in wishes:
            found = listings_to_read(conn, account.name, state, now - after, _READ_PER_RUN, in_doubt=in_doubt)
            for marketplace, skus in found.items():
                parts = [skus[at : at + ASK_AT_ONCE] for at in range(0, len(skus), ASK_AT_ONCE)]
                chosen += [(marketplace, part) for part in parts]
    return tuple(dict.fromkeys(chosen))


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
    account: Account,
    marketplace_id: str,
    skus: tuple[str, ...],
    *,
    clock: Callable[[], datetime],
) -> dict[str, int]:
    """Read what is in effect for up to 20 listings and record it; how many are now in which state.

    Reading twice is harmless.
    """
    seen = amazon.fetch_listings(marketplace_id, skus)
    units = {listing.seller_sku: listing.units for listing in seen}
    shown = {sku: units.get(sku) for sku in skus}
    settle = account.prove_within * _SETTLE_FACTOR
    with ledger.begin() as conn:
        return record_seen(conn, account.name, marketplace_id, shown, now=clock(), settle=settle)


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
