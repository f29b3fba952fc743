"""What the generated seller sells: plain SKUs, several units of one, and kits over shared components."""

from dataclasses import dataclass
from random import Random

from domain.maps import Component
from tests.factories import DE, GB

MARKETS = (GB, DE)
_GB_SHARE = 0.6
_SKEW = 0.85  # of the demand over the SKUs, by rank: few fast movers, a long tail
_OTHER_CHANNEL = 0.45  # units the other channel sells for each one at Amazon
_MULTIPLES, _KITS = 0.08, 0.08  # shares of the seller SKUs
_OF_ITS_COMPONENT = 0.12  # demand of a multiple or a kit beside that of its first component


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One seller SKU: what it takes from the shelf, and how many buyers want one a day, over both markets."""

    seller_sku: str
    parts: tuple[Component, ...]
    wanted: float

    @property
    def is_plain(self) -> bool:
        """Whether it is the warehouse's own SKU, which needs no map."""
        return self.parts == (Component(warehouse_sku=self.seller_sku, units=1),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every seller SKU, and what the other channel sells a day of each warehouse SKU."""

    listed: tuple[Listed, ...]
    shelf: tuple[str, ...]
    other: tuple[float, ...]  # units a day by place on the shelf

    @property
    def parts(self) -> dict[str, tuple[Component, ...]]:
        """What each seller SKU takes from the shelf."""
        return {one.seller_sku: one.parts for one in self.listed}

    def drain(self) -> dict[str, float]:
        """Units of each warehouse SKU that are wanted a day, over all listings and channels."""
        units = dict(zip(self.shelf, self.other, strict=True))
        for one in self.listed:
            for part in one.parts:
                units[part.warehouse_sku] += part.units * one.wanted
        return units


def catalog(chance: Random, size: int, orders_a_day: float) -> Catalog:
    """A catalog of so many seller SKUs with so many orders a day at Amazon, bursts not counted."""
    multiples, kits = round(size * _MULTIPLES), round(size * _KITS)
    plain = size - multiples - kits
    shelf = tuple(f"SKU-{number:04}" for number in range(1, plain + 1))
    weights = [rank**-_SKEW for rank in range(1, plain + 1)]
    listed = [_plain(sku, weight) for sku, weight in zip(shelf, weights, strict=True)]
    listed += [_multiple(chance, shelf, weights, number) for number in range(multiples)]
    listed += [_kit(chance, shelf, weights, number) for number in range(kits)]
    scale = orders_a_day / sum(one.wanted for one in listed)
    scaled = tuple(
        Listed(seller_sku=one.seller_sku, parts=one.parts, wanted=one.wanted * scale) for one in listed
    )
    other = tuple(_OTHER_CHANNEL * weight * scale * chance.uniform(0.3, 1.7) for weight in weights)
    return Catalog(listed=scaled, shelf=shelf, other=other)


def market(chance: Random) -> str:
    """Where a buyer shops."""
    return GB if chance.random() < _GB_SHARE else DE


def _plain(sku: str, weight: float) -> Listed:
    return Listed(seller_sku=sku, parts=(Component(warehouse_sku=sku, units=1),), wanted=weight)


def _multiple(chance: Random, shelf: tuple[str, ...], weights: list[float], number: int) -> Listed:
    place = chance.randrange(len(shelf) // 2)
    units = chance.choice((2, 3, 4, 6))
    return Listed(
        seller_sku=f"PACK-{number + 1:04}",
        parts=(Component(warehouse_sku=shelf[place], units=units),),
        wanted=_OF_ITS_COMPONENT * weights[place],
    )


def _kit(chance: Random, shelf: tuple[str, ...], weights: list[float], number: int) -> Listed:
    places = sorted(chance.sample(range(len(shelf) // 2), chance.choice((2, 2, 3))))
    parts = tuple(Component(warehouse_sku=shelf[at], units=chance.choice((1, 1, 2))) for at in places)
    return Listed(
        seller_sku=f"KIT-{number + 1:04}", parts=parts, wanted=_OF_ITS_COMPONENT * weights[places[0]]
    )
