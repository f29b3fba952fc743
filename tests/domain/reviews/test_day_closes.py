"""The daily close: what was due is confirmed, explained, or says loudly that it is neither; days are the shop's."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar_days import day_of, day_span, days_before, end_of_day
from domain.marketplaces import MARKETPLACES
from domain.reviews.day_closes import Close, OpenDue, close_line, days_to_end, still_words
from tests.domain.examples import RULES
from tests.factories import DE, GB, NOW, order_id

US, JP = "ATVPDKIKX0DER", "A1VC38T7YXB528"
TODAY = date(2026, 11, 25)


def _open(*, owner: str = "warehouse", problem: str = "", shop: str = GB, due: datetime = NOW) -> OpenDue:
    return OpenDue(
        order_id=order_id(),
        marketplace_id=shop,
        due=due,
        hop="accepted, not dispatched",
        owner=owner,
        problem=problem,
    )


def _close(
    *open_ones: OpenDue, confirmed: int = 210, late: int = 0, canceled: int = 0, elsewhere: int = 0
) -> Close:
    return Close(
        seller_account="main",
        day=TODAY,
        confirmed=confirmed,
        late=late,
        elsewhere=elsewhere,
        canceled=canceled,
        open_ones=open_ones,
    )


@pytest.mark.parametrize(
    ("close", "said"),
    [
        (_close(_open(), _open()), "212 orders due, 210 confirmed in time, 2 open, in time so far"),
        (_close(), "210 orders due, 210 confirmed in time"),
        (_close(_open(owner="")), "211 orders due, 210 confirmed in time, 1 OPEN AND NOT EXPLAINED"),
        (
            _close(confirmed=0, late=1, canceled=3, elsewhere=1),
            "2 orders due, 0 confirmed in time, 1 confirmed late, 1 confirmed by somebody else, 3 canceled",
        ),
        (_close(confirmed=1), "1 order due, 1 confirmed in time"),
    ],
)
def test_the_day_in_one_line(close: Close, said: str) -> None:
    """Every order due stands in one part of the line, and what nobody explains is said loudly."""
    assert close_line(close, NOW - timedelta(hours=1)) == said


def test_what_waits_for_its_payment_is_called_so_before_its_time_and_after() -> None:
    """An order that nobody can ship is neither late nor among those that still can be confirmed in time."""
    unpaid = replace(_open(owner="Amazon"), hop="payment pending at Amazon")
    close = _close(unpaid)
    for now in (NOW - timedelta(hours=1), NOW + timedelta(hours=1)):
        assert close_line(close, now) == "211 orders due, 210 confirmed in time, 1 waiting for payment"
        assert still_words([close], now) == ""


def test_what_is_open_after_its_time_is_called_late() -> None:
    """An evening's line does not call an order fine whose time was over in the afternoon."""
    close = _close(_open(), _open(due=NOW + timedelta(hours=1)), _open(owner=""))
    assert close_line(close, NOW) == (
        "213 orders due, 210 confirmed in time, 1 late and not confirmed yet, 1 open, in time so far,"
        " 1 OPEN AND NOT EXPLAINED"
    )


def test_an_open_order_is_explained_by_a_problem_or_by_who_must_act() -> None:
    """A hop without an owner explains nothing, a problem does."""
    assert _open().is_explained
    assert _open(owner="", problem="Order 1: nobody mapped its SKU.").is_explained
    assert not _open(owner="").is_explained
    assert not _close(_open()).is_clean
    assert _close(canceled=5).is_clean


@pytest.mark.parametrize(
    ("shop", "moment", "day"),
    [
        (GB, datetime(2024, 12, 28, 23, 59, 59, tzinfo=UTC), date(2024, 12, 28)),
        (DE, datetime(2019, 5, 8, 21, 59, 59, tzinfo=UTC), date(2019, 5, 8)),
        (DE, datetime(2019, 5, 8, 22, tzinfo=UTC), date(2019, 5, 9)),
        (US, datetime(2026, 11, 26, 7, 59, 59, tzinfo=UTC), date(2026, 11, 25)),
        (JP, datetime(2026, 11, 24, 15, tzinfo=UTC), date(2026, 11, 25)),
    ],
)
def test_an_order_is_due_on_the_shops_own_day(shop: str, moment: datetime, day: date) -> None:
    """The last second of a day of the marketplace belongs to that day, wherever it is in UTC."""
    assert day_of(shop, moment) == day


