"""The forms that fill the seller's maps: what is wrong changes nothing, what is right goes on in the same run."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from deployments.flow_runs import run_flow
from domain.errors import Refused
from domain.stock.snapshots import SnapshotLimits
from domain.tracking.carrier_gaps import carrier_subject
from flows.fields import Part
from flows.inventory_sync import inventory_sync
from flows.map_carrier import map_carrier
from flows.map_ship_method import map_ship_method
from flows.map_sku import map_sku
from flows.order_ingest import order_ingest
from flows.set_buffer import set_buffer
from flows.tracking_push import tracking_push
from ledger.deeds import Deed, last_deeds
from ledger.map_rules import known_names
from ledger.maps import export_buffers, export_carriers, export_services, export_skus
from ledger.register import Connection, record_connection
from ledger.stock.snapshots import record_snapshot
from ledger.tracking.carrier_use import BlockedCarrier, blocked_carriers
from tests.factories import snapshot
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import fails

CARRIER = {
    "connection": "main",
    "warehouse_carrier": "royal  mail",
    "marketplace": "UK",
    "carrier": "Royal Mail",
    "your_name": "Kim",
}
SKU = {
    "seller_account": "main",
    "seller_sku": "KIT-1",
    "parts": [Part(warehouse_sku="SKU-01", units=2), Part(warehouse_sku="SKU-02")],
    "connection": "main",
    "your_name": "Kim",
}
SERVICE = {
    "seller_account": "main",
    "connection": "main",
    "warehouse_service": "NEXT DAY",
    "your_name": "Kim",
}
BUFFER = {"seller_account": "main", "your_name": "Kim"}


def everything(street: Street) -> tuple[object, ...]:
    """All rows of all maps, and the last decision."""
    with street.ledger.begin() as conn:
        assert known_names(conn).accounts == {"main"}
        maps = (export_carriers(conn), export_skus(conn), export_services(conn), export_buffers(conn))
        return (*maps, last_deeds(conn, 1))


def last_deed(street: Street) -> Deed:
    with street.ledger.begin() as conn:
        return last_deeds(conn, 1)[0]


def done(form: Any, **fields: object) -> str:
    """Run a form that must succeed; what it says it did."""
    state = form(**fields, return_state=True)
    assert state.name == "Completed", state
    return str(state.message)


def count_stock(street: Street) -> None:
    """Four SKUs with a hundred units each."""
    now = street.world.now()
    counted = snapshot(*[(f"SKU-{n:02}", 100) for n in range(4)], as_of=now - timedelta(minutes=1))
    with street.ledger.begin() as conn:
        record_snapshot(conn, "main", counted, SnapshotLimits(), now)


def _subject(one: BlockedCarrier) -> str:
    return carrier_subject(one.connection, one.warehouse_carrier, one.warehouse_service, one.marketplace_id)


def forget(street: Street, table: str, where: str = "true") -> None:
    with street.ledger.begin() as conn:
        conn.execute(sa.text(f"DELETE FROM ledger.{table} WHERE {where}"))


WRONG = [
    (map_carrier, CARRIER | {"marketplace": "XX"}, 'Marketplace: "XX" is not a marketplace of Amazon'),
    (map_carrier, CARRIER | {"carrier": "Royal mail"}, 'spelling; did you mean "Royal Mail"?'),
    (map_carrier, CARRIER | {"your_name": " "}, "Your name is missing"),
    (
        map_sku,
        SKU | {"parts": [Part(warehouse_sku="sku-01")]},
        'Warehouse SKU: "sku-01" is not known; did you',
    ),
    (map_ship_method, SERVICE | {"service_level": "expedite"}, 'did you mean "EXPEDITED"?'),
    (set_buffer, BUFFER | {"seller_sku": "sku-01"}, 'did you mean "SKU-01"?'),
    (set_buffer, BUFFER | {"seller_sku": " "}, "Seller SKU: there is nothing but spaces in it"),
    (map_ship_method, SERVICE | {"program": " "}, "Program: there is nothing but spaces in it"),
    (map_ship_method, SERVICE | {"marketplace": " "}, 'Marketplace: " " is not a marketplace of Amazon'),
    (map_carrier, CARRIER | {"warehouse_service": " "}, "Warehouse service: there is nothing but spaces"),
]


def test_a_wrong_field_is_named_and_nothing_changes(street: Street) -> None:
    """Whatever is wrong, the form says which field and what there is, and every map and decision stays."""
    count_stock(street)
    inventory_sync()
    forget(street, "service_map")
    street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], service_level="EXPEDITED")
    street.settle()
    order_ingest()
    before = everything(street)
    for form, fields, said in WRONG:
        told = fails(form, **fields)
        assert said in told, told
        assert told.endswith("Nothing changed."), told
        assert everything(street) == before


def test_a_mapped_carrier_sends_its_parcels(street: Street) -> None:
    """What the form unblocks is told to Amazon by the form itself; the other marketplace's parcels wait on."""
    forget(street, "carrier_map")
    for shop in (GB, GB, DE):
        street.world.add_order(marketplace_id=shop, items=[("SKU-01", 1)])
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    tracking_push()
    with street.ledger.begin() as conn:
        here = next(one for one in blocked_carriers(conn) if one.marketplace_id == GB)
    fields = {
        "connection": "main",
        "warehouse_carrier": f" {here.warehouse_carrier.upper()} ",
        "marketplace": "gb",
        "carrier": here.warehouse_carrier,
        "your_name": " Kim  Field ",
    }
    slip = fails(map_carrier, **fields | {"warehouse_carrier": f"{here.warehouse_carrier}s"})
    assert f'did you mean "{here.warehouse_carrier}" ({here.parcels} parcel' in slip

    said = done(map_carrier, **fields)
    assert f"{here.parcels} unblocked, {here.parcels} sent to Amazon now" in said
    rows = street.rows("parcels")
    sent = [row for row in rows if row["carrier_code"]]
    assert len(sent) == here.parcels
    assert {row["state"] for row in sent} <= {"ACCEPTED", "PROVEN"}
    assert len(rows) - len(sent) == len([row for row in rows if row["state"] == "BLOCKED"])
    assert not [subject for _, _, subject in street.problems() if subject == _subject(here)]
    deed = last_deed(street)
    assert (deed.author, deed.form) == ("Kim Field", "map-carrier")
    assert deed.said in said
    assert "No parcel waited for it." in done(map_carrier, **fields)


