"""Speed on this machine, beside the obvious script in the same run: `python -m tests.bench`, or `make bench`.

Figures with a goal are printed with it; a missed goal is something to see, never a failed run. Wall times depend
on whatever else the machine does, so the processor time of the measured process stands beside them. One part
alone: `python -m tests.bench push`; the parts are speed, push, stock, week, watch, admission, serve and
buffers; the last needs neither PostgreSQL nor Prefect.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.bench.admission import admission
from tests.bench.backtest import buffers
from tests.bench.house import house
from tests.bench.machine import machine
from tests.bench.pushing import push
from tests.bench.serving import serve
from tests.bench.speed import speed
from tests.bench.stocking import SKUS, SPEED, stock
from tests.bench.watch import watch
from tests.bench.week import week

IN_ONE_HOUSE = {
    "speed": speed,
    "push": push,
    "stock": stock,
    "week": week,
    "watch": watch,
    "admission": admission,
}
PARTS = (*IN_ONE_HOUSE, "serve", "buffers")


def main() -> None:
    """Measure and print what was asked for, everything when nothing was named."""
    asked = _arguments()
    parts = asked.parts or PARTS
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 116)
    console.print(f"[bold]Lockstep bench[/bold] on {machine()}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as name:
        place = Path(name)
        together = [part for part in parts if part in IN_ONE_HOUSE]
        if together:
            with house(place) as built:
                for part in together:
                    IN_ONE_HOUSE[part](built, place, console, **_size(part, asked))
        if "serve" in parts:
            serve(place, console, seconds=asked.seconds, gap=asked.gap, every=asked.every)
        if "buffers" in parts:
            buffers(console)
    console.print(f"The bench took {time.monotonic() - started:.0f} seconds.", style="dim")


def _size(part: str, asked: argparse.Namespace) -> dict[str, float]:
    sizes = {"stock": {"skus": asked.skus, "speed": asked.speed}, "week": {"days": asked.days}}
    return sizes.get(part, {})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--seconds", type=int, default=90, help="serve: how long parcels leave the warehouse")
    parser.add_argument("--gap", type=float, default=4, help="serve: seconds between two dispatch files")
    parser.add_argument("--every", type=float, help="serve: another schedule of tracking-push, in seconds")
    parser.add_argument("--skus", type=int, default=SKUS, help="stock: SKUs in the file")
    parser.add_argument(
        "--speed", type=float, default=SPEED, help="stock: times Amazon's own limits and delays"
    )
    parser.add_argument("--days", type=int, default=7, help="week: days that are generated")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    return asked


if __name__ == "__main__":
    main()
