"""What holds for the boxes of any order, whatever a warehouse writes about them."""

from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.tracking.boxes import Box, ReleasedLine, Share, share_out
from domain.warehouse import DispatchLine
from tests.domain.examples import RULES

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
told_rows = st.lists(
    st.builds(
        DispatchLine,
        line_ref=st.sampled_from(["", "0", "1", "9"]),
        sku=st.sampled_from("ABCDE"),
        quantity=st.integers(1, 12),
    ),
    max_size=5,
).map(tuple)


@st.composite
def _boxes(draw: st.DrawFn, released: list[ReleasedLine]) -> list[Box]:
    """Any boxes; what is fixed was told to Amazon, and so never exceeds the release."""
    left = {line.order_item_id: line.quantity for line in released}
    boxes = []
    for ref in "PQRST"[: draw(st.integers(1, 5))]:
        fixed: list[tuple[str, int]] = []
        if draw(st.integers(0, 3)) == 0:
            for item, units in left.items():
                if taken := draw(st.integers(0, units)):
                    fixed.append((item, taken))
            left |= {item: left[item] - units for item, units in fixed}
        count = draw(st.sampled_from([None, 1, 2, 3]))
        boxes.append(Box(ref=ref, told=draw(told_rows), count=count, fixed=tuple(fixed)))
    return boxes


@RULES
@given(released=released_orders, data=st.data())
def test_the_boxes_never_exceed_the_release(released: list[ReleasedLine], data: st.DataObject) -> None:
    """Whatever a warehouse writes, the boxes together hold whole units that were released, and no more."""
    boxes = data.draw(_boxes(released))
    shares = share_out(released, boxes)
    held: Counter[str] = Counter()
    for share in shares.values():
        held.update(dict(share.contents))
    assert all(units > 0 for share in shares.values() for _, units in share.contents)
    assert held <= Counter({line.order_item_id: line.quantity for line in released})


@RULES
@given(released=released_orders, data=st.data())
def test_every_box_says_one_thing(released: list[ReleasedLine], data: st.DataObject) -> None:
    """Each box has contents, or a reason, or another box that speaks for it; the speaker has contents."""
    boxes = data.draw(_boxes(released))
    shares = share_out(released, boxes)
    assert list(shares) == [box.ref for box in boxes]
    for share in shares.values():
        assert [bool(share.contents), bool(share.reason), bool(share.joined)].count(True) == 1
        assert not share.joined or shares[share.joined].contents
    assert all(shares[box.ref].contents == box.fixed for box in boxes if box.fixed)


@RULES
@given(released=released_orders, data=st.data())
def test_nothing_is_invented(released: list[ReleasedLine], data: st.DataObject) -> None:
    """Without boxes of unknown contents, the components of all that is told were in some box."""
    boxes = [box for box in data.draw(_boxes(released)) if box.told and not box.fixed]
    assume(boxes)
    shares = share_out(released, boxes)
    parts = {line.order_item_id: line.parts for line in released}
    told: Counter[str] = Counter()
    for box in boxes:
        told.update(dict.fromkeys("ABCDE", 0))
        for row in box.told:
            told[row.sku] += row.quantity
    said: Counter[str] = Counter()
    for share in shares.values():
        for item, units in share.contents:
            said.update({sku: each * units for sku, each in parts[item].items()})
    assert said <= told


@RULES
@given(released=released_orders, data=st.data())
def test_whole_units_always_fold_back(released: list[ReleasedLine], data: st.DataObject) -> None:
    """Whole units of any order, packed in any boxes and told in any order, come back as the units they were."""
    packed: dict[str, dict[str, int]] = {"P": {}, "Q": {}, "R": {}}
    for line in released:
        left = line.quantity
        for contents in packed.values():
            contents[line.order_item_id] = data.draw(st.integers(0, left))
            left -= contents[line.order_item_id]
    boxes = []
    for ref, contents in packed.items():
        rows = [
            DispatchLine(line_ref=one.order_item_id, sku=sku, quantity=each * contents[one.order_item_id])
            for one in released
            for sku, each in one.parts.items()
            if contents[one.order_item_id]
        ]
        if rows:
            boxes.append(Box(ref=ref, told=tuple(data.draw(st.permutations(rows)))))
    expected = {
        box.ref: Share(contents=tuple((i, units) for i, units in packed[box.ref].items() if units))
        for box in boxes
    }
    assert share_out(released, boxes) == expected
    assert share_out(released, list(reversed(boxes))) == expected
