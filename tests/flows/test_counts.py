"""Counts that go wrong at the warehouse: nothing more is sold, people see why, and their word counts at once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client

from flows.accept_count import accept_count
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from ledger.deeds import last_deeds
from tests.flows.conftest import GB, Street
from tests.flows.runs import eventually, fails


def shown(key: str) -> list[dict[str, Any]]:
    """The newest table artifact of that key."""
    with get_client(sync_client=True) as client:
        found = client._client.get(f"/artifacts/{key}/latest")
    return list(json.loads(found.json()["data"]))


def counts(street: Street) -> list[tuple[int, str]]:
    """Number and outcome of every count."""
    with street.ledger.begin() as conn:
        rows = conn.execute(sa.text("SELECT id, outcome FROM ledger.snapshots ORDER BY id"))
        return [(row.id, row.outcome) for row in rows]


def read(street: Street, mistake: str = "") -> None:
    """The warehouse counts, wrongly when a mistake is named, and the street reads and publishes."""
    if mistake:
        street.warehouse.miscount(mistake)
    else:
        street.warehouse.recount()
    street.work()
    inventory_sync()


def offered(street: Street, sku: str, units: int) -> bool:
    return eventually(lambda: street.world.effective_quantity(sku, GB) == units)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("empty", "it holds no rows"),
        ("cases", "one 12th of what they were"),
        ("future", "in the future"),
    ],
)
def test_a_wrong_count_is_held_until_a_good_one_comes(street: Street, mistake: str, words: str) -> None:
    """Of a count that cannot be right nothing is published; the next good one takes its place by itself."""
    street.warehouse.on_hand.update({f"SKU-{number:02}": 120 + 12 * number for number in range(8)})
    read(street)
    read(street, mistake)
    (problem,) = street.rows("problems")
    assert words in problem["summary"]
    assert counts(street)[-1][1] == "HELD"
    assert offered(street, "SKU-01", 132)
    read(street)
    assert not street.problems()
    assert [outcome for _, outcome in counts(street)] == ["APPLIED", "OVERTAKEN", "APPLIED"]


def test_an_accepted_count_is_published_at_once(street: Street) -> None:
    """Half the range really sold out: a person says so in the form, and Amazon shows it with that run."""
    read(street)
    assert offered(street, "SKU-01", 100)
    street.warehouse.on_hand.update(dict.fromkeys(street.warehouse.on_hand, 0))
    read(street)
    assert street.problems() == [("snapshot_held", "operations", "main SIM1")]
    held, _ = counts(street)[-1]
    (row, *_) = shown("stock-counts-main")
    assert (row["count"], row["what became of it"][:4]) == (held, "held")
    assert "10 of 10 stocked SKUs fall to zero" in row["why"]

    assert fails(accept_count, count=held, decision="accept", your_name=" ") == (
        "Your name is missing: who decides is kept with the decision. Nothing changed."
    )
    assert fails(accept_count, count=999, decision="accept", your_name="Ada").startswith(
        "There is no count 999"
    )
    assert counts(street)[-1] == (held, "HELD")

    accept_count(count=held, decision="accept", your_name="Ada  Lovelace")
    with street.ledger.begin() as conn:
        (deed,) = last_deeds(conn, 9)
    assert (deed.author, deed.form) == ("Ada Lovelace", "accept-count")
    assert deed.said.endswith("accepted, its numbers are in force.")
    assert offered(street, "SKU-01", 0)
    assert not street.problems()
    (row, *_) = shown("stock-counts-main")
    assert row["decided by"].startswith("Ada Lovelace, ")
    assert "is in force already" in fails(accept_count, count=held, decision="dismiss", your_name="Ada")


def _held(street: Street) -> int:
    """Everything sold out since a good count: the number of the count that is held for it."""
    read(street)
    street.warehouse.on_hand.update(dict.fromkeys(street.warehouse.on_hand, 0))
    read(street)
    return counts(street)[-1][0]


def test_a_run_at_work_is_waited_for(street: Street) -> None:
    """A run that computed its numbers before a count was accepted does not keep the count from Amazon."""
    held = _held(street)
    at_work = Event()

    def publish() -> None:
        with street.ledger.only_one("inventory-sync", "main"):
            at_work.set()
            time.sleep(1)

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(publish)
        at_work.wait(10)
        state = accept_count(count=held, decision="accept", your_name="Ada", return_state=True)
        run.result()
    assert state.message.endswith("its numbers are in force. Quantities are published.")
    assert offered(street, "SKU-01", 0)


def test_when_amazon_is_away_an_accepted_count_is_kept(street: Street) -> None:
    """The form says that not all went out, and the next run of the street leaves nothing of it open."""
    held = _held(street)
    street.world.inject("patchListingsItem", "503-html")
    said = fails(accept_count, count=held, decision="accept", your_name="Ada")
    assert said.startswith("What you decided is kept, but not everything could go out now: Amazon (main)")
    inventory_sync()
    assert (street.problems(), offered(street, "SKU-01", 0)) == ([], True)


def test_the_form_offers_its_choices_and_explains_its_fields() -> None:
    """What the Prefect UI shows as a form: a number, two choices and a name, each with a sentence of help."""
    schema = accept_count.parameters.model_dump()
    fields = schema["properties"]
    assert schema["required"] == ["count", "decision", "your_name"]
    assert fields["count"]["type"] == "integer"
    assert fields["decision"]["enum"] == ["accept", "dismiss"]
    assert all(len(field["description"]) > 30 for field in fields.values())


def test_a_dismissed_count_changes_nothing(street: Street) -> None:
    """What a person calls wrong is gone with its problem; the last good count stays, and orders lower it."""
    read(street)
    read(street, "zero")
    held, _ = counts(street)[-1]
    accept_count(count=held, decision="dismiss", your_name="Ada")
    assert not street.problems()
    street.world.add_order(marketplace_id=GB, items=[("SKU-04", 7)], status="PENDING")
    street.settle()
    order_ingest()
    inventory_sync()
    assert offered(street, "SKU-04", 93)
    assert offered(street, "SKU-01", 100)


def test_rows_that_cannot_be_right_are_shown_and_the_others_applied(street: Street) -> None:
    """A negative number sells nothing, a contradiction keeps the lower number, a repeated row is harmless."""
    read(street)
    assert offered(street, "SKU-00", 100)
    street.warehouse.on_hand["SKU-02"] = 60
    read(street, "contradiction")
    (row,) = shown("stock-rows-held-main")
    assert (row["SKU"], row["number in force"]) == ("SKU-00", 100)
    assert "2 rows that differ (100 and 150 available)" in row["why"]
    assert offered(street, "SKU-02", 60)
    read(street, "negative")
    (row,) = shown("stock-rows-held-main")
    assert (row["number in force"], row["why"]) == (0, "the warehouse counts -3")
    assert offered(street, "SKU-00", 0)
    read(street, "duplicate")
    assert shown("stock-rows-held-main") == [{"rows held": "none"}]
    assert offered(street, "SKU-00", 100)
    assert not street.problems()


def test_a_count_that_does_not_come_is_noticed(street: Street) -> None:
    """The warehouse is asked for its count when it is later than usual, and its next one closes the matter."""
    read(street)
    with street.ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.snapshots SET received_at = received_at - interval '37 hours'"))
    problem_watch()
    assert street.problems() == [("snapshot_late", "warehouse", "main SIM1")]
    read(street)
    assert not street.problems()
