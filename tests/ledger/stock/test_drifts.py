"""Drifts: each return of another writer is kept, and together they say who it may be."""

from datetime import datetime

import sqlalchemy as sa

from ledger.connection import Ledger
from ledger.stock.drifts import returning
from tests.factories import DAY, HOUR, MINUTE, NOW
from tests.ledger.quantities import effective, look, plan, publish, see, seen
from tests.ledger.walk import problems, states


def test_a_drift_is_kept_with_its_circumstances(ledger: Ledger) -> None:
    """Number, count, older numbers of ours, when it was last right and when Amazon says it changed."""
    effective(ledger, 7)
    plan(ledger, {"A": 9}, now=NOW + MINUTE)
    publish(ledger, now=NOW + MINUTE)
    look(ledger, {"A": 9}, now=NOW + 2 * MINUTE)
    look(ledger, {"A": 9}, now=NOW + HOUR)
    see(ledger, seen("A", 7, updated_at=NOW + HOUR + MINUTE), now=NOW + 2 * HOUR)
    assert states(ledger, "listings") == ["EFFECTIVE"]
    see(ledger, seen("A", 7, updated_at=NOW + HOUR + MINUTE), now=NOW + 3 * HOUR)
    with ledger.begin() as conn:
        (row,) = conn.execute(sa.text("SELECT * FROM ledger.drifts")).mappings().all()
    assert (row["published"], row["shown"], row["available"], row["earlier"]) == (9, 7, 9, [7])
    assert (row["at"], row["changed_at"]) == (NOW + 3 * HOUR, NOW + HOUR + MINUTE)
    assert row["right_until"] == NOW + 2 * MINUTE  # when it became effective: later looks are not kept


def _drift(ledger: Ledger, at: datetime, *skus: str, units: int = 40) -> None:
    """Somebody else sets the quantity, it is found a minute later, and ours is published again."""
    see(ledger, *[seen(sku, units, updated_at=at) for sku in skus], now=at + MINUTE)
    plan(ledger, dict.fromkeys(skus, 9), now=at + MINUTE)
    publish(ledger, now=at + MINUTE)
    look(ledger, dict.fromkeys(skus, 9), now=at + 3 * MINUTE)


def test_a_drift_that_comes_back_is_one_problem_until_it_stays_away_for_a_day(ledger: Ledger) -> None:
    """The first is over when it is corrected; from the second on the problem stays and says the pattern."""
    effective(ledger, 9)
    _drift(ledger, NOW + HOUR, "A")
    assert problems(ledger) == ()
    for n in (2, 3):
        _drift(ledger, NOW + n * HOUR, "A", units=9 + 990)
    (found,) = problems(ledger)
    assert found.opened_at == NOW + 2 * HOUR + MINUTE
    assert "offers 999, but 9 were published. It came back 3 times within a week" in found.summary
    assert "every 60 minutes" in found.summary
    look(ledger, {"A": 9}, now=NOW + 20 * HOUR)
    assert len(problems(ledger)) == 1
    look(ledger, {"A": 9}, now=NOW + 28 * HOUR)
    assert problems(ledger) == ()


def test_many_returns_a_day_are_corrected_and_urgent_in_words(ledger: Ledger) -> None:
    """Lockstep does not give in and does not fight in silence."""
    effective(ledger, 9)
    for n in range(1, 7):
        _drift(ledger, NOW + n * HOUR, "A")
        assert states(ledger, "listings") == ["EFFECTIVE"]
    (found,) = problems(ledger)
    assert "6 of them in the last 24 hours" in found.summary
    assert "Urgent:" in found.summary


def test_listings_that_change_together_are_counted(ledger: Ledger) -> None:
    """Six listings within a minute are the work of a program, and the table has one row for them."""
    skus = [f"S{n}" for n in range(6)]
    effective(ledger, 9, *skus)
    for n in (1, 2, 3):
        _drift(ledger, NOW + n * HOUR, *skus)
    found = problems(ledger)
    assert len(found) == 6
    assert all("6 listings changed at the same time: a program" in one.summary for one in found)
    with ledger.begin() as conn:
        shown, count = returning(conn, "main", NOW + 4 * HOUR, 5)
        assert returning(conn, "other", NOW + 4 * HOUR, 5) == ((), 0)
        assert returning(conn, "main", NOW + 9 * DAY, 5) == ((), 0)
    assert (len(shown), count) == (5, 6)
    assert {one.writer.together for one in shown} == {6}
