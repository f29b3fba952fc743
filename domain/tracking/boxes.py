"""What is in each box of an order, in Amazon's words: kits folded back, nothing told twice, nothing invented."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from domain.warehouse import DispatchLine

Contents = tuple[tuple[str, int], ...]  # (order item id, units of the seller SKU)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedLine:
    """What was released for one order item: units of the seller SKU and what one unit consists of."""

    order_item_id: str
    quantity: int
    parts: Mapping[str, int]  # warehouse SKU -> units per unit of the seller SKU


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One parcel of a release as the warehouse tells it.

    `told` is empty when the warehouse does not say what is in it. `count` is how many boxes it says there are.
    `fixed` is what Amazon was told already: that stays, and other boxes share what it leaves.
    """

    ref: str
    told: tuple[DispatchLine, ...] = ()
    count: int | None = None
    fixed: Contents = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What Amazon is told of a box; exactly one of the three says something.

    `reason` is why only the warehouse can say, `joined` the box that speaks for this one too: a kit or a unit
    packed in several boxes is confirmed once.
    """

    contents: Contents = ()
    reason: str = ""
    joined: str = ""


@dataclass(slots=True)
class _Sharing:
    """Work in progress: what each order item still has, and what each box has got."""

    released: Mapping[str, ReleasedLine]
    left: Counter[str]
    units: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)

    def give(self, ref: str, item: str, units: int) -> bool:
        """Whether there was enough left of the item for the box."""
        if units > self.left[item]:
            return False
        self.left[item] -= units
        self.units.setdefault(ref, Counter())[item] += units
        return True


def share_out(released: Sequence[ReleasedLine], boxes: Sequence[Box]) -> dict[str, Share]:
    """What is in each box of one release, by its reference; `boxes` in the order the warehouse told them.

    Whole units in one box belong to it. A unit whose components lie in several boxes belongs to the first of
    them, once all of it is there. A box of unknown contents holds what is left only when nothing else is
    possible. Together the boxes never hold more than was released.
    """
    sharing = _Sharing(
        released={line.order_item_id: line for line in released},
        left=Counter({line.order_item_id: line.quantity for line in released}),
    )
    for box in boxes:
        for item, units in box.fixed:
            sharing.left[item] -= units
            sharing.units.setdefault(box.ref, Counter())[item] += units
    open_boxes = [box for box in boxes if not box.fixed]
    _share_told(sharing, [box for box in boxes if box.told])
    _share_untold(sharing, [box for box in open_boxes if not box.told], boxes)
    return {box.ref: _outcome(sharing, box) for box in boxes}


def _outcome(sharing: _Sharing, box: Box) -> Share:
    if box.fixed:
        return Share(contents=box.fixed)
    if reason := sharing.reasons.get(box.ref, ""):
        return Share(reason=reason)
    units = sharing.units.get(box.ref, Counter())
    contents = tuple((item, units[item]) for item in sharing.released if units[item] > 0)
    if contents:
        return Share(contents=contents)
    if other := sharing.joined.get(box.ref, ""):
        return Share(joined=other)
    return Share(reason="nothing of the order is left for it")


def _share_told(sharing: _Sharing, boxes: Sequence[Box]) -> None:
    """Whole units to the box they lie in; `rests` is what each box has more, or less, than its units need."""
    rests: dict[str, dict[str, dict[str, int]]] = {}  # order item -> box -> warehouse SKU -> units
    for box in boxes:
        for item, skus in _components(sharing, box).items():
            parts = sharing.released[item].parts
            if box.fixed:
                whole = sharing.units[box.ref][item]
            else:
                whole = min(skus[sku] // per_unit for sku, per_unit in parts.items())
                if whole and not sharing.give(box.ref, item, whole):
                    sharing.reasons[box.ref] = _too_much(sharing, box.ref, item)
            rest = {sku: skus[sku] - whole * per_unit for sku, per_unit in parts.items()}
            if any(rest.values()):
                rests.setdefault(item, {})[box.ref] = rest
    fixed = {box.ref for box in boxes if box.fixed}
    for item, by_box in rests.items():
        _join(sharing, item, by_box, fixed)


def _components(sharing: _Sharing, box: Box) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in box.told:
        fitting = [item for item, line in sharing.released.items() if row.sku in line.parts]
        if row.line_ref in fitting:
            item = row.line_ref
        elif not row.line_ref and len(fitting) == 1:
            item = fitting[0]
        else:
            what = f"its line {row.line_ref or '(none)'} with SKU {row.sku} is not in the order"
            sharing.reasons.setdefault(box.ref, what)
            return {}
        found.setdefault(item, Counter())[row.sku] += row.quantity
    return found


def _join(
    sharing: _Sharing, item: str, by_box: Mapping[str, Mapping[str, int]], fixed: Collection[str]
) -> None:
    """Units whose components lie in several boxes: one box speaks for all of them, once all of them are there."""
    parts = sharing.released[item].parts
    counts = {divmod(sum(rest[sku] for rest in by_box.values()), each) for sku, each in parts.items()}
    units, odd = min(counts)
    waiting = [ref for ref in by_box if ref not in fixed]
    if len(counts) > 1 or odd or units < 0:
        reason = f"it holds an incomplete unit of order item {item}"
    elif units and waiting and not sharing.give(waiting[0], item, units):
        reason = _too_much(sharing, waiting[0], item)
    else:
        speaker = waiting[0] if units and waiting else next(iter(by_box))
        sharing.joined.update({ref: speaker for ref in waiting if ref != speaker})
        return
    for ref in waiting:
        sharing.reasons.setdefault(ref, reason)


def _too_much(sharing: _Sharing, ref: str, item: str) -> str:
    others = [other for other, units in sharing.units.items() if other != ref and units[item]]
    if others:
        return f"together with parcel {', '.join(others)} it holds more of order item {item} than was ordered"
    return f"it holds more of order item {item} than was ordered"


def _share_untold(sharing: _Sharing, untold: Sequence[Box], boxes: Sequence[Box]) -> None:
    """Contents that the warehouse does not tell: what is left, when it can be in no other box."""
    if not untold:
        return
    all_known = {box.count for box in boxes} == {len(boxes)}
    left = +sharing.left
    one_unit = sum(line.quantity for line in sharing.released.values()) == 1
    clear = not any(box.ref in sharing.reasons for box in boxes if not box.fixed)
    if all_known and left and clear and (len(untold) == 1 or one_unit):
        first = untold[0]
        for item, units in left.items():
            sharing.give(first.ref, item, units)
        sharing.joined.update({box.ref: first.ref for box in untold[1:]})
        return
    for box in untold:
        sharing.reasons[box.ref] = "the warehouse does not say what is in it and it is one of several"
