"""The exposure is measured: the 95th percentile of each part over two days, a careful guess before that."""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.peaks import PeakWish
from domain.stock.demand import Exposure
from ledger.connection import Ledger
from ledger.peaks import end_peak, start_peak
from ledger.stock.exposure import measured_exposure
from tests.factories import DAY, GB, HOUR, MINUTE, NOW

GUESS = Exposure()
_ORDER = """
INSERT INTO ledger.orders (seller_account, amazon_order_id, marketplace_id, state, amazon_status,
    amazon_created_at, amazon_updated_at, imported_at)
SELECT :account, gen_random_uuid()::text, :place, 'READY', 'UNSHIPPED', :imported - :age, :imported, :imported
FROM generate_series(1, :count)
"""
_LISTING = """
INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, planned_at, accepted_at,
    effective_at)
SELECT :account, :place, gen_random_uuid()::text, 'EFFECTIVE', :planned, :accepted, :effective
FROM generate_series(1, :count)
"""
_COUNT = """
INSERT INTO ledger.snapshots (connection, warehouse, as_of, received_at, source, outcome, rows)
VALUES (:connection, :warehouse, :as_of, :received, 'stock file', :outcome, 1)
"""


def _orders(
    ledger: Ledger, count: int, age: timedelta, imported: datetime = NOW - HOUR, account: str = "main"
) -> None:
    values = {"account": account, "place": GB, "imported": imported, "age": age, "count": count}
    with ledger.begin() as conn:
        conn.execute(sa.text(_ORDER), values)


def _listings(
    ledger: Ledger,
    count: int,
    publish: timedelta,
    effective: timedelta,
    accepted: datetime = NOW - HOUR,
    account: str = "main",
) -> None:
    values = {"planned": accepted - publish, "accepted": accepted, "effective": accepted + effective}
    with ledger.begin() as conn:
        conn.execute(sa.text(_LISTING), {"account": account, "place": GB, "count": count, **values})


def _counts(
    ledger: Ledger,
    *counts: tuple[timedelta, timedelta],
    warehouse: str = "W1",
    outcome: str = "APPLIED",
    connection: str = "main",
) -> None:
    """Counts by how long ago they were made, and how long after that they were received."""
    with ledger.begin() as conn:
        for ago, later in counts:
            values = {"as_of": NOW - ago, "received": NOW - ago + later, "outcome": outcome}
            conn.execute(sa.text(_COUNT), {"connection": connection, "warehouse": warehouse, **values})


def _measured(ledger: Ledger) -> Exposure:
    with ledger.begin() as conn:
        return measured_exposure(conn, "main", ["main"], NOW)


def test_before_anything_was_measured_a_guess_stands_in(ledger: Ledger) -> None:
    """An empty ledger is as exposed as the domain's careful guess; so is one with a handful of orders."""
    assert _measured(ledger) == GUESS
    _orders(ledger, 19, 3 * MINUTE)
    _counts(ledger, (HOUR, MINUTE))
    assert _measured(ledger) == GUESS


def test_the_age_of_orders_is_their_95th_percentile(ledger: Ledger) -> None:
    """Of a hundred orders, the five slowest do not count."""
    _orders(ledger, 1, MINUTE, NOW - 5 * HOUR)  # reading began
    _orders(ledger, 95, 4 * MINUTE)
    _orders(ledger, 4, 3 * HOUR)
    assert _measured(ledger).order_age == 4 * MINUTE
    _orders(ledger, 4, 2 * HOUR)
    assert _measured(ledger).order_age == 2 * HOUR


def test_what_the_first_import_read_back_says_nothing(ledger: Ledger) -> None:
    """Orders that were placed before anything was read are a day old without anybody having been late."""
    _orders(ledger, 50, DAY, NOW - 3 * HOUR)
    assert _measured(ledger).order_age == GUESS.order_age
    _orders(ledger, 50, 6 * MINUTE)
    assert _measured(ledger).order_age == 6 * MINUTE


