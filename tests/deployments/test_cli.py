"""The `lockstep` command: what goes wrong is one line that says what to do, exits non-zero and loses nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from deployments.cli import _guarded
from deployments.embedded.postgres import EmbeddedPostgres
from deployments.setup import choose_key
from domain.errors import NeedsDecision, Refused, TryAgain
from ledger import maps, register
from ledger.connection import Ledger
from ledger.secrecy import new_key

CONFIG = """
[ledger]
url = "{url}"

[amazon.main]
seller_id = "A1EXAMPLE"
region = "EU"
marketplaces = ["A1F83G8C2ARO7P"]
client_id = "id"
client_secret = "secret"
refresh_token = "token"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]

[warehouse.main.file_drop]
url = "drop"
"""
CARRIERS = (
    "connection,warehouse_carrier,warehouse_service,marketplace_id,carrier_code,carrier_name,shipping_method,"
    "signed_by\nmain,RM,,A1F83G8C2ARO7P,{code},,,\n"
)
NOWHERE = "postgresql+psycopg2://lockstep@127.0.0.1:1/lockstep"

Lockstep = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lockstep(tmp_path: Path, repository: Path) -> Lockstep:
    """The command in a folder of its own, as a person types it."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"PYTHONPATH": str(repository), "COLUMNS": "200", **variables}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        command = [sys.executable, "-m", "deployments.cli", *words]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**inherited, **own},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def set_up(tmp_path: Path, ledger: Ledger, ledger_url: str) -> Path:
    """A folder whose lockstep.toml names a ledger that knows the seller account and the connection."""
    (tmp_path / "lockstep.toml").write_text(CONFIG.format(url=ledger_url), encoding="utf-8")
    account = register.Account(
        name="main",
        seller_id="A1EXAMPLE",
        region="EU",
        marketplaces=("A1F83G8C2ARO7P",),
        look_back=timedelta(hours=24),
        prove_within=timedelta(minutes=4),
    )
    connection = register.Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
    with ledger.begin() as conn:
        register.record_account(conn, account)
        register.record_connection(conn, connection)
    return tmp_path


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed command said: exactly one line, and no traceback anywhere."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("words", [("setup",), ("status",), ("doctor",), ("serve",), ("run", "order-ingest")])
def test_without_a_config_every_command_says_how_to_name_one(
    lockstep: Lockstep, words: tuple[str, ...]
) -> None:
    """A folder without lockstep.toml is answered with the ways to name one."""
    assert "--config or LOCKSTEP_CONFIG" in one_line(lockstep(*words))


def test_an_unreadable_toml_is_answered_with_its_line(lockstep: Lockstep, tmp_path: Path) -> None:
    """A fault of TOML is named with line and column."""
    (tmp_path / "lockstep.toml").write_text("[ledger\n", encoding="utf-8")
    assert "lockstep.toml line 1, column 8 cannot be read" in one_line(lockstep("status"))


def test_an_unknown_marketplace_is_answered_with_the_known_ones(lockstep: Lockstep, tmp_path: Path) -> None:
    """A marketplace id that does not exist is named, with those of the region."""
    text = CONFIG.format(url="").replace("A1F83G8C2ARO7P", "A1NOWHERE")
    (tmp_path / "lockstep.toml").write_text(text, encoding="utf-8")
    said = one_line(lockstep("setup"))
    assert '"A1NOWHERE" is not a marketplace id' in said
    assert "GB A1F83G8C2ARO7P" in said


