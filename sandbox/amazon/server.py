"""The simulated Amazon on a real socket: uvicorn in a thread, on the loopback address."""

import asyncio
import json
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.amazon.answers import JSON, Answer
from sandbox.amazon.desk import TOKEN_PATH, Incoming, answer
from sandbox.amazon.world import AmazonWorld

Peer = tuple[str, int]
Control = Callable[[dict[str, Any]], object]


class AmazonServer:
    """Serves a world over HTTP; a context manager.

    Args:
        world: the simulated Amazon.
        port: 0 for any free one.
    """

    def __init__(self, world: AmazonWorld, port: int = 0) -> None:
        self.world = world
        self.controls: dict[str, Control] = {}
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._open: dict[Peer, asyncio.Transport] = {}
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=_protocol(self._open),
                interface="asgi3",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="sandbox-amazon", daemon=True)

    @property
    def endpoint(self) -> str:
        """The base address of all operations."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token_url(self) -> str:
        """The address of Login with Amazon."""
        return self.endpoint + TOKEN_PATH

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begins to serve; returns when the first request would be answered."""
        self._thread.start()
        end = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > end or not self._thread.is_alive():
                raise RuntimeError("The simulated Amazon did not start within 10 seconds.")
            time.sleep(0.005)

    def stop(self) -> None:
        """Ends serving, and every hanging answer with it."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        incoming = await _read(scope, receive, self.endpoint)
        if incoming.path.startswith("/_sandbox/"):
            await _send(send, self._control(incoming))
            return
        told, silent = answer(self.world, incoming)
        if silent:
            await self._stay_silent(scope["client"], receive, hang=silent.startswith("hang"))
            return
        await _send(send, told)

    async def _stay_silent(self, peer: Peer, receive: Any, *, hang: bool) -> None:  # noqa: ANN401 - ASGI's own
        """No answer: a reset at once, or after hanging as long as the world says or the client stays."""
        if hang:
            end = time.monotonic() + self.world.hang_seconds
            gone = asyncio.ensure_future(receive())
            while time.monotonic() < end and not gone.done() and not self._server.should_exit:
                await asyncio.wait({gone}, timeout=0.05)
            gone.cancel()
        transport = self._open.get(peer)
        if transport is not None:
            _reset(transport)
            await asyncio.sleep(0.01)  # lets uvicorn notice, so that it does not complain of a missing answer

    def _control(self, incoming: Incoming) -> Answer:
        control = self.controls.get(incoming.path.removeprefix("/_sandbox/"))
        if control is None:
            return Answer(status=404, body=b'{"message":"no such control"}')
        try:
            told = control(json.loads(incoming.body or b"{}"))
        except (ValueError, KeyError, TypeError) as error:
            return Answer(status=400, body=json.dumps({"message": str(error)}).encode())
        return Answer(body=json.dumps(told).encode())


def _bound(port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


def _protocol(connections: dict[Peer, asyncio.Transport]) -> type[asyncio.Protocol]:
    """An HTTP protocol that remembers its transports, so that a connection can be reset."""

    class Remembering(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[transport.get_extra_info("peername")] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            connections.pop(self.transport.get_extra_info("peername"), None)

    return Remembering


def _reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _read(scope: Any, receive: Any, endpoint: str) -> Incoming:  # noqa: ANN401 - ASGI's own types
    headers = dict(scope["headers"])
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return Incoming(
        method=scope["method"],
        path=scope["raw_path"].decode("ascii", "replace"),
        query=scope["query_string"].decode("ascii", "replace"),
        token=headers.get(b"x-amz-access-token", b"").decode("latin-1"),
        content_type=headers.get(b"content-type", b"").decode("latin-1"),
        body=body,
        endpoint=endpoint,
        request_id=str(uuid.uuid4()),
    )


async def _send(send: Any, told: Answer) -> None:  # noqa: ANN401 - ASGI's own types
    headers = [(name.encode(), value.encode()) for name, value in told.headers]
    if told.status != 204:
        headers.append((b"content-length", str(len(told.body)).encode()))
        headers.append((b"content-type", (told.content_type or JSON).encode()))
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": told.body})
