"""Which messages go out: each problem is told, none twice, and a thousand of one cause are one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problem_kinds import ProblemKind
from domain.watch.notices import MOST_CAUSES, NEARLY_DUE, QUIET, Stage, What, decide_notices, stage_of
from tests.domain.examples import NOW, RULES, hours
from tests.domain.watch.notice_examples import CARRIER, SKU, Desk, told, watched

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("had", "left", "stage"),
    [
        (24, 23.9, Stage.NEW),
        (24, 8, Stage.SOON),
        (24, 1, Stage.LAST),
        (24, 0, Stage.OVERDUE),
        (168, 25, Stage.NEW),
        (168, 24, Stage.SOON),
        (4, 4 / 3, Stage.SOON),
        (4, 0.7, Stage.SOON),
        (4, 0.6, Stage.LAST),
        (1, 1, Stage.SOON),
        (0.2, 0.2, Stage.LAST),
        (-1, -1, Stage.OVERDUE),
    ],
)
def test_stages_follow_how_long_there_was(had: float, left: float, stage: Stage) -> None:
    """A problem comes near when a third of its time is left, and again at a sixth, within sensible bounds."""
    problem = watched(due=NOW + hours(left), opened=NOW + hours(left - had))
    assert stage_of(problem, NOW) is stage


def test_without_a_moment_nothing_escalates() -> None:
    """A problem that has no moment to act by stays new."""
    assert stage_of(watched(due=None), NOW + hours(1000)) is Stage.NEW


def test_a_thousand_of_one_cause_are_one_message() -> None:
    """A thousand orders of one unmapped SKU are one message that counts them, the most urgent first."""
    orders = [watched(n, due=NOW + hours(20 + n)) for n in range(1000)]
    (notice,) = decide_notices(reversed(orders), [], [], NOW)
    assert (notice.what, notice.stage, notice.affected) == (What.OPENED, Stage.NEW, 1000)
    assert notice.parts[0].problems[0] == orders[0]
    assert notice.parts[0].news == dict.fromkeys(range(1000), Stage.NEW)


def test_more_of_a_cause_waits_for_the_hour() -> None:
    """What joins a cause that was just told is told when the hour is over, in one message."""
    old, new = watched(1, told=Stage.NEW), watched(2)
    assert decide_notices([old, new], [], [told(old, 59 * MINUTE)], NOW) == ()
    (notice,) = decide_notices([old, new], [], [told(old, QUIET)], NOW)
    assert notice.what is What.OPENED
    assert (list(notice.parts[0].news), len(notice.parts[0].problems)) == ([2], 2)


def test_an_escalation_does_not_wait() -> None:
    """A cause that comes near is told within the hour, and takes along what waited."""
    old = watched(1, told=Stage.NEW, due=NOW + hours(1), opened=NOW - hours(24))
    new = watched(2)
    (notice,) = decide_notices([old, new], [], [told(old, 5 * MINUTE)], NOW)
    assert (notice.what, notice.stage) == (What.ESCALATED, Stage.LAST)
    assert notice.parts[0].news == {1: Stage.LAST, 2: Stage.NEW}


def test_a_late_opening_opens_at_its_stage() -> None:
    """A problem that opens with little time left says so at once and is not told at that stage again."""
    problem = watched(due=NOW + 10 * MINUTE)
    (notice,) = decide_notices([problem], [], [], NOW)
    assert (notice.what, notice.stage) == (What.OPENED, Stage.LAST)
    heard = replace(problem, told=Stage.LAST)
    assert decide_notices([heard], [], [told(problem, MINUTE, Stage.LAST)], NOW + MINUTE) == ()


def test_a_moment_that_moves_away_comes_near_again() -> None:
    """A problem that was overdue and got a later date, or the next parcel's, is told at each stage once more."""
    desk = Desk()
    desk.open(watched(1, due=NOW + 30 * MINUTE, opened=NOW - hours(24)))
    _run(desk, NOW, NOW + 40 * MINUTE)
    desk.move(1, NOW + hours(48))
    _run(desk, NOW + 40 * MINUTE, NOW + hours(50))
    at = [(at - NOW, notice.stage) for at, notice in desk.sent]
    assert at == [
        (hours(0), Stage.LAST),
        (hours(0.5), Stage.OVERDUE),
        (hours(24), Stage.SOON),
        (hours(47), Stage.LAST),
        (hours(48), Stage.OVERDUE),
    ]


def test_a_moment_that_moves_each_minute_is_no_storm() -> None:
    """A queue whose first parcel is always due now is overdue once an hour; one that stays as near says nothing."""
    late, near = Desk(), Desk()
    late.open(watched(1, opened=NOW - hours(24)))
    near.open(watched(1, opened=NOW - hours(24)))
    for minute in range(180):
        now = NOW + minute * MINUTE
        late.move(1, now + (minute % 2) * hours(3))
        near.move(1, now + 30 * MINUTE)
        late.cycle(now)
        near.cycle(now)
    assert [notice.stage for _, notice in late.sent] == [Stage.OVERDUE] * 3
    assert [notice.stage for _, notice in near.sent] == [Stage.LAST]


