"""Silent flows and standstills, found in the ledger alone: a person, the watch or a monitor may ask."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.orders.order import OrderState
from domain.problems import Problem, ProblemKind
from domain.strangers import amazon_named, warehouse_named
from domain.watch.lulls import find_lull
from domain.watch.silence import (
    OFTEN,
    PARTLY,
    RESUMED,
    STREETS,
    WATCH,
    WATCHER,
    Beat,
    Quiet,
    allowed,
    comes_batched,
    down_problem,
    down_since,
    find_not_run,
    find_quiet,
    is_judged,
    is_quiet,
    may_be_judged,
    quiet_subject,
    ran_between,
    without_told,
)
from ledger.problems import clear_problems, open_subjects, record_problems, settle_problems
from ledger.register import accounts, connections
from ledger.tables import orders, problems
from ledger.watch.beats import (
    expect_beats,
    hours_of_runs,
    last_beats,
    last_watch,
    load_carried,
    ran_since,
    record_beats,
    resumed_at,
)

_DUE_WITHIN = timedelta(hours=12)  # a warehouse that has nothing due may rest, as on a public holiday
_STARTING = timedelta(minutes=3)  # after a standstill other flows may begin before the watch does
_TOLD = (ProblemKind.STRANGER_UNREACHABLE, ProblemKind.CREDENTIALS_REFUSED)


def find_silent(
    conn: sa.Connection, schedules: Mapping[str, timedelta], now: datetime
) -> tuple[Problem, ...]:
    """A problem for each flow that does not run as scheduled, or brings implausibly little; changes nothing.

    `schedules` holds the interval of each flow that is scheduled and not paused. What people are told of already
    as a stranger that does not answer is left out.
    """
    beats, resumed = _beats(conn, now), resumed_at(conn)
    there = open_subjects(conn, ProblemKind.FLOW_SILENT)
    found = find_not_run(beats, schedules, resumed, there, now)
    judged = [
        (beat.flow, beat.subject)
        for beat in beats
        if _is_due(beat, schedules) and may_be_judged(beat, schedules[beat.flow], resumed, now)
    ]
    found += find_quiet(_lulls(conn, judged, now), now)
    told = [subject for kind in _TOLD for subject in open_subjects(conn, kind)]
    return without_told(found, told)


def find_unseen(
    conn: sa.Connection, schedules: Mapping[str, timedelta], now: datetime
) -> tuple[Problem, ...]:
    """The silent flows that nobody has acknowledged today; changes nothing."""
    found = find_silent(conn, schedules, now)
    seen = _seen_today(conn, now) if found else set()
    return tuple(problem for problem in found if problem.subject not in seen)


def record_silence(conn: sa.Connection, schedules: Mapping[str, timedelta], now: datetime) -> int:
    """Make the open problems about silent flows what is found now; how many are new.

    Too little that a person acknowledged today does not come back before tomorrow (UTC): the business is quiet.
    A flow that stops does, however often; what it brought too little of stays open until it runs again.
    """
    expect_beats(conn, schedules.keys() - {WATCH}, now)
    found = find_silent(conn, schedules, now)
    there = open_subjects(conn, ProblemKind.FLOW_SILENT)
    muted = _seen_today(conn, now) - set(there) if found else set()
    kept = [problem for problem in found if problem.subject not in muted]
    subjects = sorted(
        {*there, *(problem.subject for problem in kept)} - _unknown(conn, there, schedules, now)
    )
    return settle_problems(conn, [ProblemKind.FLOW_SILENT], subjects, kept, now)


def record_down(conn: sa.Connection, schedules: Mapping[str, timedelta], now: datetime) -> int:
    """Open a problem when the watch itself stood still, clear what is caught up; how many are new.

    Only of a watch that is scheduled, and not at its first start ever.
    """
    _clear_down(conn, schedules, now)
    since = down_since(last_watch(conn, WATCHER, RESUMED, PARTLY), now)
    if since is None or WATCH not in schedules:
        return 0
    others = _others_ran(conn, schedules, since + allowed(schedules[WATCH]), now - _STARTING)
    record_beats(conn, WATCH, {RESUMED: 0}, now)
    return record_problems(conn, [down_problem(since, now, others_ran=others)], now)


def _beats(conn: sa.Connection, now: datetime) -> list[Beat]:
    """The last beats of all flows but the watch."""
    strangers = [amazon_named(account.name) for account in accounts(conn)]
    strangers += [warehouse_named(connection.name) for connection in connections(conn)]
    return [beat for beat in last_beats(conn, strangers, now) if beat.flow != WATCH]


def _is_due(beat: Beat, schedules: Mapping[str, timedelta]) -> bool:
    return is_judged(beat.flow, beat.subject) and beat.flow in schedules


def _unknown(
    conn: sa.Connection, there: Sequence[str], schedules: Mapping[str, timedelta], now: datetime
) -> set[str]:
    """Open problems about too little of which nothing can be said now, because the flow does not run."""
    if not any(is_quiet(subject) for subject in there):
        return set()
    resumed = resumed_at(conn)
    return {
        quiet_subject(beat.flow, beat.subject)
        for beat in _beats(conn, now)
        if _is_due(beat, schedules) and not may_be_judged(beat, schedules[beat.flow], resumed, now)
    }


def _lulls(conn: sa.Connection, judged: Sequence[tuple[str, str]], now: datetime) -> list[Quiet]:
    """The lulls of these flows and subjects; a warehouse's count only while it has orders due."""
    carried = load_carried(conn, {flow for flow, _ in judged}, now) if judged else {}
    found = [
        Quiet(flow=flow, subject=subject, lull=lull)
        for flow, subject in judged
        if (flow, subject) in carried and (lull := find_lull(carried[flow, subject], now))
    ]
    if not any(comes_batched(quiet.flow) for quiet in found):
        return found
    due = _with_orders_due(conn, now)
    return [quiet for quiet in found if not comes_batched(quiet.flow) or quiet.subject in due]


