"""What a form for a map refuses and what it puts in force, on PostgreSQL and without Prefect."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.errors import Refused
from domain.stock.snapshots import SnapshotLimits
from ledger import tables
from ledger.connection import Ledger
from ledger.deeds import last_deeds
from ledger.maps import (
    BufferEntry,
    CarrierEntry,
    ServiceEntry,
    SkuEntry,
    export_buffers,
    export_carriers,
    export_services,
    export_skus,
    record_carriers,
    record_services,
)
from ledger.register import Account, Connection, record_account, record_connection
from ledger.stock.snapshots import record_snapshot
from tasks.map_forms import Put, Signature, put_buffer, put_carrier, put_service, put_sku
from tests.factories import DAY, DE, NOW, snapshot
from tests.ledger.tracking.test_carrier_use import a_parcel, an_order

GB = "A1F83G8C2ARO7P"
KIM = Signature(author="Kim", at=NOW)
CARRIER = CarrierEntry(
    connection="main",
    warehouse_carrier="ROYAL MAIL",
    warehouse_service="",
    marketplace_id=GB,
    carrier_code="Royal Mail",
    carrier_name="",
    shipping_method="",
    signed_by="",
)
SKU = SkuEntry(seller_account="main", seller_sku="SKU-1", connection="main", warehouse_sku="A-1", units=1)
SERVICE = ServiceEntry(
    seller_account="main",
    marketplace_id="",
    service_level="",
    program="",
    connection="main",
    warehouse_service="STD",
)
BUFFER = BufferEntry(seller_account="main", seller_sku="SKU-1", fixed=3, percent=None, odds=None, share=None)


@pytest.fixture
def house(ledger: Ledger) -> Ledger:
    """Two seller accounts, one of them served; a listing, a counted SKU, an order that is held, a parcel."""
    with ledger.begin() as conn:
        for name in ("main", "second"):
            record_account(
                conn,
                Account(
                    name=name,
                    seller_id="A1EXAMPLE",
                    region="EU",
                    marketplaces=(GB,),
                    look_back=timedelta(hours=24),
                    prove_within=timedelta(minutes=4),
                ),
            )
        main = Connection(name="main", adapter="file-drop", serves=("main",), same_skus=False)
        record_connection(conn, main)
        record_snapshot(conn, "main", snapshot(("A-1", 10), as_of=NOW), SnapshotLimits(), NOW)
        listing = {
            "seller_account": "main",
            "marketplace_id": GB,
            "seller_sku": "SKU-1",
            "state": "CANDIDATE",
        }
        conn.execute(tables.listings.insert(), listing)
        order, _ = an_order(conn, 1, state="HELD")
        asked = {"held_for": "unmapped_sku", "service_level": "EXPEDITED", "programs": ["PRIME"]}
        conn.execute(tables.orders.update().where(tables.orders.c.id == order).values(asked))
        line = {
            "order_id": order,
            "order_item_id": "1",
            "seller_sku": "SKU-2",
            "quantity": 1,
            "unfulfilled": 1,
        }
        conn.execute(tables.order_lines.insert(), line)
        a_parcel(conn, an_order(conn, 2), carrier="Royal  Mail")
    return ledger


def kept(ledger: Ledger) -> list[object]:
    """Every map, and every decision."""
    with ledger.begin() as conn:
        maps = [read(conn) for read in (export_carriers, export_skus, export_services, export_buffers)]
        return [*maps, last_deeds(conn, 100)]


WRONG = [
    (CARRIER, {"connection": "other"}, 'Connection: "other" is not a warehouse connection (there is: main).'),
    (CARRIER, {"connection": ""}, "Connection is empty."),
    (CARRIER, {"warehouse_carrier": ""}, "Warehouse carrier is empty."),
    (CARRIER, {"marketplace_id": ""}, "Marketplace is empty."),
    (CARRIER, {"marketplace_id": "A1WRONG"}, 'Marketplace: "A1WRONG" is not a marketplace id of Amazon'),
    (CARRIER, {"carrier_code": ""}, "Carrier is empty; Amazon's \"Royal Mail\" fits best."),
    (CARRIER, {"carrier_code": "Royal mail"}, 'Carrier: "Royal mail" is not Amazon\'s spelling; did you mean'),
    (CARRIER, {"carrier_code": "Pigeon"}, 'a signature; Amazon\'s "Royal Mail" fits best.'),
    (CARRIER, {"carrier_code": "Andere"}, '"Andere" is "Other" in another language; take a listed'),
    (CARRIER, {"carrier_code": "Otro", "signed_by": "Jo"}, '"Otro" is "Other" in another language'),
    (CARRIER, {"carrier_code": "Other", "signed_by": "Jo"}, "Carrier name is empty;"),
    (CARRIER, {"carrier_code": "Other", "carrier_name": "Veho"}, "Signed by is empty;"),
    (CARRIER, {"carrier_name": "Veho"}, 'Carrier name is only filled in with the code "Other".'),
    (CARRIER, {"warehouse_carrier": "ROYALMAIL"}, 'did you mean "Royal  Mail" (1 parcel blocked)?'),
    (SKU, {"seller_account": "third"}, 'Seller account: "third" is not a seller account (there is: main, second)'),
    (SKU, {"seller_account": "second"}, 'Connection: "main" does not serve the seller account "second".'),
    (SKU, {"seller_sku": ""}, "Seller SKU is empty."),
    (SKU, {"seller_sku": "sku-1"}, 'Seller SKU: "sku-1" is not known; did you mean "SKU-1"?'),
    (SKU, {"seller_sku": "sku-2"}, 'Seller SKU: "sku-2" is not known; did you mean "SKU-2"?'),
    (SKU, {"warehouse_sku": "a-1"}, 'Warehouse SKU: "a-1" is not known; did you mean "A-1"?'),
    (SKU, {"units": 0}, 'Units: "0" is not a whole number from 1 to 10,000.'),
    (SERVICE, {"marketplace_id": "A1WRONG"}, "Marketplace:"),
    (SERVICE, {"warehouse_service": ""}, "Warehouse service is empty."),
    (SERVICE, {"service_level": "Expedited"}, 'no order lately has "Expedited"; did you mean "EXPEDITED"?'),
    (SERVICE, {"program": "PRIMES"}, 'Program: no order lately has "PRIMES"; did you mean "PRIME"?'),
    (SERVICE, {"connection": ""}, "Connection is empty."),
    (BUFFER, {"fixed": -1}, 'Fixed: "-1" is not a whole number from 0 to 1,000,000.'),
    (BUFFER, {"percent": 100.5}, 'Percent: "100.5" is not a number from 0 to 100.'),
    (BUFFER, {"odds": 1.0}, 'Odds: "1.0" is not a number between 0 and 1.'),
    (BUFFER, {"share": float("nan")}, 'Share: "nan" is not a number from 0 to 1.'),
    (BUFFER, {"seller_sku": "sku-1"}, 'Seller SKU: "sku-1" has no listing in main; did you mean "SKU-1"?'),
    (BUFFER, {"seller_sku": "NEW"}, 'Seller SKU: "NEW" has no listing in main; copy the SKU from Seller Central.'),
]  # fmt: skip
Row = CarrierEntry | SkuEntry | ServiceEntry | BufferEntry


def put(ledger: Ledger, row: Row) -> str:
    """Put a row in force as its form does; what is so now."""
    if isinstance(row, CarrierEntry):
        done: Put | str = put_carrier.fn(ledger, row, KIM)
    elif isinstance(row, SkuEntry):
        done = put_sku.fn(ledger, [row], KIM)
    elif isinstance(row, ServiceEntry):
        done = put_service.fn(ledger, row, KIM)
    else:
        done = put_buffer.fn(ledger, row, KIM)
    return done.said if isinstance(done, Put) else done


def test_a_wrong_field_is_named_and_nothing_changes(house: Ledger) -> None:
    """Each fault is one sentence with the field's name on the screen and what there is; no row, no decision."""
    before = kept(house)
    for row, change, said in WRONG:
        with pytest.raises(Refused) as caught:
            put(house, replace(row, **change))
        told = str(caught.value)
        assert said in told, told
        assert told.endswith("Nothing changed."), told
        assert "_" not in told, told
    assert kept(house) == before


