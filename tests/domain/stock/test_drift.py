"""Who else writes: how often, when, and which number, told only as far as it is known."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.drift import MANY_A_DAY, Number, Occurrence, who_writes
from tests.domain.examples import NOW, RULES, hours

MINUTE = timedelta(minutes=1)


def _found(
    ago: timedelta,
    shown: int = 40,
    *,
    published: int = 9,
    available: int | None = 12,
    earlier: tuple[int, ...] = (),
    timed: bool = True,
) -> Occurrence:
    """A number written so long ago and found three minutes later, right two minutes before."""
    written = NOW - ago
    return Occurrence(
        at=written + 3 * MINUTE,
        right_until=written - 2 * MINUTE,
        changed_at=written if timed else None,
        published=published,
        shown=shown,
        available=available,
        earlier=earlier,
    )


def _rhythm(*ago: timedelta) -> str:
    writer = who_writes([_found(one) for one in ago], NOW)
    assert writer is not None
    return writer.rhythm


def test_one_drift_is_no_pattern() -> None:
    """What happened once, or a second time after more than a week, says nothing about its writer."""
    assert who_writes([_found(hours(1))], NOW) is None
    assert who_writes([_found(hours(1)), _found(hours(24 * 8))], NOW) is None
    assert who_writes([], NOW) is None


@pytest.mark.parametrize(
    ("ago", "rhythm"),
    [
        ([hours(1), hours(2), hours(3)], "every 60 minutes, at about 0 minutes past the hour"),
        ([hours(1), hours(2.02), hours(2.99)], "every 60 minutes, at about 0 minutes past the hour"),
        (
            [hours(1), hours(4), hours(9)],
            "always a multiple of 60 minutes apart, at about 0 minutes past the hour",
        ),
        ([hours(0.25), hours(0.5), hours(0.75), hours(1)], "every 15 minutes"),
        ([hours(3), hours(27), hours(75)], "always at about 06:00 UTC"),
        ([hours(1), hours(2)], ""),
        ([hours(1), hours(2.2), hours(3.9)], ""),
    ],
)
def test_a_schedule_shows_in_the_gaps(ago: list[timedelta], rhythm: str) -> None:
    """Two gaps at least, all of them multiples of a usual interval within two minutes, are a rhythm."""
    assert _rhythm(*ago) == rhythm


def test_no_rhythm_without_amazons_own_time() -> None:
    """The rhythm of our looks is not the other writer's: without lastUpdatedDate only the span is told."""
    writer = who_writes([_found(hours(n), timed=False) for n in (1, 2, 3)], NOW)
    assert writer is not None
    assert writer.rhythm == ""
    assert "last between 27 Nov 07:58 and 27 Nov 08:03 UTC" in writer.explain()


def test_a_time_of_change_before_the_last_right_look_is_not_believed() -> None:
    """Amazon's date may be that of another change: the number was still ours after it."""
    one = _found(hours(1))
    old = Occurrence(at=one.at, right_until=one.right_until, changed_at=NOW - hours(9), published=9, shown=40)
    assert (old.moment, old.is_timed) == (old.at, False)
    assert (one.moment, one.is_timed) == (NOW - hours(1), True)


@pytest.mark.parametrize(
    ("occurrences", "number"),
    [
        ([_found(hours(1), 12), _found(hours(2), 15, available=15)], Number.COUNT),
        ([_found(hours(1), 12), _found(hours(2), 15)], Number.UNKNOWN),
        ([_found(hours(1), 11, earlier=(11, 14)), _found(hours(2), 14, earlier=(14,))], Number.OLD),
        ([_found(hours(1), 999), _found(hours(2), 999)], Number.CONSTANT),
        ([_found(hours(1), 999), _found(hours(2), 998)], Number.UNKNOWN),
        ([_found(hours(1), 40, available=None), _found(hours(2), 41, available=None)], Number.UNKNOWN),
    ],
)
def test_the_number_tells_the_kind_of_writer(occurrences: list[Occurrence], number: Number) -> None:
    """The warehouse's count, an older number of ours, always the same, or none of these: all must agree."""
    writer = who_writes(occurrences, NOW)
    assert writer is not None
    assert writer.number is number


def test_the_sentences_say_what_is_known() -> None:
    """How often, when, which number, and whether one listing or many changed at the same time."""
    returns = [_found(hours(n), 999) for n in (1, 2, 3)]
    alone, many = (who_writes(returns, NOW, together) for together in (1, 700))
    assert alone is not None
    assert many is not None
    assert alone.explain() == (
        "It came back 3 times within a week, 3 of them in the last 24 hours; every 60 minutes, at about"
        " 0 minutes past the hour; it is each time 999: a fixed setting of a program or a price tool;"
        " no other listing changed at the same time: a person, or a program for this one alone."
    )
    assert "700 listings changed at the same time: a program, not a person" in many.explain()


def test_many_returns_a_day_are_urgent_in_words() -> None:
    """Correcting goes on, and the sentence says that it is no help."""
    returns = [_found(hours(n)) for n in range(1, MANY_A_DAY + 1)]
    calm, urgent = who_writes(returns[1:], NOW), who_writes(returns, NOW)
    assert calm is not None
    assert urgent is not None
    assert (calm.is_urgent, urgent.is_urgent) == (False, True)
    assert "Urgent:" not in calm.explain()
    assert "stop the other writer" in urgent.explain()


moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: NOW - minutes * MINUTE)
numbers = st.integers(0, 30)


@RULES
@given(
    found=st.lists(
        st.builds(
            Occurrence,
            at=moments,
            published=numbers,
            shown=numbers,
            right_until=st.none() | moments,
            changed_at=st.none() | moments,
            available=st.none() | numbers,
            earlier=st.lists(numbers, max_size=3).map(tuple),
        ),
        max_size=12,
    ),
    together=st.integers(1, 9),
)
def test_whatever_happened_can_be_told(found: list[Occurrence], together: int) -> None:
    """Any occurrences, in any order, make one account of it with true counts, or none below two."""
    writer = who_writes(found, NOW, together)
    recent = [one for one in found if NOW - one.at <= timedelta(days=7)]
    assert (writer is None) == (len(recent) < 2)
    if writer is not None:
        assert writer == who_writes(found[::-1], NOW, together) or len({one.moment for one in recent}) < len(
            recent
        )
        assert 0 <= writer.today <= writer.times == len(recent)
        assert _sentences(writer.explain())


def _sentences(text: str) -> bool:
    return text.endswith(".") and "{" not in text and "None" not in text


def test_times_are_utc() -> None:
    """The moments that are told are those of the occurrences."""
    last = datetime.fromisoformat("2026-11-27T08:07:00+00:00")
    writer = who_writes([_found(NOW - last), _found(hours(3.3))], NOW)
    assert writer is not None
    assert "last at 08:07 UTC" in writer.explain()
