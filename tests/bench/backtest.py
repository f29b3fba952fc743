"""Buffers side by side on a generated year of demand: `python -m tests.bench buffers`.

The adaptive buffer is that of domain/demand.py and domain/buffers.py, at several odds, beside percentages of what
is available. Needs no PostgreSQL and no Prefect.
"""

import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from domain.stock.demand import COVER, PRIOR, TRUST, Exposure
from tests.bench.shown import met
from tests.bench.stock_delays import delays
from tests.bench.stock_year import BANDS, WARM_UP_DAYS, Outcome, Policy, simulate
from tests.bench.trade_year import STEP_MINUTES, market

SKUS, SEED = 220, 1
PERCENTS = (0, 2, 5, 10)
ODDS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
POLICIES = (*(Policy(percent=one) for one in PERCENTS), *(Policy(odds=one) for one in ODDS))
PARTS = ("order_age", "snapshot_age", "planning", "publish", "effective")
# By what the warehouse does: minutes between two counts, and days that are traded.
HABITS = {"a count every hour": (60, 365), "a count every day": (24 * 60, 120)}


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
    for words, (minutes, days) in HABITS.items():
        console.print(f"{days} days of {SKUS} SKUs under {len(POLICIES)} buffers, {words}", style="dim")
        started, traded = time.process_time(), market(SKUS, WARM_UP_DAYS + days, SEED)
        outcome = simulate(traded, POLICIES, delays(traded.days, SEED, minutes))
        console.print(_all(outcome, words))
        console.print(_equal(outcome, words))
        console.print(_exposed(outcome.exposure) + _promoted(outcome), style="dim")
        console.print(f"{time.process_time() - started:.0f} seconds of processor time.", style="dim")
    console.print(_small_print(), style="dim")


def _all(outcome: Outcome, words: str) -> Table:
    low, high = BANDS
    bands = (f"<{low:g} a day", f"to {high:g}", f">{high:g}")
    table = _numbers(words, "oversold", "lost hours", "sold, k", "kept back", "exceeded", *bands, "odds")
    for place, policy in enumerate(outcome.policies):
        by_band = outcome.exceeded[:, place] / outcome.checked[:, place]
        whole = outcome.exceeded[:, place].sum() / outcome.checked[:, place].sum()
        table.add_row(
            _name(policy),
            f"{outcome.oversold[place]:,}",
            f"{outcome.lost_hours[place]:,.0f}",
            f"{outcome.sold[place] / 1000:,.1f}",
            f"{outcome.held[place]:,.0f}",
            f"{whole:.2%}",
            *(f"{share:.2%}" for share in by_band),
            "" if policy.odds is None else met(bool(by_band.max() <= policy.odds)),
        )
    return table


def _equal(outcome: Outcome, words: str) -> Table:
    columns = ("oversold", "lost hours", "adaptive", "oversold", "lost hours", "ratio", "no more")
    table = _numbers("at equal lost hours", *columns)
    for match in matches(outcome):
        theirs, ours = int(outcome.oversold[match.fixed]), oversold_at_equal_hours(outcome, match)
        place = 0 if match.adaptive is None else match.adaptive
        table.add_row(
            _name(outcome.policies[match.fixed]),
            f"{theirs:,}",
            f"{outcome.lost_hours[match.fixed]:,.0f}",
            "none" if match.adaptive is None else _name(outcome.policies[place]),
            f"{ours:,}",
            f"{outcome.lost_hours[place]:,.0f}",
            f"{ours / theirs:.3f}" if theirs else "-",
            met(ours <= theirs),
        )
    return table


def _numbers(first: str, *columns: str) -> Table:
    table = Table(first, *columns)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _name(policy: Policy) -> str:
    return f"{policy.percent} %" if policy.odds is None else f"odds {policy.odds:.1%}"


def _exposed(exposure: Exposure) -> str:
    parts = {name: getattr(exposure, name).total_seconds() / 60 for name in PARTS}
    told = ", ".join(f"{name.replace('_', ' ')} {minutes:.0f}" for name, minutes in parts.items())
    return f"Exposure, p95 in minutes: {told}."


def _promoted(outcome: Outcome) -> str:
    """How the strictest odds held while promotions ran, which begin unannounced, and otherwise."""
    exceeded, checked = outcome.exceeded[:, -1].sum(), outcome.checked[:, -1].sum()
    more, looks = outcome.exceeded_promoted[-1], outcome.checked_promoted[-1]
    return (
        f" At {_name(outcome.policies[-1])} the buffer was exceeded {more / looks:.2%} of the time in promotions,"
        f" which begin unannounced, and {(exceeded - more) / (checked - looks):.3%} of all other time."
    )


def _small_print() -> str:
    return (
        f"Steps of {STEP_MINUTES} minutes; {WARM_UP_DAYS} days of running in are not measured. Demand is generated:"
        " 0.02 to 300 units a day and SKU, Poisson around curves of the hour and the weekday, a season, chance of"
        " the day, promotions of 1 to 5 days at 3 to 10 times the usual, orders of 1 to 3 units. Two marketplaces"
        " and, for three SKUs in four, another channel take from one pool; receipts every 5 to 21 days fill up to"
        " 0.6 to 1.35 of what will be wanted. Oversold: units ordered at Amazon when none was left. Lost hours:"
        " hours in which a listing showed zero although a unit lay there. Sold: thousands of units, at Amazon. Kept"
        " back: units in all buffers, mean over time. Exceeded: how often, while units lay there, more was wanted"
        " unseen until the next number was in effect than the buffer held (looked at every 35 minutes), of all SKUs"
        " and by the units a day that a SKU sells; odds: met when none of these is above the odds stated. At equal"
        " lost hours: the strictest of the odds above that lost no more. A percentage above 0 never offers a last"
        f" unit. Rules of domain/demand.py with a prior of {PRIOR:g}, trust {TRUST:g}, cover {COVER:g}."
    )
