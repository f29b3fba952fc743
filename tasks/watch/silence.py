"""The dead-man's switch: flows that are silent, a Lockstep that stood still, credentials that end soon."""

from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

from domain.watch.silence import every_of_cron
from ledger.connection import Ledger
from ledger.register import connections
from ledger.watch.beats import forget_beats
from ledger.watch.census import record_differences
from ledger.watch.expiries import record_expiring
from ledger.watch.silence import record_down, record_silence

_MOST = 200


@task(
    task_run_name="look for silence, missing orders and credentials that end",
    cache_policy=NO_CACHE,
    retries=2,
)
def watch_silence(ledger: Ledger, now: datetime) -> int:
    """Open and clear problems about silence, a standstill, lists of open orders, credentials; how many are new."""
    schedules = load_schedules()
    with ledger.begin() as conn:
        if now.minute == 0:  # once an hour is often enough
            forget_beats(conn, now)
        found = record_down(conn, schedules, now) + record_silence(conn, schedules, now)
        found += sum(record_differences(conn, connection.name, now) for connection in connections(conn))
        return found + record_expiring(conn, now)


def load_schedules() -> dict[str, timedelta]:
    """How often each flow is due, by Prefect's own word; paused ones are left out."""
    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows(limit=_MOST)}
        deployments = client.read_deployments(limit=_MOST)
    found: dict[str, timedelta] = {}
    for deployment in deployments:
        if deployment.paused:
            continue
        for entry in deployment.schedules:
            every = _every(entry.schedule) if entry.active else None
            if every is not None and deployment.flow_id in flows:
                found[flows[deployment.flow_id]] = every
    return found


def _every(schedule: object) -> timedelta | None:
    if isinstance(schedule, IntervalSchedule):
        return schedule.interval
    return every_of_cron(schedule.cron) if isinstance(schedule, CronSchedule) else None
