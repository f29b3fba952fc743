"""The obvious script for stock: what differs from the last file is patched, one SKU after the other.

It reads the file with csv, compares it with a table of the numbers it sent last, and knows of no orders. `python -m
tests.bench.stock_script` takes its settings as JSON on standard input and makes the list; it calls nobody.
"""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2

from tests.bench.machine import peak_megabytes, processor_seconds

TABLE = "CREATE TABLE sent (sku text PRIMARY KEY, units integer NOT NULL)"


def main() -> None:
    """The list of changes, and what it took as JSON."""
    given = json.load(sys.stdin)
    connection = psycopg2.connect(given["dsn"])
    _send_before(connection, given["before"])
    start, used = time.monotonic(), processor_seconds()
    changes = list_changes(connection, Path(given["after"]))
    told = {
        "done": len(changes),
        "seconds": time.monotonic() - start,
        "processor": processor_seconds() - used,
        "megabytes": peak_megabytes(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def list_changes(connection: Any, file: Path) -> list[tuple[str, int]]:
    """(SKU, units) of every row whose number was not the last one sent, in the order of the file."""
    cursor = connection.cursor()
    cursor.execute("SELECT sku, units FROM sent")
    sent = dict(cursor.fetchall())
    with file.open(encoding="utf-8", newline="") as rows:
        counted = [(row["sku"], int(row["available"])) for row in csv.DictReader(rows)]
    return [(sku, units) for sku, units in counted if sent.get(sku) != units]


def patch_moments(places: list[int], rate: float, burst: float) -> list[float]:
    """Seconds from the first call to each of these calls (0 is the first), at the limit's pace."""
    return [max(0.0, (place + 1 - burst) / rate) for place in places]


def _send_before(connection: Any, file: str) -> None:
    """The table as the file before left it."""
    cursor = connection.cursor()
    cursor.execute(TABLE)
    with Path(file).open(encoding="utf-8") as rows:
        cursor.copy_expert("COPY sent FROM STDIN WITH (FORMAT csv)", rows)
    connection.commit()


if __name__ == "__main__":
    main()
