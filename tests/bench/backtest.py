"""Buffers side by side on a generated year of demand: `python -m tests.bench buffers`.

The adaptive buffer is that of domain/demand.py and domain/buffers.py, at several odds, beside percentages of what
is available. Needs no PostgreSQL and no Prefect.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from domain.demand import COVER, PRIOR, TRUST, Exposure
from tests.bench.shown import met
from tests.bench.stock_delays import delays
from tests.bench.stock_year import BANDS, WARM_UP_DAYS, Outcome, Policy, simulate
from tests.bench.trade_year import STEP_MINUTES, market

SKUS, DAYS, SEED = 240, 365 + WARM_UP_DAYS, 1
PERCENTS = (0, 2, 5, 10)
ODDS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
POLICIES = (*(Policy(percent=one) for one in PERCENTS), *(Policy(odds=one) for one in ODDS))
PARTS = ("order_age", "snapshot_age", "planning", "publish", "effective")
COUNTED = {"a count every hour": 60, "a count every day": 24 * 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A fixed buffer, and the strictest adaptive one that lost no more offer-hours; both by their place."""

    fixed: int
    adaptive: int | None  # None: every adaptive one lost more, so nothing is kept back


def matches(outcome: Outcome) -> list[Match]:
    """For each fixed buffer the adaptive one to hold against it."""
    found = []
    for fixed, policy in enumerate(outcome.policies):
        if policy.odds is not None:
            continue
        good = [
            (other.odds, place)
            for place, other in enumerate(outcome.policies)
            if other.odds is not None and outcome.lost_hours[place] <= outcome.lost_hours[fixed]
        ]
        found.append(Match(fixed=fixed, adaptive=min(good)[1] if good else None))
    return found


def oversold_at_equal_hours(outcome: Outcome, match: Match) -> int:
    """Units the adaptive buffer oversold; where it keeps nothing back, those of no buffer at all."""
    place = 0 if match.adaptive is None else match.adaptive
    return int(outcome.oversold[place])


def buffers(console: Console) -> None:
    """Measure and print."""
    traded = market(SKUS, DAYS, SEED)
    for words, minutes in COUNTED.items():
        console.print(f"trading a year of {SKUS} SKUs under {len(POLICIES)} buffers, {words}", style="dim")
        started = time.monotonic()
        outcome = simulate(traded, POLICIES, delays(DAYS, SEED, minutes))
        console.print(_all(outcome, words))
        console.print(_equal(outcome, words))
        console.print(_exposed(outcome.exposure, time.monotonic() - started), style="dim")
    console.print(_small_print(), style="dim")


def _all(outcome: Outcome, words: str) -> Table:
    table = _numbers(words, "oversold", "lost hours", "sold", "kept back", "stated", "exceeded", *_bands())
    for place, policy in enumerate(outcome.policies):
        share = outcome.exceeded[:, place] / outcome.checked[:, place]
        whole = outcome.exceeded[:, place].sum() / outcome.checked[:, place].sum()
        stated = "" if policy.odds is None else f"{policy.odds:.1%} {met(bool(whole <= policy.odds))}"
        table.add_row(
            _name(policy),
            f"{outcome.oversold[place]:,}",
            f"{outcome.lost_hours[place]:,.0f}",
            f"{outcome.sold[place]:,}",
            f"{outcome.held[place]:,.0f}",
            stated,
            f"{whole:.2%}",
            *(f"{one:.2%}" for one in share),
        )
    return table


def _equal(outcome: Outcome, words: str) -> Table:
    columns = ("oversold", "lost hours", "adaptive", "oversold", "lost hours", "ratio", "")
    table = _numbers(f"at equal lost hours, {words}", *columns)
    for match in matches(outcome):
        theirs, ours = int(outcome.oversold[match.fixed]), oversold_at_equal_hours(outcome, match)
        place = 0 if match.adaptive is None else match.adaptive
        table.add_row(
            _name(outcome.policies[match.fixed]),
            f"{theirs:,}",
            f"{outcome.lost_hours[match.fixed]:,.0f}",
            "nothing kept" if match.adaptive is None else _name(outcome.policies[place]),
            f"{ours:,}",
            f"{outcome.lost_hours[place]:,.0f}",
            f"{ours / theirs:.2f}" if theirs else "-",
            met(ours <= theirs),
        )
    return table


def _numbers(first: str, *columns: str) -> Table:
    table = Table(first, *columns)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _bands() -> Sequence[str]:
    low, high = BANDS
    return (f"under {low:g} a day", f"to {high:g}", "faster")


def _name(policy: Policy) -> str:
    return f"{policy.percent} %" if policy.odds is None else f"odds {policy.odds:.1%}"


def _exposed(exposure: Exposure, seconds: float) -> str:
    parts = {name: getattr(exposure, name).total_seconds() / 60 for name in PARTS}
    told = ", ".join(f"{name.replace('_', ' ')} {minutes:.0f}" for name, minutes in parts.items())
    return f"Exposure, p95 in minutes: {told}. Computed in {seconds:.0f} seconds."


def _small_print() -> str:
    return (
        f"Steps of {STEP_MINUTES} minutes; {WARM_UP_DAYS} days of running in are not measured. Demand is generated:"
        " 0.02 to 300 units a day and SKU, Poisson around curves of the hour and the weekday, a season, chance of"
        " the day, promotions of 1 to 5 days at 3 to 10 times the usual, orders of 1 to 3 units. Two marketplaces"
        " and, for three SKUs in four, another channel take from one pool; receipts every 5 to 21 days fill up to"
        " 0.6 to 1.35 of what will be wanted. Oversold: units ordered at Amazon when none was left. Lost hours:"
        " hours in which a listing showed zero although a unit lay there. Kept back: units in all buffers, mean"
        " over time. Exceeded: how often, while units lay there, what was wanted unseen until the next number was"
        " in effect was more than the buffer (every 35 minutes, by SKU); stated: the odds it was made for. At equal"
        " lost hours: the strictest of the odds above that lost no more. A percentage above 0 never offers a last"
        f" unit. Rules of domain/demand.py with a prior of {PRIOR:g}, trust {TRUST:g}, cover {COVER:g}."
    )
