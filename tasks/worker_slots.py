"""Worker slots of inventory in peak mode: Prefect starts one run of that queue at a time, tracking has the rest."""

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from domain.peaks import Peak
from ledger.connection import Ledger
from ledger.peaks import held_slots, record_slots, release_slots, take_over_slots

POOL, QUEUE = "lockstep", "inventory"
IN_PEAK = 1


def hold_slots(ledger: Ledger, peak: Peak) -> None:
    """Let inventory have one slot only. A Prefect server that cannot be changed is a warning, no fault.

    What a peak before this one took and has not given back yet is given back at the end of this one.
    """
    with ledger.begin() as conn:
        taken_over = take_over_slots(conn, peak)
    try:
        with get_client(sync_client=True) as client:
            queue = client.read_work_queue_by_name(QUEUE, work_pool_name=POOL)
            if not (taken_over and queue.concurrency_limit == IN_PEAK):
                with ledger.begin() as conn:  # what has to be restored is known before it is changed
                    record_slots(conn, peak, queue.concurrency_limit)
            client.update_work_queue(queue.id, concurrency_limit=IN_PEAK)
    except (PrefectException, httpx.HTTPError) as error:
        get_run_logger().warning("The queue of inventory keeps its slots: %s", _short(error))


def give_back_slots(ledger: Ledger, peak: Peak) -> None:
    """Give the queue of inventory what it had; what a person changed meanwhile stays.

    When the Prefect server cannot be changed, the next look tries again. A peak that started meanwhile keeps them.
    """
    with ledger.begin() as conn:
        held = held_slots(conn, peak)
    if not held.slots:
        return
    try:
        with get_client(sync_client=True) as client:
            queue = client.read_work_queue_by_name(QUEUE, work_pool_name=POOL)
            if queue.concurrency_limit == IN_PEAK:
                client.update_work_queue(queue.id, concurrency_limit=held.before)
            with ledger.begin() as conn:
                given_back = release_slots(conn, peak)
            if not given_back:
                client.update_work_queue(queue.id, concurrency_limit=IN_PEAK)
    except (PrefectException, httpx.HTTPError) as error:
        get_run_logger().warning("The queue of inventory has no more than one slot still: %s", _short(error))


def _short(error: Exception) -> str:
    """The first line: Prefect adds whole answers to its errors."""
    return (str(error) or type(error).__name__).splitlines()[0]
