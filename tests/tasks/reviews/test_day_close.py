"""The daily close as a page and a message."""

from datetime import UTC, date, datetime

import pytest

from domain.problem_kinds import Team
from domain.reviews.day_closes import Close, OpenDue
from ledger.connection import Ledger
from tasks.reviews import day_close
from tasks.reviews.day_close import (
    close_body,
    close_days,
    close_page,
    day_to_close,
    subject_line,
    tell_close,
)
from tests.factories import DAY, GB, HOUR, NOW, amazon_order, order_id
from tests.ledger.walk import release
from tests.tasks.stock.test_proof import MAIN

TODAY = date(2026, 11, 25)
EVENING = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)


def _due(number: int, *, owner: str = "warehouse", problem: str = "") -> OpenDue:
    return OpenDue(
        order_id=order_id(number),
        marketplace_id=GB,
        due=datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC),
        hop="accepted, not dispatched by the warehouse",
        owner=owner,
        problem=problem,
    )


def _close(*open_ones: OpenDue, account: str = "main", confirmed: int = 210) -> Close:
    return Close(
        seller_account=account,
        day=TODAY,
        confirmed=confirmed,
        late=0,
        elsewhere=0,
        canceled=0,
        open_ones=open_ones,
    )


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 25, 21, 30, tzinfo=UTC), TODAY),
        (datetime(2026, 11, 25, 12, tzinfo=UTC), TODAY),
        (datetime(2026, 11, 26, 7, tzinfo=UTC), TODAY),
    ],
)
def test_a_close_that_comes_late_is_about_the_day_before(moment: datetime, day: date) -> None:
    """A run that the server made up for in the morning closes yesterday."""
    assert day_to_close(moment) == day


def test_the_day_of_all_accounts_is_one_line() -> None:
    """The accounts are added up."""
    closes = [_close(_due(1), _due(2)), _close(account="second", confirmed=10)]
    assert (
        subject_line(closes, EVENING)
        == "Nov 25: 222 orders due, 220 confirmed in time, 2 open, in time so far"
    )


def test_the_page_names_every_open_order_and_who_must_act() -> None:
    """One row per open order, what nobody explains first, and how the day before ended."""
    page = close_page(
        [_close(_due(1, problem="Order 1: a | b."), _due(2, owner=""))],
        [_close(confirmed=190), _close(confirmed=0)],
        EVENING,
    )
    lines = page.splitlines()
    assert lines[0] == "# Wednesday, Nov 25"
    assert (
        "- **main**: 212 orders due, 210 confirmed in time, 1 open, in time so far, 1 OPEN AND NOT EXPLAINED."
        in lines
    )
    assert any(line.startswith("**1 order is open and nobody is named for it.**") for line in lines)
    rows = [line for line in lines if line.startswith("| 026-")]
    assert [row.split(" | ")[5] for row in rows] == ["nobody", "warehouse"]
    assert "Order 1: a / b. |" in rows[1]
    assert "## How the day before ended" in lines
    assert "Not over yet: 2 orders in UK until 00:00 UTC." in lines


def test_a_clean_day_says_so_and_nothing_else() -> None:
    """No table, no alarm."""
    page = close_page([_close()], [_close(confirmed=0)], EVENING)
    assert "NOT EXPLAINED" not in page
    assert "|" not in page
    assert "How the day before ended" not in page


def test_many_open_orders_are_counted_and_the_first_shown() -> None:
    """A page holds a hundred rows and says how many more there are."""
    page = close_page([_close(*(_due(number) for number in range(130)))], [], EVENING)
    assert page.count("| 026-") == 100
    assert "And 30 more." in page


def test_operations_are_told_with_the_page(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the line as its subject and each account in its body."""
    said: list[tuple[object, ...]] = []
    monkeypatch.setattr(day_close, "show_page", lambda *page: said.append(page))
    monkeypatch.setattr(day_close, "artifact_link", lambda key: f"/{key}")
    monkeypatch.setattr(day_close, "tell", lambda *told, link: said.append(told))
    release(ledger, amazon_order(confirm_by=NOW + HOUR))
    today, before = close_days.fn(ledger, [MAIN], NOW.date(), NOW)
    line = tell_close.fn(today, before, NOW)
    assert line == "Nov 27: 1 order due, 0 confirmed in time, 1 open, in time so far"
    (key, page, mark), (team, subject, body) = said
    assert (key, mark, team, subject) == ("daily-close", line, Team.OPERATIONS, line)
    assert str(body).splitlines() == [
        "main: 1 order due, 0 confirmed in time, 1 open, in time so far",
        "Not over yet: 1 order in UK until 00:00 UTC.",
    ]
    assert order_id() in str(page)
    assert (before[0].day, before[0].due) == ((NOW - DAY).date(), 0)


def test_the_next_message_says_how_the_day_ended_also_of_days_without_a_close(ledger: Ledger) -> None:
    """An evening's open orders become late; two evenings fall out: the message names the end of all three days."""
    evening = NOW + 12 * HOUR
    release(
        ledger,
        amazon_order(number=1, confirm_by=NOW + 14 * HOUR),
        amazon_order(number=2, confirm_by=NOW + 2 * DAY),
    )
    close_days.fn(ledger, [MAIN], NOW.date(), evening)
    now = evening + 3 * DAY
    today, before = close_days.fn(ledger, [MAIN], day_to_close(now), now)
    assert [one.day - NOW.date() for one in before] == [0 * DAY, DAY, 2 * DAY]
    assert close_body(today, before, now).splitlines() == [
        "main: 0 orders due, 0 confirmed in time",
        "Nov 27 ended, main: 1 order due, 0 confirmed in time, 1 late and not confirmed yet",
        "Nov 29 ended, main: 1 order due, 0 confirmed in time, 1 late and not confirmed yet",
    ]
    assert "## How the days before ended" in close_page(today, before, now)
    _, again = close_days.fn(ledger, [MAIN], day_to_close(now), now)
    assert [one.day - NOW.date() for one in again] == [2 * DAY]
    _, tomorrow = close_days.fn(ledger, [MAIN], day_to_close(now + DAY), now + DAY)
    assert [one.day - NOW.date() for one in tomorrow] == [3 * DAY]


def test_a_message_about_many_days_is_cut_and_says_so() -> None:
    """Only the last days before stand in it; the page has them all."""
    before = [_close(confirmed=number) for number in range(1, 31)]
    lines = close_body([_close()], before, EVENING).splitlines()
    assert lines[1] == "The page has 10 lines more about days before."
    assert (len(lines), lines[-1]) == (22, "Nov 25 ended, main: 30 orders due, 30 confirmed in time")
