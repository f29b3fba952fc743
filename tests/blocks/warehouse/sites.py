"""The three warehouses that keep one contract, each with a hand on its far side."""

import os
from datetime import UTC, datetime
from pathlib import Path

from blocks.file_drop.door import FileDrop
from blocks.file_drop.folders import Folder
from blocks.file_drop.local_folder import LocalFolder
from blocks.file_drop.sftp_folder import SftpFolder
from blocks.file_drop.sftp_login import SftpLogin
from blocks.wire.file_drop.incoming import read_file
from domain.errors import TryAgain
from domain.recipient import Recipient
from domain.warehouse import DeliveryKind, FulfillmentOrder, ReleaseLine
from tests.blocks.warehouse.sftp_server import HOST_KEY, PASSWORD, USER, SftpServer, public
from tests.fakes.warehouse import FakeWarehouse
from tests.fakes.warehouse_desk import KeptDesk

SHIP_BY = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


def order(reference: str = "202-1234567-1234567-1", *, quantity: int = 1) -> FulfillmentOrder:
    return FulfillmentOrder(
        reference=reference,
        amazon_order_id=reference.rpartition("-")[0],
        release_no=int(reference.rpartition("-")[2]),
        ship_by=SHIP_BY,
        deliver_by=None,
        service="Standard",
        recipient=Recipient(
            name="Zoë Example", address_line_1="1 High Street,\nUpper Floor", city="Leeds", country="GB"
        ),
        lines=(ReleaseLine(line_ref="60001", sku="MUG-RED", quantity=quantity),),
    )


class FakeSite:
    """The warehouse in memory; its files are read by the same parser."""

    def __init__(self) -> None:
        self.desk = KeptDesk()
        self.door = FakeWarehouse(desk=self.desk)

    def put(self, name: str, content: str, *, minute: int = 0) -> None:
        kind = DeliveryKind(name.partition("-")[0])
        reading = read_file(kind, name, content.encode(), written_at=_at(minute))
        self.door.deliver(kind, reading.delivery)

    def received(self) -> list[str]:
        return sorted([*(f"orders-{name}.csv" for name in self.door.batches)])

    def canceled(self) -> list[str]:
        return sorted(f"cancel-{name}.csv" for name in self.door.cancels)

    def go_away(self) -> None:
        self.door.unreachable = 1_000

    def come_back(self) -> None:
        self.door.unreachable = 0

    def lose_next_answer(self) -> None:
        self.door.lose_answers = 1

    def end(self) -> None:
        pass


class DropSite:
    """A file drop in a folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root / "drop"
        self.root.mkdir()
        self.desk = KeptDesk()
        self.folder = self._folder()
        self.door = self.door_with()
        self.door.prepare()

    def _folder(self) -> Folder:
        return _LosingFolder(self.root)

    def door_with(self, *, encoding: str = "utf-8", settle: float = 0.0) -> FileDrop:
        return FileDrop(
            connection="main", folder=self.folder, desk=self.desk, encoding=encoding, settle=settle
        )

    def put(self, name: str, content: str | bytes, *, minute: int = 0) -> Path:
        path = self.root / "out" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (_at(minute).timestamp(),) * 2)
        return path

    def names(self, sub: str) -> list[str]:
        return sorted(path.name for path in (self.root / sub).iterdir() if path.is_file())

    def received(self) -> list[str]:
        return [name for name in self.names("in") if name.startswith("orders-")]

    def canceled(self) -> list[str]:
        return [name for name in self.names("in") if name.startswith("cancel-")]

    def go_away(self) -> None:
        self.root.rename(self.root.with_name("away"))

    def come_back(self) -> None:
        self.root.with_name("away").rename(self.root)

    def lose_next_answer(self) -> None:
        self.folder.loses = True

    def make_out_read_only(self) -> None:
        """Also for root, whom no permission stops: the archive is a file and cannot hold anything."""
        (self.root / "out/archive").rmdir()
        (self.root / "out/archive").write_bytes(b"")

    def end(self) -> None:
        self.door.close()


class SftpSite(DropSite):
    """The same file drop behind a real SFTP server."""

    def __init__(self, root: Path) -> None:
        self.server = SftpServer(root)
        self.server.start()
        super().__init__(root)

    def _folder(self) -> Folder:
        return SftpFolder(self.login(), "/drop")

    def login(
        self, *, password: str = PASSWORD, private_key: str = "", host_key: str | None = None
    ) -> SftpLogin:
        return SftpLogin(
            host="127.0.0.1",
            port=self.server.port,
            user=USER,
            password=password,
            private_key=private_key,
            host_key=public(HOST_KEY) if host_key is None else host_key,
        )

    def go_away(self) -> None:
        self.server.stop()

    def come_back(self) -> None:
        self.server.start()

    def lose_next_answer(self) -> None:
        self.server.hang_up_in_rename = True

    def make_out_read_only(self) -> None:
        self.server.read_only = True

    def end(self) -> None:
        super().end()
        self.server.end()


class _LosingFolder(LocalFolder):
    """A folder whose answer to a finished write can be lost, as on a network share."""

    loses = False

    def write(self, sub: str, name: str, content: bytes) -> None:
        super().write(sub, name, content)
        if self.loses:
            self.loses = False
            raise TryAgain("The answer was lost.", maybe_done=True)


def _at(minute: int) -> datetime:
    return datetime(2026, 11, 27, 9, minute, tzinfo=UTC)
