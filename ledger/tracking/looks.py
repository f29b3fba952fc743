"""Which orders are read back one by one, because no page of a search will show them in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.orders.order import CLOSED_STATES
from domain.problems import ProblemKind
from domain.tracking.evidence import SHORTEST
from domain.tracking.parcels import ParcelState
from ledger.problems import record_problems
from ledger.tables import orders, parcels
from ledger.tracking.parcel_words import said

_LOOK_AGAIN = timedelta(hours=1)
_SOON = timedelta(hours=2)
_OPEN = ("RECORDED", "BLOCKED", "MAPPED", "SENDING", "ACCEPTED", "REJECTED", "UNPROVEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """An order worth a look of its own. `urgent` ones go before the budget is spared."""

    order_id: int
    amazon_order_id: str
    urgent: bool


def unproven_orders(
    conn: sa.Connection, account: str, prove_within: timedelta, limit: int, now: datetime
) -> tuple[Unproven, ...]:
    """Orders worth a look of their own, most urgent first.

    Urgent: what Amazon refused and nobody read back yet, what was sent without an answer and is about to be
    sent again, what it took longer than `prove_within` ago or what is due within two hours. Not urgent: what
    it took half of that time ago and no page has shown since. What a person has to settle, and what Amazon
    confirms itself, is looked at once an hour.
    """
    c, window = parcels.c, _window(prove_within)
    halfway, due = c.accepted_at + window / 2, c.accepted_at + window
    refused = sa.and_(c.state == ParcelState.REJECTED, c.looked_at.is_(None))
    unanswered = sa.and_(
        c.state == ParcelState.MAPPED,
        c.attempts > 0,
        c.next_try_at <= now,
        sa.func.coalesce(c.looked_at < c.sent_at, sa.true()),
    )
    accepted, stale = c.state == ParcelState.ACCEPTED, c.looked_at < now - prove_within / 2
    taken = sa.and_(accepted, halfway < now, _not_seen_since(halfway, stale))
    overdue = sa.and_(accepted, due <= now, _not_seen_since(due, stale))
    soon = sa.and_(taken, orders.c.confirm_by < now + _SOON)
    by_hand = sa.and_(
        c.state.in_([ParcelState.REJECTED, ParcelState.UNPROVEN]),
        sa.func.coalesce(c.looked_at < now - _LOOK_AGAIN, sa.true()),
    )
    urgent = sa.or_(refused, unanswered, overdue, soon)
    statement = (
        sa.select(orders.c.amazon_order_id, orders.c.id, sa.func.bool_or(urgent).label("urgent"))
        .join(parcels, c.order_id == orders.c.id)
        .where(orders.c.seller_account == account, c.state.in_(_OPEN), sa.or_(urgent, taken, by_hand))
        .group_by(orders.c.id)
        .order_by(
            sa.func.bool_or(urgent).desc(), sa.func.bool_or(taken).desc(), orders.c.confirm_by, orders.c.id
        )
        .limit(limit)
    )
    found = [
        Unproven(order_id=row.id, amazon_order_id=row.amazon_order_id, urgent=row.urgent)
        for row in conn.execute(statement)
    ]
    return (*found, *_awaited(conn, account, now))[:limit]


def _window(prove_within: timedelta) -> sa.ColumnElement[timedelta]:
    """How long an accepted parcel may stay unseen: `domain.tracking.evidence.proof_due` in SQL."""
    left = orders.c.confirm_by - parcels.c.accepted_at
    most, least = sa.literal(prove_within), sa.literal(min(prove_within, SHORTEST))
    squeezed = sa.func.greatest(sa.func.least(most, left / 3), least)
    return sa.case((orders.c.confirm_by > parcels.c.accepted_at, squeezed), else_=most)


def _not_seen_since(
    moment: sa.ColumnElement[datetime], stale: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """Whether no read came since a moment, or the last one is long ago."""
    return sa.func.coalesce(sa.or_(parcels.c.looked_at < moment, stale), sa.true())


def _awaited(conn: sa.Connection, account: str, now: datetime) -> Sequence[Unproven]:
    """Orders that Amazon confirms itself and does not show yet, in the hours before they are due."""
    statement = (
        sa.select(orders.c.amazon_order_id, orders.c.id)
        .join(parcels, parcels.c.order_id == orders.c.id)
        .where(orders.c.seller_account == account, parcels.c.awaits_amazon)
        .where(orders.c.confirm_by < now + _SOON, orders.c.state.not_in(sorted(CLOSED_STATES)))
        .where(sa.func.coalesce(parcels.c.looked_at < now - _LOOK_AGAIN / 4, sa.true()))
        .group_by(orders.c.id)
        .order_by(orders.c.confirm_by, orders.c.id)
    )
    return [
        Unproven(order_id=row.id, amazon_order_id=row.amazon_order_id, urgent=False)
        for row in conn.execute(statement)
    ]


def record_look(conn: sa.Connection, order_id: int, now: datetime) -> None:
    """Note that an order was looked at in vain; it gets its turn again later.

    A refusal that cannot be settled by a look is a person's.
    """
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.order_id == order_id, parcels.c.state == ParcelState.REJECTED)
    )
    refused = [
        said(row, ProblemKind.TRACKING_REFUSED, f"{_refused(row)}; the order cannot be read back")
        for row in conn.execute(statement).mappings()
    ]
    record_problems(conn, refused, now)
    conn.execute(parcels.update().where(parcels.c.order_id == order_id).values(looked_at=now))


def _refused(row: sa.RowMapping) -> str:
    return f"Amazon refused the tracking of parcel {row['warehouse_parcel_id']}: {row['reason'].rstrip('.')}"
