"""The simulated Amazon and 3PL in a process of their own, so that their work is not counted in ours."""

import json
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from sandbox.amazon.limits import Buckets
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.trading import SKUS
from sandbox.warehouse import Warehouse

GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
SCALE = 100.0  # the limits of the push bench, as times Amazon's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the strangers behave: how many times faster than life, with limits or none.

    `paced`: the 3PL accepts at once and dispatches only when told.
    """

    speed: float
    limits: bool
    paced: bool


# Limits off on both sides: Amazon enforces none, and the rate it states, which ours obeys, is speed times its own.
UNLIMITED = Manner(speed=100_000.0, limits=False, paced=False)
SCALED = Manner(speed=SCALE, limits=True, paced=True)
LIFELIKE = Manner(speed=1.0, limits=True, paced=True)
_NEVER = 1e9  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """Where the strangers are, and what may be asked of them."""

    endpoint: str
    token_url: str
    seller_id: str
    client_id: str
    client_secret: str
    refresh_token: str
    folder: str
    pid: int
    marketplaces: Sequence[str] = (GB, DE)

    def requests(self) -> dict[str, int]:
        """Answered requests by operation since the last time this was asked."""
        told: dict[str, int] = self._ask("requests")
        return told

    def work(self) -> dict[str, int]:
        """Let the 3PL do all it can; what it has dispatched and what is still open."""
        told: dict[str, int] = self._ask("work")
        return told

    def refill(self) -> None:
        """All buckets are full again, as those of an account that rested."""
        self._ask("refill")

    def dispatch(self, orders: int) -> tuple[float, list[str]]:
        """One dispatch file about so many orders: when it appeared, and one order id for each of its parcels."""
        told = self._ask("dispatch", orders=orders)
        return told["at"], told["parcels"]

    def confirmed(self) -> list[tuple[str, float]]:
        """Order id and moment of every 204 to a ship confirm that Amazon still remembers, oldest first."""
        told: list[tuple[str, float]] = self._ask("confirmed")
        return told

    def throttled(self) -> int:
        """How many of the calls that Amazon still remembers it answered with 429."""
        return int(self._ask("throttled"))

    def _ask(self, name: str, **given: int) -> Any:
        answer = httpx.post(f"{self.endpoint}/_sandbox/{name}", json=given, timeout=120, trust_env=False)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def strangers(orders: int, folder: Path, manner: Manner = UNLIMITED) -> Iterator[Strangers]:
    """Both strangers with so many paid orders waiting, until the block ends."""
    with started("tests.bench.strangers", str(orders), str(folder), json.dumps(asdict(manner))) as told:
        yield Strangers(**told)


@contextmanager
def started(*words: str) -> Iterator[dict[str, Any]]:
    """A module that serves, in a process of its own until the block ends: its first line, and its pid."""
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("The simulated Amazon did not start.")
        try:
            yield json.loads(line) | {"pid": process.pid}
        finally:
            process.terminate()


def main() -> None:
    """Serve until told to end; one line of JSON says where."""
    number, folder, manner = int(sys.argv[1]), sys.argv[2], Manner(**json.loads(sys.argv[3]))
    clock = Clock(manner.speed)
    world = AmazonWorld(clock, limits=manner.limits)
    warehouse = _warehouse(folder, clock, manner)
    place_orders(world, number)
    server = AmazonServer(world)
    server.controls.update(
        requests=lambda _: counted(world),
        work=lambda _: _worked(warehouse),
        refill=lambda _: _refilled(world, manner),
        dispatch=lambda given: _dispatched(warehouse, given["orders"]),
        confirmed=lambda _: _confirmed(world),
        throttled=lambda _: throttled(world),
    )
    serve(server, folder, (GB, DE))


def serve(server: AmazonServer, folder: str, marketplaces: Sequence[str]) -> None:
    """Serve until this process is told to end; one line of JSON says where."""
    world, stop = server.world, threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with server:
        told = {
            "endpoint": server.endpoint,
            "token_url": server.token_url,
            "seller_id": world.seller_id,
            "client_id": world.tokens.client_id,
            "client_secret": world.tokens.client_secret,
            "refresh_token": world.tokens.refresh_token,
            "folder": folder,
            "marketplaces": marketplaces,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        stop.wait()


def place_orders(world: AmazonWorld, number: int, seed: int = 7) -> None:
    """The same orders in every run: one to three lines, two marketplaces, spread over the last two hours."""
    chance = random.Random(seed)
    start = world.now() - timedelta(hours=2)
    for place in range(number):
        lines = chance.choices((1, 2, 3), (70, 20, 10))[0]
        world.add_order(
            marketplace_id=chance.choice((GB, DE)),
            items=[(sku, chance.choices((1, 2, 3), (75, 18, 7))[0]) for sku in chance.sample(SKUS, lines)],
            placed_at=start + timedelta(milliseconds=7_100_000 * place // number),
        )
    market_wide = frozenset({"FULFILLMENT", "PACKAGES", "CANCELLATION", "RECIPIENT"})
    for order in world.orders.values():  # written before the clock runs, for whoever asks first
        order.written(market_wide, world.now())


def _warehouse(folder: str, clock: Clock, manner: Manner) -> Warehouse:
    stock = dict.fromkeys(SKUS, 1_000_000)
    if not manner.paced:
        return Warehouse(folder, clock, stock=stock, stock_every=1e12)
    never = (_NEVER, _NEVER)
    return Warehouse(folder, clock, stock=stock, stock_every=_NEVER, accept_after=0, dispatch_after=never)


def counted(world: AmazonWorld) -> dict[str, int]:
    """Answered requests by operation; they are forgotten."""
    with world.lock:
        counts = Counter(request.operation for request in world.requests if request.status)
        world.requests.clear()
        return dict(counts)


def _worked(warehouse: Warehouse) -> dict[str, Any]:
    warehouse.work()
    return {"dispatched": len(warehouse.dispatched), "open": int(warehouse.busy())}


def _refilled(world: AmazonWorld, manner: Manner) -> None:
    with world.lock:
        world.buckets = Buckets(manner.speed, enforced=manner.limits)


def _dispatched(warehouse: Warehouse, orders: int) -> dict[str, Any]:
    """The moment is taken before the file is renamed, so that a wait never looks shorter than it is."""
    with warehouse.lock:
        now, before = warehouse.clock.now(), len(warehouse.dispatched)
        waiting = (job for job in warehouse.jobs.values() if job.state == "ACCEPTED")
        for job in islice(waiting, orders):
            job.dispatch_at = now
        warehouse.work()
        parcels = [parcel.amazon_order_id for parcel in warehouse.dispatched[before:]]
    return {"at": now.timestamp(), "parcels": parcels}


def _confirmed(world: AmazonWorld) -> list[tuple[str, float]]:
    with world.lock:
        return [
            (request.path.split("/")[4], request.at.timestamp())
            for request in world.requests
            if request.operation == "confirmShipment" and request.status == 204
        ]


def throttled(world: AmazonWorld) -> int:
    """How many of the remembered requests were answered with 429."""
    with world.lock:
        return sum(request.status == 429 for request in world.requests)


if __name__ == "__main__":
    main()
