"""Held counts: which can be decided, what a person's word does, and what a newer count does to them."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from domain.errors import Refused
from domain.stock.snapshots import SnapshotLimits
from domain.warehouse import StockRow, StockSnapshot
from ledger.connection import Ledger
from ledger.stock.held_counts import held_snapshots
from ledger.stock.on_hand import pools
from ledger.stock.snapshots import Decision, accept_snapshot, dismiss_snapshot, record_snapshot
from tests.factories import DAY, HOUR, MINUTE, NOW, SKUS, amazon_order, line, snapshot
from tests.ledger.walk import one, problems, release

FULL = {f"S{number:02}": 10 for number in range(20)}
HALF = {sku: units for sku, units in FULL.items() if sku < "S10"}
GONE = dict.fromkeys(FULL, 0)


def _count(
    ledger: Ledger, units: dict[str, int], minutes: int = 0, *, warehouse: str = "W1", after: int = 0
) -> str:
    """A count made so many minutes after NOW, which came another `after` minutes later."""
    as_of = NOW + minutes * MINUTE
    counted = snapshot(*units.items(), as_of=as_of, warehouse=warehouse)
    return _take(ledger, counted, as_of + after * MINUTE)


def _take(ledger: Ledger, counted: StockSnapshot, now: datetime) -> str:
    with ledger.begin() as conn:
        return record_snapshot(conn, "main", counted, SnapshotLimits(), now)


def _accept(ledger: Ledger, number: int, now: datetime = NOW + HOUR) -> Decision:
    with ledger.begin() as conn:
        return accept_snapshot(conn, number, "Ada", now)


def _dismiss(ledger: Ledger, number: int) -> Decision:
    with ledger.begin() as conn:
        return dismiss_snapshot(conn, number, "Ada", NOW + HOUR)


def _held(ledger: Ledger) -> list[int]:
    with ledger.begin() as conn:
        return [one.id for one in held_snapshots(conn, "main")]


def _available(ledger: Ledger) -> dict[str, int]:
    with ledger.begin() as conn:
        return {sku: pool.available for sku, pool in pools(conn, "main", {"main": SKUS}).items()}


def _rows_kept(ledger: Ledger) -> int:
    with ledger.begin() as conn:
        return conn.execute(sa.text("SELECT count(*) FROM ledger.snapshot_rows")).scalar_one()


def test_an_accepted_count_is_in_force_whole(ledger: Ledger) -> None:
    """A person's word applies a held count, is kept with name and time, and closes the problem."""
    _count(ledger, FULL)
    assert _count(ledger, GONE, 5) == "HELD"
    assert _available(ledger) == FULL
    decision = _accept(ledger, 2)
    assert (decision.count.id, decision.followed) == (2, ())
    assert _available(ledger) == GONE
    assert (problems(ledger), _held(ledger), _rows_kept(ledger)) == ((), [], 0)
    row = one(ledger, "SELECT * FROM ledger.snapshots WHERE id = :value", 2)
    assert (row["outcome"], row["decided_by"], row["decided_at"]) == ("APPLIED", "Ada", NOW + HOUR)


def test_what_follows_an_accepted_count_is_believed_with_it(ledger: Ledger) -> None:
    """The first and the newest of several held counts can be decided; accepting the first brings the newest."""
    _count(ledger, FULL)
    for minutes in (5, 10, 15):
        _count(ledger, GONE | {"S00": minutes}, minutes)
    assert _held(ledger) == [2, 4]
    (found,) = problems(ledger)
    assert "Stock count 4 of main W1 with 20 rows was held" in found.summary
    with pytest.raises(Refused, match="Count 3 was overtaken by a newer one"):
        _accept(ledger, 3)
    assert _accept(ledger, 2).followed == (4,)
    assert _available(ledger) == GONE | {"S00": 15}
    assert problems(ledger) == ()


def test_an_applied_count_overtakes_what_was_held(ledger: Ledger) -> None:
    """A newer count that is believed leaves nothing to decide, and forgets the rows of the held one."""
    _count(ledger, FULL)
    _count(ledger, HALF, 5)
    assert _rows_kept(ledger) == 10
    assert _count(ledger, FULL, 10) == "APPLIED"
    assert (_held(ledger), _rows_kept(ledger), problems(ledger)) == ([], 0, ())
    with pytest.raises(Refused, match="overtaken"):
        _dismiss(ledger, 2)


