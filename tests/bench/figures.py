"""The work that is measured, and the figures that come of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.bench.house import House, measured
from tests.bench.strangers import Strangers, strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds on the wall, seconds of the measured process's own processor time, and how much was done."""

    done: int
    seconds: float
    processor: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Done per second."""
        return self.done / self.seconds

    @property
    def each(self) -> float:
        """Own processor time for one, in milliseconds."""
        return 1000 * self.processor / self.done


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What it took to bring orders from Amazon to the 3PL and their tracking back, proven."""

    orders: int
    release: Spent
    confirm: Spent
    calls: dict[str, int]  # by Amazon's operation


def ingest(house: House, amazon: Strangers, orders: int) -> Spent:
    """`order-ingest` on an empty ledger; the warehouse half stands aside, because its lock is held here."""
    with house.ledger(amazon) as ledger, ledger.only_one("release", "main"):
        run = house.run("order-ingest")
        with ledger.begin() as conn:
            found = conn.scalar(sa.text("SELECT count(*) FROM report.orders WHERE state = 'READY'"))
    must_be("orders in the ledger", found, orders)
    return _between(run, "Beginning", "orders:", orders)


def script_reads(house: House, amazon: Strangers, orders: int) -> tuple[Spent, str]:
    """The obvious script on an empty database; also the database's address."""
    dsn = dsn_of(house.database("template0"))
    spent = _script("read", amazon, dsn)
    must_be("orders of the script", spent.done, orders)
    return spent, dsn


def script_confirms(amazon: Strangers, dsn: str, parcels: int, pause: float = 0.0) -> Spent:
    """The obvious script tells Amazon about one parcel for each of so many orders, `pause` seconds apart."""
    return _script("confirm", amazon, dsn, parcels=parcels, pause=pause)


def live(house: House, orders: int, folder: Path) -> Life:
    """A whole life: ingest and release, the 3PL's work, confirmations, and the read that proves them."""
    with strangers(orders, folder) as both, house.ledger(both) as ledger:
        ingested = house.run("order-ingest")
        while (done := both.work())["open"]:
            pass
        pushed = house.run("tracking-push")
        house.run("order-ingest")
        with ledger.begin() as conn:
            found = conn.execute(sa.text("SELECT state, count(*) FROM report.orders GROUP BY state"))
            states = {row.state: row.count for row in found}
        must_be("states of orders", states, {"CLOSED": orders})
        calls = both.requests()
    return Life(
        orders=orders,
        release=_between(ingested, "orders:", "releases:", orders),
        confirm=_between(pushed, "messages:", "parcels:", done["dispatched"]),
        calls=calls,
    )


def _between(run: dict[str, Any], first: str, last: str, done: int) -> Spent:
    """From the line of a run that holds `first` to the one that holds `last`."""
    start = next(mark for mark in run["marks"] if first in mark[2])
    end = next(mark for mark in run["marks"] if last in mark[2])
    return Spent(
        done=done, seconds=end[0] - start[0], processor=end[1] - start[1], megabytes=run["megabytes"]
    )


def _script(deed: str, amazon: Strangers, dsn: str, parcels: int = 0, pause: float = 0.0) -> Spent:
    given = {
        "dsn": dsn,
        "endpoint": amazon.endpoint,
        "client_id": amazon.client_id,
        "client_secret": amazon.client_secret,
        "refresh_token": amazon.refresh_token,
        "parcels": parcels,
        "pause": pause,
    }
    return Spent(**measured(["tests.bench.script", deed], given=given))


def dsn_of(url: str) -> str:
    """The same database as psycopg2 spells it."""
    parsed = sa.make_url(url)
    place = f"host={parsed.query['host']} port={parsed.query['port']}"
    return f"dbname={parsed.database} user={parsed.username} {place}"


def must_be(what: str, found: object, expected: object) -> None:
    """Stop the bench when it did not do what it says it measured."""
    if found != expected:
        raise RuntimeError(f"The figures would mean nothing: {what}: {found} instead of {expected}.")
