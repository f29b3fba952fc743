"""One cycle of the watch over years of closed orders: `python -m tests.bench watch`."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from ledger.connection import Ledger
from ledger.reviews.lateness import load_lateness
from tests.bench.crowd import crowd
from tests.bench.figures import Spent, dsn_of, must_be
from tests.bench.house import House, measured
from tests.bench.machine import tree_seconds
from tests.bench.shown import met
from tests.bench.strangers import strangers

FEW, MANY, OPENED = 100_000, 1_000_000, 5_000
RUNS = 5
GOAL_SECONDS, GOAL_GROWTH = 2.0, 1.25
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The watch over one ledger: the first cycle, in which every gap is new, and the usual ones after it."""

    closed: int
    first: Spent
    usual: tuple[Spent, ...]
    database: float  # processor seconds of PostgreSQL for a usual cycle, Prefect's own tables included
    steps: dict[str, float]  # seconds of a usual cycle by task
    lateness: float  # seconds for the month's late parcels, counted once an hour at most
    problems: int
    picking: int

    @property
    def seconds(self) -> float:
        """A usual cycle on the wall, the middle one of all."""
        return median(one.seconds for one in self.usual)

    @property
    def quickest(self) -> float:
        """The quickest of all, which the rest of the machine disturbed least."""
        return min(one.seconds for one in self.usual)

    @property
    def processor(self) -> float:
        """Its processor time."""
        return median(one.processor for one in self.usual)

    @property
    def megabytes(self) -> float:
        """The most memory of any."""
        return max(one.megabytes for one in (self.first, *self.usual))


def watch(built: House, place: Path, console: Console) -> None:
    """Measure and print."""
    ours: list[Watched] = []
    theirs: list[Spent] = []
    with strangers(1, place / "watch") as amazon:
        for closed in (FEW, MANY):
            console.print(f"watching {OPENED:,} open orders beside {closed:,} closed ones", style="dim")
            with built.ledger(amazon) as ledger:
                one = _watched(built, ledger, closed)
                given = {"dsn": dsn_of(ledger.engine.url.render_as_string(hide_password=False))}
                script = Spent(**measured(["tests.bench.watch_script"], given=dict(given)))
            must_be("picking delays of the script", script.done, one.picking)
            ours.append(one)
            theirs.append(script)
    console.print(_table(ours, theirs))
    console.print(_small_print(ours), style="dim")


def _watched(built: House, ledger: Ledger, closed: int) -> Watched:
    now = datetime.fromtimestamp(time.time(), UTC)
    crowd(ledger, closed, OPENED, now)
    first = built.run("problem-watch")
    busy = tree_seconds(built.postmaster)
    usual = [built.run("problem-watch") for _ in range(RUNS)]
    busy = tree_seconds(built.postmaster) - busy
    with ledger.begin() as conn:
        start = time.monotonic()
        load_lateness(conn, now - _MONTH)
        lateness = time.monotonic() - start
        ask = "SELECT count(*), count(*) FILTER (WHERE kind = 'picking_delay') FROM ledger.problems"
        problems, picking = conn.execute(sa.text(f"{ask} WHERE cleared_at IS NULL")).one()
    return Watched(
        closed=closed,
        first=_cycle(first),
        usual=tuple(_cycle(run) for run in usual),
        database=busy / RUNS,
        steps=_steps(usual[-1]["marks"]),
        lateness=lateness,
        problems=problems,
        picking=picking,
    )


def _cycle(run: dict[str, Any]) -> Spent:
    """From the flow's first line to the one that says what was found."""
    marks = run["marks"]
    end = next(mark for mark in marks if "problems:" in mark[2])
    return Spent(
        done=1, seconds=end[0] - marks[0][0], processor=end[1] - marks[0][1], megabytes=run["megabytes"]
    )


def _steps(marks: Sequence[Any]) -> dict[str, float]:
    """Seconds up to the end of each task run, since the one before it."""
    steps: dict[str, float] = defaultdict(float)
    before = marks[0][0]
    for mark in marks:
        if mark[2].endswith("]"):
            steps[mark[2].rpartition("[")[2].rstrip("]")] += mark[0] - before
            before = mark[0]
    return dict(steps)


def _table(ours: Sequence[Watched], theirs: Sequence[Spent]) -> Table:
    (few, many), (their_few, their_many) = ours, theirs
    table = Table(
        f"{OPENED:,} open orders, {many.problems:,} open problems", "Lockstep", "goal", "script", "ratio"
    )
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    row: Callable[..., None] = table.add_row
    goal = f"< {GOAL_SECONDS:g} {met(many.seconds < GOAL_SECONDS)}"
    ratio = f"{their_many.seconds / many.seconds:.1f}x"
    row(f"a cycle beside {MANY:,} closed, s", f"{many.seconds:.2f}", goal, f"{their_many.seconds:.2f}", ratio)
    ratio = f"{their_few.seconds / few.seconds:.1f}x"
    row(f"  beside {FEW:,} closed", f"{few.seconds:.2f}", "", f"{their_few.seconds:.2f}", ratio)
    growth, theirs_growth = many.quickest / few.quickest, their_many.seconds / their_few.seconds
    goal = f"<= {GOAL_GROWTH:g} {met(growth <= GOAL_GROWTH)}"
    row(
        "  times as long, the quickest",
        f"{growth:.2f}",
        goal,
        f"{theirs_growth:.1f}",
        f"{theirs_growth / growth:.1f}x",
    )
    row("  own processor time", f"{many.processor:.2f}", "", f"{their_many.processor:.2f}", "")
    row("  PostgreSQL's processor time", f"{many.database:.2f}", "", "", "")
    row(f"    beside {FEW:,} closed", f"{few.database:.2f}", "", "", "")
    goal = f"< {GOAL_SECONDS:g} {met(many.first.seconds < GOAL_SECONDS)}"
    row("the first cycle, every gap new, s", f"{many.first.seconds:.2f}", goal, "", "")
    row("late by cause over a month, s", f"{many.lateness:.2f}", "", "", "")
    ratio = f"{many.megabytes / their_many.megabytes:.1f}x"
    row("peak memory, MB", f"{many.megabytes:.0f}", "", f"{their_many.megabytes:.0f}", ratio)
    return table


def _small_print(ours: Sequence[Watched]) -> str:
    many = ours[-1]
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in many.steps.items() if seconds >= 0.01)
    return (
        f"Open orders in every hop, {many.picking} of them picking delays; closed ones spread over a year, with"
        " their parcels and releases, addresses of a month and a fifth as many calls. A cycle: from the first line"
        f" of problem-watch to its last, in a process of its own, tables in Prefect included; the middle of {RUNS}."
        " The month of late parcels is counted every five minutes, once an hour when there are many, and grows"
        f" with the month: {ours[0].lateness:.2f} s beside {FEW:,}."
        f"\nSeconds of a cycle: {steps}."
        "\nScript: streams all orders and parcels and counts who holds what; it opens no problem, tells nobody and"
        " shows nothing."
    )
