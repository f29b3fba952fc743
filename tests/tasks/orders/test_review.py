"""The orders of an account decided again with today's maps, and what was planned but never left with them."""

from ledger.connection import Ledger
from ledger.maps import SkuEntry, record_skus
from ledger.orders.release_plans import plan_releases
from ledger.register import Connection, record_connection
from tasks.orders.reading import load_order_maps, review_orders
from tests.factories import MAPS, NOW, amazon_order
from tests.ledger.walk import ingest, one
from tests.tasks.stock.test_proof import MAIN


def test_a_review_takes_a_correction_to_what_is_planned(ledger: Ledger) -> None:
    """The lines that stock is reserved by follow a corrected SKU before the warehouse can be reached again."""
    warehouse = Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
    entry = SkuEntry(seller_account="main", seller_sku="A", connection="main", warehouse_sku="Z", units=2)
    ingest(ledger, amazon_order())
    with ledger.begin() as conn:
        record_connection(conn, warehouse)
        plan_releases(conn, "main", MAPS, 10, NOW)
        record_skus(conn, [entry], "Kim", NOW)
    assert review_orders.fn(ledger, MAIN, load_order_maps.fn(ledger, MAIN, warehouse), NOW) == {}
    row = one(ledger, "SELECT * FROM ledger.release_lines WHERE line_ref = :value", "item-1")
    assert (row["sku"], row["quantity"]) == ("Z", 2)
