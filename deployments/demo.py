"""`lockstep demo`: a busy trading hour in minutes, with everything on this machine."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from deployments.config import load
from deployments.embedded.worker import Worker
from deployments.maps_csv import import_map
from deployments.rehearsal.score import Score, score
from deployments.rehearsal.strangers import ORDERS, Strangers, free_port
from deployments.setup import set_up
from deployments.stack import Stack, running_stack
from domain.errors import Refused
from ledger.connection import Ledger
from ledger.register import clock

OUT = Console(highlight=False, markup=False, soft_wrap=True)
HOME = Path(".lockstep") / "demo"
# Seconds between runs. The strangers work 60 times faster than life, so the schedules have to as well.
EVERY = {"tracking-push": 12.0, "order-ingest": 15.0, "inventory-sync": 20.0, "problem-watch": 30.0}
PATIENCE = 280.0  # seconds for the whole hour; the promise is under five minutes
_MAPS = ("carriers", "services", "buffers")


def run(*, once: bool, orders: int = ORDERS, home: Path = HOME) -> int:
    """Set up, trade for one busy hour, compare both ends; 0 when every pair is equal.

    Without `once` everything keeps running until Ctrl-C, so that a person can look around in the UI.

    Raises:
        Refused: something is in the way; nothing is left running.
    """
    strangers = _fresh(home.resolve())
    settings = load(strangers.write_config())
    with running_stack(settings, OUT.print) as stack, _opened(stack) as ledger:
        with OUT.status("Setting up the ledger, the doors and the schedules"):
            for _ in set_up(settings, stack, every=EVERY):
                pass
            _import_maps(ledger)
        with _working(stack), strangers.trading(orders):
            OUT.print(
                f"Trading. Watch the runs at {stack.ui_url}, and what needs somebody at"
                f" {stack.ui_url}/artifacts (the page to-do)."
            )
            final = _watch(ledger, strangers)
            _show(final)
            if not once:
                _keep_running(stack)
    return 0 if final.won else 1


def _fresh(home: Path) -> Strangers:
    """An empty home: the strangers forget everything between two demos, so we have to as well."""
    if home.exists():
        _check_unused(home)
        shutil.rmtree(home)
    home.mkdir(parents=True)
    return Strangers(home=home, port=free_port())


def _check_unused(home: Path) -> None:
    from deployments.embedded.postgres import EmbeddedPostgres  # noqa: PLC0415 - only for a home that is there

    if EmbeddedPostgres(home).running():
        raise Refused(f"A demo is running already in {home}; stop it with Ctrl-C in its terminal first.")


@contextmanager
def _opened(stack: Stack) -> Iterator[Ledger]:
    """The ledger as a reader of its views; the key that setup makes is not needed here."""
    from ledger.secrecy import new_key  # noqa: PLC0415 - a key that opens nothing

    with closing(Ledger(stack.ledger_url, new_key())) as ledger:
        yield ledger


@contextmanager
def _working(stack: Stack) -> Iterator[None]:
    worker = Worker(stack.home, stack.environment)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def _import_maps(ledger: Ledger) -> None:
    folder = Path(__file__).parent / "rehearsal"
    with ledger.begin() as conn:
        for kind in _MAPS:
            source = (f"{kind}.csv", (folder / f"{kind}.csv").read_bytes())
            import_map(conn, kind, source, "lockstep demo", clock(conn))


def _watch(ledger: Ledger, strangers: Strangers) -> Score:
    """Show how far the hour is until every pair is equal, or the patience is used up."""
    end = time.monotonic() + PATIENCE
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=OUT, transient=True) as progress:
        bars: dict[str, TaskID] = {}
        said = time.monotonic()
        while True:
            now = score(ledger, strangers.summary())
            _draw(progress, bars, now)
            if not sys.stdout.isatty() and time.monotonic() - said > 10:
                said = time.monotonic()
                OUT.print(_line(now))
            if now.won or time.monotonic() > end:
                return now
            time.sleep(1)


def _draw(progress: Progress, bars: dict[str, TaskID], now: Score) -> None:
    steps = [("orders placed", now.placed, now.planned)]
    steps += [(pair.what, pair.actual, pair.expected) for pair in now.pairs]
    for what, done, total in steps:
        bars.setdefault(what, progress.add_task(what, total=total)) if what not in bars else None
        progress.update(bars[what], completed=done, total=total)


def _line(now: Score) -> str:
    pairs = ", ".join(f"{pair.what} {pair.actual}/{pair.expected}" for pair in now.pairs)
    return f"orders placed {now.placed}/{now.planned}, {pairs}"


def _show(final: Score) -> None:
    table = Table("one busy hour", "expected", "actual", "")
    for pair in final.pairs:
        strays = f"{pair.strays} nobody expected" if pair.strays else ""
        table.add_row(
            pair.what, str(pair.expected), str(pair.actual), strays or ("ok" if pair.equal else "open")
        )
    OUT.print(table)
    for mishap in final.mishaps[:10]:
        OUT.print(mishap)
    if not final.won:
        OUT.print("The two sides do not agree yet; the failed runs and the open problems in the UI say why.")


def _keep_running(stack: Stack) -> None:
    OUT.print(
        f"Everything keeps running at {stack.ui_url}; the pages are at {stack.ui_url}/artifacts. Ctrl-C stops it."
    )
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        OUT.print("Stopping.")
