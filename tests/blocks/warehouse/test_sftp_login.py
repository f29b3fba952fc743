"""Reaching a real SFTP server, and what is said when it does not let us in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.file_drop.sftp_folder import SftpFolder
from domain.errors import Refused, TryAgain
from domain.warehouse import DeliveryKind
from tests.blocks.warehouse.sftp_server import CLIENT_KEY, HOST_KEY, OTHER_HOST_KEY, public
from tests.blocks.warehouse.sites import SftpSite, order


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SftpSite]:
    made = SftpSite(tmp_path)
    yield made
    made.end()


def names(site: SftpSite, **login: str) -> list[str]:
    folder = SftpFolder(site.login(**login), "/drop")
    try:
        return [entry.name for entry in folder.names("in")]
    finally:
        folder.close()


def test_without_host_key_nothing_is_sent_and_the_fingerprint_is_shown(site):
    """Without a host key the server is not trusted, and the sentence shows what to confirm and where to put it."""
    with pytest.raises(Refused) as refused:
        names(site, host_key="")
    assert HOST_KEY.get_fingerprint() in str(refused.value).replace("SHA256: ", "SHA256:")
    assert f'host_key = "{" ".join(public(HOST_KEY).split()[:2])}"' in str(refused.value)
    assert "lockstep.toml" in str(refused.value)


def test_other_host_key_is_refused(site):
    """A server with another key than the one set is refused before the password is sent."""
    with pytest.raises(Refused, match="another host key") as refused:
        names(site, host_key=public(OTHER_HOST_KEY), password="not sent")
    assert refused.value.code == "host-key"


def test_fingerprint_and_every_key_type_can_be_pinned(site):
    """The host key may be set as a fingerprint, and as any of the server's keys."""
    site.folder.close()
    site.server.stop()
    site.server.host_keys = [HOST_KEY, OTHER_HOST_KEY]
    site.server.start()
    assert names(site, host_key=HOST_KEY.get_fingerprint()) == []
    assert names(site, host_key=public(OTHER_HOST_KEY)) == []
    assert names(site, host_key=public(HOST_KEY)) == []


@pytest.mark.parametrize("password", ["wrong", ""])
def test_wrong_password_is_refused_and_not_repeated_back(site, password):
    """A login that is not accepted is refused with the user's name and without any secret."""
    with pytest.raises(Refused, match='does not let in the user "lockstep"') as refused:
        names(site, password=password)
    assert "wrong" not in str(refused.value)


def test_private_key_lets_in(site):
    """A private key, plain or with a passphrase, is accepted in place of a password."""
    plain = CLIENT_KEY.export_private_key().decode()
    locked = CLIENT_KEY.export_private_key(passphrase="s3cret").decode()
    assert names(site, password="", private_key=plain) == []
    assert names(site, password="s3cret", private_key=locked) == []
    with pytest.raises(Refused, match="cannot be read") as refused:
        names(site, password="", private_key=locked[:100])
    assert locked[40:90] not in str(refused.value)


def test_server_away_and_back(site):
    """A server that is away is try again in a plain sentence; the same door works when it is back."""
    site.door.check()
    site.server.stop()
    with pytest.raises(TryAgain, match=r"SFTP server 127\.0\.0\.1"):
        site.door.release("B1", [order()])
    with pytest.raises(TryAgain, match="cannot be reached"):
        site.door.fetch(DeliveryKind.STOCK)
    site.server.start()
    site.door.release("B1", [order()])
    assert site.received() == ["orders-B1.csv"]


def test_unknown_host_is_try_again(site):
    """A host name that nobody knows is try again, with the name in the sentence."""
    login = site.login()
    folder = SftpFolder(type(login)(host="warehouse.invalid", port=22, user="u", host_key="x"), "")
    with pytest.raises(TryAgain, match=r"warehouse\.invalid:22 cannot be reached"):
        folder.names("in")


def test_secrets_are_in_no_repr(site):
    """A login can be printed without giving away its secrets."""
    login = site.login(private_key="PRIVATE")
    assert "correct horse" not in repr(login)
    assert "PRIVATE" not in repr(login)


def test_server_without_plain_rename(site):
    """Where a server cannot rename the plain way, the POSIX way is used and still writes over nothing."""
    site.server.plain_rename_works = False
    site.door.release("B1", [order()])
    assert site.received() == ["orders-B1.csv"]
    with pytest.raises(Refused, match="already has"):
        site.folder.write("in", "orders-B1.csv", b"other")


@pytest.mark.parametrize("path", ["drop", "/~/drop"])
def test_path_below_the_login_folder(site, path):
    """A path can be given below the folder one logs in to."""
    folder = SftpFolder(site.login(), path)
    folder.make("out/extra/deep")
    assert folder.exists("out/extra", "deep")
    folder.close()
