"""Lockstep as it is installed: PostgreSQL that syncs to disk, a Prefect server, blocks, maps, one account."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from blocks.ledger_connection import LedgerConnection
from blocks.seller_account import SellerAccount
from blocks.warehouse_connection import WarehouseConnection
from deployments.embedded.postgres import EmbeddedPostgres
from deployments.embedded.prefect_server import PrefectServer
from deployments.prefect_objects import talking_to
from ledger.connection import Ledger
from ledger.maps import CarrierEntry, ServiceEntry, record_carriers, record_services
from ledger.register import Account, Connection, clock, record_account, record_connection
from ledger.schema import migrate
from ledger.secrecy import new_key
from sandbox.parcels import CARRIERS
from tests.bench.machine import postmaster
from tests.bench.strangers import DE, GB, Strangers

_KEY = new_key()
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """PostgreSQL and Prefect, running."""

    postgres: EmbeddedPostgres
    prefect: PrefectServer
    postmaster: int

    def database(self, template: str = "bench_template") -> str:
        """The URL of a fresh database, with the ledger's schema unless another template is named."""
        name = f"bench_{next(_numbers)}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def url(self, database: str) -> str:
        """The URL of a database of this server."""
        made = sa.make_url(self.postgres.url).set(database=database)
        return made.render_as_string(hide_password=False)

    def run(self, flow: str) -> dict[str, Any]:
        """One run of a flow in a process of its own: its peak memory, and what it said when."""
        return measured(["tests.bench.flow_run", flow], environment=self.prefect.environment())

    @contextmanager
    def ledger(self, strangers: Strangers) -> Iterator[Ledger]:
        """A fresh ledger with the strangers registered; the flows of this house use it from now on."""
        url = self.database()
        ledger = Ledger(url, _KEY)
        try:
            with ledger.begin() as conn:
                _register(conn, strangers)
            LedgerConnection(url=url, privacy_key=_KEY).save("lockstep", overwrite=True)
            _seller(strangers).save("main", overwrite=True)
            drop = WarehouseConnection(name="main", adapter="file-drop", url=strangers.folder)
            drop.save("main", overwrite=True)
            yield ledger
        finally:
            ledger.close()

    def _say(self, statement: str) -> None:
        engine = sa.create_engine(self.postgres.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as conn:
            conn.execute(sa.text(statement))

    def make_template(self) -> None:
        """The database that every ledger here is a copy of."""
        self._say("CREATE DATABASE bench_template")
        migrate(self.url("bench_template"))


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Everything that `lockstep serve` starts, without a worker."""
    with EmbeddedPostgres(folder / "pg") as postgres:
        prefect = PrefectServer(postgres.url, folder / "prefect", port=free_port())
        prefect.start()
        try:
            prefect.wait_ready()
            with talking_to(prefect.environment()):
                built = House(postgres=postgres, prefect=prefect, postmaster=postmaster(folder / "pg"))
                built.make_template()
                yield built
        finally:
            prefect.stop()


def measured(
    words: list[str], *, environment: dict[str, str] | None = None, given: dict[str, object] | None = None
) -> dict[str, Any]:
    """The JSON that a module prints as its last line, run in a process of its own; `given` is its input."""
    ended = subprocess.run(
        [sys.executable, "-m", *words],
        env=os.environ | (environment or {}),
        input=json.dumps(given or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(words)} failed:\n{ended.stderr[-4000:]}")
    told: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    return told


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _seller(strangers: Strangers) -> SellerAccount:
    return SellerAccount(
        name="main",
        seller_id=strangers.seller_id,
        region="EU",
        endpoint=strangers.endpoint,
        token_url=strangers.token_url,
        marketplaces=list(strangers.marketplaces),
        client_id=strangers.client_id,
        client_secret=strangers.client_secret,
        refresh_token=strangers.refresh_token,
    )


def _register(conn: sa.Connection, strangers: Strangers) -> None:
    now = clock(conn)
    record_account(
        conn,
        Account(
            name="main",
            seller_id=strangers.seller_id,
            region="EU",
            marketplaces=tuple(strangers.marketplaces),
            look_back=timedelta(hours=24),
            prove_within=timedelta(minutes=4),
        ),
    )
    record_connection(conn, Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True))
    service = ServiceEntry(
        seller_account="main",
        marketplace_id="",
        service_level="",
        program="",
        connection="main",
        warehouse_service="STD",
    )
    record_services(conn, [service], "bench", now)
    names = sorted({name for name, _ in CARRIERS})
    record_carriers(conn, [_carrier(name, market) for name in names for market in (GB, DE)], "bench", now)


def _carrier(name: str, marketplace: str) -> CarrierEntry:
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
