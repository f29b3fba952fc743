"""The lives of a bulk feed of quantities and of a report that was asked for."""

from datetime import timedelta
from enum import StrEnum


class FeedState(StrEnum):
    """How far a feed of quantities is.

    PLANNED: its listings are chosen, Amazon knows nothing. SENDING: its document is uploaded and it is being
    submitted. SUBMITTED: Amazon gave it an id. UNKNOWN: the answer to the submission was lost; Amazon is asked
    which feeds it has. READ: its processing report was read row by row. FAILED: Amazon refused it or gave it up.
    DROPPED: it never reached Amazon, or was taken back before Amazon began. OVERDUE: Amazon is silent for so
    long that its listings may go on without it; when its report comes after all, they are looked at again.
    """

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    SUBMITTED = "SUBMITTED"
    OVERDUE = "OVERDUE"
    READ = "READ"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


_F = FeedState
NEXT_FEED_STATES: dict[FeedState, frozenset[FeedState]] = {
    _F.PLANNED: frozenset({_F.SENDING, _F.DROPPED, _F.FAILED}),
    _F.SENDING: frozenset({_F.SUBMITTED, _F.UNKNOWN, _F.DROPPED, _F.FAILED}),
    _F.UNKNOWN: frozenset({_F.SUBMITTED, _F.DROPPED}),
    _F.SUBMITTED: frozenset({_F.READ, _F.FAILED, _F.OVERDUE, _F.DROPPED}),
    _F.OVERDUE: frozenset({_F.READ, _F.FAILED}),
    _F.READ: frozenset(),
    _F.FAILED: frozenset(),
    _F.DROPPED: frozenset(),
}
# While a feed is in one of these, none of its listings is sent on the other path.
OPEN_FEED_STATES = (_F.PLANNED, _F.SENDING, _F.UNKNOWN, _F.SUBMITTED)

# Amazon states no time. Reported from the field: half an hour in fixed windows, sometimes twelve hours.
OVERDUE_AFTER = timedelta(hours=2)


class ReportState(StrEnum):
    """How far a report is that we asked for.

    ASKING: the request is under way. ASKED: Amazon gave it an id. READ: its rows were compared. FAILED: Amazon
    gave it up or never answered; the next night asks anew, because a report changes nothing.
    """

    ASKING = "ASKING"
    ASKED = "ASKED"
    READ = "READ"
    FAILED = "FAILED"


_R = ReportState
NEXT_REPORT_STATES: dict[ReportState, frozenset[ReportState]] = {
    _R.ASKING: frozenset({_R.ASKED, _R.FAILED}),
    _R.ASKED: frozenset({_R.READ, _R.FAILED}),
    _R.READ: frozenset(),
    _R.FAILED: frozenset(),
}
