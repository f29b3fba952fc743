"""Folders that a warehouse and Lockstep share: what is asked of one, wherever it is."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Protocol

from domain.errors import Refused, TryAgain

# What upload programs call a file until it is whole: ours, WinSCP, FileZilla, browsers.
_UNFINISHED = (".part", ".tmp", ".filepart", ".partial", ".crdownload")


class Missing(TryAgain):
    """A folder or file that was asked for is not there (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A whole file in a folder, as listed; `size` is -1 where the server does not tell."""

    name: str
    size: int
    modified: datetime


class Folder(Protocol):
    """A root with folders below it. Every method raises TryAgain, Missing or Refused with a sentence."""

    @property
    def where(self) -> str:
        """The place, for sentences; without a password."""

    def names(self, sub: str) -> list[Entry]:
        """The whole files in a folder: no folders, no hidden and no unfinished ones."""

    def read(self, sub: str, name: str) -> bytes:
        """A file's content."""

    def write(self, sub: str, name: str, content: bytes) -> None:
        """Make a file appear whole, never over another one (Refused)."""

    def move(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Give a file, named by (folder, name), another place that is free (else Refused)."""

    def exists(self, sub: str, name: str = "") -> bool:
        """Whether a file, or without a name the folder itself, is there."""

    def make(self, sub: str) -> None:
        """Create a folder when it is not there."""

    def close(self) -> None:
        """Give back what the folder holds open; it opens again when it is used."""


def is_whole(name: str) -> bool:
    """Whether a name says that the file is complete."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def unfinished_name(name: str) -> str:
    """What a file of ours is called until it is whole."""
    return f".{name}.part"


def numbered(name: str) -> Iterator[str]:
    """The name, then the name with 2, 3, ... before its ending."""
    yield name
    path = PurePosixPath(name)
    number = 2
    while True:
        yield f"{path.stem}.{number}{path.suffix}"
        number += 1


def as_sentence(error: OSError, where: str, what: str) -> TryAgain | Refused:
    """The error a person sees for what the operating system or the server said about `what`."""
    if error.errno == errno.ENOENT:
        return Missing(f"There is no {what} in the file drop {where}. Check the folder and its address.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        sentence = f"The file drop {where} denies Lockstep {what}. Let its account read, write and move."
        return Refused(sentence, code="permission")
    if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}:
        return Refused(f"In the file drop {where}, {what} cannot be used: {error.strerror}.", code="path")
    return TryAgain(f"The file drop {where} could not handle {what}: {error.strerror or error}.")


def taken(where: str, what: str) -> Refused:
    """The refusal to write over a file."""
    return Refused(f"The file drop {where} already has {what}; nothing is written over it.", code="exists")
