"""What is refused before anything starts."""

from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from deployments.channels import install_channels
from deployments.embedded.prefect_server import PrefectServer
from domain.errors import Refused


def test_an_open_server_is_refused(tmp_path: Path) -> None:
    """A server that others can reach needs a password; one on this machine does not."""
    for host in ("0.0.0.0", "192.0.2.1", "::", "shop.example"):
        with pytest.raises(Refused, match="without a password"):
            PrefectServer("postgresql+psycopg2://db/x", tmp_path, host=host)
    for host in ("127.0.0.1", "localhost", "::1"):
        PrefectServer("postgresql+psycopg2://db/x", tmp_path, host=host)
    PrefectServer("postgresql+psycopg2://db/x", tmp_path, host="0.0.0.0", auth="a:b")


@pytest.mark.parametrize(
    ("people", "word"),
    [
        ({"marketing": "https://hooks.slack.com/x"}, "no team marketing"),
        ({"finance": "http://example.com"}, "https"),
    ],
)
def test_a_wrong_channel_is_refused(people: dict[str, str], word: str) -> None:
    """A team that does not exist, or a webhook without TLS to another machine, is refused by name."""
    nowhere = SyncPrefectClient("http://127.0.0.1:1/api")
    with pytest.raises(Refused, match=word):
        install_channels(nowhere, people)
