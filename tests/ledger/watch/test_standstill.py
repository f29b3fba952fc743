"""Standstills: found at the next start, told, ended when all has run again, and no hiding place for a dead flow."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.watch.silence import WATCH, WATCHER
from ledger.connection import Ledger
from ledger.watch.silence import record_down
from tests.factories import DAY, HOUR, MINUTE, NOW
from tests.ledger.watch.pulse import AMAZON, EVERY, WAREHOUSE, beat, set_up_house, watch

RAN = {"order-ingest": AMAZON, "tracking-push": WAREHOUSE, "inventory-sync": WAREHOUSE}
DOWN = ("lockstep_down", "2026-11-27 09:00 to 13:00 UTC")


@pytest.fixture(autouse=True)
def _house(ledger: Ledger) -> None:
    """One seller account and its warehouse, on the register."""
    set_up_house(ledger)


def all_ran(ledger: Ledger, at: datetime) -> None:
    for flow, subject in RAN.items():
        beat(ledger, flow, {subject: 0}, at)


def tell(ledger: Ledger, at: datetime) -> None:
    """The teams have heard of everything."""
    with ledger.begin() as conn:
        conn.execute(
            sa.text("UPDATE ledger.problems SET announced_at = :at WHERE announced_at IS NULL"), {"at": at}
        )


def test_a_standstill_is_found_at_the_next_start_and_ends_when_all_has_run(ledger: Ledger) -> None:
    """Nothing ran for hours: one problem that says from when to when, no other, and gone when every street ran."""
    all_ran(ledger, NOW)
    assert watch(ledger, NOW) == []
    back = NOW + 4 * HOUR
    assert watch(ledger, back) == [DOWN]
    tell(ledger, back)
    for minute, (flow, subject) in enumerate(RAN.items(), start=1):
        assert watch(ledger, back + minute * MINUTE) == [DOWN]
        beat(ledger, flow, {subject: 0}, back + minute * MINUTE + MINUTE / 2)
    assert watch(ledger, back + 4 * MINUTE) == []


def test_a_standstill_stays_until_people_are_told(ledger: Ledger) -> None:
    """When the first cycle after it dies before it tells anybody, the next ones still do."""
    all_ran(ledger, NOW)
    watch(ledger, NOW)
    back = NOW + 4 * HOUR
    with ledger.begin() as conn:  # killed after that, and before its beat
        record_down(conn, EVERY, back)
    for minute in range(1, 12):
        all_ran(ledger, back + minute * MINUTE)
        assert watch(ledger, back + minute * MINUTE) == [DOWN]
    tell(ledger, back + 12 * MINUTE)
    assert watch(ledger, back + 12 * MINUTE) == []


def test_only_our_streets_are_waited_for(ledger: Ledger) -> None:
    """A standstill ends without flows that are no streets, however often they are due, or a rare street."""
    every = {**EVERY, "sync-crm": 5 * MINUTE, "inventory-sync": HOUR}
    watch(ledger, NOW, every)
    back = NOW + 4 * HOUR
    assert watch(ledger, back, every) == [DOWN]
    tell(ledger, back)
    beat(ledger, "order-ingest", {AMAZON: 0}, back + MINUTE)
    beat(ledger, "tracking-push", {WAREHOUSE: 0}, back + MINUTE)
    assert watch(ledger, back + 2 * MINUTE, every) == []


def said(ledger: Ledger) -> str:
    with ledger.begin() as conn:
        found = "SELECT summary FROM report.problems WHERE kind = 'lockstep_down'"
        return str(conn.scalar(sa.text(found)))


def test_a_watch_that_stood_still_alone_says_so(ledger: Ledger) -> None:
    """When other flows ran meanwhile, the sentence does not say that nothing did."""
    watch(ledger, NOW)
    beat(ledger, "order-ingest", {AMAZON: 0}, NOW + HOUR)
    watch(ledger, NOW + 2 * HOUR)
    assert "while other flows did" in said(ledger)


def test_a_watch_that_stood_still_alone_within_an_hour_says_so(ledger: Ledger) -> None:
    """Flows that ran on and run still have shown it, although an hour keeps their last run alone."""
    watch(ledger, NOW + 5 * MINUTE)
    for half in range(10, 97):
        for flow, subject in RAN.items():
            if half * MINUTE / 2 % EVERY[flow] == timedelta(0):
                beat(ledger, flow, {subject: 0}, NOW + half * MINUTE / 2)
    watch(ledger, NOW + 48 * MINUTE)
    assert "while other flows did" in said(ledger)


def test_flows_that_catch_up_did_not_run_meanwhile(ledger: Ledger) -> None:
    """Runs before a standstill and some at once after it, all in one hour, are none within it."""
    for minute in (*range(5), 44, 45, 45.5, 46, 46.5, 47):
        all_ran(ledger, NOW + minute * MINUTE)
        if minute < 5:
            watch(ledger, NOW + minute * MINUTE)
    watch(ledger, NOW + 47 * MINUTE)
    assert "Nothing of Lockstep ran from 2026-11-27 09:04 to 09:47 UTC" in said(ledger)


def test_a_short_rest_each_night_hides_no_daily_flow_that_fails(ledger: Ledger) -> None:
    """After a standstill a flow gets an hour to run, not its whole day again, and what is told stays told."""
    late = ("flow_silent", "stock-variances, Amazon (main)")
    beat(ledger, "stock-variances", {AMAZON: 0}, NOW)

    def cycle(at: datetime, rested: timedelta = MINUTE) -> bool:
        beat(ledger, WATCH, {WATCHER: 0}, at - rested)
        all_ran(ledger, at)
        return late in watch(ledger, at)

    night = NOW + 18 * HOUR
    assert not cycle(night + 24 * MINUTE, rested=24 * MINUTE)
    assert not cycle(NOW + 30 * HOUR)
    assert cycle(NOW + 31 * HOUR)
    assert cycle(night + DAY + 24 * MINUTE, rested=24 * MINUTE)
    assert cycle(night + DAY + 80 * MINUTE)


def test_a_flow_that_is_late_after_a_standstill_gets_an_hour(ledger: Ledger) -> None:
    """What was due while everything stood still is caught up first, and missed only then."""
    late = ("flow_silent", "stock-variances, Amazon (main)")
    beat(ledger, "stock-variances", {AMAZON: 0}, NOW)
    watch(ledger, NOW)
    back = NOW + 40 * HOUR
    for minutes, is_late in ((0, False), (8, False), (60, False), (61, True)):
        if minutes:  # the watch goes on again
            beat(ledger, WATCH, {WATCHER: 0}, back + (minutes - 1) * MINUTE)
        all_ran(ledger, back + minutes * MINUTE)
        assert (late in watch(ledger, back + minutes * MINUTE)) is is_late, minutes
