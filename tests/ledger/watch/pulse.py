"""What tests of silence and standstills share: one house, its beats, and one cycle of the watch."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.watch.silence import WATCH, WATCHER
from ledger.connection import Ledger
from ledger.register import Account, Connection, record_account, record_connection
from ledger.tables import beats
from ledger.watch.beats import record_beats
from ledger.watch.silence import record_down, record_silence
from tests.factories import DAY, GB, HOUR, MINUTE

AMAZON, WAREHOUSE, SHOP = "Amazon (main)", "Warehouse (main)", f"Amazon (main) {GB}"
EVERY = {
    "order-ingest": 3 * MINUTE,
    "tracking-push": MINUTE / 2,
    "inventory-sync": 5 * MINUTE,
    WATCH: MINUTE,
    "stock-variances": DAY,
}


def set_up_house(ledger: Ledger) -> None:
    """One seller account and its warehouse, on the register."""
    account = Account(
        name="main", seller_id="A1", region="EU", marketplaces=(GB,), look_back=DAY, prove_within=4 * MINUTE
    )
    with ledger.begin() as conn:
        record_account(conn, account)
        record_connection(conn, Connection(name="main", adapter="x", serves=("main",), same_skus=True))


def beat(ledger: Ledger, flow: str, carried: Mapping[str, int], at: datetime) -> None:
    with ledger.begin() as conn:
        record_beats(conn, flow, carried, at)


def traded(ledger: Ledger, an_hour: int, *, until: datetime, flow: str, subject: str) -> None:
    """Five weeks of the same every hour, up to a moment."""
    this = until.replace(minute=0)
    rows = [
        {"street": flow, "subject": subject, "hour": this - back * HOUR, "runs": 20, "volume": an_hour}
        | {"last_at": this - (back - 1) * HOUR - MINUTE, "last_volume_at": this - (back - 1) * HOUR - MINUTE}
        for back in range(1, 35 * 24)
    ]
    with ledger.begin() as conn:
        conn.execute(beats.insert(), rows)
    beat(ledger, flow, {subject: 1}, until)


def watch(ledger: Ledger, now: datetime, every: Mapping[str, timedelta] = EVERY) -> list[tuple[str, str]]:
    """One cycle of the watch; the kinds and subjects of what is open after it."""
    with ledger.begin() as conn:
        record_down(conn, every, now)
        record_silence(conn, every, now)
    beat(ledger, WATCH, {WATCHER: 0}, now)
    with ledger.begin() as conn:
        found = conn.execute(sa.text("SELECT kind, subject FROM report.problems WHERE cleared_at IS NULL"))
        return sorted((row.kind, row.subject) for row in found)
