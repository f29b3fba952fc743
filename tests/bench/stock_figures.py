"""One stock file's way to Amazon, measured: by Lockstep, and by the obvious script."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from blocks.amazon.limits import DEFAULT_LIMITS
from ledger.connection import Ledger
from ledger.register import clock
from tests.bench.catalog import Catalog
from tests.bench.figures import Spent, dsn_of, must_be
from tests.bench.house import House, measured
from tests.bench.pushing import rested
from tests.bench.shelves import QUANTITY_AFTER, Shelves, Write
from tests.bench.stock_script import patch_moments
from tests.bench.stockroom import next_count, sent_before, stocked

RATE, BURST = DEFAULT_LIMITS["patchListingsItem"]
PLANNED = "[plan quantities of"  # the first task run of that name ends with the list of changes in the ledger
RUNS, PAUSE = 40, 10.0  # most runs of the flow, and seconds between two at Amazon's own pace


_LEFT = sa.text(
    "SELECT count(*) FROM ledger.listings WHERE state NOT IN ('EFFECTIVE', 'ACCEPTED')"
    " OR state = 'ACCEPTED' AND seller_sku = ANY(:urgent)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One file by Lockstep. Seconds are on the wall, from the file's appearing unless said otherwise."""

    listed: Spent  # from the flow's first line to the list of changes
    steps: dict[str, float]  # of these seconds, by task run
    first_write: float  # to Amazon's first write to a listing
    urgent: tuple[float, ...]  # to each urgent offer's effect, the quickest first
    others: tuple[float, ...]  # to each other changed offer's effect
    proven: float  # to the ledger's proof of the last urgent one
    writes: tuple[Write, ...]
    patches: int
    feeds: int
    runs: int
    calls: dict[str, int]  # Amazon's answers by operation
    throttled: int  # of the calls: answered with 429
    wrong: int  # units on offer in the end that are not free


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """The same file by the script: the list is measured, the rest computed. Seconds from the file's appearing."""

    listed: Spent
    urgent: tuple[float, ...]  # when it patches what differs
    urgent_of_all: tuple[float, ...]  # when it patches every row
    wrong: int  # units on offer that are not free


def synced(house: House, amazon: Shelves, ledger: Ledger, made: Catalog, speed: float) -> Synced:
    """Let `inventory-sync` run on the second count until all of it is taken and what is urgent is proven."""
    with ledger.begin() as conn:
        now = clock(conn)
    stocked(ledger, made, now)
    rested(ledger, speed)
    amazon.refill()
    amazon.requests()
    appeared = next_count(made, Path(amazon.folder))
    runs = _runs(house, ledger, made.urgent, speed)
    writes = amazon.writes()
    time.sleep(max(0.0, max(write.effective_at for write in writes) - time.time()))
    after = made.offers()[1]
    effective = amazon.effective()
    must_be("offers in effect", effective, after)
    effects = {write.sku: write.effective_at - appeared for write in writes}
    throttled, calls = amazon.throttled(), amazon.requests()
    return Synced(
        listed=_listed(runs, len(made.changed)),
        steps=_steps(runs[0]["marks"]),
        first_write=writes[0].at - appeared,
        urgent=tuple(sorted(effects[sku] for sku in made.urgent)),
        others=tuple(sorted(effects[sku] for sku in made.changed - made.urgent)),
        proven=_proven(ledger, made.urgent) - appeared,
        writes=tuple(writes),
        patches=calls.get("patchListingsItem", 0),
        feeds=amazon.feeds(),
        runs=len(runs),
        calls=calls,
        throttled=throttled,
        wrong=sum(max(0, effective[sku] - units) for sku, units in after.items()),
    )


def scripted(house: House, made: Catalog, folder: Path, speed: float) -> Scripted:
    """The script's list of changes, and when its patches would be in effect at Amazon's limits times `speed`."""
    given = {
        "dsn": dsn_of(house.database("template0")),
        "before": str(sent_before(made, folder)),
        "after": str(folder / "out" / "stock-2.csv"),
    }
    next_count(made, folder)
    listed = Spent(**measured(["tests.bench.stock_script"], given=given))
    must_be("changes of the script", listed.done, len(made.differing()))
    return Scripted(
        listed=listed,
        urgent=_waits(made.differing(), made, listed.seconds, speed),
        urgent_of_all=_waits(made.second, made, listed.seconds, speed),
        wrong=sum(made.owed.values()),
    )


def least(number: int, speed: float) -> float:
    """Seconds in which so many patches can be in effect at best."""
    return patch_moments([number - 1], RATE * speed, BURST)[0] + QUANTITY_AFTER / speed


def _waits(order: Iterable[str], made: Catalog, start: float, speed: float) -> tuple[float, ...]:
    places = [place for place, sku in enumerate(order) if sku in made.urgent]
    calls = patch_moments(places, RATE * speed, BURST)
    return tuple(sorted(start + call + QUANTITY_AFTER / speed for call in calls))


def _runs(house: House, ledger: Ledger, urgent: Iterable[str], speed: float) -> list[dict[str, Any]]:
    """As the schedule would run it, until Amazon has taken everything and what is urgent is proven."""
    runs: list[dict[str, Any]] = []
    left = 1
    while left:
        must_be("whether all is taken after the runs allowed", len(runs) < RUNS, True)
        if runs:
            time.sleep(PAUSE / speed)
        runs.append(house.run("inventory-sync"))
        with ledger.begin() as conn:
            left = int(conn.scalar(_LEFT, {"urgent": list(urgent)}) or 0)
    return runs


def _listed(runs: list[dict[str, Any]], changes: int) -> Spent:
    marks = runs[0]["marks"]
    end = next(mark for mark in marks if PLANNED in mark[2])
    most = max(run["megabytes"] for run in runs)
    return Spent(done=changes, seconds=end[0] - marks[0][0], processor=end[1] - marks[0][1], megabytes=most)


def _steps(marks: list[Any]) -> dict[str, float]:
    """Seconds up to the end of each task run, since the one before it, until the list of changes is there."""
    steps: Counter[str] = Counter()
    before = marks[0][0]
    for mark in marks:
        name = mark[2].rpartition("[")[2].rstrip("]") if mark[2].endswith("]") else "between"
        steps[name] += mark[0] - before
        before = mark[0]
        if PLANNED in mark[2]:
            break
    return dict(steps)


def _proven(ledger: Ledger, skus: Iterable[str]) -> float:
    ask = sa.text("SELECT max(effective_at) FROM ledger.listings WHERE seller_sku = ANY(:skus)")
    with ledger.begin() as conn:
        return float(conn.scalar(ask, {"skus": list(skus)}).timestamp())
