"""The flows' world: a real Prefect server, a simulated Amazon over HTTP and a simulated 3PL over a folder."""

import csv
import io
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

from blocks.ledger_connection import LedgerConnection
from blocks.seller_account import SellerAccount
from blocks.warehouse_connection import WarehouseConnection
from deployments.embedded.postgres import EmbeddedPostgres
from deployments.embedded.prefect_server import PrefectServer
from deployments.prefect_objects import talking_to
from ledger.connection import Ledger
from ledger.maps import CarrierEntry, ServiceEntry, record_carriers, record_services
from ledger.register import Account, Connection, record_account, record_connection
from sandbox.amazon.records import Request
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.warehouse import Warehouse
from tasks import deliveries
from tasks.orders import reading, releases
from tasks.stock import proof
from tests.flows.runs import eventually

GB = "A1F83G8C2ARO7P"
DE = "A1PA6795UKMFR9"
MAPPED = ("Royal Mail", "DPD", "DHL", "Hermes", "UPS")


@dataclass
class Street:
    """Everything one test needs to run the flows and to look at both ends."""

    ledger: Ledger
    world: AmazonWorld
    warehouse: Warehouse
    folder: Path
    server: AmazonServer
    prefect: PrefectServer

    def settle(self) -> None:
        """Let Amazon's hold-back pass, so that a search shows what just happened."""
        time.sleep(0.3)

    def rows(self, view: str, **where: object) -> list[dict[str, Any]]:
        """The rows of a report view, in a steady order."""
        conditions = " AND ".join(f"{name} = :{name}" for name in where) or "true"
        with self.ledger.begin() as conn:
            found = conn.execute(sa.text(f"SELECT * FROM report.{view} WHERE {conditions}"), where)
            return sorted((dict(row) for row in found.mappings()), key=lambda row: str(list(row.values())))

    def states(self) -> dict[str, str]:
        """Where each order is, by Amazon's id."""
        return {row["amazon_order_id"]: row["state"] for row in self.rows("orders")}

    def problems(self) -> list[tuple[str, str, str]]:
        """Kind, owner and subject of every open problem."""
        found = [row for row in self.rows("problems") if row["cleared_at"] is None]
        return sorted((row["kind"], row["owner"], row["subject"]) for row in found)

    def away(self) -> set[tuple[str, str]]:
        """Kind and stranger of every open problem with a stranger, whichever flow had it."""
        kinds = {"stranger_unreachable", "credentials_refused"}
        return {(kind, subject.split(",")[0]) for kind, _, subject in self.problems() if kind in kinds}

    def handed_over(self, kind: str = "orders") -> list[dict[str, str]]:
        """Every row that was ever written for the warehouse, waiting or archived."""
        files = [path for sub in ("in", "in/archive") for path in (self.folder / sub).glob(f"{kind}-*.csv")]
        rows = []
        for path in sorted(files, key=lambda path: path.name):
            rows += list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        return rows

    def calls(self, operation: str) -> list[Request]:
        """The requests of one operation that Amazon saw."""
        return [one for one in list(self.world.requests) if one.operation == operation]

    def work(self, *, until_idle: bool = False) -> None:
        """The warehouse works once, or until it has accepted and dispatched everything."""
        self.warehouse.work()
        if until_idle:
            assert eventually(lambda: (self.warehouse.work(), not self.warehouse.busy())[1])


