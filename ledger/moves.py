"""The one funnel per machine: every change of state is guarded by the state it leaves, and remembered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from domain.orders.order import NEXT_STATES, OrderState
from domain.orders.releases import NEXT_RELEASE_STATES, ReleaseState
from domain.stock.feeds import NEXT_FEED_STATES, NEXT_REPORT_STATES, FeedState, ReportState
from domain.stock.listings import NEXT_LISTING_STATES, ListingState
from domain.tracking.parcels import NEXT_PARCEL_STATES, ParcelState
from ledger.tables import (
    asked_reports,
    feed_history,
    feeds,
    listing_history,
    listings,
    order_history,
    orders,
    parcel_history,
    parcels,
    release_history,
    releases,
    report_history,
)

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Move(Generic[S]):
    """One row's step from a state to the next, and why."""

    id: int
    start: S
    end: S
    reason: str = ""


def move_orders(conn: sa.Connection, moves: Iterable[Move[OrderState]], now: datetime) -> set[int]:
    """Move orders; the ids of those that really moved (another process may have been quicker)."""
    stamps = {
        OrderState.RELEASED: "released_at",
        OrderState.CANCELED: "canceled_at",
        OrderState.CLOSED: "closed_at",
    }
    return _move(conn, _Machine(orders, order_history, "order_id", NEXT_STATES, stamps), moves, now)


def move_releases(conn: sa.Connection, moves: Iterable[Move[ReleaseState]], now: datetime) -> set[int]:
    """Move releases; the ids of those that really moved."""
    stamps = {
        ReleaseState.ACCEPTED: "answered_at",
        ReleaseState.EXISTS: "answered_at",
        ReleaseState.REJECTED: "answered_at",
        ReleaseState.SENDING: "sent_at",
    }
    machine = _Machine(releases, release_history, "release_id", NEXT_RELEASE_STATES, stamps)
    return _move(conn, machine, moves, now)


def move_parcels(conn: sa.Connection, moves: Iterable[Move[ParcelState]], now: datetime) -> set[int]:
    """Move parcels; the ids of those that really moved."""
    stamps = {
        ParcelState.SENDING: "sent_at",
        ParcelState.ACCEPTED: "accepted_at",
        ParcelState.PROVEN: "proven_at",
    }
    machine = _Machine(parcels, parcel_history, "parcel_id", NEXT_PARCEL_STATES, stamps)
    return _move(conn, machine, moves, now)


def move_listings(conn: sa.Connection, moves: Iterable[Move[ListingState]], now: datetime) -> set[int]:
    """Move listings; the ids of those that really moved."""
    stamps = {
        ListingState.SENT: "published_at",
        ListingState.SUBMITTED: "published_at",
        ListingState.ACCEPTED: "accepted_at",
        ListingState.EFFECTIVE: "effective_at",
    }
    new = {**stamps, ListingState.PLANNED: "planned_at"}
    moved: set[int] = set()
    for again, group in groupby(sorted(moves, key=_comes_back), key=_comes_back):
        # What comes back without an answer was planned when it was planned first.
        stamped = stamps if again else new
        machine = _Machine(listings, listing_history, "listing_id", NEXT_LISTING_STATES, stamped)
        moved |= _move(conn, machine, group, now)
    return moved


def _comes_back(move: Move[ListingState]) -> bool:
    return move.start in (ListingState.SENT, ListingState.SUBMITTED)


def move_feeds(conn: sa.Connection, moves: Iterable[Move[FeedState]], now: datetime) -> set[int]:
    """Move feeds; the ids of those that really moved."""
    stamps = {
        FeedState.SENDING: "sent_at",
        FeedState.SUBMITTED: "submitted_at",
        FeedState.READ: "ended_at",
        FeedState.FAILED: "ended_at",
        FeedState.DROPPED: "ended_at",
    }
    return _move(conn, _Machine(feeds, feed_history, "feed_id", NEXT_FEED_STATES, stamps), moves, now)


def move_reports(conn: sa.Connection, moves: Iterable[Move[ReportState]], now: datetime) -> set[int]:
    """Move reports that were asked for; the ids of those that really moved."""
    stamps = {ReportState.READ: "ended_at", ReportState.FAILED: "ended_at"}
    machine = _Machine(asked_reports, report_history, "report_id", NEXT_REPORT_STATES, stamps)
    return _move(conn, machine, moves, now)


@dataclass(frozen=True, slots=True)
class _Machine(Generic[S]):
    table: sa.Table
    history: sa.Table
    key: str
    allowed: Mapping[S, frozenset[S]]
    stamps: Mapping[S, str]


def _move(conn: sa.Connection, machine: _Machine[S], moves: Iterable[Move[S]], now: datetime) -> set[int]:
    moved: set[int] = set()
    for (start, end), reasons in _grouped(machine.allowed, moves).items():
        done = _move_group(conn, machine, (start, end), list(reasons), now)
        moved.update(done)
        if done:
            rows = [
                {machine.key: row, "at": now, "from_state": start, "to_state": end, "reason": reasons[row]}
                for row in done
            ]
            conn.execute(machine.history.insert(), rows)
    return moved


def _grouped(
    allowed: Mapping[S, frozenset[S]], moves: Iterable[Move[S]]
) -> dict[tuple[S, S], dict[int, str]]:
    """Why each row makes a step, by step: one statement moves all that go the same way."""
    groups: dict[tuple[S, S], dict[int, str]] = {}
    for move in moves:
        if move.end not in allowed[move.start]:
            raise ValueError(f"{move.start} does not lead to {move.end}")
        groups.setdefault((move.start, move.end), {})[move.id] = move.reason
    return groups


def _move_group(
    conn: sa.Connection, machine: _Machine[S], step: tuple[S, S], ids: Sequence[int], now: datetime
) -> list[int]:
    start, end = step
    values: dict[str, Any] = {"state": end}
    table = machine.table
    if stamp := machine.stamps.get(end):
        # An order crosses to the warehouse once; a parcel may be sent, accepted and proven again.
        values[stamp] = sa.func.coalesce(table.c[stamp], now) if table is orders else now
    statement = (
        table.update()
        .where(
            table.c.id == sa.any_(sa.literal(sorted(ids), sa.ARRAY(sa.BigInteger))), table.c.state == start
        )
        .values(values)
        .returning(table.c.id)
    )
    return list(conn.scalars(statement))
