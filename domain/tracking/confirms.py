"""Ship confirms that did not go through: what a refusal means, and when to try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.problems import ProblemKind
from domain.tracking.evidence import Evidence

# In parts of the seller's own `prove_within`, four minutes unless told otherwise: 30 s, 10 min and 15 s.
FIRST_WAIT, LONGEST_WAIT, LEAST_WAIT = 1 / 8, 2.5, 1 / 16
_SHOW_AFTER = 4  # calls in a row without a useful answer
_SHOW_WHEN_LEFT = timedelta(hours=1)
# Amazon takes some number of edits of one package and does not say which (FACTS 2.2): ours stop well before.
MOST_EDITS = 5
_MOST_REFUSALS = 3

# Amazon's telling words (FACTS 2.2). Whatever else it says may be an incident: that is tried again, a few times.
_FINAL = {
    "InvalidPackageVersion": "it was changed more often than Amazon allows",
    "NonexistentOrderItem": "Amazon does not know its order items any more",
}
_SHOWN = {
    Evidence.NOTHING_LEFT: ProblemKind.CONFIRMED_ELSEWHERE,
    Evidence.CONTRADICTED: ProblemKind.TRACKING_CONTRADICTED,
}


class Next(StrEnum):
    """What happens to a refused parcel."""

    PROVEN = "PROVEN"
    AGAIN = "AGAIN"
    NOT_REQUIRED = "NOT_REQUIRED"
    PERSON = "PERSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A ship confirm that Amazon refused, with what a read of the order showed afterward.

    `code` is Amazon's telling word, `times` how often it refused in a row, `evidence` what its packages say.
    """

    code: str
    times: int
    evidence: Evidence
    order_canceled: bool = False
    confirms_itself: bool = False
    due_soon: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What follows from a refusal; `problem` is what a person is shown."""

    next: Next
    problem: ProblemKind | None = None
    reason: str = ""


def settle_refusal(refusal: Refusal) -> Settlement:
    """What a refusal means. What Amazon shows decides; its message alone decides nothing.

    "Order already fulfilled" can mean that it has our parcel, that it has somebody else's, or that nothing is
    there at all; only the packages say which.
    """
    if refusal.evidence in (Evidence.SEEN, Evidence.ADOPTED):
        return Settlement(next=Next.PROVEN)
    if refusal.order_canceled or refusal.confirms_itself:
        why = "canceled the order" if refusal.order_canceled else "confirms Ship+ orders itself"
        return Settlement(next=Next.NOT_REQUIRED, reason=f"Amazon {why}")
    if problem := _SHOWN.get(refusal.evidence):
        return Settlement(next=Next.PERSON, problem=problem)
    if refusal.code not in _FINAL and refusal.times < _MOST_REFUSALS and not refusal.due_soon:
        return Settlement(next=Next.AGAIN)
    return Settlement(
        next=Next.PERSON, problem=ProblemKind.TRACKING_REFUSED, reason=_FINAL.get(refusal.code, "")
    )


def next_try(
    attempts: int, confirm_by: datetime | None, prove_within: timedelta, now: datetime, spread: float
) -> datetime:
    """When to call again after so many calls without a useful answer (UTC).

    Waits double and are spread over half to one and a half of their length by `spread` (0 to 1), so that
    parcels that failed together do not come back together. They shrink with the time left to `confirm_by`:
    there is always room for several more.
    """
    wait = prove_within * min(FIRST_WAIT * int(2 ** min(attempts - 1, 10)), LONGEST_WAIT)
    if confirm_by is not None and confirm_by > now:
        wait = min(wait, (confirm_by - now) / 6)
    return now + max(wait, prove_within * LEAST_WAIT) * (0.5 + spread)


def due_soon(confirm_by: datetime | None, now: datetime) -> bool:
    """Whether so little time is left that a person has to know of whatever goes wrong."""
    return confirm_by is not None and confirm_by - now < _SHOW_WHEN_LEFT


def waits_too_long(
    attempts: int, waited: timedelta, confirm_by: datetime | None, prove_within: timedelta, now: datetime
) -> bool:
    """Whether a parcel without a useful answer has to be shown to a person by now; trying goes on.

    After four calls in vain, and in the last hour already after one, or when it `waited` for its turn longer
    than Amazon may take to show a parcel.
    """
    if attempts >= _SHOW_AFTER:
        return True
    return due_soon(confirm_by, now) and (attempts > 0 or waited > prove_within)


def looks_allowed(spare: float, burst: float, *, urgent: int, others: int) -> int:
    """How many orders may be read back one by one now.

    `spare` calls can be made at once. Urgent ones may use all of them; the others leave half of the `burst`
    for urgent ones to come, because a page of searchOrders proves a hundred orders for one call.
    """
    free = max(0, int(spare))
    first = min(urgent, free)
    room = max(0, int(free - first - burst / 2))
    return first + min(others, room)
