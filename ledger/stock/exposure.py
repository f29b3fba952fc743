"""How long numbers stay unseen, measured in the ledger: the 95th percentile of each part."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.peaks import longer_wait
from domain.stock.demand import Exposure
from ledger.peaks import current_peak
from ledger.tables import listings, orders, peaks, snapshots

LOOKED_BACK = timedelta(hours=48)
_NEWEST = 5_000  # rows that are looked at: the newest say it as well as all, and history is left alone
_ENOUGH = 20  # fewer measurements than this say nothing
_ENOUGH_COUNTS = 3  # of counts there may be one a day
_LEAST = timedelta(minutes=1)


def measured_exposure(
    conn: sa.Connection, connection: str, accounts: Sequence[str], now: datetime
) -> Exposure:
    """The exposure over the last two days of a connection and the seller accounts it serves.

    A part that was hardly measured keeps its careful guess. What peak mode adds is known, not measured. A count
    that is late already has at least the age that the newest one has now.
    """
    guess, since = Exposure(), now - LOOKED_BACK
    publish, effective = _at_amazon(conn, accounts, since)
    return Exposure(
        order_age=_order_age(conn, accounts, since) or guess.order_age,
        snapshot_age=_snapshot_age(conn, connection, since, now) or guess.snapshot_age,
        planning=guess.planning,
        publish=publish or guess.publish,
        effective=effective or guess.effective,
        peak=longer_wait(current_peak(conn, now), now),
    )


def _order_age(conn: sa.Connection, accounts: Sequence[str], since: datetime) -> timedelta | None:
    """From the buyer's order to the ledger. What the first import read back says nothing of the reading."""
    table = orders.c
    columns = (table.seller_account, table.amazon_created_at, table.imported_at)
    newest = sa.select(*columns).order_by(table.id.desc()).limit(_NEWEST).subquery("newest")
    begun = sa.func.min(newest.c.imported_at).over(partition_by=newest.c.seller_account)
    known = sa.select(newest, begun.label("begun")).subquery("known").c
    statement = sa.select(*_p95(known.imported_at - known.amazon_created_at)).where(
        known.seller_account.in_(accounts),
        known.imported_at >= since,
        known.amazon_created_at >= known.begun,
    )
    return _enough(conn.execute(statement).one())


def _snapshot_age(conn: sa.Connection, connection: str, since: datetime, now: datetime) -> timedelta | None:
    """From a count to the receipt of the next one that was applied, each warehouse for itself."""
    table = snapshots.c
    columns = (table.connection, table.warehouse, table.as_of, table.received_at, table.outcome)
    newest = sa.select(*columns).order_by(table.id.desc()).limit(_NEWEST).subquery("newest")
    following = sa.func.lead(newest.c.received_at).over(
        partition_by=newest.c.warehouse, order_by=newest.c.as_of
    )
    counts = (
        sa.select(newest.c.as_of, following.label("replaced_at"))
        .where(newest.c.connection == connection, newest.c.outcome == "APPLIED", newest.c.as_of >= since)
        .subquery("counts")
    )
    took = counts.c.replaced_at - counts.c.as_of
    age = sa.func.max(now - counts.c.as_of).filter(counts.c.replaced_at.is_(None))
    *measured, waiting = conn.execute(sa.select(*_p95(took), age)).one()
    usual = _enough(measured, _ENOUGH_COUNTS)
    return max(usual, waiting) if usual and waiting else usual


def _at_amazon(
    conn: sa.Connection, accounts: Sequence[str], since: datetime
) -> tuple[timedelta | None, timedelta | None]:
    """From a plan to Amazon's acceptance, and from that until a look showed the number in effect.

    What was planned in a peak may have waited for its turn there: of that, only the time since it was sent counts.
    """
    table = listings.c
    until = sa.func.coalesce(peaks.c.ended_at, peaks.c.ends_at)
    waited = sa.exists().where(table.planned_at >= peaks.c.started_at, table.planned_at < until)
    newest = (
        sa.select(
            sa.case((waited, table.published_at), else_=table.planned_at).label("planned_at"),
            table.accepted_at,
            table.effective_at,
        )
        .where(table.seller_account.in_(accounts), table.accepted_at >= since)
        .order_by(table.accepted_at.desc())
        .limit(_NEWEST)
        .subquery("newest")
        .c
    )
    # A listing that was planned again shows two different numbers' moments: those say nothing.
    publish = sa.case((newest.accepted_at >= newest.planned_at, newest.accepted_at - newest.planned_at))
    effective = sa.case((newest.effective_at >= newest.accepted_at, newest.effective_at - newest.accepted_at))
    found = conn.execute(sa.select(*_p95(publish), *_p95(effective))).one()
    return _enough(found[:2]), _enough(found[2:])


def _p95(took: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[Any], ...]:
    """How many durations there are, and the smallest that 95 % of them do not exceed."""
    return sa.func.count(took), sa.func.percentile_disc(0.95).within_group(took)


def _enough(measured: Sequence[Any], enough: int = _ENOUGH) -> timedelta | None:
    count, age = measured
    return max(age, _LEAST) if count >= enough else None
