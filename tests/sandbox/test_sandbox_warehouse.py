"""The simulated 3PL reads, accepts, dispatches, counts and answers cancellations through the folder."""

import csv
import io
from pathlib import Path

import pytest

from sandbox import filedrop
from sandbox.clock import Clock
from sandbox.parcels import tracking_number
from sandbox.warehouse import Warehouse

ROW = {
    "order_ref": "204-1234567-0000001-1",
    "amazon_order_id": "204-1234567-0000001",
    "release_no": "1",
    "line_ref": "L1",
    "sku": "MUG",
    "qty": "1",
    "ship_by": "2026-11-24T17:00:00+00:00",
    "deliver_by": "",
    "service_level": "STANDARD",
    "recipient": "Planted Person",
    "addr1": "1 Sample Street",
    "city": "Exampleton",
    "postcode": "EX4 1PL",
    "country": "GB",
}


def make(folder, **habits):
    quick = {"accept_after": 0.0, "dispatch_after": (0.0, 0.0), "stock_every": 0.0}
    return Warehouse(folder, Clock(), stock={"MUG": 10, "TEE": 5}, **(quick | habits))


def content(columns, *rows):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def order(number=1, **changes):
    amazon = f"204-1234567-{number:07d}"
    return ROW | {"amazon_order_id": amazon, "order_ref": f"{amazon}-1"} | changes


def drop(warehouse, *rows, name="orders-1.csv", columns=filedrop.ORDERS):
    (warehouse.drop.inbox / name).write_bytes(content(columns, *rows))


def read(warehouse, kind):
    files = sorted(warehouse.drop.outbox.glob(f"{kind}-*.csv"))
    return [row for file in files for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))]


def test_an_order_is_accepted_dispatched_and_archived(tmp_path):
    """One row in, an ACCEPTED and a dispatch row out, the file in the archive, the stock one lower."""
    warehouse = make(tmp_path)
    drop(warehouse, order())
    warehouse.work()
    [ack] = read(warehouse, "ack")
    assert (ack["order_ref"], ack["result"], ack["wms_ref"]) == (ROW["order_ref"], "ACCEPTED", "SIM1-000001")
    [row] = read(warehouse, "dispatch")
    assert set(row) == set(filedrop.DISPATCH)
    assert (row["order_ref"], row["line_ref"], row["sku"], row["qty"]) == (ROW["order_ref"], "L1", "MUG", "1")
    assert (row["package_no"], row["package_count"], row["voided"]) == ("1", "1", "false")
    assert row["tracking"]
    assert [path.name for path in (tmp_path / "in" / "archive").iterdir()] == ["orders-1.csv"]
    assert (warehouse.available("MUG"), warehouse.accepted) == (9, {ROW["order_ref"]: "SIM1-000001"})


def test_acceptance_and_dispatch_take_their_time(tmp_path):
    """Before its delay an order is seen but neither accepted nor dispatched; accepted stock is held."""
    warehouse = make(tmp_path, accept_after=3600.0, dispatch_after=(7200.0, 7200.0))
    drop(warehouse, order(qty="3"))
    warehouse.work()
    assert (warehouse.seen(ROW["amazon_order_id"]), warehouse.accepted, warehouse.available("MUG")) == (
        True,
        {},
        10,
    )
    job = warehouse.jobs[ROW["order_ref"]]
    job.accept_at = warehouse.clock.now()
    warehouse.work()
    assert (list(warehouse.accepted), warehouse.available("MUG"), warehouse.dispatched) == (
        [ROW["order_ref"]],
        7,
        [],
    )
    last = read(warehouse, "stock")[-2]
    assert (last["sku"], last["on_hand"], last["allocated"], last["available"]) == ("MUG", "10", "3", "7")


