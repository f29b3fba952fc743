"""A warehouse's list of its open orders beside ours: what is missing, still open, unknown, or only on its way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.problems import Problem, ProblemKind

# An order is judged when a dispatch of the list's own time has surely been read, and one that ended here when the
# warehouse has surely been told: what travels while the list is written is no difference.
TRAVELS = timedelta(hours=2)
WELL_BEFORE = timedelta(hours=4)
KNOWN_BEFORE = timedelta(minutes=15)
STALE = timedelta(days=3)  # a list older than that proves nothing any more
MISSED_AFTER = timedelta(days=2)
_TOLD_ONE_BY_ONE = 50
_CROWD = "list of open orders"
_CROWD_GROWS, _CROWD_IS_KNOWN_FOR = 2, timedelta(days=30)


class Difference(StrEnum):
    """How the two sides differ about one order, in words for people."""

    MISSING = "missing at the warehouse"
    STILL_OPEN = "over here and still open there"
    UNKNOWN = "never given out by us"


_KINDS = {
    Difference.MISSING: ProblemKind.ORDER_MISSING,
    Difference.STILL_OPEN: ProblemKind.ORDER_STILL_OPEN,
    Difference.UNKNOWN: ProblemKind.UNKNOWN_ORDER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """One order about which the list and the ledger differ; `ended` says how it ended here, such as "canceled"."""

    difference: Difference
    reference: str
    amazon_order_id: str = ""
    warehouse_order_id: str = ""
    status: str = ""
    confirm_by: datetime | None = None
    ended: str = ""


def cause_of(connection: str) -> str:
    """What all differences of a connection have in common."""
    return f"the list of open orders of warehouse {connection}"


def census_problems(connection: str, as_of: datetime, found: Iterable[Differing]) -> tuple[Problem, ...]:
    """A problem for each differing order; orders that are not ours become one problem when there are very many."""
    found = list(found)
    unknown = [one for one in found if one.difference is Difference.UNKNOWN]
    if len(unknown) <= _TOLD_ONE_BY_ONE:
        return tuple(_problem(connection, as_of, one) for one in found)
    known = [one for one in found if one.difference is not Difference.UNKNOWN]
    return (*(_problem(connection, as_of, one) for one in known), _many_unknown(connection, as_of, unknown))


def _problem(connection: str, as_of: datetime, one: Differing) -> Problem:
    listed = f"list of open orders of {as_of:%Y-%m-%d %H:%M} UTC"
    if one.difference is Difference.MISSING:
        words = (
            f"Order {one.amazon_order_id}: the warehouse {connection} accepted {one.reference}, has not dispatched"
            f" it, and its {listed} lacks it."
        )
    elif one.difference is Difference.STILL_OPEN:
        words = (
            f"Order {one.amazon_order_id} is {one.ended}, but the warehouse {connection} has {one.reference} in its"
            f" {listed}."
        )
    else:
        words = (
            f"The warehouse {connection} has {one.reference} in its {listed}, which Lockstep never gave out."
        )
    subject = one.amazon_order_id or f"{connection} {one.reference}"
    return Problem(
        kind=_KINDS[one.difference],
        subject=subject,
        summary=words,
        act_by=one.confirm_by,
        cause=cause_of(connection),
    )


def _many_unknown(connection: str, as_of: datetime, unknown: Sequence[Differing]) -> Problem:
    summary = (
        f"The warehouse {connection} has {len(unknown)} orders in its list of open orders of"
        f" {as_of:%Y-%m-%d %H:%M} UTC that Lockstep never gave out, such as {unknown[0].reference}. Are orders of"
        " other clients or sales channels in it?"
    )
    return Problem(
        kind=ProblemKind.UNKNOWN_ORDER,
        subject=f"{connection}, {_CROWD}",
        summary=summary,
        cause=cause_of(connection),
        affected=len(unknown),
    )


def is_crowd(subject: str) -> bool:
    """Whether a problem is about very many orders at once that are not ours."""
    return subject.endswith(f", {_CROWD}")


def is_known_crowd(number: int, seen: int, seen_at: datetime, now: datetime) -> bool:
    """Whether a crowd of so many orders is the one that a person saw and knows of.

    Other orders come and go in it every day: it is, for 30 days, while there are not twice as many.
    """
    return number < _CROWD_GROWS * seen and now - seen_at < _CROWD_IS_KNOWN_FOR
