"""Late by whom, as a table in the Prefect UI."""

from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import Artifact

from ledger.connection import Ledger
from ledger.reviews.lateness import Lateness, load_lateness
from tasks.tables import Rows, last_shown, rows_of, show_table

ARTIFACT = "late-by-cause"
DAYS = 30
# It reads the parcels of a month: the more there are, the less often, so that its share of the watch stays small.
_LEAST, _MOST, _PER_PARCEL = timedelta(minutes=5), timedelta(hours=1), timedelta(milliseconds=12)
_WHOSE = ("warehouse", "seller", "lockstep", "amazon")
_CALLED = {"lockstep": "Lockstep", "amazon": "Amazon"}


@task(task_run_name="show who made parcels late", cache_policy=NO_CACHE, retries=2)
def show_lateness(ledger: Ledger, now: datetime) -> int:
    """Put the late parcels of the last 30 days beside how long each step takes; how many are late.

    It is left alone when it was counted some minutes ago, an hour when a month has many parcels (0 then).
    """
    shown = last_shown(ARTIFACT)
    if shown is not None and shown.updated is not None and now - shown.updated < counted_every(shown):
        return 0
    with ledger.begin() as conn:
        found = load_lateness(conn, now - timedelta(days=DAYS))
    rows: Rows = [_row(one) for one in found] or [{"seller account": "no parcels yet"}]
    told = (
        f"Parcels of the last {DAYS} days that Amazon had not accepted by their ship-by time, by who held them at"
        f" that moment, and how long each step usually takes (median). Counted at {now:%Y-%m-%d %H:%M} UTC."
    )
    show_table(ARTIFACT, rows, told, now)
    return sum(sum(one.late_by.values()) for one in found)


def counted_every(shown: Artifact) -> timedelta:
    """How long a table stands before it is counted anew, by the parcels that it counts."""
    rows = rows_of(shown)
    parcels = sum(row.get("parcels", 0) for row in rows) if isinstance(rows, list) else 0
    return min(_MOST, max(_LEAST, parcels * _PER_PARCEL))


def _row(one: Lateness) -> dict[str, object]:
    late = {f"late by {_CALLED.get(whose, whose)}": one.late_by.get(whose, 0) for whose in _WHOSE}
    return {
        "seller account": one.seller_account,
        "parcels": one.parcels,
        **late,
        "dispatched to known": _spelled(one.to_us),
        "known to ready": _spelled(one.to_ready),
        "ready to accepted": _spelled(one.to_accepted),
        "accepted to proven": _spelled(one.to_proven),
    }


def _spelled(length: timedelta | None) -> str:
    """Such as "2 h 05 min", "3 min 20 s" or "12 s"; empty when unknown."""
    if length is None:
        return ""
    seconds = max(0, round(length.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"