def test_a_mapped_kit_releases_its_orders(street: Street) -> None:
    """An order that was held for its SKU is handed over part by part in the run that maps it."""
    alone = Connection(name="main", adapter="file-drop", serves=("main",), same_skus=False)
    with street.ledger.begin() as conn:
        record_connection(conn, alone)
    held = street.world.add_order(marketplace_id=GB, items=[("KIT-1", 3)])
    other = street.world.add_order(marketplace_id=GB, items=[("KIT-2", 1)])
    street.settle()
    order_ingest()
    assert street.states() == {held: "HELD", other: "HELD"}

    parts = [{"warehouse_sku": "SKU-01", "units": 2}, {"warehouse_sku": "SKU-02"}]  # as the UI sends them
    said = done(map_sku, **SKU | {"parts": parts})
    assert "2 orders held before: 1 handed to the warehouse now, 1 still held" in said
    assert "The warehouse has not counted SKU-01, SKU-02 yet" in said
    assert street.states() == {held: "RELEASED", other: "HELD"}
    assert {(row["sku"], row["qty"]) for row in street.handed_over()} == {("SKU-01", "6"), ("SKU-02", "3")}
    assert last_deed(street).subject == "main KIT-1"


def test_a_mapped_ship_method_releases_its_orders(street: Street) -> None:
    """An order that was held for its service level is asked for in the warehouse's word, at once."""
    forget(street, "service_map")
    held = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    abroad = street.world.add_order(marketplace_id=DE, items=[("SKU-01", 1)])
    street.settle()
    order_ingest()
    said = done(map_ship_method, **SERVICE, marketplace="UK", service_level="STANDARD")
    assert "2 orders held before: 1 handed to the warehouse now, 1 still held" in said
    assert street.states() == {held: "RELEASED", abroad: "HELD"}
    assert {row["service_level"] for row in street.handed_over()} == {"NEXT DAY"}
    assert last_deed(street).form == "map-ship-method"


def test_a_buffer_is_published_at_once(street: Street) -> None:
    """What is kept back leaves Amazon's offer in the form's own run, for one SKU or for all others."""
    count_stock(street)
    inventory_sync()
    said = done(set_buffer, **BUFFER, seller_sku="SKU-01", fixed=90, percent=5.0, share=0.5)
    assert said.endswith("Quantities are published.")
    assert "from now on: the largest of: 90 units, 5 % of what is available." in said
    done(set_buffer, **BUFFER, fixed=40)
    published = {
        (row["seller_sku"], row["published"])
        for row in street.rows("listings")
        if row["published"] is not None
    }
    assert published == {("SKU-00", 60), ("SKU-01", 5), ("SKU-02", 60), ("SKU-03", 60)}
    assert last_deed(street).subject == "main (default)"


def test_when_amazon_is_away_the_decision_is_kept(street: Street) -> None:
    """The form ends as failed, says that the decision is kept, and the next run goes on with it."""
    count_stock(street)
    inventory_sync()
    street.world.inject("patchListingsItem", "503-html")
    said = fails(set_buffer, **BUFFER, seller_sku="SKU-01", fixed=90)
    assert said.startswith("What you decided is kept, but not everything could go out now: Amazon (main)")
    assert last_deed(street).subject == "main SKU-01"


def test_the_command_line_says_no_in_a_line(street: Street) -> None:
    """A value of the wrong kind is refused before the flow begins, by name, and nothing changes."""
    before = everything(street)
    with pytest.raises(Refused, match=r"^map-sku: parts: Input should be a valid list\. Nothing changed\.$"):
        run_flow(map_sku, SKU | {"parts": 5})
    assert everything(street) == before