@pytest.fixture(scope="session")
def prefect(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A real Prefect server on the same PostgreSQL; this process talks to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = PrefectServer(postgres.url, tmp_path_factory.mktemp("prefect"), port=port)
    server.start()
    try:
        server.wait_ready()
        # Without the heartbeat, whose thread adds a second to every run; the stack's own tests keep it.
        home = Path(server.environment()["PREFECT_HOME"])
        quick = {PREFECT_HOME: home, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
        with talking_to({"PREFECT_API_URL": server.api_url}), temporary_settings(quick):
            yield server
            # What they still hold would be sent to a server that is gone, with a minute of patience each.
            APILogWorker.drain_all(timeout=10)
            EventsWorker.drain_all(timeout=10)
    finally:
        server.stop()


@pytest.fixture(scope="session", autouse=True)
def _impatient() -> Iterator[None]:
    """Tasks that try again wait a tenth of their time: 0.2, 0.4 and 0.8 seconds instead of 2, 4 and 8."""
    patient = (reading.fetch_orders, releases.release, proof.prove, deliveries.fetch, deliveries.acknowledge)
    waits = [task.retry_delay_seconds for task in patient]
    for task, wait in zip(patient, waits, strict=True):
        assert isinstance(wait, list)
        task.retry_delay_seconds = [seconds / 10 for seconds in wait]
    yield
    for task, wait in zip(patient, waits, strict=True):
        task.retry_delay_seconds = wait


@pytest.fixture
def hurried() -> Iterator[None]:
    """An answer that does not come is given up after a second instead of thirty."""
    defaults = SellerAccount.open.__kwdefaults__
    assert defaults is not None
    before, defaults["timeout"] = defaults["timeout"], 1.0
    yield
    defaults["timeout"] = before


@pytest.fixture
def street(
    prefect: PrefectServer, ledger: Ledger, ledger_url: str, privacy_key: str, tmp_path: Path
) -> Iterator[Street]:
    """A configured house with one account, one warehouse, and strangers that work 600 times faster than life."""
    clock = Clock(600)
    world = AmazonWorld(clock)
    folder = tmp_path / "drop"
    shelves = {f"SKU-{number:02}": 100 for number in range(10)}
    warehouse = Warehouse(folder, clock, stock=shelves, dispatch_after=(60.0, 120.0), accept_after=10.0)
    for sku in shelves:
        for marketplace in (GB, DE):
            world.add_listing(sku, marketplace, 3)
    with AmazonServer(world) as server:
        with ledger.begin() as conn:
            register(conn, world)
        LedgerConnection(url=ledger_url, privacy_key=privacy_key).save("lockstep", overwrite=True)
        seller_block(world, server).save("main", overwrite=True)
        drop = WarehouseConnection(name="main", adapter="file-drop", url=str(folder))
        drop.save("main", overwrite=True)
        yield Street(ledger, world, warehouse, folder, server, prefect)


def seller_block(world: AmazonWorld, server: AmazonServer) -> SellerAccount:
    """The seller account's door to the simulated Amazon."""
    return SellerAccount(
        name="main",
        seller_id=world.seller_id,
        region="EU",
        endpoint=server.endpoint,
        token_url=server.token_url,
        marketplaces=[GB, DE],
        client_id=world.tokens.client_id,
        client_secret=world.tokens.client_secret,
        refresh_token=world.tokens.refresh_token,
    )


def register(conn: sa.Connection, world: AmazonWorld) -> None:
    """What `lockstep setup` and the imports leave in the ledger."""
    now = world.clock.now()
    record_account(
        conn,
        Account(
            name="main",
            seller_id=world.seller_id,
            region="EU",
            marketplaces=(GB, DE),
            look_back=timedelta(hours=24),
            prove_within=timedelta(seconds=4),
        ),
    )
    record_connection(conn, Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True))
    any_service = ServiceEntry(
        seller_account="main",
        marketplace_id="",
        service_level="",
        program="",
        connection="main",
        warehouse_service="STD",
    )
    record_services(conn, [any_service], "test", now)
    record_carriers(conn, carriers_of(MAPPED), "test", now)


def carrier(name: str, marketplace: str) -> CarrierEntry:
    """A carrier whose name at the warehouse is Amazon's own."""
    return CarrierEntry(
        connection="main",
        warehouse_carrier=name,
        warehouse_service="",
        marketplace_id=marketplace,
        carrier_code=name,
        carrier_name="",
        shipping_method="",
        signed_by="",
    )


def carriers_of(names: Sequence[str]) -> list[CarrierEntry]:
    """Carriers whose name at the warehouse is Amazon's own, in both marketplaces."""
    return [carrier(name, market) for name in names for market in (GB, DE)]
