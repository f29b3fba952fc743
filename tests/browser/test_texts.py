"""What the product says to people without a run: next steps, descriptions, forms and messages are plain English."""

import re
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.events.actions import SendNotification
from prefect.utilities.callables import parameter_schema
from ruamel.yaml import YAML

from deployments.automations import _rules
from deployments.choices import NO_CHOICES, as_form
from deployments.flow_runs import find_flow, flow_entrypoints
from domain.problems import MANNERS, ProblemKind, Team
from tests.browser.plain_english import plain_english
from tests.browser.walk import PAGES

DOCS = Path(__file__).parents[2] / "docs"
FILE = Path(__file__).parents[2] / "prefect.yaml"
DEPLOYMENTS: list[dict[str, Any]] = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))["deployments"]
RULES = _rules({team: uuid4() for team in Team})
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


def test_every_page_of_the_walk_is_in_the_docs() -> None:
    """The page of screens shows the picture of each page, a small file that is there, and no other."""
    shown = re.findall(
        r"!\[[^\]]+\]\(images/screen-([a-z-]+)\.png\)", (DOCS / "screens.md").read_text("utf-8")
    )
    assert set(shown) == set(PAGES)
    for page in PAGES:
        assert (DOCS / "images" / f"screen-{page}.png").stat().st_size < 150_000


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_next_step_is_plain(kind: ProblemKind) -> None:
    """What to do about a problem is said in words that people know, as sentences."""
    step = MANNERS[kind].next_step
    assert plain_english(step) == []
    assert re.search(r"[.!]$", step)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["entrypoint"].rpartition(":")[2])
def test_every_description_is_plain(deployment: dict[str, Any]) -> None:
    """What the UI says about a deployment is plain, and no wall of text."""
    assert plain_english(deployment["description"]) == []
    assert len(deployment["description"]) < 500


@pytest.mark.parametrize("name", flow_entrypoints())
def test_every_form_is_plain(name: str) -> None:
    """The fields of a run's form, the help beside them and their choices are plain; each has its help."""
    schema = parameter_schema(find_flow(name)).model_dump_for_openapi()
    for name_, field in as_form(schema, NO_CHOICES.lists({}))["properties"].items():
        shown = [field["title"], field.get("description", ""), *map(str, field.get("enum", []))]
        assert plain_english("\n".join(shown)) == [], name_
        assert 10 < len(field.get("description", "")) < 350, name_


@pytest.mark.parametrize("name", flow_entrypoints())
def test_every_flow_says_what_it_is_for(name: str) -> None:
    """The first sentences of a flow, as the UI's page of the flow shows them, are plain."""
    told = (find_flow(name).description or "").partition("Args:")[0]
    assert plain_english(told) == []
    assert len(told) > 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_message_is_plain(rule: Any) -> None:
    """What a rule is called, says of itself and sends is plain around the blanks that Prefect fills in."""
    sent = [action for action in rule.actions if isinstance(action, SendNotification)]
    texts = chain([rule.name, rule.description], *[(action.subject, action.body) for action in sent])
    for text in texts:
        assert plain_english(_TEMPLATE.sub(" ", text)) == []