@pytest.mark.parametrize(
    "words", [("setup",), ("status",), ("run", "order-ingest"), ("serve",), ("export", "skus")]
)
def test_an_unreachable_database_is_one_line(
    lockstep: Lockstep, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """A PostgreSQL that does not answer is named with the setting to check."""
    (tmp_path / "lockstep.toml").write_text(CONFIG.format(url=NOWHERE), encoding="utf-8")
    said = one_line(lockstep(*words))
    assert "PostgreSQL" in said
    assert "[ledger] url" in said


def test_a_database_that_was_not_set_up_is_said_so(
    lockstep: Lockstep, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    """An empty database is answered with the command that builds the tables."""
    (tmp_path / "lockstep.toml").write_text(CONFIG.format(url=postgres.url), encoding="utf-8")
    assert "run lockstep setup" in one_line(lockstep("status"))


def test_an_unreachable_prefect_server_is_one_line(lockstep: Lockstep, set_up: Path) -> None:
    """The server of PREFECT_API_URL is asked for and not replaced in silence."""
    said = one_line(lockstep("run", "order-ingest", PREFECT_API_URL="http://127.0.0.1:1/api"))
    assert "PREFECT_API_URL (http://127.0.0.1:1/api) does not answer" in said


def test_a_malformed_csv_changes_nothing(lockstep: Lockstep, set_up: Path, ledger: Ledger) -> None:
    """A wrong row is named with file, row, column and reason, and what was in force stays in force."""
    file = set_up / "carriers.csv"
    file.write_text(CARRIERS.format(code="Royal Mail"), encoding="utf-8")
    assert "1 carriers rows read, 1 changed" in lockstep("import", "carriers", "carriers.csv").stdout
    file.write_text(CARRIERS.format(code="Royal mail"), encoding="utf-8")
    said = one_line(lockstep("import", "carriers", "carriers.csv"))
    assert said.startswith('carriers.csv, row 2, column carrier_code: "Royal mail" is not Amazon\'s spelling')
    with ledger.begin() as conn:
        assert [entry.carrier_code for entry in maps.export_carriers(conn)] == ["Royal Mail"]
        authors = conn.scalars(sa.text("SELECT author FROM ledger.carrier_map")).all()
    assert authors
    assert all(authors)


def test_an_export_is_an_import_that_changes_nothing(lockstep: Lockstep, set_up: Path) -> None:
    """What is exported, to the terminal or to a file, has the columns of the import and changes nothing."""
    (set_up / "in.csv").write_text(CARRIERS.format(code="DPD"), encoding="utf-8")
    lockstep("import", "carriers", "in.csv")
    assert lockstep("export", "carriers").stdout == CARRIERS.format(code="DPD")
    assert lockstep("export", "carriers", "out.csv").returncode == 0
    assert (set_up / "out.csv").read_text(encoding="utf-8") == CARRIERS.format(code="DPD")
    assert "0 changed" in lockstep("import", "carriers", "out.csv").stdout


def test_a_file_that_is_not_there_is_said_so(lockstep: Lockstep, set_up: Path) -> None:
    """Importing a file that does not exist is one line."""
    assert "nothing.csv cannot be read" in one_line(lockstep("import", "skus", "nothing.csv"))


def test_an_unknown_flow_or_parameter_is_answered_with_the_known_ones(
    lockstep: Lockstep, set_up: Path
) -> None:
    """Names are given before anything is started."""
    assert "order-ingest, peak-mode, problem-watch" in one_line(lockstep("run", "order-ingst"))
    assert 'does not know "wrong=1"' in one_line(lockstep("run", "order-ingest", "-p", "wrong=1"))


def test_status_of_a_fresh_ledger_says_that_nothing_is_open(lockstep: Lockstep, set_up: Path) -> None:
    """Status works without Prefect and says so."""
    done = lockstep("status", PREFECT_SERVER_API_PORT="1")
    assert done.returncode == 0, done.stderr
    assert "Peak mode is off." in done.stdout
    assert "No open orders." in done.stdout
    assert "No open problems." in done.stdout
    assert "Prefect is not running here" in done.stdout


@pytest.mark.parametrize(
    "words", [("nonsense",), ("import", "nonsense", "x.csv"), ("run",), ("setup", "--nope")]
)
def test_a_wrong_command_line_exits_2(lockstep: Lockstep, words: tuple[str, ...]) -> None:
    """Being asked wrongly is told apart from having failed."""
    assert lockstep(*words).returncode == 2


@pytest.mark.parametrize("error", [Refused, TryAgain, NeedsDecision])
def test_our_errors_are_their_sentence(error: type[Exception], capsys: pytest.CaptureFixture[str]) -> None:
    """An error named for what happens next is printed as it is."""

    def fails() -> None:
        raise error("Say this.")

    assert _guarded(fails) == 1
    assert capsys.readouterr().err == "Say this.\n"


def test_what_nobody_expected_is_one_line_and_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake of ours is one line that names the file with the traceback, which its owner alone can read."""
    assert _guarded(lambda: 1 / 0) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    log = Path(said.rpartition(" in ")[2].strip().rstrip("."))
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0
    log.unlink()


def test_the_privacy_key_is_kept_and_never_swapped_under_sealed_addresses() -> None:
    """The first key is made or taken; later it stays, and another one is refused once addresses are sealed."""
    old, other = new_key(), new_key()
    assert choose_key(given="", stored=old, sealed=True) == old
    assert choose_key(given=old, stored=old, sealed=True) == old
    assert choose_key(given=other, stored="", sealed=False) == other
    assert choose_key(given=other, stored=old, sealed=False) == other
    assert choose_key(given="", stored="", sealed=False) not in ("", old, other)
    with pytest.raises(Refused, match="not the one"):
        choose_key(given=other, stored=old, sealed=True)
    with pytest.raises(Refused, match="has no key to them"):
        choose_key(given="", stored="", sealed=True)
    with pytest.raises(Refused, match="32 bytes as base64"):
        choose_key(given="not a key", stored="", sealed=False)
