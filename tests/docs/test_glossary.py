"""The docs know every word that people meet: states, problems, commands, settings, columns."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from blocks.wire.file_drop import incoming, outgoing
from deployments.cli import app
from deployments.config import load
from deployments.flow_runs import flow_entrypoints
from deployments.maps_csv import columns
from deployments.settings import Settings, known_keys
from domain.problems import ProblemKind
from domain.watch.acknowledging import ENDS_WHEN_ACKNOWLEDGED
from ledger.connection import Ledger
from ledger.views import VIEWS
from tests.docs.diagrams import DOCS, MACHINES, MANUAL
from tests.domain.watch.test_acknowledging import BY_CIRCUMSTANCE

STATES = sorted({str(state) for _, steps in MACHINES.values() for state in steps})
CSV_COLUMNS = {
    "orders": outgoing.ORDER_COLUMNS,
    "cancel": outgoing.CANCEL_COLUMNS,
    "ack": incoming.ACK_COLUMNS,
    "dispatch": incoming.DISPATCH_COLUMNS,
    "stock": incoming.STOCK_COLUMNS,
    "returns": incoming.RETURN_COLUMNS,
    "census": incoming.CENSUS_COLUMNS,
}


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(group: TyperGroup, words: str = "lockstep") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}"


def blocks(language: str, page: Path) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [re.sub(rf"^{indent}", "", body, flags=re.M) for indent, body in found]


@pytest.mark.parametrize("word", [*STATES, *ProblemKind])
def test_every_word_of_the_screens_is_explained(word: str) -> None:
    """Each state and each kind of problem has a place in the docs that says what it means."""
    pages = read("glossary.md") + read("order-states.md") + read("operating-manual.md")
    assert f"`{word}`" in pages


def test_every_command_is_described() -> None:
    """Each lockstep command stands in commands.md, and none stands there that does not exist."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    rows = re.findall(
        r"^\| `(lockstep [a-z]+(?: (?:carriers|skus|services|buffers|offers|suggest|history|replay|explain))?)",
        read("commands.md"),
        re.M,
    )
    assert set(rows) == set(commands(group))


@pytest.mark.parametrize("kind", ProblemKind, ids=str)
def test_the_manual_says_how_each_problem_ends(kind: ProblemKind) -> None:
    """Each kind stands among those that close by themselves or that a person's word ends, as the code has it."""
    by_itself, _, by_word = (
        read("operating-manual.md")
        .partition("\nA problem closes by itself")[2]
        .partition("\n## ")[0]
        .partition("\nSome have a cause that only a person")
    )
    ended = f"`{kind}`" in by_word
    assert ended or f"`{kind}`" in by_itself
    assert ended == (kind in ENDS_WHEN_ACKNOWLEDGED or kind in BY_CIRCUMSTANCE)


def test_every_flow_is_named() -> None:
    """Each flow that can be run stands in commands.md and in the runbook's timetable."""
    for flow in flow_entrypoints():
        assert f"`{flow}`" in read("commands.md")
        assert f"| `{flow}` |" in read("runbook.md")


def test_every_setting_is_shown() -> None:
    """The manual's lockstep.toml shows every key there is, with a word about it."""
    (example,) = blocks("toml", MANUAL)
    paths = (["ledger"], ["amazon", "main"], ["warehouse", "main"], ["people"], ["privacy"])
    shown = set(re.findall(r"^(\w+) = ", example, re.M))
    for path in (*paths, ["warehouse", "main", "file_drop"]):
        assert set(known_keys(path)) - {"file_drop"} <= shown, path
    assert all(f"[{name}" in example for name in Settings.model_fields)


@pytest.mark.parametrize("page", ["operating-manual.md", "lockstep.example.toml"])
def test_the_examples_of_lockstep_toml_load(page: str, tmp_path: Path) -> None:
    """Copied as it stands, each lockstep.toml of the docs is a right one."""
    example = blocks("toml", MANUAL)[0] if page.endswith(".md") else read(page)
    file = tmp_path / "lockstep.toml"
    file.write_text(example, encoding="utf-8")
    settings = load(file, needed=set())
    assert settings.warehouse["main"].serves == list(settings.amazon)


@pytest.mark.parametrize("kind", ["carriers", "skus", "services", "buffers", "offers"])
def test_the_columns_of_every_map_are_given(kind: str) -> None:
    """surfaces.md spells the header of each map as the import wants it."""
    assert f"| {kind} | `{','.join(columns(kind))}` |" in read("surfaces.md")


@pytest.mark.parametrize("kind", CSV_COLUMNS)
def test_the_columns_of_every_file_are_given(kind: str) -> None:
    """file-drop.md shows the header of each file as the adapter writes or wants it."""
    assert f"\n{','.join(CSV_COLUMNS[kind])}\n" in read("file-drop.md")


def test_the_columns_of_every_view_are_given(ledger: Ledger) -> None:
    """surfaces.md lists the columns of each view in the order in which the database has them."""
    with ledger.begin() as conn:
        for view in VIEWS:
            names = conn.exec_driver_sql(f"SELECT * FROM report.{view} LIMIT 0").keys()
            assert f"| `report.{view}` | `{', '.join(names)}` |" in read("surfaces.md")


def test_every_statement_of_the_manuals_runs(ledger: Ledger) -> None:
    """What the manuals ask people to paste into a database is understood by it."""
    queries = blocks("sql", MANUAL) + blocks("sql", DOCS / "runbook.md")
    assert len(queries) == 3
    with ledger.begin() as conn:
        for query in queries:
            conn.exec_driver_sql(query)
