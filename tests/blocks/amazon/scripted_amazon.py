"""An Amazon that says exactly what a test wrote down, over a real loopback socket."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from blocks.seller_account import SellerAccount

TOKEN_PATH = "/auth/o2/token"


@dataclass(kw_only=True)
class Reply:
    """What to answer; `act` is "", "hang", "reset" or "cut" (fewer bytes than announced)."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    act: str = ""


def told(payload: object, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; header names are written with underscores."""
    return Reply(
        status=status,
        body=json.dumps(payload).encode(),
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


def errors(status: int, code: str = "InvalidInput", message: str = "Something.", details: str = "") -> Reply:
    """A refusal in Amazon's form."""
    return told({"errors": [{"code": code, "message": message, "details": details}]}, status)


class ScriptedAmazon(ThreadingHTTPServer):
    """Answers every call by `script`, and the token path by `login`; keeps what was asked."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, script: Callable[[Any], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.login: Callable[[Any], Reply] = lambda asked: told(
            {"access_token": "Atza|1", "expires_in": 3600}
        )
        self.asked: list[Any] = []
        self.logins: list[Any] = []
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves early is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedAmazon

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        asked = SimpleNamespace(
            method=self.command, path=parts.path, query=parts.query, headers=self.headers, body=body
        )
        is_login = parts.path == TOKEN_PATH
        (self.server.logins if is_login else self.server.asked).append(asked)
        self._say((self.server.login if is_login else self.server.script)(asked))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815 - the base class calls them so

    def _say(self, reply: Reply) -> None:
        if reply.act == "hang":
            self.server.let_go.wait(10)
            self.close_connection = True
            return
        if reply.act == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Type", reply.kind)
            announced = len(reply.body) + (50 if reply.act == "cut" else 0)
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = self.close_connection or reply.act == "cut"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Tests keep quiet."""


@contextmanager
def scripted(script: Callable[[Any], Reply] | Reply) -> Iterator[ScriptedAmazon]:
    """A running scripted Amazon."""
    server = ScriptedAmazon(script if callable(script) else lambda asked: script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class FreeDesk:
    """A desk that admits everything after `wait` seconds and keeps what doors tell it."""

    wait: float = 0.0
    admitted: list[str] = field(default_factory=list)
    corrected: list[tuple[str, float]] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    records: list[tuple[str, str, str]] = field(default_factory=list)

    def left(self, operation: str) -> tuple[float, float]:
        return 100.0, 0.0

    def admit(self, operation: str, patience: float) -> float:
        if self.wait <= patience:
            self.admitted.append(operation)
        return self.wait

    def correct(self, operation: str, rate: float) -> None:
        self.corrected.append((operation, rate))

    def throttled(self, operation: str) -> None:
        self.emptied.append(operation)

    def record(self, operation: str, subject: str, outcome: str, milliseconds: int) -> None:
        assert milliseconds >= 0
        self.records.append((operation, subject, outcome))


def account(url: str, **settings: Any) -> SellerAccount:
    """A seller account whose Amazon and token service are at `url`; every one has its own credentials."""
    usual: dict[str, Any] = {
        "name": "main",
        "seller_id": "A1SELLER",
        "region": "NA",
        "endpoint": url,
        "token_url": url + TOKEN_PATH,
        "marketplaces": ["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"],
        "client_id": "amzn1.application-oa2-client.x",
        "client_secret": "secret-of-ours",
        "refresh_token": f"Atzr|{time.monotonic_ns()}",
        "patience": 0.2,
    }
    return SellerAccount(**{**usual, **settings})
