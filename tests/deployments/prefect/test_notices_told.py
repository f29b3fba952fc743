"""From a problem in the ledger to a message in front of its owner, through a real Prefect server."""

from datetime import timedelta

import httpx
import pytest

from domain.problems import Problem, ProblemKind, Team
from ledger.connection import Ledger
from ledger.problems import clear_problems, record_problems
from tasks.telling import tell
from tasks.watch.notices import announce
from tests.deployments.prefect.conftest import Stack, wait_for
from tests.deployments.prefect.mail import Mail
from tests.factories import DAY, HOUR, MINUTE, NOW, order_id

pytestmark = pytest.mark.stack

CARRIER = Problem(
    kind=ProblemKind.CARRIER_UNMAPPED,
    subject="main / OWLPOST in A1F83G8C2ARO7P",
    summary="No carrier of Amazon's is mapped for main / OWLPOST in A1F83G8C2ARO7P; its parcels wait.",
    act_by=NOW + DAY,
    affected=1000,
)
ORDERS = [
    Problem(
        kind=ProblemKind.UNMAPPED_SKU,
        subject=order_id(number),
        summary=f"Order {order_id(number)}: nobody mapped its seller SKU TEACUP.",
        act_by=NOW + DAY,
        cause="TEACUP",
    )
    for number in range(1000)
]


@pytest.fixture(scope="module", autouse=True)
def channels(stack: Stack) -> None:
    """Every channel is there, whatever was tested before."""
    stack.install()


def find(ledger: Ledger, *found: Problem) -> None:
    """Problems come up."""
    with ledger.begin() as conn:
        record_problems(conn, found, NOW)


def told(stack: Stack, team: str, word: str, number: int) -> list[str]:
    """The first lines of all messages to a team that have a word, as soon as there are so many of them."""
    found = wait_for(lambda: some if len(some := _with(stack, team, word)) >= number else None)
    return [message.splitlines()[0] for message in found]


def _with(stack: Stack, team: str, word: str) -> list[str]:
    return [message for message in stack.slack.of(team) if word in message]


def test_a_thousand_of_one_cause_are_one_message(stack: Stack, ledger: Ledger) -> None:
    """A carrier's parcels, a SKU's orders: one message each when they open, come near and are over."""
    find(ledger, CARRIER, *ORDERS)
    for after in (timedelta(0), MINUTE, 16 * HOUR, 24 * HOUR):
        announce.fn(ledger, NOW + after)
    with ledger.begin() as conn:
        clear_problems(conn, [CARRIER.kind], [CARRIER.subject], NOW + 24 * HOUR)
        clear_problems(conn, [ORDERS[0].kind], [one.subject for one in ORDERS], NOW + 24 * HOUR)
    announce.fn(ledger, NOW + 24 * HOUR + MINUTE)
    carrier = told(stack, "operations", "OWLPOST", 4)
    words = "1,000 parcels: no carrier of Amazon's is mapped for main / OWLPOST in Amazon UK"
    assert sorted(carrier) == sorted(
        [
            f"*{words}; the first is due Nov 28 09:00 UTC*",
            f"*Still open: {words}; the first is due 09:00 UTC*",
            f"*Overdue: {words}; the first was due 09:00 UTC*",
            f"*Settled: {words}*",
        ]
    )
    orders = told(stack, "operations", "TEACUP", 4)
    sku = "1,000 orders: nobody mapped seller SKU TEACUP"
    assert sorted(orders) == sorted(
        [
            f"*[ecommerce] {sku}; the first is due Nov 28 09:00 UTC*",
            f"*[ecommerce] Still open: {sku}; the first is due 09:00 UTC*",
            f"*[ecommerce] Overdue: {sku}; the first was due 09:00 UTC*",
            f"*[ecommerce] Settled: {sku}*",
        ]
    )
    assert not [path for path, text in stack.slack.messages if "OWLPOST" in text and path != "/operations"]


