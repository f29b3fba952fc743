"""A Prefect server and UI of our own, with the settings that production needs, in the ledger's PostgreSQL."""

import base64
import ipaddress
import os
import socket
import sys
import time
from pathlib import Path

import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from deployments.embedded.child import Child
from deployments.embedded.postgres import asyncpg_url
from domain.errors import Refused

SCHEMA = "prefect"
HEARTBEAT_SECONDS = 30  # Prefect's minimum; the rule for runs without a heartbeat waits for three of them

# Untuned, the server records one task run per transaction and drops events above 10,000 in its queue,
# alerts included; leases in memory make runs crash when the server restarts.
_SETTINGS = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # A poll that waits its turn for 15 seconds, Prefect's default, is no news.
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "60",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
}


class PrefectServer:
    """One `prefect server start` process, reachable at `api_url`.

    `auth` is `user:password` and is asked of every caller; a host other than this machine's own needs it.
    Files (log, leases, encryption key) lie under `home`; the database is the ledger's, in schema `prefect`.
    People who reach the UI under another address than ours need PREFECT_UI_URL (the links in messages) and
    PREFECT_UI_API_URL in the environment.
    """

    def __init__(
        self,
        database_url: str,
        home: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 4200,
        auth: str | None = None,
    ) -> None:
        if not auth and not _is_loopback(host):
            raise Refused(
                f"The Prefect server would listen on {host} for everybody who can reach this machine, without a"
                " password. Set its basic auth (user:password), or let it listen on 127.0.0.1."
            )
        self._database_url = database_url
        self._home = home.expanduser().resolve()
        self._host, self._port, self._auth = host, port, auth
        self._child = Child(self._home, "server")

    @property
    def api_url(self) -> str:
        """Where clients and workers on this machine find the API."""
        return f"{self.ui_url}/api"

    @property
    def ui_url(self) -> str:
        """Where a person on this machine finds the UI."""
        host = "127.0.0.1" if self._host in {"0.0.0.0", "::"} else self._host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def log(self) -> Path:
        """The server's own log file."""
        return self._child.log

    @property
    def pid(self) -> int | None:
        """The server's process number while it runs."""
        return self._child.pid

    def environment(self) -> dict[str, str]:
        """What a client, a worker or a flow run needs in its environment to use this server."""
        auth = {"PREFECT_API_AUTH_STRING": self._auth} if self._auth else {}
        return {
            "PREFECT_API_URL": self.api_url,
            "PREFECT_HOME": str(self._home),
            "PREFECT_LOGGING_LEVEL": "INFO",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
            "DO_NOT_TRACK": "1",
            **auth,
        }

    def start(self) -> None:
        """Start the server; `wait_ready` says when it answers.

        Raises:
            Refused: the port is taken, or another Lockstep runs this server.
        """
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = self._encryption_key()
        self._make_schema()
        environment = {
            **_SETTINGS,
            **self.environment(),
            "PREFECT_UI_URL": os.environ.get("PREFECT_UI_URL", self.ui_url),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": asyncpg_url(self._database_url),
            "PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_SEARCH_PATH": f"{SCHEMA}, public",
            "PREFECT_SERVER_ENCRYPTION_KEY": key,
            **({"PREFECT_SERVER_API_AUTH_STRING": self._auth} if self._auth else {}),
        }
        words = ["server", "start", "--host", self._host, "--port", str(self._port)]
        self._child.start([sys.executable, "-m", "prefect", *words], environment, before=self._check_port)

    def wait_ready(self, timeout: float = 60) -> None:
        """Return when the server answers, `timeout` seconds at most.

        Raises:
            Refused: it ended or does not answer in time; the message carries the end of its log.
        """
        deadline = time.monotonic() + timeout
        while not self.ready():
            ended = not self._child.running()
            if ended or time.monotonic() > deadline:
                what = "ended at once" if ended else f"did not answer within {timeout:.0f} seconds"
                raise Refused(
                    f"The Prefect server {what}. The end of {self.log}:\n{self._child.last_words()}"
                )
            time.sleep(0.2)

    def ready(self) -> bool:
        """Whether the server and its database answer now."""
        try:
            return httpx.get(f"{self.api_url}/ready", timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Stop the server and everything it started."""
        self._child.stop()

    def _check_port(self) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                raise Refused(
                    f"The Prefect server cannot listen on {self._host}:{self._port}: {error.strerror}. Stop the"
                    " program that uses the port, or choose another port."
                ) from error

    def _make_schema(self) -> None:
        """Prefect's tables keep apart from ours; its extensions stay in `public`, as Prefect's manual asks."""
        engine = create_engine(self._database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public"))

    def _encryption_key(self) -> str:
        """Without a key of ours Prefect keeps one in the very database that it is meant to protect."""
        file = self._home / "encryption.key"
        if not file.exists():
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as fresh:
                fresh.write(base64.urlsafe_b64encode(os.urandom(32)) + b"\n")
        return file.read_text(encoding="utf-8").strip()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
