"""One physical pool per SKU through a generated year, under several buffers side by side.

Two marketplaces and another channel sell from the pool. What the ledger knows is late: orders are read, counts
arrive and numbers take effect after the delays of `Delays`. All arrays have the SKUs first, then the policies.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from domain.stock.demand import WINDOWS, DayCurve, Exposure, Outlook, curve_of, outlook
from tests.bench.stock_delays import STEP, Counts, Delays
from tests.bench.trade_year import STEPS_A_DAY, STEPS_AN_HOUR, Market
from tests.bench.vector_rules import BufferTable, Windows, covered_rates

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WARM_UP_DAYS = 28  # nothing is measured until the longest window is full
_CHECKED_EVERY = 7  # steps: how often a buffer is held against what came
BANDS = (1.0, 20.0)  # units a day that part slow, middling and fast SKUs


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One buffer for all SKUs: a percentage of what is available, or the adaptive one at some odds."""

    percent: int = 0
    odds: float | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What each policy did. `exceeded` and `checked` are by (slow, middling, fast), then policy."""

    policies: tuple[Policy, ...]
    sold: Counts
    oversold: Counts
    lost_hours: NDArray[np.float64]
    held: NDArray[np.float64]  # units in the buffers, mean over time and summed over SKUs
    exceeded: Counts
    checked: Counts
    exceeded_promoted: Counts
    checked_promoted: Counts
    exposure: Exposure


@dataclass(slots=True)
class _State:
    """The pools and offers of one run."""

    stock: Counts
    shown: Counts
    published: Counts
    amazon: Counts
    other: Counts
    received: Counts
    on_way: deque[tuple[int, NDArray[np.bool_], Counts]] = field(default_factory=deque)


def simulate(traded: Market, policies: Sequence[Policy], late: Delays) -> Outcome:
    """Trade the whole market under every policy at once, on the same demand and the same delays."""
    return _Run(traded, tuple(policies), late).outcome()


class _Run:
    def __init__(self, traded: Market, policies: tuple[Policy, ...], late: Delays) -> None:
        self.traded, self.policies, self.late = traded, policies, late
        adaptive = [number for number, policy in enumerate(policies) if policy.odds is not None]
        self.fixed = len(policies) - len(adaptive)
        assert adaptive == list(range(self.fixed, len(policies))), "fixed policies come first"
        self.percents = np.array([policy.percent for policy in policies])
        self.table = BufferTable([policy.odds for policy in policies if policy.odds is not None])
        skus, many = len(traded.daily), len(policies)
        shape = (skus, many)
        stock = np.repeat(traded.stocked[:, :1], many, axis=1).astype(np.int64)
        zero = np.zeros(shape, np.int64)
        self.now = _State(
            stock, np.zeros((2, *shape), np.int64), np.full(shape, -1), zero.copy(), zero.copy(), stock.copy()
        )
        self.orders = Windows((skus, len(adaptive)))
        self.drains = Windows((skus, len(adaptive)))
        self.ordered: deque[Counts] = deque(maxlen=64)  # cumulated orders of the last steps, newest last
        self.counts: deque[tuple[int, Counts, Counts]] = deque([(-1, stock.copy(), zero)])
        self.by_hour: deque[int] = deque(maxlen=WINDOWS[-1])
        self.band = np.digitize(traded.daily, BANDS)
        self.wanted: deque[tuple[Counts, Counts]] = deque(maxlen=10 * STEPS_A_DAY)
        self.open_checks: deque[tuple[int, Counts, Counts, NDArray[np.bool_]]] = deque()
        self.result = Outcome(
            policies=policies,
            sold=np.zeros(many, np.int64),
            oversold=np.zeros(many, np.int64),
            lost_hours=np.zeros(many),
            held=np.zeros(many),
            exceeded=np.zeros((3, many), np.int64),
            checked=np.zeros((3, many), np.int64),
            exceeded_promoted=np.zeros(many, np.int64),
            checked_promoted=np.zeros(many, np.int64),
            exposure=late.exposure,
        )

    def outcome(self) -> Outcome:
        """Every step of every day."""
        self.read_until, self.counted_at = -1, -1
        self.total_orders = np.zeros(len(self.traded.daily), np.int64)
        self.total_other = np.zeros(len(self.traded.daily), np.int64)
        for day, wanted in enumerate(self.traded.demand()):
            self._receive(day)
            by_step = np.ascontiguousarray(np.moveaxis(wanted, 2, 0))
            for place, units in enumerate(by_step):
                self._step(day * STEPS_A_DAY + place, units.astype(np.int64))
        steps = (self.traded.days - WARM_UP_DAYS) * STEPS_A_DAY
        self.result.held /= max(1, steps)
        return self.result

    def _step(self, step: int, wanted: Counts) -> None:
        measured = step >= WARM_UP_DAYS * STEPS_A_DAY
        self._take_effect(step)
        self._sell(wanted, measured)
        self._learn(step, wanted)
        buffers = self._buffers(step)
        if measured:
            self.result.held += buffers.sum(axis=0)
            self._check(step, buffers)
        self._publish(step, buffers)

    def _receive(self, day: int) -> None:
        due = (day % self.traded.every == 0)[:, None]
        now = self.now
        missing = np.where(due, np.maximum(0, self.traded.stocked[:, day, None] - now.stock), 0).astype(
            np.int64
        )
        now.stock += missing
        now.received += missing

    def _take_effect(self, step: int) -> None:
        while self.now.on_way and self.now.on_way[0][0] <= step:
            _, changed, units = self.now.on_way.popleft()
            np.copyto(self.now.shown, units, where=changed)

    def _sell(self, wanted: Counts, measured: bool) -> None:
        now = self.now
        physical = np.maximum(now.stock, 0)
        elsewhere = np.minimum(wanted[:, 2, None], physical)
        ordered = np.minimum(wanted[:, :2].T[:, :, None], now.shown)
        now.shown -= ordered
        at_amazon = ordered[0] + ordered[1]
        now.other += elsewhere
        now.amazon += at_amazon
        physical -= elsewhere
        now.stock -= elsewhere
        now.stock -= at_amazon
        if measured:
            result = self.result
            result.sold += at_amazon.sum(axis=0)
            result.oversold += np.maximum(at_amazon - physical, 0).sum(axis=0)
            sellable = now.stock > 0
            hidden = ((now.shown[0] == 0) & sellable).sum(axis=0) + ((now.shown[1] == 0) & sellable).sum(
                axis=0
            )
            result.lost_hours += hidden / STEPS_AN_HOUR

    def _learn(self, step: int, wanted: Counts) -> None:
        """Read orders and receive counts as far as they have come."""
        now, late = self.now, self.late
        self.total_orders = self.total_orders + wanted[:, 0] + wanted[:, 1]
        self.total_other = self.total_other + wanted[:, 2]
        self.wanted.append((self.total_orders, self.total_other))
        if step % STEPS_AN_HOUR == 0 and step:
            self.orders.next_hour()
            self.drains.next_hour()
            self.by_hour.append(0)
        self.ordered.append(now.amazon.copy())
        before, self.read_until = self.read_until, int(late.read[step])
        if self.read_until > before:
            new = self._orders_until(step, self.read_until) - self._orders_until(step, before)
            self.orders.add(new[:, self.fixed :])
            if self.by_hour:
                self.by_hour[-1] += int(new[:, 0].sum())
        self.counts.append((step, now.received - now.other, self._orders_read(step)))
        if late.counted[step] > self.counted_at:
            known = self.counts[0][1]
            self.counted_at = int(late.counted[step])
            while self.counts[0][0] < self.counted_at:
                self.counts.popleft()
            fell = np.maximum(known - self.counts[0][1], 0)
            self.drains.add(fell[:, self.fixed :])

    def _orders_read(self, step: int) -> Counts:
        return self._orders_until(step, self.read_until)

    def _orders_until(self, step: int, until: int) -> Counts:
        back = step - until
        return self.ordered[-1 - back] if until >= 0 else np.zeros_like(self.now.amazon)

    def _buffers(self, step: int) -> Counts:
        _, units, accepted = self.counts[0]
        available = np.maximum(units - accepted, 0)
        buffers = -(-available * self.percents // 100)
        buffers[:, self.fixed :] = self.table.buffers(self._means(step))
        return buffers

    def _means(self, step: int) -> NDArray[np.float64]:
        ours, theirs = self._outlooks(step)
        orders, drains = self.orders.units, self.drains.units
        mean = covered_rates(orders, ours.windows) * (ours.exposed * (orders[-1] > 0))
        mean += covered_rates(drains, theirs.windows) * (theirs.exposed * (drains[-1] > 0))
        return mean

    def _outlooks(self, step: int) -> tuple[Outlook, Outlook]:
        if step % STEPS_AN_HOUR == 0:
            hours = list(self.by_hour)
            first = (step // STEPS_AN_HOUR - len(hours) + 1) % 24
            by_hour = [sum(hours[(hour - first) % 24 :: 24]) for hour in range(24)]
            self.curve: DayCurve = curve_of(by_hour)
        moment, parts = START + step * STEP, self.late.exposure
        age = max(parts.snapshot_age, (step - self.counted_at) * STEP)  # a count that is late already
        ours = outlook(self.curve, moment, parts.order_age, parts.ahead, START)
        return ours, outlook(self.curve, moment, age, parts.ahead, START)

    def _publish(self, step: int, buffers: Counts) -> None:
        now = self.now
        units = np.maximum(self.counts[0][1] - self._orders_read(step) - buffers, 0)
        changed = units != now.published
        now.published = units
        now.on_way.append((int(self.late.effective[step]), changed, units))

    def _check(self, step: int, buffers: Counts) -> None:
        """Hold what came unseen, until the next plan's number is in effect, against the buffer."""
        if step % _CHECKED_EVERY == 0 and step + 1 < len(self.late.effective):
            until = int(self.late.effective[step + 1])
            seen = self.wanted[self.read_until - step - 1][0] + self.wanted[self.counted_at - step - 1][1]
            self.open_checks.append((until, seen, buffers, self.now.stock > 0))
        while self.open_checks and self.open_checks[0][0] <= step:
            _, seen, kept, in_stock = self.open_checks.popleft()
            came = (self.total_orders + self.total_other - seen)[:, None]
            more = (came > kept) & in_stock
            result = self.result
            for band in range(3):
                result.exceeded[band] += more[self.band == band].sum(axis=0)
                result.checked[band] += in_stock[self.band == band].sum(axis=0)
            promoted = self.traded.promoted[:, step // STEPS_A_DAY]
            result.exceeded_promoted += more[promoted].sum(axis=0)
            result.checked_promoted += in_stock[promoted].sum(axis=0)
