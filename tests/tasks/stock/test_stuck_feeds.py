"""Bulk feeds when Amazon does not speak of them: no quantity waits for ever for a feed's sake."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from domain.errors import Denied, Refused, TryAgain
from domain.stock.feeds import OVERDUE_AFTER, FeedState
from ledger.connection import Ledger
from tasks.stock.bulk import follow
from tasks.tracking.confirms import Sent
from tests.factories import HOUR, MINUTE, NOW
from tests.ledger.bulk import MANY, counted, fill, planned, submitted, undone
from tests.ledger.walk import problems
from tests.tasks.stock.test_proof import MAIN

AWAY = TryAgain("Amazon did not answer in time.")
UNKNOWN = Refused("Amazon refused reading how far feed F1 is: not found.")


@dataclass
class Broken:
    """An Amazon that answers everything about feeds in one way."""

    error: Exception

    def upload_quantities(self, _quantities: object) -> str:
        raise self.error

    def fetch_feed(self, _feed_id: str) -> None:
        raise self.error


def step(ledger: Ledger, error: Exception, after: timedelta) -> Sent:
    """One run's step of all feeds, so long after NOW."""
    return follow.fn(ledger, Broken(error), MAIN, lambda: NOW + after)


@pytest.mark.parametrize("error", [AWAY, UNKNOWN])
def test_a_feed_that_amazon_says_nothing_of_is_overdue_all_the_same(
    ledger: Ledger, error: TryAgain | Refused
) -> None:
    """After two hours its listings go on and people are told; before that they wait."""
    planned(ledger)
    fill(ledger)
    submitted(ledger)
    assert str(step(ledger, error, OVERDUE_AFTER - MINUTE).lost) == str(error)
    assert counted(ledger) == {"SUBMITTED": MANY}
    step(ledger, error, OVERDUE_AFTER)
    assert counted(ledger) == {"PLANNED": MANY}
    assert [problem.kind.value for problem in problems(ledger)] == ["feed_stuck"]


def test_an_overdue_feed_that_amazon_does_not_know_is_given_up(ledger: Ledger) -> None:
    """It is asked about while Amazon is only silent; once it refuses to know it, nobody asks again."""
    planned(ledger)
    fill(ledger)
    submitted(ledger)
    for error in (AWAY, AWAY, UNKNOWN):
        step(ledger, error, OVERDUE_AFTER + HOUR)
    assert undone(ledger) == ()
    assert problems(ledger) == ()


def test_a_feed_that_cannot_be_uploaded_is_given_up(ledger: Ledger) -> None:
    """At once when Amazon refuses it, after two hours when it stays away: the quantities go by patches."""
    planned(ledger)
    fill(ledger)
    step(ledger, AWAY, HOUR)
    assert [feed.state for feed in undone(ledger)] == [FeedState.PLANNED]
    step(ledger, AWAY, OVERDUE_AFTER)
    assert counted(ledger) == {"PLANNED": MANY}
    assert fill(ledger, NOW + OVERDUE_AFTER + HOUR) == 0
    assert fill(ledger, NOW + 7 * HOUR) == MANY
    assert step(ledger, UNKNOWN, 7 * HOUR).lost is not None
    assert counted(ledger) == {"PLANNED": MANY}


def test_refused_credentials_are_the_whole_runs_fault(ledger: Ledger) -> None:
    """No single feed is to blame, and none is given up."""
    planned(ledger)
    fill(ledger)
    with pytest.raises(Denied):
        step(ledger, Denied("Amazon does not accept us."), OVERDUE_AFTER)
    assert counted(ledger) == {"SUBMITTED": MANY}