def test_an_unknown_sku_is_rejected(tmp_path):
    """An order with a SKU the warehouse does not stock is REJECTED with the SKU as the reason."""
    warehouse = make(tmp_path)
    drop(warehouse, order(), order(2, sku="NONE"))
    warehouse.work()
    results = {row["order_ref"]: (row["result"], row["reason"]) for row in read(warehouse, "ack")}
    assert results == {
        order()["order_ref"]: ("ACCEPTED", ""),
        order(2)["order_ref"]: ("REJECTED", "Unknown SKU NONE"),
    }


def test_some_orders_travel_in_several_parcels(tmp_path):
    """Every unit is dispatched exactly once, some orders in two parcels with their own tracking numbers."""
    warehouse = make(tmp_path)
    warehouse.on_hand = {"MUG": 500, "TEE": 500}
    rows = [
        order(number, line_ref=line, sku=sku, qty="2")
        for number in range(1, 31)
        for line, sku in (("L1", "MUG"), ("L2", "TEE"))
    ]
    drop(warehouse, *rows)
    warehouse.work()
    sent = read(warehouse, "dispatch")
    assert sum(int(row["qty"]) for row in sent) == 120
    counts = {row["order_ref"]: row["package_count"] for row in sent}
    assert set(counts.values()) == {"1", "2"}
    assert len({parcel.tracking for parcel in warehouse.dispatched}) == len(warehouse.dispatched)
    assert len(warehouse.dispatched) == sum(int(count) for count in counts.values())


def test_an_order_handed_over_twice_is_one_order(tmp_path):
    """The same reference again is acknowledged again, noted as a duplicate, and shipped once."""
    warehouse = make(tmp_path)
    for name in ("orders-1.csv", "orders-2.csv"):
        drop(warehouse, order(), name=name)
        warehouse.work()
    assert (warehouse.duplicates, len(warehouse.dispatched)) == ([ROW["order_ref"]], 1)
    assert [row["result"] for row in read(warehouse, "ack")] == ["ACCEPTED", "ACCEPTED"]


def test_a_cancellation_in_time_and_one_too_late(tmp_path):
    """Before dispatch CANCELLED and the stock is free, afterwards TOO_LATE, for a stranger REJECTED."""
    warehouse = make(tmp_path, dispatch_after=(3600.0, 3600.0))
    drop(warehouse, order(qty="4"), order(2))
    warehouse.work()
    warehouse.jobs[order(2)["order_ref"]].dispatch_at = warehouse.clock.now()
    warehouse.work()
    refs = [order()["order_ref"], order(2)["order_ref"], "204-9999999-9999999-1"]
    rows = [{"order_ref": ref, "line_ref": "", "reason": "buyer"} for ref in refs]
    drop(warehouse, *rows, name="cancel-1.csv", columns=filedrop.CANCEL)
    warehouse.work()
    assert [row["result"] for row in read(warehouse, "ack")][2:] == ["CANCELLED", "TOO_LATE", "REJECTED"]
    assert (warehouse.available("MUG"), len(warehouse.dispatched), warehouse.busy()) == (9, 1, False)


def test_one_line_can_be_canceled(tmp_path):
    """A cancellation that names a line takes that line alone."""
    warehouse = make(tmp_path, dispatch_after=(3600.0, 3600.0))
    drop(warehouse, order(), order(line_ref="L2", sku="TEE"))
    warehouse.work()
    row = {"order_ref": ROW["order_ref"], "line_ref": "L2", "reason": ""}
    drop(warehouse, row, name="cancel-1.csv", columns=filedrop.CANCEL)
    warehouse.work()
    assert (warehouse.available("TEE"), warehouse.available("MUG"), warehouse.busy()) == (5, 9, True)


def test_what_is_not_on_the_shelf_waits(tmp_path):
    """An order for more than there is stays accepted until goods come in."""
    warehouse = make(tmp_path)
    drop(warehouse, order(sku="TEE", qty="6"))
    warehouse.work()
    assert (warehouse.dispatched, warehouse.available("TEE")) == ([], 0)
    warehouse.on_hand["TEE"] = 8
    warehouse.work()
    units = sum(units for parcel in warehouse.dispatched for _, _, units in parcel.lines)
    assert (units, warehouse.available("TEE")) == (6, 2)


