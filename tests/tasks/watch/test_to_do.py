"""The page "to-do" from the ledger: causes with their forms filled in, who knows of them, and nothing when done."""

import json
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from ledger.connection import Ledger
from ledger.problems import record_problems
from tasks.links import Form
from tasks.watch import to_do
from tests.domain.examples import UK
from tests.factories import HOUR, NOW

FIELDS = {
    "map-carrier": ("connection", "warehouse_carrier", "warehouse_service"),
    "acknowledge-problem": ("problem",),
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was put where people look, with the forms that setup makes."""
    pages: list[str] = []

    def show(key: str, markdown: str, description: str) -> None:
        assert key == "to-do"
        assert "somebody" in description or description == markdown
        pages.append(markdown)

    def forms(names: list[str]) -> dict[str, list[Form]]:
        one = {name: frozenset(FIELDS[name]) for name in names}
        return {
            name: [Form(id=UUID(int=1), name="form", fields=fields, settled={})]
            for name, fields in one.items()
        }

    monkeypatch.setattr(to_do, "show_text", show)
    monkeypatch.setattr(to_do, "load_forms", forms)
    return pages


def test_what_is_open_stands_there_with_its_form_filled_in(ledger: Ledger, shown: list[str]) -> None:
    """Problems of one cause are one block; its form knows the carrier, the other one the number not yet seen."""
    found = [
        Problem(
            kind=ProblemKind.CARRIER_UNMAPPED,
            subject=f"main / Pigeon / {service} in {UK}",
            summary="No carrier of Amazon's is mapped for Pigeon.",
            cause="main / Pigeon",
            act_by=NOW + hours * HOUR,
            affected=6,
            about={"connection": "main", "warehouse_carrier": "Pigeon", "warehouse_service": service},
        )
        for hours, service in enumerate(("Fast", "Slow"), 1)
    ]
    with ledger.begin() as conn:
        record_problems(conn, found, NOW)
        first, second = conn.scalars(sa.text("SELECT id FROM ledger.problems ORDER BY act_by"))
        seen = sa.text(
            "UPDATE ledger.problems SET acknowledged_by = 'Ada', acknowledged_at = now() WHERE id = :id"
        )
        conn.execute(seen, {"id": first})
    assert to_do.show_to_do.fn(ledger, NOW) == 1
    head, what, _, last = shown[0].split("\n\n")
    assert head == "### Operations: the first by 10:00 UTC (1 h left)"
    assert what == "**12 parcels: no carrier of Amazon's is mapped for main / Pigeon.**"
    form, numbers, names = last.split(" · ")
    carrier = {"connection": "main", "warehouse_carrier": "Pigeon", "warehouse_service": "Fast"}
    assert filled(form) == carrier
    assert filled(numbers) == {"problem": second}
    assert names == "acknowledged by Ada (1 of 2)"


def filled(words: str) -> object:
    """What the form behind the link in these words is filled in with."""
    (parameters,) = parse_qs(urlsplit(words.partition("](")[2].partition(")")[0]).query)["parameters"]
    return json.loads(parameters)


def test_nothing_open_is_one_line(ledger: Ledger, shown: list[str]) -> None:
    """When nobody has to do anything, the page says so with the time, and asks Prefect for no form."""
    assert to_do.show_to_do.fn(ledger, NOW) == 0
    assert shown == ["Nothing needs anybody, as of Nov 27 09:00 UTC."]
