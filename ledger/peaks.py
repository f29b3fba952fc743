"""Peak mode as a row: started and ended by people, ended by itself, and settled once after its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.errors import Refused
from domain.peaks import Peak, PeakWish, check_wish, minute
from ledger.deeds import Deed, record_deed
from ledger.tables import listings, peak_publications, peaks

FORM = "peak-mode"
_COLUMNS = [peaks.c[name] for name in Peak.__dataclass_fields__]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Whether a peak took slots from the queue of inventory, and how many there were; None: any number."""

    slots: bool
    before: int | None


def current_peak(conn: sa.Connection, now: datetime) -> Peak | None:
    """The peak that is on at a moment (UTC), if there is one."""
    on = (peaks.c.ended_at.is_(None), peaks.c.started_at <= now, peaks.c.ends_at > now)
    row = conn.execute(sa.select(*_COLUMNS).where(*on)).mappings().one_or_none()
    return Peak(**row) if row else None


def start_peak(conn: sa.Connection, wish: PeakWish, now: datetime) -> Peak:
    """Start a peak; the decision is kept with it.

    Raises:
        Refused: it cannot be as wished, or one is on already; nothing was changed.
    """
    check_wish(wish, now)
    expire_peak(conn, now)
    kept = sa.select(sa.func.coalesce(sa.func.sum(listings.c.buffer), 0)).scalar_subquery()
    values = {
        "started_at": now,
        "started_by": wish.author,
        "ends_at": wish.ends_at,
        "every": wish.every,
        "reason": wish.reason,
        "kept_before": kept,
    }
    # Of two that come at once one waits here for the other and is refused.
    row = conn.execute(insert(peaks).values(values).on_conflict_do_nothing().returning(*_COLUMNS)).mappings()
    started = row.one_or_none()
    if started is None:
        running = current_peak(conn, now)
        raise Refused(f"{running.tell() if running else 'Peak mode is on.'} End it first. Nothing changed.")
    peak = Peak(**started)
    _keep(conn, wish.author, peak.tell(), now)
    return peak


def end_peak(conn: sa.Connection, author: str, now: datetime) -> Peak:
    """End the peak that is on, before its time; the decision is kept.

    Raises:
        Refused: none is on; nothing was changed.
    """
    ended = (
        peaks.update()
        .where(peaks.c.ended_at.is_(None), peaks.c.ends_at > now)
        .values(ended_at=now, ended_by=author)
        .returning(*_COLUMNS)
    )
    row = conn.execute(ended).mappings().one_or_none()
    if row is None:
        raise Refused("Peak mode is not on, so there is nothing to end. Nothing changed.")
    _keep(conn, author, f"Peak mode was ended at {minute(now)}; everything is as before it.", now)
    return Peak(**row)


def expire_peak(conn: sa.Connection, now: datetime) -> bool:
    """Note that the time of a peak is up; whether this call was the one that did."""
    over = peaks.update().where(peaks.c.ended_at.is_(None), peaks.c.ends_at <= now)
    return bool(conn.execute(over.values(ended_at=peaks.c.ends_at)).rowcount)


def unsettled_peaks(conn: sa.Connection) -> tuple[Peak, ...]:
    """Peaks that are over and without their report, or not restored yet, oldest first."""
    undone = sa.or_(peaks.c.report.is_(None), peaks.c.slots_held)
    over = sa.select(*_COLUMNS).where(peaks.c.ended_at.is_not(None), undone)
    return tuple(Peak(**row) for row in conn.execute(over.order_by(peaks.c.id)).mappings())


def has_report(conn: sa.Connection, peak: Peak) -> bool:
    """Whether the report of a peak is written."""
    written = sa.select(peaks.c.report.is_not(None)).where(peaks.c.id == peak.id)
    return bool(conn.scalar(written))


def record_report(conn: sa.Connection, peak: Peak, report: Mapping[str, object]) -> bool:
    """Keep the report of a peak that is over; False when it has one already."""
    unsettled = (peaks.c.id == peak.id, peaks.c.ended_at.is_not(None), peaks.c.report.is_(None))
    return bool(conn.execute(peaks.update().where(*unsettled).values(report=dict(report))).rowcount)


def record_slots(conn: sa.Connection, peak: Peak, before: int | None) -> None:
    """Keep how many slots the queue of inventory has, before a peak takes them."""
    conn.execute(peaks.update().where(peaks.c.id == peak.id).values(slots_held=True, slots_before=before))


def take_over_slots(conn: sa.Connection, peak: Peak) -> bool:
    """Let a peak hold what one before it has not given back yet, to be restored at its own end; whether it does."""
    held = sa.select(peaks.c.id, peaks.c.slots_before).where(peaks.c.slots_held, peaks.c.id != peak.id)
    earlier = conn.execute(held.order_by(peaks.c.id).with_for_update()).all()
    if not earlier:
        return False
    theirs = peaks.c.id.in_([row.id for row in earlier])
    conn.execute(peaks.update().where(theirs).values(slots_held=False))
    record_slots(conn, peak, earlier[0].slots_before)
    return True


def release_slots(conn: sa.Connection, peak: Peak) -> bool:
    """Keep that the queue of inventory has its slots back; False when another peak has taken them over."""
    this = (peaks.c.id == peak.id, peaks.c.slots_held)
    return bool(conn.execute(peaks.update().where(*this).values(slots_held=False)).rowcount)


def held_slots(conn: sa.Connection, peak: Peak) -> Held:
    """What a peak took from the queue of inventory."""
    row = conn.execute(sa.select(peaks.c.slots_held, peaks.c.slots_before).where(peaks.c.id == peak.id)).one()
    return Held(slots=row[0], before=row[1])


def last_publication(conn: sa.Connection, peak: Peak, account: str) -> datetime | None:
    """When every quantity of an account last went out in this peak (UTC)."""
    this = (peak_publications.c.peak_id == peak.id, peak_publications.c.seller_account == account)
    moment: datetime | None = conn.scalar(sa.select(peak_publications.c.at).where(*this))
    return moment


def record_publication(conn: sa.Connection, peak: Peak, account: str, at: datetime) -> None:
    """Keep that every quantity of an account went out, as computed at that moment (UTC)."""
    statement = insert(peak_publications).values(peak_id=peak.id, seller_account=account, at=at)
    conn.execute(statement.on_conflict_do_update(constraint="peak_publications_pk", set_={"at": at}))


def _keep(conn: sa.Connection, author: str, said: str, now: datetime) -> None:
    record_deed(conn, Deed(at=now, author=author, form=FORM, subject="peak mode", said=said))