def _run(desk: Desk, start: datetime, end: datetime) -> None:
    while start < end:
        desk.cycle(start)
        start += 10 * MINUTE


def test_what_nobody_heard_of_is_told_before_it_is_late() -> None:
    """An order that joins an overdue cause and is due within the hour does not wait until it is late, too."""
    desk = Desk()
    desk.open(watched(1, due=NOW, opened=NOW - hours(1), told=Stage.LAST))
    desk.cycle(NOW)
    desk.open(watched(2, due=NOW + 50 * MINUTE, opened=NOW + 5 * MINUTE))
    _run(desk, NOW + 5 * MINUTE, NOW + 50 * MINUTE)
    (at,) = [at for at, notice in desk.sent if 2 in notice.parts[0].news]
    assert at < NOW + 50 * MINUTE


def test_an_order_a_minute_that_is_nearly_due_is_no_storm() -> None:
    """Many that come up late one by one are told every quarter of an hour, and when the first is overdue."""
    desk = Desk()
    for minute in range(60):
        now = NOW + minute * MINUTE
        desk.open(watched(minute, due=now + 20 * MINUTE, opened=now - hours(2)))
        desk.cycle(now)
    assert [(at - NOW) // MINUTE for at, _ in desk.sent] == [0, 15, 20, 35, 50]


def test_what_comes_back_is_told_once_it_lasts() -> None:
    """Who heard that refused credentials are settled hears within minutes that they are not; once an hour."""
    desk, kind = Desk(), ProblemKind.CREDENTIALS_REFUSED
    for number in range(6):
        start = NOW + 20 * number * MINUTE
        desk.open(watched(number, kind=kind, due=start + hours(1), opened=start))
        for minute in range(10):
            desk.cycle(start + minute * MINUTE)
        desk.clear(number)
        for minute in range(10, 20):
            desk.cycle(start + minute * MINUTE)
    assert [notice.what for _, notice in desk.sent] == [What.OPENED, What.CLEARED] * 4
    assert [(at - NOW) // MINUTE for at, _ in desk.sent] == [0, 10, 25, 30, 85, 90, 105, 110]


def test_a_return_that_is_not_urgent_waits() -> None:
    """What costs nothing soon is told when the hour is over, also when it was said to be settled."""
    desk, kind = Desk(), ProblemKind.TRACKING_SUSPECT
    desk.open(watched(1, kind=kind))
    desk.cycle(NOW)
    desk.clear(1)
    desk.cycle(NOW + MINUTE)
    desk.open(watched(2, kind=kind, opened=NOW + 2 * MINUTE))
    _run(desk, NOW + 2 * MINUTE, NOW + hours(2))
    assert [at - NOW for at, _ in desk.sent] == [timedelta(0), MINUTE, 62 * MINUTE]


def test_who_knows_hears_only_of_what_is_too_late() -> None:
    """An acknowledged problem skips every stage but the last."""
    known = watched(told=Stage.NEW, acknowledged=True, due=NOW + hours(24))
    assert decide_notices([known], [], [], NOW + hours(23.5)) == ()
    (notice,) = decide_notices([known], [], [], NOW + hours(24))
    assert notice.stage is Stage.OVERDUE


def test_soon_is_said_of_a_cause_once() -> None:
    """Orders of one cause that come near one after the other are no message each."""
    first = watched(1, told=Stage.SOON, due=NOW + hours(8))
    second = watched(2, told=Stage.NEW, due=NOW + hours(8), opened=NOW - hours(16))
    assert decide_notices([first, second], [], [], NOW) == ()


def test_an_end_is_told_when_the_last_is_gone() -> None:
    """As long as one problem of a cause is open, nothing is said to be over; then all of it is, once."""
    over = [watched(n, told=Stage.SOON) for n in range(3)]
    assert decide_notices([watched(9, told=Stage.SOON)], over, [], NOW) == ()
    (notice,) = decide_notices([], over, [], NOW)
    assert (notice.what, notice.stage, notice.affected) == (What.CLEARED, Stage.SOON, 3)


def test_a_cause_that_comes_and_goes_is_no_storm() -> None:
    """A stranger that answers every other minute is told twice an hour at most: gone, and back."""
    desk = Desk()
    for minute in range(0, 120, 2):
        desk.open(watched(minute, due=None, opened=NOW + minute * MINUTE))
        desk.cycle(NOW + minute * MINUTE)
        desk.clear(minute)
        desk.cycle(NOW + (minute + 1) * MINUTE)
    assert [notice.what for _, notice in desk.sent] == [What.OPENED, What.CLEARED] * 2


def test_more_than_five_causes_are_a_digest() -> None:
    """Six causes of one team are one message; five are five, the most urgent first."""
    causes = [watched(n, cause=f"SKU-{n}", due=NOW + hours(30 - n)) for n in range(MOST_CAUSES + 1)]
    five = decide_notices(causes[:MOST_CAUSES], [], [], NOW)
    assert [notice.parts[0].group.cause for notice in five] == [f"SKU-{n}" for n in range(4, -1, -1)]
    (digest,) = decide_notices(causes, [], [], NOW)
    assert [len(digest.parts), digest.parts[0].group.cause] == [MOST_CAUSES + 1, f"SKU-{MOST_CAUSES}"]


def test_a_team_that_hears_much_hears_the_rest_when_it_is_due() -> None:
    """After news in six cycles of an hour, what has time waits; what is nearly due does not."""
    said = [told(watched(cause=f"SKU-{n}"), n * MINUTE) for n in range(6)]
    calm, near = watched(7, cause="CALM"), watched(8, cause="NEAR", due=NOW + 10 * MINUTE)
    (notice,) = decide_notices([calm, near], [], said, NOW)
    assert notice.parts[0].group.cause == "NEAR"
    elsewhere = watched(9, kind=CARRIER, cause="main / OWL")
    assert len(decide_notices([elsewhere], [], said, NOW)) == 1


causes = st.sampled_from(["MUG", "POT", "JUG", "CUP", "TRAY", "BOWL", "PLATE"])
ids = st.integers(0, 30)
steps = st.one_of(
    st.tuples(st.just("open"), causes, st.sampled_from([SKU, CARRIER]), st.integers(-1, 60)),
    st.tuples(st.just("clear"), ids),
    st.tuples(st.just("acknowledge"), ids),
    st.tuples(st.just("wait"), st.integers(1, 300)),
)
moving = st.one_of(steps, st.tuples(st.just("move"), ids, st.integers(-60, 6000)))


def _play(script: list[tuple[object, ...]]) -> Desk:
    desk, now, number = Desk(), NOW, 0
    for word, *rest in script:
        if word == "open":
            cause, kind, left = rest
            due = now + hours(left) if left else None  # type: ignore[arg-type]
            desk.open(watched(number, cause=cause, kind=kind, due=due, opened=now))  # type: ignore[arg-type]
            number += 1
        elif word == "move":
            desk.move(rest[0], now + rest[1] * MINUTE)  # type: ignore[arg-type,operator]
        elif word == "wait":
            for _ in range(rest[0] // 10 + 1):  # type: ignore[operator]
                now += 10 * MINUTE
                desk.cycle(now)
        else:
            getattr(desk, str(word))(rest[0])
    for _ in range(13):
        now += 10 * MINUTE
        desk.cycle(now)
    return desk


@RULES
@given(st.lists(steps, max_size=40))
def test_a_trading_day_is_told_rightly(script: list[tuple[object, ...]]) -> None:
    """Whatever opens and ends: all that stays open is told once as new, stages only rise, and no end is made up."""
    desk = _play(script)
    assert all(problem.told is not None for problem in desk.open_ones.values())
    heard: dict[int, Stage] = {}
    ended: set[int] = set()
    for _, notice in desk.sent:
        for part in notice.parts:
            for number, stage in part.news.items():
                if notice.what is What.CLEARED:
                    assert number in heard
                    assert number not in ended
                    ended.add(number)
                else:
                    assert number not in ended
                    assert number not in heard or stage.rank > heard[number].rank
                    heard[number] = stage


@RULES
@given(st.lists(moving, max_size=40))
def test_no_day_is_a_storm(script: list[tuple[object, ...]]) -> None:
    """No team hears more than fifteen messages in a cycle, nor of one cause at one stage twice in an hour.

    But for what nobody heard of and is nearly due, or what was said to be settled and is not.
    """
    desk = _play(script)
    cycles: dict[tuple[object, str], int] = {}
    for at, notice in desk.sent:
        cycles[at, notice.owner] = cycles.get((at, notice.owner), 0) + 1
    assert all(many <= 3 * MOST_CAUSES for many in cycles.values())
    heard: set[int] = set()
    parts = [(at, notice.what, part) for at, notice in desk.sent for part in notice.parts]
    for number, (at, what, part) in enumerate(parts):
        before = [
            (then, word, other.stage) for then, word, other in parts[:number] if other.group == part.group
        ]
        lately = [(word, stage) for then, word, stage in before if at - then < QUIET]
        again = (What.OPENED, part.stage) in lately or (What.ESCALATED, part.stage) in lately
        if what is not What.CLEARED and again and (What.CLEARED not in dict(lately)):
            assert at - before[-1][0] >= NEARLY_DUE
            assert any(stage.rank >= Stage.LAST.rank for one, stage in part.news.items() if one not in heard)
        assert [word for word, _ in lately].count(What.CLEARED) <= 2
        assert len(lately) <= 10
        heard |= set(part.news)
