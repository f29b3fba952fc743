"""What to do with an order that Amazon shows: release it, hold it, stop it or leave it alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.amazon import AmazonOrder, AmazonStatus
from domain.maps import ServiceMap, SkuMap
from domain.problems import Problem, ProblemKind
from domain.warehouse import ReleaseLine


class OrderState(StrEnum):
    """Where an order is on its way from Amazon to the buyer."""

    PENDING = "PENDING"
    READY = "READY"
    HELD = "HELD"
    RELEASING = "RELEASING"
    RELEASED = "RELEASED"
    PART_DISPATCHED = "PART_DISPATCHED"
    DISPATCHED = "DISPATCHED"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"
    FOREIGN = "FOREIGN"


_S = OrderState
NEXT_STATES: dict[OrderState, frozenset[OrderState]] = {
    _S.PENDING: frozenset({_S.READY, _S.HELD, _S.CANCELED, _S.FOREIGN}),
    _S.READY: frozenset({_S.HELD, _S.RELEASING, _S.CANCELED, _S.FOREIGN, _S.PENDING}),
    _S.HELD: frozenset({_S.READY, _S.CANCELED, _S.FOREIGN, _S.PENDING}),
    _S.RELEASING: frozenset({_S.RELEASED, _S.PART_DISPATCHED, _S.DISPATCHED, _S.CANCELED}),
    _S.RELEASED: frozenset({_S.PART_DISPATCHED, _S.DISPATCHED, _S.CANCELED}),
    _S.PART_DISPATCHED: frozenset({_S.RELEASED, _S.DISPATCHED, _S.CLOSED, _S.CANCELED}),
    _S.DISPATCHED: frozenset({_S.RELEASED, _S.PART_DISPATCHED, _S.CLOSED, _S.CANCELED}),
    _S.CLOSED: frozenset({_S.RELEASED, _S.PART_DISPATCHED, _S.DISPATCHED}),  # a re-label or a void opens it
    _S.CANCELED: frozenset(),
    _S.FOREIGN: frozenset(),
}

NOT_RELEASED = frozenset({_S.PENDING, _S.READY, _S.HELD})
AT_WAREHOUSE = frozenset({_S.RELEASING, _S.RELEASED, _S.PART_DISPATCHED, _S.DISPATCHED})
CLOSED_STATES = frozenset({_S.CLOSED, _S.CANCELED, _S.FOREIGN})

# The reasons for holding an order, hardest first: the first one found is the one the order shows.
HOLD_ORDER = (
    ProblemKind.HELD_BY_PERSON,
    ProblemKind.CANCEL_REQUESTED,
    ProblemKind.UNFULFILLABLE,
    ProblemKind.UNMAPPED_SKU,
    ProblemKind.UNMAPPED_SHIP_METHOD,
    ProblemKind.BAD_ADDRESS,
)
# What can be wrong with an order as such: whatever of it no longer holds is cleared at the next look.
ORDER_KINDS = frozenset(HOLD_ORDER) | {ProblemKind.CONFIRMED_ELSEWHERE}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMaps:
    """The seller's maps that an order is decided with."""

    skus: SkuMap
    services: ServiceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What an order is decided by: fresh from Amazon, or as the ledger keeps it between two looks.

    `confirmed_by_us` says that Amazon took a parcel of ours, whatever became of it since.
    `seller_skus` are those of lines with units left to ship. `address_gaps` names missing parts of the
    address, never the address. `held_by` names the person who does not want it shipped, `wanted_by` the one who
    wants it shipped although the buyer asks to cancel it.
    """

    order_id: str
    marketplace_id: str
    status: AmazonStatus
    service_level: str
    programs: tuple[str, ...]
    confirm_by: datetime | None
    seller_skus: tuple[str, ...]
    cancel_requested: bool
    address_gaps: tuple[str, ...]
    confirmed_by_us: bool = False
    held_by: str = ""
    wanted_by: str = ""

    @property
    def wished_away(self) -> bool:
        """Whether the buyer asks to cancel it and nobody has overruled that."""
        return self.cancel_requested and not self.wanted_by


def facts_of(seen: AmazonOrder) -> OrderFacts:
    """The part of Amazon's answer that decides, without the person it is about."""
    return OrderFacts(
        order_id=seen.order_id,
        marketplace_id=seen.marketplace_id,
        status=seen.status,
        service_level=seen.service_level,
        programs=seen.programs,
        confirm_by=seen.confirm_by,
        seller_skus=tuple(line.seller_sku for line in seen.lines if line.unfulfilled),
        cancel_requested=seen.cancel_requested,
        address_gaps=address_gaps(seen),
    )


def address_gaps(seen: AmazonOrder) -> tuple[str, ...]:
    """Names of what no carrier can do without and Amazon does not show; empty when the address can be used."""
    return seen.recipient.missing() if seen.recipient else ("address",)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDecision:
    """What follows from one look at an order.

    `state` is where the order belongs now. `held_for` is the reason of HELD. `stop_at_warehouse` asks
    the warehouse not to ship. `problems` are open as long as they are found.
    """

    state: OrderState
    held_for: ProblemKind | None = None
    stop_at_warehouse: bool = False
    problems: tuple[Problem, ...] = ()


def decide_order(
    seen: OrderFacts, known: OrderState | None, maps: OrderMaps, *, held_by_person: bool = False
) -> OrderDecision:
    """Where an order belongs, given what Amazon shows and where the ledger has it (None: never seen).

    What is closed stays as it is: a re-label opens an order again by its parcels, not by what Amazon shows.
    """
    if known in CLOSED_STATES:
        return OrderDecision(state=known)
    if seen.status is AmazonStatus.CANCELED:
        at_warehouse = known in AT_WAREHOUSE
        return OrderDecision(state=OrderState.CANCELED, stop_at_warehouse=at_warehouse)
    if known is not None and known not in NOT_RELEASED:
        return _decide_released(seen, known, held_by_person=held_by_person)
    if seen.status is AmazonStatus.SHIPPED:
        return _decide_shipped_elsewhere(seen, known)
    if seen.status in (AmazonStatus.PENDING, AmazonStatus.PENDING_AVAILABILITY):
        return OrderDecision(state=OrderState.PENDING)
    return _decide_releasable(seen, maps, held_by_person=held_by_person)