RIGHT = [
    (CARRIER, {"warehouse_service": "TPN", "shipping_method": "Tracked 24"}, 'with the service "TPN" of the'),
    (CARRIER, {"carrier_code": "Other", "carrier_name": "Veho", "signed_by": "Jo"}, "(Veho, signed by Jo) in UK"),
    (CARRIER, {"warehouse_carrier": "Brand new"}, "is Amazon's \"Royal Mail\" in UK from now on."),
    (SKU, {"units": 2}, "One SKU-1 of main is 2 x A-1 at the warehouse main from now on."),
    (SKU, {"warehouse_sku": "B-1"}, "The warehouse has not counted B-1 yet: check the spelling."),
    (SERVICE, {}, 'from every marketplace with any service level are asked for as "STD"'),
    (SERVICE, {"marketplace_id": GB, "service_level": "EXPEDITED", "program": "PRIME"}, "program PRIME are"),
    (BUFFER, {}, "Kept back of SKU-1 in main from now on: 3 units."),
    (BUFFER, {"seller_sku": "", "fixed": None}, "without a buffer of its own in main from now on: nothing"),
    (BUFFER, {"odds": 0.01, "share": 0.5}, "3 units, what its own demand asks for at odds of 0.01."),
]  # fmt: skip


def test_a_right_row_is_in_force_with_who_decided_it(house: Ledger) -> None:
    """The row and the decision come together, by one author; the same again is said to be as before."""
    for row, change, said in RIGHT:
        told = put(house, replace(row, **change))
        assert said in told, told
        with house.begin() as conn:
            (deed,) = last_deeds(conn, 1)
        assert (deed.author, deed.at, deed.said) == ("Kim", NOW, told)
        assert ", as before" in put(house, replace(row, **change))
    with house.begin() as conn:
        for table in ("carrier_map", "sku_map", "service_map", "buffer_rules"):
            authors = conn.scalars(sa.text(f"SELECT DISTINCT author FROM ledger.{table}"))
            assert list(authors) == ["Kim"]


