"""`lockstep carriers`: rows to fill in, the map's history, and what another map would have done.

Needs no Prefect and changes nothing.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from deployments.config import find_config, load
from deployments.ledger_place import open_ledger
from deployments.maps_csv import parse, written
from domain.errors import Refused
from domain.maps import AmazonCarrier, CarrierMap
from domain.tracking.carrier_gaps import carrier_subject
from domain.tracking.carrier_replay import Change, Outcome, Replay, merged, replay
from domain.tracking.numbers import doubt_about
from ledger.map_rules import known_names
from ledger.maps import CarrierEntry, load_carriers
from ledger.register import clock, connections
from ledger.tracking.carrier_use import carrier_history, known_parcels
from tasks.tracking.carrier_rows import MissingRow, importable, missing_rows

_LEDGER = {"ledger"}
_OUT = Console(highlight=False, markup=False, soft_wrap=True)
_ESTIMATE = (
    "An estimate from Lockstep's own records: a parcel counts as validly tracked when its carrier code is approved"
    ' for the marketplace and not "Other" and its number has the format of that carrier, or when Amazon shows it'
    " moving under that code. Amazon itself counts the carrier's scans, per category, and leaves some parcels out."
)


def suggest(file: Path | None, config: Path | None) -> None:
    """Write the rows that the map lacks as CSV, and say on stderr what waits for each."""
    settings = load(find_config(config), needed=_LEDGER)
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        rows = missing_rows(conn, clock(conn))
    text = written("carriers", importable(rows))
    if file is None:
        sys.stdout.write(text)
    else:
        _write(file, text)
    for row in rows:
        sys.stderr.write(f"{_waits(row)}\n")
    if not rows:
        sys.stderr.write("Every carrier in use is mapped.\n")


def history(connection: str, config: Path | None) -> None:
    """Show every version of every row, oldest first."""
    settings = load(find_config(config), needed=_LEDGER)
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        known = {one.name for one in connections(conn)}
        versions = carrier_history(conn, connection)
    if connection and connection not in known and not versions:
        names = ", ".join(sorted(known)) or "none yet"
        raise Refused(f'There is no warehouse connection "{connection}"; there is: {names}.')
    table = Table("warehouse's carrier", "Amazon's carrier", "since (UTC)", "until (UTC)", "author")
    for one in versions:
        words = carrier_subject(
            one.connection, one.warehouse_carrier, one.warehouse_service, one.marketplace_id
        )
        told = (one.carrier_code, one.carrier_name, one.shipping_method)
        signed = f", signed by {one.signed_by}" if one.signed_by else ""
        times = (_minute(one.since), _minute(one.until) or "in force")
        table.add_row(words, " / ".join(word for word in told if word), *times, f"{one.author}{signed}")
    _OUT.print(table if versions else "The carrier map has no rows yet.")


def play_back(file: Path, days: int, config: Path | None) -> None:
    """Show what the map would have done to the parcels of the last days, with this file imported."""
    settings = load(find_config(config), needed=_LEDGER)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        entries = [
            entry
            for entry in parse("carriers", file.name, content, known_names(conn))
            if isinstance(entry, CarrierEntry)
        ]
        found = _replayed(conn, entries, clock(conn) - timedelta(days=days))
    _OUT.print(f"Parcels known in the last {days} days that had to be confirmed: {found.before.parcels}.")
    _OUT.print(_outcomes(found))
    if found.changes:
        _OUT.print(_changes(found.changes))
    _OUT.print(f"{_ESTIMATE} Nothing was changed.")


def _replayed(conn: sa.Connection, entries: list[CarrierEntry], since: datetime) -> Replay:
    parcels = known_parcels(conn, since)
    names = {parcel.connection for parcel in parcels} | {entry.connection for entry in entries}
    before = {name: load_carriers(conn, name) for name in names}
    after = {name: _with(before[name], entries, name) for name in names}
    return replay(parcels, before, after, doubt_about)


def _with(known: CarrierMap, entries: list[CarrierEntry], connection: str) -> CarrierMap:
    rows = (
        (
            entry.marketplace_id,
            entry.warehouse_carrier,
            entry.warehouse_service,
            AmazonCarrier(
                carrier_code=entry.carrier_code,
                carrier_name=entry.carrier_name,
                shipping_method=entry.shipping_method,
            ),
        )
        for entry in entries
        if entry.connection == connection
    )
    return merged(known, rows)


def _outcomes(found: Replay) -> Table:
    table = Table("parcels", "map in force", "with this file")
    for what, name in (("blocked", "blocked"), ('sent as "Other"', "other"), ("validly tracked", "valid")):
        table.add_row(what, str(getattr(found.before, name)), str(getattr(found.after, name)))
    table.add_row("valid-tracking rate", _rate(found.before), _rate(found.after))
    table.add_row("newly blocked", "", str(found.newly_blocked))
    table.add_row("newly unblocked", "", str(found.newly_unblocked))
    table.add_row("with another code", "", str(found.recoded))
    return table


def _changes(changes: tuple[Change, ...]) -> Table:
    table = Table("warehouse's carrier", "code now", "code then", "parcels", "valid now", "valid then")
    for one in changes:
        words = carrier_subject(
            one.connection, one.warehouse_carrier, one.warehouse_service, one.marketplace_id
        )
        codes = (one.code_before or "blocked", one.code_after or "blocked")
        table.add_row(words, *codes, *map(str, (one.parcels, one.valid_before, one.valid_after)))
    return table


def _rate(outcome: Outcome) -> str:
    return "no parcels" if outcome.rate is None else f"{100 * outcome.rate:.1f} %"


def _waits(row: MissingRow) -> str:
    entry = row.entry
    words = carrier_subject(
        entry.connection, entry.warehouse_carrier, entry.warehouse_service, entry.marketplace_id
    )
    due = f", the first is due {_minute(row.first_due)} UTC" if row.first_due else ""
    code = f'"{entry.carrier_code}", {row.because}' if entry.carrier_code else row.because
    if row.parcels and not entry.warehouse_carrier.strip():
        code = "the warehouse has to name the carrier, so there is no row to import"
    return f"{words}: {row.waiting}{due}; {code}."


def _write(file: Path, text: str) -> None:
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
