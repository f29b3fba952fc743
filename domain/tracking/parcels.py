"""What a parcel is and when Amazon may be told about it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.maps import AmazonCarrier
from domain.problems import ProblemKind

NO_CONFIRM_PROGRAMS = frozenset({"FBM_SHIP_PLUS"})  # Ship+: Amazon confirms itself and answers ours with 400


class ParcelState(StrEnum):
    """How far the word of a parcel has traveled to Amazon."""

    RECORDED = "RECORDED"
    BLOCKED = "BLOCKED"
    MAPPED = "MAPPED"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    PROVEN = "PROVEN"
    REJECTED = "REJECTED"
    UNPROVEN = "UNPROVEN"
    NOT_REQUIRED = "NOT_REQUIRED"
    VOIDED = "VOIDED"


_P = ParcelState
NEXT_PARCEL_STATES: dict[ParcelState, frozenset[ParcelState]] = {
    _P.RECORDED: frozenset({_P.BLOCKED, _P.MAPPED, _P.NOT_REQUIRED, _P.VOIDED, _P.PROVEN}),
    _P.BLOCKED: frozenset({_P.MAPPED, _P.NOT_REQUIRED, _P.RECORDED, _P.VOIDED, _P.PROVEN}),
    _P.MAPPED: frozenset({_P.SENDING, _P.BLOCKED, _P.RECORDED, _P.NOT_REQUIRED, _P.VOIDED, _P.PROVEN}),
    _P.SENDING: frozenset({_P.ACCEPTED, _P.REJECTED, _P.MAPPED, _P.PROVEN, _P.RECORDED, _P.VOIDED}),
    _P.ACCEPTED: frozenset({_P.PROVEN, _P.MAPPED, _P.UNPROVEN, _P.RECORDED, _P.VOIDED}),
    _P.PROVEN: frozenset({_P.RECORDED, _P.VOIDED, _P.UNPROVEN}),
    _P.REJECTED: frozenset({_P.MAPPED, _P.BLOCKED, _P.NOT_REQUIRED, _P.PROVEN, _P.RECORDED, _P.VOIDED}),
    _P.UNPROVEN: frozenset({_P.PROVEN, _P.BLOCKED, _P.MAPPED, _P.NOT_REQUIRED, _P.RECORDED, _P.VOIDED}),
    _P.NOT_REQUIRED: frozenset({_P.RECORDED, _P.VOIDED}),
    _P.VOIDED: frozenset({_P.RECORDED}),
}
SETTLED_PARCELS = frozenset({_P.PROVEN, _P.NOT_REQUIRED, _P.VOIDED})
SHOWN_TO_AMAZON = frozenset({_P.SENDING, _P.ACCEPTED, _P.PROVEN, _P.REJECTED, _P.UNPROVEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelDecision:
    """Whether a parcel may be told to Amazon, and in which words.

    `problem` says what blocks it, `reason` why it is not told for another cause than a problem.
    """

    state: ParcelState
    carrier: AmazonCarrier | None = None
    problem: ProblemKind | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelFacts:
    """What a parcel is decided by.

    `joined` is the parcel that speaks for this one, too. `bought_label` says that its label was bought through
    Amazon, `nothing_left` that others have confirmed at Amazon what this parcel holds.
    """

    tracking: str
    programs: tuple[str, ...]
    contents_known: bool
    joined: str = ""
    bought_label: bool = False
    order_canceled: bool = False
    nothing_left: bool = False


def decide_parcel(facts: ParcelFacts, carrier: AmazonCarrier | None) -> ParcelDecision:
    """MAPPED when Amazon may be told, BLOCKED with the reason when a person must act first.

    NOT_REQUIRED where Amazon must not be told: Ship+ and Buy Shipping confirm themselves (FACTS 2.1), a
    canceled order takes no ship confirm, and a kit in two boxes is confirmed once.
    """
    if reason := _not_required(facts):
        return ParcelDecision(state=ParcelState.NOT_REQUIRED, reason=reason)
    if problem := _blocked(facts, carrier):
        return ParcelDecision(state=ParcelState.BLOCKED, problem=problem)
    return ParcelDecision(state=ParcelState.MAPPED, carrier=carrier)


def _not_required(facts: ParcelFacts) -> str:
    if facts.order_canceled:
        return "Amazon canceled the order"
    if NO_CONFIRM_PROGRAMS & set(facts.programs):
        return "Amazon confirms Ship+ orders itself"
    if facts.bought_label:
        return "its label was bought through Amazon, which confirms it itself"
    return f"it is confirmed with parcel {facts.joined}" if facts.joined else ""


def _blocked(facts: ParcelFacts, carrier: AmazonCarrier | None) -> ProblemKind | None:
    if not facts.contents_known:
        return ProblemKind.CONTENTS_UNKNOWN
    if facts.nothing_left:
        return ProblemKind.CONFIRMED_ELSEWHERE
    if not normal_tracking(facts.tracking):
        return ProblemKind.TRACKING_MISSING
    return ProblemKind.CARRIER_UNMAPPED if carrier is None else None


def normal_tracking(tracking: str) -> str:
    """A tracking number as it is compared: carriers print it with spaces, dashes and in either case."""
    return "".join(sign for sign in tracking if sign.isalnum()).upper()
