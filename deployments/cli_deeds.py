"""The commands that change something: setup, run and serve."""

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from deployments.config import find_config, load
from deployments.embedded.worker import Worker
from deployments.flow_runs import find_flow, read_parameters, run_flow
from deployments.ledger_place import check_schema
from deployments.settings import Settings
from deployments.setup import missing_blocks, set_up
from deployments.stack import Stack, running_stack
from domain.errors import Refused
from ledger.connection import Ledger
from ledger.secrecy import new_key

OUT = Console(highlight=False, markup=False, soft_wrap=True)
# A command that only needs the ledger asks for no credentials.
_LEDGER = {"ledger"}


def set_up_all(config: Path | None) -> None:
    """Make the ledger and Prefect look like lockstep.toml, and say what changed."""
    settings = load(find_config(config))
    table = Table("", "what changed")
    with running_stack(settings, OUT.print) as stack, OUT.status("Setting up"):
        for item, changes in set_up(settings, stack):
            table.add_row(item, "\n".join(changes) or "nothing changed")
    OUT.print(table)


def run_one(name: str, words: Sequence[str], config: Path | None) -> None:
    """Run one flow in this process."""
    settings = load(find_config(config), needed=_LEDGER)
    flow = find_flow(name)
    parameters = read_parameters(flow, words)
    with running_stack(settings, OUT.print) as stack:
        _refuse_without_setup(settings, stack.ledger_url)
        with OUT.status(f"{name} is running"):
            said = run_flow(flow, parameters)
    OUT.print(f"{name}: {said}")


def serve_here(config: Path | None) -> None:
    """Server, worker and schedules on this machine until Ctrl-C or SIGTERM."""
    settings = load(find_config(config), needed=_LEDGER)
    signal.signal(signal.SIGTERM, _as_interrupt)
    with running_stack(settings, OUT.print) as stack:
        _refuse_without_setup(settings, stack.ledger_url)
        worker = Worker(stack.home, stack.environment)
        worker.start()
        OUT.print(f"Lockstep runs: {stack.ui_url} (worker log: {worker.log}). Ctrl-C stops it.")
        OUT.print(f"What needs somebody: {stack.ui_url}/artifacts, the page to-do.")
        try:
            _watch(stack, worker)
        except KeyboardInterrupt:
            OUT.print("Stopping; runs under way are recorded and go on from the ledger next time.")
        finally:
            worker.stop()


def _watch(stack: Stack, worker: Worker) -> NoReturn:
    """Wait until something of ours ends.

    Raises:
        Refused: the Prefect server or the worker ended by itself.
    """
    while worker.running():
        if gone := stack.ended():
            raise Refused(gone)
        time.sleep(0.5)
    raise Refused(stack.ended() or f"The worker ended by itself; the end of {worker.log} says why.")


def _refuse_without_setup(settings: Settings, ledger_url: str) -> None:
    ledger = Ledger(ledger_url, new_key())
    try:
        check_schema(ledger)
    finally:
        ledger.close()
    if missing := missing_blocks(settings):
        raise Refused(f"Prefect knows nothing of {', '.join(missing)}; run lockstep setup.")


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
