"""Read back: which listings are looked at when, and what Amazon shows of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import SeenListing
from domain.errors import Denied, Refused, TryAgain
from domain.ports import AmazonDoor, BulkDoor
from domain.stock.listings import ListingState
from ledger.connection import Ledger
from ledger.register import Account
from ledger.stock.listing_looks import accepted_due
from ledger.stock.listing_proof import record_seen
from ledger.stock.listings import listings_to_read
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying
from tasks.tracking.confirms import Sent

ASK_AT_ONCE = 20  # searchListingsItems takes 20 identifiers
# Looked at one by one in one run: Amazon gives five a second, so these take ten seconds at most. Further urgent
# ones come first among the groups of twenty.
ALONE_PER_RUN = 50
_GIVE_UP_AFTER = 3
# Listings of a state looked at in one run, so that a large catalog does not take it all: twenty a call, five calls
# a second. A catalog of 100,000 is found within hours, and seen once in six hours.
_READ_PER_RUN = 400
_READ_MORE = {ListingState.ACCEPTED: 2_000, ListingState.CANDIDATE: 2_000, ListingState.EFFECTIVE: 1_600}
# Quantities take longer than ship confirms to come into effect at Amazon, which states no time: we wait four
# times as long (16 minutes by default). Sending the same number again harms nothing.
_SETTLE_FACTOR = 4
_LOOK_AGAIN = {
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
    task_run_name="choose urgent listings of {account.name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
)
def choose_urgent(ledger: Ledger, account: Account, now: datetime) -> tuple[tuple[str, str], ...]:
    """(marketplace, seller SKU) of urgent quantities that may be in effect by now, fewest units first."""
    with ledger.begin() as conn:
        return accepted_due(conn, account.name, _settle(account), now, ALONE_PER_RUN, urgent_only=True)


@task(task_run_name="read back urgent listings", cache_policy=NO_CACHE, persist_result=False)
def prove_urgent(
    ledger: Ledger,
    amazon: BulkDoor,
    account: Account,
    urgent: Sequence[tuple[str, str]],
    *,
    clock: Callable[[], datetime],
) -> Sent:
    """Read urgent listings one by one; every look is committed before the next call is made.

    `counts` says how many are now in which state. What could not be read is read among the groups.
    """
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None
    in_a_row = 0
    for marketplace_id, sku in urgent:
        try:
            seen = amazon.fetch_listing(marketplace_id, sku)
        except Denied:
            raise
        except Refused:
            continue
        except TryAgain as error:
            in_a_row, lost = in_a_row + 1, error if lost is None or not error.pause else lost
            if error.pause or in_a_row >= _GIVE_UP_AFTER:
                return Sent(counts=dict(counts), lost=lost, over=True)
            continue
        in_a_row = 0
        counts.update(_record(ledger, account, marketplace_id, {sku: seen}, clock()))
    return Sent(counts=dict(counts), lost=lost)


@task(task_run_name="choose listings to read back", cache_policy=NO_CACHE, persist_result=False, retries=2)
def choose_reads(ledger: Ledger, account: Account, now: datetime) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(marketplace, up to 20 seller SKUs) to look at: published ones, new ones, then those not seen for long."""
    wishes = [(state, after, False) for state, after in _LOOK_AGAIN.items()]
    wishes += [(state, after, True) for state, after in _LOOK_SOONER.items()]
    with ledger.begin() as conn:
        chosen = _grouped(
            accepted_due(conn, account.name, _settle(account), now, _most(ListingState.ACCEPTED))
        )
        for state, after, in_doubt in wishes:
            limit = _most(state)
            found = listings_to_read(conn, account.name, state, now - after, limit, in_doubt=in_doubt)
            chosen += _grouped([(marketplace, sku) for marketplace, skus in found.items() for sku in skus])
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
    seen = {listing.seller_sku: listing for listing in amazon.fetch_listings(marketplace_id, skus)}
    return _record(ledger, account, marketplace_id, {sku: seen.get(sku) for sku in skus}, clock())


def _record(
    ledger: Ledger, account: Account, marketplace_id: str, shown: dict[str, SeenListing | None], now: datetime
) -> dict[str, int]:
    with ledger.begin() as conn:
        return record_seen(conn, account.name, marketplace_id, shown, now=now, settle=_settle(account))


def _most(state: ListingState) -> int:
    return _READ_MORE.get(state, _READ_PER_RUN)


def _settle(account: Account) -> timedelta:
    return account.prove_within * _SETTLE_FACTOR


def _grouped(listings: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[str, ...]]]:
    """Groups of twenty by marketplace, the marketplace of the first listing first."""
    by_marketplace: dict[str, list[str]] = {}
    for marketplace, sku in listings:
        by_marketplace.setdefault(marketplace, []).append(sku)
    return [
        (marketplace, tuple(skus[at : at + ASK_AT_ONCE]))
        for marketplace, skus in by_marketplace.items()
        for at in range(0, len(skus), ASK_AT_ONCE)
    ]
