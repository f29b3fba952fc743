"""Which parcels a person may have sent to Amazon again, and what stands in the way of the others."""

from dataclasses import dataclass

from domain.problems import MANNERS, ProblemKind
from domain.tracking.confirms import MOST_EDITS
from domain.tracking.parcels import ParcelState

_P = ParcelState
# Told to Amazon and not shown by it, or waiting for its next try.
_AGAIN = frozenset({_P.MAPPED, _P.ACCEPTED, _P.REJECTED, _P.UNPROVEN})
_FIXING_FORMS = frozenset({"map-carrier", "correct-tracking"})
_WORDS = {
    _P.PROVEN: "is proven: Amazon shows it with this tracking, so there is nothing to send",
    _P.VOIDED: "was taken back by the warehouse, so it is not sent",
    _P.RECORDED: "has just come in from the warehouse and goes out with this run",
    _P.SENDING: "is on its way to Amazon right now; it is asked about before it is sent again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelStanding:
    """Where a parcel stands when a person wants it sent again.

    `blocked_for` is what blocks it (empty: nothing does), `edits` how often Amazon took other words for it
    already, `reason` why it needs none.
    """

    state: ParcelState
    blocked_for: str = ""
    edits: int = 0
    reason: str = ""
    order_canceled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Whether a parcel is sent again, and why as a clause after "parcel P1 "."""

    again: bool
    why: str


def rule_on_resend(now: ParcelStanding) -> Resend:
    """Whether a parcel is sent again. What Amazon shows already is never sent twice.

    Amazon takes some number of edits of a package; ours stop before, whoever asks for one.
    """
    if now.order_canceled:
        return Resend(again=False, why="belongs to an order that Amazon canceled, which takes no tracking")
    if now.state is ParcelState.NOT_REQUIRED:
        return Resend(
            again=False, why=f"is not sent: {now.reason or 'Amazon wants no tracking of it from us'}"
        )
    if now.edits >= MOST_EDITS and now.state in _AGAIN | {ParcelState.BLOCKED}:
        why = (
            f"was changed {MOST_EDITS} times at Amazon, which allows few changes; enter it in Seller Central"
        )
        return Resend(again=False, why=why)
    if now.state is ParcelState.BLOCKED:
        return Resend(again=False, why=_blocked(now.blocked_for))
    if now.state in _AGAIN:
        return Resend(again=True, why="is sent again now")
    return Resend(again=False, why=_WORDS[now.state])


def _blocked(blocked_for: str) -> str:
    if not blocked_for:
        return "is not decided yet"
    manner = MANNERS[ProblemKind(blocked_for)]
    helps = f"run the form {manner.form}" if manner.form in _FIXING_FORMS else manner.next_step.rstrip(".")
    return f"waits, because of {blocked_for.replace('_', ' ')}: {helps}"
