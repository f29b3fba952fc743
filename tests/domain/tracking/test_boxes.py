"""What is in each box of an order, in units of the order: kits folded back, and nothing guessed."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from domain.tracking.boxes import Box, Contents, ReleasedLine, Share, share_out
from domain.warehouse import DispatchLine

Told = list[tuple[str, str, int]]


def _line(item: str, quantity: int, **parts: int) -> ReleasedLine:
    return ReleasedLine(order_item_id=item, quantity=quantity, parts=parts)


def _box(ref: str, told: Told = (), *, count: int | None = None, fixed: Contents = ()) -> Box:  # type: ignore[assignment]
    lines = tuple(DispatchLine(line_ref=line, sku=sku, quantity=units) for line, sku, units in told)
    return Box(ref=ref, told=lines, count=count, fixed=fixed)


def _alone(released: Sequence[ReleasedLine], told: Told, count: int | None) -> Share:
    return share_out(released, [_box("P1", told, count=count)])["P1"]


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
@pytest.mark.parametrize("count", [None, 1, 2])
def test_a_boxs_lines_become_order_items(
    released: list[ReleasedLine], told: Told, expected: Contents, count: int | None
) -> None:
    """What the warehouse says is in a box is told to Amazon in units of the order, kits folded back."""
    assert _alone(released, told, count) == Share(contents=expected)


@pytest.mark.parametrize(
    ("released", "told", "words"),
    [
        (MUGS, [("1", "MUG", 4)], "more of order item 1 than was ordered"),
        (MUGS, [("1", "MUG", 2), ("1", "MUG", 2)], "more of order item 1 than was ordered"),
        (MUGS, [("1", "POT", 1)], "line 1 with SKU POT is not in the order"),
        (MUGS, [("9", "MUG", 1)], "line 9 with SKU MUG is not in the order"),
        (MUGS, [("", "POT", 1)], "line (none) with SKU POT is not in the order"),
        (MUGS, [("1", "mug", 1)], "line 1 with SKU mug is not in the order"),
        (MUGS, [("1", "MUG", 1), ("1", "POT", 1)], "SKU POT is not in the order"),
        (TWO_LINES, [("2", "MUG", 1)], "line 2 with SKU MUG is not in the order"),
        (TWO_LINES, [("1", "MUG", 2), ("2", "POT", 2)], "more of order item 2"),
        (SAME_SKU, [("", "MUG", 1)], "line (none) with SKU MUG"),
        (KIT, [("1", "MUG", 2)], "incomplete unit of order item 1"),
        (KIT, [("1", "POT", 1)], "incomplete unit of order item 1"),
        (KIT, [("1", "MUG", 1), ("1", "POT", 1)], "incomplete unit of order item 1"),
        (KIT, [("1", "MUG", 3), ("1", "POT", 1)], "incomplete unit of order item 1"),
        (KIT, [("1", "MUG", 2), ("1", "POT", 2)], "incomplete unit of order item 1"),
        (KIT, [("1", "MUG", 6), ("1", "POT", 3)], "more of order item 1 than was ordered"),
        (SIX_PACK, [("1", "MUG", 5)], "incomplete unit of order item 1"),
        (SIX_PACK, [("1", "MUG", 7)], "incomplete unit of order item 1"),
        (SIX_PACK, [("1", "MUG", 18)], "more of order item 1 than was ordered"),
        (KIT_AND_PART, [("", "MUG", 2), ("1", "POT", 1)], "line (none) with SKU MUG"),
        ([], [("1", "MUG", 1)], "line 1 with SKU MUG is not in the order"),
    ],
)
@pytest.mark.parametrize("count", [None, 1, 2])
def test_what_does_not_add_up_is_not_guessed(
    released: list[ReleasedLine], told: Told, words: str, count: int | None
) -> None:
    """A box that fits no whole units of the order is left to the warehouse, and the reason says why."""
    share = _alone(released, told, count)
    assert words in share.reason
    assert (share.contents, share.joined) == ((), "")


@pytest.mark.parametrize(
    ("released", "expected"),
    [
        (MUGS, (("1", 3),)),
        (TWO_LINES, (("1", 2), ("2", 1))),
        (KIT, (("1", 2),)),
        (SAME_SKU, (("1", 2), ("2", 5))),
    ],
)
def test_the_only_box_holds_everything(released: list[ReleasedLine], expected: Contents) -> None:
    """Without lines, the only box of a release holds all of it; one of several holds nobody knows what."""
    assert _alone(released, [], 1) == Share(contents=expected)
    for count in (None, 2):
        assert "one of several" in _alone(released, [], count).reason


ONE_UNIT = [_line("1", 1, MUG=2, POT=1)]
HALF = ("1", "MUG", 2)
REST = ("1", "POT", 1)


def test_a_kit_over_two_boxes_waits_until_it_is_complete() -> None:
    """Half a kit is not told to Amazon; with its other half the first box speaks for both."""
    assert "incomplete" in share_out(ONE_UNIT, [_box("A", [HALF])])["A"].reason
    both = share_out(ONE_UNIT, [_box("A", [HALF]), _box("B", [REST])])
    assert both == {"A": Share(contents=(("1", 1),)), "B": Share(joined="A")}


@pytest.mark.parametrize("boxes", list(permutations(["A", "B", "C"])))
def test_the_first_box_speaks_for_a_kit_in_three(boxes: tuple[str, ...]) -> None:
    """Whichever box is told of first, it alone is confirmed, with the whole kit."""
    parts = {"A": ("1", "MUG", 1), "B": ("1", "MUG", 1), "C": REST}
    shares = share_out(ONE_UNIT, [_box(ref, [parts[ref]]) for ref in boxes])
    assert shares[boxes[0]] == Share(contents=(("1", 1),))
    assert [shares[ref] for ref in boxes[1:]] == [Share(joined=boxes[0])] * 2


def test_a_late_box_joins_what_amazon_was_told() -> None:
    """The rest of a kit that Amazon knows as a whole already is joined to the box that it knows."""
    fixed = _box("A", [HALF], fixed=(("1", 1),))
    shares = share_out(ONE_UNIT, [fixed, _box("B", [REST])])
    assert shares == {"A": Share(contents=(("1", 1),)), "B": Share(joined="A")}


@pytest.mark.parametrize("told", [[], [HALF], [("1", "NOTHING", 1)]])
def test_what_amazon_was_told_stays(told: Told) -> None:
    """A box that Amazon was told of keeps its contents, whatever the warehouse says of it since."""
    shares = share_out(MUGS, [_box("A", told, fixed=(("1", 2),)), _box("B", [("1", "MUG", 1)])])
    assert shares == {"A": Share(contents=(("1", 2),)), "B": Share(contents=(("1", 1),))}


@pytest.mark.parametrize("units", [2, 3])
def test_boxes_share_what_amazon_was_not_told(units: int) -> None:
    """A box that claims more than the told ones leave is unclear, and says with which box."""
    shares = share_out(
        MUGS, [_box("A", [("1", "MUG", 2)], fixed=(("1", 2),)), _box("B", [("1", "MUG", units)])]
    )
    assert shares["B"].reason == "together with parcel A it holds more of order item 1 than was ordered"


@pytest.mark.parametrize("first", ["A", "B"])
def test_two_boxes_that_claim_everything_cannot_both_be_right(first: str) -> None:
    """Of two boxes that each claim the full quantity the first is believed, and the second is unclear."""
    second = "B" if first == "A" else "A"
    shares = share_out(MUGS, [_box(ref, [("1", "MUG", 3)]) for ref in (first, second)])
    assert shares[first] == Share(contents=(("1", 3),))
    assert f"together with parcel {first}" in shares[second].reason


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        # The only one of unknown contents holds what the others leave, once all are known.
        ([_box("A", [("1", "MUG", 2)], count=2), _box("B", count=2)], {"B": Share(contents=(("1", 1),))}),
        ([_box("B", count=2), _box("A", [("1", "MUG", 2)], count=2)], {"B": Share(contents=(("1", 1),))}),
        ([_box("A", fixed=(("1", 2),), count=2), _box("B", count=2)], {"B": Share(contents=(("1", 1),))}),
    ],
)
def test_untold_contents_are_what_nothing_else_can_hold(boxes: list[Box], expected: dict[str, Share]) -> None:
    """The one box nothing is told of holds the rest of the order, when all boxes are there."""
    shares = share_out(MUGS, boxes)
    assert {ref: shares[ref] for ref in expected} == expected


@pytest.mark.parametrize(
    "boxes",
    [
        [_box("B", count=2)],  # the other one is not there yet
        [_box("A", [("1", "MUG", 2)], count=3), _box("B", count=3)],
        [_box("A", [("1", "MUG", 2)]), _box("B")],  # nobody says how many there are
        [_box("A", [("1", "MUG", 2)], count=2), _box("B", count=3)],  # they do not agree
        [_box("A", count=2), _box("B", count=2)],
        [_box("A", [("1", "POT", 1)], count=2), _box("B", count=2)],  # the other is unclear itself
    ],
)
def test_untold_contents_are_not_guessed(boxes: list[Box]) -> None:
    """A box whose contents may be this or that is left to the warehouse."""
    share = share_out(MUGS, boxes)["B"]
    assert "does not say what is in it" in share.reason


def test_one_unit_in_two_untold_boxes_is_confirmed_once() -> None:
    """An order of a single unit needs no contents: its first box speaks for all."""
    shares = share_out([_line("1", 1, SOFA=1)], [_box(ref, count=3) for ref in "ABC"])
    assert shares == {"A": Share(contents=(("1", 1),)), "B": Share(joined="A"), "C": Share(joined="A")}


def test_a_box_for_which_nothing_is_left_says_so() -> None:
    """One box more than the order can fill is shown to a person, not confirmed empty."""
    shares = share_out(MUGS, [_box("A", [("1", "MUG", 3)], count=2), _box("B", count=2)])
    assert (shares["A"].contents, shares["B"].contents, bool(shares["B"].reason)) == ((("1", 3),), (), True)
