"""Shelves: all warehouses summed or some chosen, with what is expected and doubted of each SKU."""

from collections.abc import Collection

import sqlalchemy as sa

from domain.stock.snapshots import SnapshotLimits
from ledger.connection import Ledger
from ledger.maps import OfferEntry, load_offers, record_offers
from ledger.stock.offer_plans import Rules, plan_offers
from ledger.stock.on_hand import Shelves, shelves
from ledger.stock.snapshots import record_snapshot
from tests.factories import GB, NOW, SKUS, amazon_order, line, snapshot
from tests.ledger.quantities import listed
from tests.ledger.walk import ingest, one


def _counted(ledger: Ledger) -> None:
    """SKU A lies in two warehouses, B in one; one unit of A is ordered and not released."""
    with ledger.begin() as conn:
        record_snapshot(conn, "main", snapshot(("A", 5), ("B", 9), warehouse="W1"), SnapshotLimits(), NOW)
        record_snapshot(conn, "main", snapshot(("A", 3), warehouse="W2"), SnapshotLimits(), NOW)
    ingest(ledger, amazon_order(lines=[line(sku="A")]))


def _numbers(found: Shelves) -> dict[tuple[str, ...], dict[str, tuple[int, int]]]:
    return {
        chosen: {sku: (pool.available, pool.reserved) for sku, pool in pools.items()}
        for chosen, pools in found.items()
    }


def test_warehouses_are_summed_or_chosen(ledger: Ledger) -> None:
    """Without a choice all counts of a SKU are summed; reserved is the same, whichever warehouse will ship."""
    _counted(ledger)
    with ledger.begin() as conn:
        found = shelves(conn, "main", {"main": SKUS}, [("W1",), ("W2",), ("W1", "W2"), ("NOWHERE",)])
    assert _numbers(found) == {
        (): {"A": (8, 1), "B": (9, 0)},
        ("W1",): {"A": (5, 1), "B": (9, 0)},
        ("W2",): {"A": (3, 1)},
        ("W1", "W2"): {"A": (8, 1), "B": (9, 0)},
        ("NOWHERE",): {},
    }


def test_a_pool_knows_what_is_expected_and_doubted(ledger: Ledger) -> None:
    """Demand is of the SKU, a doubt of the SKU in the warehouses that were chosen."""
    _counted(ledger)

    def doubt(sku: str, warehouses: Collection[str]) -> str:
        return "half is missing" if sku == "A" and "W1" in (warehouses or ("W1", "W2")) else ""

    with ledger.begin() as conn:
        found = shelves(conn, "main", {"main": SKUS}, [("W2",)], expected={"A": 1.5}, doubt=doubt)
    assert (found[()]["A"].expected, found[()]["A"].doubt) == (1.5, "half is missing")
    assert (found["W2",]["A"].expected, found["W2",]["A"].doubt) == (1.5, "")
    assert (found[()]["B"].expected, found[()]["B"].doubt) == (0.0, "")


def test_planning_obeys_the_offer_rules(ledger: Ledger) -> None:
    """A cap, a chosen warehouse and a stop each change what is offered of their SKU, and say so."""
    _counted(ledger)
    listed(ledger, {"A": 50, "B": 50, "KIT": 50})
    rows = [("A", None, ("W2",), False), ("B", 4, (), False), ("KIT", None, (), True)]
    entries = [
        OfferEntry(seller_account="main", seller_sku=sku, cap=cap, warehouses=names, stopped=stopped)
        for sku, cap, names, stopped in rows
    ]
    with ledger.begin() as conn:
        record_offers(conn, entries, "test", NOW)
        terms = load_offers(conn, "main")
        found = shelves(conn, "main", {"main": SKUS}, terms.choices())
        plan_offers(conn, "main", found, Rules(skus=SKUS, terms=terms.rule), NOW)
        wanted = dict(
            conn.execute(sa.text("SELECT seller_sku, publishable FROM ledger.listings")).tuples().all()
        )
    assert wanted == {"A": 2, "B": 4, "KIT": 0}
    told = one(ledger, "SELECT explanation FROM ledger.listings WHERE seller_sku = :value", "B")
    assert told["explanation"].endswith("that leaves 9; at most 4 are shown: 4")


def test_a_stop_of_all_stops_what_was_never_counted(ledger: Ledger) -> None:
    """When everything is stopped, a listing nobody counted is taken off sale, too, at once."""
    listed(ledger, {"NEVER": 5})
    stop = OfferEntry(seller_account="main", seller_sku="", cap=None, warehouses=(), stopped=True)
    with ledger.begin() as conn:
        record_offers(conn, [stop], "test", NOW)
        terms = load_offers(conn, "main")
        found = shelves(conn, "main", {"main": SKUS}, terms.choices())
        plan_offers(conn, "main", found, Rules(skus=SKUS, terms=terms.rule), NOW)
    row = one(ledger, "SELECT * FROM ledger.listings WHERE seller_sku = :value", "NEVER")
    assert (row["state"], row["publishable"], row["urgent"]) == ("PLANNED", 0, True)
    assert row["marketplace_id"] == GB
