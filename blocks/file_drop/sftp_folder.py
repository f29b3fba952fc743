"""A shared folder on an SFTP server, over one connection that opens itself again."""

import io
import stat
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from paramiko import SFTPAttributes, SFTPClient, SSHException, Transport

from blocks.file_drop.folders import Entry, as_sentence, is_whole, taken, unfinished_name
from blocks.file_drop.sftp_login import SftpLogin, connected
from domain.errors import Refused, TryAgain


class SftpFolder:
    """A `Folder` below a path of an SFTP server, for several threads and one call at a time.

    No path is the folder one logs in to, and `/~/x` is x below it.
    """

    def __init__(self, login: SftpLogin, path: str) -> None:
        self._login = login
        self._path = path.rstrip("/")
        self._root = self._path.removeprefix("/~").lstrip("/") if path.startswith("/~") else self._path
        self._held: list[tuple[Transport, SFTPClient]] = []  # the open connection, if any
        self._lock = threading.RLock()
        weakref.finalize(self, _let_go, self._held)

    @property
    def where(self) -> str:
        """The server and the path."""
        return f"sftp://{self._login.where}{self._path}"

    def names(self, sub: str) -> list[Entry]:
        """The whole files in a folder: no folders, no hidden and no unfinished ones."""
        with self._session(f"{sub}/") as sftp:
            listed = sftp.listdir_attr(self._at(sub))
        return [_entry(file) for file in listed if is_whole(file.filename) and _is_file(file)]

    def read(self, sub: str, name: str) -> bytes:
        """A file's content."""
        with self._session(f"{sub}/{name}") as sftp, sftp.open(self._at(sub, name), "rb") as file:
            return file.read()

    def write(self, sub: str, name: str, content: bytes) -> None:
        """Make a file appear whole, never over another one (Refused).

        Before the last step, the rename, a lost connection has done nothing; in it, TryAgain says maybe.
        """
        half = self._at(sub, unfinished_name(name))
        with self._session(f"{sub}/{name}") as sftp:
            sftp.putfo(io.BytesIO(content), half, confirm=True)
        try:
            self._rename(half, self._at(sub, name), f"{sub}/{name}")
        except Refused:
            with self._session(f"{sub}/{name}") as sftp:
                sftp.remove(half)
            raise

    def move(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Give a file, named by (folder, name), another place that is free (else Refused)."""
        self._rename(self._at(*source), self._at(*target), "/".join(target))

    def exists(self, sub: str, name: str = "") -> bool:
        """Whether a file, or without a name the folder itself, is there."""
        with self._session(f"{sub}/{name}") as sftp:
            return _there(sftp, self._at(sub, name))

    def make(self, sub: str) -> None:
        """Create a folder when it is not there."""
        with self._session(f"{sub}/") as sftp:
            parts = sub.split("/")
            for path in (self._root, *(self._at("/".join(parts[: n + 1])) for n in range(len(parts)))):
                if path and not _there(sftp, path):
                    sftp.mkdir(path)

    def close(self) -> None:
        """Close the connection; the next call opens another one."""
        with self._lock:
            _let_go(self._held)

    def _at(self, sub: str, name: str = "") -> str:
        return "/".join(part for part in (self._root, sub, name) if part)

    def _rename(self, old: str, new: str, what: str) -> None:
        """Rename without replacing.

        The plain rename of SFTP fails where the new name exists; `posix-rename@openssh.com` replaces in
        silence, and is used only by servers that cannot do the plain one.
        """
        with self._session(what, maybe_done=True) as sftp:
            if _there(sftp, new):
                raise taken(self.where, what)
            try:
                sftp.rename(old, new)
            except (FileNotFoundError, PermissionError):
                raise
            except OSError as error:
                if error.errno is not None or not _alive(self._held):
                    raise
                if _there(sftp, new):
                    raise taken(self.where, what) from None
                sftp.posix_rename(old, new)

    @contextmanager
    def _session(self, what: str, *, maybe_done: bool = False) -> Iterator[SFTPClient]:
        """The open connection for one call; what goes wrong in it is told as a sentence."""
        with self._lock:
            if not _alive(self._held):
                _let_go(self._held)
                self._held.append(connected(self._login))
            try:
                yield self._held[0][1]
            except (TryAgain, Refused):
                raise
            except (SSHException, EOFError, TimeoutError) as error:
                raise self._broken(what, maybe_done=maybe_done) from error
            except OSError as error:
                if not _alive(self._held):
                    raise self._broken(what, maybe_done=maybe_done) from error
                raise as_sentence(error, self.where, what) from error

    def _broken(self, what: str, *, maybe_done: bool) -> TryAgain:
        self.close()
        return TryAgain(
            f"The connection to the SFTP server {self._login.where} broke at {what}.", maybe_done=maybe_done
        )


def _let_go(held: list[tuple[Transport, SFTPClient]]) -> None:
    while held:
        transport, client = held.pop()
        with suppress(SSHException, EOFError, OSError):
            client.close()
        transport.close()


def _alive(held: list[tuple[Transport, SFTPClient]]) -> bool:
    if not held:
        return False
    transport, client = held[0]
    channel = client.get_channel()
    return transport.is_active() and channel is not None and not channel.closed


def _there(sftp: SFTPClient, path: str) -> bool:
    try:
        sftp.stat(path)
    except FileNotFoundError:
        return False
    return True


def _is_file(file: SFTPAttributes) -> bool:
    return file.st_mode is None or stat.S_ISREG(file.st_mode) or stat.S_IFMT(file.st_mode) == 0


def _entry(file: SFTPAttributes) -> Entry:
    size = -1 if file.st_size is None else file.st_size
    return Entry(name=file.filename, size=size, modified=datetime.fromtimestamp(file.st_mtime or 0, UTC))
