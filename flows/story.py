"""What a run says about itself: one line at the end, and how far it is while it takes long."""

import time
from collections.abc import Mapping
from uuid import UUID

from prefect import runtime
from prefect.artifacts import create_progress_artifact, update_progress_artifact

_REFRESH_SECONDS = 2.0


def run_name() -> str:
    """What a run is called in the UI: its flow, whose orders it is about, and when it was due (UTC)."""
    parameters = runtime.flow_run.parameters or {}
    due = runtime.flow_run.scheduled_start_time
    whose = parameters.get("seller_account") or "all accounts"
    return f"{runtime.flow_run.flow_name} {whose} {due:%b %d %H:%M:%S} UTC"


def told(what: str, counts: Mapping[str, int]) -> str:
    """Counts as a person reads them, for example "orders: 3 pages, 240 read, 12 ready"."""
    parts = ", ".join(f"{count} {word.lower().replace('_', ' ')}" for word, count in counts.items() if count)
    return f"{what}: {parts or 'nothing new'}"


class Progress:
    """How far long work is, as a bar in the run's artifacts; work that is done at once shows none."""

    def __init__(self, key: str, what: str) -> None:
        self._key = key
        self._what = what
        self._artifact: UUID | None = None
        self._shown = 0.0

    def at(self, percent: float) -> None:
        """Show that this much is done, 0 to 100; more often than people look is not shown."""
        if self._artifact is not None and time.monotonic() - self._shown < _REFRESH_SECONDS:
            return
        self._shown = time.monotonic()
        if self._artifact is None:
            made = create_progress_artifact(progress=percent, key=self._key, description=self._what)
            assert isinstance(made, UUID)
            self._artifact = made
        else:
            update_progress_artifact(self._artifact, progress=percent)
