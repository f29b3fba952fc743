"""Account health in words: what a rate is, what is left, and how many orders to save tonight."""

from datetime import date, timedelta

import pytest

from domain.health.rates import Metric, Outlook, Rate
from domain.health.reports import Measure, Reported
from domain.health.words import (
    health_problem,
    length_words,
    rate_words,
    reported_problem,
    risk_words,
    room_words,
)
from domain.problems import ProblemKind
from tests.factories import GB, HOUR, NOW


def _outlook(now: Rate, worst: Rate, open_tonight: int = 0, expected: Rate | None = None) -> Outlook:
    return Outlook(
        metric=Metric.LATE_10,
        marketplace_id=GB,
        now=now,
        worst=worst,
        expected=expected,
        open_tonight=open_tonight,
        ends_at=NOW + HOUR,
    )


OVER = _outlook(Rate(44, 1_000), Rate(44, 1_000))
CALL = _outlook(Rate(20, 900), Rate(120, 1_000), 100)
WELL = _outlook(Rate(1, 100), Rate(3, 102), 2)


@pytest.mark.parametrize(
    ("rate", "metric", "words", "left"),
    [
        (Rate(3, 250), Metric.LATE_10, "1.2 % (3 of 250 orders)", "6 more"),
        (Rate(3, 250), Metric.TRACKING_30, "98.8 % (247 of 250 parcels)", "9 more"),
        (Rate(11, 250), Metric.LATE_10, "4.4 % (11 of 250 orders)", "2 too many"),
        (Rate(), Metric.CANCEL_7, "no orders yet", ""),
    ],
)
def test_a_rate_in_words(rate: Rate, metric: Metric, words: str, left: str) -> None:
    """The share with its counts, as Amazon shows it, and how many more the limit allows."""
    outlook = Outlook(metric=metric, marketplace_id=GB, now=rate, worst=rate)
    assert rate_words(rate, outlook.rule) == words
    assert room_words(rate, outlook.rule) == left


def test_a_rate_over_its_limit_is_a_problem() -> None:
    """It names the rate, the account, the marketplace and the limit."""
    problem = health_problem("main", OVER, NOW)
    assert problem is not None
    assert (problem.kind, problem.subject) == (
        ProblemKind.HEALTH_AT_RISK,
        "main, Late Shipment Rate over 10 days, UK",
    )
    assert problem.summary == (
        "Late Shipment Rate over 10 days, UK (main) is 4.4 % (44 of 1000 orders); Amazon asks for under 4 %."
        " Tables: health-tonight-main, health-defects-main."
    )


def test_a_problem_says_how_many_orders_to_save_tonight() -> None:
    """In the last hours everything open counts: 19 may still be lost, so 81 of 100 must be confirmed."""
    problem = health_problem("main", CALL, NOW)
    assert problem is not None
    assert problem.summary == (
        "Late Shipment Rate over 10 days, UK (main) is 2.2 % (20 of 900 orders); Amazon asks for under 4 %. If all"
        " that is open becomes late, it will be 12.0 % (120 of 1000 orders). Tonight 81 of 100 open orders must be"
        " confirmed by 10:00 UTC. Tables: health-tonight-main, health-defects-main."
    )
    assert (problem.act_by, problem.affected) == (NOW + HOUR, 81)


def test_a_rate_that_cannot_be_saved_tonight_says_so() -> None:
    """When too much is late already, each order helps and none is enough."""
    lost = _outlook(Rate(60, 950), Rate(110, 1_000), 50)
    problem = health_problem("main", lost, NOW)
    assert problem is not None
    assert "No order of tonight brings it back; each of the 50 open ones" in problem.summary


def test_what_usually_happens_is_said() -> None:
    """A forecast by hop names the rate it leads to."""
    usual = _outlook(Rate(20, 900), Rate(120, 1_000), 100, Rate(50, 1_000))
    assert risk_words(usual, NOW).startswith("Will be 5.0 % (50 of 1000 orders) tonight if it goes as usual.")
    problem = health_problem("main", usual, NOW)
    assert problem is not None
    assert "If today ends as usual, it will be 5.0 % (50 of 1000 orders)." in problem.summary


def test_a_rate_within_its_limit_is_no_problem() -> None:
    """What is open is named, and nobody is called."""
    assert health_problem("main", WELL, NOW) is None
    assert risk_words(WELL, NOW) == "Within the limit; 2 still to be confirmed by 10:00 UTC."
    assert risk_words(_outlook(Rate(), Rate()), NOW) == "Nothing to count yet."


def test_what_amazon_finds_is_a_problem_of_its_own() -> None:
    """Amazon's judgment opens one, whatever our own numbers are; a good one opens none."""
    late = Reported(
        marketplace_id=GB,
        measure=Measure.LATE,
        since=date(2026, 10, 27),
        until=date(2026, 11, 25),
        rate=0.052,
        status="BAD",
    )
    problem = reported_problem("main", late)
    assert problem is not None
    assert problem.subject == "main, Late Shipment Rate over 30 days as Amazon reports it, UK"
    assert "Late Shipment Rate over 30 days of main in UK bad (5.2 %, Oct 27 to Nov 25)" in problem.summary
    assert problem.summary.endswith("Tables: health-tonight-main, health-defects-main.")
    account = Reported(marketplace_id=GB, measure=Measure.ACCOUNT, status="AT_RISK")
    assert "calls the Account status of main in UK at risk." in reported_problem("main", account).summary  # type: ignore[union-attr]
    assert reported_problem("main", Reported(marketplace_id=GB, measure=Measure.LATE, status="GOOD")) is None


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=3, minutes=5), "3 h 05 min"),
        (timedelta(hours=47), "47 h 00 min"),
        (timedelta(days=2, hours=4), "2 days 4 h"),
    ],
)
def test_how_long_something_was_late(length: timedelta, words: str) -> None:
    """Minutes, hours or days, as people say it."""
    assert length_words(length) == words
