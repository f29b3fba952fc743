"""Parcels to Amazon and the proof that they arrived."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.errors import Denied, Refused, TryAgain
from domain.ports import AmazonDoor
from ledger.confirms import (
    ClaimedConfirm,
    claim_confirms,
    count_waiting,
    free_unanswered,
    map_parcels,
    record_accepted,
    record_refused,
    record_unsent,
)
from ledger.connection import Ledger
from ledger.maps import load_carriers
from ledger.proof import record_evidence, record_look, unproven_orders
from ledger.register import Account

BATCH = 100
_GIVE_UP_AFTER = 3  # calls in a row without a useful answer: Amazon is away, the next run goes on
PROOFS_PER_RUN = 30  # getOrder's own burst; the rest is proven by the next page of searchOrders


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How a batch of calls ended.

    `lost` is the last call that got no useful answer; its parcel waits for the next run. `over` says that
    Amazon is away or the budget used up: the rest waits too.
    """

    counts: dict[str, int]
    lost: TryAgain | None = None
    over: bool = False


@task(task_run_name="map parcels of {account.name}", cache_policy=NO_CACHE, retries=2)
def map_carriers(ledger: Ledger, account: Account, connection: str, now: datetime) -> dict[str, int]:
    """Decide which parcels Amazon may be told about, with today's carrier map."""
    with ledger.begin() as conn:
        free_unanswered(conn, account.name, now)
        return map_parcels(conn, account.name, load_carriers(conn, connection), now)


@task(task_run_name="claim parcels of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def claim(
    ledger: Ledger, account: Account, started: datetime, now: datetime
) -> tuple[tuple[ClaimedConfirm, ...], int]:
    """Take the most urgent parcels that this run has not tried, and how many more wait.

    The intent is committed before the call; `started` is the run's start.
    """
    with ledger.begin() as conn:
        claims = claim_confirms(conn, account.name, BATCH, started, now)
        return claims, count_waiting(conn, account.name)


@task(task_run_name="confirm parcels at Amazon", cache_policy=NO_CACHE, persist_result=False)
def confirm(
    ledger: Ledger,
    amazon: AmazonDoor,
    claims: Sequence[ClaimedConfirm],
    clock: Callable[[], datetime],
) -> Sent:
    """Tell Amazon parcel by parcel; every outcome is committed before the next call is made."""
    counts: Counter[str] = Counter()
    lost: TryAgain | None = None
    in_a_row = 0
    for place, claimed in enumerate(claims):
        try:
            amazon.confirm_shipment(claimed.claim)
        except Denied as error:
            _put_back(ledger, claims[place:], error, clock())
            raise
        except Refused as refusal:
            outcome, in_a_row = "refused", 0
            with ledger.begin() as conn:
                record_refused(conn, claimed.parcel_id, str(refusal), clock())
        except TryAgain as error:
            outcome, in_a_row, lost = "unsent", in_a_row + 1, error
            _put_back(ledger, claims[place : place + 1], error, clock())
        else:
            outcome, in_a_row = "accepted", 0
            with ledger.begin() as conn:
                record_accepted(conn, claimed.parcel_id, clock())
        counts[outcome] += 1
        if lost is not None and (lost.pause or in_a_row >= _GIVE_UP_AFTER):
            _put_back(ledger, claims[place + 1 :], lost, clock())
            return Sent(counts=dict(counts), lost=lost, over=True)
    return Sent(counts=dict(counts), lost=lost)


@task(task_run_name="read back parcels of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def prove(ledger: Ledger, amazon: AmazonDoor, account: Account, clock: Callable[[], datetime]) -> Sent:
    """Read back the most urgent unproven orders one by one, as far as getOrder's budget goes."""
    now = clock()
    with ledger.begin() as conn:
        asked = unproven_orders(conn, account.name, account.prove_within, PROOFS_PER_RUN, now)
    counts: Counter[str] = Counter()
    for order_id, row_id in asked.items():
        try:
            seen = amazon.fetch_order(order_id)
        except TryAgain as error:
            return Sent(counts=dict(counts), lost=error, over=True)
        except Denied:
            raise
        except Refused:  # one order that cannot be read must not keep the others from being proven
            counts["unreadable"] += 1
            with ledger.begin() as conn:
                record_look(conn, row_id, clock())
            continue
        with ledger.begin() as conn:
            shown = [(row_id, seen.packages)]
            counts.update(record_evidence(conn, shown, account.prove_within, clock()))
    return Sent(counts=dict(counts))


def _put_back(ledger: Ledger, claims: Sequence[ClaimedConfirm], reason: Exception, now: datetime) -> None:
    """What was not sent waits for the next run."""
    with ledger.begin() as conn:
        record_unsent(conn, [claimed.parcel_id for claimed in claims], str(reason), now)
