"""A shared folder on this machine, or mounted into it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from blocks.file_drop.folders import Entry, as_sentence, is_whole, taken, unfinished_name


class LocalFolder:
    """A `Folder` under a path."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def where(self) -> str:
        """The path."""
        return str(self._root)

    def names(self, sub: str) -> list[Entry]:
        """The whole files in a folder: no folders, no hidden and no unfinished ones."""
        with self._told(f"{sub}/"):
            paths = [path for path in (self._root / sub).iterdir() if is_whole(path.name)]
        return [entry for path in paths if (entry := _entry(path)) is not None]

    def read(self, sub: str, name: str) -> bytes:
        """A file's content."""
        with self._told(f"{sub}/{name}"):
            return (self._root / sub / name).read_bytes()

    def write(self, sub: str, name: str, content: bytes) -> None:
        """Make a file appear whole, never over another one (Refused)."""
        half = self._root / sub / unfinished_name(name)
        with self._told(f"{sub}/{name}"):
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                self._rename(half, self._root / sub / name, f"{sub}/{name}")
            finally:
                half.unlink(missing_ok=True)

    def move(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Give a file, named by (folder, name), another place that is free (else Refused)."""
        with self._told("/".join(source)):
            self._rename(self._root.joinpath(*source), self._root.joinpath(*target), "/".join(target))

    def exists(self, sub: str, name: str = "") -> bool:
        """Whether a file, or without a name the folder itself, is there."""
        with self._told(f"{sub}/{name}"):
            return (self._root / sub / name).exists()

    def make(self, sub: str) -> None:
        """Create a folder when it is not there."""
        with self._told(f"{sub}/"):
            (self._root / sub).mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Nothing is held open."""

    def _rename(self, old: Path, new: Path, what: str) -> None:
        """Rename without replacing; a hard link first, because a rename on POSIX replaces in silence.

        What died between the link and the end of the old name is finished.
        """
        try:
            os.link(old, new)
        except FileExistsError:
            if not new.samefile(old):
                raise taken(self.where, what) from None
            old.unlink()
        except OSError:  # a disk without hard links
            if new.exists():
                raise taken(self.where, what) from None
            old.rename(new)
        else:
            _take_away(old, new)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise as_sentence(error, self.where, what) from error


def _take_away(old: Path, new: Path) -> None:
    """Remove the old of two names for one file, or the new one where the old may not be removed."""
    try:
        old.unlink()
    except OSError:
        new.unlink()
        raise


def _entry(path: Path) -> Entry | None:
    """The file as listed; nothing when it is a folder or has just gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if not path.is_file():
        return None
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return Entry(name=path.name, size=status.st_size, modified=modified)
