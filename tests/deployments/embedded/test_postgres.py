"""The embedded PostgreSQL: starts anywhere, is shared politely, and opens nothing that was private."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from deployments.embedded.postgres import EmbeddedPostgres, asyncpg_url, binary
from domain.errors import Refused

_HOLDER = """
import sys, time
from pathlib import Path
from deployments.embedded.postgres import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1]), fsync=False).start()
print("up", flush=True)
time.sleep(60)
"""

# The interpreter may live where nobody may not read, so everything is imported before the change of account.
_AS_NOBODY = """
import os, sys, psycopg2, sqlalchemy.dialects.postgresql.psycopg2
from pathlib import Path
from deployments.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), fsync=False)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
server.start()
print("up", flush=True)
print(server.stop(), flush=True)
"""


def ask(url: str, statement: str) -> object:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "data", fsync=False) as server:
        yield server


def test_a_fresh_server_has_the_ledger_and_what_prefect_asks_for(postgres: EmbeddedPostgres) -> None:
    """A first start yields a UTF-8 database lockstep with trigrams, room for 200 sessions and no TCP."""
    assert ask(postgres.url, "SELECT current_database()") == "lockstep"
    assert ask(postgres.url, "SHOW server_encoding") == "UTF8"
    assert ask(postgres.url, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'") == 1
    assert int(str(ask(postgres.url, "SHOW max_connections"))) >= 200
    assert ask(postgres.url, "SHOW listen_addresses") == ""
    assert ask(postgres.url, "SHOW fsync") == "off"


def test_a_second_start_joins_the_running_server(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """Starting where a server runs reuses it, and leaving does not take it from the first."""
    pid = ask(postgres.url, "SELECT pg_postmaster_start_time()")
    other = EmbeddedPostgres(tmp_path / "data", fsync=False)
    assert other.start() == postgres.url
    assert ask(other.url, "SELECT pg_postmaster_start_time()") == pid
    assert other.stop() is False
    assert postgres.running()


def test_a_restart_keeps_the_data_and_the_address(postgres: EmbeddedPostgres) -> None:
    """What was written before a stop is there after the next start, under the same URL."""
    url = postgres.url
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert postgres.stop() is True
    assert not postgres.running()
    assert postgres.start() == url
    assert ask(url, "SELECT answer FROM kept") == 42


def test_two_folders_are_two_servers(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """Servers of two folders run at once and share nothing; a path too long for a socket is no obstacle."""
    with EmbeddedPostgres(tmp_path / ("long-" * 22), fsync=False) as other:
        ask(other.url, "CREATE TABLE only_here ()")
        assert ask(other.url, "SELECT to_regclass('only_here') IS NOT NULL") is True
        assert ask(postgres.url, "SELECT to_regclass('only_here') IS NULL") is True


def test_the_server_outlives_a_killed_owner_and_is_taken_over(tmp_path: Path) -> None:
    """A server whose owner was killed goes on, is joined by the next process, and stops with that one."""
    folder = tmp_path / "data"
    owner = subprocess.Popen([sys.executable, "-c", _HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    with EmbeddedPostgres(folder, fsync=False) as server:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
        assert server.running()
    assert not server.running()


def test_a_killed_server_recovers(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """A server that was killed hard starts again with what it had committed."""
    ask(postgres.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = int((tmp_path / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while postgres.running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ask(postgres.start(), "SELECT answer FROM kept") == 42


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can and must open the way for PostgreSQL's account")
def test_private_folders_above_the_data_stay_unlisted(tmp_path: Path) -> None:
    """Started by root below a private folder, PostgreSQL passes through it while others can never list it."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    server = EmbeddedPostgres(private / "data", fsync=False)
    for _ in range(2):
        assert ask(server.start(), "SELECT 1") == 1
        assert stat.S_IMODE(private.stat().st_mode) == 0o701
        assert stat.S_IMODE((private / "data" / "postgres").stat().st_mode) == 0o700
        private.chmod(0o700)  # closed again behind its back, as pytest does with its own folder
        assert server.stop() is True


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
def test_an_ordinary_user_runs_it_and_cannot_take_roots(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    """An ordinary account starts a server of its own, and is told in a sentence that root's is not its."""
    mine = tmp_path / "mine"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    for folder in tmp_path.parents:
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    command = [sys.executable, "-W", "ignore", "-c", _AS_NOBODY]
    own = subprocess.run([*command, str(mine)], check=False, capture_output=True, text=True)
    assert own.stdout == "up\nTrue\n", own.stderr
    theirs = subprocess.run([*command, str(tmp_path / "data")], check=False, capture_output=True, text=True)
    assert "belongs to another user" in theirs.stderr


def test_the_ledgers_url_is_translated_for_prefect() -> None:
    """Socket, TCP, password and sslmode survive the translation; what asyncpg cannot read is refused."""
    assert asyncpg_url("postgresql+psycopg2://postgres@/lockstep?host=/a/b&port=1") == (
        "postgresql+asyncpg://postgres@/lockstep?host=%2Fa%2Fb&port=1"
    )
    assert asyncpg_url("postgresql+psycopg2://me:p%40ss@db:5432/x?sslmode=require&connect_timeout=3") == (
        "postgresql+asyncpg://me:p%40ss@db:5432/x?ssl=require"
    )
    with pytest.raises(Refused, match="PGSSLROOTCERT"):
        asyncpg_url("postgresql+psycopg2://db/x?sslrootcert=/ca.pem")


def test_the_tools_of_the_wheel_are_found() -> None:
    """pg_dump and psql are programs that can be run; an unknown one is refused by name."""
    assert os.access(binary("pg_dump"), os.X_OK)
    assert os.access(binary("psql"), os.X_OK)
    with pytest.raises(Refused, match="pg_wish"):
        binary("pg_wish")
