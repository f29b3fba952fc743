"""Which account PostgreSQL runs as, and what that account may reach.

PostgreSQL refuses to run as root. Started by root we therefore run it as an account of its own, and let that
account pass through (never list) the folders above the data and above the programs.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from domain.errors import Refused

ACCOUNT = "lockstep-postgres"

_OTHERS_SEARCH = stat.S_IXOTH
_OTHERS_READ = stat.S_IROTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The numeric user and group that PostgreSQL's processes run under."""

    uid: int
    gid: int


def account_for(pgdata: Path) -> Account | None:
    """The account to switch to before any PostgreSQL program, or None when we may stay who we are.

    Data that exists keeps its owner, so that `sudo` once does not lock an ordinary user out afterwards.

    Raises:
        Refused: the data belongs to somebody else, or root may not make the account.
    """
    owner = pgdata.stat() if pgdata.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise Refused(
                f"The database in {pgdata} belongs to another user of this machine. Run Lockstep as that"
                " user, or choose another data_dir under [ledger]."
            )
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    return _own_account()


def _own_account() -> Account:
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _make_account()
        entry = pwd.getpwnam(ACCOUNT)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _make_account() -> None:
    useradd = shutil.which("useradd") or "/usr/sbin/useradd"
    command = [
        useradd,
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        ACCOUNT,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refused(
            f"PostgreSQL does not run as root, and the account {ACCOUNT} could not be made for it. Run"
            " Lockstep as an ordinary user, or give a PostgreSQL of your own as url under [ledger]."
        ) from error


def open_the_way(path: Path) -> None:
    """Let other accounts pass through the folders above `path`; a private folder stays unlisted."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & _OTHERS_SEARCH:
            folder.chmod(stat.S_IMODE(mode) | _OTHERS_SEARCH)


def let_read(tree: Path) -> None:
    """Let other accounts read and run an installed tree; pip under a strict umask leaves it to its owner."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        runs = _OTHERS_SEARCH if mode & stat.S_IXUSR else 0
        if mode != mode | _OTHERS_READ | runs:
            path.chmod(mode | _OTHERS_READ | runs)
