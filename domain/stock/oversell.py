"""Sold more than was there: which orders the counted units do not reach, and what can be done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from domain.problems import Problem, ProblemKind

_NAMED = 5  # orders named in one sentence


class Standing(IntEnum):
    """Whose turn an order has at the shelf, the first one first.

    GONE: its units have left since the count. ACCEPTED: the warehouse took it on since the count. PAID: the
    warehouse has not taken it on yet. UNPAID: Amazon has not confirmed the payment.
    """

    GONE = 0
    ACCEPTED = 1
    PAID = 2
    UNPAID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Units by warehouse SKU that one order takes and the count does not know of.

    `placed_at` and `confirm_by` are UTC.
    """

    seller_account: str
    order_id: str
    placed_at: datetime
    confirm_by: datetime | None
    standing: Standing
    units: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the last count says of one warehouse SKU, over all warehouses.

    `as_of` is that of the oldest count among them. None: the count does not say.
    """

    available: int
    as_of: datetime
    on_order: int | None = None
    quarantine: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfilled:
    """An order that the counted units do not reach, and the units it lacks by warehouse SKU."""

    claim: Claim
    short: Mapping[str, int]


def unfilled(available: Mapping[str, int], claims: Sequence[Claim]) -> tuple[Unfilled, ...]:
    """The orders that cannot be filled from what was counted, each once, in the order of their turns.

    First come, first served within a standing. An order takes all it needs or nothing, so what one that lacks
    a component leaves goes to those behind it. A SKU that is not in `available` was never counted: it lets
    everybody pass.
    """
    free = dict(available)
    waiting = []
    for claim in sorted(claims, key=_turn):
        fits = all(units <= free.get(sku, units) for sku, units in claim.units.items())
        if fits or claim.standing is Standing.GONE:
            _take(free, claim)
        else:
            waiting.append(claim)
    found = []
    for claim in waiting:  # what is left goes towards the first of them, so that the units add up
        lacks = {sku: units - min(units, max(0, free.get(sku, units))) for sku, units in claim.units.items()}
        found.append(Unfilled(claim=claim, short={sku: units for sku, units in lacks.items() if units}))
        _take(free, claim)
    return tuple(found)


def oversold_problems(
    connection: str, shelves: Mapping[str, Shelf], found: Sequence[Unfilled]
) -> tuple[Problem, ...]:
    """One problem for each warehouse SKU that lacks units, with the orders affected and what is to come."""
    skus = sorted({sku for one in found for sku in one.short})
    return tuple(
        _problem(connection, sku, shelves[sku], [one for one in found if sku in one.short]) for sku in skus
    )


def to_come(shelf: Shelf) -> str:
    """Units that the count has besides what is available, such as "20 on order, 2 in quarantine"."""
    parts = ((shelf.on_order, "on order"), (shelf.quarantine, "in quarantine"))
    return ", ".join(f"{units} {where}" for units, where in parts if units)


def choices(one: Unfilled, shelves: Mapping[str, Shelf]) -> str:
    """What a person can do about one order."""
    hopes = [f"{words} of {sku}" for sku in sorted(one.short) if (words := to_come(shelves[sku]))]
    deeds = [f"have what is there booked in ({'; '.join(hopes)})"] if hopes else ["have more booked in"]
    if one.claim.standing is Standing.UNPAID:
        deeds.append("wait whether it is paid at all")
    if one.claim.standing is Standing.ACCEPTED:
        deeds.append("ask the warehouse, which accepted it, whether it finds the units")
    deeds += ["agree a later date or another item with the buyer", "cancel it in Seller Central"]
    return "; or ".join(deeds)


def _turn(claim: Claim) -> tuple[Standing, datetime, str]:
    return claim.standing, claim.placed_at, claim.order_id


def _take(free: dict[str, int], claim: Claim) -> None:
    for sku, units in claim.units.items():
        if sku in free:
            free[sku] -= units


def _problem(connection: str, sku: str, shelf: Shelf, found: Sequence[Unfilled]) -> Problem:
    due = [one.claim.confirm_by for one in found if one.claim.confirm_by is not None]
    short = sum(one.short[sku] for one in found)
    names = ", ".join(one.claim.order_id for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    hope = f" The count also has {words}." if (words := to_come(shelf)) else ""
    summary = (
        f"{sku} at {connection} is {short} unit{'' if short == 1 else 's'} short: the count of"
        f" {shelf.as_of:%b %d %H:%M} UTC had {shelf.available} available, and more are ordered."
        f" Not enough for {names}{more}.{hope}"
    )
    subject = f"{connection} {sku}"
    act_by = min(due, default=None)
    return Problem(
        kind=ProblemKind.OVERSOLD, subject=subject, summary=summary, act_by=act_by, affected=len(found)
    )
