"""The warehouse's list of open orders beside ours: differences become problems and one table a day."""

from datetime import datetime

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from domain.watch.census import MISSED_AFTER, Difference, Differing
from ledger.connection import Ledger
from ledger.watch.census import Compared, compare_census, record_differences

_SHOWN = 200
_NEVER = (
    "The warehouse has never sent a list of its open orders (out/census-*.csv), so nobody can say whether it lost"
    " one. It is optional; file-drop.md says how to write it."
)


@task(
    task_run_name="compare the open orders of {connection}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
)
def judge(ledger: Ledger, connection: str, now: datetime, *, doubted: int = 0) -> int:
    """Open and clear the problems about a connection's list and show it; how many orders differ.

    `doubted` lists were not taken, because they were empty, or of the future, although orders should be there.
    """
    with ledger.begin() as conn:
        record_differences(conn, connection, now)
        compared = compare_census(conn, connection, now)
    rows = [_row(one) for one in compared.differing[:_SHOWN]]
    create_table_artifact(
        key=f"census-{connection}",
        table=rows or [{"order": "none"}],
        description=" ".join(filter(None, (words(compared, now), _doubted_words(doubted)))),
    )
    return len(compared.differing)


def words(compared: Compared, now: datetime) -> str:
    """What was compared and found, in a sentence or two."""
    as_of = compared.as_of
    if as_of is None:
        return _NEVER
    counts = {kind: sum(one.difference is kind for one in compared.differing) for kind in Difference}
    found = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    late = (
        "" if now - as_of < MISSED_AFTER else " No newer list has come for two days: ask the warehouse why."
    )
    many = "1 open order" if compared.listed == 1 else f"{compared.listed} open orders"
    return (
        f"The list of {as_of:%Y-%m-%d %H:%M} UTC has {many}; accepted before and not dispatched are, by the ledger,"
        f" {compared.expected}. Differing: {found}.{late}"
    )


def _doubted_words(doubted: int) -> str:
    if not doubted:
        return ""
    return (
        f"{doubted} newer list{'s' if doubted > 1 else ''} without orders, or of the future, is not believed: the"
        " warehouse should have orders."
    )


def _row(one: Differing) -> dict[str, str]:
    return {
        "order": one.amazon_order_id or "none of ours",
        "reference": one.reference,
        "difference": one.difference,
        "ended here": one.ended,
        "warehouse's number": one.warehouse_order_id,
        "warehouse's status": one.status,
        "due (UTC)": f"{one.confirm_by:%Y-%m-%d %H:%M}" if one.confirm_by else "",
    }
