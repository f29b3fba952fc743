"""The warehouse's list of open orders beside ours: differences become problems and a table that keeps up."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.watch.census import MISSED_AFTER, TRAVELS, Difference, Differing
from ledger.connection import Ledger
from ledger.register import connections
from ledger.watch.census import Compared, compare_census, record_differences
from tasks.tables import Rows, show_table

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
    if compared.as_of is None:
        compared = Compared(
            as_of=None, doubted=doubted
        )  # no list was kept beside which the ledger could count
    _show(connection, compared, now)
    return len(compared.differing)


@task(
    task_run_name="show the open orders that differ", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def show_differences(ledger: Ledger, now: datetime) -> int:
    """Let the table of each list say what is known now: who is missing is known only hours after it; how many."""
    with ledger.begin() as conn:
        names = [connection.name for connection in connections(conn)]
        found = {name: compare_census(conn, name, now) for name in names}
    for name, compared in found.items():
        if compared.as_of is not None:
            _show(name, compared, now)
    return sum(len(compared.differing) for compared in found.values())


def words(compared: Compared, now: datetime) -> str:
    """What was compared and found, in a sentence or two."""
    as_of = compared.as_of
    if as_of is None:
        return f"{_NEVER}{_doubted_words(compared.doubted)}"
    many = "1 open order" if compared.listed == 1 else f"{compared.listed} open orders"
    late = (
        "" if now - as_of < MISSED_AFTER else " No newer list has come for two days: ask the warehouse why."
    )
    return (
        f"The list of {as_of:%Y-%m-%d %H:%M} UTC has {many}; accepted before and not dispatched are, by the ledger,"
        f" {compared.expected}. Differing: {_found(compared, as_of, now)}.{late}{_doubted_words(compared.doubted)}"
    )


def _found(compared: Compared, as_of: datetime, now: datetime) -> str:
    """How many of each difference; that nobody is missing is said only when it is known."""
    counts = {kind: sum(one.difference is kind for one in compared.differing) for kind in Difference}
    judged = as_of + TRAVELS
    known = now >= judged or counts[Difference.MISSING]
    told = [f"{number} {kind}" for kind, number in counts.items() if known or kind is not Difference.MISSING]
    if now >= judged:
        return ", ".join(told)
    which = "What else is" if counts[Difference.MISSING] else "Which are"
    return f"{', '.join(told)}. {which} missing at the warehouse is known from {judged:%Y-%m-%d %H:%M} UTC on"


def _show(connection: str, compared: Compared, now: datetime) -> None:
    rows: Rows = [_row(one) for one in compared.differing[:_SHOWN]]
    show_table(f"census-{connection}", rows or [{"order": "none"}], words(compared, now), now)


def _doubted_words(doubted: int) -> str:
    if not doubted:
        return ""
    return (
        f" {doubted} newer list{'s' if doubted > 1 else ''} without orders, or of the future,"
        f" {'are' if doubted > 1 else 'is'} not believed: the warehouse should have orders."
    )


def _row(one: Differing) -> dict[str, object]:
    return {
        "order": one.amazon_order_id or "none of ours",
        "reference": one.reference,
        "difference": one.difference,
        "ended here": one.ended,
        "warehouse's number": one.warehouse_order_id,
        "warehouse's status": one.status,
        "due (UTC)": f"{one.confirm_by:%Y-%m-%d %H:%M}" if one.confirm_by else "",
    }
