"""Who is to blame for an oversold unit: the house, or time.

The yardstick is a house that makes the same runs at the same times and knows everything that can be known at each:
it tells good counts from bad ones, has every order that Amazon shows, and publishes exactly what is left. Units
that even this house would have sold are UNAVOIDABLE: they went to buyers of whom nobody could know yet. The rest is
AVOIDABLE. Keeping something back is not asked of it: what a buffer prevents is measured against its odds.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tests.week.history import Arrived, History, Listing, Sale, known_until
from tests.week.script import CountKind
from tests.week.strangers import lag

ALLOWED = 60.0  # seconds that the calls of one run may take, one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """An oversold line, split."""

    sale: Sale
    avoidable: int
    unavoidable: int


class Judge:
    """Splits what was oversold in a played week."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._good = sorted(
            (count for count in history.counts if count.kind is CountKind.GOOD), key=lambda count: -count.at
        )
        self._of_shelf: dict[str, list[tuple[Sale, int]]] = defaultdict(list)
        self._of_listing: dict[Listing, list[Sale]] = defaultdict(list)
        for sale in history.sales:
            self._of_listing[sale.listing].append(sale)
            for part in sale.parts:
                self._of_shelf[part.warehouse_sku].append((sale, part.units * sale.units))

    def blames(self) -> list[Blame]:
        """Every oversold line with its split."""
        return [self._split(sale) for sale in self._history.oversold]

    def knowable(self, listing: Listing, moment: float) -> int:
        """Units of a listing that a house could know to be free at one of its runs."""
        parts = self._history.parts[listing[0]]
        return max(0, min(self._free(part.warehouse_sku, moment) // part.units for part in parts))

    def _split(self, sale: Sale) -> Blame:
        best = max((self._best(sale, run) for run in self._runs(sale)), default=sale.units)
        unavoidable = max(0, min(sale.units, best) - sale.fillable)
        return Blame(sale=sale, avoidable=sale.oversold - unavoidable, unavoidable=unavoidable)

    def _runs(self, sale: Sale) -> Iterable[float]:
        """The runs whose quantity may have been the one in effect when a buyer came."""
        syncs = self._history.syncs
        for at in range(bisect_left(syncs, sale.at) - 1, -1, -1):
            run = syncs[at]
            own = lag(*sale.listing, run)
            if run + own <= sale.at:
                yield run
            if run + own + ALLOWED <= sale.at:
                return

    def _best(self, sale: Sale, run: float) -> int:
        """What the yardstick would have offered this buyer with the quantity of a run of its."""
        effective = run + lag(*sale.listing, run)
        units = self.knowable(sale.listing, run)
        for other in self._of_listing[sale.listing]:
            if effective <= other.at < sale.at:
                units -= other.units
            if (
                other.canceled_at is not None
                and effective <= other.canceled_at < sale.at
                and other is not sale
            ):
                units += other.units
        return units

    def _free(self, sku: str, moment: float) -> int:
        count = self._newest(moment)
        if count is None or sku not in count.rows:
            return 10**9
        seen = known_until(moment)
        spoken_for = 0
        for sale, units in self._of_shelf[sku]:
            if sale.at > seen:
                break
            gone = sale.canceled_at is not None and sale.canceled_at <= seen
            in_count = sale.accepted_at is not None and sale.accepted_at <= count.at
            spoken_for += 0 if gone or in_count else units
        return count.rows[sku] - spoken_for

    def _newest(self, moment: float) -> Arrived | None:
        return next((count for count in self._good if count.arrives <= moment), None)
