"""Reports that were asked for: the intent before the question, the answer after it, what came out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.stock.feeds import ReportState
from domain.sweeps import AskedReport
from ledger.moves import Move, move_reports
from ledger.tables import asked_reports, listing_history, listings

ALL_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
ACCOUNT_HEALTH = "GET_V2_SELLER_PERFORMANCE_REPORT"
_R = ReportState


def latest_report(
    conn: sa.Connection, account: str, marketplace_id: str, report_type: str = ALL_LISTINGS
) -> AskedReport | None:
    """The last report of a type that was asked for in a marketplace."""
    row = (
        conn.execute(_latest(account, report_type).where(asked_reports.c.marketplace_id == marketplace_id))
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    found = {name: row[name] for name in AskedReport.__dataclass_fields__}
    return AskedReport(**{**found, "state": ReportState(row["state"])})


def latest_reports(
    conn: sa.Connection, account: str, report_type: str = ALL_LISTINGS
) -> Sequence[sa.RowMapping]:
    """The last report of a type of each marketplace: state, reason, asked_at and counts."""
    return conn.execute(_latest(account, report_type)).mappings().all()


def had_listings(conn: sa.Connection, account: str, marketplace_id: str, before: datetime) -> bool:
    """Whether listings of a marketplace were looked up before a moment: with none there is nothing to compare."""
    known = sa.exists().where(
        listings.c.seller_account == account,
        listings.c.marketplace_id == marketplace_id,
        listing_history.c.listing_id == listings.c.id,
        listing_history.c.at < before,
    )
    return bool(conn.scalar(sa.select(known)))


def record_asking(
    conn: sa.Connection, account: str, marketplace_id: str, now: datetime, report_type: str = ALL_LISTINGS
) -> int:
    """Keep that a report is being asked for, before it is; its id in the ledger."""
    values = {
        "seller_account": account,
        "marketplace_id": marketplace_id,
        "report_type": report_type,
        "state": _R.ASKING,
        "asked_at": now,
    }
    number = conn.execute(asked_reports.insert().values(values).returning(asked_reports.c.id)).scalar_one()
    return int(number)


def record_asked(conn: sa.Connection, number: int, report_id: str, now: datetime) -> None:
    """Keep the id that Amazon gave the report."""
    if move_reports(conn, [Move(number, _R.ASKING, _R.ASKED)], now):
        _update(conn, number, report_id=report_id)


def record_polled(conn: sa.Connection, number: int, now: datetime) -> None:
    """Keep that Amazon is still at it."""
    _update(conn, number, polled_at=now)


def record_failed(
    conn: sa.Connection, report: AskedReport, reason: str, now: datetime, *, answered: bool
) -> None:
    """Keep that a report did not come and why; `answered`: it was Amazon that said so."""
    if move_reports(conn, [Move(report.id, report.state, _R.FAILED, reason)], now):
        _update(conn, report.id, reason=reason, polled_at=now if answered else report.polled_at)


def record_read(conn: sa.Connection, report: AskedReport, counts: Mapping[str, Any], now: datetime) -> None:
    """Keep what the comparison of a report counted."""
    if move_reports(conn, [Move(report.id, report.state, _R.READ)], now):
        _update(conn, report.id, counts=dict(counts), polled_at=now)


def _latest(account: str, report_type: str) -> sa.Select[Any]:
    return (
        sa.select(asked_reports)
        .distinct(asked_reports.c.marketplace_id)
        .where(asked_reports.c.seller_account == account, asked_reports.c.report_type == report_type)
        .order_by(asked_reports.c.marketplace_id, asked_reports.c.asked_at.desc(), asked_reports.c.id.desc())
    )


def _update(conn: sa.Connection, number: int, **values: object) -> None:
    conn.execute(asked_reports.update().where(asked_reports.c.id == number).values(values))
