"""What was told is remembered: each problem once per stage, each end once, and no more than 30 days of it."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from domain.watch.notices import Notice, Stage, What, decide_notices, fallen_back
from ledger.connection import Ledger
from ledger.problems import clear_problems, record_problems
from ledger.watch.notices import forget_notices, load_standing, record_notices, record_stages
from tests.factories import DAY, HOUR, MINUTE, NOW, order_id

K = ProblemKind
FILE = Problem(kind=K.FILE_SET_ASIDE, subject="stock.csv", summary="Row 3 does not parse.")


def orders(count: int, *, sku: str = "MUG") -> list[Problem]:
    """That many orders of one unmapped SKU, due in a day."""
    return [
        Problem(kind=K.UNMAPPED_SKU, subject=order_id(n), summary="No SKU.", act_by=NOW + DAY, cause=sku)
        for n in range(count)
    ]


def tell(ledger: Ledger, now: datetime) -> tuple[Notice, ...]:
    """One cycle: gather, decide, keep."""
    with ledger.begin() as conn:
        found = load_standing(conn, now)
        notices = decide_notices(found.open_ones, found.cleared, found.told, now)
        record_notices(conn, notices, now)
        record_stages(conn, fallen_back(found.open_ones, now))
    return notices


def find(ledger: Ledger, *found: Problem, now: datetime = NOW) -> None:
    """Problems come up."""
    with ledger.begin() as conn:
        record_problems(conn, found, now)


def clear(ledger: Ledger, *found: Problem, now: datetime) -> None:
    """Their causes are gone."""
    with ledger.begin() as conn:
        for problem in found:
            clear_problems(conn, [problem.kind], [problem.subject], now)


def test_a_cause_is_told_once_per_stage(ledger: Ledger) -> None:
    """A hundred orders of one SKU are one message when they open and one at each stage after that."""
    find(ledger, *orders(100))
    heard = []
    for minutes in range(0, 25 * 60, 15):
        heard += [
            (notice.what, notice.stage, notice.affected) for notice in tell(ledger, NOW + minutes * MINUTE)
        ]
    assert heard == [
        (What.OPENED, Stage.NEW, 100),
        (What.ESCALATED, Stage.SOON, 100),
        (What.ESCALATED, Stage.LAST, 100),
        (What.ESCALATED, Stage.OVERDUE, 100),
    ]


def test_a_later_moment_is_told_again(ledger: Ledger) -> None:
    """A standing problem that was overdue and moves on to the next parcel is told when that one comes near."""
    gap = Problem(kind=K.CARRIER_UNMAPPED, subject="main / OWL in GB", summary="No.", act_by=NOW + HOUR)
    find(ledger, gap)
    tell(ledger, NOW + HOUR)
    find(ledger, replace(gap, act_by=NOW + 3 * DAY), now=NOW + HOUR)
    heard = [
        (hours, notice.stage)
        for hours in range(1, 80)
        for notice in tell(ledger, NOW + hours * HOUR + MINUTE)
    ]
    assert heard == [(48, Stage.SOON), (71, Stage.LAST), (72, Stage.OVERDUE)]


def test_an_end_is_told_once(ledger: Ledger) -> None:
    """The last of a cause that was told is told as gone, once; one that nobody heard of is not."""
    two = orders(2)
    find(ledger, *two)
    tell(ledger, NOW)
    find(ledger, FILE)
    clear(ledger, FILE, two[0], now=NOW + MINUTE)
    assert tell(ledger, NOW + MINUTE) == ()
    clear(ledger, two[1], now=NOW + 2 * MINUTE)
    (notice,) = tell(ledger, NOW + 2 * MINUTE)
    assert (notice.what, notice.affected) == (What.CLEARED, 2)
    assert tell(ledger, NOW + 3 * MINUTE) == ()


def test_what_was_not_kept_is_told_again(ledger: Ledger) -> None:
    """A process that dies between telling and keeping tells again: rather twice than never."""
    find(ledger, FILE)
    with ledger.engine.connect() as conn:
        found = load_standing(conn, NOW)
        record_notices(conn, decide_notices(found.open_ones, found.cleared, found.told, NOW), NOW)
        conn.rollback()
    assert len(tell(ledger, NOW)) == 1
    assert tell(ledger, NOW + MINUTE) == ()


def test_a_return_is_a_problem_of_its_own(ledger: Ledger) -> None:
    """What comes back within the hour is told anew once it lasts for some minutes."""
    find(ledger, FILE)
    tell(ledger, NOW)
    clear(ledger, FILE, now=NOW + MINUTE)
    tell(ledger, NOW + MINUTE)
    find(ledger, FILE, now=NOW + 2 * MINUTE)
    assert tell(ledger, NOW + 2 * MINUTE) == ()
    (notice,) = tell(ledger, NOW + 7 * MINUTE)
    assert notice.what is What.OPENED


def test_an_acknowledged_problem_is_quiet(ledger: Ledger) -> None:
    """Who acknowledged a problem hears of it again only when it is overdue."""
    find(ledger, *orders(1))
    tell(ledger, NOW)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.problems SET acknowledged_at = :now"), {"now": NOW})
    assert tell(ledger, NOW + 23.5 * HOUR) == ()
    assert [notice.stage for notice in tell(ledger, NOW + DAY)] == [Stage.OVERDUE]


def test_old_ends_are_no_news(ledger: Ledger) -> None:
    """An end that nobody could be told for a day is let go."""
    find(ledger, FILE)
    tell(ledger, NOW)
    clear(ledger, FILE, now=NOW + MINUTE)
    assert tell(ledger, NOW + 2 * DAY) == ()


def test_a_digest_is_kept_by_cause(ledger: Ledger) -> None:
    """After a digest each of its causes counts as told."""
    many = [replace(orders(1, sku=f"SKU-{n}")[0], subject=order_id(n)) for n in range(8)]
    find(ledger, *many)
    (digest,) = tell(ledger, NOW)
    assert len(digest.parts) == 8
    find(ledger, replace(many[0], subject=order_id(99)))
    assert tell(ledger, NOW + MINUTE) == ()


def test_a_month_is_kept(ledger: Ledger) -> None:
    """What was told is forgotten after 30 days."""
    find(ledger, FILE)
    tell(ledger, NOW)
    with ledger.begin() as conn:
        assert forget_notices(conn, NOW + 30 * DAY) == 0
        assert forget_notices(conn, NOW + 31 * DAY) == 1


def test_what_waits_is_counted_anew(ledger: Ledger) -> None:
    """A problem's number follows what waits for it, and a message has the latest."""
    gap = Problem(
        kind=K.CARRIER_UNMAPPED, subject="main / OWL in GB", summary="No carrier.", act_by=NOW + DAY
    )
    find(ledger, gap)
    find(ledger, replace(gap, affected=1000))
    (notice,) = tell(ledger, NOW)
    assert notice.affected == 1000
