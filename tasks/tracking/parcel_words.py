"""What a person decides about a parcel's tracking, kept before Amazon is told."""

from collections.abc import Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from ledger.connection import Ledger
from ledger.maps import load_carriers
from ledger.register import Connection
from ledger.tracking.corrections import Corrected, Correction, correct_parcel
from ledger.tracking.looks import Unproven
from ledger.tracking.named_parcels import standings, to_look_at
from ledger.tracking.resends import Plan, plan_resend
from tasks.manners import worth_retrying


@task(
    task_run_name="send parcels of {order} again",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def free_parcels(ledger: Ledger, order: str, parcel: str, author: str, now: datetime) -> Plan:
    """Make parcels of an order ready to be sent to Amazon again.

    Raises:
        Refused: none of them can be sent; nothing was changed.
    """
    with ledger.begin() as conn:
        return plan_resend(conn, order, parcel, author, now)


@task(
    task_run_name="correct parcel {wish.parcel} of {wish.order_id}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def correct(ledger: Ledger, connection: Connection, wish: Correction, now: datetime) -> Corrected:
    """Put a person's tracking number in the place of the warehouse's.

    Raises:
        Refused: something speaks against it; nothing was changed.
    """
    with ledger.begin() as conn:
        carriers = load_carriers(conn, connection.name)
        return correct_parcel(conn, wish, carriers, ledger.seal, now)


@task(task_run_name="find order {order} again", cache_policy=NO_CACHE, persist_result=False, retries=2)
def find_again(ledger: Ledger, order: str) -> Unproven:
    """The order as one to read back."""
    with ledger.begin() as conn:
        return to_look_at(conn, order)


@task(task_run_name="say where parcels of {order} are", cache_policy=NO_CACHE, retries=2)
def say_where(ledger: Ledger, order: str, parcels: Sequence[str]) -> tuple[str, ...]:
    """Where these parcels stand now, a sentence for each."""
    with ledger.begin() as conn:
        return standings(conn, order, parcels)
