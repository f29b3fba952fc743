"""Whom a parcel goes to: in the files for the warehouse, and nowhere else."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

from deployments.automations import install_automations
from deployments.channels import install_channels
from deployments.embedded.postgres import EmbeddedPostgres
from domain.problems import Team
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from sandbox import filedrop
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import eventually, fails
from tests.flows.terminal import Terminal
from tests.flows.traces import all_logs, dump, files_in, leaks, person, word, words_of

DATA = frozenset({"FULFILLMENT", "PACKAGES", "CANCELLATION", "RECIPIENT"})


@dataclass
class Slack:
    """What was posted, whole."""

    url: str = ""
    posts: list[bytes] = field(default_factory=list)


@pytest.fixture
def slack(street: Street) -> Iterator[Slack]:
    """A receiver of Slack's shape for every team, with the rules of a real set-up."""
    heard = Slack()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.posts.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as listener, get_client(sync_client=True) as client:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        heard.url = f"http://127.0.0.1:{listener.server_port}"
        install_channels(client, {team: f"{heard.url}/{team}" for team in Team})
        install_automations(client, list(Team))
        yield heard
        for rule in client.read_automations():
            client.delete_automation(rule.id)
        install_channels(client, {})
        listener.shutdown()


def test_personal_data_is_in_the_order_files_and_nowhere_else(
    street: Street, slack: Slack, postgres: EmbeddedPostgres, ledger_url: str, tmp_path: Path
) -> None:
    """After a day with every kind of failure, only the files handed to the warehouse name a person."""
    people = [person("accents", "cyrillic"), person("cjk"), person("arabic")]
    planted, must = plant(street, people)
    terminal = Terminal(street, tmp_path / "home", ledger_url)

    killed_run(street, terminal)
    with all_logs() as logs:
        failing_day(street)
    again = terminal.start("run", "order-ingest")
    status = terminal.start("status")
    with all_logs() as more_logs:
        problem_watch()
    assert terminal.finish(again) == 0, terminal.printed
    assert terminal.finish(status) == 0, terminal.printed
    assert eventually(lambda: any(b"address" in post for post in slack.posts), 30), slack.posts
    APILogWorker.drain_all(timeout=10)
    EventsWorker.drain_all(timeout=10)

    handed = {"order files": files_in(street.folder / "in")}
    assert set(leaks(handed, must)["order files"]) == must, "the test planted nothing, or cannot find it"
    surfaces = {
        "logs": "\n".join([*logs, *more_logs]).encode(),
        "terminal": terminal.printed,
        "slack": b"\n".join(slack.posts),
        "prefect's database": dump(postgres.url, "prefect"),
        "ledger": dump(ledger_url, "ledger"),
        "report views": reports(street),
        "prefect's files": files_in(Path(street.prefect.environment()["PREFECT_HOME"])),
        "temporary files": files_in(terminal.temporary),
        "what the warehouse is told besides": files_in(street.folder, but="orders-"),
    }
    filled(surfaces)
    assert leaks(surfaces, planted) == {}


def test_a_warehouse_that_names_the_person_in_its_reason_is_not_repeated(
    street: Street, ledger_url: str
) -> None:
    """What a warehouse writes about a person, as a reason or in a wrong cell, is not carried further."""
    them = person("plain", "cyrillic")
    order = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], recipient=them)
    street.settle()
    order_ingest()
    reason = f"Cannot deliver to {them['name']}, {them['addressLine1']}, {them['postalCode']}"
    told = {"order_ref": f"{order}-1", "result": "REJECTED", "reason": reason}
    street.warehouse.drop.put("ack", filedrop.ACK, [told])
    wrong = {"order_ref": f"{order}-1", "package_ref": "P1", "carrier": "DPD", "shipped_at": them["name"]}
    street.warehouse.drop.put("dispatch", filedrop.DISPATCH, [wrong])
    with all_logs() as logs:
        tracking_push()

    kinds = {kind for kind, _, _ in street.problems()}
    assert kinds == {"rejected_by_warehouse", "file_set_aside"}
    surfaces = {"report views": reports(street), "logs": "\n".join(logs).encode()}
    surfaces["ledger"] = dump(ledger_url, "ledger")
    assert leaks(surfaces, words_of(them.values())) == {}


