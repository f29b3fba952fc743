"""The simulated Amazon and 3PL in a process of their own, so that their work is not counted in ours."""

import json
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.trading import SKUS
from sandbox.warehouse import Warehouse

GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
# Limits off on both sides: Amazon enforces none, and the rate it states, which ours obeys, is speed times its own.
SPEED = 100_000.0


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

    def requests(self) -> dict[str, int]:
        """Answered requests by operation since the last time this was asked."""
        return self._ask("requests")

    def work(self) -> dict[str, int]:
        """Let the 3PL do all it can; what it has dispatched and what is still open."""
        return self._ask("work")

    def _ask(self, name: str) -> dict[str, int]:
        answer = httpx.post(f"{self.endpoint}/_sandbox/{name}", json={}, timeout=120, trust_env=False)
        answer.raise_for_status()
        told: dict[str, int] = answer.json()
        return told


@contextmanager
def strangers(orders: int, folder: Path) -> Iterator[Strangers]:
    """Both strangers with so many paid orders waiting, until the block ends."""
    words = [sys.executable, "-m", "tests.bench.strangers", str(orders), str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("The simulated Amazon did not start.")
        try:
            yield Strangers(**json.loads(line))
        finally:
            process.terminate()


def main() -> None:
    """Serve until told to end; one line of JSON says where."""
    number, folder = int(sys.argv[1]), sys.argv[2]
    clock = Clock(SPEED)
    world = AmazonWorld(clock, limits=False)
    warehouse = Warehouse(folder, clock, stock=dict.fromkeys(SKUS, 1_000_000), stock_every=1e12)
    place_orders(world, number)
    server = AmazonServer(world)
    server.controls.update(
        requests=lambda _: _counted(world),
        work=lambda _: _worked(warehouse),
    )
    stop = threading.Event()
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


def _counted(world: AmazonWorld) -> dict[str, int]:
    with world.lock:
        counts = Counter(request.operation for request in world.requests if request.status)
        world.requests.clear()
        return dict(counts)


def _worked(warehouse: Warehouse) -> dict[str, Any]:
    warehouse.work()
    return {"dispatched": len(warehouse.dispatched), "open": int(warehouse.busy())}


if __name__ == "__main__":
    main()
