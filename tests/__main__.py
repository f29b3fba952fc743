"""Every test, in two halves side by side: `python -m tests`, or `make test`; further words go to both.

The flows' tests mostly wait for a Prefect server and for strangers, the others mostly compute: together they
take little longer than the longer half alone. Each half has a PostgreSQL and folders of its own.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOMS = ["tests", "--ignore=tests/flows"]
FLOWS = ["tests/flows"]


def main() -> int:
    """Run both halves; the flows' part is printed when the other is done. 0 when all tests passed."""
    with tempfile.TemporaryDirectory(prefix="lockstep-tests-") as folder:
        place = Path(folder)
        place.chmod(0o711)  # a PostgreSQL started by root runs as somebody else, who has to get through
        with (place / "flows.txt").open("w+", encoding="utf-8") as said:
            flows = subprocess.Popen(_words(FLOWS, place / "flows"), stdout=said, stderr=subprocess.STDOUT)
            try:
                rooms = subprocess.run(_words(ROOMS, place / "rooms"), check=False).returncode
                flows.wait()
            finally:
                flows.terminate()
                flows.wait()
            said.seek(0)
            sys.stdout.write(f"\ntests/flows, run beside the others\n{said.read()}")
    return rooms or flows.returncode


def _words(which: list[str], place: Path) -> list[str]:
    # Its own base folder: two sessions in pytest's common one take the right to pass from each other.
    return [sys.executable, "-m", "pytest", f"--basetemp={place}", *which, *sys.argv[1:]]


if __name__ == "__main__":
    sys.exit(main())