def test_only_two_days_and_the_accounts_served_count(ledger: Ledger) -> None:
    """An outage of last week is over, and another seller's is not ours."""
    _orders(ledger, 1, MINUTE, NOW - 9 * DAY)
    _orders(ledger, 100, 8 * HOUR, NOW - 3 * DAY)
    _orders(ledger, 100, 8 * HOUR, account="other")
    _orders(ledger, 30, 2 * MINUTE)
    _listings(ledger, 100, HOUR, HOUR, accepted=NOW - 3 * DAY)
    _listings(ledger, 100, HOUR, HOUR, account="other")
    _counts(ledger, *((hours * HOUR, 9 * HOUR) for hours in (60, 70, 80, 90)))
    _counts(ledger, *((hours * HOUR, 9 * HOUR) for hours in (6, 5, 4, 3)), connection="elsewhere")
    found = _measured(ledger)
    assert (found.order_age, found.publish, found.effective) == (2 * MINUTE, GUESS.publish, GUESS.effective)
    assert found.snapshot_age == GUESS.snapshot_age


def test_a_count_lives_until_the_next_one_of_its_warehouse_is_here(ledger: Ledger) -> None:
    """From the moment of a count to the receipt of the next; held counts replace none."""
    _counts(ledger, *((hours * HOUR, 5 * MINUTE) for hours in range(12, 0, -1)))
    _counts(ledger, (11 * HOUR + 30 * MINUTE, MINUTE), outcome="HELD")
    assert _measured(ledger).snapshot_age == 65 * MINUTE
    _counts(ledger, *((hours * HOUR, 10 * MINUTE) for hours in (9, 6, 3)), warehouse="W2")
    assert _measured(ledger).snapshot_age == 3 * HOUR + 10 * MINUTE


def test_a_count_that_is_late_has_at_least_its_age(ledger: Ledger) -> None:
    """When the usual count does not come, exposure grows while one waits."""
    _counts(ledger, *((hours * HOUR, 5 * MINUTE) for hours in range(20, 6, -1)))
    assert _measured(ledger).snapshot_age == 7 * HOUR


def test_publishing_and_taking_effect_are_measured_apart(ledger: Ledger) -> None:
    """From plan to acceptance, and from acceptance to the look that showed it; replanned ones say nothing."""
    _listings(ledger, 95, 2 * MINUTE, 7 * MINUTE)
    _listings(ledger, 3, 40 * MINUTE, 90 * MINUTE)
    _listings(ledger, 50, -5 * MINUTE, -3 * HOUR)
    found = _measured(ledger)
    assert (found.publish, found.effective) == (2 * MINUTE, 7 * MINUTE)


def test_nothing_takes_no_time_at_all(ledger: Ledger) -> None:
    """Clocks that differ make times below zero: a part is never less than a minute."""
    _orders(ledger, 1, MINUTE, NOW - 5 * HOUR)
    _orders(ledger, 40, -2 * MINUTE)
    assert _measured(ledger).order_age == MINUTE


def test_peak_mode_adds_its_own_interval_and_only_while_it_is_on(ledger: Ledger) -> None:
    """The wait between two publications is known, and with the peak's end it is gone."""
    with ledger.begin() as conn:
        start_peak(conn, PeakWish(author="Kim", ends_at=NOW + HOUR, every=40 * MINUTE), NOW - MINUTE)
    assert _measured(ledger) == replace(GUESS, peak=40 * MINUTE)
    with ledger.begin() as conn:
        end_peak(conn, "Kim", NOW)
    assert _measured(ledger) == GUESS


def test_what_waited_for_its_turn_in_a_peak_does_not_lengthen_the_time_after_it(ledger: Ledger) -> None:
    """Of numbers planned in a peak only the time since they were sent counts: the exposure is what it was."""
    with ledger.begin() as conn:
        start_peak(conn, PeakWish(author="Kim", ends_at=NOW - 2 * HOUR), NOW - 5 * HOUR)
    _listings(ledger, 30, 30 * MINUTE, 10 * MINUTE, accepted=NOW - 3 * HOUR)
    assert _measured(ledger).publish == GUESS.publish  # when they were sent is not known
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.listings SET published_at = accepted_at - interval '3 minutes'"))
    assert _measured(ledger).publish == 3 * MINUTE
    _listings(ledger, 30, 7 * MINUTE, 10 * MINUTE)
    assert _measured(ledger).publish == 7 * MINUTE