@RULES
@given(
    st.sampled_from(sorted(MARKETPLACES)),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001 - Hypothesis wants it without,
)
def test_days_follow_each_other_without_a_gap(shop: str, moment: datetime) -> None:
    """Every moment lies in the span of its day, which ends where the next one begins, also when clocks change."""
    day = day_of(shop, moment)
    first, last = day_span(shop, day)
    assert first <= moment < last == end_of_day(shop, moment)
    assert day_span(shop, day + timedelta(days=1))[0] == last


@RULES
@given(
    st.sampled_from(sorted(MARKETPLACES)),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 24 * 60 - 1),
    st.sampled_from([7, 10, 30]),
)
def test_a_window_of_days_has_so_many_days_also_when_clocks_change(
    shop: str, day: date, minute: int, days: int
) -> None:
    """The window that ends with a day holds the ends of so many days, and not of the one before them."""
    moment = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=UTC)
    tonight, today = end_of_day(shop, moment), day_of(shop, moment)
    since = days_before(shop, tonight, days)
    ends = [
        day_span(shop, today - timedelta(days=back))[1] - timedelta(seconds=1) for back in range(days + 2)
    ]
    assert [since < end <= tonight for end in ends] == [True] * days + [False] * 2


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kept", "days"),
    [
        ({}, [24]),  # nothing is known: how yesterday ended
        ({24: _at(24, 21), 23: _at(24, 21)}, [24]),  # every evening
        ({24: _at(25, 13), 23: _at(24, 21)}, [24]),  # known already, and looked at again
        ({25: _at(25, 20), 24: _at(24, 21), 23: _at(24, 21)}, [24]),  # a second close on one evening
        ({24: _at(24, 13), 23: _at(24, 11)}, [23, 24]),  # a close in the morning saw no day end
        ({21: _at(21, 21), 20: _at(21, 21)}, [21, 22, 23, 24]),  # three evenings fell out
        ({21: _at(21, 21)}, [21, 22, 23, 24]),  # the same in the first week
    ],
)
def test_every_day_is_closed_once_it_is_over(kept: dict[int, datetime], days: list[int]) -> None:
    """The day before, and whatever was not closed after it was over everywhere, without a gap."""
    known = {date(2026, 11, day): at for day, at in kept.items()}
    assert [one.day for one in days_to_end(TODAY, known)] == days


@RULES
@given(st.dictionaries(st.integers(1, 24), st.integers(0, 20)))
def test_no_day_before_is_left_out(kept: dict[int, int]) -> None:
    """What is given out begins after a day that ended or with the first one known, and goes on until yesterday."""
    known = {date(2026, 11, day): _at(day, 9) + timedelta(hours=6 * late) for day, late in kept.items()}
    found = days_to_end(TODAY, known)
    assert found[-1] == TODAY - timedelta(days=1)
    assert list(found) == [found[0] + timedelta(days=n) for n in range(len(found))]
    unended = [
        day
        for day, at in known.items()
        if at < datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=36)
    ]
    last_ended = max((day for day in known if day not in unended), default=date.min)
    assert all(day in found for day in unended if day > last_ended)


def test_time_that_is_left_is_told_by_marketplace() -> None:
    """An evening in Europe is a morning in California; what is over its time is not told."""
    now = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
    later = now + timedelta(hours=1)
    close = _close(
        _open(due=later), _open(shop=US, due=later), _open(shop=US, due=later), _open(shop=DE, due=now)
    )
    assert (
        still_words([close], now)
        == "Not over yet: 1 order in UK until 00:00 UTC, 2 orders in US until 08:00 UTC."
    )
    assert still_words([_close()], now) == ""
