"""A worker of our own: it takes scheduled runs from the work pool and starts a process for each."""

import socket
import sys
from pathlib import Path
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import State, StateType
from prefect.states import Cancelled as Canceled  # codespell:ignore
from prefect.states import Crashed

from deployments.embedded.child import Child
from deployments.prefect_objects import POOL, talking_to

POLL_SECONDS = 2  # Prefect's default of 10 would be the longest part of a run's way to its start

_CANCELING = StateType.CANCELLING  # codespell:ignore
_LEFT = "Its worker was stopped while it ran."


class Worker:
    """One `prefect worker start` process; `limit` runs at a time, about 105 MB each.

    `environment` is the server's `environment()` plus whatever the flows themselves need. The worker's name
    must be its own among the workers of the pool.
    """

    def __init__(
        self, home: Path, environment: dict[str, str], *, name: str | None = None, limit: int = 4
    ) -> None:
        self._name = name or f"lockstep-{socket.gethostname()}"
        self._environment = {**environment, "PREFECT_WORKER_QUERY_SECONDS": str(POLL_SECONDS)}
        self._limit = limit
        self._child = Child(home.expanduser().resolve(), "worker")

    @property
    def log(self) -> Path:
        """The worker's own log file; the runs' logs are in the Prefect UI."""
        return self._child.log

    @property
    def pid(self) -> int | None:
        """The worker's process number while it runs."""
        return self._child.pid

    def start(self) -> None:
        """Start taking runs.

        Raises:
            Refused: another Lockstep runs the worker of this folder.
        """
        words = ["worker", "start", "--pool", POOL, "--name", self._name, "--limit", str(self._limit)]
        command = [sys.executable, "-m", "prefect", *words, "--type", "process", "--install-policy", "never"]
        self._child.start(command, self._environment, before=self.settle)

    def running(self) -> bool:
        """Whether the worker has not ended."""
        return self._child.running()

    def stop(self) -> None:
        """Stop the worker and its runs; runs that were cut off are recorded as Crashed."""
        self._child.stop()
        self.settle()

    def settle(self) -> int:
        """Record the runs that this worker left behind as Crashed; how many there were.

        Prefect leaves them Running when a worker stops, and their deployment's only slot stays taken for
        five minutes. Call it only while the worker is down.
        """
        try:
            return self._settle()
        except httpx.HTTPError:
            return 0  # without a server now, its own rule finds them 90 seconds after it is back

    def _settle(self) -> int:
        with talking_to(self._environment), get_client(sync_client=True) as client:
            left = self._left_behind(client)
            for run_id, state in left:
                gone: State[object] = Canceled() if state is _CANCELING else Crashed(message=_LEFT)
                client.set_flow_run_state(run_id, gone, force=True)
        return len(left)

    def _left_behind(self, client: SyncPrefectClient) -> list[tuple[UUID, StateType]]:
        states = FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, _CANCELING])
        under_way = FlowRunFilter(state=FlowRunFilterState(type=states))
        runs = client.read_flow_runs(
            flow_run_filter=under_way, work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
        )
        return [
            (run.id, run.state_type)
            for run in runs
            if run.labels.get("prefect.worker.name") == self._name and run.state_type is not None
        ]
