"""What the watch finds where nobody spoke up: orders that do not cross, picking delays, late confirms, 429s."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.problems import MANNERS, Problem, ProblemKind
from domain.watch.clock import Hop, in_words

CROSSES_WITHIN = timedelta(minutes=15)
CROSSES_BEFORE_DUE = timedelta(hours=1)  # with less left than this, an order that waits is shown sooner
CROSSES_IN_A_RUN = timedelta(minutes=2)  # what is ready this moment is being handed over in this very run
PICKS_BEFORE_DUE = timedelta(hours=4)
LATE_IS_NEWS_FOR = timedelta(hours=48)
THROTTLE_WINDOW = timedelta(minutes=15)
_LEAST_THROTTLED, _LEAST_SHARE = 5, 1 / 5
_WHO = {"warehouse": "the warehouse", "seller": "the seller", "lockstep": "Lockstep", "amazon": "Amazon"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that is not done and the hop that holds it.

    `ready_at` (UTC) is when it last became ready for the warehouse, known while it has not crossed.
    """

    order_id: str
    seller_account: str
    connection: str
    hop: Hop
    held_for: str = ""
    confirm_by: datetime | None
    ready_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateConfirm:
    """An order that Amazon got the first word of a parcel of after its ship-by time, and who held it then."""

    order_id: str
    seller_account: str
    confirm_by: datetime
    accepted_at: datetime
    late_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """The calls of one operation within the window, and how many of them were refused as too many (429)."""

    stranger: str
    operation: str
    calls: int
    refused: int


def not_crossed(order: OpenOrder, now: datetime) -> Problem | None:
    """The problem of an order that should be at the warehouse by now and is not."""
    if order.hop is not Hop.NOT_CROSSED or order.ready_at is None:
        return None
    patience = CROSSES_IN_A_RUN if _left_less_than(CROSSES_BEFORE_DUE, order, now) else CROSSES_WITHIN
    if now - order.ready_at <= patience:
        return None
    shown = order.ready_at + CROSSES_WITHIN + MANNERS[ProblemKind.ORDER_NOT_CROSSED].act_within
    return Problem(
        kind=ProblemKind.ORDER_NOT_CROSSED,
        subject=order.order_id,
        summary=f"Order {order.order_id} is ready since {_minute(order.ready_at)} and has not reached the warehouse"
        f" {order.connection}{_due(order)}.",
        act_by=min(shown, order.confirm_by) if order.confirm_by else shown,
        cause=order.connection,
    )


def picking_delay(order: OpenOrder, now: datetime) -> Problem | None:
    """The problem of an order that the warehouse has, and has not dispatched although it is due soon."""
    if order.hop is not Hop.NOT_DISPATCHED or not _left_less_than(PICKS_BEFORE_DUE, order, now):
        return None
    return Problem(
        kind=ProblemKind.PICKING_DELAY,
        subject=order.order_id,
        summary=f"Order {order.order_id}: the warehouse {order.connection} accepted it and has not dispatched all"
        f" of it{_due(order)}.",
        act_by=order.confirm_by,
        cause=order.connection,
    )


def confirmed_late(late: LateConfirm) -> Problem:
    """The problem of an order that counts as a late shipment now: to be talked about, not to be mended."""
    who = _WHO[late.late_by]
    return Problem(
        kind=ProblemKind.CONFIRMED_LATE,
        subject=late.order_id,
        summary=f"Order {late.order_id} was due by {_minute(late.confirm_by)}, and Amazon got its tracking"
        f" {in_words(late.accepted_at - late.confirm_by)} later; {who} held it when it became late.",
        cause=f"{late.seller_account}, late by {who}",
    )


def throttled(count: CallCount) -> Problem | None:
    """The problem of an operation whose calls are refused as too many: often, and a good part of them."""
    if count.refused < _LEAST_THROTTLED or count.refused < _LEAST_SHARE * count.calls:
        return None
    return Problem(
        kind=ProblemKind.THROTTLED,
        subject=f"{count.stranger}, {count.operation}",
        summary=f"{count.stranger} refused {count.refused} of {count.calls} calls of {count.operation} within a"
        " quarter of an hour: its limits are used up.",
        cause=count.stranger,
    )


def _left_less_than(length: timedelta, order: OpenOrder, now: datetime) -> bool:
    return order.confirm_by is not None and order.confirm_by - now < length


def _due(order: OpenOrder) -> str:
    return f"; Amazon must have its tracking by {_minute(order.confirm_by)}" if order.confirm_by else ""


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
