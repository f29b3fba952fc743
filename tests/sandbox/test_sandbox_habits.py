"""The simulated 3PL dispatches and tells of parcels in every way that warehouses do."""

import csv
import io
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import filedrop
from sandbox.habits import PLAIN, WRITTEN, Habit
from tests.sandbox.test_sandbox_warehouse import drop, make, order, read

FIRST, SECOND = order(1)["amazon_order_id"], order(2)["amazon_order_id"]
KIT = (order(sku="MUG"), order(sku="TEE"))  # two components of one line


def dispatched(folder, *rows, habit=PLAIN, work=True, **habits):
    """A warehouse to which orders were handed over, the first with a habit: one plain parcel."""
    warehouse = make(folder, **habits)
    warehouse.plan(FIRST, habit)
    drop(warehouse, *(rows or (order(qty="2"),)))
    if work:
        warehouse.work()
    return warehouse


def told(warehouse):
    """Package, tracking, SKU, units and voided of every dispatch row so far."""
    columns = ("package_ref", "tracking", "sku", "qty", "voided")
    return [tuple(row[column] for column in columns) for row in read(warehouse, "dispatch")]


def files(warehouse):
    return len(list(warehouse.drop.outbox.glob("dispatch-*.csv")))


@pytest.mark.parametrize(
    ("how", "voided", "written"),
    [
        ("both", ["true", "false"], 2),
        ("new-first", ["false", "true"], 2),
        ("apart", ["true", "false"], 3),
        ("new-only", ["false"], 2),
    ],
)
def test_a_new_label_is_told_in_each_way(tmp_path, how, voided, written):
    """The old row is voided before, after, in a file of its own or not at all; the name stays."""
    warehouse = dispatched(tmp_path)
    [old] = warehouse.parcels_of(FIRST)
    new = warehouse.relabel(old.tracking, carrier=("DPD", "Next Day"), told=how)
    rows = told(warehouse)[1:]
    assert [row[4] for row in rows] == voided
    assert {(row[1], row[4]) for row in rows} <= {(old.tracking, "true"), (new.tracking, "false")}
    assert {row[0] for row in rows} == {old.package_ref}
    assert (new.carrier, new.tracking != old.tracking, files(warehouse)) == ("DPD", True, written)
    assert (warehouse.dispatched, warehouse.withdrawn, warehouse.available("MUG")) == ([new], [old], 8)
    assert warehouse.relabel(old.tracking, tracking="THIRD").package_ref == old.package_ref


def test_a_voided_parcel_leaves_nothing_until_it_gets_a_new_label(tmp_path):
    """Voiding tells the old row as voided and frees the units; a new label later takes them again."""
    warehouse = dispatched(tmp_path)
    old = warehouse.void(warehouse.dispatched[0].package_ref)
    assert told(warehouse)[1:] == [(old.package_ref, old.tracking, "MUG", "2", "true")]
    assert (warehouse.dispatched, warehouse.withdrawn, warehouse.available("MUG")) == ([], [old], 10)
    with pytest.raises(ValueError, match="voided"):
        warehouse.void(old.package_ref)
    new = warehouse.relabel(old.package_ref)
    assert told(warehouse)[2:] == [(old.package_ref, new.tracking, "MUG", "2", "false")]
    assert (warehouse.dispatched, warehouse.available("MUG")) == ([new], 8)


def test_tracking_comes_later_by_word_or_by_itself(tmp_path):
    """A parcel leaves without a number and is told again with it, under the same name and shipped_at."""
    warehouse = dispatched(tmp_path / "word", habit=Habit(tracking_after=None))
    assert (told(warehouse)[0][1], warehouse.dispatched[0].tracking, warehouse.busy()) == ("", "", False)
    sent = warehouse.send_tracking(warehouse.dispatched[0].package_ref, "ABC123")
    [before, after] = read(warehouse, "dispatch")
    assert before | {"tracking": "ABC123"} == after
    assert warehouse.dispatched == [sent]
    warehouse = dispatched(tmp_path / "itself", habit=Habit(tracking_after=0.01, tracking=("X1",)))
    assert warehouse.busy()
    while warehouse.busy():
        warehouse.work()
    assert [row[1] for row in told(warehouse)] == ["", "X1"]


