"""A catalog with two counts of it: what the warehouse tells first, what it tells next, and what is owed.

The same one in every process that asks for the same number of SKUs.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

CHANGED, URGENT = 0.03, 0.003  # shares of all SKUs: whose offer changes at all, and urgently
OWED, KNOWN_SALES = 0.05, 0.01  # SKUs in open orders, and in orders the warehouse took between the two counts
PLENTY = (60, 500)  # units of an offer that is not scarce


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Units by SKU; the offer of a SKU is what was counted without what is owed.

    `owed` is in orders the warehouse has not accepted. `sold` was accepted between the two counts: it is owed at
    the first and subtracted by the warehouse in the second, so that the offer stays what it is. `urgent` offers
    fall to zero or near it, or rise from zero; all that change are in `changed`.
    """

    first: dict[str, int]
    second: dict[str, int]
    owed: dict[str, int] = field(default_factory=dict)
    sold: dict[str, int] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    urgent: frozenset[str] = frozenset()

    def offers(self) -> tuple[dict[str, int], dict[str, int]]:
        """What may be offered of each SKU after the first and after the second count."""
        before = {sku: units - self._spoken_for(sku) for sku, units in self.first.items()}
        after = {sku: units - self.owed.get(sku, 0) for sku, units in self.second.items()}
        return before, after

    def differing(self) -> list[str]:
        """SKUs whose number in the second count is another than in the first, in the order of the file."""
        return [sku for sku, units in self.second.items() if units != self.first[sku]]

    def _spoken_for(self, sku: str) -> int:
        return self.owed.get(sku, 0) + self.sold.get(sku, 0)


def catalog(number: int, seed: int = 11) -> Catalog:
    """So many SKUs; shares of them change, urgently or not, are owed, and were sold in between."""
    chance = random.Random(seed)
    skus = [f"SKU-{place:06}" for place in range(1, number + 1)]
    changed = chance.sample(skus, round(CHANGED * number))
    urgent = changed[: round(URGENT * number)]
    owed = _units(chance, chance.sample(skus, round(OWED * number)))
    calm = sorted(set(skus) - set(changed))
    sold = _units(chance, chance.sample(calm, round(KNOWN_SALES * number)))
    before = {sku: _offer(chance) for sku in skus}
    after = dict(before)
    for place, sku in enumerate(changed):
        before[sku], after[sku] = _urgent(chance, place % 3) if place < len(urgent) else _ordinary(chance)
    return Catalog(
        first={sku: units + owed.get(sku, 0) + sold.get(sku, 0) for sku, units in before.items()},
        second={sku: units + owed.get(sku, 0) for sku, units in after.items()},
        owed=owed,
        sold=sold,
        changed=frozenset(changed),
        urgent=frozenset(urgent),
    )


def _units(chance: random.Random, skus: Iterable[str]) -> dict[str, int]:
    return {sku: chance.choices((1, 2, 3), (75, 18, 7))[0] for sku in skus}


def _offer(chance: random.Random) -> int:
    return 0 if chance.random() < 0.05 else chance.randint(*PLENTY)


def _ordinary(chance: random.Random) -> tuple[int, int]:
    """Some units more or less of plenty."""
    before = chance.randint(*PLENTY)
    return before, before + chance.choice((-1, 1)) * chance.randint(1, 20)


def _urgent(chance: random.Random, kind: int) -> tuple[int, int]:
    """To zero, to one unit, or up from zero."""
    plenty = chance.randint(*PLENTY)
    return ((plenty, 0), (plenty, 1), (0, plenty))[kind]
