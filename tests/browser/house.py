"""A whole house on this machine: both strangers, PostgreSQL, the Prefect server, a worker, and what setup makes."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import sqlalchemy as sa
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

from deployments.config import load
from deployments.demo import _import_maps, _opened
from deployments.embedded.worker import Worker
from deployments.rehearsal.strangers import free_port
from deployments.setup import set_up
from deployments.stack import Stack, running_stack
from flows.account_health import account_health
from flows.daily_close import daily_close
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from ledger.connection import Ledger
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.warehouse import Warehouse
from tasks.links import artifact_link

GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
UNMAPPED = "Evri UK"
_SPEED = 600  # times faster than life work the strangers
_SELDOM = dict.fromkeys(("tracking-push", "order-ingest", "inventory-sync", "problem-watch"), 86_400.0)
_SHELVES = {f"{kind}-{size}": 240 for kind in ("MUG", "TEE", "LAMP") for size in ("S", "M", "L")}
_LATE = {2: timedelta(hours=-3), 4: timedelta(hours=-29)}  # orders whose moment was over when they came in
_CARRIERS = [("Royal Mail", "Tracked 48"), ("DPD", "Next Day"), (UNMAPPED, "Standard")]
_TOML = """
[ledger]
data_dir = "{home}"

[amazon.main]
seller_id = "{world.seller_id}"
region = "EU"
endpoint = "{server.endpoint}"
token_url = "{server.token_url}"
marketplaces = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9"]
client_id = "{world.tokens.client_id}"
client_secret = "{world.tokens.client_secret}"
refresh_token = "{world.tokens.refresh_token}"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]
same_skus = true

[warehouse.main.file_drop]
url = "{home}/file-drop"
codec = "csv"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a walk needs of the house: its UI, what is in its ledger, and both strangers."""

    stack: Stack
    ledger: Ledger
    world: AmazonWorld
    warehouse: Warehouse
    runs: dict[str, str] = field(default_factory=dict)
    to_do: str = ""  # where a message leads

    def begin(self, deployment: str) -> None:
        """Let the worker run that deployment ("order-ingest/scheduled"); `ended` knows it by this name."""
        found = self._ask("GET", f"deployments/name/{deployment}")
        self.runs[deployment] = self._ask("POST", f"deployments/{found['id']}/create_flow_run", {})["id"]

    def ended(self, run: str) -> str:
        """How that run ended, and its message; waits for the end."""
        states: list[dict[str, Any]] = []

        def over() -> bool:
            states.append(self._ask("GET", f"flow_runs/{run}")["state"] or {"type": ""})
            return states[-1]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

        wait_for(over, 90)
        return f"{states[-1]['name']}: {states[-1]['message'] or ''}"

    def log(self, run: str) -> str:
        """Every line that a run logged, as the UI shows them."""
        wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "limit": 200, "sort": "TIMESTAMP_ASC"}
        return "\n".join(line["message"] for line in self._ask("POST", "logs/filter", wanted))

    def artifacts(self) -> dict[str, dict[str, Any]]:
        """The newest artifact of each key."""
        return {one["key"]: one for one in self._ask("POST", "artifacts/latest/filter", {})}

    def parcels(self, carrier: str) -> dict[str, str]:
        """State of each parcel of that carrier, by Amazon's order id."""
        asked = sa.text(
            "SELECT amazon_order_id, state FROM report.parcels WHERE warehouse_carrier = :carrier"
        )
        with self.ledger.begin() as conn:
            return {row.amazon_order_id: row.state for row in conn.execute(asked, {"carrier": carrier})}

    def _ask(self, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
        # Not by Prefect's client: beside a browser it takes this thread for one that must not wait.
        url = f"{self.stack.environment['PREFECT_API_URL']}/{path}"
        answer = httpx.request(method, url, json=given, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()


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
    """The house after a morning: twelve orders dispatched, two of them late, some by a carrier nobody has mapped.

    Nothing runs by its schedule; what should run is begun by the walk.
    """
    with TemporaryDirectory(prefix="lockstep-browser-") as name, _port_of_our_own():
        home, clock = Path(name), Clock(_SPEED)
        home.chmod(0o711)  # a PostgreSQL started by root runs as somebody else, who has to get through
        world = _amazon(clock)
        dispatched = {"accept_after": 10.0, "dispatch_after": (60.0, 120.0)}
        warehouse = Warehouse(home / "file-drop", clock, stock=_SHELVES, carriers=_CARRIERS, **dispatched)
        with AmazonServer(world) as server, _working(warehouse):
            file = home / "lockstep.toml"
            file.write_text(_TOML.format(home=home, server=server, world=world), encoding="utf-8")
            settings = load(file)
            with running_stack(settings, str) as stack, _opened(stack) as ledger:
                list(set_up(settings, stack, every=_SELDOM))
                _import_maps(ledger)
                house = House(stack=stack, ledger=ledger, world=world, warehouse=warehouse)
                with _working_worker(stack), _in_this_process(stack):
                    _morning(house)
                    yield replace(house, to_do=artifact_link("to-do"))


def _amazon(clock: Clock) -> AmazonWorld:
    world = AmazonWorld(clock)
    for sku in _SHELVES:
        for market in (GB, DE):
            world.add_listing(sku, market, 3)
    for number in range(12):
        due = world.now() + (timedelta(hours=5 + number) if number not in _LATE else _LATE[number])
        market = DE if number % 3 == 0 else GB
        world.add_order(marketplace_id=market, items=[("MUG-S", 1)], ship_by=due)
    return world


def _morning(house: House) -> None:
    """Orders in, parcels out, quantities published; then Amazon's search goes away, and the watch looks."""
    order_ingest()
    wait_for(lambda: _told(house.warehouse) == 12)
    tracking_push()
    house.world.inject("searchOrders", "503-html", times=1000)
    house.begin("order-ingest/scheduled")
    inventory_sync()
    account_health()
    daily_close()
    problem_watch()


def _told(warehouse: Warehouse) -> int:
    """Parcels that left and whose files are written: it holds its lock until they are."""
    with warehouse.lock:
        return len(warehouse.dispatched)


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
def _working_worker(stack: Stack) -> Iterator[None]:
    worker = Worker(stack.home, stack.environment, limit=2)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


@contextmanager
def _in_this_process(stack: Stack) -> Iterator[None]:
    """Flows may run here, too: much quicker than through the worker, and without a heartbeat's second."""
    with temporary_settings({PREFECT_HOME: stack.home, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        _hand_over()  # what still talks to the server of an earlier test
        try:
            yield
        finally:
            _hand_over()


def _hand_over() -> None:
    """Prefect's senders end, when what they have is sent; the next one speaks to the server of that moment."""
    APILogWorker.drain_all(timeout=10)
    EventsWorker.drain_all(timeout=10)


@contextmanager
def _port_of_our_own() -> Iterator[None]:
    """A Prefect server of our own, whatever the environment says."""
    before = dict(os.environ)
    os.environ.pop("PREFECT_API_URL", None)
    os.environ["PREFECT_SERVER_API_PORT"] = str(free_port())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
