"""2,000 parcels against the least time that Amazon's limits times 100 allow: `python -m tests.bench push`."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from blocks.amazon.limits import DEFAULT_LIMITS
from flows.doors import amazon_named
from ledger.connection import Ledger
from tests.bench.figures import Spent, must_be, script_confirms, script_reads
from tests.bench.house import House
from tests.bench.machine import all_seconds, tree_seconds
from tests.bench.shown import centile, met
from tests.bench.strangers import SCALE, SCALED, Strangers, strangers

PARCELS, ORDERS = 2_000, 1_750  # so many orders leave in at least so many parcels
PER_FILE = 100  # orders in one dispatch file
SCRIPT_PARCELS = 300
RATE, BURST = DEFAULT_LIMITS["confirmShipment"]
PROOF_RUNS, PUSH_RUNS = 10, 5
GOAL, GOAL_CALLS = 1.10, 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One push. Seconds on the wall; `least` is what the limits allow for the confirmations alone."""

    parcels: int
    least: float
    confirms: float  # from Amazon's first answer to a confirm to its last
    whole: float  # from the flow's first line to Amazon's last answer
    reading: float  # from the flow's first line to its line about the warehouse's messages
    proof: float  # from that to the last parcel's proof, with the start of the processes that read
    runs: int
    busy: dict[str, float]  # processor seconds by process, from go to the last confirm
    answers: dict[str, float]  # milliseconds of a confirm as the flow saw them
    throttled: int  # of the calls: answered with 429
    calls: Counter[str]  # Amazon's answers by operation, from go to the last proof


def push(built: House, place: Path, console: Console) -> None:
    """Measure and print."""
    console.print(f"pushing {PARCELS:,} parcels at {SCALE:g} times Amazon's limits", style="dim")
    with strangers(ORDERS, place / "push", SCALED) as amazon, built.ledger(amazon) as ledger:
        pushed = _pushed(built, amazon, ledger)
    with strangers(SCRIPT_PARCELS, place / "push-script", SCALED) as amazon:
        _, dsn = script_reads(built, amazon, SCRIPT_PARCELS)
        amazon.refill()
        script = script_confirms(amazon, dsn, SCRIPT_PARCELS, pause=1 / (RATE * SCALE))
    console.print(_table(pushed, script))
    console.print(_small_print(pushed, script), style="dim")


def _pushed(built: House, amazon: Strangers, ledger: Ledger) -> Pushed:
    parcels = _dispatched(built, amazon)
    amazon.requests()
    amazon.refill()
    rested(ledger, SCALE)
    before = _busy(built, amazon)
    flow_runs, confirmed = _all_confirmed(built, amazon, parcels)
    busy = {name: seconds - before[name] for name, seconds in _busy(built, amazon).items()}
    marks = [mark for run in flow_runs for mark in run["marks"]]
    busy["flow"] = sum(run["marks"][-1][1] - run["marks"][0][1] for run in flow_runs)
    proven_at = _all_proven(built, ledger, parcels)
    moments = [at for _, at in confirmed]
    return Pushed(
        parcels=parcels,
        least=(parcels - BURST) / (RATE * SCALE),
        confirms=moments[-1] - moments[0],
        whole=moments[-1] - marks[0][3],
        reading=next(mark[3] for mark in marks if "messages:" in mark[2]) - marks[0][3],
        proof=proven_at - moments[-1],
        runs=len(flow_runs),
        busy=busy,
        answers=_answers(ledger),
        throttled=amazon.throttled(),
        calls=Counter(amazon.requests()),
    )


def _busy(built: House, amazon: Strangers) -> dict[str, float]:
    """Processor seconds so far; "others" is what has nothing to do with the bench and makes its figures worse."""
    return {
        "PostgreSQL": tree_seconds(built.postmaster),
        "Prefect": tree_seconds(built.prefect.pid or 0),
        "strangers": tree_seconds(amazon.pid),
        "others": all_seconds() - tree_seconds(os.getpid(), built.postmaster),
    }


