"""What one admission to Amazon costs: the ledger's desk beside Prefect's rate limit, on the same server.

`python -m tests.bench admission`; a caller of its own is `python -m tests.bench.admission`, with settings as the
first line of its standard input and a line for each round it shall run.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import rate_limit
from rich.console import Console
from rich.table import Table

from ledger.calls import Desk
from ledger.connection import Ledger
from ledger.secrecy import new_key
from tests.bench.house import House
from tests.bench.shown import centile

CALLERS, EACH = 4, 150
FREE, PACED = "free", "paced"
# By name: calls per second and burst. The second is confirmShipment's, times 100.
PLANS: dict[str, tuple[float, float]] = {FREE: (1_000_000, 1_000_000), PACED: (200, 10)}
DESK, PREFECT = "desk", "prefect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """So many callers at once, each admitted again and again without doing anything else."""

    callers: int
    milliseconds: tuple[float, ...]  # one a call, its waiting included
    seconds: float  # from the first caller's start to the last one's end

    @property
    def rate(self) -> float:
        """Admissions per second of all callers together."""
        return len(self.milliseconds) / self.seconds


def admission(built: House, _: Path, console: Console) -> None:
    """Measure and print."""
    console.print(f"admitting calls, {CALLERS} processes", style="dim")
    given = {"url": built.database()}
    with get_client(sync_client=True) as client:
        for name, (rate, burst) in PLANS.items():
            limit = GlobalConcurrencyLimitCreate(name=name, limit=int(burst), slot_decay_per_second=rate)
            client.create_global_concurrency_limit(limit)
    rounds: dict[tuple[str, str, int], Round] = {}
    with ExitStack() as stack:
        callers = [stack.enter_context(_caller(given, built.prefect.environment())) for _ in range(CALLERS)]
        for who in (DESK, PREFECT):
            rounds[who, FREE, 1] = _round(callers[:1], who, FREE)
            rounds[who, FREE, CALLERS] = _round(callers, who, FREE)
            rounds[who, PACED, CALLERS] = _round(callers, who, PACED)
    console.print(_table(rounds))
    console.print(_small_print(), style="dim")


def main() -> None:
    """One caller: a line in is a round, a line out is what it took."""
    given = json.loads(sys.stdin.readline())
    ledger = Ledger(given["url"], new_key())
    desk = Desk(ledger, "Amazon (main)", PLANS)
    _admit(desk, DESK, FREE)  # connections are made before anything is measured
    _admit(desk, PREFECT, FREE)
    _say("ready")
    for line in sys.stdin:
        who, what = json.loads(line)
        times, begun = [], time.time()
        for _ in range(EACH):
            started = time.perf_counter()
            _admit(desk, who, what)
            times.append(1000 * (time.perf_counter() - started))
        _say({"times": times, "begun": begun, "ended": time.time()})
    ledger.close()


def _admit(desk: Desk, who: str, what: str) -> None:
    if who == PREFECT:
        rate_limit(what, strict=True)
        return
    wait = desk.admit(what, 60)
    if wait:
        time.sleep(wait)


def _say(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


@contextmanager
def _caller(given: dict[str, str], environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "tests.bench.admission"]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
    }
    with subprocess.Popen(words, env=os.environ | environment, text=True, **pipes) as process:
        _ask(process, given)
        try:
            _heard(process)
            yield process
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(30)


def _ask(process: "subprocess.Popen[str]", told: object) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()


def _heard(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("A caller of the admission bench ended by itself.")
    return json.loads(line)


def _round(callers: "Sequence[subprocess.Popen[str]]", who: str, what: str) -> Round:
    for caller in callers:
        _ask(caller, (who, what))
    told = [_heard(caller) for caller in callers]
    seconds = max(one["ended"] for one in told) - min(one["begun"] for one in told)
    times = tuple(took for one in told for took in one["times"])
    return Round(callers=len(callers), milliseconds=times, seconds=seconds)


def _table(rounds: dict[tuple[str, str, int], Round]) -> Table:
    table = Table("one admission", "the ledger's desk", "Prefect's rate limit", "ratio")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for callers in (1, CALLERS):
        mine, theirs = rounds[DESK, FREE, callers], rounds[PREFECT, FREE, callers]
        words = f"{callers} process{'es at once' if callers > 1 else ''}"
        for share in (0.5, 0.99):
            ours, other = centile(mine.milliseconds, share), centile(theirs.milliseconds, share)
            table.add_row(
                f"{words}, ms p{share:.0%}"[:-1], f"{ours:.1f}", f"{other:.1f}", f"{other / ours:.1f}x"
            )
        table.add_row(f"{words}, per second", *_numbers(mine.rate, theirs.rate, ".0f"))
    mine, theirs = rounds[DESK, PACED, CALLERS], rounds[PREFECT, PACED, CALLERS]
    least = (CALLERS * EACH - PLANS[PACED][1]) / PLANS[PACED][0]
    words = f"{CALLERS * EACH} calls at {PLANS[PACED][0]:g}/s, times the least"
    table.add_row(words, *_numbers(mine.seconds / least, theirs.seconds / least, ".2f"))
    return table


def _numbers(ours: float, theirs: float, how: str) -> tuple[str, str, str]:
    more = max(ours, theirs) / min(ours, theirs)
    return f"{ours:{how}}", f"{theirs:{how}}", f"{more:.1f}x"


def _small_print() -> str:
    rate, burst = PLANS[PACED]
    return (
        f"{EACH} admissions a process and round, nothing else done between them; ledger and Prefect's server on the"
        " same PostgreSQL, which syncs every commit to disk. The desk takes its place in line and sleeps; Prefect's"
        f" caller is told to come again. Last row: {CALLERS} processes share a bucket of {rate:g}/s and burst"
        f" {burst:g}, confirmShipment's times 100; least = (calls - burst) / rate."
    )


if __name__ == "__main__":
    main()
