"""`lockstep import` and `lockstep export`: the seller's maps and buffers as CSV. Needs no Prefect."""

import sys
from pathlib import Path

from deployments.config import find_config, load
from deployments.ledger_place import open_ledger
from deployments.maps_csv import export_map, import_map
from domain.errors import Refused
from ledger.register import clock

_LEDGER = {"ledger"}


def import_file(kind: str, file: Path, author: str, config: Path | None) -> None:
    """Put a CSV file's rows in force."""
    settings = load(find_config(config), needed=_LEDGER)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}. Nothing was imported.") from None
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        rows, changed = import_map(conn, kind, (file.name, content), author, clock(conn))
    _say(f"{file.name}: {rows} {kind} rows read, {changed} changed; in force now.")


def export_file(kind: str, file: Path | None, config: Path | None) -> None:
    """The rows in force as CSV, to a file or to the terminal."""
    settings = load(find_config(config), needed=_LEDGER)
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        text = export_map(conn, kind)
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None
    _say(f"{file.name}: {text.count(chr(10)) - 1} {kind} rows written.")


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