def test_an_older_count_that_is_believed_does_not_hide_a_newer_held_one(ledger: Ledger) -> None:
    """Files may come out of order: what is held and newer stays held, and may still be accepted."""
    _count(ledger, FULL)
    _count(ledger, GONE, 10)
    assert _count(ledger, FULL | {"S00": 9}, 5, after=6) == "APPLIED"
    assert (_held(ledger), len(problems(ledger))) == ([2], 1)
    _accept(ledger, 2)
    assert _available(ledger) == GONE


def test_a_count_from_the_future_does_not_stop_those_that_follow(ledger: Ledger) -> None:
    """It is held; the next good count answers it, and accepting it dates it to the moment it came."""
    _count(ledger, FULL)
    assert _take(ledger, snapshot(*FULL.items(), as_of=NOW + 365 * DAY), NOW + 5 * MINUTE) == "HELD"
    assert _count(ledger, FULL, 10) == "APPLIED"
    assert (_held(ledger), problems(ledger)) == ([], ())
    _take(ledger, snapshot(*FULL.items(), as_of=NOW + 365 * DAY), NOW + 15 * MINUTE)
    _accept(ledger, 4)
    assert _count(ledger, FULL | {"S00": 3}, 20) == "APPLIED"
    assert _available(ledger)["S00"] == 3


def test_a_dismissed_count_leaves_the_last_good_one(ledger: Ledger) -> None:
    """Dismissing takes older held counts along; a newer one and its problem stay."""
    _count(ledger, FULL)
    _count(ledger, GONE, 5)
    _count(ledger, HALF, 10)
    _dismiss(ledger, 2)
    assert _held(ledger) == [3]
    assert "10 of 20 stocked SKUs are missing" in problems(ledger)[0].summary
    _count(ledger, GONE, 15)
    _dismiss(ledger, 4)
    assert (_held(ledger), problems(ledger), _rows_kept(ledger)) == ([], (), 0)
    assert _available(ledger) == FULL
    assert one(ledger, "SELECT * FROM ledger.snapshots WHERE id = :value", 3)["decided_by"] == "Ada"
    with pytest.raises(Refused, match="Count 4 was dismissed by Ada"):
        _accept(ledger, 4)


@pytest.mark.parametrize(
    ("number", "words"),
    [(99, "There is no count 99"), (1, "is in force already"), (2, "was older"), (3, "has no rows")],
)
def test_what_cannot_be_accepted_is_refused_in_a_sentence(ledger: Ledger, number: int, words: str) -> None:
    """A count that is unknown, decided, old or empty changes nothing, and the sentence says which."""
    _count(ledger, FULL, 5)
    _count(ledger, GONE, 0)
    _count(ledger, {}, 10, warehouse="")
    with pytest.raises(Refused, match=words) as refusal:
        _accept(ledger, number)
    assert str(refusal.value).endswith(".")
    assert _available(ledger) == FULL


def test_a_held_count_that_is_older_than_the_one_in_force_is_refused(ledger: Ledger) -> None:
    """Of a count that claims to be from the future nothing newer is taken back."""
    _count(ledger, FULL)
    _take(ledger, snapshot(*GONE.items(), as_of=NOW + DAY), NOW + 5 * MINUTE)
    with ledger.begin() as conn:  # it came before a count that is in force, and was not answered by it
        conn.execute(
            sa.text("UPDATE ledger.snapshots SET received_at = :at WHERE id = 2"), {"at": NOW - HOUR}
        )
    with pytest.raises(Refused, match="Count 2 is older than the one of 2026-11-27 09:00 UTC"):
        _accept(ledger, 2)


def test_a_doubtful_row_waits_alone(ledger: Ledger) -> None:
    """One SKU that cannot be right is doubted in the stock; the others are applied, and a good row ends it."""
    _count(ledger, FULL)
    rows = [StockRow(sku, 9) for sku in FULL]
    odd = [*rows[2:], StockRow("S00", -2), StockRow("S01", 30), StockRow("S01", 40)]
    assert (
        _take(ledger, StockSnapshot(as_of=NOW + MINUTE, warehouse="W1", rows=tuple(odd)), NOW + MINUTE)
        == "APPLIED"
    )
    assert _available(ledger) == FULL | {row.sku: 9 for row in rows} | {"S00": 0, "S01": 10}
    assert "counts -2" in one(ledger, "SELECT doubt FROM ledger.stock WHERE sku = :value", "S00")["doubt"]
    assert "30 and 40" in one(ledger, "SELECT doubt FROM ledger.stock WHERE sku = :value", "S01")["doubt"]
    assert one(ledger, "SELECT * FROM ledger.snapshots WHERE id = :value", 2)["rows_held"] == 2
    assert problems(ledger) == ()
    _count(ledger, FULL, 2)
    assert _available(ledger) == FULL
    assert one(ledger, "SELECT count(*) AS n FROM ledger.stock WHERE doubt <> :value", "")["n"] == 0


