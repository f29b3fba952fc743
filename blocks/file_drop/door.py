"""The file drop: a warehouse that is told by CSV files in a folder, and tells by files in another."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from blocks.file_drop.folders import Entry, Folder, Missing
from blocks.file_drop.layout import (
    FOLDERS,
    IN,
    IN_ARCHIVE,
    OUT,
    OUT_ARCHIVE,
    OUT_SET_ASIDE,
    finding_of,
    free_name,
    handed_over,
    handed_over_before,
    is_of,
    listed,
)
from blocks.wire.file_drop.incoming import Reading, content_key, read_file
from blocks.wire.file_drop.outgoing import cancel_csv, orders_csv
from domain.errors import Refused, TryAgain
from domain.ports import CallDesk
from domain.warehouse import (
    CancelRequest,
    Delivery,
    DeliveryKind,
    Finding,
    FulfillmentOrder,
    ReleaseAnswer,
    ReleaseResult,
)

_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_FILES_PER_FETCH = 200  # keeps a long backlog from filling memory; the rest comes with the next fetch


@dataclass(slots=True)
class _Call:
    """What is reported about a call; the outcome is filled in while it runs."""

    subject: str
    outcome: str = "failed"


class FileDrop:
    """A `WarehouseDoor` over a folder shared with the warehouse (docs/file-drop.md)."""

    def __init__(
        self,
        *,
        connection: str,
        folder: Folder,
        desk: CallDesk,
        encoding: str = "utf-8",
        settle: float = 0.5,
    ) -> None:
        """A door; nothing is opened yet.

        Args:
            connection: The connection's name in lockstep.toml.
            folder: The shared folder.
            desk: Where every call is reported.
            encoding: Of the warehouse's files; ours are always UTF-8.
            settle: Seconds between two looks at the same files; one that changed is still being written.
        """
        self._connection = connection
        self._folder = folder
        self._desk = desk
        self._encoding = encoding
        self._settle = settle

    @property
    def connection(self) -> str:
        """The connection's name in lockstep.toml."""
        return self._connection

    def release(self, batch: str, orders: Sequence[FulfillmentOrder]) -> tuple[ReleaseAnswer, ...]:
        """Write `in/orders-<batch>.csv`; the same orders under the same batch again write nothing.

        Raises:
            TryAgain: the folder could not be reached; `maybe_done` when the file may be there.
            Refused: another content was handed over under this batch, or writing is not allowed.
            ValueError: the batch cannot be part of a file name.
        """
        if orders:
            self._hand_over("release", f"orders-{batch}", orders_csv(orders), batch)
        return tuple(
            ReleaseAnswer(reference=order.reference, result=ReleaseResult.SUBMITTED) for order in orders
        )

    def request_cancel(self, batch: str, requests: Sequence[CancelRequest]) -> None:
        """Write `in/cancel-<batch>.csv`; the same again writes nothing. Raises as `release` does."""
        if requests:
            self._hand_over("cancel", f"cancel-{batch}", cancel_csv(requests), batch)

    def find(self, batch: str, reference: str) -> Finding:
        """Whether the batch's file, or any word of the warehouse, names this reference.

        ABSENT needs both folders where the file can be: a warehouse that deletes instead of archiving,
        or keeps no `in/archive`, leaves the question open.
        """
        with self._call("find", reference) as call:
            finding = finding_of(self._folder, f"orders-{batch}", reference)
            call.outcome = finding.value.lower()
        return finding

    def fetch(self, kind: DeliveryKind) -> tuple[Delivery, ...]:
        """The whole files `out/<kind>-*.csv`, oldest first; those still being written come next time."""
        operation = f"fetch-{kind}"
        with self._call(operation, f"{kind}-*.csv") as call:
            contents = self._contents(kind)
            call.outcome = f"{len(contents)} files" if contents else "nothing new"
        return tuple(self._understood(operation, kind, entry, content) for entry, content in contents)

    def acknowledge(self, delivery: Delivery) -> None:
        """Move a file to `out/archive`, or a faulty one to `out/set-aside` with its reason beside it.

        A file that is gone was acknowledged before; one whose bytes are others now is a new message and
        stays.
        """
        with self._call("acknowledge", delivery.name) as call:
            try:
                content = self._folder.read(OUT, delivery.name)
            except Missing:
                call.outcome = "already gone"
                return
            if content_key(delivery.name, content) != delivery.key:
                call.outcome = "changed since"
                return
            self._put_away(delivery)
            call.outcome = "set aside" if delivery.fault else "archived"

    def check(self) -> str:
        """Reach the folder and say what waits in it; changes nothing. Raises as `release` does."""
        with self._call("check", self._folder.where) as call:
            waiting, arrived = len(self._folder.names(IN)), self._folder.names(OUT)
            strange = [
                entry for entry in arrived if not any(is_of(kind, entry.name) for kind in DeliveryKind)
            ]
            told = f"{waiting} files wait for the warehouse in in/ and {len(arrived)} for Lockstep in out/"
            notes = [f"no {sub}/" for sub in (IN_ARCHIVE, OUT_ARCHIVE) if not self._folder.exists(sub)]
            notes += [f"{len(strange)} files in out/ with a name Lockstep does not read"] if strange else []
            call.outcome = "reached"
        remark = f"; to mend: {', '.join(notes)}" if notes else ""
        return f"The file drop {self._folder.where} answers: {told}{remark}."

    def prepare(self) -> None:
        """Create the folders of the file drop where they are missing."""
        with self._call("prepare", self._folder.where) as call:
            for sub in FOLDERS:
                self._folder.make(sub)
            call.outcome = "ready"

    def close(self) -> None:
        """Give back the connection; the door opens it again when it is used."""
        self._folder.close()

    def _hand_over(self, operation: str, stem: str, content: bytes, batch: str) -> None:
        if not _BATCH.fullmatch(batch):
            raise ValueError(f"The batch {batch!r} cannot be part of a file name.")
        name = f"{stem}.csv"
        with self._call(operation, name) as call:
            before = handed_over(self._folder, IN, stem) + handed_over_before(self._folder, stem)
            if content in before:
                call.outcome = "already there"
                return
            if before:
                raise Refused(
                    f"The file drop {self._folder.where} was given {name} before, with another content; "
                    "it was not written again. Hand these orders over under a new batch.",
                    code="batch",
                )
            self._folder.write(IN, name, content)
            call.outcome = "written"

    def _contents(self, kind: DeliveryKind) -> list[tuple[Entry, bytes]]:
        """The files of a kind that are whole, with their bytes."""
        entries = listed(self._folder, OUT, kind)[:_FILES_PER_FETCH]
        if not entries:
            return []
        contents = [(entry, self._folder.read(OUT, entry.name)) for entry in entries]
        time.sleep(self._settle)
        still = set(listed(self._folder, OUT, kind))
        return [pair for pair in contents if pair[0] in still and pair[0].size in {-1, len(pair[1])}]

    def _understood(self, operation: str, kind: DeliveryKind, entry: Entry, content: bytes) -> Delivery:
        with self._call(operation, entry.name) as call:
            reading = read_file(kind, entry.name, content, written_at=entry.modified, encoding=self._encoding)
            call.outcome = _outcome(reading)
        return reading.delivery

    def _put_away(self, delivery: Delivery) -> None:
        target = OUT_SET_ASIDE if delivery.fault else OUT_ARCHIVE
        source = (OUT, delivery.name)
        self._folder.make(target)
        if delivery.fault:  # the reason first: a file that is set aside always has one beside it
            name = free_name(self._folder, target, delivery.name)
            self._folder.write(target, f"{name}.error.txt", f"{delivery.fault}\n".encode())
            self._folder.move(source, (target, name))
            return
        try:  # its own name first: a process may have died halfway through just this move
            self._folder.move(source, (target, delivery.name))
        except Refused as error:
            if error.code != "exists":
                raise
            self._folder.move(source, (target, free_name(self._folder, target, delivery.name)))

    @contextmanager
    def _call(self, operation: str, subject: str) -> Iterator[_Call]:
        """One call to the warehouse, reported to the desk however it ends."""
        call = _Call(subject)
        started = time.monotonic()
        try:
            yield call
        except TryAgain:
            call.outcome = "unreachable"
            raise
        except Refused:
            call.outcome = "refused"
            raise
        finally:
            took = int((time.monotonic() - started) * 1000)
            self._desk.record(operation, call.subject, call.outcome, took)


def _outcome(reading: Reading) -> str:
    if reading.delivery.fault:
        return "faulty"
    return f"read, {reading.repeated} repeated rows" if reading.repeated else "read"
