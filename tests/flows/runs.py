"""How tests run flows: to a failure, several at once, in a process of their own, until something is true."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from deployments.embedded.prefect_server import PrefectServer
from domain.errors import Refused, TryAgain

T = TypeVar("T")


def eventually(step: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether the step comes true in time; it is taken again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if step():
            return True
        time.sleep(0.05)
    return False


def fails(flow: Any, **parameters: object) -> str:
    """Run a flow that must end as Failed; the one plain sentence it ends with."""
    state = flow(**parameters, return_state=True)
    assert state.name in {"Failed", "Not done"}, state
    error = state.result(raise_on_failure=False)
    said = str(error)
    assert isinstance(error, (TryAgain, Refused)), repr(error)
    assert said.endswith((".", ")")), said
    assert "\n" not in said, said
    assert len(said) < 800, said  # a sentence per stranger
    return said


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make the calls in threads of their own, all at the same time; what they returned, in order."""
    contexts = [copy_context() for _ in calls]  # Prefect's settings live there
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(here.run, call) for here, call in zip(contexts, calls, strict=True)]
        return [future.result() for future in futures]


@contextmanager
def another_process(server: PrefectServer, flow: str) -> Iterator[subprocess.Popen[str]]:
    """A flow run in a process of its own, killed with SIGKILL at the end when it still lives."""
    module = flow.replace("-", "_")
    words = [sys.executable, "-c", f"from flows.{module} import {module}; {module}()"]
    process = subprocess.Popen(
        words,
        env=process_environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)


def process_environment(server: PrefectServer) -> dict[str, str]:
    """What a process of its own needs to run flows of this checkout against the test's Prefect server."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**inherited, **server.environment(), "PYTHONPATH": str(Path(__file__).parents[2])}
