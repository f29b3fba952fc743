"""The obvious script: python-amazon-sp-api as its README shows it, one commit per order.

A client object per call, a decorator that loads all pages, a table with the order as JSON. It keeps no state
machine, encrypts nothing, retries nothing and proves nothing; its pauses between pages are taken out, because
limits are off. `python -m tests.bench.script start|read|confirm` takes its settings as JSON on standard input.
"""

import json
import sys
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psycopg2
from sp_api.api import OrdersV0, OrdersV20260101
from sp_api.auth import AccessTokenClient
from sp_api.util import load_all_pages

from tests.bench.machine import peak_megabytes, processor_seconds

SINCE = "2020-01-01T00:00:00Z"


def main() -> None:
    """Do one half of the work and print what it took as JSON."""
    deed, given = sys.argv[1], json.load(sys.stdin)
    if deed == "start":  # how long it takes a process to be ready for its first call
        sys.stdout.write("{}\n")
        return
    connection = psycopg2.connect(given["dsn"])
    start, used = time.monotonic(), processor_seconds()
    if deed == "read":
        done = read_orders(connection, _client_words(given))
    else:
        done = confirm_orders(connection, _client_words(given), given["parcels"], given["pause"])
    told = {
        "done": done,
        "seconds": time.monotonic() - start,
        "processor": processor_seconds() - used,
        "megabytes": peak_megabytes(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def read_orders(connection: Any, words: dict[str, Any]) -> int:
    """Every order of every page into a table; how many."""
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS orders (order_id text PRIMARY KEY, content jsonb)")
    connection.commit()

    @load_all_pages(throttle_by_seconds=0, next_token_param="paginationToken")
    def load_all_orders(**query: str) -> Any:
        return OrdersV20260101(**words).search_orders(**query)

    done = 0
    for page in load_all_orders(
        lastUpdatedAfter=SINCE,
        marketplaceIds="A1F83G8C2ARO7P,A1PA6795UKMFR9",
        fulfilledBy="MERCHANT",
        includedData="FULFILLMENT,PACKAGES,CANCELLATION,RECIPIENT",
    ):
        for order in page.payload["orders"]:
            cursor.execute(
                "INSERT INTO orders VALUES (%s, %s)"
                " ON CONFLICT (order_id) DO UPDATE SET content = excluded.content",
                (order["orderId"], json.dumps(order)),
            )
            connection.commit()
            done += 1
    return done


def confirm_orders(connection: Any, words: dict[str, Any], parcels: int, pause: float) -> int:
    """One parcel for each of so many orders to Amazon, and the time of it into the table; how many.

    `pause` is its way of keeping to the limit: so many seconds of sleep after each.
    """
    cursor = connection.cursor()
    cursor.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS confirmed_at timestamptz")
    connection.commit()
    cursor.execute("SELECT order_id, content FROM orders ORDER BY order_id LIMIT %s", (parcels,))
    for number, (order_id, order) in enumerate(cursor.fetchall(), start=1):
        OrdersV0(**words).confirm_shipment(
            order_id,
            marketplaceId=order["salesChannel"]["marketplaceId"],
            packageDetail={
                "packageReferenceId": "1",
                "carrierCode": "Royal Mail",
                "shippingMethod": "Tracked 48",
                "trackingNumber": f"RR{number:09}GB",
                "shipDate": datetime.fromtimestamp(time.time(), UTC).isoformat(),
                "orderItems": [
                    {"orderItemId": item["orderItemId"], "quantity": item["quantityOrdered"]}
                    for item in order["orderItems"]
                ],
            },
        )
        cursor.execute("UPDATE orders SET confirmed_at = now() WHERE order_id = %s", (order_id,))
        connection.commit()
        time.sleep(pause)
    return parcels


def _client_words(given: dict[str, str]) -> dict[str, Any]:
    """What its README leaves to credentials.yml and the choice of a marketplace, pointed at the sandbox."""

    class Login(AccessTokenClient):  # type: ignore[misc]
        scheme = "http://"
        host = given["endpoint"].removeprefix("http://")

    return {
        "marketplace": SimpleNamespace(endpoint=given["endpoint"], marketplace_id="", region="eu-west-1"),
        "refresh_token": given["refresh_token"],
        "credentials": {"lwa_app_id": given["client_id"], "lwa_client_secret": given["client_secret"]},
        "auth_token_client_class": Login,
    }


if __name__ == "__main__":
    main()
