"""The outbox to the warehouse: how far a release has come."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.warehouse import ReleaseResult

ANSWERS_WITHIN = timedelta(hours=2)  # a warehouse that works reads its orders several times a day
ANSWERS_AT_SOONEST = timedelta(minutes=15)


class ReleaseState(StrEnum):
    """How far a release has come. UNKNOWN was sent without an answer and is asked about."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    EXISTS = "EXISTS"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


_R = ReleaseState
_ANSWERS = frozenset({_R.ACCEPTED, _R.EXISTS, _R.REJECTED})
NEXT_RELEASE_STATES: dict[ReleaseState, frozenset[ReleaseState]] = {
    _R.PLANNED: frozenset({_R.SENDING}) | _ANSWERS,  # planned again in doubt, and the answer came after all
    _R.SENDING: frozenset({_R.SUBMITTED, _R.UNKNOWN, _R.PLANNED}) | _ANSWERS,
    _R.SUBMITTED: _ANSWERS,
    _R.UNKNOWN: frozenset({_R.SUBMITTED, _R.PLANNED}) | _ANSWERS,
    _R.ACCEPTED: frozenset({_R.REJECTED}),  # some warehouses reject at the pick face
    _R.EXISTS: frozenset({_R.REJECTED}),
    _R.REJECTED: frozenset({_R.ACCEPTED}),  # and some change their mind after a talk
}
HANDED_OVER = frozenset({_R.SUBMITTED, _R.ACCEPTED, _R.EXISTS})

STATE_AFTER: dict[ReleaseResult, ReleaseState] = {result: ReleaseState(result) for result in ReleaseResult}


class CancelState(StrEnum):
    """How far our wish not to ship has come; NONE: there is no such wish."""

    NONE = ""
    PLANNED = "PLANNED"
    SENT = "SENT"
    CANCELED = "CANCELED"
    TOO_LATE = "TOO_LATE"


def is_overdue(sent_at: datetime, confirm_by: datetime | None, now: datetime) -> bool:
    """Whether a warehouse that has said nothing of an order since then should have.

    It has two hours, and of an order that is due soon a quarter of the time that was left, so that somebody can
    still ask; 15 minutes at least.
    """
    had = max(ANSWERS_AT_SOONEST, (confirm_by - sent_at) / 4) if confirm_by else ANSWERS_WITHIN
    return now - sent_at > min(had, ANSWERS_WITHIN)