def test_what_is_in_use_is_no_slip(house: Ledger) -> None:
    """A carrier that is mapped, or on a recent parcel, is taken though a like one waits; an old one is not."""
    mapped, used, old = (
        replace(CARRIER, warehouse_carrier=f"Royal Mail {name}") for name in ("24", "48", "1")
    )
    with house.begin() as conn:
        record_carriers(conn, [replace(mapped, carrier_code="DPD")], "jo", NOW)
        a_parcel(conn, an_order(conn, 3), carrier="Royal Mail 24", state="REJECTED", carrier_code="DPD")
        a_parcel(conn, an_order(conn, 4), carrier="Royal Mail 48", state="PROVEN", known_at=NOW - 29 * DAY)
        a_parcel(conn, an_order(conn, 5), carrier="Royal Mail 1", state="PROVEN", known_at=NOW - 31 * DAY)
        a_parcel(conn, an_order(conn, 6), carrier="Royal Mail 2")
    with pytest.raises(Refused, match=r'no parcel lately has "Royal Mail 1"; did you mean "Royal Mail 2"'):
        put(house, old)
    assert "from now on" in put(house, replace(mapped, warehouse_carrier="ROYAL MAIL 24"))
    assert ", as before" in put(house, replace(mapped, warehouse_carrier="ROYAL MAIL 24"))
    assert "from now on" in put(house, replace(mapped, marketplace_id=DE, carrier_code="DPD"))
    assert "from now on" in put(house, used)


def test_a_ship_method_that_is_in_use_is_no_slip(house: Ledger) -> None:
    """A service level and a program that are mapped, or that recent orders have, are taken like any other."""
    with house.begin() as conn:
        order, _ = an_order(conn, 3, state="CLOSED", programs=("PRIME2",))
        conn.execute(
            tables.orders.update().where(tables.orders.c.id == order).values(service_level="EXPEDITE")
        )
        record_services(conn, [replace(SERVICE, service_level="EXPEDIT", program="PRIM")], "jo", NOW)
    for level, program in (("EXPEDITE", "PRIME2"), ("EXPEDIT", "PRIM"), ("EXPEDITE", "PRIM"), ("", "")):
        assert "are asked for as" in put(house, replace(SERVICE, service_level=level, program=program))
    with pytest.raises(Refused, match="no order lately has"):
        put(house, replace(SERVICE, service_level="EXPEDITES"))


def test_a_kit_is_whole(house: Ledger) -> None:
    """Parts that are listed twice, or none at all, are no kit; the parts of a kit replace the ones before."""
    for parts, said in (
        ([], "Parts is empty;"),
        ([SKU, replace(SKU, units=2)], 'Parts: "A-1" is there twice'),
    ):
        with pytest.raises(Refused, match=said):
            put_sku.fn(house, parts, KIM)
    put_sku.fn(house, [SKU, replace(SKU, warehouse_sku="B-1", units=3)], KIM)
    told = put_sku.fn(house, [replace(SKU, warehouse_sku="B-1")], KIM)
    assert len(told.waiting) == 1
    with house.begin() as conn:
        assert [(one.warehouse_sku, one.units) for one in export_skus(conn)] == [("B-1", 1)]
