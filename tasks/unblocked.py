"""What came of the parcels and orders that waited for a decision."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.unblocked import orders_in_words, parcels_in_words
from ledger.connection import Ledger
from ledger.unblocked import order_states, parcel_states


@task(task_run_name="see what became of the parcels", cache_policy=NO_CACHE, retries=2)
def tell_parcels(ledger: Ledger, ids: tuple[int, ...]) -> str:
    """How the parcels that waited stand now, in a sentence."""
    with ledger.begin() as conn:
        return parcels_in_words(parcel_states(conn, ids))


@task(task_run_name="see what became of the orders", cache_policy=NO_CACHE, retries=2)
def tell_orders(ledger: Ledger, ids: tuple[int, ...]) -> str:
    """How the orders that waited stand now, in a sentence."""
    with ledger.begin() as conn:
        return orders_in_words(order_states(conn, ids))
