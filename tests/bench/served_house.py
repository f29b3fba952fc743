"""Everything `lockstep serve` needs, in this folder: `python -m tests.bench.served_house [SECONDS]`.

Sets up, imports maps, reads the orders that wait at Amazon and hands them to the 3PL. SECONDS is another schedule
for tracking-push than prefect.yaml's. The last line says which schedule is in force.
"""

import sys
from contextlib import closing
from pathlib import Path

from prefect.client.orchestration import get_client

from deployments import rehearsal
from deployments.config import find_config, load
from deployments.flow_runs import find_flow, run_flow
from deployments.maps_csv import import_map
from deployments.setup import set_up
from deployments.stack import Stack, running_stack
from ledger.connection import Ledger
from ledger.register import clock
from ledger.secrecy import new_key


def main() -> None:
    """Set up and say the interval in seconds."""
    every = {"tracking-push": float(sys.argv[1])} if len(sys.argv) > 1 else None
    settings = load(find_config(None))
    with running_stack(settings, _quiet) as stack:
        for _ in set_up(settings, stack, every=every):
            pass
        _import_maps(stack)
        run_flow(find_flow("order-ingest"), {})
        sys.stdout.write(f"{_interval()}\n")


def _import_maps(stack: Stack) -> None:
    folder = Path(rehearsal.__file__).parent
    with closing(Ledger(stack.ledger_url, new_key())) as ledger, ledger.begin() as conn:
        for kind in ("carriers", "services"):
            source = (f"{kind}.csv", (folder / f"{kind}.csv").read_bytes())
            import_map(conn, kind, source, "bench", clock(conn))


def _interval() -> float:
    with get_client(sync_client=True) as client:
        schedule = client.read_deployment_by_name("tracking-push/scheduled").schedules[0].schedule
    return float(schedule.interval.total_seconds())  # type: ignore[union-attr]


def _quiet(_: object) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
