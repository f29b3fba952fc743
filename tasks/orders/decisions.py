"""A person's decision about one order, kept before anybody is told."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.orders.order import OrderMaps
from ledger.connection import Ledger
from ledger.orders.decisions import Decided, Wish, account_of_order, carry_out, why_waiting
from ledger.register import Account, Connection, connection_of
from tasks.manners import worth_retrying


@task(
    task_run_name="find order {order_id}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def find_order(ledger: Ledger, order_id: str) -> tuple[Account, Connection]:
    """Whose order it is, and the warehouse that serves that seller account.

    Raises:
        Refused: the ledger has no such order.
    """
    with ledger.begin() as conn:
        account = account_of_order(conn, order_id)
        return account, connection_of(conn, account.name)


@task(
    task_run_name="{wish.choice.value} order {wish.order_id}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def decide_order(ledger: Ledger, wish: Wish, maps: OrderMaps, now: datetime) -> Decided:
    """Keep the decision and what follows from it in the ledger.

    Raises:
        Refused: the order does not allow it where it stands; nothing was changed.
    """
    with ledger.begin() as conn:
        return carry_out(conn, wish, maps, ledger.seal, now)


@task(task_run_name="look where order {order_id} is now", cache_policy=NO_CACHE, retries=2)
def where_now(ledger: Ledger, order_id: str) -> str:
    """Where the order is after the decision took effect, as a clause."""
    with ledger.begin() as conn:
        return why_waiting(conn, order_id)
