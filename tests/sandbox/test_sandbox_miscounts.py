"""The simulated 3PL gets counts wrong when it is told to, one file per mistake, and right again afterwards."""

import csv
import io

import pytest

from sandbox.clock import Clock
from sandbox.miscounts import MISCOUNTS
from sandbox.warehouse import Warehouse

SHELF = {"MUG": 24, "TEE": 36, "PEN": 60}


def make(folder):
    return Warehouse(folder, Clock(), stock=SHELF, stock_every=3600.0)


def counted(warehouse):
    """The numbers of every stock file so far, file by file; their rows may contradict each other."""
    files = sorted(warehouse.drop.outbox.glob("stock-*.csv"))
    read = [list(csv.DictReader(io.StringIO(file.read_text("utf-8")))) for file in files]
    return [[(row["sku"], int(row["available"])) for row in rows] for rows in read]


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("empty", []),
        ("half", [("MUG", 24)]),
        ("one-gone", [("TEE", 36), ("PEN", 60)]),
        ("zero", [("MUG", 0), ("TEE", 0), ("PEN", 0)]),
        ("negative", [("MUG", -3), ("TEE", 36), ("PEN", 60)]),
        ("duplicate", [*SHELF.items(), ("MUG", 24)]),
        ("contradiction", [*SHELF.items(), ("MUG", 74)]),
        ("cases", [("MUG", 2), ("TEE", 3), ("PEN", 5)]),
        ("foreign", [("OTHER-0000", 24), ("OTHER-0001", 36), ("OTHER-0002", 60)]),
    ],
)
def test_a_mistake_is_one_file_long(tmp_path, kind, rows):
    """The next count is wrong in the way that was asked for, and the one after it is right."""
    warehouse = make(tmp_path)
    warehouse.miscount(kind)
    warehouse.work()
    warehouse.recount()
    warehouse.work()
    assert counted(warehouse) == [rows, list(SHELF.items())]


@pytest.mark.parametrize(("kind", "days"), [("old", -3), ("future", 365)])
def test_a_mistake_of_time_moves_the_moment_of_the_count(tmp_path, kind, days):
    """An old export, or a clock that is wrong, changes the time and no number."""
    warehouse = make(tmp_path)
    before = warehouse.clock.now()
    warehouse.miscount(kind)
    warehouse.work()
    assert counted(warehouse) == [list(SHELF.items())]
    (file,) = warehouse.drop.outbox.glob("stock-*.csv")
    (as_of, *_) = {row["as_of"] for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))}
    assert (type(before).fromisoformat(as_of) - before).days in (days, days - 1)


def test_a_missing_count_is_no_file(tmp_path):
    """For as many counts as were asked for nothing is written; then the warehouse counts again."""
    warehouse = make(tmp_path)
    warehouse.miscount("missing", times=2)
    for files in (0, 0, 1):
        warehouse.recount()
        warehouse.work()
        assert len(counted(warehouse)) == files


def test_an_unknown_mistake_is_refused(tmp_path):
    """There is a closed list of mistakes, and the refusal names it."""
    with pytest.raises(ValueError, match="missing, empty, half"):
        make(tmp_path).miscount("sideways")
    assert len(MISCOUNTS) == 12
