"""The generated week: who wants what when, what is delivered, and how the warehouse's counts come and fail.

Everything here is drawn before anybody plays it, so that two houses live through the same week. Times are seconds
from its start, a Monday at midnight UTC.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from random import Random

from tests.week.catalog import Catalog, Listed, catalog, market

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
# How lively each hour of the day is (UTC), a mean hour being 1.
_CURVE = (
    25,
    15,
    10,
    8,
    8,
    12,
    30,
    60,
    95,
    115,
    120,
    120,
    125,
    120,
    115,
    115,
    120,
    135,
    165,
    195,
    205,
    180,
    120,
    60,
)
_MEAN = sum(_CURVE) / len(_CURVE)
_WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 1.3, 1.1, 1.2)  # the Friday is a black one
COUNT_EVERY = 15 * MINUTE
_PAST_DAYS = 28


class CountKind(StrEnum):
    """What a count of the warehouse is like. GOOD ones may come late; the others are not to be believed."""

    GOOD = "good"
    EMPTY = "empty"
    HALF = "half"
    CASES = "cases for pieces"
    NEGATIVE = "negative rows"
    FOREIGN = "another client's"
    OLD = "an old one again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A buyer wants units of one or two seller SKUs; what is not offered is not bought.

    `pays_after`: seconds until the payment is confirmed, 0: at once, None: never. `cancels_after`: seconds after
    which the order is canceled, None: it is not.
    """

    at: float
    market: str
    items: tuple[tuple[str, int], ...]
    pays_after: float | None = 0.0
    cancels_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Units of a warehouse SKU that the other channel wants to sell, or that are booked in."""

    at: float
    sku: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A count of the whole shelf, taken at `at` and here at `arrives`."""

    at: float
    arrives: float
    kind: CountKind = CountKind.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was wanted in the four weeks before, in units by SKU and hour; hours count from the start, below zero.

    `sold` is of seller SKUs at Amazon, `drained` of warehouse SKUs through the other channel.
    """

    sold: dict[tuple[str, int], int]
    drained: dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole week, or its first days."""

    days: int
    catalog: Catalog
    opening: dict[str, int]  # units on the shelf when it begins
    wishes: tuple[Wish, ...]
    others: tuple[Shelf, ...]
    booked_in: tuple[Shelf, ...]
    counts: tuple[Count, ...]
    past: Past

    @property
    def end(self) -> float:
        """Its last second."""
        return self.days * DAY


def script(seed: int = 4, *, days: int = 7, skus: int = 2000, orders_a_day: float = 1800.0) -> Script:
    """The same week for the same arguments."""
    chance = Random(seed)
    made = catalog(chance, skus, orders_a_day)
    end = days * DAY
    wishes = [*_everyday(chance, made, end), *_bursts(chance, made, days)]
    others = _other_channel(chance, made, end)
    opening, booked_in = _stock(chance, made, end)
    counts = tuple(_counts(chance, days))
    return Script(
        days=days,
        catalog=made,
        opening=opening,
        wishes=tuple(sorted((one for one in wishes if one.at < end), key=lambda wish: wish.at)),
        others=tuple(others),
        booked_in=tuple(sorted(booked_in, key=lambda one: one.at)),
        counts=counts,
        past=_past(chance, made),
    )


