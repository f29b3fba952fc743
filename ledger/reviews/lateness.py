"""Late by whom: the parcels of the last days, and how long each step took them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """One seller account's parcels that had to be confirmed.

    `late_by` counts the late ones by who held them when they became late. The times are medians of each step
    over all parcels that made it; None when none did.
    """

    seller_account: str
    parcels: int
    late_by: dict[str, int]
    to_us: timedelta | None
    to_ready: timedelta | None
    to_accepted: timedelta | None
    to_proven: timedelta | None


_COUNTS = sa.text(
    """
    SELECT seller_account, late_by, count(*) AS parcels FROM report.lateness
    WHERE known_at >= :since GROUP BY seller_account, late_by ORDER BY seller_account, late_by
    """
)
_STEPS = sa.text(
    """
    SELECT seller_account,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY known_at - dispatched_at) AS to_us,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY ready_at - known_at) AS to_ready,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY accepted_at - ready_at) AS to_accepted,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY proven_at - accepted_at) AS to_proven
    FROM report.lateness WHERE known_at >= :since GROUP BY seller_account
    """
)


def load_lateness(conn: sa.Connection, since: datetime) -> tuple[Lateness, ...]:
    """How late the parcels were that became known since then (UTC), by seller account."""
    counts: dict[str, dict[str, int]] = {}
    for row in conn.execute(_COUNTS, {"since": since}):
        counts.setdefault(row.seller_account, {})[row.late_by] = row.parcels
    steps = {row["seller_account"]: dict(row) for row in conn.execute(_STEPS, {"since": since}).mappings()}
    return tuple(
        Lateness(
            seller_account=account,
            parcels=sum(by.values()),
            late_by={who: number for who, number in by.items() if who},
            **{name: steps[account][name] for name in ("to_us", "to_ready", "to_accepted", "to_proven")},
        )
        for account, by in counts.items()
    )
