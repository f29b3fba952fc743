"""Why an order counts as late: which hop held it, or its parcel, at the moment its ship-by time passed."""

from dataclasses import dataclass, replace
from enum import StrEnum

from domain.problems import Team
from domain.watch.clock import OWNERS, Hop, owner_of


class HeldAt(StrEnum):
    """Where an order or its parcel was when its ship-by time passed; how far it came later does not matter."""

    UNREAD = "unread"
    PAYING = "paying"
    HELD = "held"
    STOPPED = "stopped"
    NOT_CROSSED = "not_crossed"
    NOT_ACCEPTED = "not_accepted"
    REJECTED = "rejected"
    NOT_DISPATCHED = "not_dispatched"
    TOLD_LATE = "told_late"
    READ_LATE = "read_late"
    CONTENTS_UNKNOWN = "contents_unknown"
    NO_TRACKING = "no_tracking"
    CARRIER_UNMAPPED = "carrier_unmapped"
    CONFIRMED_ELSEWHERE = "confirmed_elsewhere"
    NOT_SENT = "not_sent"
    NOT_TAKEN = "not_taken"
    AMAZON_CONFIRMS = "amazon_confirms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why something was late: whose it was (as `report.lateness` spells it), in words, and the team to talk to."""

    whose: str
    words: str
    owner: Team


def _cause(whose: str, words: str, hop: Hop) -> Cause:
    return Cause(whose=whose, words=words, owner=OWNERS[hop])


# The teams are those of the same hops while an order is open: a picking delay is the warehouse's, before and after.
LATE_BY: dict[HeldAt, Cause] = {
    HeldAt.UNREAD: _cause("lockstep", "Lockstep read the order after its ship-by time", Hop.NOT_CROSSED),
    HeldAt.PAYING: _cause(
        "amazon", "Amazon had not confirmed its payment when it became late", Hop.AMAZON_CONFIRMS
    ),
    HeldAt.HELD: Cause(whose="seller", words="it was held when it became late", owner=Team.OPERATIONS),
    HeldAt.STOPPED: _cause("seller", "a person had stopped it when it became late", Hop.STOPPED),
    HeldAt.NOT_CROSSED: _cause(
        "lockstep", "Lockstep had not handed it to the warehouse when it became late", Hop.NOT_CROSSED
    ),
    HeldAt.NOT_ACCEPTED: _cause(
        "warehouse", "the warehouse had not accepted it when it became late", Hop.NOT_ACCEPTED
    ),
    HeldAt.REJECTED: _cause("warehouse", "the warehouse had rejected it when it became late", Hop.REJECTED),
    HeldAt.NOT_DISPATCHED: _cause(
        "warehouse", "the warehouse had not dispatched it when it became late", Hop.NOT_DISPATCHED
    ),
    HeldAt.TOLD_LATE: _cause(
        "warehouse", "the warehouse dispatched it in time and told so too late", Hop.NOT_DISPATCHED
    ),
    HeldAt.READ_LATE: _cause(
        "lockstep", "the warehouse dispatched it in time and Lockstep read so too late", Hop.NOT_SENT
    ),
    HeldAt.CONTENTS_UNKNOWN: _cause(
        "warehouse", "what is in its parcel was not clear when it became late", Hop.CONTENTS_UNKNOWN
    ),
    HeldAt.NO_TRACKING: _cause(
        "warehouse", "its parcel had no tracking number when it became late", Hop.NO_TRACKING
    ),
    HeldAt.CARRIER_UNMAPPED: _cause(
        "seller", "its parcel's carrier was not mapped when it became late", Hop.CARRIER_UNMAPPED
    ),
    HeldAt.CONFIRMED_ELSEWHERE: _cause(
        "seller", "somebody else had confirmed its units when it became late", Hop.CONFIRMED_ELSEWHERE
    ),
    HeldAt.NOT_SENT: _cause("lockstep", "its tracking waited for Lockstep when it became late", Hop.NOT_SENT),
    HeldAt.NOT_TAKEN: _cause(
        "amazon", "its tracking was sent in time and Amazon took it late", Hop.UNANSWERED
    ),
    HeldAt.AMAZON_CONFIRMS: _cause(
        "amazon", "Amazon confirms it itself and had not when it became late", Hop.AMAZON_CONFIRMS
    ),
}


def cause_of(held_at: HeldAt, held_for: str = "") -> Cause:
    """Why it was late; `held_for` is the kind of problem that an order was held for then (empty: not known)."""
    cause = LATE_BY[held_at]
    if held_at is not HeldAt.HELD or not held_for:
        return cause
    words = f"{cause.words}: {held_for.replace('_', ' ')}"
    return replace(cause, words=words, owner=Team(owner_of(Hop.HELD, held_for)))
