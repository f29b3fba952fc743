"""Beats and silent flows, in the ledger."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.watch.silence import WATCH, WATCHER
from ledger.connection import Ledger
from ledger.tables import beats
from ledger.watch.beats import forget_beats, last_beats, last_watch, load_carried
from ledger.watch.silence import find_silent, find_unseen, record_silence
from tests.factories import DAY, GB, HOUR, MINUTE, NOW, amazon_order
from tests.ledger.walk import ingest, release
from tests.ledger.watch.pulse import AMAZON, EVERY, SHOP, WAREHOUSE, beat, set_up_house, traded, watch


@pytest.fixture(autouse=True)
def _house(ledger: Ledger) -> None:
    """One seller account and its warehouse, on the register."""
    set_up_house(ledger)


def silent(ledger: Ledger, now: datetime) -> list[str]:
    with ledger.begin() as conn:
        return [problem.subject for problem in find_silent(conn, EVERY, now)]


def test_a_run_is_one_row_an_hour_and_adds_up(ledger: Ledger) -> None:
    """Runs and volume of an hour add up, the last moments are kept, and another hour is another row."""
    beat(ledger, "order-ingest", {AMAZON: 3, SHOP: 3}, NOW)
    beat(ledger, "order-ingest", {AMAZON: 0, SHOP: 0}, NOW + 3 * MINUTE)
    beat(ledger, "order-ingest", {AMAZON: 2}, NOW + HOUR)
    with ledger.begin() as conn:
        rows = conn.execute(beats.select().where(beats.c.subject == AMAZON).order_by(beats.c.hour)).all()
        carried = load_carried(conn, ["order-ingest"], NOW + HOUR)
    assert [(row.runs, row.volume) for row in rows] == [(2, 3), (1, 2)]
    assert (rows[0].last_at, rows[0].last_volume_at) == (NOW + 3 * MINUTE, NOW)
    assert carried["order-ingest", AMAZON].hours == {NOW: 3, NOW + HOUR: 2}
    assert carried["order-ingest", AMAZON].last_volume_at == NOW + HOUR
    assert carried["order-ingest", SHOP].last_volume_at == NOW


def test_only_what_is_on_the_register_beats(ledger: Ledger) -> None:
    """A seller account that lockstep.toml has no more is not missed; beats of eight weeks ago are dropped."""
    beat(ledger, "order-ingest", {AMAZON: 1, "Amazon (gone)": 1}, NOW)
    beat(ledger, "order-ingest", {AMAZON: 1}, NOW - 57 * DAY)
    with ledger.begin() as conn:
        known = [AMAZON, WAREHOUSE]
        assert [one.subject for one in last_beats(conn, known, NOW)] == [AMAZON]
        assert forget_beats(conn, NOW) == 1
        assert last_watch(conn) is None


def test_a_flow_that_stops_is_silent_until_it_runs_again(ledger: Ledger) -> None:
    """Ten minutes without a run open one problem, which the next run clears; nothing is said of a fresh ledger."""
    assert watch(ledger, NOW) == []
    beat(ledger, "order-ingest", {AMAZON: 0, SHOP: 0}, NOW)
    for minute in range(1, 12):
        beat(ledger, "tracking-push", {WAREHOUSE: 0}, NOW + minute * MINUTE)
        found = watch(ledger, NOW + minute * MINUTE)
    assert found == [("flow_silent", "order-ingest, Amazon (main)")]
    beat(ledger, "order-ingest", {AMAZON: 0, SHOP: 0}, NOW + 12 * MINUTE)
    assert watch(ledger, NOW + 12 * MINUTE) == []


def test_a_marketplace_that_dies_is_named(ledger: Ledger) -> None:
    """Green runs that bring nothing of one marketplace are silence; when all of them are dead, the account is."""
    last = NOW + 5 * MINUTE
    traded(ledger, 60, until=last, flow="order-ingest", subject=SHOP)
    beat(ledger, "order-ingest", {AMAZON: 0, SHOP: 0}, last + 10 * MINUTE)
    assert silent(ledger, last + 10 * MINUTE) == []
    beat(ledger, "order-ingest", {AMAZON: 0, SHOP: 0}, last + 20 * MINUTE)
    assert silent(ledger, last + 20 * MINUTE) == [f"order-ingest, {SHOP}, too little"]
    traded(ledger, 80, until=last, flow="order-ingest", subject=AMAZON)
    beat(ledger, "order-ingest", {AMAZON: 0, SHOP: 0}, last + 25 * MINUTE)
    assert silent(ledger, last + 25 * MINUTE) == ["order-ingest, Amazon (main), too little"]


def test_a_dead_marketplace_stays_open(ledger: Ledger) -> None:
    """Days of nothing are one problem, opened once, that no look in between clears."""
    last = NOW + 5 * MINUTE
    traded(ledger, 60, until=last, flow="order-ingest", subject=AMAZON)
    for hours in (1, 6, 24, 47, 49, 53, 60, 96, 169, 300):
        beat(ledger, "order-ingest", {AMAZON: 0}, last + hours * HOUR)
        with ledger.begin() as conn:
            new = record_silence(conn, {"order-ingest": 3 * MINUTE}, last + hours * HOUR)
        assert new == (hours == 1), hours
    with ledger.begin() as conn:
        rows = conn.execute(sa.text("SELECT cleared_at, summary FROM ledger.problems")).all()
    assert [row.cleared_at for row in rows] == [None]
    assert rows[0].summary.startswith("Since 2026-11-27 09:05 UTC no new order has come from Amazon (main)")


def test_a_flow_that_ends_for_good_stays_silent(ledger: Ledger) -> None:
    """Weeks later a flow without a run is still missed, also one that is due once a week."""
    weekly = {**EVERY, "weekly-review": 7 * DAY}
    for flow, subject in (("order-ingest", AMAZON), ("weekly-review", WATCHER)):
        beat(ledger, flow, {subject: 0}, NOW)
    for days in (8, 9.1, 12, 30, 55):
        with ledger.begin() as conn:
            found = find_silent(conn, weekly, NOW + days * DAY)
        assert [problem.subject for problem in found] == [
            "order-ingest, Amazon (main)",
            "weekly-review, Lockstep",
        ]


def test_a_flow_that_never_ran_well_is_missed(ledger: Ledger) -> None:
    """A flow that fails from its first day is silent from when it was first due, until it runs or is paused."""
    ran = {"order-ingest": AMAZON, "tracking-push": WAREHOUSE, "inventory-sync": WAREHOUSE}
    late = ("flow_silent", "stock-variances, Lockstep")

    def watched(at: datetime, every: Mapping[str, timedelta]) -> list[tuple[str, str]]:
        for flow, subject in ran.items():
            beat(ledger, flow, {subject: 0}, at)
        beat(ledger, WATCH, {WATCHER: 0}, at)
        return watch(ledger, at, every)

    assert watched(NOW, EVERY) == []
    assert watched(NOW + 30 * HOUR, EVERY) == []
    assert watched(NOW + 31 * HOUR, EVERY) == [late]
    paused = {flow: every for flow, every in EVERY.items() if flow != "stock-variances"}
    assert watched(NOW + 32 * HOUR, paused) == []
    assert watched(NOW + 33 * HOUR, EVERY) == []
    assert watched(NOW + 64 * HOUR, EVERY) == [late]
    beat(ledger, "stock-variances", {AMAZON: 0}, NOW + 65 * HOUR)
    assert watched(NOW + 65 * HOUR, EVERY) == []


def test_a_warehouse_without_anything_due_may_rest(ledger: Ledger) -> None:
    """No parcels for hours are silence only while orders are due soon: a public holiday is none."""
    last = NOW + 5 * MINUTE
    now = last + 4 * HOUR
    traded(ledger, 30, until=last, flow="tracking-push", subject=WAREHOUSE)
    beat(ledger, "tracking-push", {WAREHOUSE: 0}, now)
    release(ledger, amazon_order(confirm_by=now + 2 * DAY))
    assert silent(ledger, now) == []
    release(ledger, amazon_order(number=2, confirm_by=now + 6 * HOUR))
    assert silent(ledger, now) == ["tracking-push, Warehouse (main), too little"]


QUIET = ("flow_silent", "order-ingest, Amazon (main), too little")
STOPPED = ("flow_silent", "order-ingest, Amazon (main)")


def acknowledge_all(ledger: Ledger, at: datetime) -> None:
    with ledger.begin() as conn:
        conn.execute(
            sa.text("UPDATE ledger.problems SET acknowledged_at = :at WHERE cleared_at IS NULL"), {"at": at}
        )


def unseen(ledger: Ledger, at: datetime) -> list[str]:
    with ledger.begin() as conn:
        return [problem.subject for problem in find_unseen(conn, {"order-ingest": 3 * MINUTE}, at)]


def test_a_quiet_business_acknowledged_today_does_not_come_back_today(ledger: Ledger) -> None:
    """Too little that a person has seen is not told of twice on one day, but the next day it is."""
    every = {"order-ingest": 3 * MINUTE}
    traded(ledger, 60, until=NOW, flow="order-ingest", subject=AMAZON)

    def silence(at: datetime, came: int = 0) -> list[tuple[str, str]]:
        beat(ledger, "order-ingest", {AMAZON: came}, at)
        return watch(ledger, at, every)

    assert silence(NOW + 30 * MINUTE) == [QUIET]
    acknowledge_all(ledger, NOW + 31 * MINUTE)
    assert silence(NOW + 32 * MINUTE, came=80) == []
    assert silence(NOW + 5 * HOUR) == []
    assert unseen(ledger, NOW + 5 * HOUR) == []
    assert silence(NOW + DAY) == [QUIET]


def test_acknowledging_a_quiet_business_does_not_hide_that_the_flow_stops(ledger: Ledger) -> None:
    """Who has seen that little comes has not seen that nothing runs: people and the monitor are told at once."""
    every = {"order-ingest": 3 * MINUTE}
    traded(ledger, 60, until=NOW, flow="order-ingest", subject=AMAZON)
    beat(ledger, "order-ingest", {AMAZON: 0}, NOW + 30 * MINUTE)
    assert watch(ledger, NOW + 30 * MINUTE, every) == [QUIET]
    acknowledge_all(ledger, NOW + 31 * MINUTE)
    assert unseen(ledger, NOW + 32 * MINUTE) == []
    assert watch(ledger, NOW + 41 * MINUTE, every) == [STOPPED, QUIET], "what it brings is not known now"
    assert unseen(ledger, NOW + 41 * MINUTE) == [STOPPED[1]]
    acknowledge_all(ledger, NOW + 42 * MINUTE)
    assert unseen(ledger, NOW + 43 * MINUTE) == []
    beat(ledger, "order-ingest", {AMAZON: 80}, NOW + 44 * MINUTE)
    assert watch(ledger, NOW + 44 * MINUTE, every) == []
    assert watch(ledger, NOW + 60 * MINUTE, every) == [STOPPED], "it stopped once more"
    assert unseen(ledger, NOW + 60 * MINUTE) == [STOPPED[1]]


def test_a_stranger_that_is_away_is_not_silence_as_well(ledger: Ledger) -> None:
    """What is told as a stranger that does not answer is not told as a silent flow."""
    beat(ledger, "order-ingest", {AMAZON: 0}, NOW)
    assert silent(ledger, NOW + HOUR) == ["order-ingest, Amazon (main)"]
    with ledger.begin() as conn:
        away = "INSERT INTO ledger.problems (kind, owner, severity, subject, summary, next_step, opened_at)"
        values = "VALUES ('stranger_unreachable', 'integration', 'urgent', :subject, 'x', 'y', :at)"
        conn.execute(sa.text(f"{away} {values}"), {"subject": "Amazon (main), order-ingest", "at": NOW})
    assert silent(ledger, NOW + HOUR) == []


def test_new_orders_are_counted_by_marketplace(ledger: Ledger) -> None:
    """A page says how many of its orders are new in which marketplace; a second look finds none."""
    assert ingest(ledger, amazon_order(), amazon_order(number=2)).new_in == {GB: 2}
    assert ingest(ledger, amazon_order()).new_in == {}