def test_a_new_label_ends_the_wait_for_tracking(tmp_path):
    """A parcel that was to get its number later and got a label first is not told a third time."""
    warehouse = dispatched(tmp_path, habit=Habit(tracking_after=3600))
    warehouse.relabel(warehouse.dispatched[0].package_ref, tracking="X2", told="new-only")
    assert (warehouse.busy(), [row[1] for row in told(warehouse)]) == (False, ["", "X2"])


@pytest.mark.parametrize(("boxes", "count"), [((), 1), (({"MUG": 1}, {"MUG": 1}), 2)])
def test_contents_are_not_told_until_asked(tmp_path, boxes, count):
    """One row per parcel without line, SKU and units; afterwards the same parcel with its lines."""
    warehouse = dispatched(tmp_path, habit=Habit(boxes=boxes, tells_lines=False))
    rows = read(warehouse, "dispatch")
    assert [(row["line_ref"], row["sku"], row["qty"]) for row in rows] == [("", "", "")] * count
    assert [row["package_count"] for row in rows] == [str(count)] * count
    warehouse.tell_lines(rows[0]["package_ref"])
    again = read(warehouse, "dispatch")[-1]
    assert again == rows[0] | {"line_ref": "L1", "sku": "MUG", "qty": str(2 // count)}


def test_the_rest_follows_by_word_or_by_itself(tmp_path):
    """Later boxes leave one by one; until then their units are held and not free."""
    boxes = ({"MUG": 1}, {"MUG": 2}, {"MUG": 1})
    row = order(qty="4")
    warehouse = dispatched(tmp_path / "word", row, habit=Habit(boxes=boxes, rest_after=None))
    assert (len(warehouse.dispatched), warehouse.on_hand["MUG"], warehouse.available("MUG")) == (1, 9, 6)
    assert not warehouse.busy()
    assert [[p.number for p in warehouse.send_rest(FIRST)] for _ in range(3)] == [[2], [3], []]
    assert (warehouse.on_hand["MUG"], warehouse.available("MUG"), files(warehouse)) == (6, 6, 3)
    warehouse = dispatched(tmp_path / "itself", row, habit=Habit(boxes=boxes, rest_after=0.01))
    while warehouse.busy():
        warehouse.work()
    assert [row[3] for row in told(warehouse)] == ["1", "2", "1"]


def test_a_kit_lies_in_two_boxes(tmp_path):
    """Components of one line are told by the box they lie in; all boxes are one order's."""
    warehouse = dispatched(tmp_path, *KIT, habit=Habit(boxes=({"MUG": 1}, {"TEE": 1})))
    rows = [
        (r["line_ref"], r["sku"], r["package_no"], r["package_count"]) for r in read(warehouse, "dispatch")
    ]
    assert rows == [("L1", "MUG", "1", "2"), ("L1", "TEE", "2", "2")]


def test_what_no_box_names_stays(tmp_path):
    """A short shipment leaves its rest on the shelf, free; more than was ordered is a mistake of the test's."""
    warehouse = dispatched(tmp_path / "short", habit=Habit(boxes=({"MUG": 1},)))
    assert (warehouse.available("MUG"), warehouse.busy()) == (9, False)
    warehouse = dispatched(tmp_path / "over", habit=Habit(boxes=({"MUG": 3},)), work=False)
    with pytest.raises(ValueError, match="1 units of MUG more"):
        warehouse.work()


def test_one_box_for_two_orders(tmp_path):
    """Both orders tell the same number and carrier, each under a name of its own."""
    warehouse = dispatched(tmp_path, order(1), order(2), work=False)
    number = warehouse.one_box(FIRST, SECOND)
    warehouse.work()
    rows = read(warehouse, "dispatch")
    assert {(row["tracking"], row["carrier"], row["service"]) for row in rows} == {
        (number, rows[0]["carrier"], rows[0]["service"])
    }
    assert len({row["package_ref"] for row in rows}) == 2


@pytest.mark.parametrize(("count", "cells"), [("right", ("1", "1")), ("7", ("1", "7")), ("", ("", ""))])
def test_a_package_count_may_be_wrong_or_missing(tmp_path, count, cells):
    """The count is right, what the habit says, or empty together with the number."""
    [row] = read(dispatched(tmp_path, habit=Habit(package_count=count)), "dispatch")
    assert (row["package_no"], row["package_count"]) == cells


def test_the_usual_habit_is_for_orders_without_a_plan(tmp_path):
    """A warehouse with a usual habit follows it unless an order has a plan."""
    warehouse = dispatched(tmp_path, order(1), order(2), work=False)
    warehouse.usual = Habit(tells_lines=False, carrier=("DPD", "Two Day"))
    warehouse.work()
    assert [row[2] for row in told(warehouse)] == ["MUG", ""]
    assert read(warehouse, "dispatch")[1]["service"] == "Two Day"


def test_what_does_not_exist_is_refused(tmp_path):
    """Unknown parcels, ways to tell and spellings are ValueErrors that name them."""
    warehouse = dispatched(tmp_path, habit=Habit(tracking_after=None))
    for deed in (warehouse.void, warehouse.send_tracking, warehouse.tell_lines, warehouse.relabel):
        for word in ("", "NONE"):
            with pytest.raises(ValueError, match="no parcel"):
                deed(word)
    with pytest.raises(ValueError, match="sideways"):
        warehouse.relabel(warehouse.dispatched[0].package_ref, told="sideways")
    with pytest.raises(ValueError, match="UPPER"):
        Habit(written="UPPER")


@given(number=st.text("ABCDEF0123456789", min_size=1, max_size=30), written=st.sampled_from(WRITTEN))
def test_a_spelling_changes_case_and_spaces_alone(number, written):
    """However a number is written, without its spaces and in capitals it is the carrier's own."""
    spelled = Habit(written=written).spelled(number)
    assert spelled.replace(" ", "").upper() == number
    assert ("lower" in written) <= (spelled == spelled.lower())
    assert ("spaces" in written and len(number) > 4) == (" " in spelled)


@given(
    lines=st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5)), min_size=1, max_size=4),
    data=st.data(),
)
def test_boxes_hold_what_they_are_to_hold(lines, data):
    """No box loses or adds a unit, and no line gives more than it has."""
    given_lines = [(f"L{place}", sku, units) for place, (sku, units) in enumerate(lines)]
    total = Counter()
    for _, sku, units in given_lines:
        total[sku] += units
    first = {sku: data.draw(st.integers(0, units)) for sku, units in total.items()}
    boxes = (first, {sku: units - first[sku] for sku, units in total.items()})
    packed = Habit(boxes=boxes).packed(given_lines)
    for box, lines_of_box in zip(boxes, packed, strict=True):
        found = Counter()
        for _, sku, units in lines_of_box:
            found[sku] += units
        assert +found == +Counter(box)
    assert math.fsum(units for box in packed for *_, units in box) == sum(total.values())
    for line_ref, _, units in given_lines:
        assert sum(part for box in packed for ref, _, part in box if ref == line_ref) == units


def test_every_row_has_the_agreed_columns(tmp_path):
    """Whatever is told, its file has the header of the agreement and nothing else."""
    warehouse = dispatched(tmp_path, *KIT, habit=Habit(written="spaces-lower", package_count=""))
    warehouse.relabel(warehouse.dispatched[0].package_ref)
    warehouse.void(warehouse.dispatched[0].package_ref)
    for path in warehouse.drop.outbox.glob("dispatch-*.csv"):
        assert next(csv.reader(io.StringIO(path.read_text("utf-8")))) == list(filedrop.DISPATCH)
    spelled = {row[1] for row in told(warehouse)}
    assert all(each == each.lower() and " " in each for each in spelled)
