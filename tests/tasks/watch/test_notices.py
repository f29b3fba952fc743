"""A message's event: the words, the same as single values, and links to the page and the form that fixes it."""

import json
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa
from prefect.settings import PREFECT_UI_URL, temporary_settings

from domain.manners import MANNERS
from domain.problems import Problem, ProblemKind
from domain.watch.notices import Stage, Watched, decide_notices
from ledger.connection import Ledger
from ledger.problems import record_problems
from ledger.watch.notices import load_open
from tasks.links import Form, form_link
from tasks.watch.notices import TELLING, announce, event_of
from tests.domain.examples import DE, NOW, UK, hours
from tests.domain.watch.notice_examples import CARRIER, watched

UI = "http://127.0.0.1:4200"
PAGE = f"{UI}/artifacts/artifact/1"
IDS = [UUID(int=number) for number in range(3)]


@pytest.fixture(autouse=True)
def ui():
    """The address of the Prefect UI as its own setting names it."""
    with temporary_settings({PREFECT_UI_URL: f"{UI}/"}):
        yield


def form(number: int = 0, name: str = "form", *fields: str, **settled: str) -> Form:
    """One deployment of a form, with what it fills in itself."""
    return Form(id=IDS[number], name=name, fields=frozenset(fields), settled=settled)


def test_an_event_carries_the_message_and_its_values() -> None:
    """Everything a rule of somebody else needs stands in the payload, in plain words."""
    (notice,) = decide_notices(
        [watched(n, cause="MUG", about={"seller_sku": "MUG"}) for n in range(1000)], [], [], NOW
    )
    event = event_of(notice, {"map-sku": [form(0, "form", "seller_sku")]}, PAGE, NOW)
    link = f"{UI}/deployments/deployment/{IDS[0]}/run?parameters=%7B%22seller_sku%22%3A%20%22MUG%22%7D"
    assert event.event == "lockstep.problem.opened"
    assert dict(event.resource) == {
        "prefect.resource.id": "lockstep.problems.ecommerce",
        "owner": "ecommerce",
        "stage": "new",
    }
    body = event.payload.pop("body")
    assert event.payload == {
        "subject": "1,000 orders: nobody mapped seller SKU MUG; the first is due Nov 28 09:00 UTC",
        "kind": "unmapped SKU",
        "kinds": ["unmapped SKU"],
        "count": 1000,
        "affected": 1000,
        "summary": "1,000 orders: nobody mapped seller SKU MUG",
        "next_step": MANNERS[ProblemKind.UNMAPPED_SKU].next_step,
        "act_by": "Nov 28 09:00 UTC",
        "stage": "new",
        "form": "map-sku",
        "link": PAGE,
        "form_link": link,
    }
    assert body.splitlines()[-1] == f"Form map-sku: {link}"


def test_an_end_and_a_digest_name_no_form() -> None:
    """What is over needs no form, and many causes have no single one; both lead to the page."""
    (over,) = decide_notices([], [watched(told=Stage.NEW)], [], NOW)
    (digest,) = decide_notices([watched(n, cause=f"S{n}") for n in range(9)], [], [], NOW)
    for notice in (over, digest):
        payload = event_of(notice, {}, PAGE, NOW).payload
        assert (payload["form"], payload["form_link"]) == ("", "")
        assert payload["link"] == PAGE
        assert "Form " not in payload["body"]


def test_every_kind_has_an_event_that_can_be_sent() -> None:
    """Of each kind an event can be spelled, with the stage its problem opens at."""
    for kind in ProblemKind:
        (notice,) = decide_notices([watched(kind=kind, due=NOW + hours(0.2))], [], [], NOW)
        sent = json.loads(event_of(notice, {}, PAGE, NOW).model_dump_json())
        assert sent["resource"]["stage"] == "last call"
        assert sent["payload"]["form"] == MANNERS[kind].form


