"""How days ended: what was due on one, what became of it, and the weeks side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.calendar_days import day_span, end_of_day
from domain.reviews.day_closes import LOOK_BACK, Close, OpenDue, days_to_end
from ledger.orders.due import Counted, count_due, load_due
from ledger.tables import day_closes

# Late orders that are not confirmed yet are open as well: they are due, and somebody must act.
_OPEN = sa.text(
    """
    SELECT due.amazon_order_id, due.marketplace_id, due.confirm_by, due.outcome, r.waiting_on,
        CASE WHEN due.state = 'PENDING' THEN 'Amazon' ELSE r.owner END AS owner, coalesce(p.summary, '') AS problem
    FROM due
    JOIN report.orders r ON r.seller_account = :account AND r.amazon_order_id = due.amazon_order_id
    LEFT JOIN LATERAL (
        SELECT summary FROM ledger.problems p WHERE p.cleared_at IS NULL
            AND (p.subject = due.amazon_order_id OR p.subject LIKE due.amazon_order_id || ' %')
        ORDER BY p.act_by NULLS LAST, p.id LIMIT 1
    ) p ON true
    WHERE due.confirmed_at IS NULL AND due.outcome IN ('late', 'open', 'pending')
    ORDER BY due.confirm_by, due.id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptClose:
    """A day's close as it is kept."""

    day: date
    seller_account: str
    due: int
    confirmed: int
    late: int
    canceled: int
    explained: int
    unexplained: int


def close_day(
    conn: sa.Connection, account: str, marketplaces: Sequence[str], day: date, now: datetime
) -> Close:
    """What was due on a day, each marketplace by its own calendar, and what became of it until now; kept."""
    counts = Counted()
    rows: list[sa.RowMapping] = []
    for marketplace_id in marketplaces:
        since, until = (at - timedelta(microseconds=1) for at in day_span(marketplace_id, day))
        load_due(conn, (account, marketplace_id), since, until, now)
        counts = _sum(counts, count_due(conn, since, until))
        rows += conn.execute(_OPEN, {"account": account}).mappings().all()
    overdue = sum(row["outcome"] == "late" for row in rows)
    close = Close(
        seller_account=account,
        day=day,
        confirmed=counts.in_time,
        late=counts.late - overdue,
        elsewhere=counts.elsewhere,
        canceled=counts.canceled,
        open_ones=tuple(_open(row) for row in rows),
    )
    _record(conn, close, now)
    return close


def end_days(
    conn: sa.Connection, account: str, marketplaces: Sequence[str], day: date, now: datetime
) -> tuple[Close, ...]:
    """How the days before `day` ended of which that is not kept yet, oldest first; kept."""
    table = day_closes.c
    found = sa.select(table.day, table.closed_at).where(
        table.seller_account == account, table.day >= day - LOOK_BACK, table.day < day
    )
    kept = {row.day: row.closed_at for row in conn.execute(found)}
    return tuple(close_day(conn, account, marketplaces, one, now) for one in days_to_end(day, kept))


def open_tonight(
    conn: sa.Connection, account: str, marketplaces: Sequence[str], now: datetime
) -> tuple[OpenDue, ...]:
    """Orders that are not confirmed and can still be in time today, each marketplace by its own calendar."""
    found: list[OpenDue] = []
    for marketplace_id in marketplaces:
        load_due(conn, (account, marketplace_id), now, end_of_day(marketplace_id, now), now)
        rows = conn.execute(_OPEN, {"account": account}).mappings()
        found += [_open(row) for row in rows if row["outcome"] == "open"]
    return tuple(sorted(found, key=lambda one: (one.due, one.order_id)))


def kept_closes(conn: sa.Connection, since: date, until: date) -> tuple[KeptClose, ...]:
    """The closes of the days from `since` on, before `until`, oldest first."""
    table = day_closes.c
    names = [table[name] for name in KeptClose.__dataclass_fields__]
    found = sa.select(*names).where(table.day >= since, table.day < until)
    rows = conn.execute(found.order_by(table.day, table.seller_account)).mappings()
    return tuple(KeptClose(**row) for row in rows)


def _open(row: sa.RowMapping) -> OpenDue:
    return OpenDue(
        order_id=row["amazon_order_id"],
        marketplace_id=row["marketplace_id"],
        due=row["confirm_by"],
        hop=row["waiting_on"],
        owner=row["owner"],
        problem=row["problem"],
    )


def _sum(one: Counted, other: Counted) -> Counted:
    return Counted(
        **{name: getattr(one, name) + getattr(other, name) for name in Counted.__dataclass_fields__}
    )


def _record(conn: sa.Connection, close: Close, now: datetime) -> None:
    values = {
        "closed_at": now,
        "due": close.due,
        "confirmed": close.confirmed + close.elsewhere,
        "late": close.late,
        "canceled": close.canceled,
        "explained": close.explained,
        "unexplained": close.unexplained,
    }
    statement = insert(day_closes).values(day=close.day, seller_account=close.seller_account, **values)
    conn.execute(statement.on_conflict_do_update(constraint="day_closes_pk", set_=values))
