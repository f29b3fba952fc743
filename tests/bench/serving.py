"""How long a parcel waits under `lockstep serve`, in real time: `python -m tests.bench serve`."""

import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.cron import Sent, cron_waits
from tests.bench.house import free_port, measured
from tests.bench.machine import postmaster, tree_seconds
from tests.bench.shown import centile, met
from tests.bench.strangers import DE, GB, LIFELIKE, Strangers, strangers

CHECKOUT = Path(__file__).resolve().parents[2]
DRAIN = 180.0  # seconds for the last parcels
GOAL_P50, GOAL_P99 = 30.0, 75.0
SCRIPT_EACH = (
    0.5  # its pause between two calls, which is Amazon's limit; the calls themselves are given to it
)
_TOML = """\
[ledger]
data_dir = "data"

[amazon.main]
seller_id = "{seller_id}"
region = "EU"
endpoint = "{endpoint}"
token_url = "{token_url}"
marketplaces = ["{gb}", "{de}"]
client_id = "{client_id}"
client_secret = "{client_secret}"
refresh_token = "{refresh_token}"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]
same_skus = true

[warehouse.main.file_drop]
url = "{folder}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Seconds from the file to Amazon's 204, one a parcel; when files appeared, and how busy the stack was."""

    waits: tuple[float, ...]
    files: tuple[Sent, ...]
    throttled: int  # calls that Amazon answered with 429
    seconds: float  # of the window
    cores: float  # processor seconds of the whole stack per second


def serve(place: Path, console: Console, *, seconds: int, gap: float, every: float | None) -> None:
    """Measure and print.

    Files appear for so many seconds, one every `gap` seconds on average. `every` is another schedule of
    tracking-push than prefect.yaml's, in seconds.
    """
    console.print(f"lockstep serve, parcels for {seconds} seconds", style="dim")
    folder = place / "serve"
    folder.mkdir(parents=True)
    with strangers(int(seconds / gap) + 5, folder / "drop", LIFELIKE) as both:
        interval = _set_up(folder, both, every)
        with _serving(folder) as serving:
            served = _watched(both, folder, serving.pid, _moments(seconds, gap))
    begun = time.monotonic()
    measured(["tests.bench.script", "start"])
    start = time.monotonic() - begun
    console.print(_table(served, interval, start))
    console.print(_small_print(served, start), style="dim")


