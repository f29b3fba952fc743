"""Beats, silent flows and standstills, in the ledger."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.watch.silence import WATCH, WATCHER
from ledger.connection import Ledger
from ledger.register import Account, Connection, record_account, record_connection
from ledger.tables import beats
from ledger.watch.beats import forget_beats, last_beats, last_watch, load_carried, record_beats
from ledger.watch.silence import find_silent, find_unseen, record_down, record_silence
from tests.factories import DAY, GB, HOUR, MINUTE, NOW, amazon_order
from tests.ledger.walk import ingest, release

AMAZON, WAREHOUSE, SHOP = "Amazon (main)", "Warehouse (main)", f"Amazon (main) {GB}"
EVERY = {
    "order-ingest": 3 * MINUTE,
    "tracking-push": MINUTE / 2,
    "inventory-sync": 5 * MINUTE,
    WATCH: MINUTE,
    "stock-variances": DAY,
}


@pytest.fixture(autouse=True)
def _house(ledger: Ledger) -> None:
    """One seller account and its warehouse, on the register."""
    account = Account(
        name="main", seller_id="A1", region="EU", marketplaces=(GB,), look_back=DAY, prove_within=4 * MINUTE
    )
    with ledger.begin() as conn:
        record_account(conn, account)
        record_connection(conn, Connection(name="main", adapter="x", serves=("main",), same_skus=True))


def beat(ledger: Ledger, flow: str, carried: Mapping[str, int], at: datetime) -> None:
    with ledger.begin() as conn:
        record_beats(conn, flow, carried, at)


def traded(ledger: Ledger, an_hour: int, *, until: datetime, flow: str, subject: str) -> None:
    """Five weeks of the same every hour, up to a moment."""
    this = until.replace(minute=0)
    rows = [
        {"street": flow, "subject": subject, "hour": this - back * HOUR, "runs": 20, "volume": an_hour}
        | {"last_at": this - (back - 1) * HOUR - MINUTE, "last_volume_at": this - (back - 1) * HOUR - MINUTE}
        for back in range(1, 35 * 24)
    ]
    with ledger.begin() as conn:
        conn.execute(beats.insert(), rows)
    beat(ledger, flow, {subject: 1}, until)


def silent(ledger: Ledger, now: datetime) -> list[str]:
    with ledger.begin() as conn:
        return [problem.subject for problem in find_silent(conn, EVERY, now)]


def watch(ledger: Ledger, now: datetime, every: Mapping[str, timedelta] = EVERY) -> list[tuple[str, str]]:
    """One cycle of the watch; the kinds and subjects of what is open after it."""
    with ledger.begin() as conn:
        record_down(conn, every, now)
        record_silence(conn, every, now)
    beat(ledger, WATCH, {WATCHER: 0}, now)
    with ledger.begin() as conn:
        found = conn.execute(sa.text("SELECT kind, subject FROM report.problems WHERE cleared_at IS NULL"))
        return sorted((row.kind, row.subject) for row in found)


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


RAN = {"order-ingest": AMAZON, "tracking-push": WAREHOUSE, "inventory-sync": WAREHOUSE}
DOWN = ("lockstep_down", "2026-11-27 09:00 to 13:00 UTC")


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
