"""What is doubted of the stock, and counts that do not come."""

from datetime import datetime

from domain.stock.snapshots import Doubts, SnapshotLimits
from ledger.connection import Ledger
from ledger.stock.doubts import doubts, record_late_counts
from ledger.stock.snapshots import dismiss_snapshot, record_snapshot
from tests.factories import HOUR, MINUTE, NOW, snapshot
from tests.ledger.walk import problems

FULL = {f"S{number:02}": 10 for number in range(20)}


def _count(ledger: Ledger, units: dict[str, int], minutes: int, *, warehouse: str = "W1") -> str:
    as_of = NOW + minutes * MINUTE
    with ledger.begin() as conn:
        counted = snapshot(*units.items(), as_of=as_of, warehouse=warehouse)
        return record_snapshot(conn, "main", counted, SnapshotLimits(), as_of)


def _doubts(ledger: Ledger, now: datetime) -> Doubts:
    with ledger.begin() as conn:
        return doubts(conn, "main", now)


def _look(ledger: Ledger, now: datetime) -> int:
    with ledger.begin() as conn:
        return record_late_counts(conn, "main", now)


def test_a_held_count_doubts_its_warehouse_until_it_is_decided(ledger: Ledger) -> None:
    """While the newest count waits for a person, all of its warehouse is in doubt; nothing else is."""
    _count(ledger, FULL, 0)
    _count(ledger, FULL, 0, warehouse="W2")
    _count(ledger, dict.fromkeys(FULL, 0), 5)
    found = _doubts(ledger, NOW + HOUR)
    assert found.whole == {"W1": "its count 3 was held: 20 of 20 stocked SKUs fall to zero at once"}
    assert (found.of("S00", ("W2",)), found.by_sku) == ("", {})
    with ledger.begin() as conn:
        dismiss_snapshot(conn, 3, "Ada", NOW + HOUR)
    assert _doubts(ledger, NOW + HOUR) == Doubts()


def test_an_empty_file_doubts_every_warehouse(ledger: Ledger) -> None:
    """A file without rows names no warehouse; the next good count of any of them ends the doubt."""
    _count(ledger, FULL, 0)
    _count(ledger, {}, 5, warehouse="")
    assert _doubts(ledger, NOW + HOUR).of("S00", ("W1",)) == "its count 2 was held: it holds no rows"
    _count(ledger, FULL, 10)
    assert _doubts(ledger, NOW + HOUR) == Doubts()


def test_a_doubted_row_doubts_its_sku(ledger: Ledger) -> None:
    """A single number that cannot be right is doubted by its SKU."""
    _count(ledger, FULL | {"S00": -4}, 0)
    assert _doubts(ledger, NOW).by_sku == {"S00": "the warehouse counts -4"}


def test_a_count_that_does_not_come_is_a_problem_and_a_doubt(ledger: Ledger) -> None:
    """Later than the warehouse's own habit, the warehouse is asked; the next count closes it at once."""
    for number in range(6):
        _count(ledger, FULL, 30 * number)
    last = NOW + 150 * MINUTE
    assert _look(ledger, last + 90 * MINUTE) == 0
    assert _doubts(ledger, last + 90 * MINUTE) == Doubts()
    late = last + 91 * MINUTE
    assert [_look(ledger, late), _look(ledger, late)] == [1, 0]
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == ("snapshot_late", "warehouse", "main W1")
    assert found.summary == (
        "The warehouse main W1 is late with its stock: no count has come since 2026-11-27 11:30 UTC."
    )
    assert "no count has come" in _doubts(ledger, late).of("S00", ("W1",))
    _count(ledger, FULL, 300)
    assert (problems(ledger), _doubts(ledger, NOW + 300 * MINUTE)) == ((), Doubts())


def test_before_any_count_none_is_late(ledger: Ledger) -> None:
    """A warehouse that never counted has no habit, and an old file sent again is no new count."""
    assert _look(ledger, NOW) == 0
    for number in range(6):
        _count(ledger, FULL, 30 * number)
    with ledger.begin() as conn:
        counted = snapshot(*FULL.items(), as_of=NOW)
        assert record_snapshot(conn, "main", counted, SnapshotLimits(), NOW + 5 * HOUR) == "OLD"
    assert _look(ledger, NOW + 5 * HOUR) == 1
