"""What the warehouse is asked to pick: kits taken apart, nothing that was shipped already."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.maps import Component, SkuMap
from domain.orders.order import releasable_lines
from domain.warehouse import ReleaseLine
from tests.domain.examples import RULES, SKUS, part


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        ([("1", "MUG", 1)], [("1", "W-MUG", 1)]),
        ([("1", "MUG", 3)], [("1", "W-MUG", 3)]),
        ([("1", "MUG", 0)], []),
        ([("1", "MUG", -1)], []),
        ([("1", "SIX-MUGS", 2)], [("1", "W-MUG", 12)]),
        ([("1", "TEA-SET", 1)], [("1", "W-MUG", 2), ("1", "W-POT", 1)]),
        ([("1", "TEA-SET", 3)], [("1", "W-MUG", 6), ("1", "W-POT", 3)]),
        (
            [("1", "MUG", 1), ("2", "TEA-SET", 1)],
            [("1", "W-MUG", 1), ("2", "W-MUG", 2), ("2", "W-POT", 1)],
        ),
        ([("1", "MUG", 1), ("2", "MUG", 2)], [("1", "W-MUG", 1), ("2", "W-MUG", 2)]),
        ([("1", "MUG", 0), ("2", "MUG", 2)], [("2", "W-MUG", 2)]),
    ],
)
def test_lines_in_the_words_of_the_warehouse(
    lines: list[tuple[str, str, int]], expected: list[tuple[str, str, int]]
) -> None:
    """Each line with units to ship becomes one row per component, with the units of the whole line."""
    made = [ReleaseLine(line_ref=ref, sku=sku, quantity=units) for ref, sku, units in expected]
    assert list(releasable_lines(lines, SKUS)) == made


skus = st.sampled_from(["A", "B", "C"])
kits = st.dictionaries(skus, st.integers(1, 9), min_size=1).map(
    lambda parts: tuple(part(sku, units) for sku, units in parts.items())
)


@RULES
@given(
    components=st.dictionaries(st.sampled_from(["K1", "K2", "K3"]), kits, min_size=1),
    units=st.lists(st.integers(-1, 50), max_size=6),
    data=st.data(),
)
def test_units_add_up(
    components: dict[str, tuple[Component, ...]], units: list[int], data: st.DataObject
) -> None:
    """Each SKU is asked for as often as its kits contain it, and no row asks for less than one unit."""
    names = [data.draw(st.sampled_from(sorted(components))) for _ in units]
    lines = [
        (str(number), name, count) for number, (name, count) in enumerate(zip(names, units, strict=True))
    ]
    made = releasable_lines(lines, SkuMap(components=components, same_skus=False))
    wanted: Counter[tuple[str, str]] = Counter()
    for ref, name, count in lines:
        for one in components[name]:
            wanted[ref, one.warehouse_sku] += one.units * max(0, count)
    assert Counter({(row.line_ref, row.sku): row.quantity for row in made}) == wanted
    assert len({(row.line_ref, row.sku) for row in made}) == len(made)
    assert all(row.quantity > 0 for row in made)
