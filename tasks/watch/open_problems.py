"""The open problems as one table in the Prefect UI: what it is, who must act by when, and how it ends."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.problems import MANNERS
from ledger.connection import Ledger
from ledger.problems import OpenProblem, open_problems
from tasks.tables import Rows, show_table

ARTIFACT = "open-problems"
_SHOWN = 200


@task(task_run_name="show open problems", cache_policy=NO_CACHE, retries=2)
def show(ledger: Ledger, now: datetime) -> int:
    """Put the open problems, most urgent first, where the seller's people look; how many."""
    with ledger.begin() as conn:
        problems = open_problems(conn)
    rows: Rows = [_row(problem) for problem in problems[:_SHOWN]]
    many = f"{len(problems)} open problems, most urgent first. Point at a cell to read all of it."
    more = "" if len(problems) <= _SHOWN else f" The first {_SHOWN} are shown."
    show_table(ARTIFACT, rows or [{"problem": "none"}], many + more, now)
    return len(problems)


def _row(problem: OpenProblem) -> dict[str, object]:
    return {
        "number": problem.id,
        "act by (UTC)": f"{problem.act_by:%Y-%m-%d %H:%M}" if problem.act_by else "",
        "team": problem.owner.replace("_", " "),
        "form to run": MANNERS[problem.kind].form,  # short columns first: the UI shows few, and wraps nothing
        "how many wait": problem.affected,
        "what": problem.summary,
        "next step": problem.next_step,
        "since (UTC)": f"{problem.opened_at:%Y-%m-%d %H:%M}",
        "acknowledged by": problem.acknowledged_by,
    }