def releasable_lines(seen_lines: Iterable[tuple[str, str, int]], skus: SkuMap) -> tuple[ReleaseLine, ...]:
    """Warehouse lines for (order item id, seller SKU, units to ship); a kit becomes one per component."""
    return tuple(
        ReleaseLine(line_ref=item_id, sku=part.warehouse_sku, quantity=part.units * units)
        for item_id, seller_sku, units in seen_lines
        if units > 0
        for part in skus.resolve(seller_sku)
    )


def _decide_released(seen: OrderFacts, known: OrderState, *, held_by_person: bool) -> OrderDecision:
    problems = []
    if held_by_person and known is not OrderState.DISPATCHED:
        problems.append(_stopped(seen, known))
    if seen.wished_away:
        left = "it has left" if known is OrderState.DISPATCHED else "it is at"
        words = f"the buyer asks to cancel it; {left} the warehouse"
        problems.append(_problem(seen, ProblemKind.CANCEL_REQUESTED, words))
    not_dispatched = known in (OrderState.RELEASING, OrderState.RELEASED)
    if seen.status is AmazonStatus.SHIPPED and not_dispatched and not seen.confirmed_by_us:
        problems.append(
            _problem(
                seen,
                ProblemKind.CONFIRMED_ELSEWHERE,
                "Amazon shows it as shipped, but the warehouse has not dispatched it",
            )
        )
    return OrderDecision(state=known, problems=tuple(problems))


def _stopped(seen: OrderFacts, known: OrderState) -> Problem:
    """A person does not want it shipped, and Amazon still does."""
    if known is OrderState.RELEASING:
        words = f"{_holder(seen)} stopped it on its way to the warehouse"
        return _problem(seen, ProblemKind.HELD_BY_PERSON, words)
    words = (
        f"{_holder(seen)} does not want it shipped; cancel it in Seller Central before it is due, or it counts as"
        " late"
    )
    return _problem(seen, ProblemKind.CANCEL_REQUESTED, words)


def _holder(seen: OrderFacts) -> str:
    return seen.held_by or "a person"


def _decide_shipped_elsewhere(seen: OrderFacts, known: OrderState | None) -> OrderDecision:
    if known is None:  # shipped before Lockstep ever saw it: history, not a problem
        return OrderDecision(state=OrderState.FOREIGN)
    words = "Amazon shows it as shipped before it was released to the warehouse"
    return OrderDecision(
        state=OrderState.FOREIGN, problems=(_problem(seen, ProblemKind.CONFIRMED_ELSEWHERE, words),)
    )


def _decide_releasable(seen: OrderFacts, maps: OrderMaps, *, held_by_person: bool) -> OrderDecision:
    found = _holds(seen, maps, held_by_person=held_by_person)
    if not found:
        return OrderDecision(state=OrderState.READY)
    found.sort(key=lambda problem: HOLD_ORDER.index(problem.kind))
    return OrderDecision(state=OrderState.HELD, held_for=found[0].kind, problems=tuple(found))


def _holds(seen: OrderFacts, maps: OrderMaps, *, held_by_person: bool) -> list[Problem]:
    found = []
    if held_by_person:
        found.append(_problem(seen, ProblemKind.HELD_BY_PERSON, f"{_holder(seen)} holds it"))
    if seen.wished_away:
        found.append(_problem(seen, ProblemKind.CANCEL_REQUESTED, "the buyer asks to cancel it; it is held"))
    if seen.status not in (AmazonStatus.UNSHIPPED, AmazonStatus.PARTIALLY_SHIPPED):
        found.append(_problem(seen, ProblemKind.UNFULFILLABLE, f"Amazon shows it as {seen.status}"))
    elif not seen.seller_skus:
        found.append(_problem(seen, ProblemKind.UNFULFILLABLE, "Amazon shows nothing of it left to ship"))
    unmapped = sorted({sku for sku in seen.seller_skus if not maps.skus.resolve(sku)})
    if unmapped:
        names = [sku or "(none)" for sku in unmapped]
        words = f"nobody mapped its seller SKU {', '.join(names)}"
        about = {"seller_sku": unmapped[0]}
        found.append(_problem(seen, ProblemKind.UNMAPPED_SKU, words, cause=names[0], about=about))
    if not maps.services.resolve(seen.marketplace_id, seen.service_level, seen.programs):
        level = f"{seen.service_level or '(none)'} in {seen.marketplace_id}"
        words = f"nobody mapped its service level {level}"
        about = {"service_level": seen.service_level}
        found.append(_problem(seen, ProblemKind.UNMAPPED_SHIP_METHOD, words, cause=level, about=about))
    if seen.address_gaps:
        words = f"its address lacks {', '.join(seen.address_gaps)}"
        found.append(_problem(seen, ProblemKind.BAD_ADDRESS, words))
    return found


def _problem(
    seen: OrderFacts, kind: ProblemKind, words: str, cause: str = "", about: Mapping[str, str] | None = None
) -> Problem:
    return Problem(
        kind=kind,
        subject=seen.order_id,
        summary=f"Order {seen.order_id}: {words}.",
        act_by=seen.confirm_by,
        cause=cause,
        about={"amazon_order_id": seen.order_id, **(about or {})},
    )
