"""`lockstep status --exit-code`: a monitor learns in seconds what is not well, a line each, and whose it is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deployments import wellness
from deployments.schedules import schedules_of_file, schedules_of_server
from domain.errors import TryAgain
from domain.problems import Problem, ProblemKind
from domain.watch.silence import WATCH, WATCHER
from ledger.connection import Ledger
from ledger.problems import record_problems
from ledger.register import Account, clock, record_account
from ledger.watch.acknowledging import Seen, acknowledge
from ledger.watch.beats import record_beats

CONFIG = """
[ledger]
url = "{url}"
data_dir = "data"

[amazon.main]
seller_id = "A1EXAMPLE"
region = "EU"
marketplaces = ["A1F83G8C2ARO7P"]
client_id = "id"
client_secret = "${{NOBODY_SETS_THIS}}"
refresh_token = "token"
"""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class _Prefect(BaseHTTPRequestHandler):
    """Answers the two questions that are asked of a Prefect server, with a page of what it has of ours."""

    flows: Sequence[object] | bytes = ()
    deployments: Sequence[object] | bytes = ()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert asked["deployments"] == {"tags": {"all_": ["lockstep"]}}, "a server may have other people's"
        found = self.flows if self.path.endswith("/flows/filter") else self.deployments
        if not isinstance(found, bytes):
            found = json.dumps(found[asked["offset"] :][: asked["limit"]]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


@contextmanager
def serving(flows: Sequence[object] | bytes, deployments: Sequence[object] | bytes) -> Iterator[str]:
    """The address of a Prefect server that has these, or answers with these bytes."""
    handler = type("_This", (_Prefect,), {"flows": flows, "deployments": deployments})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def due(flow: str, *schedules: Mapping[str, object], active: bool = True) -> Mapping[str, object]:
    entries = [{"active": active, "schedule": schedule} for schedule in schedules]
    return {"flow_id": flow, "paused": False, "schedules": entries}


def named(*names: str) -> list[Mapping[str, str]]:
    return [{"id": name, "name": name} for name in names]


@pytest.fixture(scope="module")
def prefect() -> Iterator[str]:
    """A Prefect server with three flows: one every three minutes, one paused, one daily."""
    found = [
        due("order-ingest", {"interval": 180.0}),
        due("inventory-sync", {"interval": 180.0}, active=False),
        due("stock-variances", {"cron": "30 3 * * *"}),
    ]
    with serving(named("order-ingest", "inventory-sync", "stock-variances"), found) as address:
        yield address


@pytest.fixture
def config(tmp_path: Path, ledger: Ledger, ledger_url: str) -> Path:
    """A lockstep.toml of a ledger with one account, whose secrets nobody has set."""
    account = Account(
        name="main",
        seller_id="A1",
        region="EU",
        marketplaces=(),
        look_back=timedelta(days=1),
        prove_within=MINUTE,
    )
    with ledger.begin() as conn:
        record_account(conn, account)
    file = tmp_path / "lockstep.toml"
    file.write_text(CONFIG.format(url=ledger_url), encoding="utf-8")
    return file


def beat(ledger: Ledger, flow: str, subject: str, ago: timedelta) -> datetime:
    with ledger.begin() as conn:
        now = clock(conn)
        record_beats(conn, flow, {subject: 0}, now - ago)
    return now


@pytest.fixture
def running(ledger: Ledger) -> datetime:
    """Everything has run a minute ago."""
    beat(ledger, "order-ingest", "Amazon (main)", MINUTE)
    beat(ledger, "inventory-sync", "Amazon (main)", 90 * MINUTE)  # somebody paused it
    return beat(ledger, WATCH, WATCHER, MINUTE)


def test_all_is_well(
    config: Path, prefect: str, running: datetime, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    """A fresh watch, flows that ran and a server that answers: exit 0 in a few seconds, without credentials."""
    monkeypatch.setenv("PREFECT_API_URL", prefect)
    assert wellness.look(config) == ()
    started = time.monotonic()
    command = [sys.executable, "-m", "deployments.cli", "status", "--exit-code", "--config", str(config)]
    own = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)
    took = time.monotonic() - started
    sys.stdout.write(f"lockstep status --exit-code took {took:.1f} s\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "All is well.\n", "")
    assert took < 15  # about one second on a machine with nothing else to do


def test_a_dead_lockstep_is_found_from_its_ledger_alone(
    config: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without server and worker the ledger tells: the watch is stale, each flow is silent; exit 1."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", "1")
    beat(ledger, "order-ingest", "Amazon (main)", 20 * MINUTE)
    beat(ledger, WATCH, WATCHER, 20 * MINUTE)
    faults = wellness.look(config)
    assert [fault.said.partition(":")[0] for fault in faults] == ["Prefect server", "Watch", "Silent"]
    assert "order-ingest has not run well for Amazon (main)" in faults[2].said
    assert wellness.code_of(faults) == 1


def test_overdue_problems_are_people_s(
    config: Path, ledger: Ledger, prefect: str, running: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An urgent problem past its moment is exit 2; one with time left, or one that is not urgent, is none."""
    monkeypatch.setenv("PREFECT_API_URL", prefect)
    past, later = running - MINUTE, running + MINUTE
    kind, calm = ProblemKind.CARRIER_UNMAPPED, ProblemKind.CARRIER_GAP
    found = [
        Problem(kind=kind, subject="late", summary="The carrier Foo is not mapped.", act_by=past),
        Problem(kind=kind, subject="in time", summary="Another.", act_by=later),
        Problem(kind=calm, subject="calm", summary="A third.", act_by=past),
    ]
    with ledger.begin() as conn:
        record_problems(conn, found, running)
    [fault] = wellness.look(config)
    assert (
        fault.said == f"Overdue since {past:%Y-%m-%d %H:%M} UTC (operations): The carrier Foo is not mapped."
    )
    assert wellness.code_of((fault,)) == 2


