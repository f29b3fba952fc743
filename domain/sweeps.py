"""Nightly reports, of all listings and of the account's health: when one is asked for, asked about, given up."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from domain.stock.feeds import ReportState

NIGHT = time(2)  # UTC; the first run from then on asks
AT_MOST_EVERY = timedelta(hours=20)
UNANSWERED_AFTER = timedelta(minutes=15)  # a process that is still asking after this is dead
ASK_AGAIN = timedelta(hours=1)  # when Amazon never answered, the night is not lost
POLL_EVERY = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(hours=6)
# A number published later than this before the report was asked for may be missing from it rightly.
SETTLED_BEFORE = timedelta(minutes=30)


class Step(StrEnum):
    """What is to be done about the report of one marketplace now."""

    NOTHING = "NOTHING"
    ASK = "ASK"
    POLL = "POLL"
    FREE = "FREE"  # its process died between the question and the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReport:
    """A report that was asked for at `asked_at`; Amazon last said something of it at `polled_at` (both UTC).

    `report_id` is Amazon's, empty until it gave one.
    """

    id: int
    marketplace_id: str
    state: ReportState
    report_id: str
    asked_at: datetime
    polled_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether Amazon has had its time."""
        return now - self.asked_at >= GIVE_UP_AFTER


def next_step(last: AskedReport | None, now: datetime) -> Step:
    """One step for one marketplace, from the last report that was asked for; one a night at most."""
    if last is None:
        return Step.ASK
    if last.state is ReportState.ASKING:
        return Step.FREE if now - last.asked_at >= UNANSWERED_AFTER else Step.NOTHING
    if last.state is ReportState.ASKED:
        return Step.POLL if _may_poll(last, now) else Step.NOTHING
    if last.state is ReportState.FAILED and last.polled_at is None:
        return Step.ASK if now - last.asked_at >= ASK_AGAIN else Step.NOTHING
    tonight = last.asked_at < night_of(now) and now - last.asked_at >= AT_MOST_EVERY
    return Step.ASK if tonight else Step.NOTHING


def night_of(now: datetime) -> datetime:
    """When the night began that a moment belongs to (UTC)."""
    began = datetime.combine(now.date(), NIGHT, tzinfo=now.tzinfo)
    return began if now >= began else began - timedelta(days=1)


def _may_poll(asked: AskedReport, now: datetime) -> bool:
    """Every two minutes at most, and more seldom the longer it takes."""
    since = asked.polled_at or asked.asked_at
    return now - since >= max(POLL_EVERY, (since - asked.asked_at) / 8)
