"""What the warehouse counted, and how many of it are spoken for by orders it could not know of."""

from datetime import datetime, timedelta

import pytest

from domain.stock.sellable import Pool
from domain.stock.snapshots import SnapshotLimits
from domain.warehouse import StockSnapshot
from ledger.connection import Ledger
from ledger.stock.on_hand import counted_skus, pools
from ledger.stock.snapshots import record_snapshot
from tests.factories import HOUR, MINUTE, NOW, SKUS, amazon_order, line, snapshot
from tests.ledger.walk import ingest, one, problems

LIMITS = SnapshotLimits()
THREE = amazon_order(lines=[line(quantity=3)])
TEN = snapshot(("A", 10), ("B", 10), ("C", 10))


def _count(
    ledger: Ledger, counted: StockSnapshot, *, now: datetime | None = None, limits: SnapshotLimits = LIMITS
) -> str:
    with ledger.begin() as conn:
        return record_snapshot(conn, "main", counted, limits, now or counted.as_of)


def _pools(ledger: Ledger) -> dict[str, Pool]:
    with ledger.begin() as conn:
        return pools(conn, "main", {"main": SKUS})


def test_a_count_is_applied(ledger: Ledger) -> None:
    """What the warehouse counted is what is available, as of its own moment."""
    assert _count(ledger, TEN) == "APPLIED"
    assert _pools(ledger)["A"] == Pool(available=10, reserved=0)
    assert one(ledger, "SELECT as_of FROM ledger.stock WHERE sku = :value", "A")["as_of"] == NOW


def test_before_any_count_nothing_is_known(ledger: Ledger) -> None:
    """Without a count there is no pool, however many orders there are."""
    ingest(ledger, THREE)
    assert _pools(ledger) == {}


@pytest.mark.parametrize("as_of", [NOW - MINUTE, NOW], ids=["older", "the same moment"])
def test_an_older_count_is_passed_over(ledger: Ledger, as_of: datetime) -> None:
    """A count that is not newer than the last one applied changes nothing and worries nobody."""
    _count(ledger, TEN)
    assert _count(ledger, snapshot(("A", 99), as_of=as_of), now=NOW) == "OLD"
    assert (_pools(ledger)["A"].available, problems(ledger)) == (10, ())


@pytest.mark.parametrize(
    ("doubtful", "word"),
    [
        (snapshot(as_of=NOW + HOUR), "no rows"),
        (
            snapshot(
                *((f"S{n:02}", -1) for n in range(4)),
                *((f"S{n:02}", 5) for n in range(4, 20)),
                as_of=NOW + HOUR,
            ),
            "4 of its 20 rows",
        ),
        (snapshot(*((f"S{n:02}", 0) for n in range(20)), as_of=NOW + HOUR), "fall to zero"),
        (snapshot(*((f"S{n:02}", 5) for n in range(10)), as_of=NOW + HOUR), "missing"),
        (snapshot(("A", 1), as_of=NOW + 3 * HOUR), "future"),
        (snapshot(("A", 1), as_of=NOW + HOUR - timedelta(days=3)), "hours ago"),
    ],
    ids=["empty", "negative", "all zero", "half of it missing", "future", "stale"],
)
def test_a_doubtful_count_is_held_and_a_good_one_clears_it(
    ledger: Ledger, doubtful: StockSnapshot, word: str
) -> None:
    """A count nobody should believe changes no number and is shown, until a good one is applied."""
    good = snapshot(*((f"S{n:02}", 5) for n in range(20)), as_of=NOW - timedelta(days=4))
    _count(ledger, good)
    before = _pools(ledger)
    assert _count(ledger, doubtful, now=NOW + HOUR) == "HELD"
    assert _pools(ledger) == before
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == ("snapshot_held", "operations", "main W1")
    assert word in found.summary
    again = snapshot(*((f"S{n:02}", 4) for n in range(20)), as_of=NOW + 2 * HOUR)
    assert _count(ledger, again) == "APPLIED"
    assert problems(ledger) == ()


def test_an_empty_count_and_a_doubtful_one_are_answered_by_one_good_count(ledger: Ledger) -> None:
    """An empty file names no warehouse: the next good count of any warehouse clears it, too."""
    _count(ledger, TEN)
    assert _count(ledger, snapshot(as_of=NOW + MINUTE, warehouse="")) == "HELD"
    assert _count(ledger, snapshot(("A", -1), as_of=NOW + MINUTE)) == "HELD"
    assert sorted(found.subject for found in problems(ledger)) == ["main", "main W1"]
    assert _count(ledger, snapshot(("A", 9), as_of=NOW + HOUR)) == "APPLIED"
    assert problems(ledger) == ()


def test_absent_is_not_zero(ledger: Ledger) -> None:
    """A SKU that a count leaves out keeps its last number and the moment it was counted."""
    _count(ledger, TEN)
    _count(ledger, snapshot(("A", 4), as_of=NOW + HOUR))
    found = _pools(ledger)
    assert (found["A"].available, found["B"].available) == (4, 10)
    assert one(ledger, "SELECT as_of FROM ledger.stock WHERE sku = :value", "B")["as_of"] == NOW
    with ledger.begin() as conn:
        assert counted_skus(conn, "main") == ("A", "B", "C")


def test_two_warehouses_of_a_connection_are_one_pool(ledger: Ledger) -> None:
    """Units in two houses of one connection add up, and each house has its own latest count."""
    _count(ledger, TEN)
    assert _count(ledger, snapshot(("A", 7), as_of=NOW - HOUR, warehouse="W2"), now=NOW) == "APPLIED"
    assert _pools(ledger)["A"].available == 17
