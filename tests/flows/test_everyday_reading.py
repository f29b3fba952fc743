"""The everyday street: long searches that pause, counts that are published, files that do not parse."""

from datetime import timedelta

import sqlalchemy as sa

from flows.doors import amazon_named
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from ledger.maps import BufferEntry, record_buffers
from sandbox import filedrop
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import eventually


def test_a_search_that_runs_out_of_budget_reads_on_at_its_page(street: Street) -> None:
    """A used-up budget is a pause: the next run asks for the stored page, and no order is lost."""
    world = street.world
    ids = [world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for _ in range(230)]
    world.buckets._rates["searchOrders"] = 0.0056  # a page every three minutes, as in life
    budget(street, tokens=1)
    street.settle()
    order_ingest()  # completes: what was read is released, the rest waits for its turn
    assert pages(street) == 1
    assert len(street.states()) == 100
    assert len({row["order_ref"] for row in street.handed_over()}) == 100

    late = world.add_order(marketplace_id=GB, items=[("SKU-02", 1)])
    world.cancel(ids[-1])
    budget(street, tokens=1)
    street.settle()
    order_ingest()
    budget(street, tokens=20)
    world.inject("searchOrders", "429")
    order_ingest()  # everybody waits for a whole token after a 429: a pause again
    budget(street, tokens=20)
    order_ingest()
    order_ingest()

    queries = [request.query for request in street.calls("searchOrders")]
    assert ["paginationToken" in query for query in queries[:5]] == [False, True, True, True, False]
    states = street.states()
    assert states.pop(ids[-1]) == "CANCELED"
    assert set(states) == {*ids[:-1], late}
    assert set(states.values()) == {"RELEASED"}
    released = [row["amazon_order_id"] for row in street.handed_over()]
    assert sorted(released) == sorted({*ids[:-1], late})
    assert not street.problems()


def test_quantities_are_the_count_less_buffer_and_unknown_orders(street: Street) -> None:
    """A quantity is the warehouse's count less orders it could not know and the buffer, times the share."""
    world = street.world
    with street.ledger.begin() as conn:
        rules = [buffer("", fixed=5, share=None), buffer("SKU-07", fixed=10, share=0.5)]
        record_buffers(conn, rules, "test", world.now())
    street.work()  # the count: 100 of each, before the warehouse has any order
    world.add_listing("SKU-03", GB, 30)
    world.add_order(marketplace_id=GB, items=[("SKU-03", 4)], status="PENDING")
    world.add_order(marketplace_id=DE, items=[("SKU-03", 2)])  # released, and not accepted at the count
    world.add_order(marketplace_id=GB, items=[("SKU-08", 200)], status="PENDING")
    street.settle()
    order_ingest()
    world.inject(
        "patchListingsItem", "invalid-200"
    )  # for the one that falls to zero: it goes before all others
    inventory_sync()
    oversold, (kind, owner, refused) = street.problems()
    assert oversold == ("oversold", "ecommerce", "main SKU-08")
    assert (kind, owner, refused) == ("quantity_invalid", "integration", f"main SKU-08 in {DE}")

    wanted = {"SKU-01": 95, "SKU-03": 89, "SKU-07": 45}
    for sku, units in wanted.items():
        for marketplace in (GB, DE):
            assert eventually(lambda s=sku, m=marketplace, u=units: world.effective_quantity(s, m) == u), sku

    def read_back() -> bool:
        inventory_sync()
        rows.update({(row["seller_sku"], row["marketplace_id"]): row for row in street.rows("listings")})
        return rows["SKU-03", GB]["effective"] == 89

    rows: dict[tuple[str, str], dict[str, object]] = {}
    assert eventually(read_back)
    assert rows["SKU-03", GB]["effective"] == rows["SKU-03", GB]["published"] == 89
    assert (rows["SKU-03", GB]["available"], rows["SKU-03", GB]["reserved"]) == (100, 6)
    assert world.effective_quantity("SKU-08", GB) == 0  # the order took it there, nothing had to be sent


