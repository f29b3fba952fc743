"""How many units may be offered: never more than is there, never less than is free."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter

from domain.maps import Component
from domain.ranges import LARGEST
from domain.stock.buffers import adaptive_buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferRule:
    """What the seller keeps back of one listing: units, percent of available, and the share offered.

    `fixed` is in units of the seller SKU. `percent` is 0 to 100 of available. `share` is 0 to 1 of the pool.
    `odds`, between 0 and 1, asks for a buffer that demand exceeds no more often than that while a number is on
    its way; None: no such buffer. `peak`: the rule is one of peak mode, and the sentence of the offer says so.
    """

    fixed: int = 0
    percent: float = 0.0
    share: float = 1.0
    odds: float | None = None
    peak: bool = False


@lru_cache(maxsize=1024)  # few rules hold for many listings
def stretched(rule: BufferRule, times: float) -> BufferRule:
    """What is kept back while numbers are exposed so many times as long, from 1 on, as the seller reckoned with.

    What was chosen in units or percent grows with the time, as far as numbers are kept. An adaptive buffer knows
    the exposure by itself, and where nothing is kept back nothing grows.
    """
    fixed = min(LARGEST, math.ceil(rule.fixed * Fraction(times)))
    percent = float(min(Fraction(100), _as_written(rule.percent) * Fraction(times)))
    return replace(rule, fixed=fixed, percent=percent, peak=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRule:
    """What the seller says of the offer of one listing, whatever is in stock.

    `cap` is the most units that are shown, None: no cap. `warehouses` are those whose counts are summed, by the
    name they count under; empty: all of the connection. `stopped`: nothing is offered until somebody starts it.
    """

    cap: int | None = None
    warehouses: tuple[str, ...] = ()
    stopped: bool = False


NO_TERMS = OfferRule()


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


class Keeper(StrEnum):
    """Which of the buffers keeps units back: the largest one decides."""

    NONE = ""
    FIXED = "fixed"
    PERCENT = "percent"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """How the offered units of one listing came about, in units of the seller SKU.

    Printing one explains itself; `limiting_sku` is the component that allows least. `expected` is its demand
    while a number is on its way. `peak`: its buffer is one of peak mode. `limits` are what lowered the number
    further, each with the number it left.
    """

    available: int
    reserved: int
    buffer: int
    publishable: int
    limiting_sku: str = field(default="")
    keeper: Keeper = Keeper.NONE
    share: float = 1.0
    expected: float = 0.0
    peak: bool = False
    limits: tuple[str, ...] = ()

    def explain(self) -> str:
        """The number in one line of plain words; the last number is the one that is published."""
        part = "" if self.share == 1 else f", {_percent(self.share)} of the rest"
        mode = " in peak mode" if self.peak else ""
        told = (
            f"{self.available} available, {self.reserved} in orders the warehouse had not seen,"
            f" {self.buffer} buffer{mode}{part}"
        )
        return "; ".join((told, *self.limits)) if self.limits else f"{told}: {self.publishable}"


def publishable(
    parts: Sequence[Component], pools: Mapping[str, Pool], rule: BufferRule, terms: OfferRule = NO_TERMS
) -> Offer | None:
    """The units of one listing that may be offered; None when a component was never counted.

    A kit is worth what its scarcest component allows. A SKU that was never counted is not zero: it is
    unknown, and what is offered for it is left alone; only a stop needs no count.
    """
    if len(parts) == 1 and parts[0].warehouse_sku in pools:  # nearly all of a large catalog
        offer = _offer(parts[0], pools[parts[0].warehouse_sku], rule)
    elif not parts or any(part.warehouse_sku not in pools for part in parts):
        return STOPPED if terms.stopped else None
    else:
        offers = [_offer(part, pools[part.warehouse_sku], rule) for part in parts]
        offer = min(offers, key=lambda one: one.publishable)
    return _on_terms(offer, terms) if terms is not NO_TERMS else offer


def held_down(offer: Offer, doubts: Iterable[str], last: int | None) -> Offer | None:
    """The offer while a count is doubted: never above the `last` units that were offered.

    None when nothing is known to go down from: then the listing is left alone.
    """
    doubt = next((one for one in doubts if one), "")
    if not doubt:
        return offer
    if last is None:
        return None if offer.publishable else offer
    if offer.publishable <= last:
        return offer
    return _lowered(offer, last, f"it only goes down, because {doubt}: {last}")


def less_unread(offer: Offer, unread: int) -> Offer:
    """The offer less units that Amazon sold and we have not read of: publishing them would sell them twice."""
    if unread <= 0 or not offer.publishable:
        return offer
    units = max(0, offer.publishable - unread)
    return _lowered(offer, units, f"{unread} sold at Amazon and not read yet: {units}")


def doubts(parts: Sequence[Component], pools: Mapping[str, Pool]) -> list[str]:
    """Why the counts of a listing's components are not believed, as far as they are not."""
    found = [pools[part.warehouse_sku].doubt for part in parts if part.warehouse_sku in pools]
    return [doubt for doubt in found if doubt]


