"""What is in a parcel, in units of the order: kits folded back, and nothing guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.parcels import ContentsUnclear, ReleasedLine, parcel_contents
from domain.warehouse import DispatchLine
from tests.domain.examples import RULES

Told = list[tuple[str, str, int]]
Contents = tuple[tuple[str, int], ...]


def _line(item: str, quantity: int, **parts: int) -> ReleasedLine:
    return ReleasedLine(order_item_id=item, quantity=quantity, parts=parts)


def _told(rows: Told) -> list[DispatchLine]:
    return [DispatchLine(line_ref=ref, sku=sku, quantity=units) for ref, sku, units in rows]


MUGS = [_line("1", 3, MUG=1)]
TWO_LINES = [_line("1", 2, MUG=1), _line("2", 1, POT=1)]
SAME_SKU = [_line("1", 2, MUG=1), _line("2", 5, MUG=1)]
KIT = [_line("1", 2, MUG=2, POT=1)]
SIX_PACK = [_line("1", 2, MUG=6)]
KIT_AND_PART = [_line("1", 1, MUG=2, POT=1), _line("2", 4, MUG=1)]


@pytest.mark.parametrize(
    ("released", "told", "expected"),
    [
        (MUGS, [("1", "MUG", 3)], (("1", 3),)),
        (MUGS, [("1", "MUG", 1)], (("1", 1),)),
        (MUGS, [("", "MUG", 2)], (("1", 2),)),
        (MUGS, [("1", "MUG", 1), ("1", "MUG", 1)], (("1", 2),)),
        (MUGS, [("1", "MUG", 1), ("", "MUG", 2)], (("1", 3),)),
        (TWO_LINES, [("1", "MUG", 2), ("2", "POT", 1)], (("1", 2), ("2", 1))),
        (TWO_LINES, [("2", "POT", 1), ("1", "MUG", 2)], (("1", 2), ("2", 1))),
        (TWO_LINES, [("2", "POT", 1)], (("2", 1),)),
        (TWO_LINES, [("", "MUG", 1), ("", "POT", 1)], (("1", 1), ("2", 1))),
        (SAME_SKU, [("1", "MUG", 1), ("2", "MUG", 5)], (("1", 1), ("2", 5))),
        (SAME_SKU, [("2", "MUG", 4)], (("2", 4),)),
        (KIT, [("1", "MUG", 2), ("1", "POT", 1)], (("1", 1),)),
        (KIT, [("1", "MUG", 4), ("1", "POT", 2)], (("1", 2),)),
        (KIT, [("1", "POT", 2), ("1", "MUG", 3), ("1", "MUG", 1)], (("1", 2),)),
        (KIT, [("", "MUG", 2), ("", "POT", 1)], (("1", 1),)),
        (SIX_PACK, [("1", "MUG", 6)], (("1", 1),)),
        (SIX_PACK, [("1", "MUG", 12)], (("1", 2),)),
        (KIT_AND_PART, [("1", "MUG", 2), ("1", "POT", 1), ("2", "MUG", 4)], (("1", 1), ("2", 4))),
        (KIT_AND_PART, [("1", "MUG", 2), ("", "POT", 1)], (("1", 1),)),
        (KIT_AND_PART, [("2", "MUG", 3)], (("2", 3),)),
    ],
)
@pytest.mark.parametrize("only_parcel", [True, False])
def test_parcel_lines_become_order_items(
    released: list[ReleasedLine], told: Told, expected: Contents, only_parcel: bool
) -> None:
    """What the warehouse says is in a parcel is told to Amazon in units of the order, kits folded back."""
    assert parcel_contents(_told(told), released, only_parcel=only_parcel) == expected


@pytest.mark.parametrize(
    ("released", "told", "words"),
    [
        (MUGS, [("1", "MUG", 4)], "more of order item 1 than was ordered"),
        (MUGS, [("1", "MUG", 2), ("1", "MUG", 2)], "more of order item 1 than was ordered"),
        (MUGS, [("1", "POT", 1)], "line 1 with SKU POT is not in the order"),
        (MUGS, [("9", "MUG", 1)], "line 9 with SKU MUG is not in the order"),
        (MUGS, [("", "POT", 1)], r"line \(none\) with SKU POT is not in the order"),
        (MUGS, [("1", "mug", 1)], "line 1 with SKU mug is not in the order"),
        (MUGS, [("1", "MUG", 1), ("1", "POT", 1)], "SKU POT is not in the order"),
        (TWO_LINES, [("2", "MUG", 1)], "line 2 with SKU MUG is not in the order"),
        (TWO_LINES, [("1", "MUG", 2), ("2", "POT", 2)], "more of order item 2"),
        (SAME_SKU, [("", "MUG", 1)], r"line \(none\) with SKU MUG"),
        (KIT, [("1", "MUG", 2)], "incomplete kit of order item 1"),
        (KIT, [("1", "POT", 1)], "incomplete kit of order item 1"),
        (KIT, [("1", "MUG", 1), ("1", "POT", 1)], "incomplete kit of order item 1"),
        (KIT, [("1", "MUG", 3), ("1", "POT", 1)], "incomplete kit of order item 1"),
        (KIT, [("1", "MUG", 2), ("1", "POT", 2)], "incomplete kit of order item 1"),
        (KIT, [("1", "MUG", 6), ("1", "POT", 3)], "more of order item 1 than was ordered"),
        (SIX_PACK, [("1", "MUG", 5)], "part of a unit of order item 1"),
        (SIX_PACK, [("1", "MUG", 7)], "part of a unit of order item 1"),
        (SIX_PACK, [("1", "MUG", 18)], "more of order item 1 than was ordered"),
        (KIT_AND_PART, [("", "MUG", 2), ("1", "POT", 1)], r"line \(none\) with SKU MUG"),
        ([], [("1", "MUG", 1)], "line 1 with SKU MUG is not in the order"),
    ],
)
@pytest.mark.parametrize("only_parcel", [True, False])
def test_what_does_not_add_up_is_not_guessed(
    released: list[ReleasedLine], told: Told, words: str, only_parcel: bool
) -> None:
    """A parcel that fits no whole units of the order is left to the warehouse, and the finding says why."""
    with pytest.raises(ContentsUnclear, match=words):
        parcel_contents(_told(told), released, only_parcel=only_parcel)


@pytest.mark.parametrize(
    ("released", "expected"),
    [
        (MUGS, (("1", 3),)),
        (TWO_LINES, (("1", 2), ("2", 1))),
        (KIT, (("1", 2),)),
        (SAME_SKU, (("1", 2), ("2", 5))),
    ],
)
def test_the_only_parcel_holds_everything(released: list[ReleasedLine], expected: Contents) -> None:
    """Without lines, the only parcel of a release holds all of it; one of several holds nobody knows what."""
    assert parcel_contents([], released, only_parcel=True) == expected
    with pytest.raises(ContentsUnclear, match="one of several"):
        parcel_contents([], released, only_parcel=False)


released_orders = st.lists(
    st.tuples(st.integers(1, 9), st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 6), min_size=1)),
    min_size=1,
    max_size=4,
).map(
    lambda rows: [
        ReleasedLine(order_item_id=str(number), quantity=quantity, parts=parts)
        for number, (quantity, parts) in enumerate(rows)
    ]
)


@RULES
@given(released=released_orders, data=st.data())
def test_whole_units_always_fold_back(released: list[ReleasedLine], data: st.DataObject) -> None:
    """Any whole units of any order, taken apart and shuffled, come back as the units they were."""
    shipped = {line.order_item_id: data.draw(st.integers(0, line.quantity)) for line in released}
    rows = [
        DispatchLine(line_ref=line.order_item_id, sku=sku, quantity=units * shipped[line.order_item_id])
        for line in released
        for sku, units in line.parts.items()
        if shipped[line.order_item_id]
    ]
    expected = tuple((item, units) for item, units in shipped.items() if units)
    if rows:
        told = data.draw(st.permutations(rows))
        assert parcel_contents(told, released, only_parcel=False) == expected


told_rows = st.lists(
    st.builds(
        DispatchLine,
        line_ref=st.sampled_from(["", "0", "1", "9"]),
        sku=st.sampled_from("ABCDE"),
        quantity=st.integers(1, 12),
    ),
    max_size=5,
)


@RULES
@given(released=released_orders, told=told_rows, only_parcel=st.booleans())
def test_contents_never_exceed_the_release(
    released: list[ReleasedLine], told: list[DispatchLine], only_parcel: bool
) -> None:
    """Whatever a warehouse writes, the contents are whole units that were released, or a finding."""
    try:
        contents = parcel_contents(told, released, only_parcel=only_parcel)
    except ContentsUnclear:
        return
    assert contents
    ordered = {line.order_item_id: line for line in released}
    assert all(0 < units <= ordered[item].quantity for item, units in contents)
    if told:
        parts = sum(sum(ordered[item].parts.values()) * units for item, units in contents)
        assert parts == sum(row.quantity for row in told)
