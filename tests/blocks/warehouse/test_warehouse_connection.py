"""The block that holds a warehouse's address and credentials."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from blocks.warehouse_connection import WarehouseConnection
from tests.blocks.warehouse.sftp_server import HOST_KEY, PASSWORD, USER, public
from tests.blocks.warehouse.sites import SftpSite, order
from tests.fakes.warehouse_desk import KeptDesk


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SftpSite]:
    made = SftpSite(tmp_path)
    yield made
    made.end()


def test_opens_a_local_folder(tmp_path):
    """A folder on this machine becomes a door that can be used at once."""
    door = WarehouseConnection(name="main", url=str(tmp_path)).open(KeptDesk())
    door.prepare()
    door.release("B1", [order()])
    assert (tmp_path / "in/orders-B1.csv").is_file()
    assert door.connection == "main"


def test_opens_an_sftp_server(site):
    """An SFTP address with its password inside becomes a door to that server."""
    url = f"sftp://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{site.server.port}/drop"
    block = WarehouseConnection(name="main", url=url, host_key=public(HOST_KEY))
    door = block.open(KeptDesk())
    assert "answers" in door.check()
    door.close()


def test_password_in_the_url_becomes_a_secret():
    """A password written into the address is kept as a secret and shown nowhere."""
    block = WarehouseConnection(name="main", url="sftp://me:p%40ss@host:2222/lockstep")
    assert block.url == "sftp://me@host:2222/lockstep"
    assert block.password is not None
    assert block.password.get_secret_value() == "p@ss"
    assert "p@ss" not in repr(block)
    assert "p%40ss" not in repr(block)


def test_relative_folder_becomes_absolute(tmp_path):
    """A relative folder is settled once, because flows run elsewhere."""
    block = WarehouseConnection(name="main", url=os.path.relpath(tmp_path))
    assert block.url == str(tmp_path)
    assert WarehouseConnection(name="main", url=tmp_path.as_uri()).url == str(tmp_path)


@pytest.mark.parametrize(
    "setting",
    [
        {"url": "ftp://me@host/x"},
        {"url": "sftp://host/x"},
        {"url": "sftp://me@host:ssh/x"},
        {"url": "/tmp/x", "encoding": "klingon"},
        {"url": "/tmp/x", "adapter": "telex"},
    ],
)
def test_unusable_setting_is_refused(setting):
    """An address, encoding or adapter that cannot work is refused when it is set."""
    with pytest.raises(ValidationError):
        WarehouseConnection(name="main", **setting)
