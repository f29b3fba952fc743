"""An account's health from day to day: what the rates were, and what Amazon's own report said last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.health.rates import Metric, Outlook, Rate
from domain.health.reports import Measure, Reported
from ledger.tables import health_days, health_reports


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthDay:
    """One rate of one marketplace as it was on a day; `forecast` is the last forecast of that day's end."""

    marketplace_id: str
    metric: Metric
    day: date
    rate: Rate
    forecast: Rate


def record_health(conn: sa.Connection, account: str, outlooks: Iterable[Outlook], day: date) -> None:
    """Keep the rates of a day (UTC); a later look on the same day takes the place of an earlier one."""
    for one in outlooks:
        forecast = one.expected or one.worst
        statement = insert(health_days).values(
            seller_account=account,
            marketplace_id=one.marketplace_id,
            metric=one.metric,
            day=day,
            defects=one.now.defects,
            total=one.now.total,
            forecast_defects=forecast.defects,
            forecast_total=forecast.total,
        )
        names = ("defects", "total", "forecast_defects", "forecast_total")
        changed = {name: statement.excluded[name] for name in names}
        conn.execute(statement.on_conflict_do_update(constraint="health_days_pk", set_=changed))


def load_health(conn: sa.Connection, account: str, since: date) -> tuple[HealthDay, ...]:
    """The kept rates of an account from a day on, oldest first."""
    table = health_days.c
    found = sa.select(health_days).where(table.seller_account == account, table.day >= since)
    return tuple(
        HealthDay(
            marketplace_id=row.marketplace_id,
            metric=Metric(row.metric),
            day=row.day,
            rate=Rate(row.defects, row.total),
            forecast=Rate(row.forecast_defects, row.forecast_total),
        )
        for row in conn.execute(found.order_by(table.day, table.marketplace_id, table.metric))
    )


def record_reported(
    conn: sa.Connection, place: tuple[str, str], found: Sequence[Reported], now: datetime
) -> None:
    """Keep what Amazon's report on a seller account and marketplace says, in the place of the report before.

    A measure that is not in it any more is gone. A report that names the marketplace nowhere is no word on it.
    """
    account, marketplace_id = place
    table = health_reports.c
    if any(one.marketplace_id == marketplace_id for one in found):
        where = (table.seller_account == account, table.marketplace_id == marketplace_id)
        conn.execute(health_reports.delete().where(*where))
    for one in found:
        values = {
            "read_at": now,
            "since": one.since,
            "until": one.until,
            "defects": one.defects,
            "total": one.total,
            "rate": one.rate,
            "status": one.status,
        }
        statement = insert(health_reports).values(
            seller_account=account,
            marketplace_id=one.marketplace_id,
            metric=one.measure,
            days=one.days,
            **values,
        )
        conn.execute(statement.on_conflict_do_update(constraint="health_reports_pk", set_=values))


def load_reported(conn: sa.Connection, account: str) -> tuple[tuple[Reported, datetime], ...]:
    """What Amazon's report said last of each marketplace and measure, and when it was read (UTC)."""
    table = health_reports.c
    found = sa.select(health_reports).where(table.seller_account == account)
    return tuple(
        (
            Reported(
                marketplace_id=row.marketplace_id,
                measure=Measure(row.metric),
                since=row.since,
                until=row.until,
                defects=row.defects,
                total=row.total,
                rate=row.rate,
                status=row.status,
            ),
            row.read_at,
        )
        for row in conn.execute(found.order_by(table.marketplace_id, table.metric, table.days))
    )