def test_a_doubtful_count_is_held_and_quantities_only_go_down(street: Street) -> None:
    """Of a doubtful count nothing is published; new orders still lower quantities; a good count ends it."""
    world = street.world
    street.work()
    inventory_sync()
    assert eventually(lambda: world.effective_quantity("SKU-01", GB) == 100)

    put_stock(street, [("SKU-01", -3), ("SKU-02", 500)])
    world.add_order(marketplace_id=GB, items=[("SKU-04", 7)], status="PENDING")
    street.settle()
    order_ingest()
    inventory_sync()
    assert street.problems() == [("snapshot_held", "operations", "main SIM1")]
    assert eventually(lambda: world.effective_quantity("SKU-04", GB) == 93)
    assert {world.effective_quantity(sku, GB) for sku in ("SKU-01", "SKU-02")} == {100}

    put_stock(street, [])  # a header and no row is a claim to be doubted, too
    inventory_sync()
    assert {world.effective_quantity(sku, GB) for sku in ("SKU-01", "SKU-02")} == {100}
    assert "snapshot_held" in {kind for kind, _, _ in street.problems()}

    rest = [(sku, 100) for sku in street.warehouse.on_hand if sku not in ("SKU-01", "SKU-02", "SKU-04")]
    put_stock(street, [("SKU-01", 60), ("SKU-04", 100), *rest], age=timedelta(0))
    inventory_sync()
    assert eventually(lambda: world.effective_quantity("SKU-01", GB) == 60)
    assert world.effective_quantity("SKU-02", GB) == 100  # absent is not zero
    assert not street.problems()


def test_a_malformed_file_is_set_aside_and_the_next_one_goes_on(street: Street) -> None:
    """A file with a wrong row changes nothing, says where and why, and holds up no other file."""
    order = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 2)])
    street.settle()
    order_ingest()
    good = f"{order}-1,P1,DPD,Next Day,1550{{}},2026-11-23T09:00:00Z,,SKU-01,{{}},1,1,false"
    lines = [",".join(filedrop.DISPATCH), good.format("1", 2), good.format("2", "two")]
    bad = street.folder / "out" / "dispatch-0001.csv"
    bad.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    (street.folder / "out" / "ack-0001.csv").write_bytes(b"order_ref,result\r\n\xff\xfe\r\n")
    street.work(until_idle=True)

    tracking_push()

    aside = {path.name for path in (street.folder / "out/set-aside").iterdir()}
    assert aside == {
        "dispatch-0001.csv",
        "dispatch-0001.csv.error.txt",
        "ack-0001.csv",
        "ack-0001.csv.error.txt",
    }
    reason = (street.folder / "out/set-aside/dispatch-0001.csv.error.txt").read_text(encoding="utf-8")
    assert "row 3" in reason.lower()
    assert "qty" in reason
    assert street.problems() == [
        ("file_set_aside", "warehouse", "ack-0001.csv"),
        ("file_set_aside", "warehouse", "dispatch-0001.csv"),
    ]
    parcels = street.rows("parcels")
    assert {row["state"] for row in parcels} == {"ACCEPTED"}
    assert {row["tracking_number"] for row in parcels} == {p.tracking for p in street.warehouse.dispatched}
    assert not list((street.folder / "out").glob("[ad]*.csv"))


def budget(street: Street, *, tokens: int) -> None:
    """Leave so many calls of searchOrders in the budget that all processes share."""
    row = {"stranger": amazon_named("main"), "tokens": tokens}
    with street.ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.budgets VALUES"
                " (:stranger, 'searchOrders', 0.0056, 20, :tokens, clock_timestamp())"
                " ON CONFLICT (stranger, operation) DO UPDATE SET tokens = :tokens, at = clock_timestamp()"
            ),
            row,
        )


def pages(street: Street) -> int:
    return len(street.calls("searchOrders"))


def buffer(seller_sku: str, *, fixed: int, share: float | None) -> BufferEntry:
    return BufferEntry(
        seller_account="main", seller_sku=seller_sku, fixed=fixed, percent=None, odds=None, share=share
    )


def put_stock(
    street: Street, rows: list[tuple[str, int]], *, age: timedelta = timedelta(milliseconds=1)
) -> None:
    """A stock file of the warehouse's, with these available units."""
    as_of = (street.world.clock.now() - age).isoformat(timespec="milliseconds")
    told = [
        {"as_of": as_of, "warehouse": "SIM1", "sku": sku, "on_hand": units, "available": units}
        for sku, units in rows
    ]
    street.warehouse.drop.put("stock", filedrop.STOCK, told)
