"""The two strangers of the week: an Amazon with uneven delays, and a warehouse with a second channel."""

import math
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from domain.maps import Component
from sandbox.amazon.shelf import Channel, Listing
from sandbox.amazon.world import AmazonWorld
from tests.fakes.clock import VirtualClock
from tests.week.history import Arrived
from tests.week.script import HOUR, MINUTE, Count, CountKind

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
_PATCHES_A_SECOND = 5.0  # Amazon's budget for patchListingsItem: more at once take their turn
_SHORTEST, _TYPICAL, _LONGEST = 25.0, 35.0, 240.0


def moment(seconds: float) -> datetime:
    """A second of the week as a time (UTC)."""
    return MONDAY + timedelta(seconds=seconds)


def second(at: datetime) -> float:
    """A time as a second of the week."""
    return (at - MONDAY).total_seconds()


def lag(seller_sku: str, marketplace: str, sent: float) -> float:
    """Seconds that Amazon takes to put a quantity into effect, sent at that second: half a minute to four.

    The same for whatever house sends it, so that what another one could have done is known.
    """
    drawn = zlib.crc32(f"{seller_sku} {marketplace} {sent:.0f}".encode()) / 2**32
    return min(_LONGEST, _SHORTEST - _TYPICAL * math.log(1 - drawn))


class WeekAmazon(AmazonWorld):
    """The simulated Amazon whose quantities come into effect one sooner, one later."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, limits=False)
        self.queued = 0  # quantities sent in this run of a house
        self.effective_from: dict[
            tuple[str, str], float
        ] = {}  # what was sent last of each listing, in seconds

    def submit(self, listing: Listing, submitted: dict[str, Channel], *, after: float) -> None:
        """Takes in a quantity; those of one run are made one after the other, within Amazon's budget."""
        now = second(self.now())
        own = lag(listing.seller_sku, listing.marketplace_id, now)
        turn = self.queued / _PATCHES_A_SECOND
        self.queued += 1
        self.effective_from[listing.seller_sku, listing.marketplace_id] = now + own + turn
        super().submit(listing, submitted, after=own + turn)


@dataclass(slots=True, kw_only=True)
class Job:
    """An order at the warehouse, with what it takes from the shelf."""

    lines: tuple[tuple[str, int], ...]
    accept_at: float
    accepted_at: float | None = None
    stopped: bool = False


@dataclass(slots=True)
class WeekWarehouse:
    """The shelf. `free` is the truth: what nobody was sold; `available` is what the warehouse knows to be free.

    It knows of the other channel's sales at once, of Amazon's when it has accepted the order.
    """

    free: dict[str, int]
    available: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)  # by reference
    _open: dict[str, Job] = field(default_factory=dict)
    _past: list[Arrived] = field(default_factory=list)
    _chance: Random = field(default_factory=lambda: Random(99))

    def __post_init__(self) -> None:
        self.available = dict(self.free)

    def fillable(self, parts: tuple[Component, ...], units: int) -> int:
        """Of so many units of a seller SKU those that are there and nobody's."""
        return max(0, min([units, *(self.free[part.warehouse_sku] // part.units for part in parts)]))

    def take(self, parts: tuple[Component, ...], units: int) -> None:
        """A buyer at Amazon takes units; negative ones come back."""
        for part in parts:
            self.free[part.warehouse_sku] -= part.units * units

    def book_in(self, sku: str, units: int) -> None:
        """Goods arrive on the shelf."""
        self.free[sku] += units
        self.available[sku] += units

    def sell_elsewhere(self, sku: str, wanted: int) -> tuple[int, int]:
        """The other channel sells what the warehouse knows to be free: (units, those that Amazon had sold)."""
        units = max(0, min(wanted, self.available[sku]))
        twice = min(units, max(0, units - self.free[sku]))
        self.free[sku] -= units
        self.available[sku] -= units
        return units, twice

    def hand_over(self, reference: str, lines: tuple[tuple[str, int], ...], now: float) -> None:
        """An order is given to the warehouse, which needs some minutes to accept it."""
        if reference not in self.jobs:
            takes = 1 + zlib.crc32(reference.encode()) % 420 / 60
            job = Job(lines=lines, accept_at=now + takes * MINUTE)
            self.jobs[reference] = self._open[reference] = job

    def stop(self, reference: str) -> None:
        """An order is not to be shipped; what was set aside for it is free again."""
        job = self.jobs[reference]
        self._open.pop(reference, None)
        if job.accepted_at is not None and not job.stopped:
            self._set_aside(job, -1)
        job.stopped = True

    def accept_due(self, now: float) -> list[str]:
        """Accept what has waited its minutes; the references."""
        due = [reference for reference, job in self._open.items() if job.accept_at <= now]
        for reference in due:
            job = self._open.pop(reference)
            job.accepted_at = job.accept_at
            self._set_aside(job, 1)
        return due

    def count(self, planned: Count) -> Arrived:
        """Count the shelf, well or badly."""
        rows = {sku: max(0, units) for sku, units in self.available.items()}
        good = Arrived(at=planned.at, arrives=planned.arrives, kind=planned.kind, rows=rows)
        if planned.kind is CountKind.GOOD:
            self._past.append(good)
            return good
        return self._spoiled(good)

    def _spoiled(self, good: Arrived) -> Arrived:
        rows = list(good.rows.items())
        if good.kind is CountKind.EMPTY:
            return replace(good, rows={}, warehouse="")
        if good.kind is CountKind.HALF:
            return replace(good, rows=dict(rows[: len(rows) // 2]))
        if good.kind is CountKind.CASES:
            return replace(good, rows={sku: units // 12 for sku, units in rows})
        if good.kind is CountKind.FOREIGN:
            return replace(good, rows={f"ZX-{number:03}": number % 50 for number in range(600)})
        if good.kind is CountKind.NEGATIVE:
            below = set(self._chance.sample(range(len(rows)), max(1, len(rows) // 20)))
            return replace(
                good, rows={sku: -1 - units if at in below else units for at, (sku, units) in enumerate(rows)}
            )
        old = [past for past in self._past if past.at < good.at - 3 * HOUR] or self._past[:1]
        return replace(good, at=old[-1].at, rows=old[-1].rows) if old else good

    def _set_aside(self, job: Job, sign: int) -> None:
        for sku, units in job.lines:
            self.available[sku] -= sign * units
