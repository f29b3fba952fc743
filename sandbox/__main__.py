"""Runs the simulated Amazon, the simulated 3PL and a trading hour in one process, until told to end."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from sandbox.habits import Habit
from sandbox.parcels import Parcel
from sandbox.trading import TradingHour, starting_stock
from sandbox.warehouse import Warehouse


def main() -> None:
    """The command line."""
    asked = _arguments()
    clock = Clock(asked.speed)
    world = AmazonWorld(clock, limits=not asked.no_limits, limits_scale=asked.limits_scale)
    warehouse = Warehouse(asked.folder, clock, stock=starting_stock(asked.seed), census_every=86_400.0)
    orders = 0 if asked.no_trading else asked.orders
    trading = TradingHour(world, warehouse, orders, seed=asked.seed, shapes=asked.shapes)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = AmazonServer(world, asked.port)
    server.controls.update(controls(world, trading))
    workers = [threading.Thread(target=each.run, args=(stop,)) for each in (warehouse, trading)]
    with server:
        sys.stdout.write(
            f"sandbox ready at {server.endpoint}, folder {asked.folder}, speed {asked.speed:g}\n"
        )
        sys.stdout.flush()
        for worker in workers:
            worker.start()
        stop.wait()
    for worker in workers:
        worker.join()


def controls(world: AmazonWorld, trading: TradingHour) -> dict[str, Callable[[dict[str, Any]], object]]:
    """What may be asked of a running sandbox at /_sandbox/NAME: a JSON object goes in, JSON comes out."""

    def done(action: Callable[..., object]) -> Callable[[dict[str, Any]], object]:
        return lambda given: {"done": action(**given)}

    return {
        "summary": lambda _: trading.summary(),
        "inject": done(world.inject),
        "order": done(world.add_order),
        "authorize": done(world.authorize_payment),
        "cancel": done(world.cancel),
        "request-cancel": done(world.request_cancel),
        "ship-elsewhere": done(world.ship_elsewhere),
        "buy-shipping": done(world.buy_shipping),
        "ship-plus": done(world.confirm_ship_plus),
        "set-quantity": done(world.set_quantity_elsewhere),
        "add-issue": done(world.add_issue),
        "clear-issues": done(world.clear_issues),
        "suppress": done(world.suppress),
        "plan-feed": done(world.plan_feed),
        **_warehouse_controls(trading.warehouse),
    }


def _warehouse_controls(warehouse: Warehouse) -> dict[str, Callable[[dict[str, Any]], object]]:
    def told(action: Callable[..., Parcel]) -> Callable[[dict[str, Any]], object]:
        return lambda given: {"done": _parcel(action(**given))}

    def plan(given: dict[str, Any]) -> object:
        habit: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in given["habit"].items()
        }
        warehouse.plan(given["amazon_order_id"], Habit(**habit))
        return {"done": None}

    return {
        "plan": plan,
        "relabel": told(warehouse.relabel),
        "void": told(warehouse.void),
        "send-tracking": told(warehouse.send_tracking),
        "tell-lines": told(warehouse.tell_lines),
        "list-open": lambda given: {"done": warehouse.list_open(**given).name},
        "send-rest": lambda given: {"done": [_parcel(sent) for sent in warehouse.send_rest(**given)]},
    }


def _parcel(parcel: Parcel) -> dict[str, str]:
    return {"package_ref": parcel.package_ref, "tracking": parcel.tracking}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8801, help="0: any free one")
    parser.add_argument("--folder", required=True, help="the file drop of the 3PL")
    parser.add_argument(
        "--speed", type=float, default=60.0, help="how much faster than life the strangers work"
    )
    parser.add_argument("--orders", type=int, default=240, help="orders in the trading hour")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same hour")
    parser.add_argument(
        "--shapes", action="store_true", help="some parcels get new labels, late tracking or several boxes"
    )
    parser.add_argument("--no-trading", action="store_true", help="listings and stock, but no orders")
    parser.add_argument(
        "--limits-scale",
        type=float,
        default=1.0,
        help="multiplies the rates of the usage plans, beside speed",
    )
    parser.add_argument("--no-limits", action="store_true", help="no usage plans")
    return parser.parse_args()


if __name__ == "__main__":
    main()
