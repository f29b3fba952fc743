"""In a real browser, people find their way and read plain English."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser.house import UNMAPPED, House, open_house, wait_for
from tests.browser.plain_english import plain_english
from tests.browser.screen import CHROMIUM, WITHOUT, open_screen
from tests.browser.walk import PAGES, walk

pytestmark = [pytest.mark.stack, pytest.mark.skipif(not CHROMIUM, reason=WITHOUT)]


@dataclass(frozen=True)
class Walked:
    house: House
    texts: dict[str, str]


@pytest.fixture(scope="module")
def walked() -> Iterator[Walked]:
    """The walk, taken once; the house is still there."""
    with open_house() as house:
        with open_screen(house.stack.ui_url) as screen:
            texts = {seen.page: seen.text for seen in walk(house, screen)}
        yield Walked(house, texts)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_plain_english(walked: Walked, page: str) -> None:
    """What is ours on a page has no stack trace, no class name, no word or id for programs."""
    assert plain_english(walked.texts[page]) == []


def test_every_artifact_is_plain_english(walked: Walked) -> None:
    """Each table that is there, looked at or not, has plain headings, cells and a plain description."""
    for key, artifact in walked.house.artifacts().items():
        assert plain_english(f"{artifact['description']}\n{cells(artifact)}") == [], key


def cells(artifact: dict[str, Any]) -> str:
    data = artifact["data"]
    rows = json.loads(data) if isinstance(data, str) and artifact["type"] == "table" else data
    if not isinstance(rows, list):
        return re.sub(r"\(data:image[^)]*\)", "", str(rows))  # a chart
    return "\n".join(f"{name}\n{value}" for row in rows for name, value in row.items())


def test_a_failed_run_says_what_went_wrong(walked: Walked) -> None:
    """A person who opens the red run reads who did not answer, on the page and as its end."""
    said = "Amazon (main): Amazon answered 503 while reading changed orders."
    assert f"This run failed. {said}" in walked.texts["failed-run"]
    assert f"Failed: {said}" in walked.texts["failed-run"]


def test_the_open_problems_are_a_table(walked: Walked) -> None:
    """The table has the unmapped carrier, whose it is, by when, and the form that settles it."""
    text = walked.texts["open-problems"]
    for words in ("Evri UK", "in Amazon UK", "operations", "Run the form map-carrier", "act by (UTC)"):
        assert words in text


def test_what_to_do_names_whose_it_is_and_how_long_is_left(walked: Walked) -> None:
    """The first thing is the carrier that holds up a parcel that is overdue already, with its form."""
    text = walked.texts["to-do"]
    assert (
        text.index("Operations: the first was due") < text.index("Evri UK") < text.index("Form map-carrier")
    )
    assert "5 parcels wait for it." in text


def test_a_form_takes_effect_at_once(walked: Walked) -> None:
    """What a person sent from the form that the page of what to do led them to is so at Amazon soon after."""
    assert "Completed: " in walked.texts["form-run"]
    wait_for(lambda: proven(walked.house), 90)


def proven(house: House) -> bool:
    """Every parcel that the missing row blocked is shown by Amazon as the warehouse told it."""
    house.world.faults._planned.clear()  # Amazon answers again: the next order-ingest sees the packages
    orders = {one.amazon_order_id: one for one in house.warehouse.dispatched if one.carrier == UNMAPPED}
    there = {name: state for name, state in house.parcels(UNMAPPED).items() if name.startswith("204-")}
    if set(there.values()) != {"PROVEN"}:
        house.begin("order-ingest/scheduled")
        house.ended(house.runs["order-ingest/scheduled"])
        return False
    shown = {name: [one.tracking for one in house.world.packages(name)] for name in there}
    return shown == {name: [orders[name].tracking] for name in there}
