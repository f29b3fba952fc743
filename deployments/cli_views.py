"""The commands that only look: status and doctor."""

from datetime import datetime
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterStartTime
from prefect.client.schemas.sorting import FlowRunSort
from rich.table import Table

from deployments.cli_deeds import OUT
from deployments.config import find_config, load
from deployments.doctor import examine
from deployments.ledger_place import open_ledger
from deployments.prefect_objects import talking_to
from deployments.settings import Settings
from deployments.stack import answering_prefect
from domain.errors import TryAgain
from ledger.peaks import current_peak
from ledger.problems import OpenProblem, open_problems
from ledger.register import clock
from ledger.watch.standing import Standing, load_standing
from tasks.links import artifact_link
from tasks.watch.to_do import ARTIFACT

_LEDGER = {"ledger"}
_SHOWN = 20


def show_status(config: Path | None) -> None:
    """Open orders by state and hop, parcels, listings, open problems, and the last runs."""
    settings = load(find_config(config), needed=_LEDGER)
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        standing, problems = load_standing(conn), open_problems(conn)
        peak = current_peak(conn, clock(conn))
        OUT.print(peak.tell() if peak else "Peak mode is off.")
        _print_standing(standing)
        _print_problems(problems)
        _print_runs(settings)


def show_doctor(config: Path | None) -> int:
    """Every check as a row; 1 when one of them is not ok."""
    settings = load(find_config(config))
    table = Table("", "", "found, or what to do")
    all_ok = True
    with OUT.status("Looking"):
        for check in examine(settings, OUT.print):
            table.add_row(check.what, "ok" if check.ok else "not ok", check.found)
            all_ok = all_ok and check.ok
    OUT.print(table)
    return 0 if all_ok else 1


def _print_standing(standing: Standing) -> None:
    orders = Table("open orders", "waiting on", "owner", "number", "first due", "time left", title="Orders")
    for state, waiting_on, owner, number, first_due, left in standing.orders:
        orders.add_row(state, waiting_on, owner.replace("_", " "), str(number), first_due, left)
    OUT.print(orders if standing.orders else "No open orders.")
    for name, rows in (("parcels", standing.parcels), ("listings", standing.listings)):
        counted = ", ".join(f"{number} {state}" for state, number in rows)
        OUT.print(f"{name.capitalize()}: {counted or 'none'}.")


def _print_problems(problems: tuple[OpenProblem, ...]) -> None:
    if not problems:
        OUT.print("No open problems.")
        return
    table = Table(
        "number", "act by", "owner", "problem", "what to do", title=f"Open problems: {len(problems)}"
    )
    for problem in problems[:_SHOWN]:
        table.add_row(
            str(problem.id),
            _minute(problem.act_by),
            problem.owner.replace("_", " "),
            problem.summary,
            problem.next_step,
        )
    OUT.print(table)
    if len(problems) > _SHOWN:
        OUT.print(f"and {len(problems) - _SHOWN} more.")


def _print_runs(settings: Settings) -> None:
    try:
        environment = answering_prefect(settings)
        if environment is None:
            OUT.print("Prefect is not running here; lockstep serve starts it.")
            return
        with talking_to(environment), get_client(sync_client=True) as client:
            flows = {flow.id: flow.name for flow in client.read_flows(limit=200)}
            begun = FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False))
            runs = client.read_flow_runs(flow_run_filter=begun, limit=10, sort=FlowRunSort.START_TIME_DESC)
            page = artifact_link(ARTIFACT)
    except (TryAgain, httpx.HTTPError) as error:
        OUT.print(f"The last runs are not known: {error}")
        return
    table = Table("started", "flow", "run", "state", title="Last runs")
    for run in runs:
        table.add_row(_minute(run.start_time), flows.get(run.flow_id, ""), run.name, run.state_name or "")
    OUT.print(table if runs else "No runs yet.")
    OUT.print(f"What needs somebody, with its forms: {page}")


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
