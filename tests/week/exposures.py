"""How often more was taken unseen than a buffer keeps back, beside the odds that the house states.

An exposure is the time from the planning of a quantity until the next one is in effect, each by Amazon's own
moments. Unseen in it is what the other channel took since the count that the house believed, and what Amazon sold
since the last order that the house had read; what Amazon took off the listing itself, because its quantity was in
effect already, is not.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from tests.week.history import History, Listing, known_until
from tests.week.script import HOUR, CountKind

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """`counted`: exposures with something on offer. `exceeded`: more was taken unseen than was kept back.

    `busiest` is the share exceeded in the tenth of the listings that sold most. `oversold`: something was sold in
    it that was not there. Lost hours are of listings that could have been sold and were offered as zero.
    """

    counted: int
    exceeded: int
    busiest: float
    oversold: int
    lost_hours: float
    sellable_hours: float

    @property
    def share(self) -> float:
        """Of the exposures, those in which the buffer did not suffice (0 to 1)."""
        return self.exceeded / max(1, self.counted)


def exposures(history: History, verdicts: Sequence[str] = ()) -> Exposures:
    """Every listing at every run of the house; `verdicts` are what it made of each count."""
    offered, sellable = np.stack(history.offered), np.stack(history.sellable)
    on_offer = (offered[:-1] > 0) | (offered[1:] > 0)
    unseen = _Unseen(history, verdicts)
    exceeded = [
        int((unseen.beyond(at, listing, history) & on_offer[:, at]).sum())
        for at, listing in enumerate(history.listings)
    ]
    busiest = _busiest(history)
    hours = (history.syncs[1] - history.syncs[0]) / HOUR
    return Exposures(
        counted=int(on_offer.sum()),
        exceeded=sum(exceeded),
        busiest=sum(exceeded[at] for at in busiest) / max(1, int(on_offer[:, busiest].sum())),
        oversold=_oversold(history),
        lost_hours=float(((offered == 0) & sellable).sum() * hours),
        sellable_hours=float(sellable.sum() * hours),
    )


class _Taken:
    """Units over time."""

    def __init__(self, events: list[tuple[float, int]]) -> None:
        events = sorted(events)
        self._at = np.array([at for at, _ in events])
        self._sum = np.cumsum([0, *(units for _, units in events)])

    def between(self, start: Numbers, end: Numbers) -> Numbers:
        found: Numbers = self._until(end) - self._until(start)
        return found

    def _until(self, moments: Numbers) -> Numbers:
        found: Numbers = self._sum[np.searchsorted(self._at, moments, side="right")]
        return found


class _Unseen:
    """What was taken of a listing's parts in each exposure, and nobody could have told."""

    def __init__(self, history: History, verdicts: Sequence[str]) -> None:
        starts = history.syncs[:-1]
        self._in_effect, self._kept = np.stack(history.in_effect), np.stack(history.kept)
        self._counted = np.array([_last_count(history, verdicts, at) for at in starts])
        self._read = np.array([known_until(at) for at in starts])
        sold: dict[str, list[tuple[float, int]]] = defaultdict(list)
        own: dict[Listing, list[tuple[float, int]]] = defaultdict(list)
        for sale in history.sales:
            own[sale.listing].append((sale.at, sale.units))
            for part in sale.parts:
                sold[part.warehouse_sku].append((sale.at, part.units * sale.units))
        self._sold = {sku: _Taken(events) for sku, events in sold.items()}
        self._own = {listing: _Taken(events) for listing, events in own.items()}
        self._drained = {sku: _Taken(events) for sku, events in history.drained.items()}

    def beyond(self, at: int, listing: Listing, history: History) -> npt.NDArray[np.bool_]:
        """In which exposures more was taken of the listing at a place than was kept back of it.

        Of a kit every part is asked, also one of which there is plenty: that says more often yes than is true.
        """
        begins, ends = self._in_effect[:-1, at], self._in_effect[1:, at]
        own = self._own[listing].between(begins, ends) if listing in self._own else 0
        found = np.zeros(len(ends), dtype=bool)
        for part in history.parts[listing[0]]:
            taken: Numbers = np.zeros(len(ends))
            if part.warehouse_sku in self._sold:
                taken = taken + self._sold[part.warehouse_sku].between(self._read, ends)
            if part.warehouse_sku in self._drained:
                taken = taken + self._drained[part.warehouse_sku].between(self._counted, ends)
            found |= taken - part.units * own > part.units * self._kept[:-1, at]
        return found


def _last_count(history: History, verdicts: Sequence[str], moment: float) -> float:
    """When the newest good count was taken that had come by a moment, and that the house did not hold."""
    told = zip_longest(history.counts, verdicts)
    good = [
        one.at
        for one, verdict in told
        if one.kind is CountKind.GOOD and one.arrives <= moment and verdict != "HELD"
    ]
    return max(good, default=moment)


def _busiest(history: History) -> list[int]:
    """The places of the tenth of the listings that sold most."""
    sold: Counter[Listing] = Counter()
    for sale in history.sales:
        sold[sale.listing] += sale.units
    places = sorted(range(len(history.listings)), key=lambda at: -sold[history.listings[at]])
    return places[: max(1, len(places) // 10)]


def _oversold(history: History) -> int:
    """Exposures in which something was sold that was not there."""
    return len({(sale.listing, bisect_right(history.syncs, sale.at)) for sale in history.oversold})