def _with_orders_due(conn: sa.Connection, now: datetime) -> set[str]:
    """The warehouse connections that have orders to dispatch within half a day."""
    statement = (
        sa.select(orders.c.connection)
        .distinct()
        .where(
            orders.c.state.in_([OrderState.RELEASED, OrderState.PART_DISPATCHED]),
            orders.c.confirm_by < now + _DUE_WITHIN,
        )
    )
    return {warehouse_named(name) for name in conn.scalars(statement)}


def _seen_today(conn: sa.Connection, now: datetime) -> set[str]:
    """What a person acknowledged today: too little for all of the day, a flow that does not run until it does."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    seen = (problems.c.kind == ProblemKind.FLOW_SILENT, problems.c.acknowledged_at >= today)
    rows = conn.execute(sa.select(problems.c.subject, problems.c.cleared_at).where(*seen))
    return {row.subject for row in rows if is_quiet(row.subject) or row.cleared_at is None}


def _others_ran(
    conn: sa.Connection, schedules: Mapping[str, timedelta], start: datetime, end: datetime
) -> bool:
    flows = schedules.keys() - {WATCH}
    found = hours_of_runs(conn, flows, start, end)
    return any(ran_between(row, schedules[flow], start, end) for flow, row in found)


def _clear_down(conn: sa.Connection, schedules: Mapping[str, timedelta], now: datetime) -> None:
    """Clear standstills since which every street has run well again, when people were told of them."""
    told = (problems.c.kind == ProblemKind.LOCKSTEP_DOWN, problems.c.announced_at.is_not(None))
    rows = sa.select(problems.c.subject, problems.c.opened_at).where(*told, problems.c.cleared_at.is_(None))
    found = conn.execute(rows).all()
    if not found:
        return
    streets = {flow for flow in STREETS if flow in schedules and schedules[flow] <= OFTEN}
    caught_up = [row.subject for row in found if streets <= ran_since(conn, row.opened_at)]
    clear_problems(conn, [ProblemKind.LOCKSTEP_DOWN], caught_up, now)
