"""The clock on every order: which hop holds it, who must act, and how long is left (DESIGN section 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.orders.order import CLOSED_STATES, OrderState
from domain.problems import MANNERS, ProblemKind, Team
from domain.tracking.parcels import SETTLED_PARCELS, ParcelState


class Hop(StrEnum):
    """The step that holds an order, in the words that people read. The value of HELD goes on with the reason."""

    DONE = ""
    PAYMENT_PENDING = "payment pending at Amazon"
    HELD = "held"
    STOPPED = "stopped by a person, not canceled at Amazon"
    NOT_CROSSED = "not crossed to the warehouse"
    NOT_ACCEPTED = "crossed, not accepted by the warehouse"
    REJECTED = "rejected by the warehouse"
    NOT_DISPATCHED = "accepted, not dispatched by the warehouse"
    CONTENTS_UNKNOWN = "dispatched, contents unknown"
    NO_TRACKING = "dispatched, no tracking"
    CARRIER_UNMAPPED = "tracking held: carrier unmapped"
    CONFIRMED_ELSEWHERE = "tracking held: confirmed by somebody else"
    REFUSED = "tracking refused by Amazon"
    UNANSWERED = "tracking sent, no answer from Amazon"
    NOT_SENT = "tracking not sent yet"
    NOT_SHOWN = "tracking sent, not shown by Amazon yet"
    AMAZON_CONFIRMS = "dispatched, Amazon confirms it itself and has not yet"


# The hops of a parcel, the furthest behind first: it speaks for an order with several.
FURTHEST_BEHIND = (
    Hop.CONTENTS_UNKNOWN,
    Hop.NO_TRACKING,
    Hop.CARRIER_UNMAPPED,
    Hop.CONFIRMED_ELSEWHERE,
    Hop.REFUSED,
    Hop.UNANSWERED,
    Hop.NOT_SENT,
    Hop.NOT_SHOWN,
)
BLOCKED_AT: dict[ProblemKind, Hop] = {
    ProblemKind.CONTENTS_UNKNOWN: Hop.CONTENTS_UNKNOWN,
    ProblemKind.TRACKING_MISSING: Hop.NO_TRACKING,
    ProblemKind.CARRIER_UNMAPPED: Hop.CARRIER_UNMAPPED,
    ProblemKind.CONFIRMED_ELSEWHERE: Hop.CONFIRMED_ELSEWHERE,
    ProblemKind.TRACKING_REFUSED: Hop.REFUSED,
}
OWNERS: dict[Hop, Team] = {
    Hop.STOPPED: Team.CUSTOMER_SERVICE,
    Hop.NOT_CROSSED: Team.INTEGRATION,
    Hop.NOT_ACCEPTED: Team.WAREHOUSE,
    Hop.REJECTED: Team.WAREHOUSE,
    Hop.NOT_DISPATCHED: Team.WAREHOUSE,
    **{hop: MANNERS[kind].owner for kind, hop in BLOCKED_AT.items()},
    Hop.UNANSWERED: Team.INTEGRATION,
    Hop.NOT_SENT: Team.INTEGRATION,
    Hop.NOT_SHOWN: Team.INTEGRATION,
    Hop.AMAZON_CONFIRMS: Team.INTEGRATION,
}

_BY_STATE = {
    **dict.fromkeys(CLOSED_STATES, Hop.DONE),
    OrderState.PENDING: Hop.PAYMENT_PENDING,
    OrderState.HELD: Hop.HELD,
    OrderState.READY: Hop.NOT_CROSSED,
    OrderState.RELEASING: Hop.NOT_CROSSED,
}

_STEP, _FINE = timedelta(minutes=5), timedelta(hours=2)  # how finely time left is told, and below which
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelOnItsWay:
    """What tells where a parcel is.

    `tries` counts what Amazon took of it, `attempts` the calls since without a useful answer. Those that its
    limits did not allow are no attempts.
    """

    state: ParcelState
    blocked_for: str = ""
    tries: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOnItsWay:
    """What tells which hop holds an order.

    `rejected`: the warehouse rejected its last release, which some do after they had accepted it. `stopped`: a
    person asked for that, or keeps it from being sent.
    """

    state: OrderState
    accepted: bool = False
    rejected: bool = False
    stopped: bool = False
    parcels: tuple[ParcelOnItsWay, ...] = ()


def hop_of(order: OrderOnItsWay) -> Hop:
    """The hop that holds an order now; DONE when none does."""
    if order.stopped and order.state is OrderState.RELEASING:
        return Hop.STOPPED
    if order.state in _BY_STATE:
        return _BY_STATE[order.state]
    if hop := _furthest_behind(order.parcels):
        return hop
    if order.state is OrderState.DISPATCHED:  # its parcels need no word of ours, and Amazon shows none yet
        return Hop.AMAZON_CONFIRMS
    return _at_the_warehouse(order)


def _at_the_warehouse(order: OrderOnItsWay) -> Hop:
    if order.stopped:
        return Hop.STOPPED
    if order.rejected:
        return Hop.REJECTED
    return Hop.NOT_DISPATCHED if order.accepted else Hop.NOT_ACCEPTED


def words_of(hop: Hop, held_for: str) -> str:
    """A hop as people read it, with the reason of a held order."""
    return f"{hop}: {held_for.replace('_', ' ')}" if hop is Hop.HELD else str(hop)


def owner_of(hop: Hop, held_for: str) -> str:
    """The team that must act; empty where nobody can."""
    if hop is not Hop.HELD:
        return OWNERS.get(hop, "")
    return MANNERS[ProblemKind(held_for)].owner if held_for in set(ProblemKind) else Team.OPERATIONS


def time_left(confirm_by: datetime | None, now: datetime) -> str:
    """The time until then, such as "2 h 10 min" or "over by 35 min"; empty without a moment."""
    if confirm_by is None:
        return ""
    left = confirm_by - now
    return in_words(left) if left >= timedelta(0) else f"over by {in_words(-left)}"


def in_words(length: timedelta) -> str:
    """A length of time to the minute, rounded down, such as "2 days 3 h", "2 h 10 min" or "35 min"."""
    minutes = int(length.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else "less than a minute"


def time_left_roughly(moment: datetime | None, now: datetime) -> str:
    """The time until then as a person needs it: hours while there are two and more, else steps of 5 minutes.

    Seen from the next mark of five minutes, so that it never says more time than there is, and changes at these
    marks only, or when the moment passes: what shows it has not to be written each minute.
    """
    if moment is None:
        return ""
    seen_from = now + (_BEGINNING - now) % _STEP
    return f"over by {_roughly(seen_from - moment)}" if moment <= now else _roughly(moment - seen_from)


def _roughly(length: timedelta) -> str:
    whole = length - length % (_STEP if length < _FINE else timedelta(hours=1))
    return "less than 5 min" if whole < _STEP else in_words(whole).removesuffix(" 0 min").removesuffix(" 0 h")


def _furthest_behind(parcels: Iterable[ParcelOnItsWay]) -> Hop | None:
    hops = {_hop_of_parcel(parcel) for parcel in parcels if parcel.state not in SETTLED_PARCELS}
    return min(hops, key=FURTHEST_BEHIND.index, default=None)


def _hop_of_parcel(parcel: ParcelOnItsWay) -> Hop:
    if parcel.state is ParcelState.BLOCKED:
        return next((hop for kind, hop in BLOCKED_AT.items() if kind == parcel.blocked_for), Hop.NOT_SENT)
    if parcel.state is ParcelState.REJECTED:
        return Hop.REFUSED
    if parcel.state in (ParcelState.ACCEPTED, ParcelState.UNPROVEN) or parcel.tries:
        return Hop.NOT_SHOWN
    return Hop.UNANSWERED if parcel.attempts else Hop.NOT_SENT