@pytest.mark.parametrize(("every", "doubted_at"), [(5, 3), (600, 3), (1000, 2), (1440, 1)])
def test_a_sku_that_stays_missing_is_doubted(ledger: Ledger, every: int, doubted_at: int) -> None:
    """Three counts in a row without it, or a day of them, and its number only goes down; zero needs no doubt."""
    _count(ledger, FULL | {"ZERO": 0})
    rest = {sku: units for sku, units in FULL.items() if sku != "S00"}
    for number in range(1, 5):
        _count(ledger, rest, number * every)
        row = one(ledger, "SELECT * FROM ledger.stock WHERE sku = :value", "S00")
        assert (row["available"], row["as_of"]) == (10, NOW)
        assert bool(row["doubt"]) == (number >= doubted_at)
    assert row["doubt"] == "no count names it since 2026-11-27 09:00 UTC"
    assert one(ledger, "SELECT * FROM ledger.stock WHERE sku = :value", "ZERO")["doubt"] == ""
    _count(ledger, FULL, 5 * every)
    row = one(ledger, "SELECT * FROM ledger.stock WHERE sku = :value", "S00")
    assert (row["doubt"], row["missed"], row["as_of"]) == ("", 0, NOW + 5 * every * MINUTE)


def test_only_changed_rows_are_written(ledger: Ledger) -> None:
    """A number that did not move keeps its row as it is, and the last count confirms it all the same."""
    _count(ledger, {"A": 10, "B": 10})
    _count(ledger, {"A": 9, "B": 10}, 60)
    assert one(ledger, "SELECT as_of FROM ledger.stock WHERE sku = :value", "A")["as_of"] == NOW + HOUR
    assert one(ledger, "SELECT as_of FROM ledger.stock WHERE sku = :value", "B")["as_of"] == NOW


def test_an_order_accepted_before_the_count_that_confirmed_a_number_is_its_own_subtraction(
    ledger: Ledger,
) -> None:
    """Units stay reserved until a count that names the SKU was made after the acceptance, moved or not."""

    def reserved() -> int:
        with ledger.begin() as conn:
            return pools(conn, "main", {"main": SKUS})["A"].reserved

    _count(ledger, {"A": 10, "B": 10, "C": 10})
    release(ledger, amazon_order(lines=[line(quantity=3)]), now=NOW + MINUTE)
    assert reserved() == 3
    _count(ledger, {"B": 10, "C": 9}, 5)  # it leaves A out and says nothing of it
    assert reserved() == 3
    _count(ledger, {"A": 10, "B": 10, "C": 9}, 10)  # 13 were there, or 3 came in: 10 are free now
    assert reserved() == 0
    _count(ledger, {"B": 10, "C": 9}, 15)
    assert reserved() == 0


def test_new_skus_that_nobody_sells_are_counted(ledger: Ledger) -> None:
    """A SKU that has no listing and no map row is applied and shown; of a first count nothing can be said."""
    _count(ledger, FULL)
    assert one(ledger, "SELECT * FROM ledger.snapshots WHERE id = :value", 1)["rows_unknown"] == 0
    with ledger.begin() as conn:
        for sku, state in (("LISTED", "IDLE"), ("ASKED", "CANDIDATE")):
            conn.execute(
                sa.text(
                    "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state)"
                    " VALUES ('main', 'GB', :sku, :state)"
                ),
                {"sku": sku, "state": state},
            )
    _count(ledger, FULL | {"LISTED": 1, "ASKED": 2, "NOBODYS": 3}, 5)
    assert one(ledger, "SELECT * FROM ledger.snapshots WHERE id = :value", 2)["rows_unknown"] == 2
    assert _available(ledger)["NOBODYS"] == 3
