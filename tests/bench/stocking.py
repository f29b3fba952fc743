"""A stock file of 100,000 SKUs of which 3 % change, to Amazon: `python -m tests.bench stock`."""

import math
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.catalog import catalog
from tests.bench.house import House
from tests.bench.shelves import FEED_AFTER, QUANTITY_AFTER, shelves
from tests.bench.shown import centile, met
from tests.bench.stock_figures import BURST, RATE, Scripted, Synced, least, scripted, synced

SKUS, SPEED = 100_000, 1.0
GOAL_SECONDS, GOAL_MEGABYTES, GOAL = 5.0, 700.0, 1.10


def stock(built: House, place: Path, console: Console, *, skus: int = SKUS, speed: float = SPEED) -> None:
    """Measure and print.

    `speed` is how many times Amazon's own its limits and delays are: 1 is what a seller has.
    """
    console.print(f"a stock file of {skus:,} SKUs, Amazon at {speed:g} times its pace", style="dim")
    made, folder = catalog(skus), place / "stock"
    with shelves(skus, folder, speed) as amazon, built.ledger(amazon) as ledger:
        ours = synced(built, amazon, ledger, made, speed)
    theirs = scripted(built, made, place / "stock-script", speed)
    console.print(_table(ours, theirs, (skus, speed)))
    console.print(_small_print(ours, theirs, (skus, speed)), style="dim")


def _table(ours: Synced, theirs: Scripted, size: tuple[int, float]) -> Table:
    skus, speed = size
    table = Table(
        f"{skus:,} SKUs, {ours.listed.done:,} offers change",
        "Lockstep",
        "goal",
        "script",
        "ratio",
        "patch all*",
    )
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    _add_list(table.add_row, ours, theirs)
    _add_calls(table.add_row, ours, theirs, skus)
    _add_urgent(table.add_row, ours, theirs, speed)
    row = table.add_row
    row("other changes in effect, p50 s", f"{centile(ours.others, 0.5):.0f}", "", "", "", "")
    row("  the last", f"{ours.others[-1]:.0f}", "", "", "", "")
    row(
        "units on offer that are not free",
        f"{ours.wrong:,}",
        "",
        f"{theirs.wrong:,}*",
        "",
        f"{theirs.wrong:,}",
    )
    return table


def _add_list(row: Callable[..., None], ours: Synced, theirs: Scripted) -> None:
    mine, other = ours.listed, theirs.listed
    goal = f"< {GOAL_SECONDS:g} {met(mine.seconds < GOAL_SECONDS)}"
    ratio = f"{mine.seconds / other.seconds:.1f}x"
    row("file to the list of changes, s", f"{mine.seconds:.2f}", goal, f"{other.seconds:.2f}", ratio, "")
    ratio = f"{mine.processor / other.processor:.1f}x"
    row("  own processor time", f"{mine.processor:.2f}", "", f"{other.processor:.2f}", ratio, "")
    goal = f"< {GOAL_MEGABYTES:g} {met(mine.megabytes < GOAL_MEGABYTES)}"
    ratio = f"{mine.megabytes / other.megabytes:.1f}x"
    row("peak memory, MB", f"{mine.megabytes:.0f}", goal, f"{other.megabytes:.0f}", ratio, "")


def _add_calls(row: Callable[..., None], ours: Synced, theirs: Scripted, skus: int) -> None:
    calls, other = sum(ours.calls.values()) - ours.calls.get("token", 0), theirs.listed.done
    row("calls that write", f"{ours.patches:,} + {ours.feeds}", "", f"{other:,}*", "", f"{skus:,}")
    row(
        "all calls, urgent proof included",
        f"{calls:,}",
        "",
        f"{other:,}*",
        f"{other / calls:.1f}x",
        f"{skus:,}",
    )
    idle = sum(not write.changed for write in ours.writes) / len(ours.writes)
    share = 1 - other / skus
    goal = f"0 {met(not idle)}"
    row("writes that changed nothing", f"{idle:.1%}", goal, "0.0%*", "", f"{share:.1%}")


def _add_urgent(row: Callable[..., None], ours: Synced, theirs: Scripted, speed: float) -> None:
    number = len(ours.urgent)
    for share, words in ((0.5, f"{number} urgent in effect, p50 s"), (1.0, "  the last")):
        mine, other = centile(ours.urgent, share), centile(theirs.urgent, share)
        every, best = centile(theirs.urgent_of_all, share), least(math.ceil(share * number), speed)
        row(words, f"{mine:.1f}", "", f"{other:,.0f}*", f"{other / mine:.1f}x", f"{every:,.0f}")
        times = mine / best
        goal = f"<= {GOAL:.2f} {met(times <= GOAL)}" if share == 1 else ""
        cells = (f"{other / best:.2f}*", f"{other / best / times:.1f}x", f"{every / best:.1f}")
        row(f"    times the least ({best:.1f} s)", f"{times:.3f}", goal, *cells)
    row("  before the first write", f"{ours.first_write:.1f}", "", "", "", "")
    row("  the last one proven", f"{ours.proven:.0f}", "", "never", "", "never")


def _small_print(ours: Synced, theirs: Scripted, size: tuple[int, float]) -> str:
    skus, speed = size
    calls = ", ".join(f"{name} {number:,}" for name, number in sorted(ours.calls.items()))
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in ours.steps.items() if seconds >= 0.05)
    pace, effect = "" if speed == 1 else f" times {speed:g}", QUANTITY_AFTER / speed
    return (
        f"One marketplace, every listing in effect before; {theirs.listed.done:,} rows of the file differ from the"
        " file before, the orders that the warehouse accepted in between among them: their offers stay. Urgent: to"
        " zero, to one unit, up from zero. List of changes: from the flow's first line to the end of the task run"
        f" that plans, {ours.runs} runs of inventory-sync in processes of their own, the first measured, the peak"
        f" of all.\nSeconds of it: {steps}."
        f"\nUrgent: from the file's rename to Amazon's own moment of effect, the start of the process included."
        f" Least: (patches - burst) / rate + {effect:g} s, limits of Amazon{pace} ({RATE * speed:g}/s,"
        f" burst {BURST:g}); a quantity takes {effect:g} s to come into effect and a feed"
        f" {FEED_AFTER / speed:g} s to be worked through, both assumed. Proven: read back;"
        " the runs end when all of what is urgent is, and Amazon has taken the rest."
        f"\nCalls: {calls}; {ours.throttled} of them answered 429. A write is a patch or a message of a feed."
        f"\nScript: reads the file with csv, compares with a table of what it sent last ({skus:,} rows), knows no"
        " orders; its list is measured. * Computed: a patch each at the limit's pace in the order of the file, the"
        " calls themselves and its start given to it; units not free are those of orders the warehouse has not"
        " accepted. It proves none."
    )
