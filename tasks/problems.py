"""Problems reach people: an event per cause for Slack, and one table in the Prefect UI."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from domain.problems import MANNERS, Problem, ProblemKind
from ledger.calls import answered_since, forget_calls
from ledger.connection import Ledger
from ledger.problems import (
    OpenProblem,
    clear_problems,
    open_problems,
    record_announced,
    record_problems,
    unannounced,
)
from ledger.register import Connection
from ledger.releases import record_overdue
from ledger.stock_doubts import record_late_counts
from ledger.stock_moves import forget_counts

ARTIFACT = "open-problems"
EVENT = "lockstep.problem.opened"
_SHOWN = 200
_ANSWER_WITHIN = timedelta(hours=2)  # a warehouse that works reads its orders several times a day


@task(
    task_run_name="look for releases nobody answered and counts that do not come",
    cache_policy=NO_CACHE,
    retries=2,
)
def find_overdue(ledger: Ledger, connections: Sequence[Connection], now: datetime) -> int:
    """Open a problem for each order file that a warehouse has left unanswered, and for each count that is late."""
    with ledger.begin() as conn:
        before = now - _ANSWER_WITHIN
        found = sum(record_overdue(conn, connection.name, before, now) for connection in connections)
        return found + sum(record_late_counts(conn, connection.name, now) for connection in connections)


@task(task_run_name="note a fault: {subject}", cache_policy=NO_CACHE, retries=2)
def note_unreachable(ledger: Ledger, subject: str, kind: ProblemKind, reason: str, now: datetime) -> None:
    """A stranger that stays away, or refuses our credentials, is a problem of its own."""
    with ledger.begin() as conn:
        record_problems(conn, [Problem(kind=kind, subject=subject, summary=reason)], now)


@task(task_run_name="note that {stranger} answers", cache_policy=NO_CACHE, retries=2)
def note_reachable(ledger: Ledger, stranger: str, subject: str, since: datetime, now: datetime) -> None:
    """A stranger that answered since then is no problem any more; silence proves nothing."""
    kinds = [ProblemKind.STRANGER_UNREACHABLE, ProblemKind.CREDENTIALS_REFUSED]
    with ledger.begin() as conn:
        if answered_since(conn, stranger, since):
            clear_problems(conn, kinds, [subject], now)


@task(task_run_name="tell the teams", cache_policy=NO_CACHE)
def announce(ledger: Ledger, now: datetime) -> int:
    """Send one event per owner and kind for problems nobody was told about; how many problems.

    They count as announced when the events are out: rather told twice than never.
    """
    with ledger.begin() as conn:
        new = unannounced(conn)
    groups: dict[tuple[str, str], list[OpenProblem]] = {}
    for problem in new:
        groups.setdefault((problem.owner, problem.kind), []).append(problem)
    for (owner, kind), found in groups.items():
        emit_event(
            EVENT,
            resource={"prefect.resource.id": f"lockstep.problems.{owner}", "owner": owner},
            payload={
                "kind": kind.replace("_", " "),
                "count": len(found),
                "summary": found[0].summary,
                "next_step": found[0].next_step,
            },
        )
    with ledger.begin() as conn:
        record_announced(conn, [problem.id for problem in new], now)
    return len(new)


@task(task_run_name="forget old calls and counts", cache_policy=NO_CACHE, retries=2)
def forget(ledger: Ledger, now: datetime) -> int:
    """Drop the record of calls that are older than Amazon's policy asks for, and how counts moved long ago."""
    with ledger.begin() as conn:
        return forget_calls(conn, now) + forget_counts(conn, now)


@task(task_run_name="show open problems", cache_policy=NO_CACHE, retries=2)
def show(ledger: Ledger) -> int:
    """Put the open problems, most urgent first, where the seller's people look; how many."""
    with ledger.begin() as conn:
        problems = open_problems(conn)
    rows = [_row(problem) for problem in problems[:_SHOWN]]
    many = f"{len(problems)} open problems, most urgent first. Point at a cell to read all of it."
    more = "" if len(problems) <= _SHOWN else f" The first {_SHOWN} are shown."
    create_table_artifact(key=ARTIFACT, table=rows or [{"problem": "none"}], description=many + more)
    return len(problems)


def _row(problem: OpenProblem) -> dict[str, str]:
    return {
        "act by (UTC)": f"{problem.act_by:%Y-%m-%d %H:%M}" if problem.act_by else "",
        "team": problem.owner.replace("_", " "),
        "form": MANNERS[ProblemKind(problem.kind)].form,
        "what": problem.summary,
        "next step": problem.next_step,
        "since (UTC)": f"{problem.opened_at:%Y-%m-%d %H:%M}",
    }