def test_a_busy_channel_gets_it_the_third_time(stack: Stack, ledger: Ledger) -> None:
    """A receiver that answers 500 twice has the message once, with the next step and links that open."""
    stack.slack.busy["warehouse"] = 2
    find(
        ledger,
        Problem(kind=ProblemKind.FILE_SET_ASIDE, subject="owl.csv", summary="The file owl.csv is cut."),
    )
    announce.fn(ledger, NOW)
    (line,) = told(stack, "warehouse", "owl.csv", 1)
    assert line == "*The file owl.csv is cut; to be settled by 11:00 UTC*"
    (message,) = _with(stack, "warehouse", "owl.csv")
    assert "What to do: Ask the warehouse" in message
    link = message.splitlines()[-1]
    assert link == f"{stack.server.ui_url}/artifacts"  # nobody wrote the page yet
    page = httpx.get(link, headers={"Accept": "text/html"}, follow_redirects=True)
    assert page.status_code == 200


def test_what_is_overdue_reaches_operations_too(stack: Stack, ledger: Ledger) -> None:
    """An overdue problem of another team comes to both channels, and so does its end."""
    late = Problem(kind=ProblemKind.SNAPSHOT_LATE, subject="main/HERON", summary="HERON sends no count.")
    find(ledger, late)
    announce.fn(ledger, NOW)
    announce.fn(ledger, NOW + 4 * HOUR)
    with ledger.begin() as conn:
        clear_problems(conn, [late.kind], [late.subject], NOW + 4 * HOUR)
    announce.fn(ledger, NOW + 4 * HOUR + MINUTE)
    assert len(told(stack, "warehouse", "HERON", 3)) == 3
    assert sorted(told(stack, "operations", "HERON", 2)) == [
        "*[warehouse] Overdue: HERON sends no count; it should have been settled by 13:00 UTC*",
        "*[warehouse] Settled: HERON sends no count*",
    ]


def test_a_message_goes_by_email(stack: Stack, mail: Mail) -> None:
    """A team whose address is an email one gets what Slack would have got."""
    tell(
        Team.FINANCE, "The day is closed", "312 of 312 orders were confirmed.", link="http://127.0.0.1/close"
    )
    (subject, body) = wait_for(lambda: mail.messages[0] if mail.messages else None)
    assert subject == "The day is closed"
    assert body.split() == ["312", "of", "312", "orders", "were", "confirmed.", "http://127.0.0.1/close"]


def test_a_form_is_linked_and_filled_in(stack: Stack, ledger: Ledger) -> None:
    """Prefect is asked for the form's deployment; without one the message leads to the list."""
    find(ledger, Problem(kind=ProblemKind.UNMAPPED_SKU, subject=order_id(7), summary="No.", cause="JUGGLER"))
    announce.fn(ledger, NOW)
    told(stack, "operations", "map-sku", 2)
    message = _with(stack, "operations", "map-sku")[-1]
    assert f"Form map-sku: {stack.server.ui_url}/deployments" in message


def test_a_channel_of_an_earlier_version_is_replaced(stack: Stack) -> None:
    """A team's Slack block of the kind that was used before goes at the next setup, and nothing else changes."""
    api = stack.client._client
    new = {"name": "Slack Incoming Webhook", "slug": "slack-incoming-webhook"}
    kind = api.post("/block_types/", json=new).raise_for_status().json()["id"]
    schema = api.post("/block_schemas/", json={"fields": {"title": "Old"}, "block_type_id": kind}).json()[
        "id"
    ]
    old = {"name": "team-operations", "data": {"url": "https://hooks.slack.com/services/T/B/x"}}
    api.post(
        "/block_documents/", json={**old, "block_schema_id": schema, "block_type_id": kind}
    ).raise_for_status()
    assert stack.install() == ["Slack channel team-operations of an earlier version removed."]
    assert stack.install() == []
