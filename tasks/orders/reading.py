"""Orders from Amazon into the ledger, a page at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import OrdersPage
from domain.orders.order import OrderMaps
from domain.ports import AmazonDoor
from ledger.connection import Ledger
from ledger.maps import load_services, load_skus
from ledger.orders.held import purge_recipients, review_held
from ledger.orders.recording import PageContext, PageOutcome, record_page
from ledger.orders.renewals import renew_planned
from ledger.orders.watermarks import OrderSearch, forget_page, next_search, record_search
from ledger.register import Account, Connection
from ledger.tracking.proof import record_evidence
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying

# Amazon shows an order late now and then (FACTS: missing orders); ten minutes are read twice on purpose.
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPage:
    """What one page changed, and where the next one starts (None: the search is read to its end)."""

    outcome: PageOutcome
    proven: int
    next_search: OrderSearch | None


@task(task_run_name="find where to read on for {account.name}", cache_policy=NO_CACHE, retries=2)
def find_search(ledger: Ledger, account: Account, now: datetime) -> OrderSearch:
    """Where to read orders on, behind the watermark or at the page where the last run stopped."""
    with ledger.begin() as conn:
        return next_search(conn, account.name, account.look_back, OVERLAP, now)


@task(
    task_run_name="fetch a page of orders",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def fetch_orders(amazon: AmazonDoor, search: OrderSearch) -> OrdersPage:
    """One page of changed orders from Amazon."""
    return amazon.fetch_orders(since=search.since, page_token=search.page_token)


@task(task_run_name="load the maps of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def load_order_maps(ledger: Ledger, account: Account, connection: Connection) -> OrderMaps:
    """The seller's SKU and ship-method maps for one account and its warehouse."""
    with ledger.begin() as conn:
        return OrderMaps(
            skus=load_skus(conn, account.name, connection.name, same_skus=connection.same_skus),
            services=load_services(conn, account.name, connection.name),
        )


@task(task_run_name="record a page of orders", cache_policy=NO_CACHE, persist_result=False, retries=2)
def record_orders(
    ledger: Ledger,
    account: Account,
    search: OrderSearch,
    page: OrdersPage,
    context: PageContext,
    *,
    now: datetime,
) -> RecordedPage:
    """Orders, the evidence their packages give, and the watermark: one page, one transaction."""
    with ledger.begin() as conn:
        outcome, ids = record_page(conn, page, context, now)
        shown = {ids[order.order_id]: order for order in page.orders if order.order_id in ids}
        proof = record_evidence(conn, shown, account.prove_within, now)
        further = record_search(conn, account.name, search, page, now)
    return RecordedPage(outcome=outcome, proven=proof.get("PROVEN", 0), next_search=further)


@task(task_run_name="start the search over", cache_policy=NO_CACHE, retries=2)
def restart_search(ledger: Ledger, account: Account, now: datetime) -> OrderSearch:
    """Forget a page that Amazon no longer gives: the search starts again behind the watermark."""
    with ledger.begin() as conn:
        forget_page(conn, account.name)
        return next_search(conn, account.name, account.look_back, OVERLAP, now)


@task(task_run_name="decide held orders again", cache_policy=NO_CACHE, retries=2)
def review_orders(ledger: Ledger, account: Account, maps: OrderMaps, now: datetime) -> dict[str, int]:
    """Held orders as today's maps decide them; how many moved where.

    What was planned and never left follows the maps too, so that stock is reserved for what will be sent.
    """
    with ledger.begin() as conn:
        renew_planned(conn, account.name)
    with ledger.begin() as conn:
        return review_held(conn, account.name, maps, now)


@task(task_run_name="forget recipients", cache_policy=NO_CACHE, retries=2)
def forget_recipients(ledger: Ledger, now: datetime) -> int:
    """Forget whom orders went to 30 days after they were due at the buyer (Amazon's data policy)."""
    with ledger.begin() as conn:
        return purge_recipients(conn, now - timedelta(days=30))
