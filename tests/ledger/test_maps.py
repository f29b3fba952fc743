"""The seller's maps in PostgreSQL: versioned, merged, and read back as the rules expect them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Refused
from domain.maps import AmazonCarrier, Component
from domain.stock.sellable import BufferRule, OfferRule
from ledger import maps, register, tables
from ledger.connection import Ledger
from ledger.maps import BufferEntry, CarrierEntry, OfferEntry, ServiceEntry, SkuEntry

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
UK = "A1F83G8C2ARO7P"

CARRIER = CarrierEntry(
    connection="main",
    warehouse_carrier="ROYAL  mail",
    warehouse_service="",
    marketplace_id=UK,
    carrier_code="Royal Mail",
    carrier_name="",
    shipping_method="Tracked 24",
    signed_by="",
)
SKU = SkuEntry(seller_account="main", seller_sku="KIT", connection="main", warehouse_sku="A", units=2)
SERVICE = ServiceEntry(
    seller_account="main",
    marketplace_id="",
    service_level="Expedited",
    program="",
    connection="main",
    warehouse_service="NEXT DAY",
)
BUFFER = BufferEntry(seller_account="main", seller_sku="", fixed=3, percent=None, odds=None, share=None)
OFFER = OfferEntry(seller_account="main", seller_sku="", cap=50, warehouses=("BER", "LON"), stopped=False)


def test_the_same_row_twice_changes_nothing(ledger: Ledger) -> None:
    """A row that is in force with the same content is neither closed nor written again."""
    with ledger.begin() as conn:
        assert maps.record_carriers(conn, [CARRIER], "jo", NOW) == 1
        assert maps.record_carriers(conn, [CARRIER], "jo", LATER) == 0
        assert maps.record_skus(conn, [SKU, replace(SKU, warehouse_sku="B")], "jo", NOW) == 2
        assert maps.record_skus(conn, [replace(SKU, warehouse_sku="B"), SKU], "jo", LATER) == 0
        assert maps.record_services(conn, [SERVICE], "jo", NOW) == 1
        assert maps.record_services(conn, [SERVICE], "jo", LATER) == 0
        assert maps.record_buffers(conn, [BUFFER], "jo", NOW) == 1
        assert maps.record_buffers(conn, [BUFFER], "jo", LATER) == 0
        assert maps.record_offers(conn, [OFFER], "jo", NOW) == 1
        assert maps.record_offers(conn, [OFFER], "jo", LATER) == 0
        assert conn.scalar(sa.select(sa.func.count()).select_from(tables.carrier_map)) == 1


def test_a_changed_row_closes_the_old_one(ledger: Ledger) -> None:
    """A row of the same key with other content takes over at that moment, and the old one stays readable."""
    with ledger.begin() as conn:
        maps.record_carriers(conn, [CARRIER], "jo", NOW)
        changed = replace(CARRIER, warehouse_carrier="Royal Mail", carrier_code="ROYAL_MAIL")
        assert maps.record_carriers(conn, [changed], "kim", LATER) == 1
        assert maps.export_carriers(conn) == (changed,)
        table = tables.carrier_map
        rows = conn.execute(sa.select(table.c.author, table.c.since, table.c.until).order_by(table.c.id))
        assert [tuple(row) for row in rows] == [("jo", NOW, LATER), ("kim", LATER, None)]


def test_importing_merges(ledger: Ledger) -> None:
    """Rows of keys that are not written stay in force."""
    other = replace(CARRIER, warehouse_carrier="DPD", carrier_code="DPD")
    with ledger.begin() as conn:
        maps.record_carriers(conn, [CARRIER], "jo", NOW)
        assert maps.record_carriers(conn, [other], "jo", LATER) == 1
        assert set(maps.export_carriers(conn)) == {CARRIER, other}


def test_the_last_row_of_a_key_wins(ledger: Ledger) -> None:
    """Of two rows with one key written together, one is in force: the last."""
    with ledger.begin() as conn:
        maps.record_buffers(conn, [replace(BUFFER, fixed=1), BUFFER], "jo", NOW)
        assert maps.export_buffers(conn) == (BUFFER,)


def test_a_kit_is_replaced_as_a_whole(ledger: Ledger) -> None:
    """The rows of one seller SKU are its whole kit: a component that is not among them leaves it."""
    with ledger.begin() as conn:
        maps.record_skus(conn, [SKU, replace(SKU, warehouse_sku="B", units=1)], "jo", NOW)
        maps.record_skus(conn, [replace(SKU, seller_sku="ONE", warehouse_sku="B", units=1)], "jo", NOW)
        assert maps.record_skus(conn, [replace(SKU, warehouse_sku="C")], "jo", LATER) == 2
        found = maps.load_skus(conn, "main", "main", same_skus=False)
    assert found.resolve("KIT") == (Component(warehouse_sku="C", units=2),)
    assert found.resolve("ONE") == (Component(warehouse_sku="B", units=1),)
    assert found.resolve("OTHER") == ()


def test_units_of_a_component_listed_twice_add_up(ledger: Ledger) -> None:
    """A kit that names one warehouse SKU in two rows takes the units of both, as one component."""
    with ledger.begin() as conn:
        maps.record_skus(conn, [SKU, replace(SKU, units=3), replace(SKU, warehouse_sku="B")], "jo", NOW)
        found = maps.load_skus(conn, "main", "main", same_skus=False)
    parts = {SKU.warehouse_sku: SKU.units + 3, "B": SKU.units}
    assert {part.warehouse_sku: part.units for part in found.resolve("KIT")} == parts
    assert len(found.resolve("KIT")) == 2


def test_maps_are_loaded_for_their_own_connection_and_account(ledger: Ledger) -> None:
    """Rows of another connection or seller account are not part of a map."""
    with ledger.begin() as conn:
        maps.record_skus(conn, [SKU, replace(SKU, connection="north", warehouse_sku="N")], "jo", NOW)
        maps.record_services(conn, [SERVICE, replace(SERVICE, seller_account="second")], "jo", NOW)
        maps.record_carriers(conn, [CARRIER], "jo", NOW)
        north = maps.load_skus(conn, "main", "north", same_skus=True)
        assert north.resolve("KIT") == (Component(warehouse_sku="N", units=2),)
        assert north.resolve("PLAIN") == (Component(warehouse_sku="PLAIN", units=1),)
        assert maps.load_services(conn, "main", "main").resolve(UK, "Expedited", ()) == "NEXT DAY"
        assert maps.load_services(conn, "main", "north").rows == ()
        assert maps.load_carriers(conn, "north").rows == {}
        carrier = maps.load_carriers(conn, "main").resolve(UK, " royal MAIL ", "24")
    assert carrier == AmazonCarrier(carrier_code="Royal Mail", shipping_method="Tracked 24")


def test_a_skus_own_buffer_replaces_the_default(ledger: Ledger) -> None:
    """A SKU with a row of its own takes nothing from the default; empty fields mean no buffer, share 1."""
    own = replace(BUFFER, seller_sku="X", fixed=None, percent=12.5, odds=0.01, share=0.4)
    with ledger.begin() as conn:
        assert maps.load_buffers(conn, "main").rule("X") == BufferRule()
        maps.record_buffers(conn, [BUFFER, own], "jo", NOW)
        book = maps.load_buffers(conn, "main")
    assert book.rule("X") == BufferRule(fixed=0, percent=12.5, share=0.4, odds=0.01)
    assert book.rule("Y") == BufferRule(fixed=3)


def test_a_skus_own_offer_rule_replaces_the_default_but_not_its_stop(ledger: Ledger) -> None:
    """A row of its own brings its own cap and warehouses; a stop of the account stops it all the same."""
    own = replace(OFFER, seller_sku="X", cap=None, warehouses=("LON",))
    gone = replace(OFFER, seller_sku="Z", cap=0, warehouses=(), stopped=True)
    with ledger.begin() as conn:
        assert maps.load_offers(conn, "main").rule("X") == OfferRule()
        maps.record_offers(conn, [OFFER, own, gone], "jo", NOW)
        book = maps.load_offers(conn, "main")
        assert maps.load_offers(conn, "second").rule("X") == OfferRule()
        assert maps.record_offers(conn, [replace(OFFER, stopped=True)], "kim", LATER) == 1
        stopped = maps.load_offers(conn, "main")
        assert len(maps.export_offers(conn)) == 3
    assert book.rule("X") == OfferRule(warehouses=("LON",))
    assert book.rule("Y") == OfferRule(cap=50, warehouses=("BER", "LON"))
    assert book.rule("Z") == OfferRule(cap=0, stopped=True)
    assert stopped.rule("X") == OfferRule(warehouses=("LON",), stopped=True)
    assert stopped.rule("Y") == OfferRule(cap=50, warehouses=("BER", "LON"), stopped=True)


_SKUS = st.builds(
    SkuEntry,
    seller_account=st.just("main"),
    seller_sku=st.sampled_from(["K1", "K2", "K3"]),
    connection=st.just("main"),
    warehouse_sku=st.sampled_from(["A", "B", "ß", "a"]),
    units=st.integers(1, 2),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(imports=st.lists(st.lists(_SKUS, min_size=1, max_size=5), min_size=1, max_size=4))
def test_what_is_in_force_is_the_last_word_on_every_seller_sku(
    ledger: Ledger, imports: list[list[SkuEntry]]
) -> None:
    """After any series of imports each seller SKU has the rows of the last import that named it."""
    expected: dict[str, set[SkuEntry]] = {}
    with ledger.begin() as conn:
        conn.execute(tables.sku_map.delete())
        for number, entries in enumerate(imports):
            maps.record_skus(conn, entries, "jo", NOW + timedelta(minutes=number))
            for sku in {entry.seller_sku for entry in entries}:
                expected[sku] = {entry for entry in entries if entry.seller_sku == sku}
        found = maps.export_skus(conn)
    assert len(found) == len(set(found))
    assert set(found) == set().union(*expected.values())


ACCOUNT = register.Account(
    name="main",
    seller_id="A1EXAMPLE",
    region="EU",
    marketplaces=(UK,),
    look_back=timedelta(hours=24),
    prove_within=timedelta(minutes=4),
)
CONNECTION = register.Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)


def test_the_register_changes_only_what_differs(ledger: Ledger) -> None:
    """Writing the same account or connection again says that nothing changed; a difference is written."""
    with ledger.begin() as conn:
        assert register.record_account(conn, ACCOUNT)
        assert not register.record_account(conn, ACCOUNT)
        assert register.record_connection(conn, CONNECTION)
        assert not register.record_connection(conn, CONNECTION)
        wider = replace(ACCOUNT, marketplaces=(UK, "A1PA6795UKMFR9"))
        assert register.record_account(conn, wider)
        assert register.accounts(conn) == (wider,)
        assert register.account(conn, "main") == wider
        assert register.connections(conn) == (CONNECTION,)


def test_an_unknown_account_is_answered_with_the_known_ones(ledger: Ledger) -> None:
    """A name that nobody registered is refused with the names there are, or with how to make one."""
    with ledger.begin() as conn:
        with pytest.raises(Refused, match="none yet: lockstep setup"):
            register.account(conn, "nain")
        register.record_account(conn, ACCOUNT)
        with pytest.raises(Refused, match='no seller account "nain"; there is: main'):
            register.account(conn, "nain")


def test_the_connection_of_an_account_is_the_first_that_serves_it(ledger: Ledger) -> None:
    """Of several connections that serve an account the first by name is taken; none is refused."""
    with ledger.begin() as conn:
        register.record_connection(conn, replace(CONNECTION, name="b", serves=("main", "second")))
        register.record_connection(conn, replace(CONNECTION, name="a", serves=("second",)))
        assert register.connection_of(conn, "main").name == "b"
        assert register.connection_of(conn, "second").name == "a"
        with pytest.raises(Refused, match='serves the seller account "third"; there is: a, b'):
            register.connection_of(conn, "third")
