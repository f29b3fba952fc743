"""The trading hour is the same for the same seed, consistent, and knows when it is over."""

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from sandbox import filedrop
from sandbox.__main__ import controls
from sandbox.amazon.answers import Call
from sandbox.amazon.confirm import confirm_shipment
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.trading import DE, GB, SKUS, TradingHour, starting_stock
from sandbox.warehouse import Warehouse

SPEED = 3600.0  # the hour takes a second


def hour(folder, orders=60, seed=7, shapes=False):
    clock = Clock(SPEED)
    world = AmazonWorld(clock, limits=False)
    warehouse = Warehouse(folder, clock, stock=starting_stock(seed))
    return TradingHour(world, warehouse, orders, seed=seed, shapes=shapes)


def release(trading, folder, done):
    """A seller without any care: hands every open order to the 3PL, once."""
    rows = []
    for order in list(trading.world.orders.values()):
        if order.order_id in done or order.fulfilled_by != "MERCHANT" or order.status != "UNSHIPPED":
            continue
        done.add(order.order_id)
        for item in order.items:
            row = dict.fromkeys(filedrop.ORDERS, "") | {
                "order_ref": f"{order.order_id}-1",
                "amazon_order_id": order.order_id,
                "release_no": "1",
                "line_ref": item.order_item_id,
                "sku": item.seller_sku,
                "qty": item.ordered,
                "ship_by": order.ship_by.isoformat(),
                "recipient": order.address["name"],
                "addr1": order.address["addressLine1"],
                "city": order.address["city"],
                "postcode": order.address["postalCode"],
                "country": order.address["countryCode"],
            }
            rows.append(row)
    if rows:
        with (folder / "in" / f"orders-{len(done)}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, filedrop.ORDERS)
            writer.writeheader()
            writer.writerows(rows)


def prove(trading, done):
    """And confirms every parcel as it comes."""
    for parcel in list(trading.warehouse.dispatched):
        order = trading.world.orders[parcel.amazon_order_id]
        if parcel.tracking and parcel.tracking not in done and order.status != "CANCELLED":
            done.add(parcel.tracking)
            confirm(trading.world, parcel)


def confirm(world, parcel):
    """The real rules, without the way over HTTP."""
    order = world.orders[parcel.amazon_order_id]
    detail = {
        "packageReferenceId": parcel.package_ref.replace("SIM1-", "").replace("-", ""),
        "carrierCode": parcel.carrier,
        "trackingNumber": parcel.tracking,
        "shipDate": parcel.shipped_at.isoformat(),
        "orderItems": [{"orderItemId": line, "quantity": units} for line, _, units in parcel.lines],
    }
    body = {"marketplaceId": order.marketplace_id, "packageDetail": detail}
    with world.lock:
        confirm_shipment(
            world, Call(operation="confirmShipment", path={"orderId": order.order_id}, body=body)
        )


def test_a_whole_hour_comes_to_its_end(tmp_path):
    """With a seller who releases and confirms, expected and actual become equal and the hour is finished."""
    trading = hour(tmp_path)
    released, confirmed, end = set(), set(), time.monotonic() + 20
    assert trading.summary()["finished"] is False
    while not trading.summary()["finished"]:
        assert time.monotonic() < end, trading.summary()
        trading.work()
        release(trading, tmp_path, released)
        trading.warehouse.work()
        prove(trading, confirmed)
        time.sleep(0.005)
    told = trading.summary()
    assert set(told["expected"]["released"]) == set(told["actual"]["released"])
    assert told["expected"]["parcels"] == told["actual"]["parcels"]
    assert (told["duplicates"], told["complaints"], told["placed"]) == ([], [], 60)
    assert told["expected"]["listings"][GB] == {sku: trading.warehouse.available(sku) for sku in SKUS}
    assert set(trading.placed.values()) >= {"plain", "paid-later", "canceled-pending", "fba"}


def test_an_hour_with_shapes_comes_to_its_end(tmp_path):
    """New labels, late tracking and boxes that follow are waited for, and expected as they are in the end."""
    trading = hour(tmp_path, orders=100, shapes=True)
    released, confirmed, end = set(), set(), time.monotonic() + 20
    while not trading.summary()["finished"]:
        assert time.monotonic() < end, trading.summary()
        trading.work()
        release(trading, tmp_path, released)
        trading.warehouse.work()
        prove(trading, confirmed)
        time.sleep(0.005)
    told = trading.summary()
    assert told["expected"]["parcels"] == told["actual"]["parcels"]
    assert all(parcel["tracking"] for parcel in told["expected"]["parcels"])
    assert set(trading.placed.values()) >= {"late-tracking", "box-by-box", "re-labeled"}
    assert len(trading.warehouse.withdrawn) == 4


def test_the_same_seed_gives_the_same_orders(tmp_path):
    """Two hours with one seed place the same orders; another seed places others."""
    placed = []
    for number, seed in enumerate((7, 7, 8)):
        trading = hour(tmp_path / str(number), orders=40, seed=seed)
        end = time.monotonic() + 10
        while len(trading.placed) < 40 and time.monotonic() < end:
            trading.work()
            time.sleep(0.005)
        orders = trading.world.orders.values()
        lines = [[(item.seller_sku, item.ordered) for item in order.items] for order in orders]
        placed.append((list(trading.placed), lines, [order.marketplace_id for order in orders]))
    assert placed[0] == placed[1]
    assert placed[0] != placed[2]
    assert set(placed[0][2]) == {GB, DE}


def test_an_unfinished_hour_says_so(tmp_path):
    """Without a seller nothing is released and the hour is never finished."""
    trading = hour(tmp_path, orders=10)
    stop = threading.Event()
    workers = [threading.Thread(target=each.run, args=(stop, 0.01)) for each in (trading, trading.warehouse)]
    for worker in workers:
        worker.start()
    time.sleep(1.2)
    stop.set()
    for worker in workers:
        worker.join()
    told = trading.summary()
    assert (told["finished"], told["placed"], told["actual"]["released"]) == (False, 10, [])


def test_controls_reach_the_warehouse(tmp_path):
    """A plan and every deed can be asked for in JSON's words, and each tells the parcel it made."""
    trading = hour(tmp_path, orders=0)
    asked, warehouse = controls(trading.world, trading), trading.warehouse
    order_id = trading.world.add_order(marketplace_id=GB, items=[("MUG-S", 2)])
    boxes = [{"MUG-S": 1}, {"MUG-S": 1}]
    habit = {"boxes": boxes, "rest_after": None, "tracking_after": None, "tells_lines": False}
    asked["plan"]({"amazon_order_id": order_id, "habit": habit})
    release(trading, tmp_path, set())
    end = time.monotonic() + 10
    while not warehouse.dispatched and time.monotonic() < end:
        warehouse.work()
    name = {"parcel": warehouse.dispatched[0].package_ref}
    said = [asked["send-tracking"](name | {"tracking": "T1"}), asked["tell-lines"](name)]
    said += [asked["relabel"](name | {"tracking": "T2", "carrier": ["DPD", "Next Day"]}), asked["void"](name)]
    assert [each["done"]["tracking"] for each in said] == ["T1", "T1", "T2", "T2"]
    assert len(asked["send-rest"]({"amazon_order_id": order_id})["done"]) == 1
    assert (
        asked["buy-shipping"]({"order_id": order_id})["done"] == trading.world.packages(order_id)[0].reference
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_runs_until_told_to_end(tmp_path, number):
    """One line when ready, a summary over HTTP, and a clean end on SIGTERM and SIGINT."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--folder", str(tmp_path), "--orders", "5"]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        endpoint = line.split(" at ")[1].split(",")[0]
        with httpx.Client(verify=False) as http:
            assert http.get(endpoint + "/_sandbox/summary").json()["planned"] == 5
            plan = {"amazon_order_id": "204-0000001-0000001", "habit": {"boxes": [{"MUG-S": 1}]}}
            assert http.post(endpoint + "/_sandbox/plan", json=plan).json() == {"done": None}
            assert http.post(endpoint + "/_sandbox/void", json={"parcel": "NONE"}).status_code == 400
            planned = http.post(endpoint + "/_sandbox/plan-feed", json={"ending": "FATAL", "unread": 2})
            assert planned.json() == {"done": None}
            assert http.post(endpoint + "/_sandbox/suppress", json={"seller_sku": "NONE"}).status_code == 400
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, rest, complaints) == (0, "", "")
