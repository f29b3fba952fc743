"""Problems that nobody reports: found, noted, and shown in one table of the Prefect UI."""

from collections.abc import Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.problems import Problem, ProblemKind
from ledger.calls import answered_since, forget_calls
from ledger.connection import Ledger
from ledger.orders.releases import record_overdue
from ledger.problems import (
    clear_problems,
    record_problems,
)
from ledger.register import Connection
from ledger.stock.doubts import record_late_counts
from ledger.stock.moves import forget_counts


@task(
    task_run_name="look for releases nobody answered and counts that do not come",
    cache_policy=NO_CACHE,
    retries=2,
)
def find_overdue(ledger: Ledger, connections: Sequence[Connection], now: datetime) -> int:
    """Open a problem for each order file that a warehouse has left unanswered, and for each count that is late."""
    with ledger.begin() as conn:
        found = sum(record_overdue(conn, connection.name, now) for connection in connections)
        return found + sum(record_late_counts(conn, connection.name, now) for connection in connections)


@task(task_run_name="note a fault: {subject}", cache_policy=NO_CACHE, retries=2)
def note_unreachable(ledger: Ledger, subject: str, kind: ProblemKind, reason: str, now: datetime) -> None:
    """A stranger that stays away, or refuses our credentials, is a problem of its own."""
    with ledger.begin() as conn:
        found = Problem(kind=kind, subject=subject, summary=reason, cause=subject.rpartition(", ")[0])
        record_problems(conn, [found], now)


@task(task_run_name="note that {stranger} answers", cache_policy=NO_CACHE, retries=2)
def note_reachable(ledger: Ledger, stranger: str, subject: str, since: datetime, now: datetime) -> None:
    """A stranger that answered since then is no problem any more; silence proves nothing."""
    kinds = [ProblemKind.STRANGER_UNREACHABLE, ProblemKind.CREDENTIALS_REFUSED]
    with ledger.begin() as conn:
        if answered_since(conn, stranger, since):
            clear_problems(conn, kinds, [subject], now)


@task(task_run_name="forget old calls and counts", cache_policy=NO_CACHE, retries=2)
def forget(ledger: Ledger, now: datetime) -> int:
    """Drop the record of calls that are older than Amazon's policy asks for, and how counts moved long ago."""
    with ledger.begin() as conn:
        return forget_calls(conn, now) + forget_counts(conn, now)
