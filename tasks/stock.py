"""What may be offered, planned in the ledger, and the proof that it is in effect."""

from collections.abc import Callable
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.listings import ListingState
from domain.maps import SkuMap
from domain.ports import AmazonDoor
from ledger.connection import Ledger
from ledger.demand import expected_by_sku
from ledger.listing_proof import record_seen
from ledger.listings import free_unanswered, listings_to_read, record_candidates
from ledger.maps import load_buffers, load_offers, load_skus
from ledger.offer_plans import Rules, plan_offers
from ledger.register import Account, Connection
from ledger.stock import counted_skus, shelves
from ledger.stock_doubts import doubts
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying

ASK_AT_ONCE = 20  # searchListingsItems takes 20 identifiers
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
        terms = load_offers(conn, account.name)
        shelf = shelves(
            conn,
            connection.name,
            skus,
            terms.choices(),
            expected=expected_by_sku(conn, connection.name, skus, now),
            doubt=doubts(conn, connection.name, now).of,
        )
        buffers = load_buffers(conn, account.name)
        rules = Rules(skus=skus[account.name], buffer=buffers.rule, terms=terms.rule)
        return plan_offers(conn, account.name, shelf, rules, now)


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