def _dispatched(built: House, amazon: Strangers) -> int:
    """Orders read, released, accepted by the 3PL, and dispatched in files; how many parcels lie there."""
    built.run("order-ingest")
    amazon.work()
    built.run("tracking-push")  # reads what the 3PL accepted
    parcels = 0
    while parcels < PARCELS:
        left = min(PER_FILE, PARCELS - parcels)
        _, sent = amazon.dispatch(max(1, left // 2 if left < PER_FILE else left))
        must_be("whether the 3PL still has orders", bool(sent), True)
        parcels += len(sent)
    return parcels


def rested(ledger: Ledger, scale: float) -> None:
    """Our own buckets as those of an account that has run for a while: corrected by the header, and full."""
    statement = sa.text(
        "INSERT INTO ledger.budgets (stranger, operation, rate, burst, tokens, at)"
        " VALUES (:stranger, :operation, :rate, :burst, :burst, clock_timestamp())"
        " ON CONFLICT (stranger, operation) DO UPDATE"
        " SET rate = excluded.rate, burst = excluded.burst, tokens = excluded.tokens, at = excluded.at"
    )
    rows = [
        {"stranger": amazon_named("main"), "operation": name, "rate": rate * scale, "burst": burst}
        for name, (rate, burst) in DEFAULT_LIMITS.items()
    ]
    with ledger.begin() as conn:
        conn.execute(sa.text("DELETE FROM ledger.calls"))
        conn.execute(statement, rows)


def _all_confirmed(
    built: House, amazon: Strangers, parcels: int
) -> tuple[list[dict[str, Any]], list[tuple[str, float]]]:
    runs: list[dict[str, Any]] = []
    while len(confirmed := amazon.confirmed()) < parcels:
        must_be("whether all is confirmed after the runs allowed", len(runs) < PUSH_RUNS, True)
        runs.append(built.run("tracking-push"))
    return runs, confirmed


def _all_proven(built: House, ledger: Ledger, parcels: int) -> float:
    """Read orders until every parcel is proven; the moment of the last proof."""
    states: dict[str, int] = {}
    for _ in range(PROOF_RUNS):
        built.run("order-ingest")
        with ledger.begin() as conn:
            found = conn.execute(sa.text("SELECT state, count(*) AS n FROM report.parcels GROUP BY state"))
            states = {row.state: row.n for row in found}
            if states == {"PROVEN": parcels}:
                last = conn.scalar(sa.text("SELECT max(proven_at) FROM report.parcels"))
                return float(last.timestamp())
        time.sleep(1)
    must_be("states of parcels", states, {"PROVEN": parcels})
    raise AssertionError


def _answers(ledger: Ledger) -> dict[str, float]:
    ask = "SELECT milliseconds FROM report.calls WHERE operation = 'confirmShipment'"
    with ledger.begin() as conn:
        times = [float(one) for one in conn.scalars(sa.text(ask))]
    return {"p50": centile(times, 0.5), "p95": centile(times, 0.95)}


def _table(pushed: Pushed, script: Spent) -> Table:
    table = Table(
        f"{pushed.parcels:,} parcels, limits x{SCALE:g}, seconds", "Lockstep", "goal", "script", "ratio"
    )
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    times, calls = pushed.confirms / pushed.least, _sp_api(pushed) / pushed.parcels
    theirs = script.seconds * pushed.parcels / script.done
    row: Callable[..., None] = table.add_row
    row("least the limits allow", f"{pushed.least:.2f}", "", f"{pushed.least:.2f}", "")
    row("first to last confirm", f"{pushed.confirms:.2f}", "", f"{theirs:.0f}*", "")
    goal, there = f"<= {GOAL:.2f} {met(times <= GOAL)}", theirs / pushed.least
    row("  times the least", f"{times:.3f}", goal, f"{there:.1f}*", f"{there / times:.1f}x")
    whole = pushed.whole / pushed.least
    row("flow's first line to last confirm", f"{pushed.whole:.2f}", "", "-", "-")
    row("  times the least", f"{whole:.3f}", "", "-", "-")
    row("  before the first confirm", f"{pushed.whole - pushed.confirms:.2f}", "", "-", "-")
    row("    reading the dispatch files", f"{pushed.reading:.2f}", "", "-", "-")
    row("last confirm to all proven", f"{pushed.proof:.1f}", "", "never", "-")
    row(
        "SP-API calls per proven parcel",
        f"{calls:.3f}",
        f"<= {GOAL_CALLS} {met(calls <= GOAL_CALLS)}",
        "-",
        "-",
    )
    return table


def _sp_api(pushed: Pushed) -> int:
    return sum(number for name, number in pushed.calls.items() if name != "token")


def _small_print(pushed: Pushed, script: Spent) -> str:
    calls = ", ".join(f"{name} {number:,}" for name, number in sorted(pushed.calls.items()))
    busy = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(pushed.busy.items()))
    each, pause = script.seconds / script.done, 1 / RATE
    real = (pause + each - pause / SCALE) / pause
    return (
        f"Limits: Amazon's rates times {SCALE:g}, bursts unchanged (confirmShipment {RATE * SCALE:g}/s, burst"
        f" {BURST:g}); the simulated Amazon refuses what is above. Least: (parcels - burst) / rate. First to last"
        " confirm: Amazon's own moments. Both sides' buckets start full, ours at the rates the header states."
        f" Runs of tracking-push: {pushed.runs}. Proof is read by order-ingest, a process per run, its start"
        f" (seconds) included; Amazon shows a package {60 / SCALE:g} s after its confirm."
        f"\nCalls, from the first confirm to the last proof: {calls}; {pushed.throttled} of them answered 429."
        f"\nProcessor seconds while confirming: {busy}. A confirm took p50 {pushed.answers['p50']:.0f} ms,"
        f" p95 {pushed.answers['p95']:.0f} ms as the flow saw it."
        f"\nScript: a client per call and time.sleep({pause:g} / {SCALE:g}), measured on {script.done} parcels"
        f" ({1000 * each:.0f} ms each), * computed for {pushed.parcels:,}; it proves none. Its own time counts"
        f" {SCALE:g} times here: at Amazon's own limits it would take {real:.2f} times the least (computed, with a"
        " simulated Amazon that answers in milliseconds)."
    )
