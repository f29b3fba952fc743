"""lockstep.toml: what is wrong with it is said in one line that names the place and the remedy."""

import os
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.config import find_config, load
from deployments.settings import AmazonSettings
from domain.errors import Refused

WHOLE = """
[ledger]
url = ""
data_dir = ".lockstep"

[amazon.main]
seller_id = "A1EXAMPLE"
region = "EU"
endpoint = ""
token_url = ""
marketplaces = ["A1F83G8C2ARO7P"]
look_back = "24h"
prove_within = "4m"
client_id = "${LOCKSTEP_TEST_ID}"
client_secret = "${LOCKSTEP_TEST_SECRET}"
refresh_token = "${LOCKSTEP_TEST_TOKEN}"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]
same_skus = true

[warehouse.main.file_drop]
url = "sftp://user@host:22/lockstep"
codec = "csv"

[people]
operations = "https://hooks.example.com/ops"

[privacy]
key = ""
"""
FILLED = {"LOCKSTEP_TEST_ID": "id-1", "LOCKSTEP_TEST_SECRET": "s3cret", "LOCKSTEP_TEST_TOKEN": "t0ken"}


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FILLED.items():
        monkeypatch.setenv(name, value)


def written(folder: Path, text: str) -> Path:
    file = folder / "lockstep.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    """The one line that a file is refused with; it never carries a secret."""
    with pytest.raises(Refused) as caught:
        load(written(folder, text))
    said = str(caught.value)
    assert "\n" not in said
    assert not any(secret in said for secret in FILLED.values())
    return said


@pytest.mark.usefixtures("filled")
def test_the_example_of_the_manual_loads(tmp_path: Path) -> None:
    """Every setting of the documented example arrives, secrets from the environment included."""
    settings = load(written(tmp_path, WHOLE))
    main = settings.amazon["main"]
    assert (main.look_back, main.prove_within) == (timedelta(hours=24), timedelta(minutes=4))
    assert main.client_id == "id-1"
    assert main.client_secret.get_secret_value() == "s3cret"
    assert settings.people.channels() == {"operations": "https://hooks.example.com/ops"}
    assert settings.ledger.data_dir == tmp_path / ".lockstep"


@pytest.mark.usefixtures("filled")
def test_printing_the_settings_shows_no_secret(tmp_path: Path) -> None:
    """Neither repr nor str of the settings carries a credential or a webhook."""
    settings = load(written(tmp_path, WHOLE))
    shown = f"{settings!r} {settings}"
    assert not any(secret in shown for secret in ("s3cret", "t0ken", "hooks.example.com"))


@pytest.mark.usefixtures("filled")
def test_relative_folders_start_at_the_file(tmp_path: Path) -> None:
    """A relative file drop lies beside lockstep.toml, wherever the command runs; SFTP is left alone."""
    text = WHOLE.replace("sftp://user@host:22/lockstep", "drop/here")
    drop = load(written(tmp_path, text)).warehouse["main"].file_drop
    assert drop is not None
    assert drop.url == str(tmp_path / "drop" / "here")


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    """An unset variable is answered with its name and the setting that wants it."""
    said = refusal(tmp_path, WHOLE)
    assert said.startswith("[amazon.main] client_id wants the environment variable LOCKSTEP_TEST_ID")


def test_variables_of_sections_that_are_not_needed_are_not_asked_for(tmp_path: Path) -> None:
    """A command that only needs the ledger loads a file whose credentials are not in the environment."""
    settings = load(written(tmp_path, WHOLE), needed={"ledger"})
    assert settings.amazon["main"].client_id == "${LOCKSTEP_TEST_ID}"


WRONG = {
    "unreadable": ('marketplaces = ["A1F83G8C2ARO7P"]', "marketplaces = [", r"line \d+, column \d+"),
    "unknown marketplace": (
        "A1F83G8C2ARO7P",
        "A1WRONG",
        r'"A1WRONG" is not .* region EU .*GB A1F83G8C2ARO7P',
    ),
    "other region": ("A1F83G8C2ARO7P", "ATVPDKIKX0DER", r'"ATVPDKIKX0DER" \(US\) is in region NA, not EU'),
    "twice": ('"A1F83G8C2ARO7P"', '"A1F83G8C2ARO7P", "A1F83G8C2ARO7P"', "listed twice"),
    "no marketplace": ('["A1F83G8C2ARO7P"]', "[]", r"\[amazon.main\] marketplaces"),
    "region": ('"EU"', '"UK"', r"\[amazon.main\] region: .*'NA', 'EU' or 'FE'"),
    "extra key": ("look_back", "lookback", r'\[amazon.main\] .*"lookback"; did you mean "look_back"\?'),
    "extra drop key": ('codec = "csv"', 'kodec = "csv"', r"\[warehouse.main.file_drop\] .*\"codec\""),
    "extra section": ("[people]", "[peple]", r'the file .*"peple"; did you mean "people"\?'),
    "extra team": ("operations =", "operation_s =", r'\[people\] .*did you mean "operations"'),
    "far key": ("look_back", "zzzz", r'\[amazon.main\] .*"zzzz"; known are: seller_id'),
    "missing": ('seller_id = "A1EXAMPLE"', "", r"\[amazon.main\] has no seller_id"),
    "duration": ('"24h"', '"a day"', r'\[amazon.main\] look_back: "a day" is not a time'),
    "duration number": ('"4m"', "4", r"\[amazon.main\] prove_within: .*with its unit"),
    "duration zero": ('"4m"', '"0m"', "prove_within"),
    "serves": (
        'serves = ["main"]',
        'serves = ["mine"]',
        r'\[warehouse.main\] serves "mine", but there is no',
    ),
    "plain http": ('endpoint = ""', 'endpoint = "http://amazon.example"', r"endpoint: plain http"),
    "no address": ('token_url = ""', 'token_url = "amazon"', r"token_url: this is not an https address"),
    "plain webhook": ("https://hooks", "http://hooks", r"\[people\] operations: plain http"),
    "database": ('url = ""', 'url = "sqlite:///x.db"', r"\[ledger\] url: this is not a PostgreSQL address"),
    "adapter": ('"file-drop"', '"shipstation"', r"\[warehouse.main\] adapter"),
    "later adapter": ('"file-drop"', '"mintsoft"', r'"mintsoft" is not built yet'),
    "no drop": (
        '[warehouse.main.file_drop]\nurl = "sftp://user@host:22/lockstep"\ncodec = "csv"',
        "",
        "file_drop",
    ),
    "account name": ("[amazon.main]", "[amazon.Main_1]", "small letters, digits and dashes"),
    "switch": ("same_skus = true", 'same_skus = "yes"', r"\[warehouse.main\] same_skus"),
    "empty secret": ('"${LOCKSTEP_TEST_SECRET}"', '""', r"\[amazon.main\] client_secret: this is empty"),
}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("case", WRONG)
def test_a_fault_is_one_line_with_place_and_remedy(tmp_path: Path, case: str) -> None:
    """Each wrong setting is refused in one line that names its section and what is allowed."""
    old, new, expected = WRONG[case]
    assert old in WHOLE
    said = refusal(tmp_path, WHOLE.replace(old, new, 1))
    assert re.search(expected, said), said


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:9000", "https://a.example"]
)
@pytest.mark.usefixtures("filled")
def test_plain_http_to_this_machine_is_allowed(tmp_path: Path, address: str) -> None:
    """A simulated Amazon and a local receiver may be reached without TLS."""
    text = WHOLE.replace('endpoint = ""', f'endpoint = "{address}"').replace(
        "https://hooks.example.com", address
    )
    assert load(written(tmp_path, text)).amazon["main"].endpoint == address


def test_a_file_that_is_not_utf8_is_answered_with_its_line(tmp_path: Path) -> None:
    """Bytes of another encoding are refused with the line they are in."""
    file = tmp_path / "lockstep.toml"
    file.write_bytes(b'[ledger]\nurl = "\xe9"\n')
    with pytest.raises(Refused, match=r"lockstep.toml line 2 is not UTF-8"):
        load(file)


def test_the_file_is_found_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config wins over LOCKSTEP_CONFIG, and that over the current folder."""
    for name in ("here", "environment", "named"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, "")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("LOCKSTEP_CONFIG", raising=False)
    assert find_config(None) == tmp_path / "here" / "lockstep.toml"
    monkeypatch.setenv("LOCKSTEP_CONFIG", str(tmp_path / "environment" / "lockstep.toml"))
    assert find_config(None) == tmp_path / "environment" / "lockstep.toml"
    assert find_config(tmp_path / "named" / "lockstep.toml") == tmp_path / "named" / "lockstep.toml"


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file the answer says how to name one, and a wrong name is repeated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOCKSTEP_CONFIG", raising=False)
    with pytest.raises(Refused, match="--config or LOCKSTEP_CONFIG"):
        find_config(None)
    with pytest.raises(Refused, match=r"no file nowhere\.toml"):
        find_config(Path("nowhere.toml"))


