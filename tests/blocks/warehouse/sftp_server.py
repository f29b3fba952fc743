"""A real SFTP server on a free port, in a thread, that sees nothing above its folder."""

import asyncio
import threading
from concurrent.futures import Future
from pathlib import Path

import asyncssh

USER, PASSWORD = "lockstep", "correct horse"
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER_HOST_KEY = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
CLIENT_KEY = asyncssh.generate_private_key("ssh-ed25519")


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


class SftpServer:
    """The warehouse's server. The switches make it misbehave from the next request on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self.read_only = False  # nothing under out/ may be renamed, written or made
        self.hang_up_in_rename = False  # once: the rename happens, the connection ends before the answer
        self.plain_rename_works = True
        self.host_keys = [HOST_KEY]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: list[asyncssh.SSHServerConnection] = []

    def start(self) -> None:
        self._run(self._listen())

    def stop(self) -> None:
        self._run(self._hang_up())

    def end(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, coroutine: object) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.result(10)

    async def _listen(self) -> None:
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_host_keys=self.host_keys,
            server_factory=lambda: _Gate(self),
            sftp_factory=lambda channel: _Files(channel, self),
            reuse_address=True,
        )
        self.port = self._acceptor.get_port()

    async def _hang_up(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None
        while self._connections:
            connection = self._connections.pop()
            connection.abort()
            await connection.wait_closed()


class _Gate(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server._connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == CLIENT_KEY.convert_to_public()


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel, server: SftpServer) -> None:
        super().__init__(channel, chroot=str(server.root))
        self._server = server

    def rename(self, oldpath: bytes, newpath: bytes) -> object:
        self._guard(oldpath, newpath)
        if not self._server.plain_rename_works:
            raise asyncssh.SFTPFailure("Operation failed")
        done = super().rename(oldpath, newpath)
        if self._server.hang_up_in_rename:
            self._server.hang_up_in_rename = False
            self.channel.get_connection().abort()
        return done

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> object:
        self._guard(path)
        return super().mkdir(path, attrs)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & asyncssh.FXF_WRITE:
            self._guard(path)
        return super().open(path, pflags, attrs)

    def _guard(self, *paths: bytes) -> None:
        if self._server.read_only and any(b"/out/" in path for path in paths):
            raise asyncssh.SFTPPermissionDenied("Permission denied")
