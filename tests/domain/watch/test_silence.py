"""When a flow is silent, in sentences: not run, too little, or Lockstep as a whole stood still."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problems import ProblemKind
from domain.watch.lulls import Lull
from domain.watch.silence import (
    Beat,
    HourOfRuns,
    Quiet,
    allowed,
    down_problem,
    down_since,
    find_not_run,
    find_quiet,
    is_judged,
    may_be_judged,
    ran_between,
    spell_span,
    without_told,
)
from tests.domain.examples import NOW, RULES, UK, hours

MINUTE = timedelta(minutes=1)
EVERY = {"order-ingest": 3 * MINUTE, "problem-watch": MINUTE, "stock-variances": timedelta(days=1)}


@pytest.mark.parametrize(
    ("every", "longest"),
    [
        (timedelta(seconds=30), 10 * MINUTE),
        (3 * MINUTE, 10 * MINUTE),
        (5 * MINUTE, 15 * MINUTE),
        (hours(1), hours(3)),
        (timedelta(days=1), hours(30)),
        (timedelta(days=7), hours(174)),
    ],
)
def test_three_intervals_are_allowed(every: timedelta, longest: timedelta) -> None:
    """Ten minutes at least, three intervals as a rule, and a daily or weekly flow six hours over its day."""
    assert allowed(every) == longest


def test_a_flow_that_does_not_run_is_silent() -> None:
    """Ten minutes without a run of a three-minute flow are said, with since when; a paused flow is left alone."""
    late = Beat(flow="order-ingest", subject="Amazon (main)", last_at=NOW - 11 * MINUTE)
    shop = Beat(flow="order-ingest", subject=f"Amazon (main) {UK}", last_at=NOW - 11 * MINUTE)
    [found] = find_not_run([late, shop], EVERY, None, (), NOW)
    assert found.kind is ProblemKind.FLOW_SILENT
    assert found.subject == "order-ingest, Amazon (main)"
    assert found.summary == (
        "order-ingest has not run well for Amazon (main) since 08:49 UTC; it is due every 3 minutes."
    )
    assert find_not_run([late], {}, None, (), NOW) == ()
    assert find_not_run([late], EVERY, NOW - 2 * MINUTE, (), NOW) == (), (
        "everything has only just started again"
    )


@RULES
@given(minutes=st.integers(0, 5_000), resumed=st.none() | st.integers(0, 5_000))
def test_silence_begins_where_its_allowance_ends(minutes: int, resumed: int | None) -> None:
    """A flow is silent exactly when both its last run and the last standstill are longer ago than allowed."""
    beat = Beat(flow="order-ingest", subject="Amazon (main)", last_at=NOW - minutes * MINUTE)
    again = None if resumed is None else NOW - resumed * MINUTE
    ago = minutes if resumed is None else min(minutes, resumed)
    assert bool(find_not_run([beat], EVERY, again, (), NOW)) == (ago > 10)
    judged = may_be_judged(beat, EVERY["order-ingest"], again, NOW)
    assert judged == (minutes <= 10 and (resumed is None or minutes < resumed))


def test_a_lull_is_a_sentence() -> None:
    """One marketplace, a whole account, parcels and a trickle are each said in plain words."""
    none = Lull(since=NOW - hours(2), came=0, usual=14.2)
    [shop] = find_quiet([Quiet(flow="order-ingest", subject=f"Amazon (main) {UK}", lull=none)], NOW)
    assert shop.summary == (
        "Since 07:00 UTC no new order of Amazon UK has come from Amazon (main); by now about 14 are usual."
    )
    few = Lull(since=NOW - hours(12), came=2, usual=80)
    [parcels] = find_quiet([Quiet(flow="tracking-push", subject="Warehouse (main)", lull=few)], NOW)
    assert parcels.summary == (
        "Since 2026-11-26 21:00 UTC only 2 parcels have come from Warehouse (main); by now about 80 are usual."
    )
    whole = Quiet(flow="order-ingest", subject="Amazon (main)", lull=none)
    parts = [
        Quiet(flow="order-ingest", subject=f"Amazon ({name}) {UK}", lull=none) for name in ("main", "us")
    ]
    assert [one.subject for one in find_quiet([whole, *parts], NOW)] == [
        "order-ingest, Amazon (main), too little",
        f"order-ingest, Amazon (us) {UK}, too little",
    ]


def test_what_is_told_as_a_stranger_s_fault_is_not_told_as_silence() -> None:
    """Amazon that does not answer is one problem, not another one for each flow and marketplace."""
    beats = [
        Beat(flow=flow, subject="Amazon (main)", last_at=NOW - hours(40))
        for flow in ("order-ingest", "stock-variances")
    ]
    found = find_not_run(beats, EVERY, None, (), NOW)
    left = without_told(found, ["Amazon (main), order-ingest", "Warehouse (main), order-ingest"])
    assert [problem.subject for problem in left] == ["stock-variances, Amazon (main)"]
    none = Lull(since=NOW - hours(2), came=0, usual=14.2)
    quiet = [
        Quiet(flow="order-ingest", subject=one, lull=none) for one in ("Amazon (main)", f"Amazon (us) {UK}")
    ]
    told = ["Amazon (main), order-ingest", "Amazon (us), order-ingest"]
    assert (
        without_told(find_quiet(quiet[:1], NOW), told) == without_told(find_quiet(quiet[1:], NOW), told) == ()
    )


def test_only_what_comes_by_itself_is_judged_by_its_volume() -> None:
    """New orders and the warehouse's parcels are; what goes out, and stock counts, have clocks of their own."""
    assert is_judged("order-ingest", "Amazon (main)")
    assert is_judged("tracking-push", "Warehouse (main)")
    assert not is_judged("tracking-push", "Amazon (main)")
    assert not is_judged("inventory-sync", "Warehouse (main)")


@pytest.mark.parametrize(("ago", "down"), [(None, False), (10, False), (11, True)])
def test_a_standstill_is_more_than_ten_minutes(ago: int | None, down: bool) -> None:
    """The watch that last ran longer ago stood still; at the first start ever it did not."""
    last = None if ago is None else NOW - ago * MINUTE
    assert (down_since(last, NOW) is not None) is down


@pytest.mark.parametrize(
    ("runs", "last", "ran"),
    [(1, 20, True), (1, 5, False), (200, 9, False), (95, 57, True), (70, 57, False), (12, 57, False)],
)
def test_an_hour_shows_whether_a_flow_ran_meanwhile(runs: int, last: int, ran: bool) -> None:
    """A last run between two moments shows it, and so do more runs than there can be before and after them."""
    row = HourOfRuns(hour=NOW, runs=runs, last_at=NOW + last * MINUTE)
    assert ran_between(row, MINUTE / 2, NOW + 10 * MINUTE, NOW + 50 * MINUTE) is ran


def test_a_standstill_says_from_when_to_when() -> None:
    """Subject and sentence name both moments; a watch that stood still alone is said to."""
    since = datetime.fromisoformat("2026-11-25T02:10:00+00:00")
    until = since + timedelta(hours=4, minutes=20)
    problem = down_problem(since, until, others_ran=False)
    assert problem.subject == "2026-11-25 02:10 to 06:30 UTC"
    assert "from 2026-11-25 02:10 to 06:30 UTC (4 hours 20 minutes)" in problem.summary
    assert "while other flows did" in down_problem(since, until, others_ran=True).summary
    assert spell_span(since, until + timedelta(days=1)) == "2026-11-25 02:10 to 2026-11-26 06:30 UTC"
