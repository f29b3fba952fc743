"""The form that stops selling: who decided is kept, what is wrong changes nothing, and it takes effect at once."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

import flows.forms
from domain.stock.snapshots import SnapshotLimits
from flows.inventory_sync import inventory_sync
from flows.stock_variances import stock_variances
from flows.stop_selling import stop_selling
from ledger.deeds import last_deeds
from ledger.maps import OfferEntry, export_offers, record_offers
from ledger.stock.snapshots import record_snapshot
from tests.factories import snapshot
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import fails

CAPPED = OfferEntry(seller_account="main", seller_sku="", cap=80, warehouses=(), stopped=False)


def on_sale(street: Street, *, cap: bool = False) -> None:
    """Ten SKUs with a hundred units each, looked at and published."""
    now = street.world.now()
    counted = snapshot(*[(f"SKU-{n:02}", 100) for n in range(10)], as_of=now - timedelta(minutes=1))
    with street.ledger.begin() as conn:
        record_snapshot(conn, "main", counted, SnapshotLimits(), now)
        if cap:
            record_offers(conn, [CAPPED], "test", now)
    inventory_sync()


def rules(street: Street) -> dict[str, OfferEntry]:
    """The offer rules in force by seller SKU."""
    with street.ledger.begin() as conn:
        return {entry.seller_sku: entry for entry in export_offers(conn)}


def published(street: Street) -> dict[tuple[str, str], int]:
    """What was last published, by SKU and marketplace."""
    return {
        (row["seller_sku"], row["marketplace_id"]): row["published"]
        for row in street.rows("listings")
        if row["published"] is not None
    }


def test_who_decided_and_when_is_kept(street: Street) -> None:
    """Stop and start are two versions of one row, each with its author; a cap that was in force stays."""
    on_sale(street, cap=True)
    stop_selling(seller_account="main", decision="stop", your_name="Kim", seller_sku="SKU-01")
    assert rules(street)["SKU-01"] == OfferEntry(
        seller_account="main", seller_sku="SKU-01", cap=80, warehouses=(), stopped=True
    )
    stop_selling(seller_account="main", decision="start", your_name="Jo", seller_sku="SKU-01")
    assert not rules(street)["SKU-01"].stopped
    versions = sa.text(
        "SELECT author, stopped, until IS NULL FROM ledger.offer_rules WHERE seller_sku = 'SKU-01' ORDER BY id"
    )
    with street.ledger.begin() as conn:
        found = [tuple(row) for row in conn.execute(versions)]
        deeds = last_deeds(conn, 2)
    assert [(deed.author, deed.subject) for deed in deeds] == [("Jo", "main SKU-01"), ("Kim", "main SKU-01")]
    assert deeds[1].said == "Selling SKU-01 of main is stopped."
    assert found == [("Kim", True, False), ("Jo", False, True)]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"seller_account": "nain"}, 'There is no seller account "nain"; there is: main.'),
        ({"seller_sku": "sku-01"}, 'There is no listing of "sku-01" in main. Did you mean "SKU-01"?'),
        ({"seller_sku": "NEW"}, 'There is no listing of "NEW" in main. Copy the SKU from Seller Central.'),
        (
            {"seller_sku": " "},
            "Seller SKU: there is nothing but spaces in it; empty the field or fill it in.",
        ),
        ({"seller_account": " "}, "Seller account: there is nothing but spaces in it"),
        ({"your_name": "  "}, "Your name is missing"),
        ({"decision": "start", "seller_sku": "SKU-01"}, "Everything of main is stopped"),
    ],
)
def test_a_wrong_form_changes_nothing(street: Street, parameters: dict[str, str], said: str) -> None:
    """An unknown account or SKU, no name, or a start that could not work is refused in a sentence."""
    on_sale(street)
    if parameters.get("decision") == "start":
        with street.ledger.begin() as conn:
            everything = OfferEntry(
                seller_account="main", seller_sku="", cap=None, warehouses=(), stopped=True
            )
            record_offers(conn, [everything], "test", street.world.now())
    before = rules(street)
    form = {"seller_account": "main", "decision": "stop", "your_name": "Kim"} | parameters
    assert said in fails(stop_selling, **form)
    assert rules(street) == before


def test_another_run_that_publishes_is_waited_for(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision is kept, and when the other run takes long the form says so instead of ending green."""
    on_sale(street)
    monkeypatch.setattr(flows.forms, "PATIENCE", 2)
    monkeypatch.setattr(flows.forms, "PAUSE", 0.01)
    with street.ledger.only_one("inventory-sync", "main"):
        said = fails(stop_selling, seller_account="main", decision="stop", your_name="Kim")
    assert said.startswith("What you decided is kept, but not everything could go out now: Amazon (main)")
    assert rules(street)[""].stopped


def test_a_pause_is_no_failure(street: Street) -> None:
    """While Amazon's budget is used up the stop is kept, and the form says that it goes out as that allows."""
    on_sale(street)
    street.world.inject("patchListingsItem", "429", times=100)
    form = {"seller_account": "main", "decision": "stop", "your_name": "Kim", "seller_sku": "SKU-01"}
    state = stop_selling(**form, return_state=True)
    assert state.message == (
        "Selling SKU-01 of main is stopped. Quantities go out as Amazon's budget allows."
    )
    assert rules(street)["SKU-01"].stopped


def test_stopping_takes_effect_at_once(street: Street) -> None:
    """Zero units of one SKU in every marketplace, then of all, then what is free again."""
    on_sale(street)
    stop_selling(seller_account="main", decision="stop", your_name="Kim", seller_sku="SKU-01")
    now = published(street)
    assert {now["SKU-01", shop] for shop in (GB, DE)} == {0}
    assert now["SKU-02", GB] == 100
    stop_selling(seller_account="main", decision="stop", your_name="Kim")
    assert set(published(street).values()) == {0}
    stop_selling(seller_account="main", decision="start", your_name="Kim")
    now = published(street)
    assert (now["SKU-01", GB], now["SKU-02", DE]) == (0, 100)


def test_the_variances_are_written_as_tables(street: Street) -> None:
    """A number that nobody here published is the one row of the day; the warehouse's table says what came."""
    on_sale(street)
    inventory_sync()
    change = sa.text(
        "UPDATE ledger.listings SET state = 'EFFECTIVE', effective = CASE seller_sku WHEN 'SKU-03' THEN 160"
        " ELSE publishable END WHERE marketplace_id = :shop OR seller_sku <> 'SKU-03'"
    )
    with street.ledger.begin() as conn:
        conn.execute(change, {"shop": GB})
    stock_variances()
    wanted = ("stock-variances-main", "count-variances-main")
    named = ArtifactFilter(key=ArtifactFilterKey(any_=list(wanted)))
    with get_client(sync_client=True) as client:
        found = {one.key: one for one in client.read_artifacts(artifact_filter=named)}
    rows = json.loads(str(found[wanted[0]].data))
    assert [(row["SKU"], row["unexplained"]) for row in rows] == [("SKU-03", 60)]
    assert "60 not explained, of 1 listings." in str(found[wanted[0]].description)
    assert str(found[wanted[1]].description).startswith("No count came on ")
