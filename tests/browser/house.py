"""A whole house on this machine: both strangers, PostgreSQL, the Prefect server, a worker, and what setup makes."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment

from deployments.config import load
from deployments.demo import _import_maps, _opened
from deployments.embedded.worker import Worker
from deployments.rehearsal.strangers import free_port
from deployments.setup import set_up
from deployments.stack import Stack, running_stack
from ledger.connection import Ledger
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.warehouse import Warehouse

SPEED = 600  # times faster than life work the strangers
GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
UNMAPPED = "Evri UK"
SELDOM = 3600.0  # seconds between runs: only those that the walk asks for
_SHELVES = {f"{kind}-{size}": 240 for kind in ("MUG", "TEE", "LAMP") for size in ("S", "M", "L")}
_TOML = """
[ledger]
data_dir = "{home}"

[amazon.main]
seller_id = "A1SANDBOX"
region = "EU"
endpoint = "{endpoint}"
token_url = "{token_url}"
marketplaces = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9"]
prove_within = "30s"
client_id = "{client_id}"
client_secret = "{client_secret}"
refresh_token = "{refresh_token}"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]
same_skus = true

[warehouse.main.file_drop]
url = "{folder}"
codec = "csv"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a walk needs of the house: its UI, its ledger, and both strangers to play tricks on."""

    stack: Stack
    ledger: Ledger
    world: AmazonWorld
    warehouse: Warehouse

    def run(self, deployment: str) -> FlowRun:
        """A run of that deployment by the worker, ended."""
        found = run_deployment(deployment, timeout=60, poll_interval=0.3, as_subflow=False)
        assert isinstance(found, FlowRun)
        assert found.state is not None
        assert found.state.is_final(), f"{deployment} has not ended"
        return found

    def parcels(self, carrier: str) -> dict[str, str]:
        """State of each parcel of that carrier, by Amazon's order id."""
        question = sa.text(
            "SELECT amazon_order_id, state FROM report.parcels WHERE warehouse_carrier = :carrier"
        )
        with self.ledger.begin() as conn:
            return {row.amazon_order_id: row.state for row in conn.execute(question, {"carrier": carrier})}


def wait_for(what: Callable[[], object], seconds: float = 40.0) -> None:
    """Return when it is true.

    Raises:
        AssertionError: it did not come true in time.
    """
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds:.0f} seconds"
        time.sleep(0.2)


@contextmanager
def open_house() -> Iterator[House]:
    """The house with a morning's orders dispatched, some of them by a carrier that nobody has mapped."""
    with TemporaryDirectory(prefix="lockstep-browser-") as name, _at_a_free_port():
        home, clock = Path(name), Clock(SPEED)
        world = AmazonWorld(clock)
        warehouse = Warehouse(
            home / "file-drop",
            clock,
            stock=_SHELVES,
            accept_after=10.0,
            dispatch_after=(60.0, 120.0),
            carriers=[("Royal Mail", "Tracked 48"), ("DPD", "Next Day"), (UNMAPPED, "Standard")],
        )
        for sku in _SHELVES:
            for market in (GB, DE):
                world.add_listing(sku, market, 3)
        with AmazonServer(world) as server, _working(warehouse):
            file = home / "lockstep.toml"
            file.write_text(_toml(home, server, world), encoding="utf-8")
            settings = load(file)
            with running_stack(settings, str) as stack, _opened(stack) as ledger:
                flows = ("tracking-push", "order-ingest", "inventory-sync", "problem-watch")
                list(set_up(settings, stack, every=dict.fromkeys(flows, SELDOM)))
                _import_maps(ledger)
                worker = Worker(stack.home, stack.environment)
                worker.start()
                try:
                    yield House(stack=stack, ledger=ledger, world=world, warehouse=warehouse)
                finally:
                    worker.stop()


def _toml(home: Path, server: AmazonServer, world: AmazonWorld) -> str:
    return _TOML.format(
        home=home,
        endpoint=server.endpoint,
        token_url=server.token_url,
        folder=home / "file-drop",
        client_id=world.tokens.client_id,
        client_secret=world.tokens.client_secret,
        refresh_token=world.tokens.refresh_token,
    )


@contextmanager
def _working(warehouse: Warehouse) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(target=warehouse.run, args=(stop,))
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


@contextmanager
def _at_a_free_port() -> Iterator[None]:
    """A Prefect server of our own, whatever the environment says."""
    before = dict(os.environ)
    os.environ.pop("PREFECT_API_URL", None)
    os.environ["PREFECT_SERVER_API_PORT"] = str(free_port())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
