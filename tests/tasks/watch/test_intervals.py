"""How often a schedule comes: ordinary cron lines, nicknames, intervals, and what cannot be read."""

from datetime import timedelta

import pytest

from tasks.watch.intervals import interval_of, interval_of_cron

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("30 3 * * *", 24),
        ("0 6 * * 1", 168),
        ("0 * * * *", 1),
        ("* * * * *", 1 / 60),
        ("*/5 * * * *", 1 / 12),
        ("*/30 * * * *", 1 / 2),
        ("0 */6 * * *", 6),
        ("0 9,17 * * *", 16),  # over the night
        ("0 6 * * 1-5", 72),  # over the weekend
        ("0 6 * * mon-fri", 72),
        ("30 7-18 * * 1-5", 61),
        ("0 6 1 * *", 31 * 24),
        ("0 6 29 2 *", (8 * 365 + 1) * 24),  # 2100 is no leap year
        ("@hourly", 1),
        ("@daily", 24),
        ("@weekly", 168),
        ("0 3 * * * 30", 24),  # with seconds
        ("0 3 * * * 0 2027", 24),  # and with a year
    ],
)
def test_a_cron_line_comes_so_often_at_least(line: str, hours: float) -> None:
    """The longest time without a date counts, so that a night or a weekend of rest alarms nobody."""
    assert interval_of_cron(line) == hours * HOUR


@pytest.mark.parametrize("line", ["", "@reboot", "0 6 * *", "0 0 31 2 *", "0 6 * * fri-mon", "a b c d e"])
def test_a_line_that_cannot_be_read_is_no_interval(line: str) -> None:
    """What is not understood, and what never comes, is left out instead of guessed."""
    assert interval_of_cron(line) is None


def test_a_schedule_is_an_interval_or_a_cron_line() -> None:
    """Seconds, a length of time and a cron line are read; a calendar rule, or nothing, is left out."""
    assert interval_of({"interval": 180.0}) == HOUR / 20
    assert interval_of({"interval": HOUR, "timezone": "UTC"}) == HOUR
    assert interval_of({"cron": "@daily", "timezone": "Europe/London", "day_or": True}) == 24 * HOUR
    assert interval_of({"cron": "0 0 1 * 5", "day_or": False}) is None
    assert interval_of({"rrule": "FREQ=DAILY"}) is None
    assert interval_of({}) is None
