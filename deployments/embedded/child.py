"""A long-running program that we start, keep an eye on, and really stop.

It runs in a session of its own, so that stopping it stops everything it started, and it carries a mark in its
environment. A program whose owner was killed is found by that mark (on Linux) and stopped before the next one
starts.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from domain.errors import Refused

STOP_SECONDS = 15

_MARK = "LOCKSTEP_CHILD"


class Child:
    """One program of one folder: `<home>/<name>.log` and `<name>.lock` are its own."""

    def __init__(self, home: Path, name: str) -> None:
        self._name = name
        self._home = home
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where the program's own words go; appended at every start."""
        return self._home / f"{self._name}.log"

    @property
    def pid(self) -> int | None:
        """The program's process number while it runs."""
        return self._process.pid if self._process and self.running() else None

    def start(
        self, command: list[str], environment: dict[str, str], *, before: Callable[[], object] | None = None
    ) -> None:
        """Start `command` with `environment` on top of ours; `before` runs once a leftover is gone.

        Raises:
            Refused: another process keeps the same program of the same folder.
        """
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        try:
            self._stop_leftover()
            if before:
                before()
            self._launch(command, environment)
        except BaseException:
            self._free_lock()
            raise

    def _launch(self, command: list[str], environment: dict[str, str]) -> None:
        log = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                command,
                env={**os.environ, **environment, _MARK: str(self._home / self._name)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Prefect stops on SIGINT, which a shell's background job inherits as ignored.
                preexec_fn=_hear_interrupts,  # noqa: PLW1509 - one signal call, safe before exec
            )
        finally:
            os.close(log)

    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask it to stop, then insist; nothing of it runs afterwards. Harmless when it ended long ago."""
        if self._process is None:
            return
        _signal_group(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        _signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        self._stop_leftover()
        self._free_lock()

    def _free_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def last_words(self, lines: int = 3) -> str:
        """The end of the log, for a message to a person."""
        words = (
            self.log.read_text(encoding="utf-8", errors="replace").split("\n") if self.log.exists() else []
        )
        return "\n".join([word for word in words if word.strip()][-lines:])

    def _take_lock(self) -> None:
        if self._lock is not None:
            raise Refused(f"The {self._name} of {self._home} is started already.")
        lock = os.open(self._home / f"{self._name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise Refused(
                f"Another Lockstep runs the {self._name} of {self._home}. Stop that one first, or use it."
            ) from error
        self._lock = lock

    def _stop_leftover(self) -> None:
        """Holding the lock, we know that whatever carries our mark has no owner any more."""
        deadline = time.monotonic() + STOP_SECONDS
        number = signal.SIGTERM
        while left := _marked(self._mark()):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if time.monotonic() > deadline:
                number = signal.SIGKILL
            time.sleep(0.2)

    def _mark(self) -> str:
        """Every process that the program starts inherits this from its environment."""
        return f"{_MARK}={self._home / self._name}"


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _marked(mark: str) -> list[int]:
    """Our own living processes with `mark` in their environment; empty where there is no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found
