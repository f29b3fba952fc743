"""More strangers than a street has: seller accounts of their own, and a PostgreSQL that can be cut off."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from blocks.seller_account import SellerAccount
from ledger.maps import ServiceEntry, record_services
from ledger.register import Account, Connection, record_account, record_connection
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from tests.flows.conftest import DE, GB, Street, seller_block


@dataclass
class Seller:
    """One more seller account, at an Amazon of its own, served by the street's warehouse."""

    name: str
    world: AmazonWorld
    server: AmazonServer
    block: SellerAccount

    def faults_end(self) -> None:
        """From now on Amazon answers this seller as it should."""
        self.world.faults._planned.clear()


@contextmanager
def more_sellers(
    street: Street, names: Sequence[str], *, with_orders: bool = True
) -> Iterator[dict[str, Seller]]:
    """A seller account of each name; their order ids never meet, because each opens its book elsewhere.

    Without orders the blocks are not saved either: with many sellers both take long.
    """
    with ExitStack() as open_servers, street.ledger.begin() as conn:
        sellers = {}
        for number, name in enumerate(names, start=1):
            world = AmazonWorld(street.world.clock, limits=False)
            for _ in range(
                number * 20 if with_orders else 0
            ):  # an order id is made from its number in the book
                world.add_order(marketplace_id=GB, items=[("OLD", 1)], placed_at=long_ago(street))
            server = open_servers.enter_context(AmazonServer(world))
            block = seller_block(world, server)
            block.name = name
            sellers[name] = Seller(name, world, server, block)
            if with_orders:
                block.save(name, overwrite=True)
            register_seller(conn, name, world)
        served = ("main", *names)
        connection = Connection(name="main", adapter="file-drop", serves=served, same_skus=True)
        record_connection(conn, connection)
        conn.commit()
        yield sellers


def long_ago(street: Street):
    return street.world.now() - timedelta(days=9)


def register_seller(conn: sa.Connection, name: str, world: AmazonWorld) -> None:
    account = Account(
        name=name,
        seller_id=world.seller_id,
        region="EU",
        marketplaces=(GB, DE),
        look_back=timedelta(hours=24),
        prove_within=timedelta(seconds=1),
    )
    record_account(conn, account)
    any_service = ServiceEntry(
        seller_account=name,
        marketplace_id="",
        service_level="",
        program="",
        connection="main",
        warehouse_service="STD",
    )
    record_services(conn, [any_service], "test", world.now())


class Wire:
    """A way to a PostgreSQL's unix socket that can be cut, for those who are through it, too."""

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        folder, port = str(parsed.query["host"]), str(parsed.query["port"])
        self._target = str(Path(folder) / f".s.PGSQL.{port}")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._up = True
        here = parsed.set(host="127.0.0.1", port=self._listener.getsockname()[1], query={})
        self.url = here.render_as_string(hide_password=False)
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """From now on PostgreSQL is gone."""
        self._up = False
        for end in list(self._open):
            end.close() if end.fileno() < 0 else end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """PostgreSQL is back."""
        self._up = True

    def close(self) -> None:
        """End for good."""
        self.cut()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._up:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        self._open.add(source)
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            self._open.discard(source)
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
            source.close()
