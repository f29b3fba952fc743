"""What it means that a person has seen a problem: the end of what Lockstep cannot see end, silence for the rest."""

from domain.orders.order import OrderState
from domain.problems import ProblemKind
from domain.tracking.parcels import ParcelState
from domain.watch.census import is_crowd

_K = ProblemKind
# Something outside happened, and only a person knows when it is dealt with.
ENDS_WHEN_ACKNOWLEDGED = frozenset(
    {
        _K.CANCEL_TOO_LATE,
        _K.UNKNOWN_ORDER,
        _K.ORDER_STILL_OPEN,
        _K.FILE_SET_ASIDE,
        _K.CONFIRMED_LATE,
        _K.LOCKSTEP_DOWN,
    }
)
# Of these the same order, reference or parcel never means something new: found again, it is the old story.
HAPPENED_ONCE = frozenset({_K.CANCEL_TOO_LATE, _K.UNKNOWN_ORDER, _K.CONFIRMED_LATE})


def happened_once(kind: ProblemKind, subject: str) -> bool:
    """Whether what a person is done with stays so for good; a crowd of orders is another one next time."""
    return kind in HAPPENED_ONCE and not is_crowd(subject)


def ends_when_acknowledged(
    kind: ProblemKind, *, order: OrderState | None = None, parcel: ParcelState | None = None
) -> bool:
    """Whether a problem is over once a person has acknowledged it.

    Two kinds depend on what they are about: an order that somebody else shipped before we handed it over is
    theirs, and of a parcel that the warehouse took back no more comes. `order` and `parcel` are the states of the
    one order or parcel that the problem names (None: it names none).
    """
    if kind is ProblemKind.CONFIRMED_ELSEWHERE:
        return order is OrderState.FOREIGN
    if kind is ProblemKind.TRACKING_CONTRADICTED:
        return parcel is ParcelState.VOIDED
    return kind in ENDS_WHEN_ACKNOWLEDGED
