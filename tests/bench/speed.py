"""How fast orders come in, go out and come back, limits off: `python -m tests.bench speed`."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Life, Spent, ingest, live, script_confirms, script_reads
from tests.bench.house import House
from tests.bench.shown import met
from tests.bench.strangers import strangers

ORDERS, RUNS = 10_000, 3
LIFE = 1_000
SCRIPT_PARCELS = 200  # a client per call takes 40 ms and more each
GOAL_RATE, GOAL_MEGABYTES = 1000.0, 400.0


def speed(built: House, place: Path, console: Console) -> None:
    """Measure and print."""
    ours: list[Spent] = []
    theirs: list[Spent] = []
    with strangers(ORDERS, place / "many") as amazon:
        for number in range(1, RUNS + 1):  # in turn, so that a noisy minute hits both
            console.print(f"reading {ORDERS:,} orders, run {number} of {RUNS}", style="dim")
            ours.append(ingest(built, amazon, ORDERS))
            spent, dsn = script_reads(built, amazon, ORDERS)
            theirs.append(spent)
        confirms = script_confirms(amazon, dsn, SCRIPT_PARCELS)
    console.print(f"the whole life of {LIFE:,} orders", style="dim")
    life = live(built, LIFE, place / "life")
    console.print(_table(_middle(ours), _middle(theirs), life, confirms))
    console.print(_small_print(life), style="dim")


def _middle(runs: Sequence[Spent]) -> Spent:
    """The run of median speed, with the highest peak of memory of all."""
    middle = median(run.seconds for run in runs)
    one = next(run for run in runs if run.seconds == middle)
    most = max(run.megabytes for run in runs)
    return Spent(done=one.done, seconds=one.seconds, processor=one.processor, megabytes=most)


def _table(ours: Spent, theirs: Spent, life: Life, confirms: Spent) -> Table:
    table = Table("figure", "Lockstep", "goal", "script", "ratio")
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    memory = ours.megabytes
    speed_goal = f">= {GOAL_RATE:,.0f} {met(ours.rate >= GOAL_RATE)}"
    memory_goal = f"< {GOAL_MEGABYTES:,.0f} {met(memory < GOAL_MEGABYTES)}"
    rows = [
        ("orders ingested per second", ours.rate, speed_goal, theirs.rate, ",.0f"),
        ("  processor time each, ms", ours.each, "", theirs.each, ".2f"),
        ("peak memory, MB", memory, memory_goal, theirs.megabytes, ",.0f"),
        ("orders released per second", life.release.rate, "", None, ",.0f"),
        ("parcels confirmed per second", life.confirm.rate, "", confirms.rate, ",.0f"),
        ("SP-API calls per order", sum(life.calls.values()) / life.orders, "", None, ".2f"),
    ]
    for words, mine, goal, script, how in rows:
        beside = ("-", "-") if script is None else (f"{script:{how}}", f"{mine / script:.1f}x")
        table.add_row(words, f"{mine:{how}}", goal, *beside)
    return table


def _small_print(life: Life) -> str:
    calls = ", ".join(f"{name} {number:,}" for name, number in sorted(life.calls.items()))
    return (
        f"Ingest: {ORDERS:,} new orders in pages of 100, median of {RUNS} runs, taken in turn. Lockstep: the"
        " order-ingest flow in a process of its own, from its first line to its line about orders; task runs go to"
        " a Prefect server on this machine, addresses are encrypted, a page is one transaction. Script: a client"
        " per call, the order as JSON, one commit per order. Both: the same simulated Amazon (a process of its own,"
        " no limits) and the same PostgreSQL, which syncs every commit to disk."
        f"\nWhole life: {life.orders:,} orders, {life.confirm.done:,} parcels, each proven at Amazon: {calls}."
        " Release is to files of 250 orders in a local folder, the look at held orders included. The script"
        f" confirms {SCRIPT_PARCELS} parcels and proves none."
    )
