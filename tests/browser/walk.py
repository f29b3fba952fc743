"""The walk: the pages of a day, in the order in which a person comes to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Locator, expect

from tests.browser.house import UNMAPPED, House, wait_for
from tests.browser.plain_english import without
from tests.browser.screen import Screen

# Artifacts to look at, tables and charts alike: a text of the description, and one of the body, which comes later.
ARTIFACTS = {
    "to-do": ("most urgent first", "5 parcels wait for it."),
    "order-clock": ("open orders wait, the first due first", "tracking held: carrier unmapped"),
    "open-problems": ("open problems, most urgent first", "Evri UK"),
    "daily-close": ("1 order due", "An order is due on the day"),
    "late-by-cause": ("Parcels of the last 30 days", "late by warehouse"),
    "account-health-main": ("Rates that Amazon suspends for", "Late Shipment Rate over 10 days"),
    "health-rates-main": ("Rates of main", "main: rates of the last 30 days"),
    "late-parcels-main": ("Late parcels of main", "main: late parcels of the last 30 days"),
    "carriers-to-map": ("missing in the carrier map", "its name is in"),  # comes with the run that fails
}
PAGES = ("dashboard", "deployments", "failed-run", "form", "form-run", *ARTIFACTS)
# What Prefect itself says in the log of a run and beside an artifact.
PREFECTS = (
    r"Worker '.*' submitting flow run '.*'",
    r"Executing deployment step: \w+",
    r"Deployment step '\w+' completed successfully",
    r"Flow run '.*' submitted to infrastructure",
    r"prefect\.(?:flow|task)_runs.*",
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # the artifact's own id, as the page's title
    r"None",  # what Prefect says for no tags
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form to fill: what stands in its fields already, what is typed into them, and chosen from their lists."""

    flow: str
    known: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)


MAP_CARRIER = Form(
    flow="map-carrier",
    known={"Warehouse carrier": UNMAPPED, "Warehouse service": "Standard"},
    typed={"Your name": "Kim"},
    chosen={"Carrier": "Hermes UK"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page of the walk, and what a person read there that is ours."""

    page: str
    text: str


def walk(house: House, screen: Screen) -> Iterator[Seen]:
    """Every page of `PAGES`, once."""
    yield _failed_run(house, screen)
    for key in ARTIFACTS:
        yield _artifact(house, screen, key)
    screen.follow(house.to_do, ARTIFACTS["to-do"][1])
    yield _fill(screen, MAP_CARRIER)
    yield _sent(house, screen)
    screen.go("v2/deployments?limit=100", "stop-selling")
    yield _seen(screen, "deployments")
    screen.go("v2/dashboard", "Active Work Pools")
    screen.see("order-ingest")
    yield _seen(screen, "dashboard")


def _artifact(house: House, screen: Screen, key: str) -> Seen:
    described, body = ARTIFACTS[key]
    screen.go(f"v2/artifacts/artifact/{house.artifacts()[key]['latest_id']}", described)
    screen.see(body)
    return _seen(screen, key)


def _fill(screen: Screen, form: Form) -> Seen:
    """Follow the link of the most urgent thing to its form, see what is known there, and fill in the rest."""
    link = screen.page.get_by_role("link", name=form.flow, exact=True).first.get_attribute("href") or ""
    screen.page.goto(
        link.replace(screen.url, f"{screen.url}/v2")
    )  # it leads to the other one of Prefect's UIs
    screen.see("Parameters")
    for label, text in form.known.items():
        expect(_field(screen, label)).to_have_value(text)
    for label, text in form.typed.items():
        _field(screen, label).fill(text)
    for label, choice in form.chosen.items():
        screen.page.get_by_role("button", name=f"Select {label}", exact=True).click()
        screen.page.get_by_role("option", name=choice, exact=True).click()
    return _seen(screen, "form")


def _field(screen: Screen, label: str) -> Locator:
    return screen.page.get_by_label(re.compile(rf"^{label}( \(Optional\))?$"))


def _sent(house: House, screen: Screen) -> Seen:
    """Send the form in and see how its run ends."""
    screen.page.get_by_role("button", name="Submit").click()
    screen.page.get_by_role("button", name="View run").click()
    screen.page.wait_for_url(re.compile("/runs/flow-run/"))
    run = screen.page.url.partition("/flow-run/")[2].partition("?")[0]
    return _run(house, screen, run, Seen(page="form-run", text="Ended as"))


def _failed_run(house: House, screen: Screen) -> Seen:
    """The run that could not reach Amazon: what went wrong, as its log tells it."""
    run = house.runs["order-ingest/scheduled"]
    return _run(house, screen, run, Seen(page="failed-run", text="This run failed"))


def _run(house: House, screen: Screen, run: str, wanted: Seen) -> Seen:
    """The page of a run that has ended, when its log shows the wanted text; of a failed one its errors only."""
    said = house.ended(run)
    wait_for(
        lambda: wanted.text in house.log(run), 90
    )  # a log arrives after its run's end; the page does not wait
    screen.go(f"v2/runs/flow-run/{run}?tab=Logs", "Level: All")
    if said.startswith("Failed"):
        screen.page.get_by_text("Level: All").click()
        screen.page.get_by_role("option", name="Error and above").click()
    screen.see(wanted.text)
    texts = [_seen(screen, wanted.page).text, said, without(house.log(run), PREFECTS)]
    return Seen(page=wanted.page, text="\n".join(texts))


def _seen(screen: Screen, page: str) -> Seen:
    screen.keep(page)
    return Seen(page=page, text=without(screen.shown(), PREFECTS))
