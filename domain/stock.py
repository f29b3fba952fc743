"""How many units may be offered: never more than is there, never less than is free."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from domain.maps import Component


class ListingState(StrEnum):
    """How far the quantity of a listing has traveled to Amazon.

    CANDIDATE: not looked up yet. ABSENT: Amazon has no merchant-fulfilled offer of that SKU. IDLE: there is
    one, and we have not published a quantity of it yet.
    """

    CANDIDATE = "CANDIDATE"
    ABSENT = "ABSENT"
    IDLE = "IDLE"
    PLANNED = "PLANNED"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    EFFECTIVE = "EFFECTIVE"
    INVALID = "INVALID"
    DRIFTED = "DRIFTED"


_L = ListingState
NEXT_LISTING_STATES: dict[ListingState, frozenset[ListingState]] = {
    _L.CANDIDATE: frozenset({_L.ABSENT, _L.IDLE}),
    _L.ABSENT: frozenset({_L.IDLE}),
    _L.IDLE: frozenset({_L.PLANNED, _L.ABSENT}),
    _L.PLANNED: frozenset({_L.SENT, _L.ABSENT}),
    _L.SENT: frozenset({_L.ACCEPTED, _L.INVALID, _L.PLANNED}),
    _L.ACCEPTED: frozenset({_L.EFFECTIVE, _L.PLANNED, _L.ABSENT}),
    _L.EFFECTIVE: frozenset({_L.PLANNED, _L.DRIFTED, _L.ABSENT}),
    _L.INVALID: frozenset({_L.PLANNED, _L.ABSENT}),
    _L.DRIFTED: frozenset({_L.PLANNED, _L.EFFECTIVE, _L.ABSENT}),
}


REFUSED_REST = timedelta(hours=6)  # a refused quantity is tried again after this, whatever Amazon disliked


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How far the quantity of one listing has come, as the ledger knows it before it looks again.

    `wanted` may be offered now, `published` was said last and at `tried_at`, Amazon took it at
    `accepted_at` (both UTC), and `shown` is what Amazon offered at the look before; None is not known.
    """

    state: ListingState
    wanted: int | None
    published: int | None
    shown: int | None
    tried_at: datetime | None
    accepted_at: datetime | None

    def is_due(self, wanted: int, now: datetime) -> bool:
        """Whether `wanted` units have to be planned for sending; what is planned or sent already has not.

        A listing is published once even when Amazon shows the same number already: only then is it ours.
        """
        if self.state in (_L.IDLE, _L.DRIFTED):
            return True
        if self.state is _L.INVALID and self.tried_at is not None and now - self.tried_at >= REFUSED_REST:
            return True
        return self.state in (_L.ACCEPTED, _L.EFFECTIVE, _L.INVALID) and wanted != self.published


def after_look(known: Publication, units: int | None, *, sold: int, overdue: bool) -> ListingState:
    """Where a listing stands after a look at Amazon: the state it has, or one that follows it.

    `units` are in effect now; None: there is no merchant-fulfilled offer. `sold` units were ordered since
    the last publication. `overdue`: what Amazon took should have been in effect by now.
    """
    state = known.state
    if units is None:
        return _L.ABSENT if state is not _L.SENT else state  # an answer that is due comes first
    if state in (_L.CANDIDATE, _L.ABSENT):
        return _L.IDLE
    if state in (_L.ACCEPTED, _L.DRIFTED) and units == known.published:
        return _L.EFFECTIVE
    if state is _L.ACCEPTED and overdue:
        return _L.PLANNED
    return _after_change(known, units, sold) if state is _L.EFFECTIVE else state