@given(count=st.integers(1, 999_999), unit=st.sampled_from("smhd"))
def test_every_time_with_a_unit_is_understood(
    tmp_path_factory: pytest.TempPathFactory, count: int, unit: str
) -> None:
    """A number with s, m, h or d is that much time."""
    os.environ.update(FILLED)
    file = written(tmp_path_factory.getbasetemp(), WHOLE.replace('"24h"', f'"{count}{unit}"'))
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert load(file).amazon["main"].look_back == timedelta(seconds=count * seconds)
    for name in FILLED:
        del os.environ[name]


@given(text=st.text(max_size=200))
def test_any_text_is_loaded_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Whatever is in the file, it is either settings or one sentence; nothing else escapes."""
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = ""
    try:
        load(file)
    except Refused as refused:
        said = str(refused)
    assert "\n" not in said


def test_days_on_which_credentials_end_are_days(tmp_path: Path, filled: None) -> None:
    """A day may be TOML's own or text, is none when left out, and anything else is refused in one line."""

    def amazon(*words: str) -> AmazonSettings:
        text = WHOLE.replace("[warehouse.main]", "\n".join([*words, "[warehouse.main]"]))
        return load(written(tmp_path, text)).amazon["main"]

    stated = amazon("client_secret_until = 2027-05-24", 'authorized_until = "2027-11-25"')
    assert (stated.client_secret_until, stated.authorized_until) == (date(2027, 5, 24), date(2027, 11, 25))
    assert amazon().authorized_until is None
    with pytest.raises(Refused, match=r"client_secret_until.*write it as 2027-05-24"):
        amazon('client_secret_until = "next May"')
