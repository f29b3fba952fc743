"""Where things are in a file drop: its folders, the names of its files, and how to look them up."""

import re
from collections.abc import Iterator

from blocks.file_drop.folders import Entry, Folder, Missing, numbered
from blocks.wire.file_drop.outgoing import mentions
from domain.errors import Refused
from domain.warehouse import DeliveryKind, Finding

IN, IN_ARCHIVE = "in", "in/archive"
OUT, OUT_ARCHIVE, OUT_SET_ASIDE = "out", "out/archive", "out/set-aside"
FOLDERS = (IN, IN_ARCHIVE, OUT, OUT_ARCHIVE, OUT_SET_ASIDE)

_OLD_ACKS_ASKED = 100  # the answer to a hand-over in doubt is among the newest


def is_of(kind: DeliveryKind, name: str) -> bool:
    """Whether a file's name says that it is of this kind; capital letters do not matter."""
    return name.lower().startswith(f"{kind}-") and name.lower().endswith(".csv")


def listed(folder: Folder, sub: str, kind: DeliveryKind) -> list[Entry]:
    """The files of a kind in a folder, oldest first."""
    entries = [entry for entry in folder.names(sub) if is_of(kind, entry.name)]
    return sorted(entries, key=lambda entry: (entry.modified, entry.name))


def handed_over(folder: Folder, sub: str, stem: str) -> list[bytes]:
    """The contents of one batch's file in a folder; the warehouse may have added to its name."""
    looks = re.compile(rf"(.*[^A-Za-z0-9])?{re.escape(stem)}\.([A-Za-z0-9_.-]*\.)?csv(\..*)?", re.ASCII)
    names = [entry.name for entry in folder.names(sub) if looks.fullmatch(entry.name)]
    return [folder.read(sub, name) for name in names]


def handed_over_before(folder: Folder, stem: str) -> list[bytes]:
    """The contents of one batch's file in the warehouse's archive; none where there is no archive to see."""
    try:
        return handed_over(folder, IN_ARCHIVE, stem)
    except (Missing, Refused):
        return []


def finding_of(folder: Folder, stem: str, reference: str) -> Finding:
    """Whether the batch's file, or any word of the warehouse, names the reference.

    Raises:
        TryAgain: the folder could not be reached.
    """
    certain = True
    for sub in (IN, IN_ARCHIVE):  # in the order a file moves, so that none slips by
        try:
            contents = handed_over(folder, sub, stem)
        except (Missing, Refused):
            certain = False
            continue
        if any(mentions(content, reference) for content in contents):
            return Finding.FOUND
    if any(mentions(content, reference) for content in _acks(folder)):
        return Finding.FOUND
    return Finding.ABSENT if certain else Finding.UNKNOWN


def free_name(folder: Folder, sub: str, name: str) -> str:
    """The name, or the name with a number, that neither a file nor the reason of one has there."""
    if not folder.exists(sub, name) and not folder.exists(sub, f"{name}.error.txt"):
        return name
    used = {entry.name for entry in folder.names(sub)}
    return next(free for free in numbered(name) if not used & {free, f"{free}.error.txt"})


def _acks(folder: Folder) -> Iterator[bytes]:
    for sub in (OUT, OUT_ARCHIVE):
        try:
            entries = listed(folder, sub, DeliveryKind.CHANGES)
        except (Missing, Refused):
            continue
        for entry in reversed(entries[-_OLD_ACKS_ASKED:]):
            try:
                yield folder.read(sub, entry.name)
            except (Missing, Refused):
                continue