def _environment(folder: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    own = {"PREFECT_SERVER_API_PORT": str(port), "LOCKSTEP_CONFIG": str(folder / "lockstep.toml")}
    return {**inherited, **own, "PYTHONPATH": str(CHECKOUT), "PREFECT_LOGGING_LEVEL": "WARNING"}


def _set_up(folder: Path, both: Strangers, every: float | None) -> float:
    """Lockstep as a person installs it, with the orders at the 3PL and accepted; tracking-push's interval."""
    text = _TOML.format(
        seller_id=both.seller_id,
        endpoint=both.endpoint,
        token_url=both.token_url,
        gb=GB,
        de=DE,
        client_id=both.client_id,
        client_secret=both.client_secret,
        refresh_token=both.refresh_token,
        folder=both.folder,
    )
    (folder / "lockstep.toml").write_text(text, encoding="utf-8")
    words = [sys.executable, "-m", "tests.bench.served_house", *([str(every)] if every else [])]
    ended = subprocess.run(
        words, cwd=folder, env=_environment(folder, free_port()), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"The setup for lockstep serve failed:\n{ended.stderr[-4000:]}")
    both.work()  # what was released is accepted; the schedule reads that
    return float(json.loads(ended.stdout.splitlines()[-1]))


@contextmanager
def _serving(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "deployments.cli", "serve"]
    environment = _environment(folder, free_port())
    with (
        (folder / "serve.log").open("w") as log,
        subprocess.Popen(
            words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout is not None
        while "Lockstep runs" not in (said := process.stdout.readline()):
            if not said:
                raise RuntimeError(f"lockstep serve did not start: {(folder / 'serve.log').read_text()}")
        try:
            yield process
        finally:
            process.terminate()
            process.stdout.read()
            process.wait(60)


def _moments(seconds: int, gap: float) -> list[float]:
    """When files appear, the end of the window last: one within each gap, at a moment that no schedule knows."""
    chance = random.Random(11)
    return [(place + chance.random()) * gap for place in range(int(seconds / gap))] + [float(seconds)]


def _watched(both: Strangers, folder: Path, pid: int, moments: list[float]) -> Served:
    """A first parcel shows that the schedule runs; then a file at each moment but the last."""
    roots = (pid, postmaster(folder / "data"))
    _, first = both.dispatch(1)
    _await(both, len(first))
    both.requests()
    begun, busy = time.monotonic(), tree_seconds(*roots)
    files: list[Sent] = []
    for moment in moments[:-1]:
        _sleep_until(begun + moment)
        files.append(Sent(*both.dispatch(1)))
    _sleep_until(begun + moments[-1])
    cores = (tree_seconds(*roots) - busy) / (time.monotonic() - begun)
    _await(both, sum(len(file.parcels) for file in files))
    return Served(
        waits=tuple(_waits(files, both.confirmed())),
        files=tuple(files),
        throttled=both.throttled(),
        seconds=moments[-1],
        cores=cores,
    )


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _await(both: Strangers, parcels: int) -> None:
    end = time.monotonic() + DRAIN
    while len(both.confirmed()) < parcels:
        if time.monotonic() > end:
            raise RuntimeError(f"Not all of {parcels} parcels reached Amazon within {DRAIN:.0f} seconds.")
        time.sleep(0.5)


def _waits(files: list[Sent], confirmed: list[tuple[str, float]]) -> Iterator[float]:
    """For each parcel the seconds from its file to Amazon's 204 for it."""
    answers: dict[str, deque[float]] = defaultdict(deque)
    for order_id, at in confirmed:
        answers[order_id].append(at)
    for file in files:
        for order_id in file.parcels:
            yield answers[order_id].popleft() - file.at


def _table(served: Served, interval: float, start: float) -> Table:
    table = Table("file appeared to 204, seconds", "Lockstep", "goal", "cron 1 min", "cron 1 h")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    minute = cron_waits(served.files, served.seconds, 60, start, SCRIPT_EACH)
    hour = cron_waits(served.files, served.seconds, 3600, start, SCRIPT_EACH)
    for share, goal in ((0.5, GOAL_P50), (0.99, GOAL_P99), (1.0, None)):
        mine = centile(served.waits, share)
        words = f"p{share:.0%}"[:-1] if share < 1 else "longest"
        aim = "" if goal is None else f"< {goal:g} {met(mine < goal)}"
        computed = [f"{centile(waits, share):,.0f}*" for waits in (minute, hour)]
        table.add_row(words, f"{mine:.1f}", aim, *computed)
    table.add_row(f"cores busy, tracking-push every {interval:g} s", f"{served.cores:.2f}", "", "", "")
    return table


def _small_print(served: Served, start: float) -> str:
    parcels = len(served.waits)
    return (
        f"{parcels} parcels in {len(served.files)} files within {served.seconds:g} s"
        f" ({3600 * parcels / served.seconds:,.0f} parcels an hour), a file for each order, at random moments;"
        f" {served.throttled} calls answered 429."
        " From the moment before the 3PL's rename to Amazon's own moment of its 204. Real time, Amazon's own"
        " limits; lockstep serve with all its schedules, strangers in a process of their own. Cores: processor"
        " seconds of serve, server, worker, runs and PostgreSQL per second."
        f"\n* Cron scripts, computed for the same moments, over all phases of the cron: {start:.1f} s to start"
        f" (measured), then a parcel every {SCRIPT_EACH:g} s, which is Amazon's limit; no call ever fails them."
    )
