"""What the last weeks were like: late parcels by who held them, and problems by kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from domain.problem_kinds import ProblemKind

# A parcel can be known for a while before it is due.
_EARLY = timedelta(days=14)
_LATE = sa.text(
    """
    SELECT (confirm_by AT TIME ZONE 'UTC')::date AS day, late_by, count(*) AS parcels FROM report.lateness
    WHERE known_at >= :early AND confirm_by >= :since AND confirm_by < :until AND late_by <> ''
        AND (seller_account = :account OR :account = '')
    GROUP BY day, late_by
    """
)
_KINDS = sa.text(
    """
    SELECT kind, count(*) AS opened, count(cleared_at) AS cleared,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY cleared_at - opened_at) AS median
    FROM ledger.problems WHERE opened_at >= :since AND opened_at < :until GROUP BY kind ORDER BY opened DESC, kind
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTrend:
    """Problems of one kind that were opened in a span; `median` is how long those took that are cleared."""

    kind: ProblemKind
    opened: int
    cleared: int
    median: timedelta | None


def late_by_day(
    conn: sa.Connection, since: datetime, until: datetime, account: str = ""
) -> Mapping[date, Mapping[str, int]]:
    """Late parcels by the day (UTC) on which they were due, and by who held them; an account, or all (empty)."""
    found: dict[date, dict[str, int]] = {}
    where = {"early": since - _EARLY, "since": since, "until": until, "account": account}
    for row in conn.execute(_LATE, where):
        found.setdefault(row.day, {})[row.late_by] = row.parcels
    return found


def problems_opened(conn: sa.Connection, since: datetime, until: datetime) -> Sequence[KindTrend]:
    """Problems opened from `since` on, before `until` (UTC), by kind, the most frequent first."""
    rows = conn.execute(_KINDS, {"since": since, "until": until})
    return tuple(
        KindTrend(kind=ProblemKind(row.kind), opened=row.opened, cleared=row.cleared, median=row.median)
        for row in rows
    )
