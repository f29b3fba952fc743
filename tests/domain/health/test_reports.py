"""Amazon's report beside our numbers: what explains the difference is said in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.health.rates import Metric, Rate
from domain.health.reports import STALE_AFTER, Measure, OverTheirDates, Reported, explained, stale_words
from tests.factories import GB

READ = datetime(2026, 11, 25, 4, tzinfo=UTC)


def _late(defects: int, total: int, *, until: date = date(2026, 11, 24)) -> Reported:
    return Reported(
        marketplace_id=GB,
        measure=Measure.LATE,
        since=date.fromordinal(until.toordinal() - 29),
        until=until,
        defects=defects,
        total=total,
        rate=defects / total,
        status="GOOD",
    )


def test_our_count_is_found_by_the_days_of_amazons_dates() -> None:
    """Thirty days of late shipments are our rate over 30 days; other spans have none of ours."""
    assert _late(1, 100).metric is Metric.LATE_30
    week = Reported(
        marketplace_id=GB, measure=Measure.CANCEL, since=date(2026, 11, 18), until=date(2026, 11, 24)
    )
    assert week.metric is Metric.CANCEL_7
    assert Reported(marketplace_id=GB, measure=Measure.ACCOUNT, status="NORMAL").metric is None


@pytest.mark.parametrize(
    ("report", "ours", "said"),
    [
        (
            _late(30, 870),
            OverTheirDates(rate=Rate(28, 860), elsewhere=4),
            (
                "Over Oct 26 to Nov 24, Amazon counts 30 of 870 orders, Lockstep 28 of 860. 4 more at "
                "Amazon: confirmed by somebody else, and left out here. 6 more at Amazon: orders that "
                "Lockstep never saw. 2 more count against the account at Amazon than our records show."
            ),
        ),
        (
            _late(3, 100, until=date(2026, 11, 15)),
            OverTheirDates(rate=Rate(3, 100)),
            (
                "Over Oct 17 to Nov 15, Amazon counts 3 of 100 orders, Lockstep 3 of 100. The same number "
                "counts against the account. Amazon's dates end 10 days ago: what happened since is not in "
                "them."
            ),
        ),
        (
            _late(1, 90),
            OverTheirDates(rate=Rate(2, 100), elsewhere=5),
            (
                "Over Oct 26 to Nov 24, Amazon counts 1 of 90 orders, Lockstep 2 of 100. 10 fewer at "
                "Amazon: it sorts orders by its own days, or has not counted them yet. 1 fewer count "
                "against the account at Amazon: it forgave them or has not counted them yet."
            ),
        ),
    ],
)
def test_the_difference_is_explained_in_a_sentence(report: Reported, ours: OverTheirDates, said: str) -> None:
    """What is left of the difference is named: by others, never seen, forgiven, Amazon's lag."""
    assert explained(report, ours, READ) == said


def test_a_report_that_was_read_long_ago_says_so() -> None:
    """A night without a report is nothing; after three days Amazon's word is not today's, with the day it is of."""
    assert stale_words(READ, READ + STALE_AFTER) == ""
    assert stale_words(READ, READ + STALE_AFTER + timedelta(hours=1)) == (
        "No newer report came since Nov 25: what Amazon says today is not known."
    )


def test_what_we_do_not_count_is_not_compared() -> None:
    """A measure without counts, or that Lockstep cannot know, has no sentence."""
    account = Reported(marketplace_id=GB, measure=Measure.ACCOUNT, status="AT_RISK")
    assert explained(account, OverTheirDates(rate=Rate()), READ) == ""
    assert (account.is_bad, account.status_words) == (True, "at risk")
