"""The flows' world: a real Prefect server, a simulated Amazon over HTTP and a simulated 3PL over a folder."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from blocks.ledger_connection import LedgerConnection
from blocks.seller_account import SellerAccount
from blocks.warehouse_connection import WarehouseConnection
from deployments.embedded.postgres import EmbeddedPostgres
from deployments.embedded.prefect_server import PrefectServer
from deployments.prefect_objects import talking_to
from ledger.connection import Ledger
from ledger.maps import CarrierEntry, ServiceEntry, record_carriers, record_services
from ledger.register import Account, Connection, record_account, record_connection
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.warehouse import Warehouse

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
        with talking_to(server.environment()):
            yield server
    finally:
        server.stop()


@pytest.fixture
def street(
    prefect: PrefectServer, ledger: Ledger, ledger_url: str, privacy_key: str, tmp_path: Path
) -> Iterator[Street]:
    """A configured house with one account, one warehouse, and strangers that work 600 times faster than life."""
    clock = Clock(600)
    world = AmazonWorld(clock)
    folder = tmp_path / "drop"
    stock = {f"SKU-{number:02}": 100 for number in range(10)}
    warehouse = Warehouse(folder, clock, stock=stock, dispatch_after=(60.0, 120.0), accept_after=10.0)
    for sku in stock:
        for marketplace in (GB, DE):
            world.add_listing(sku, marketplace, 3)
    with AmazonServer(world) as server:
        with ledger.begin() as conn:
            register(conn, world)
        LedgerConnection(url=ledger_url, privacy_key=privacy_key).save("lockstep", overwrite=True)
        seller_block(world, server).save("main", overwrite=True)
        drop = WarehouseConnection(name="main", adapter="file-drop", url=str(folder))
        drop.save("main", overwrite=True)
        yield Street(ledger, world, warehouse, folder, server)


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
    record_carriers(conn, [carrier(name, market) for name in MAPPED for market in (GB, DE)], "test", now)


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
