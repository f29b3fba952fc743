"""Every test, in three parts side by side: `python -m tests`, or `make test`; further words go to all of them.

The flows' tests and the long trials mostly wait for a Prefect server and for strangers, the others mostly compute:
together they take little longer than the longest part alone. Each part has a PostgreSQL and folders of its own.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

# A minute or more each: every fault, every point to die at, every kind of problem, every page of the UI, a week.
LONG = [
    "tests/flows/test_fault_matrix.py",
    "tests/flows/test_crash_matrix.py",
    "tests/flows/test_stock_crash_matrix.py",
    "tests/flows/test_drill.py",
    "tests/browser",
    "tests/week",
]
PARTS = {
    "the rooms": ["tests", "--ignore=tests/flows", "--ignore=tests/browser", "--ignore=tests/week"],
    "the flows": ["tests/flows", *[f"--ignore={one}" for one in LONG]],
    "the long trials": LONG,
}


def main() -> int:
    """Run all parts; each is printed when it is done. 0 when all tests passed."""
    with tempfile.TemporaryDirectory(prefix="lockstep-tests-") as folder, ExitStack() as open_files:
        place = Path(folder)
        place.chmod(0o711)  # a PostgreSQL started by root runs as somebody else, who has to get through
        (first, *others) = PARTS
        running = {}
        for name in others:
            said = open_files.enter_context((place / f"{name}.txt").open("w+", encoding="utf-8"))
            words = _words(PARTS[name], place / name.replace(" ", "-"))
            running[name] = said, subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT)
        try:
            failed = subprocess.run(_words(PARTS[first], place / "rooms"), check=False).returncode
            for name, (said, process) in running.items():
                failed = process.wait() or failed
                said.seek(0)
                sys.stdout.write(f"\n{name}, run beside the others\n{said.read()}")
        finally:
            for _, process in running.values():
                process.terminate()
                process.wait()
    return failed


def _words(which: list[str], place: Path) -> list[str]:
    # Its own base folder: two sessions in pytest's common one take the right to pass from each other.
    return [sys.executable, "-m", "pytest", f"--basetemp={place}", *which, *sys.argv[1:]]


if __name__ == "__main__":
    sys.exit(main())
