"""How many units will be taken before a number at Amazon is replaced: the rate of a SKU's own recent demand.

Demand is counted by the whole hour (UTC). What is normal comes from four weeks and the hours of the day; what is
going on now comes from shorter windows, each compared with what would have been normal in it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
WINDOWS = (2, 6, 24, 7 * 24, 28 * 24)  # in hours, the one that is under way included
LONGEST = WINDOWS[-1] * HOUR
# All three were chosen by calibration in the backtest, see decision 0017.
PRIOR = 0.5  # units that a SKU is credited with over the longest window: no sale is not a rate of zero
TRUST = 1.0  # units of normal demand that a window needs before it weighs as much as the normal rate
COVER = 0.5  # standard deviations of the estimate that are added, so that its error is covered
_SMOOTH = 2.0  # units that every hour of the day is credited with, so that few sales make no curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How long things stay unseen, each the 95th percentile measured, or a careful guess before there was any.

    `order_age`: from a buyer's order to the ledger. `snapshot_age`: from a count to the receipt of the next one.
    `planning`: between two plans. `publish`: from a plan to Amazon's acceptance. `effective`: from that until
    it was seen in effect. `peak`: how much longer a plan waits for the next while peak mode is on.
    """

    order_age: timedelta = timedelta(minutes=10)
    snapshot_age: timedelta = timedelta(hours=2)
    planning: timedelta = timedelta(minutes=5)
    publish: timedelta = timedelta(minutes=2)
    effective: timedelta = timedelta(minutes=15)
    peak: timedelta = timedelta(0)

    @property
    def ahead(self) -> timedelta:
        """From a plan until its number is in effect and the next plan's number has replaced it."""
        return self.planning + self.peak + self.publish + self.effective

    @property
    def stretch(self) -> float:
        """How many times as long as without peak mode a number is exposed to orders: 1 without one.

        It is rounded up to a quarter, so that buffers that follow it do not change with every measurement.
        """
        exposed = self.order_age + self.ahead
        return math.ceil(4 * (exposed / (exposed - self.peak))) / 4


@dataclass(frozen=True, slots=True)
class DayCurve:
    """How demand is spread over the hours of a day (UTC): 24 weights with a mean of 1."""

    weights: tuple[float, ...] = (1.0,) * 24

    def hours(self, since: datetime, until: datetime) -> float:
        """The time between two moments in hours of average demand: an hour at night is less than one."""
        return max(0.0, self._reached(until) - self._reached(since))

    def _reached(self, moment: datetime) -> float:
        """Hours of average demand from the epoch to a moment."""
        days, hours = divmod(moment.timestamp() / 3600, 24)
        hour = int(hours)
        return 24 * days + sum(self.weights[:hour]) + self.weights[hour] * (hours - hour)


def curve_of(units: Sequence[int]) -> DayCurve:
    """The curve of a day from units by hour of the day (24, UTC); with few of them it is nearly flat."""
    smoothed = [count + _SMOOTH + sum(units) / 24 / 20 for count in units]
    mean = sum(smoothed) / 24
    return DayCurve(tuple(count / mean for count in smoothed))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is the same for all SKUs of a plan, in hours of average demand.

    `windows` are the lengths of `WINDOWS`, 0 for one that says nothing; `exposed` is what a number published now
    is exposed to; `pace` is how much of an average hour the present one is.
    """

    windows: tuple[float, ...]
    exposed: float
    pace: float


def window_starts(now: datetime) -> tuple[datetime, ...]:
    """The hour with which each of `WINDOWS` begins."""
    under_way = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return tuple(under_way - (hours - 1) * HOUR for hours in WINDOWS)


def outlook(
    curve: DayCurve, now: datetime, unseen: timedelta, ahead: timedelta, begun: datetime | None = None
) -> Outlook:
    """What a plan at `now` looks back on and is exposed to, when sales show `unseen` after they were made.

    `begun` is when the counting of sales began, None: before the longest window. A window that is shorter than
    `unseen` has mostly not been seen yet and says nothing, unless it is the longest.
    """
    now = now.astimezone(UTC)
    lengths = [
        curve.hours(max(start, begun or start), now - unseen)
        if hours * HOUR > unseen or hours == WINDOWS[-1]
        else 0.0
        for start, hours in zip(window_starts(now), WINDOWS, strict=True)
    ]
    return Outlook(
        windows=tuple(lengths), exposed=curve.hours(now - unseen, now + ahead), pace=curve.weights[now.hour]
    )


def covered_rate(units: Sequence[float], windows: Sequence[float]) -> float:
    """Units per hour of average demand, with the error of the estimate covered.

    `units` were sold in each of `windows`. The longest says what is normal; in each window, that times a surge,
    whose prior is Gamma around 1 and which the sales of the window update. The strongest surge counts: a short
    window catches a promotion within the hour, a long one keeps it through the night.
    """
    normal = (units[-1] + PRIOR) / max(windows[-1], 1.0)
    surge = 1.0
    for count, hours in zip(units, windows, strict=True):
        if hours > 0:
            shape = TRUST + count
            surge = max(surge, (shape + COVER * math.sqrt(shape)) / (TRUST + normal * hours))
    return normal * surge


def expected_units(
    amazon: Sequence[float], others: Sequence[float], at_amazon: Outlook, elsewhere: Outlook
) -> float:
    """The mean of the units that will be taken unseen: by orders at Amazon, and through other channels.

    `amazon` and `others` are units sold in each of `WINDOWS`; a channel that sold nothing in the longest takes
    nothing.
    """
    ours = covered_rate(amazon, at_amazon.windows) * at_amazon.exposed if amazon[-1] else 0.0
    theirs = covered_rate(others, elsewhere.windows) * elsewhere.exposed if others[-1] else 0.0
    return ours + theirs
