"""The dead-man's switch: flows that are silent, a Lockstep that stood still, credentials that end soon."""

from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

from ledger.connection import Ledger
from ledger.register import connections
from ledger.watch.beats import forget_beats
from ledger.watch.census import record_differences
from ledger.watch.expiries import record_expiring
from ledger.watch.silence import record_down, record_silence
from tasks.watch.intervals import OURS, interval_of

_PAGE = 200


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
    """How often each of our flows is due at least, by Prefect's own word; the soonest of several schedules.

    Paused ones are left out, and so is what cannot be read: nobody is alarmed, and no other flow is unwatched.
    """
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[OURS]))
    with get_client(sync_client=True) as client:
        deployments = _deployments(client, ours)
        flows = {one.id: one.name for one in client.read_flows(deployment_filter=ours, limit=_PAGE)}
    read = [
        (flows[one.flow_id], every)
        for one in deployments
        for every in _intervals(one)
        if one.flow_id in flows
    ]
    return {flow: min(every for other, every in read if other == flow) for flow, _ in read}


def _deployments(client: SyncPrefectClient, which: DeploymentFilter) -> list[DeploymentResponse]:
    found: list[DeploymentResponse] = []
    while True:
        page = client.read_deployments(deployment_filter=which, limit=_PAGE, offset=len(found))
        found += page
        if len(page) < _PAGE:
            return found


def _intervals(deployment: DeploymentResponse) -> list[timedelta]:
    active = [] if deployment.paused else [entry.schedule for entry in deployment.schedules if entry.active]
    return [every for one in active if (every := interval_of(one.model_dump())) is not None]