def test_stock_is_counted_on_change_and_now_and_then(tmp_path):
    """A stock file comes at the start and then, nothing changing, at every third interval."""
    warehouse = make(tmp_path)
    counts = []
    for _ in range(7):
        warehouse.work()
        counts.append(len(list(warehouse.drop.outbox.glob("stock-*.csv"))))
    assert counts == [1, 1, 1, 2, 2, 2, 3]
    assert read(warehouse, "stock")[0]["as_of"].endswith("+00:00")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"qty": "0"}, "Row 2, column qty"),
        ({"qty": "1.5"}, "Row 2, column qty"),
        ({"ship_by": "2026-11-24 17:00"}, "Row 2, column ship_by"),
        ({"order_ref": "204-1234567-0000001-1234"}, "Row 2, column order_ref"),
        ({"recipient": ""}, "Row 2, column recipient"),
        ({"country": "Germany"}, "Row 2, column country"),
    ],
)
def test_a_bad_row_is_a_loud_complaint(tmp_path, changes, words):
    """A file with a wrong value is set aside whole with a note that names row and column, not the value."""
    warehouse = make(tmp_path)
    drop(warehouse, order() | changes)
    warehouse.work()
    [complaint] = warehouse.complaints
    assert words in complaint
    assert "Planted" not in complaint
    assert (tmp_path / "in" / "failed" / "orders-1.csv.error.txt").exists()
    assert not warehouse.jobs


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"order_ref,sku\r\n", "Row 1: the header"),
        (b"", "Row 1: the header"),
        (content(filedrop.ORDERS), "no row"),
        (content(filedrop.ORDERS, ROW)[:-20], "cells"),
        (content(filedrop.ORDERS, ROW | {"city": "Köln"}).decode().encode("cp1252"), "not UTF-8"),
    ],
)
def test_a_bad_file_is_a_loud_complaint(tmp_path, raw, words):
    """A wrong header, an empty or cut file and another encoding are complaints too."""
    warehouse = make(tmp_path)
    (warehouse.drop.inbox / "orders-1.csv").write_bytes(raw)
    warehouse.work()
    assert words in warehouse.complaints[0]


def test_a_file_under_its_temporary_name_is_left_alone(tmp_path):
    """Neither reader nor writer shows half a file: temporary names are not read and none is left."""
    warehouse = make(tmp_path)
    (warehouse.drop.inbox / ".orders-1.csv.tmp").write_bytes(b"half")
    (warehouse.drop.inbox / "orders-2.csv.part").write_bytes(b"half")
    warehouse.work()
    assert warehouse.complaints == []
    assert all(Path(path).name.endswith(".csv") for path in warehouse.drop.outbox.iterdir())


def test_tracking_numbers_carry_their_check_digits():
    """Royal Mail's and UPS's published test numbers come out."""
    assert tracking_number("Royal Mail", 47312482) == "RR473124829GB"
    assert tracking_number("UPS", 12345675)[:8] == "1Z999AA1"


def test_the_list_of_open_orders_has_what_is_not_dispatched(tmp_path):
    """Received and accepted orders are in it, dispatched ones are not, and mistakes are made when told to."""
    warehouse = make(tmp_path, dispatch_after=(3600.0, 3600.0), census_every=0.0)
    drop(warehouse, order(1), order(2))
    warehouse.work()
    rows = read(warehouse, "census")
    assert [(row["order_ref"], row["status"]) for row in rows] == [
        (order(1)["order_ref"], "picking"),
        (order(2)["order_ref"], "picking"),
    ]
    assert set(rows[0]) == set(filedrop.CENSUS)
    warehouse.census_every = 3600.0
    warehouse.work()  # it writes the list that was due, and the next one in an hour
    warehouse.work()
    assert len(read(warehouse, "census")) == 4
    warehouse.list_open(leave_out=[order(1)["amazon_order_id"]], add=["X-1"])
    assert [row["order_ref"] for row in read(warehouse, "census")[4:]] == [order(2)["order_ref"], "X-1"]