def _past(chance: Random, made: Catalog) -> Past:
    """Four weeks of the same buyers, flash sales among them."""
    start = _PAST_DAYS * DAY
    wishes = (*_everyday(chance, made, start), *_bursts(chance, made, _PAST_DAYS))
    sold: Counter[tuple[str, int]] = Counter()
    for wish in wishes:
        if wish.at < start:
            for sku, units in wish.items:
                sold[sku, int((wish.at - start) // HOUR)] += units
    drained: Counter[tuple[str, int]] = Counter()
    for one in _other_channel(chance, made, start):
        drained[one.sku, int((one.at - start) // HOUR)] += one.units
    return Past(sold=dict(sold), drained=dict(drained))


def _moments(chance: Random, a_day: float, end: float) -> Iterator[float]:
    """A Poisson process that follows the day's curve and the week's."""
    for hour in range(int(end // HOUR)):
        rate = a_day / 24 * _CURVE[hour % 24] / _MEAN * _WEEKDAYS[hour // 24 % 7]
        at = chance.expovariate(rate) if rate else 1.0
        while at < 1.0:
            yield (hour + at) * HOUR
            at += chance.expovariate(rate)


def _everyday(chance: Random, made: Catalog, end: float) -> Iterator[Wish]:
    weights = list(accumulate(one.wanted for one in made.listed))
    for at in _moments(chance, weights[-1], end):
        listed = chance.choices(made.listed, cum_weights=weights, k=2 if chance.random() < 0.08 else 1)
        yield _wish(chance, at, listed)


def _bursts(chance: Random, made: Catalog, days: int) -> Iterator[Wish]:
    """Flash sales: a few a day, each of one SKU that is wanted a hundred times in half an hour."""
    popular = made.listed[2:400]
    for day in range(days):
        for _ in range(3):
            listed, start = chance.choice(popular), day * DAY + chance.uniform(8, 21) * HOUR
            length, rate = chance.uniform(15, 50) * MINUTE, chance.uniform(1, 5) / MINUTE
            at = start + chance.expovariate(rate)
            while at < start + length:
                yield _wish(chance, at, [listed])
                at += chance.expovariate(rate)


def _wish(chance: Random, at: float, listed: list[Listed]) -> Wish:
    items = {one.seller_sku: chance.choices((1, 2, 3), (82, 13, 5))[0] for one in listed}
    fate, where = chance.random(), market(chance)
    if fate < 0.10:
        return Wish(
            at=at, market=where, items=tuple(items.items()), pays_after=chance.uniform(5, 60) * MINUTE
        )
    if fate < 0.12:
        gone = chance.uniform(2, 6) * HOUR
        return Wish(at=at, market=where, items=tuple(items.items()), pays_after=None, cancels_after=gone)
    wants_out = fate < 0.15
    gone_after = chance.uniform(2, 25) * MINUTE if wants_out else None
    return Wish(at=at, market=where, items=tuple(items.items()), cancels_after=gone_after)


def _other_channel(chance: Random, made: Catalog, end: float) -> Iterator[Shelf]:
    weights = list(accumulate(made.other))
    for at in _moments(chance, weights[-1], end):
        sku = chance.choices(made.shelf, cum_weights=weights)[0]
        yield Shelf(at=at, sku=sku, units=chance.choices((1, 2, 4), (85, 12, 3))[0])


def _stock(chance: Random, made: Catalog, end: float) -> tuple[dict[str, int], list[Shelf]]:
    """What is there at first, and deliveries in working hours that are never quite enough."""
    opening, booked_in = {}, []
    for sku, a_day in made.drain().items():
        opening[sku] = round(a_day * chance.uniform(0.2, 4)) + chance.choice((0, 1, 2, 4))
        every = chance.uniform(1, 4)
        at = chance.uniform(0, every) * DAY
        while at < end:
            hour = chance.uniform(6, 16) * HOUR
            units = round(a_day * every * chance.uniform(0.5, 1.2) + chance.random())
            if units:
                booked_in.append(Shelf(at=at // DAY * DAY + hour, sku=sku, units=units))
            at += every * DAY
    return opening, [one for one in booked_in if one.at < end]


def _counts(chance: Random, days: int) -> Iterator[Count]:
    """A count every quarter of an hour; some are late, some hours have none, some are wrong."""
    slots = int(days * DAY // COUNT_EVERY)
    a_day = int(DAY // COUNT_EVERY)
    silent: set[int] = set()
    for day in range(0, days, 2):
        first = day * a_day + chance.randrange(a_day // 4, a_day - 20)
        silent |= set(range(first, first + chance.randrange(8, 16)))
    wrong: dict[int, CountKind] = {}
    for day in range(days):
        for kind in list(CountKind)[1:]:
            wrong |= dict.fromkeys(_free(chance, day * a_day, a_day, silent | set(wrong)), kind)
    for slot in range(slots):
        at = max(1.0, slot * COUNT_EVERY + chance.uniform(-2, 2) * MINUTE)
        late = chance.random() < 0.04
        takes = chance.uniform(20, 150) * MINUTE if late else chance.uniform(0.5, 3) * MINUTE
        kind = wrong.get(slot, CountKind.GOOD)
        if slot not in silent:
            yield Count(at=at, arrives=at + takes, kind=kind)


def _free(chance: Random, first: int, a_day: int, taken: set[int]) -> range:
    """One or two slots of a day that nothing else has happened to."""
    while True:
        start = first + chance.randrange(2, a_day - 2)
        found = range(start, start + chance.choice((1, 1, 2)))
        if not taken.intersection(found):
            return found
