"""The clock on every open order: gaps become problems, and who must act by when is one table in the Prefect UI."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.watch.clock import owner_of, time_left_roughly, words_of
from domain.watch.gaps import OpenOrder
from ledger.connection import Ledger
from ledger.watch.clock import open_orders, settle_gaps
from tasks.tables import Rows, show_table

ARTIFACT = "order-clock"
_SHOWN = 200


@task(task_run_name="watch the clock of open orders", cache_policy=NO_CACHE, persist_result=False, retries=2)
def watch_clock(ledger: Ledger, now: datetime) -> int:
    """Open and clear the problems that the clock shows, and put the clock where people look; new problems."""
    with ledger.begin() as conn:
        waiting = open_orders(conn)
        new = settle_gaps(conn, waiting, now)
    held_up = [order for order in waiting if _team(order)]
    rows: Rows = [_row(order, now) for order in held_up[:_SHOWN]]
    show_table(ARTIFACT, rows or [{"order": "none"}], _words(held_up), now)
    return new


def _row(order: OpenOrder, now: datetime) -> dict[str, object]:
    return {
        "due (UTC)": f"{order.confirm_by:%b %d %H:%M}" if order.confirm_by else "",
        "time left": time_left_roughly(order.confirm_by, now),
        "team": _team(order),  # short columns first: the UI cuts the table off at its right
        "order": order.order_id,
        "waits for": words_of(order.hop, order.held_for),
        "account": order.seller_account,
    }


def _words(waiting: Sequence[OpenOrder]) -> str:
    """How many orders wait for what: all of them, also those that the table has no room for."""
    if not waiting:
        return "No open order waits for anybody."
    counts = Counter((words_of(order.hop, order.held_for), _team(order)) for order in waiting)
    by_hop = "; ".join(f"{number} {words} ({team})" for (words, team), number in counts.most_common())
    more = f" The first {_SHOWN} are shown." if len(waiting) > _SHOWN else ""
    return f"{len(waiting)} open orders wait, the first due first: {by_hop}.{more}"


def _team(order: OpenOrder) -> str:
    return owner_of(order.hop, order.held_for).replace("_", " ")
