"""One whole stack for this folder: PostgreSQL, Prefect server and worker, toy flows, and a listener for Slack."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from deployments.embedded.postgres import EmbeddedPostgres
from deployments.embedded.prefect_server import PrefectServer
from deployments.embedded.worker import Worker
from deployments.prefect_objects import install_all, talking_to
from tests.deployments.prefect.mail import Mail, receiving

T = TypeVar("T")
AUTH = "lockstep:open-sesame"

TOY_FLOWS = '''
import os, time
from prefect import flow
from prefect.events import emit_event

@flow(log_prints=True)
def order_ingest():
    """Beats on its schedule."""
    print("cwd", os.getcwd())

@flow
def failing():
    """Fails."""
    raise RuntimeError("the sky fell")

@flow
def unheard():
    """Fails while Slack is down."""
    raise RuntimeError("nobody hears this")

@flow
def sleeping(seconds: int = 120):
    """Sleeps until it is killed."""
    open("pid", "w").write(str(os.getpid()))
    time.sleep(seconds)

@flow
def reporting():
    """Reports a problem."""
    emit_event("lockstep.problem.opened",
        resource={"prefect.resource.id": "lockstep.problems.operations", "owner": "operations"},
        payload={"subject": "Carrier PARCELFORCE is not mapped", "body": "What to do: Map it.",
                 "link": "http://127.0.0.1/artifacts"})
'''

TOY_FILE = """
name: toys
pull:
  - prefect.deployments.steps.set_working_directory: { directory: "{{ $LOCKSTEP_CHECKOUT }}" }
deployments:
  - { name: scheduled, entrypoint: "toys.py:order_ingest", work_pool: { name: lockstep, work_queue_name: orders },
      concurrency_limit: { limit: 1, collision_strategy: CANCEL_NEW, grace_period_seconds: 60 },
      schedules: [ { slug: every, interval: 180, anchor_date: "2026-01-01T00:00:00+00:00", timezone: UTC } ] }
  - { name: by-hand, entrypoint: "toys.py:failing", work_pool: { name: lockstep, work_queue_name: people } }
  - { name: by-hand, entrypoint: "toys.py:unheard", work_pool: { name: lockstep, work_queue_name: people } }
  - { name: by-hand, entrypoint: "toys.py:sleeping", work_pool: { name: lockstep, work_queue_name: people },
      concurrency_limit: { limit: 1, collision_strategy: CANCEL_NEW, grace_period_seconds: 60 } }
  - { name: by-hand, entrypoint: "toys.py:reporting", work_pool: { name: lockstep, work_queue_name: people } }
"""


@dataclass
class Slack:
    """What arrived, by path (the team); a team in `down` is answered with an error, in `busy` so many times."""

    url: str
    messages: list[tuple[str, str]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    busy: dict[str, int] = field(default_factory=dict)

    def of(self, team: str) -> list[str]:
        return [text for path, text in self.messages if path == f"/{team}"]


@dataclass
class Stack:
    server: PrefectServer
    worker: Worker
    client: SyncPrefectClient
    slack: Slack
    checkout: Path
    people: dict[str, str]

    @property
    def prefect_file(self) -> Path:
        return self.checkout / "prefect.yaml"

    def install(self, every: dict[str, float] | None = None) -> list[str]:
        return install_all(
            self.prefect_file, self.checkout, people=self.people, every=every or {"order-ingest": 5}
        )


def wait_for(what: Callable[[], T], *, seconds: float = 40) -> T:
    """The first true answer of `what`, or a failure that says nothing came."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"nothing within {seconds} s")


@pytest.fixture(scope="session")
def slack() -> Iterator[Slack]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            team = self.path.strip("/")
            left = heard.busy.get(team, 0)
            if left:
                heard.busy[team] = left - 1
            else:
                heard.messages.append((self.path, body["text"]))
            self.send_response(500 if left or team in heard.down else 200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as listener:
        heard = Slack(url=f"http://127.0.0.1:{listener.server_port}")
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield heard
        listener.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def mail() -> Iterator[Mail]:
    """A mail server of our own."""
    with receiving() as made:
        yield made


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, slack: Slack, mail: Mail) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "toys.py").write_text(TOY_FLOWS)
    (folder / "prefect.yaml").write_text(TOY_FILE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with EmbeddedPostgres(folder / "data", fsync=False) as postgres:
        server = PrefectServer(postgres.url, folder / "home", port=port, auth=AUTH)
        worker = Worker(folder / "home", server.environment(), limit=4)
        try:
            server.start()
            server.wait_ready()
            with talking_to(server.environment()), get_client(sync_client=True) as client:
                teams = ("integration", "operations", "warehouse")
                people = {team: f"{slack.url}/{team}" for team in teams}
                people["finance"] = mail.address
                stack = Stack(server, worker, client, slack, folder, people)
                assert stack.install()
                worker.start()
                yield stack
                worker.stop()
        finally:
            worker.stop()
            server.stop()
