"""A Prefect server that somebody else runs is used as ours would be."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deployments.settings import LedgerSettings, Settings
from deployments.stack import answering_prefect
from domain.errors import TryAgain


class _Healthy(BaseHTTPRequestHandler):
    """A server that only says that it is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


@pytest.fixture
def api_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Healthy)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def test_runs_on_a_given_server_give_signs_of_life(
    api_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run on somebody else's server sends the heartbeats that the rule for dead runs waits for."""
    monkeypatch.setenv("PREFECT_API_URL", api_url)
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    settings = Settings(ledger=LedgerSettings(data_dir=tmp_path))
    expected = {"PREFECT_API_URL": api_url, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    assert answering_prefect(settings) == expected
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "jo:secret")
    assert answering_prefect(settings) == {**expected, "PREFECT_API_AUTH_STRING": "jo:secret"}
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    with pytest.raises(TryAgain, match="does not answer"):
        answering_prefect(settings)