def _after_change(known: Publication, units: int, sold: int) -> ListingState:
    """More than we said is somebody else's number; less may be Amazon's own sale.

    Amazon takes its orders off at once, before we can have read them: less counts at the second look, and
    what was sold explains it.
    """
    published = known.published or 0
    if units in (published, known.wanted):
        return _L.EFFECTIVE
    if units > published:
        return _L.DRIFTED
    if known.shown is None or known.shown >= published:
        return _L.EFFECTIVE
    return _L.PLANNED if published - units <= sold else _L.DRIFTED


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferRule:
    """What the seller keeps back of one listing: units, percent of available, and the share offered.

    `fixed` is in units of the seller SKU. `percent` is 0 to 100 of available. `share` is 0 to 1 of the pool.
    """

    fixed: int = 0
    percent: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One warehouse SKU: what the warehouse could promise at `as_of`, and what it could not know of."""

    available: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """How the offered units of one listing came about, in units of the seller SKU.

    Printing one explains itself; `limiting_sku` is the component that allows least.
    """

    available: int
    reserved: int
    buffer: int
    publishable: int
    limiting_sku: str = field(default="")

    def explain(self) -> str:
        """The number in one line of plain words."""
        return (
            f"{self.available} available, {self.reserved} in orders the warehouse had not seen,"
            f" {self.buffer} buffer: {self.publishable}"
        )


def publishable(parts: Sequence[Component], pools: Mapping[str, Pool], rule: BufferRule) -> Offer | None:
    """The units of one listing that may be offered; None when a component was never counted.

    A kit is worth what its scarcest component allows. A SKU that was never counted is not zero: it is
    unknown, and what is offered for it is left alone.
    """
    if not parts or any(part.warehouse_sku not in pools for part in parts):
        return None
    offers = [_offer(part, pools[part.warehouse_sku], rule) for part in parts]
    return min(offers, key=lambda offer: offer.publishable)


def _offer(part: Component, pool: Pool, rule: BufferRule) -> Offer:
    available = pool.available // part.units if pool.available > 0 else 0
    reserved = math.ceil(pool.reserved / part.units)
    free = (pool.available - pool.reserved) // part.units
    percent, share = _as_written(rule.percent), _as_written(rule.share)
    buffer = max(rule.fixed, math.ceil(available * percent / 100))
    units = max(0, math.floor(share * (free - buffer)))
    return Offer(
        available=available,
        reserved=reserved,
        buffer=buffer,
        publishable=units,
        limiting_sku=part.warehouse_sku,
    )


@lru_cache(maxsize=1024)  # a seller writes few numbers, and they hold for many listings
def _as_written(number: float) -> Fraction:
    """Exactly what the seller wrote: in binary, 0.7 of 90 is a little less than 63."""
    return Fraction(str(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLimits:
    """How far a snapshot may move before a person looks at it.

    `stale_after` is the oldest count that may be published. `to_zero` and `gone` are shares (0 to 1) of
    the SKUs known to have stock that may fall to zero, or be missing, at once; under `small` known SKUs
    a share says nothing and is not judged.
    """

    stale_after: timedelta = timedelta(hours=36)
    to_zero: float = 0.3
    gone: float = 0.3
    small: int = 20


def doubt_snapshot(
    rows: Mapping[str, int], known: Mapping[str, int], ages: tuple[datetime, datetime], limits: SnapshotLimits
) -> str:
    """Why a snapshot must not be applied, in plain words; empty when it may.

    `rows` and `known` are available units by warehouse SKU, of the snapshot and of the ledger. `ages` is
    (as_of, now), both UTC.
    """
    return _doubt_age(*ages, limits) or _doubt_rows(rows) or _doubt_movement(rows, known, limits)


def _doubt_age(as_of: datetime, now: datetime, limits: SnapshotLimits) -> str:
    if now - as_of > limits.stale_after:
        return f"it was counted {(now - as_of).total_seconds() / 3600:.0f} hours ago"
    if as_of - now > timedelta(minutes=10):
        return "its time lies in the future"
    return ""


def _doubt_rows(rows: Mapping[str, int]) -> str:
    if not rows:
        return "it holds no rows"
    negative = sum(1 for units in rows.values() if units < 0)
    return f"{negative} of its rows are below zero" if negative else ""


def _doubt_movement(rows: Mapping[str, int], known: Mapping[str, int], limits: SnapshotLimits) -> str:
    stocked = {sku for sku, units in known.items() if units > 0}
    if len(stocked) < limits.small:
        return ""
    zeroed = sum(1 for sku in stocked if rows.get(sku) == 0)
    if zeroed > limits.to_zero * len(stocked):
        return f"{zeroed} of {len(stocked)} stocked SKUs fall to zero at once"
    gone = sum(1 for sku in stocked if sku not in rows)
    if gone > limits.gone * len(stocked):
        return f"{gone} of {len(stocked)} stocked SKUs are missing"
    return ""
