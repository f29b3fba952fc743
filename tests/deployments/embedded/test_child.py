"""Programs that we start: one per folder, and really stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.embedded.child import Child
from domain.errors import Refused

# Starts a grandchild that ignores a polite request, as a flow run in the middle of something would.
_PROGRAM = """
import subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
stubborn += "print('deep', flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", stubborn])
time.sleep(60)
"""
_OWNER = """
import sys, time
from pathlib import Path
from deployments.embedded.child import Child
Child(Path(sys.argv[1]), "toy").start([sys.executable, "-c", sys.argv[2]], {})
print("up", flush=True)
time.sleep(60)
"""


def alive(home: Path) -> list[str]:
    """Processes that carry this folder's mark and are not only waiting to be buried."""
    mark = f"LOCKSTEP_CHILD={home / 'toy'}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes() and ") Z" not in (folder / "stat").read_text():
                found.append(folder.name)
        except OSError:
            continue
    return found


def wait_until_deep(log: Path) -> None:
    deadline = time.monotonic() + 20
    while not (log.exists() and "deep" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    """A stopped program is gone with everything it started, and can be started again."""
    child = Child(tmp_path, "toy")
    for _ in range(2):
        child.start([sys.executable, "-c", _PROGRAM], {})
        wait_until_deep(child.log)
        assert child.running()
        child.stop()
        assert not child.running()
        assert alive(tmp_path) == []
        child.log.unlink()


def test_a_second_owner_is_refused_and_a_killed_owners_leftover_stopped(tmp_path: Path) -> None:
    """While its owner lives a program is not started twice; once the owner is killed, the old one is stopped."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path), "import time; time.sleep(60)"], stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    child = Child(tmp_path, "toy")
    with pytest.raises(Refused, match="Another Lockstep"):
        child.start([sys.executable, "-c", "import time; time.sleep(60)"], {})
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    [left] = alive(tmp_path)
    child.start([sys.executable, "-c", "import time; time.sleep(60)"], {})
    assert left not in alive(tmp_path)
    assert child.pid is not None
    assert os.getpgid(child.pid) == child.pid
    child.stop()


def test_a_background_shell_does_not_make_it_deaf(tmp_path: Path) -> None:
    """A program hears an interrupt even when we were started with interrupts ignored, as `command &` does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = Child(tmp_path, "toy")
    try:
        ask = (
            "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)"
        )
        child.start([sys.executable, "-c", ask], {})
        deadline = time.monotonic() + 20
        while child.running() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert child.last_words() == "True"
    finally:
        signal.signal(signal.SIGINT, before)
        child.stop()
