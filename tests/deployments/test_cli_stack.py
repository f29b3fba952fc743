"""The `lockstep` commands that need Prefect, against a real server: setup, doctor, run and serve."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from deployments.config import load
from deployments.stack import running_stack

pytestmark = pytest.mark.stack

CONFIG = """
[ledger]
data_dir = "data"

[amazon.main]
seller_id = "A1EXAMPLE"
region = "EU"
endpoint = "{amazon}"
token_url = "{amazon}/token"
marketplaces = ["A1F83G8C2ARO7P"]
client_id = "id"
client_secret = "a-wrong-secret"
refresh_token = "token"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]

[warehouse.main.file_drop]
url = "drop"

[people]
integration = "{amazon}/hook"
"""


class _RefusesEveryone(BaseHTTPRequestHandler):
    """A token service that knows no client."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"error": "invalid_client", "error_description": "no such client"}).encode()
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


class Home:
    """A folder with a lockstep.toml, a running stack, and the command as a person types it."""

    def __init__(self, folder: Path, repository: Path, port: int) -> None:
        self.folder = folder
        self.ledger_url = ""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        own = {"PREFECT_SERVER_API_PORT": str(port), "PYTHONPATH": str(repository), "COLUMNS": "300"}
        self.environment = {**inherited, **own}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "deployments.cli", *words]

    def lockstep(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def ask(self, question: str) -> object:
        engine = sa.create_engine(self.ledger_url, poolclass=sa.NullPool)
        with engine.connect() as conn:
            return conn.scalar(sa.text(question))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def amazon() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _RefusesEveryone)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, repository: Path, amazon: str) -> Iterator[Home]:
    """Everything is set up once; the stack stays up, so that each command joins it."""
    folder, port = tmp_path_factory.mktemp("home"), free_port()
    (folder / "lockstep.toml").write_text(CONFIG.format(amazon=amazon), encoding="utf-8")
    made = Home(folder, repository, port)
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PREFECT_API_URL", raising=False)
        environment.setenv("PREFECT_SERVER_API_PORT", str(port))
        with running_stack(load(folder / "lockstep.toml"), print) as stack:
            made.ledger_url = stack.ledger_url
            before = made.lockstep("run", "order-ingest")
            assert (before.returncode, before.stderr.count("\n")) == (1, 1), before
            assert "run lockstep setup" in before.stderr
            first = made.lockstep("setup")
            assert first.returncode == 0, first.stderr
            assert "Deployment tracking-push/scheduled made." in first.stdout
            yield made


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_second_setup_changes_nothing(home: Home) -> None:
    """Setup may run at any time; what is right already is left alone, item by item."""
    done = home.lockstep("setup")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("nothing changed") == 6
    assert not re.search(r"made|written down|set\.", done.stdout)


def test_setup_changes_only_what_differs(home: Home) -> None:
    """A changed setting reaches the register and its block, and nothing else is touched."""
    file = home.folder / "lockstep.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[warehouse.main]", "[warehouse.main]\nsame_skus = false"), encoding="utf-8")
    done = home.lockstep("setup")
    file.write_text(text, encoding="utf-8")
    assert done.stdout.count("nothing changed") == 5
    assert "Warehouse connection main written down." in done.stdout
    assert home.ask("SELECT same_skus FROM ledger.connections") is False
    assert home.lockstep("setup").returncode == 0


def test_wrong_credentials_fail_the_run_in_one_line(home: Home) -> None:
    """A run whose seller account is not accepted ends non-zero with what to check, and moves no watermark."""
    said = one_line(home.lockstep("run", "order-ingest"))
    assert said.startswith("order-ingest: Amazon (main): ")
    assert "Check client_id and client_secret" in said
    assert "a-wrong-secret" not in said
    assert home.ask("SELECT count(*) FROM ledger.watermarks WHERE read_until IS NOT NULL") == 0


def test_doctor_finds_the_wrong_credentials_and_the_missing_map(home: Home) -> None:
    """Every door has a row; the doctor exits non-zero while one of them is not ok, and says what to do."""
    done = home.lockstep("doctor")
    assert done.returncode == 1
    rows = {line.split("│")[1].strip(): line for line in done.stdout.splitlines() if line.count("│") == 4}
    assert {name for name, line in rows.items() if "not ok" in line} == {"Amazon main", "Ship methods main"}
    assert {"Ledger", "Prefect", "Warehouse main", "Maps"} <= set(rows)
    assert "Check client_id and client_secret" in rows["Amazon main"]
    assert "lockstep import services" in rows["Ship methods main"]


def test_an_unreachable_warehouse_fails_the_run_in_one_line(home: Home) -> None:
    """A run whose file drop is gone ends non-zero and says which; the doctor says so, too."""
    shutil.move(home.folder / "drop", home.folder / "elsewhere")
    try:
        said = one_line(home.lockstep("run", "inventory-sync"))
        assert str(home.folder / "drop") in said
        assert home.lockstep("doctor").returncode == 1
    finally:
        shutil.move(home.folder / "elsewhere", home.folder / "drop")


def test_serve_ends_when_its_prefect_server_does(home: Home, repository: Path, amazon: str) -> None:
    """Serve with a server of its own exits non-zero with one line that names the server when that is killed."""
    folder = home.folder / "second"
    keys = folder / "data" / "prefect"
    keys.mkdir(parents=True)
    shutil.copy(home.folder / "data" / "prefect" / "encryption.key", keys)  # both read the same blocks
    text = CONFIG.format(amazon=amazon).replace("[ledger]", f'[ledger]\nurl = "{home.ledger_url}"')
    (folder / "lockstep.toml").write_text(text, encoding="utf-8")
    second = Home(folder, repository, free_port())
    serve = subprocess.Popen(
        second.command("serve"),
        cwd=folder,
        env=second.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serve.stdout is not None
    while "Lockstep runs" not in (said := serve.stdout.readline()):
        assert said, serve.communicate()
    os.kill(child_of(serve.pid, "server start"), signal.SIGKILL)
    _, error = serve.communicate(timeout=60)
    assert serve.returncode == 1
    assert len(error.strip().splitlines()) == 1, error
    assert re.match(
        r"The Prefect server at http://127\.0\.0\.1:\d+ ended; the end of .*server\.log says why\.", error
    )


def child_of(pid: int, words: str) -> int:
    """The process of ours that this one started with these words."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(") ")[2].split()[1]
            command = (folder / "cmdline").read_text().replace("\0", " ")
            if parent == str(pid) and words in command:
                return int(folder.name)
    raise AssertionError(f"{pid} has not started {words}")


def test_serve_runs_until_it_is_told_to_stop(home: Home) -> None:
    """Serve starts a worker beside the server that runs already, and leaves nothing of its own behind."""
    serve = subprocess.Popen(
        home.command("serve"), cwd=home.folder, env=home.environment, stdout=subprocess.PIPE, text=True
    )
    assert serve.stdout is not None
    with serve.stdout as words:
        assert "Lockstep runs: http://127.0.0.1:" in words.readline()
        time.sleep(3)
        assert "Last runs" in (seen := home.lockstep("status").stdout), seen
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(60) == 0
        assert "Stopping" in words.read()
    assert "nothing changed" in home.lockstep("setup").stdout
