"""Parcels to Amazon and the proof that they arrived."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import AmazonOrder, OrdersPage
from domain.errors import Denied, Refused, TryAgain
from domain.maps import ServiceMap, SkuMap, fold
from domain.orders.order import OrderMaps
from domain.ports import AmazonDoor
from domain.tracking.confirms import looks_allowed
from ledger.connection import Ledger
from ledger.maps import load_carriers
from ledger.orders.recording import PageContext, record_page
from ledger.register import Account, Connection
from ledger.tracking import waiting
from ledger.tracking.confirms import count_waiting, free_unanswered
from ledger.tracking.looks import Unproven, record_look, unproven_orders
from ledger.tracking.named_parcels import waits_for_proof
from ledger.tracking.parcel_plans import ParcelMaps, map_parcels
from ledger.tracking.parcel_problems import record_reused
from ledger.tracking.proof import record_evidence
from tasks.manners import BACKOFF, JITTER, RETRIES, worth_retrying
from tasks.tracking.carrier_advice import in_words
from tasks.tracking.confirm_wave import ConfirmWave

WAVE = timedelta(seconds=20)  # after it the warehouse is read again: what is more urgent goes first
_MOST_LOOKS = 200
# An order that has parcels was released long ago: no map decides it any more, only what Amazon shows.
_NO_MAPS = OrderMaps(skus=SkuMap(components={}, same_skus=True), services=ServiceMap(rows=()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How a wave of calls ended.

    `lost` is the last call that got no useful answer; its parcel waits for its next try. `over` says that
    Amazon is away or the budget used up. `waiting` parcels could be sent at once.
    """

    counts: dict[str, int]
    lost: TryAgain | None = None
    over: bool = False
    waiting: int = 0


@task(task_run_name="map parcels of {account.name}", cache_policy=NO_CACHE, retries=2)
def map_carriers(ledger: Ledger, account: Account, connection: Connection, now: datetime) -> dict[str, int]:
    """Decide which parcels Amazon may be told about, with today's carrier map."""
    with ledger.begin() as conn:
        free_unanswered(conn, account.name, now)
        maps = ParcelMaps(
            carriers=load_carriers(conn, connection.name),
            bought=frozenset(fold(carrier) for carrier in connection.buy_shipping),
            advise=in_words,
        )
        counts = map_parcels(conn, account.name, maps, now)
        record_reused(conn, account.name, ledger.seal, now)
    return counts


@task(task_run_name="confirm parcels of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def confirm(
    ledger: Ledger,
    amazon: AmazonDoor,
    account: Account,
    *,
    clock: Callable[[], datetime],
    told: Callable[[int, int], None],
) -> Sent:
    """Tell Amazon about the most urgent parcels for as long as a wave lasts; `told` hears done and waiting."""
    with ledger.begin() as conn:
        ready = count_waiting(conn, account.name, clock())
    if not ready:
        return Sent(counts={})
    wave = ConfirmWave(ledger, amazon, account, clock, time.monotonic() + WAVE.total_seconds())
    wave.run(lambda done: told(done, max(ready, done)))
    with ledger.begin() as conn:
        left = count_waiting(conn, account.name, clock())
    return Sent(counts=dict(wave.counts), lost=wave.lost, over=wave.over, waiting=left)


@task(task_run_name="read back parcels of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def prove(
    ledger: Ledger, amazon: AmazonDoor, account: Account, connection: str, clock: Callable[[], datetime]
) -> Sent:
    """Read back orders one by one, most urgent first, as far as getOrder's budget goes."""
    now = clock()
    with ledger.begin() as conn:
        asked = unproven_orders(conn, account.name, account.prove_within, _MOST_LOOKS, now)
    counts: Counter[str] = Counter()
    for order in _affordable(amazon, asked):
        try:
            seen = amazon.fetch_order(order.amazon_order_id)
        except TryAgain as error:
            return Sent(counts=dict(counts), lost=error, over=True)
        except Denied:
            raise
        except Refused:  # one order that cannot be read must not keep the others from being proven
            counts["unreadable"] += 1
            with ledger.begin() as conn:
                record_look(conn, order.order_id, clock())
            continue
        counts.update(_record_read(ledger, account, connection, (order, seen), clock()))
    return Sent(counts=dict(counts))


@task(
    task_run_name="read back order {order.amazon_order_id}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
)
def read_order(
    ledger: Ledger,
    amazon: AmazonDoor,
    account: Account,
    connection: str,
    order: Unproven,
    *,
    clock: Callable[[], datetime],
) -> bool:
    """Read one order back for a person who waits for it; whether Amazon has yet to show a parcel it took.

    An order that cannot be read is no fault of Amazon's: what waits for it is sent all the same.
    """
    try:
        seen = amazon.fetch_order(order.amazon_order_id)
    except Denied:
        raise
    except Refused:
        with ledger.begin() as conn:
            record_look(conn, order.order_id, clock())
        return False
    _record_read(ledger, account, connection, (order, seen), clock())
    with ledger.begin() as conn:
        return waits_for_proof(conn, order.order_id)


def _record_read(
    ledger: Ledger, account: Account, connection: str, read: tuple[Unproven, AmazonOrder], now: datetime
) -> dict[str, int]:
    """Keep what one read of an order showed; how many of its parcels went where."""
    order, seen = read
    context = PageContext(account=account.name, connection=connection, maps=_NO_MAPS, seal=ledger.seal)
    page = OrdersPage(orders=(seen,), unreadable=(), next_token=None, read_until=None)
    with ledger.begin() as conn:
        record_page(conn, page, context, now)
        return record_evidence(conn, {order.order_id: seen}, account.prove_within, now)


@task(task_run_name="show what Amazon does not answer about", cache_policy=NO_CACHE, retries=2)
def show_waiting(ledger: Ledger, account: Account, stranger: str, now: datetime) -> int:
    """Make parcels that Amazon keeps waiting too long a problem; how many there are."""
    with ledger.begin() as conn:
        return waiting.show_waiting(conn, account.name, stranger, account.prove_within, now)


def _affordable(amazon: AmazonDoor, asked: Sequence[Unproven]) -> Sequence[Unproven]:
    """The orders that may be read one by one now; a page of the next search shows the others."""
    if not asked:
        return ()
    urgent = sum(order.urgent for order in asked)
    spare, burst = amazon.order_reads()
    return asked[: looks_allowed(spare, burst, urgent=urgent, others=len(asked) - urgent)]
