"""When the report of all listings is asked for: once a night, never twice at once, and never forgotten."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.feeds import ReportState
from domain.sweeps import AskedReport, Step, next_step, night_of
from tests.domain.examples import RULES, UK

R = ReportState
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00")


def _report(state: ReportState, asked: str, polled: str = "") -> AskedReport:
    return AskedReport(
        id=1,
        marketplace_id=UK,
        state=state,
        report_id="R1",
        asked_at=_at(asked),
        polled_at=_at(polled) if polled else None,
    )


@pytest.mark.parametrize(
    ("now", "night"), [("27T02:00", "27T02:00"), ("27T01:59", "26T02:00"), ("27T23:00", "27T02:00")]
)
def test_a_night_begins_at_two(now: str, night: str) -> None:
    """What happens before two in the morning belongs to the night before."""
    assert night_of(_at(now)) == _at(night)


@pytest.mark.parametrize(
    ("last", "now", "step"),
    [
        (None, "27T13:00", Step.ASK),
        (_report(R.READ, "26T02:01", "26T02:30"), "27T01:59", Step.NOTHING),
        (_report(R.READ, "26T02:01", "26T02:30"), "27T02:00", Step.ASK),
        (_report(R.READ, "26T13:00", "26T13:30"), "27T02:00", Step.NOTHING),  # thirteen hours ago
        (_report(R.READ, "26T13:00", "26T13:30"), "27T09:00", Step.ASK),
        (_report(R.FAILED, "27T02:00", "27T02:02"), "27T23:00", Step.NOTHING),  # Amazon said no
        (_report(R.FAILED, "27T02:00"), "27T02:59", Step.NOTHING),
        (_report(R.FAILED, "27T02:00"), "27T03:00", Step.ASK),  # Amazon never answered
        (_report(R.ASKING, "27T02:00"), "27T02:14", Step.NOTHING),
        (_report(R.ASKING, "27T02:00"), "27T02:15", Step.FREE),
        (_report(R.ASKED, "27T02:00"), "27T02:01", Step.NOTHING),
        (_report(R.ASKED, "27T02:00"), "27T02:02", Step.POLL),
        (_report(R.ASKED, "27T02:00", "27T02:10"), "27T02:11", Step.NOTHING),
        (_report(R.ASKED, "27T02:00", "27T02:10"), "27T02:12", Step.POLL),
        (_report(R.ASKED, "27T02:00", "27T06:00"), "27T06:29", Step.NOTHING),
        (_report(R.ASKED, "27T02:00", "27T06:00"), "27T06:30", Step.POLL),
    ],
)
def test_the_step_of_a_moment(last: AskedReport | None, now: str, step: Step) -> None:
    """Asked once a night; a report under way is asked about every two minutes, ever more seldom."""
    assert next_step(last, _at(now)) is step


def test_six_hours_are_enough() -> None:
    """What is not ready then is given up."""
    report = _report(R.ASKED, "27T02:00")
    assert not report.is_overdue(_at("27T07:59"))
    assert report.is_overdue(_at("27T08:00"))


@RULES
@given(
    start=st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 30)),  # noqa: DTZ001 - made aware below
    every=st.integers(1, 90),
)
def test_a_day_of_runs_asks_once(start: datetime, every: int) -> None:
    """However often runs come, two reports that Amazon answered are at least twenty hours apart."""
    now = start.replace(tzinfo=_at("27T02:00").tzinfo)
    last: AskedReport | None = None
    asked = []
    for _ in range(3 * 24 * 60 // every):
        now += every * MINUTE
        if next_step(last, now) is Step.ASK:
            asked.append(now)
            last = AskedReport(
                id=1, marketplace_id=UK, state=R.READ, report_id="R1", asked_at=now, polled_at=now
            )
    gaps = [later - before for before, later in pairwise(asked)]
    assert all(20 * HOUR <= gap <= 44 * HOUR + every * MINUTE for gap in gaps)
    assert len(asked) in (2, 3, 4)
