"""The obvious script for the watch: read all orders and parcels, loop, and see who holds what.

`python -m tests.bench.watch_script` takes its settings as JSON on standard input. It streams, keeps only parcels
of open orders, tells nobody and remembers nothing.
"""

import json
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from tests.bench.machine import peak_megabytes, processor_seconds

_DONE = {"CLOSED", "CANCELED", "FOREIGN"}


def main() -> None:
    """Look once and print what it took as JSON."""
    given = json.load(sys.stdin)
    connection = psycopg2.connect(given["dsn"])
    start, used = time.monotonic(), processor_seconds()
    found = look(connection, datetime.fromtimestamp(time.time(), UTC))
    told = {
        "done": found["warehouse picks late"],
        "seconds": time.monotonic() - start,
        "processor": processor_seconds() - used,
        "megabytes": peak_megabytes(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def look(connection: Any, now: datetime) -> Counter[str]:
    """How many open orders wait for what."""
    every = _rows(connection, "SELECT id, state, confirm_by, accepted_at FROM ledger.orders")
    opened = {row[0]: row for row in every if row[1] not in _DONE}
    waiting = defaultdict(list)
    for order_id, state in _rows(connection, "SELECT order_id, state FROM ledger.parcels"):
        if order_id in opened and state != "PROVEN":
            waiting[order_id].append(state)
    ranked = sorted(opened.values(), key=lambda row: row[2])
    return Counter(_who(row, waiting[row[0]], now) for row in ranked)


def _who(row: Any, parcels: list[str], now: datetime) -> str:
    _, state, confirm_by, accepted_at = row
    if state in ("PENDING", "HELD", "READY", "RELEASING"):
        return str(state)
    if parcels:
        return parcels[0]
    late = accepted_at and confirm_by - now < timedelta(hours=4)
    return "warehouse picks late" if late else "at the warehouse"


def _rows(connection: Any, statement: str) -> Any:
    cursor = connection.cursor(name="all")
    cursor.itersize = 10_000
    cursor.execute(statement)
    yield from cursor
    cursor.close()


if __name__ == "__main__":
    main()
