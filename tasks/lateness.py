"""Late by whom, as a table in the Prefect UI."""

from datetime import datetime, timedelta

from prefect import task
from prefect.artifacts import Artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import Artifact as ShownArtifact

from ledger.connection import Ledger
from ledger.lateness import Lateness, load_lateness

ARTIFACT = "late-by-cause"
DAYS = 30
_EVERY = timedelta(minutes=5)  # it reads the parcels of a month, and nobody looks at it more often
_WHOSE = ("warehouse", "seller", "lockstep", "amazon")
_CALLED = {"lockstep": "Lockstep", "amazon": "Amazon"}


@task(task_run_name="show who made parcels late", cache_policy=NO_CACHE, retries=2)
def show_lateness(ledger: Ledger, now: datetime) -> int:
    """Put the late parcels of the last 30 days beside how long each step takes; how many are late.

    It is left alone when it was written a few minutes ago (0 then).
    """
    shown = Artifact.get(ARTIFACT)
    # A task that is not async gets no coroutine.
    if isinstance(shown, ShownArtifact) and shown.updated is not None and shown.updated > now - _EVERY:
        return 0
    with ledger.begin() as conn:
        found = load_lateness(conn, now - timedelta(days=DAYS))
    rows = [_row(one) for one in found] or [{"seller account": "no parcels yet"}]
    told = (
        f"Parcels of the last {DAYS} days that Amazon had not accepted by their ship-by time, by who held them at"
        " that moment, and how long each step usually takes (median)."
    )
    create_table_artifact(key=ARTIFACT, table=rows, description=told)
    return sum(sum(one.late_by.values()) for one in found)


def _row(one: Lateness) -> dict[str, str | int]:
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
