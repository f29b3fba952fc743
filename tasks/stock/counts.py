"""Counts of the warehouse for people: two tables in the Prefect UI, and a person's word on a held one."""

from datetime import datetime
from typing import Literal

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from ledger.connection import Ledger
from ledger.deeds import Deed, record_deed
from ledger.stock.counts_shown import DoubtedNumber, ShownCount, doubted_numbers, recent_counts
from ledger.stock.held_counts import held_snapshots
from ledger.stock.snapshots import Decision, accept_snapshot, dismiss_snapshot
from tasks.manners import RETRIES, worth_retrying

_COUNTS, _ROWS = 20, 200
_SAID = {"accept": "accepted, its numbers are in force", "dismiss": "dismissed, the last good one stays"}
_OUTCOMES = {
    "APPLIED": "applied",
    "HELD": "held: accept or dismiss it with the form accept-count",
    "OLD": "passed over: not newer than the one in force",
    "OVERTAKEN": "held, then overtaken by a newer one",
    "DISMISSED": "dismissed",
}


@task(task_run_name="show the counts of {connection}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def show_counts(ledger: Ledger, connection: str) -> int:
    """Put the last counts, and the numbers that are doubted one by one, where people look; how many are held."""
    with ledger.begin() as conn:
        counts = recent_counts(conn, connection, _COUNTS)
        doubted = doubted_numbers(conn, connection)
        held = len(held_snapshots(conn, connection))
    create_table_artifact(
        key=f"stock-counts-{connection}",
        table=[_count_row(count) for count in counts] or [{"counts": "none"}],
        description=f"The last {len(counts)} stock counts of {connection}, newest first. {held} wait for a person.",
    )
    more = "" if len(doubted) <= _ROWS else f" The first {_ROWS} are shown."
    create_table_artifact(
        key=f"stock-rows-held-{connection}",
        table=[_doubt_row(one) for one in doubted[:_ROWS]] or [{"rows held": "none"}],
        description=f"{len(doubted)} SKUs of {connection} whose number is doubted; it only goes down.{more}",
    )
    return held


@task(
    task_run_name="{decision} count {count}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_condition_fn=worth_retrying,
)
def decide(
    ledger: Ledger, count: int, decision: Literal["accept", "dismiss"], author: str, now: datetime
) -> Decision:
    """Do with a held count what a person says; raises Refused when there is nothing to decide."""
    act = accept_snapshot if decision == "accept" else dismiss_snapshot
    with ledger.begin() as conn:
        decided = act(conn, count, author, now)
        said = (
            f"Count {count} of {decided.count.place.subject} ({decided.count.rows} rows): {_SAID[decision]}."
        )
        subject = decided.count.place.subject
        record_deed(conn, Deed(at=now, author=author, form="accept-count", subject=subject, said=said))
    return decided


def _count_row(count: ShownCount) -> dict[str, object]:
    return {
        "count": count.id,
        "warehouse": count.warehouse,
        "counted (UTC)": _told(count.as_of),
        "received (UTC)": _told(count.received_at),
        "rows": count.rows,
        "what became of it": _OUTCOMES[count.outcome],
        "why": count.reason,
        "rows held": count.rows_held,
        "SKUs nobody sells": count.rows_unknown,
        "decided by": f"{count.decided_by}, {_told(count.decided_at)}" if count.decided_at else "",
    }


def _doubt_row(one: DoubtedNumber) -> dict[str, object]:
    return {"warehouse": one.warehouse, "SKU": one.sku, "number in force": one.available, "why": one.doubt}


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