@pytest.mark.parametrize(
    ("problem", "fields"),
    [
        (
            watched(kind=CARRIER, about={"connection": "main", "warehouse_carrier": "DHL / Paket"}),
            {"connection": "main", "warehouse_carrier": "DHL / Paket"},
        ),
        (watched(kind=CARRIER, about={"warehouse_carrier": ""}), {}),
        (watched(kind=ProblemKind.SNAPSHOT_HELD, about={"count": 12}), {"count": 12}),
        (watched(3, kind=ProblemKind.UNKNOWN_ORDER, about={"row": "7"}), {"problem": 3}),
        (watched(kind=ProblemKind.TRACKING_REUSED, cause="TRACK1"), {}),
    ],
)
def test_a_form_is_filled_in_with_what_is_known(problem: Watched, fields: dict[str, object]) -> None:
    """What the problem is about stands in the form already, as far as the form asks for it; nothing is guessed."""
    (notice,) = decide_notices([problem], [], [], NOW)
    name = MANNERS[problem.group.kind].form
    has = fields or {"amazon_order_id": "", "warehouse_carrier": ""}
    link = str(event_of(notice, {name: [form(0, "form", *has)]}, PAGE, NOW).payload["form_link"])
    filled = parse_qs(urlsplit(link).query).get("parameters", ["{}"])[0]
    assert json.loads(filled) == fields


@pytest.mark.parametrize(
    "german",
    [form(1, "form-de"), form(1, "form-2", marketplace=DE)],
)
def test_a_carrier_form_is_the_marketplaces(german: Form) -> None:
    """The form of the marketplace that the problem is about is chosen, by its name or by what it fills in."""
    forms = [form(0, "form-uk"), german]
    assert str(IDS[1]) in form_link(forms, f"main / OWL in {DE}", {})
    assert str(IDS[0]) in form_link(forms, f"main / OWL in {UK}", {})
    assert str(IDS[0]) in form_link(forms, "main / OWL", {})


def test_only_fields_of_the_form_are_filled_in() -> None:
    """A value goes into the form when it has such a field, and a percent sign survives both of Prefect's UIs."""
    link = form_link([form(0, "form", "seller_sku")], "", {"seller_sku": "50%25 OFF", "problem": "7"})
    (words,) = parse_qs(urlsplit(link).query)["parameters"]
    assert json.loads(words) == {"seller_sku": "50%25 OFF"}
    assert "%" not in words
    assert "?" not in form_link([form()], "", {"problem": "7"})
    own = form_link([form(0, "form", "problem", marketplace="DE")], "", {"problem": 7})
    assert json.loads(parse_qs(urlsplit(own).query)["parameters"][0]) == {"marketplace": "DE", "problem": 7}


def test_without_a_deployment_the_list_is_shown() -> None:
    """A form that Prefect does not know, or a Prefect that does not answer, leads to the list of all."""
    assert form_link([], "", {}) == f"{UI}/deployments"
    (notice,) = decide_notices([watched(kind=CARRIER)], [], [], NOW)
    assert event_of(notice, {}, PAGE, NOW).payload["form_link"] == f"{UI}/deployments"


def test_a_moment_that_moved_away_is_kept_as_such(ledger: Ledger) -> None:
    """What was overdue and has a later moment counts as new again after a cycle that says nothing."""
    gap = Problem(kind=CARRIER, subject="main / OWL", summary="No.", act_by=NOW + hours(48))
    with ledger.begin() as conn:
        record_problems(conn, [gap], NOW - hours(24))
        conn.execute(
            sa.text("UPDATE ledger.problems SET announced_at = :now, stage = 'overdue'"), {"now": NOW}
        )
    assert announce.fn(ledger, NOW) == 0
    with ledger.begin() as conn:
        assert [problem.told for problem in load_open(conn)] == [Stage.NEW]


def test_two_runs_do_not_tell_at_once(ledger: Ledger) -> None:
    """While a run tells the teams, another one that a person started says nothing and marks nothing as told."""
    found = Problem(kind=CARRIER, subject="main / OWL", summary="No.", act_by=NOW + hours(48))
    with ledger.begin() as conn:
        record_problems(conn, [found], NOW)
    with ledger.only_one(TELLING):
        assert announce.fn(ledger, NOW) == 0
    with ledger.begin() as conn:
        assert [problem.told for problem in load_open(conn)] == [None]
