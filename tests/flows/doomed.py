"""A process whose children run a flow and are killed, with SIGKILL, at one named point of it.

The points lie before and after every call to a stranger and every commit to the ledger. A child is forked from a
process that has imported everything, so that a death costs a second and not four. It is told by lines of JSON
what to run; `DeathRow` is the test's side of it.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import sqlalchemy as sa
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from sqlalchemy.engine.default import DefaultDialect

from blocks.file_drop.door import FileDrop
from blocks.file_drop.local_folder import LocalFolder
from deployments.embedded.prefect_server import PrefectServer
from domain.stock import publishing
from flows.accept_count import accept_count
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from sandbox.amazon.operations import find
from tasks.stock import quantities
from tests.flows.runs import process_environment

FLOWS: dict[str, Callable[..., Any]] = {
    "tracking-push": tracking_push,
    "order-ingest": order_ingest,
    "inventory-sync": inventory_sync,
    "accept-count": accept_count,
}
_WRITES = re.compile(r"\b(?:INSERT INTO|DELETE FROM|(?<!FOR )(?<!DO )UPDATE) (?:ledger\.)?(\w+)")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a flow with these parameters; it dies at the `nth` time it reaches `death`, empty: never.

    With `spared` it dies at the first point that is none of them. `log` gets a line for each point that was
    reached, the last one before the process dies.
    """

    flow: str
    parameters: dict[str, Any]
    log: str
    folder: str
    amazon_port: int
    death: str = ""
    nth: int = 1
    spared: Sequence[str] | None = None


class Points:
    """The points a run reaches, each written down before anything else happens."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.written: dict[int, set[str]] = defaultdict(set)  # tables, by connection to the ledger
        self._log = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reached(self, name: str) -> None:
        """Write the point down, and die when it is the one."""
        with self._lock:
            os.write(self._log, f"{name}\n".encode())
            self._counts[name] += 1
            if self._is_the_end(name):
                os.kill(os.getpid(), signal.SIGKILL)

    def _is_the_end(self, name: str) -> bool:
        if self.run.spared is not None:
            return name not in self.run.spared
        return name == self.run.death and self._counts[name] == self.run.nth

    def around(self, deed: Callable[..., T], named: Callable[..., str]) -> Callable[..., T]:
        """The deed with a point before it and one after it; one that gets no name has none."""

        def marked(*args: Any) -> T:
            name = named(*args)
            if not name:
                return deed(*args)
            self.reached(f"before {name}")
            try:
                return deed(*args)
            finally:
                self.reached(f"after {name}")

        return marked

    def mark_everything(self) -> None:
        """From now on every call and every commit of this process is a point."""
        httpx.HTTPTransport.handle_request = self.around(  # type: ignore[method-assign]
            httpx.HTTPTransport.handle_request, self._operation
        )
        DefaultDialect.do_commit = self.around(DefaultDialect.do_commit, self._commit)  # type: ignore[method-assign]
        sa.event.listen(sa.Engine, "begin", lambda conn: self.written.pop(_line(conn.connection), None))
        sa.event.listen(sa.Engine, "before_cursor_execute", self._note_writes)
        for name in ("names", "read"):
            setattr(LocalFolder, name, self.around(getattr(LocalFolder, name), self._look(name)))
        for name in ("link", "unlink", "rename", "replace", "mkdir"):
            setattr(os, name, self.around(getattr(os, name), self._change(name)))

    def _operation(self, _transport: object, request: httpx.Request) -> str:
        if request.url.port != self.run.amazon_port:
            return ""
        found = find(request.method, request.url.raw_path.decode().split("?")[0])
        return found[0].name if found else request.url.path.rsplit("/", 1)[1]

    def _note_writes(self, conn: sa.Connection, _cursor: object, statement: str, *_rest: object) -> None:
        self.written[_line(conn.connection)].update(_WRITES.findall(statement))

    def _commit(self, _dialect: object, connection: object) -> str:
        tables = self.written.pop(_line(connection), set())
        if tables == {"beats"}:  # a lost beat changes nothing else: dying here is dying at the point before
            return ""
        return f"commit of {'+'.join(sorted(tables))}" if tables else "commit of nothing"

    def _look(self, name: str) -> Callable[..., str]:
        return lambda _folder, sub, *_name: f"{name} {sub}"

    def _change(self, name: str) -> Callable[..., str]:
        def named(path: object, *_rest: object) -> str:
            inside = isinstance(path, str | Path) and Path(path).is_relative_to(self.run.folder)
            return f"{name} {Path(path).parent.relative_to(self.run.folder)}" if inside else ""

        return named


def _line(connection: Any) -> int:
    return id(getattr(connection, "dbapi_connection", connection))


def _child(run: Run) -> None:
    os.dup2(2, 1)  # what it says must not mix with the answers
    try:
        Points(run).mark_everything()
        state = FLOWS[run.flow](**run.parameters, return_state=True)
        os._exit(0 if state.is_completed() else 1)
    finally:
        os._exit(2)


def main() -> None:
    """Fork a child for each line of the input, and answer with how it ended."""
    assert FileDrop.__init__.__kwdefaults__["settle"]
    FileDrop.__init__.__kwdefaults__["settle"] = 0.05  # seconds; a hundred deaths wait for no warehouse
    publishing.FEED_FROM = quantities.FEED_FROM = 3  # so many ordinary changes are many
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        for line in sys.stdin:
            pid = os.fork()
            if pid == 0:
                _child(Run(**json.loads(line)))
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201 - the answer


class DeathRow:
    """Runs of flows, each in a process of its own that can be killed at any point."""

    def __init__(
        self, process: "subprocess.Popen[str]", scratch: Path, folder: Path, amazon_port: int
    ) -> None:
        self._process, self._scratch, self._folder, self._port = process, scratch, folder, amazon_port

    def run(
        self, flow: str, parameters: dict[str, Any], death: str = "", nth: int = 1
    ) -> tuple[int, list[str]]:
        """How the run ended (0: well, -9: killed) and the points it reached, in order."""
        return self._ended(replace(self._run(flow, parameters), death=death, nth=nth))

    def run_sparing(
        self, flow: str, parameters: dict[str, Any], spared: Collection[str]
    ) -> tuple[int, list[str]]:
        """The same of a run that dies at the first point that is not spared."""
        return self._ended(replace(self._run(flow, parameters), spared=sorted(spared)))

    def _run(self, flow: str, parameters: dict[str, Any]) -> Run:
        return Run(
            flow=flow,
            parameters=parameters,
            log=str(self._scratch / "points.log"),
            folder=str(self._folder),
            amazon_port=self._port,
        )

    def _ended(self, run: Run) -> tuple[int, list[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(run)) + "\n")
        self._process.stdin.flush()
        ended = int(self._process.stdout.readline())
        return ended, Path(run.log).read_text(encoding="utf-8").splitlines()


@contextmanager
def death_row(server: PrefectServer, scratch: Path, folder: Path, amazon_port: int) -> Iterator[DeathRow]:
    """The process whose children die; what they say is kept in `doomed.log`."""
    with (scratch / "doomed.log").open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.doomed"],
            env=process_environment(server),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            yield DeathRow(process, scratch, folder, amazon_port)
        finally:
            process.kill()
            process.communicate(timeout=30)


if __name__ == "__main__":
    main()
