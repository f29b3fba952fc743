"""What really happened in a played week: the truth that no house sees whole, kept for the judge."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from domain.maps import Component
from tests.week.script import MINUTE, CountKind

HELD_BACK = 2 * MINUTE  # Amazon shows no change that is younger
INGEST_EVERY, SYNC_EVERY = 3 * MINUTE, 5 * MINUTE

Listing = tuple[str, str]  # seller SKU, marketplace


@dataclass(slots=True, kw_only=True)
class Sale:
    """One line of an order at Amazon; when it was placed, `fillable` units of it were there and not sold yet."""

    order_id: str
    at: float
    listing: Listing
    units: int
    fillable: int
    parts: tuple[Component, ...]
    canceled_at: float | None = None
    accepted_at: float | None = None  # when the warehouse set it aside

    @property
    def oversold(self) -> int:
        """Units that were sold and not there, of the seller SKU."""
        return self.units - self.fillable


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A count as it came. `rows` are available units by warehouse SKU, of those that it holds."""

    at: float
    arrives: float
    kind: CountKind
    rows: dict[str, int]
    warehouse: str = "W1"


@dataclass(slots=True, kw_only=True)
class History:
    """A played week. Times are seconds from its start.

    `drained` are (moment, units) that the other channel took of each warehouse SKU. The samples are taken after
    each sync: per listing the units in effect, whether one could have been filled, the units that the house keeps
    back, and the moment from which its newest number is in effect.
    """

    listings: list[Listing]
    parts: dict[str, tuple[Component, ...]]
    end: float
    sales: list[Sale] = field(default_factory=list)
    wanted: int = 0  # units that buyers wanted at Amazon
    drained: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    drained_twice: int = 0  # of these, units that Amazon had sold already
    counts: list[Arrived] = field(default_factory=list)  # in the order in which they came
    syncs: list[float] = field(default_factory=list)
    offered: list[npt.NDArray[np.int32]] = field(default_factory=list)
    sellable: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    kept: list[npt.NDArray[np.int32]] = field(default_factory=list)
    in_effect: list[npt.NDArray[np.float64]] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def oversold(self) -> list[Sale]:
        """Lines that were sold and could not be filled whole."""
        return [sale for sale in self.sales if sale.oversold > 0]


def known_until(moment: float) -> float:
    """The last change at Amazon that a house can have read at a moment, with the reads that it makes."""
    return moment // INGEST_EVERY * INGEST_EVERY - HELD_BACK