def _offer(part: Component, pool: Pool, rule: BufferRule) -> Offer:
    per = part.units
    # No number is larger than the ledger keeps: one absurd count or map row must not keep others from their turn.
    available = min(LARGEST, pool.available // per) if pool.available > 0 else 0
    reserved = min(LARGEST, -(-pool.reserved // per))
    buffer, keeper = _buffer(rule, available, pool.expected / per if per > 1 else pool.expected)
    units = (pool.available - pool.reserved) // per - buffer
    if rule.share != 1:
        units = math.floor(_as_written(rule.share) * units)
    return Offer(
        available=available,
        reserved=reserved,
        buffer=buffer,
        publishable=min(LARGEST, max(0, units)),
        limiting_sku=part.warehouse_sku,
        keeper=keeper,
        share=rule.share,
        expected=pool.expected / per,
        peak=rule.peak,
    )


def _buffer(rule: BufferRule, available: int, expected: float) -> tuple[int, Keeper]:
    """The largest of the three buffers, in units of the seller SKU, and which one it is."""
    units, keeper = rule.fixed, Keeper.FIXED if rule.fixed else Keeper.NONE
    if rule.percent:
        percent = math.ceil(available * _as_written(rule.percent) / 100)
        units, keeper = max((units, keeper), (percent, Keeper.PERCENT), key=itemgetter(0))
    if rule.odds is not None and expected > 0:
        adaptive = adaptive_buffer(expected, rule.odds)
        units, keeper = max((units, keeper), (adaptive, Keeper.ADAPTIVE), key=itemgetter(0))
    return min(LARGEST, units), keeper


def _on_terms(offer: Offer, terms: OfferRule) -> Offer:
    if terms.stopped:
        return _lowered(offer, 0, "stopped by a person: 0")
    if terms.cap is not None and offer.publishable > terms.cap:
        return _lowered(offer, terms.cap, f"at most {terms.cap} are shown: {terms.cap}")
    return offer


def _lowered(offer: Offer, units: int, why: str) -> Offer:
    """The offer with a number that is no larger; the sentence keeps what it would have been."""
    before = offer.limits or (f"that leaves {offer.publishable}",)
    return replace(offer, publishable=units, limits=(*before, why))


def _percent(share: float) -> str:
    return f"{float(_as_written(share) * 100):g} %"


@lru_cache(maxsize=1024)  # a seller writes few numbers, and they hold for many listings
def _as_written(number: float) -> Fraction:
    """Exactly what the seller wrote: in binary, 0.7 of 90 is a little less than 63."""
    return Fraction(str(number))


# What nobody counted yet and somebody stopped all the same.
STOPPED = Offer(available=0, reserved=0, buffer=0, publishable=0, limits=("stopped by a person: 0",))
