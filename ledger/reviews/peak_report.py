"""What a peak was like beside the same length of time before it, read from the ledger by time alone."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.peaks import Peak
from domain.problems import ProblemKind
from domain.warehouse import DeliveryKind
from ledger.tables import listings, peaks

# Cheap because each part reads one index of moments, from the first of the window to its last.
_ORDERS = sa.text(
    """
    SELECT count(*) AS orders FROM ledger.orders
    WHERE seller_account IN (SELECT name FROM ledger.accounts)
        AND amazon_created_at >= :since AND amazon_created_at < :until
    """
)
_PARCELS = sa.text(
    """
    SELECT count(*) AS parcels, count(accepted_at) AS confirmed,
        extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY accepted_at - known_at)) AS to_accepted,
        extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY proven_at - known_at)) AS to_proven,
        count(*) FILTER (WHERE late_by = 'warehouse') AS late_warehouse,
        count(*) FILTER (WHERE late_by = 'seller') AS late_seller,
        count(*) FILTER (WHERE late_by = 'lockstep') AS late_lockstep,
        count(*) FILTER (WHERE late_by = 'amazon') AS late_amazon
    FROM report.lateness WHERE known_at >= :since AND known_at < :until
    """
)
_CALLS = sa.text(
    """
    SELECT count(*) FILTER (WHERE operation = :asked AND strpos(subject, '*') > 0) AS asked_for_parcels,
        count(*) FILTER (WHERE outcome LIKE '429%') AS too_many_calls,
        count(*) FILTER (WHERE operation = 'patchListingsItem' AND outcome = 'ok') AS patched
    FROM ledger.calls WHERE at >= :since AND at < :until
    """
)
_FED = sa.text(
    """
    SELECT coalesce(sum(messages), 0) AS fed FROM ledger.feeds
    WHERE submitted_at >= :since AND submitted_at < :until
    """
)
_PROBLEMS = sa.text(
    """
    SELECT count(*) AS oversold FROM ledger.problems
    WHERE kind = :oversold AND opened_at >= :since AND opened_at < :until
    """
)
_MEDIANS = ("to_accepted", "to_proven")


def load_report(conn: sa.Connection, peak: Peak) -> dict[str, dict[str, object]]:
    """Numbers of a peak that is over, and of as long before it; `since` and `until` are ISO times in UTC.

    `to_accepted` and `to_proven` are medians in seconds, from when a parcel was known; None: there was none.
    Only call this before the quantities of the time after the peak are computed: `kept_back` is what is so now.
    """
    assert peak.ended_at is not None
    length = peak.ended_at - peak.started_at
    kept_now = conn.scalar(sa.select(sa.func.coalesce(sa.func.sum(listings.c.buffer), 0)))
    kept_before = conn.scalar(sa.select(peaks.c.kept_before).where(peaks.c.id == peak.id))
    before = _window(conn, peak.started_at - length, peak.started_at)
    during = _window(conn, peak.started_at, peak.ended_at)
    return {
        "before": {**before, "kept_back": kept_before},
        "during": {**during, "kept_back": kept_now},
    }


def _window(conn: sa.Connection, since: datetime, until: datetime) -> dict[str, object]:
    bounds = {
        "since": since,
        "until": until,
        "asked": f"fetch-{DeliveryKind.DISPATCHES}",
        "oversold": ProblemKind.OVERSOLD.value,
    }
    found: dict[str, Any] = {}
    for statement in (_ORDERS, _PARCELS, _CALLS, _FED, _PROBLEMS):
        found.update(conn.execute(statement, bounds).mappings().one())
    medians = {name: None if found[name] is None else float(found[name]) for name in _MEDIANS}
    published = found.pop("patched") + found.pop("fed")
    times = {"since": since.isoformat(), "until": until.isoformat()}
    return {**times, **found, **medians, "published": published}