@pytest.mark.parametrize(("hours", "code"), [(1, 0), (25, 2)])
def test_what_somebody_looks_after_wakes_nobody(
    config: Path,
    ledger: Ledger,
    prefect: str,
    running: datetime,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
    code: int,
) -> None:
    """An overdue problem that was acknowledged is told with who has it and ends with 0, for a day."""
    monkeypatch.setenv("PREFECT_API_URL", prefect)
    past, then = running - 30 * HOUR, running - hours * HOUR
    found = Problem(
        kind=ProblemKind.CARRIER_UNMAPPED, subject="late", summary="Foo is not mapped.", act_by=past
    )
    with ledger.begin() as conn:
        record_problems(conn, [found], past)
        seen = Seen(number=1, kind="", subject="", note="I ask DHL.", author="Kim")
        acknowledge(conn, seen, ledger.seal, then)
    faults = wellness.look(config)
    assert wellness.code_of(faults) == code
    who = "" if code else ", acknowledged by Kim"
    first, *rest = wellness.words_of(faults).splitlines()
    assert first == f"Overdue since {past:%Y-%m-%d %H:%M} UTC (operations{who}): Foo is not mapped."
    assert rest == ([] if code else ["All else is well."])


def test_a_ledger_that_is_away_is_said_and_nothing_is_started(
    tmp_path: Path, prefect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No PostgreSQL, named or embedded, is exit 1; the embedded one is not brought up by a look."""
    monkeypatch.setenv("PREFECT_API_URL", prefect)
    file = tmp_path / "lockstep.toml"
    for url in ("", "postgresql+psycopg2://lockstep@127.0.0.1:1/lockstep"):
        file.write_text(CONFIG.format(url=url), encoding="utf-8")
        [fault] = wellness.look(file)
        assert fault.said.startswith("Ledger: ")
        assert fault.code == 1
    assert not (tmp_path / "data").exists()


def test_schedules_are_the_server_s_else_the_file_s(prefect: str) -> None:
    """A paused schedule is left out, a daily one is a day; prefect.yaml has all of them."""
    assert schedules_of_server(prefect, "user:word") == {
        "order-ingest": 3 * MINUTE,
        "stock-variances": timedelta(days=1),
    }
    ours = schedules_of_file()
    assert ours["tracking-push"] == MINUTE / 2
    assert ours["stock-variances"] == timedelta(days=1)
    assert "accept-count" not in ours


def test_a_schedule_that_cannot_be_read_hides_no_other() -> None:
    """A calendar rule is left out, of several schedules the soonest counts, and there may be many deployments."""
    many = [due(f"form-{number}") for number in range(450)]
    found = [
        due("daily-close", {"rrule": "FREQ=DAILY"}),
        due("stock-variances", {"cron": "@daily"}, {"cron": "0 */6 * * *"}),
        *many,
        due("order-ingest", {"interval": 60.0}),
        due("nobody knows", {"interval": 60.0}),
    ]
    flows = named(*(f"form-{number}" for number in range(450)), "stock-variances", "order-ingest")
    with serving(flows, found) as address:
        assert schedules_of_server(address, "") == {"stock-variances": 360 * MINUTE, "order-ingest": MINUTE}


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[1]", b'{"detail": "no"}', b"[{}]"])
def test_what_is_no_prefect_server_is_said(
    answer: bytes, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of something else is a fault in a line, and prefect.yaml speaks for the schedules."""
    with serving(answer, answer) as address:
        monkeypatch.setenv("PREFECT_API_URL", address)
        with pytest.raises(TryAgain, match="does not speak as a Prefect server does"):
            schedules_of_server(address, "")
        assert [fault.said.partition(":")[0] for fault in wellness.look(config)] == [
            "Prefect server",
            "Watch",
        ]
