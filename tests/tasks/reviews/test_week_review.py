"""The weekly review: whole weeks, one beside the other, and what changed."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.health.rates import Metric, Outlook, Rate
from domain.problems import Problem, ProblemKind
from domain.reviews.weeks import change_words, monday_of, weeks_before
from ledger.connection import Ledger
from ledger.health.kept import load_health, record_health
from ledger.problems import clear_problems, record_problems
from ledger.reviews.day_closes import close_day
from tasks.reviews import week_review
from tasks.reviews.week_review import end_week, look_back, review_page, tell_week, week_line
from tests.factories import DAY, GB, HOUR, amazon_order, dispatch
from tests.ledger.walk import confirm, release, ship
from tests.tasks.stock.test_proof import MAIN

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
LAST = date(2026, 11, 16)


def test_weeks_are_whole_and_begin_on_mondays() -> None:
    """The week that runs is not among them."""
    weeks = weeks_before(MONDAY, 8)
    assert (weeks[0], weeks[-1], len(weeks)) == (date(2026, 9, 28), LAST, 8)
    assert weeks_before(MONDAY - 9 * HOUR, 1) == (date(2026, 11, 9),)
    assert {monday_of(LAST + timedelta(days=day)) for day in range(7)} == {LAST}


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [(9, 12, "12 (up from 9)"), (3, 0, "0 (down from 3)"), (2, 2, "2 (as before)")],
)
def test_a_number_is_told_beside_last_weeks(before: int, now: int, words: str) -> None:
    """Up, down or as before."""
    assert change_words(before, now) == words


def _week(ledger: Ledger) -> None:
    """Wednesday last week: one order in time, one late, the day closed; two problems, one settled in two hours."""
    at = datetime(2026, 11, 18, 9, tzinfo=UTC)
    due = at + HOUR
    release(ledger, *(amazon_order(number=n, confirm_by=due) for n in (1, 2)), now=at)
    for number, when in ((1, at), (2, due + HOUR)):
        ship(ledger, dispatch(number=number, package_ref=f"P{number}", tracking=f"T{number}"), now=when)
        confirm(ledger, now=when)
    problems = [
        Problem(kind=ProblemKind.UNMAPPED_SKU, subject=name, summary=f"{name}.") for name in ("A", "B")
    ]
    with ledger.begin() as conn:
        conn.execute(sa.text("DELETE FROM ledger.problems"))
        for day in (17, 18):
            close_day(conn, "main", [GB], date(2026, 11, day), at + 12 * HOUR)
        record_problems(conn, problems, at)
        clear_problems(conn, [ProblemKind.UNMAPPED_SKU], ["A"], at + 2 * HOUR)
        outlook = Outlook(metric=Metric.LATE_10, marketplace_id=GB, now=Rate(1, 50), worst=Rate(1, 50))
        for day, rate in ((17, Rate(9, 50)), (20, Rate(1, 50))):
            shown = Outlook(metric=Metric.LATE_10, marketplace_id=GB, now=rate, worst=rate)
            record_health(conn, "main", [shown], date(2026, 11, day))
        record_health(conn, "main", [outlook], MONDAY.date())


def test_the_last_week_beside_the_one_before(ledger: Ledger) -> None:
    """Orders due, late parcels by who, days closed clean, problems and how quickly they were settled."""
    _week(ledger)
    weeks = look_back.fn(ledger, MONDAY)
    last = weeks[-1]
    assert (len(weeks), last.monday, last.due, last.days) == (8, LAST, 2, (1, 2))
    assert (last.late, last.late_parcels) == ({"warehouse": 1}, 1)
    (kind,) = last.problems
    assert (kind.opened, kind.cleared, kind.median) == (2, 1, 2 * HOUR)
    assert week_line(weeks[-2], last) == (
        "Week from Nov 16: 2 orders due, 1 (up from 0) late parcels, 1 of 2 days closed clean, 2 (up from 0)"
        " problems opened"
    )


def test_the_page_has_the_weeks_the_rates_and_the_problems(ledger: Ledger) -> None:
    """Newest week first; a week's rate is that of its last day; a kind is said in words."""
    _week(ledger)
    weeks = look_back.fn(ledger, MONDAY)
    with ledger.begin() as conn:
        days = load_health(conn, "main", LAST)
    lines = review_page(weeks, {"main": days[:-1], "second": ()}, "(chart)").splitlines()
    assert "| Nov 16 | 2 | 1 of 2 | 1 | 0 | 0 | 0 | 2 |" in lines
    assert "| Nov 9 | 0 | none closed | 0 | 0 | 0 | 0 | 0 |" in lines
    assert "| Nov 16 | 2.0 % (1 of 50 orders) |" in lines
    assert "| unmapped sku | 2 (up from 0) | 1 | 2 h 00 min |" in lines
    assert not any("second" in line for line in lines)


def test_operations_are_told_about_the_week(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says in two lines what was late and what went wrong; the page has the chart."""
    said: list[tuple[object, ...]] = []
    monkeypatch.setattr(week_review, "show_page", lambda *page: said.append(page))
    monkeypatch.setattr(week_review, "artifact_link", lambda key: f"/{key}")
    monkeypatch.setattr(week_review, "tell", lambda *told, link: said.append(told))
    _week(ledger)
    line = tell_week.fn(ledger, [MAIN], look_back.fn(ledger, MONDAY))
    (key, page, _), (_, subject, body) = said
    assert (key, subject) == ("weekly-review", line)
    assert body == "Late parcels: 1 by warehouse.\nMost frequent problems: 2 unmapped sku."
    assert "(data:image/png;base64," in str(page)


def test_sunday_counts_as_it_ended(ledger: Ledger) -> None:
    """An order that was open at Sunday's close and confirmed in time afterwards leaves the day clean."""
    evening = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
    release(ledger, amazon_order(confirm_by=evening + 2 * HOUR), now=evening - HOUR)
    with ledger.begin() as conn:
        close_day(conn, "main", [GB], evening.date(), evening)
        close_day(conn, "main", [GB], evening.date() - DAY, evening)
    ship(ledger, dispatch(), now=evening + HOUR)
    confirm(ledger, now=evening + HOUR)
    assert look_back.fn(ledger, MONDAY)[-1].days == (1, 2)
    assert end_week.fn(ledger, [MAIN], MONDAY) == 1
    assert look_back.fn(ledger, MONDAY)[-1].days == (2, 2)


def test_a_ledger_without_a_past_has_a_review(ledger: Ledger) -> None:
    """On the first Monday there is nothing to show, and it is shown."""
    weeks = look_back.fn(ledger, MONDAY - DAY)
    page = review_page(weeks, {"main": ()}, "(chart)")
    assert "None were opened." in page
