"""How many units may be offered: never more than is there, never less than is free."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from domain.maps import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferRule:
    """What the seller keeps back of one listing: units, percent of available, and the share offered.

    `fixed` is in units of the seller SKU. `percent` is 0 to 100 of available. `share` is 0 to 1 of the pool.
    `odds`, between 0 and 1, asks for a buffer that demand exceeds no more often than that while a number is on
    its way; None: no such buffer.
    """

    fixed: int = 0
    percent: float = 0.0
    share: float = 1.0
    odds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRule:
    """What the seller says of the offer of one listing, whatever is in stock.

    `cap` is the most units that are shown, None: no cap. `warehouses` are those whose counts are summed, by the
    name they count under; empty: all of the connection. `stopped`: nothing is offered until somebody starts it.
    """

    cap: int | None = None
    warehouses: tuple[str, ...] = ()
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One warehouse SKU: what the warehouse could promise at `as_of`, and what it could not know of.

    `expected` is the mean of the units that will be taken, unseen by us, before a number published now is in
    effect and has been replaced by the next one. `doubt` is why the newest count is not believed, in plain words;
    while there is one, what is offered only goes down.
    """

    available: int
    reserved: int
    expected: float = 0.0
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """How the offered units of one listing came about, in units of the seller SKU.

    Printing one explains itself; `limiting_sku` is the component that allows least.
    """

    available: int
    reserved: int
    buffer: int
    publishable: int
    limiting_sku: str = field(default="")

    def explain(self) -> str:
        """The number in one line of plain words."""
        return (
            f"{self.available} available, {self.reserved} in orders the warehouse had not seen,"
            f" {self.buffer} buffer: {self.publishable}"
        )


def publishable(parts: Sequence[Component], pools: Mapping[str, Pool], rule: BufferRule) -> Offer | None:
    """The units of one listing that may be offered; None when a component was never counted.

    A kit is worth what its scarcest component allows. A SKU that was never counted is not zero: it is
    unknown, and what is offered for it is left alone.
    """
    if not parts or any(part.warehouse_sku not in pools for part in parts):
        return None
    offers = [_offer(part, pools[part.warehouse_sku], rule) for part in parts]
    return min(offers, key=lambda offer: offer.publishable)


def _offer(part: Component, pool: Pool, rule: BufferRule) -> Offer:
    available = pool.available // part.units if pool.available > 0 else 0
    reserved = math.ceil(pool.reserved / part.units)
    free = (pool.available - pool.reserved) // part.units
    percent, share = _as_written(rule.percent), _as_written(rule.share)
    buffer = max(rule.fixed, math.ceil(available * percent / 100))
    units = max(0, math.floor(share * (free - buffer)))
    return Offer(
        available=available,
        reserved=reserved,
        buffer=buffer,
        publishable=units,
        limiting_sku=part.warehouse_sku,
    )


@lru_cache(maxsize=1024)  # a seller writes few numbers, and they hold for many listings
def _as_written(number: float) -> Fraction:
    """Exactly what the seller wrote: in binary, 0.7 of 90 is a little less than 63."""
    return Fraction(str(number))
