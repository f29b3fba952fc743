"""What may be offered of every listing, computed and planned in the ledger."""

from collections.abc import Callable
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.maps import SkuMap
from domain.stock.demand import Exposure
from domain.stock.sellable import BufferRule, stretched
from ledger.connection import Ledger
from ledger.maps import BufferBook, load_buffers, load_offers, load_skus
from ledger.register import Account, Connection
from ledger.stock.demand import load_demand
from ledger.stock.doubts import doubts
from ledger.stock.listings import free_unanswered, record_candidates
from ledger.stock.offer_plans import Rules, plan_offers
from ledger.stock.on_hand import counted_skus, shelves


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
        terms, doubted = load_offers(conn, account.name), doubts(conn, connection.name, now)
        book = load_demand(conn, connection.name, skus, now)
        shelf = shelves(
            conn,
            connection.name,
            skus,
            terms.choices(),
            expected=book.expected(),
            doubt=doubted.of if doubted else None,
        )
        buffers = load_buffers(conn, account.name)
        rules = Rules(skus=skus[account.name], buffer=_kept_back(buffers, book.exposure), terms=terms.rule)
        return plan_offers(conn, account.name, shelf, rules, now)


def _kept_back(buffers: BufferBook, exposure: Exposure) -> Callable[[str], BufferRule]:
    """The seller's rules; in peak mode they grow with the time for which numbers are exposed."""
    if not exposure.peak:
        return buffers.rule
    return lambda sku: stretched(buffers.rule(sku), exposure.stretch)
