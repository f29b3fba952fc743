"""Weeks from Monday to Sunday (UTC), and how one compares with the one before."""

from datetime import UTC, date, datetime, time, timedelta


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_before(now: datetime, number: int) -> tuple[date, ...]:
    """The Mondays of the last whole weeks before now (UTC), oldest first."""
    last = monday_of(now.date())
    return tuple(last - timedelta(weeks=back) for back in range(number, 0, -1))


def midnight(day: date) -> datetime:
    """When a day begins (UTC)."""
    return datetime.combine(day, time(), tzinfo=UTC)


def change_words(before: int, now: int) -> str:
    """A number beside last week's, such as "12 (up from 9)"."""
    if before == now:
        return f"{now} (as before)"
    return f"{now} ({'up' if now > before else 'down'} from {before})"