def plant(street: Street, people: list[dict[str, str]]) -> tuple[set[str], set[str]]:
    """Orders full of personal data: all words that were planted, and those the warehouse must be given."""
    world = street.world
    gift, notes, wish = (f"{word('plain')} {word(script)}" for script in ("arabic", "cyrillic", "cjk"))
    for number in range(102):
        market, them = (GB, DE)[number % 2], people[number % len(people)]
        sku = f"SKU-0{number % 5}"
        given = gift if number == 0 else ""
        world.add_order(marketplace_id=market, items=[(sku, 1)], recipient=them, gift_message=given)
    homeless = world.add_order(marketplace_id=GB, items=[("SKU-05", 1)], recipient=people[0] | {"city": ""})
    regret = world.add_order(marketplace_id=GB, items=[("SKU-05", 1)], recipient=people[1])
    world.request_cancel(regret, reason=wish)
    odd = [world.add_order(marketplace_id=GB, items=[("SKU-06", 1)], recipient=people[2]) for _ in range(4)]
    noted = next(iter(world.orders))
    street.settle()
    tell(street, noted, ["recipient", "deliveryPreference"], {"addressInstruction": notes})
    tell(street, odd[0], ["recipient", "deliveryAddress", "phone"], [people[2]["phone"]])
    tell(
        street,
        odd[1],
        ["recipient", "deliveryAddress", "addressLine1"],
        {"street": people[2]["addressLine1"]},
    )
    tell(street, odd[2], ["fulfillment", "shipByWindow", "latestDateTime"], people[2]["name"])
    tell(street, odd[3], ["fulfillment", "fulfilledBy"], people[2]["name"])
    assert homeless
    planted = words_of([*(text for them in people for text in them.values()), gift, notes, wish])
    mail = words_of(them["email"] for them in people)  # Lockstep does not ask Amazon for it
    return planted, planted - mail - words_of([wish])


def tell(street: Street, order_id: str, path: list[str], value: Any) -> None:
    """Have Amazon show one part of an order otherwise than the sandbox can be asked to."""
    with street.world.lock:
        order = street.world.order(order_id)
        document = json.loads(order.written(DATA, street.world.now()))
        place = document
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        order.cache[DATA, True] = json.dumps(document).encode()


def killed_run(street: Street, terminal: Terminal) -> None:
    """A run dies with a page of people in its memory."""
    street.world.inject("searchOrders", "hang-before", after=1)
    killed = terminal.start("run", "order-ingest")
    assert eventually(lambda: len(street.calls("searchOrders")) == 2, 60)
    os.kill(killed.pid, signal.SIGKILL)
    terminal.finish(killed)


def failing_day(street: Street) -> None:
    """Each hand-over fails in its own way before it works."""
    street.world.inject("searchOrders", "400-invalid")
    away = street.folder.with_name("away")
    street.folder.rename(away)
    fails(order_ingest)  # the orders are claimed for a file, and there is no folder
    away.rename(street.folder)
    order_ingest()
    street.work(until_idle=True)
    street.world.inject("confirmShipment", "400-invalid")
    street.world.inject("confirmShipment", "500-json", times=4)
    fails(tracking_push)
    inventory_sync()
    (street.folder / "out" / "dispatch-0000.csv").write_text("order_ref,no\r\n1,2\r\n", encoding="utf-8")
    tracking_push(return_state=True)


def reports(street: Street) -> bytes:
    views = ("orders", "parcels", "listings", "problems", "calls")
    return "\n".join(str(row) for view in views for row in street.rows(view)).encode()


def filled(surfaces: dict[str, bytes]) -> None:
    """Nothing was searched that was empty by mistake."""
    telling = {
        "logs": b"order-ingest",
        "terminal": b"order-ingest",
        "slack": b'"text"',
        "prefect's database": b"order-ingest",
        "ledger": b"bad_address",
        "report views": b"order_unreadable",
        "prefect's files": b"encryption.key",
        "what the warehouse is told besides": b"ACCEPTED",
    }
    for name, sign in telling.items():
        assert sign in surfaces[name].lower() or sign in surfaces[name], name
