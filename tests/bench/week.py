"""The generated trading week in virtual time, beside "publish what the WMS says": `python -m tests.bench week`."""

import time
from pathlib import Path

from rich.console import Console

from ledger.connection import Ledger
from ledger.secrecy import new_key
from tests.bench.house import House
from tests.week.baseline import Mirror
from tests.week.house import ODDS, Lockstep
from tests.week.play import Stage
from tests.week.script import script
from tests.week.shown import outcome, table


def week(built: House, place: Path, console: Console, days: int = 7) -> None:
    """Play a generated week of so many days twice and print what each house sold, oversold and hid."""
    drawn = script(days=days)
    stage = Stage(drawn)
    mirror = outcome(stage.play(Mirror(stage)))
    ledger = Ledger(built.database(), new_key())
    started = time.monotonic()
    try:
        stage = Stage(drawn)
        house = Lockstep(stage, ledger)
        ours = outcome(stage.play(house), house.verdicts())
    finally:
        ledger.close()
    title = f"The generated week: {drawn.days} days, {len(drawn.catalog.listed):,} seller SKUs in two marketplaces"
    console.print(table(title, ODDS, {"Lockstep": ours, "publish what the WMS says": mirror}))
    console.print(f"Lockstep took {time.monotonic() - started:.0f} seconds for it.", style="dim")
