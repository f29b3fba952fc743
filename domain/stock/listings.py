"""The steps of a listing's quantity on its way to Amazon, and what a look at Amazon makes of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ListingState(StrEnum):
    """How far the quantity of a listing has traveled to Amazon.

    CANDIDATE: not looked up yet. ABSENT: Amazon has no merchant-fulfilled offer of that SKU. IDLE: there is
    one, and we have not published a quantity of it yet. SENT: a patch of its own is under way. SUBMITTED: it
    is in a feed whose processing report we have not read.
    """

    CANDIDATE = "CANDIDATE"
    ABSENT = "ABSENT"
    IDLE = "IDLE"
    PLANNED = "PLANNED"
    SENT = "SENT"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    EFFECTIVE = "EFFECTIVE"
    INVALID = "INVALID"
    DRIFTED = "DRIFTED"


_L = ListingState
NEXT_LISTING_STATES: dict[ListingState, frozenset[ListingState]] = {
    _L.CANDIDATE: frozenset({_L.ABSENT, _L.IDLE}),
    _L.ABSENT: frozenset({_L.IDLE}),
    _L.IDLE: frozenset({_L.PLANNED, _L.EFFECTIVE, _L.ABSENT}),
    _L.PLANNED: frozenset({_L.SENT, _L.SUBMITTED, _L.ABSENT}),
    _L.SENT: frozenset({_L.ACCEPTED, _L.INVALID, _L.PLANNED}),
    _L.SUBMITTED: frozenset({_L.ACCEPTED, _L.INVALID, _L.PLANNED}),
    _L.ACCEPTED: frozenset({_L.EFFECTIVE, _L.PLANNED, _L.ABSENT}),
    _L.EFFECTIVE: frozenset({_L.PLANNED, _L.DRIFTED, _L.ABSENT}),
    _L.INVALID: frozenset({_L.PLANNED, _L.ABSENT}),
    _L.DRIFTED: frozenset({_L.PLANNED, _L.EFFECTIVE, _L.ABSENT}),
}


REFUSED_REST = timedelta(hours=6)  # a refused quantity is tried again after this, whatever Amazon disliked
FRESH = timedelta(minutes=15)  # a look that is not older says what Amazon offers now


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How far the quantity of one listing has come, as the ledger knows it before it looks again.

    `wanted` may be offered now, `published` was said last and at `tried_at`, Amazon took it at
    `accepted_at`, and `shown` is what Amazon offered at the look before, at `seen_at` (all UTC); None is not
    known. `sold` units of the listing were ordered since that look: Amazon took them off by itself.
    """

    state: ListingState
    wanted: int | None
    published: int | None
    shown: int | None
    tried_at: datetime | None
    accepted_at: datetime | None
    seen_at: datetime | None = None
    sold: int = 0

    @property
    def offered(self) -> int | None:
        """What Amazon offers now as far as we can know: what it showed, less what it has sold since."""
        shown = self.published if self.state is _L.ACCEPTED or self.shown is None else self.shown
        return None if shown is None else max(0, shown - (0 if self.state is _L.ACCEPTED else self.sold))

    def is_due(self, wanted: int, now: datetime) -> bool:
        """Whether `wanted` units have to be planned for sending; what is planned or sent already has not.

        What Amazon offers already, by a look or by its own sales since, is not sent: a call must change
        something.
        """
        if self.state in (_L.IDLE, _L.DRIFTED):
            return not self.is_there(wanted, now)
        if self.state is _L.INVALID and self.tried_at is not None and now - self.tried_at >= REFUSED_REST:
            return True
        if self.state is _L.EFFECTIVE:
            return wanted != self.offered
        return self.state in (_L.ACCEPTED, _L.INVALID) and wanted != self.published

    def is_there(self, wanted: int, now: datetime) -> bool:
        """Whether Amazon offers `wanted` units by itself: nobody has to publish what a fresh look has shown."""
        fresh = self.seen_at is not None and now - self.seen_at <= FRESH
        return self.state in (_L.IDLE, _L.DRIFTED) and fresh and wanted == self.offered


def after_look(
    known: Publication, units: int | None, *, sold: int, returned: int = 0, overdue: bool = False
) -> ListingState:
    """Where a listing stands after a look at Amazon: the state it has, or one that follows it.

    `units` are in effect now; None: there is no merchant-fulfilled offer. `sold` units were ordered since
    the last publication, `returned` ones were canceled since: Amazon may have put them back. `overdue`: what
    Amazon took should have been in effect by now.
    """
    state = known.state
    if units is None:
        return state if state in (_L.SENT, _L.SUBMITTED) else _L.ABSENT  # an answer that is due comes first
    if state in (_L.CANDIDATE, _L.ABSENT):
        return _L.IDLE
    if state in (_L.ACCEPTED, _L.DRIFTED) and units == known.published:
        return _L.EFFECTIVE
    if state is _L.ACCEPTED and _is_there_less_sales(known, units, sold):
        return _L.EFFECTIVE
    if state is _L.ACCEPTED and overdue:
        return _L.PLANNED
    return _after_change(known, units, sold, returned) if state is _L.EFFECTIVE else state


def _is_there_less_sales(known: Publication, units: int, sold: int) -> bool:
    """Whether Amazon shows the accepted number less what it sold since, and not the number from before."""
    published = known.published or 0
    could_be_the_old_one = known.shown is not None and known.shown < published and units <= known.shown
    return 0 < published - units <= sold and not could_be_the_old_one


def _after_change(known: Publication, units: int, sold: int, returned: int) -> ListingState:
    """More than we said and was canceled is somebody else's number; less may be Amazon's own sale.

    Amazon takes its orders off at once, before we can have read them: less counts at the second look, and
    what was sold explains it. What went between the two looks may again not have been read.
    """
    published = known.published or 0
    if units in (published, known.wanted):
        return _L.EFFECTIVE
    if units > published:
        return _L.PLANNED if units - published <= returned else _L.DRIFTED
    if known.shown is None or known.shown >= published:
        return _L.EFFECTIVE
    if published - units <= sold:
        return _L.PLANNED
    return _L.EFFECTIVE if units < known.shown and published - known.shown <= sold else _L.DRIFTED
