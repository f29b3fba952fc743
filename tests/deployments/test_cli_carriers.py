"""`lockstep carriers`: rows that are ready to fill in, the map's history, and a change tried on what was sent."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.cli_carriers import suggest
from deployments.maps_csv import columns, parse
from domain.errors import Refused
from ledger.connection import Ledger
from ledger.map_rules import Known
from ledger.maps import record_carriers
from ledger.register import clock
from tests.deployments.test_cli import CARRIERS, Lockstep, lockstep, one_line, set_up
from tests.ledger.tracking.test_carrier_use import ROW, a_parcel, an_order

__all__ = ["lockstep", "set_up"]  # fixtures of the neighbor
DE = "A1PA6795UKMFR9"
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
HEADER = ",".join(columns("carriers"))


@pytest.fixture
def config(set_up: Path) -> Path:
    """A lockstep.toml whose ledger knows the connection main."""
    return set_up / "lockstep.toml"


def test_the_terminal_gets_csv_and_stderr_says_what_waits(
    lockstep: Lockstep, set_up: Path, ledger: Ledger
) -> None:
    """Standard output is the file to import, with the best code filled in; the words about it are on stderr."""
    with ledger.begin() as conn:
        for number in (1, 2):
            a_parcel(conn, an_order(conn, number), carrier="ROYAL  MAIL")
    done = lockstep("carriers", "suggest")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{HEADER}\nmain,ROYAL  MAIL,TPN,A1F83G8C2ARO7P,Royal Mail,,Tracked 24,\n"
    assert "2 parcels blocked, the first is due" in done.stderr
    (set_up / "rows.csv").write_text(done.stdout, encoding="utf-8")
    assert "1 changed" in lockstep("import", "carriers", "rows.csv").stdout
    again = lockstep("carriers", "suggest")
    assert (again.stdout, again.stderr) == (f"{HEADER}\n", "Every carrier in use is mapped.\n")


def test_strings_nobody_knows_are_rows_to_fill_in(
    config: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown carrier has an empty code, a service without parcels an empty carrier; the rest is given."""
    with ledger.begin() as conn:
        a_parcel(conn, an_order(conn, 1), carrier="Pigeon, Inc.")
        a_parcel(conn, an_order(conn, 2), carrier="")
        an_order(conn, 3, service="NEXT", marketplace=DE)
    out = config.parent / "rows.csv"
    suggest(out, config)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    found = [(row["warehouse_carrier"], row["marketplace_id"], row["carrier_code"]) for row in rows]
    assert found == [("Pigeon, Inc.", "A1F83G8C2ARO7P", ""), ("", DE, "")]
    said = capsys.readouterr()
    assert said.out == ""
    assert "the warehouse has to name the carrier" in said.err
    assert "1 open order will need it" in said.err
    known = Known(accounts=frozenset({"main"}), connections={"main": ("main",)})
    with pytest.raises(Refused, match="column carrier_code: is empty"):
        parse("carriers", "rows.csv", out.read_bytes(), known)


def test_the_history_shows_who_changed_what_and_when(
    lockstep: Lockstep, set_up: Path, ledger: Ledger
) -> None:
    """Each version has its author and its time; a connection that does not exist is answered with those that do."""
    with ledger.begin() as conn:
        record_carriers(conn, [ROW], "jo", NOW)
        record_carriers(conn, [replace(ROW, carrier_code="ROYAL_MAIL")], "kim", NOW.replace(hour=10))
    done = lockstep("carriers", "history", "--connection", "main")
    assert done.stdout == lockstep("carriers", "history").stdout
    rows = [" ".join(row.split()) for row in done.stdout.splitlines()]
    string = "main / RM in A1F83G8C2ARO7P"
    assert f"│ {string} │ Royal Mail │ 2026-11-27 09:00 │ 2026-11-27 10:00 │ jo │" in rows
    assert f"│ {string} │ ROYAL_MAIL │ 2026-11-27 10:00 │ in force │ kim │" in rows
    said = one_line(lockstep("carriers", "history", "--connection", "nain"))
    assert said == 'There is no warehouse connection "nain"; there is: main.'


def test_a_replay_says_what_the_file_would_have_done_and_changes_nothing(
    lockstep: Lockstep, set_up: Path, ledger: Ledger
) -> None:
    """Blocked parcels become valid ones on paper; the map in force stays as it was."""
    (set_up / "rows.csv").write_text(CARRIERS.format(code="Royal Mail"), encoding="utf-8")
    with ledger.begin() as conn:
        now = clock(conn)
        for number in (1, 2):
            a_parcel(conn, an_order(conn, number), known_at=now)
    done = lockstep("carriers", "replay", "rows.csv")
    said = " ".join(done.stdout.split())
    assert "last 30 days that had to be confirmed: 2." in said, done.stderr
    assert "valid-tracking rate │ 0.0 % │ 100.0 %" in said
    assert "newly unblocked │ │ 2" in said
    assert "main / RM / TPN in A1F83G8C2ARO7P │ blocked │ Royal Mail │ 2 │ 0 │ 2" in said
    assert "Amazon itself counts the carrier's scans" in said
    assert "RM,TPN" in lockstep("carriers", "suggest").stdout


def test_a_replay_checks_the_file_as_an_import_does(lockstep: Lockstep, set_up: Path) -> None:
    """A wrong row, a file that is not there and a day too few are refused before anything is read."""
    (set_up / "rows.csv").write_text(CARRIERS.format(code="Royal mail"), encoding="utf-8")
    said = one_line(lockstep("carriers", "replay", "rows.csv"))
    assert said.startswith('rows.csv, row 2, column carrier_code: "Royal mail" is not Amazon\'s spelling')
    assert "nothing.csv cannot be read" in one_line(lockstep("carriers", "replay", "nothing.csv"))
    assert lockstep("carriers", "replay", "rows.csv", "--days", "0").returncode == 2
