"""Every kind of problem, planted at the strangers or in what the ledger knows, and how its cause is removed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule

from blocks.warehouse_connection import WarehouseConnection
from domain.problems import ProblemKind
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from flows.warehouse_census import warehouse_census
from ledger.maps import ServiceEntry, record_carriers, record_services
from ledger.register import Connection, record_connection
from sandbox import filedrop
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.habits import Habit
from sandbox.packing import Job
from sandbox.warehouse import Warehouse
from tasks.watch.intervals import OURS
from tests.flows.conftest import GB, MAPPED, Street, carriers_of, seller_block
from tests.flows.runs import eventually
from tests.flows.strangers import Seller, long_ago, register_seller
from tests.flows.test_everyday import service

K = ProblemKind
OFTEN = 10_000
FAR_AWAY = timedelta(days=30)
OPEN = ("RECEIVED", "ACCEPTED")
PARTNERS = {
    "broken": "main",
    "denied": "main",
    "refusing": "main",
    "hollow": "main",
    "twisted": "main",
    "busy": "main",
    "late": "main",
    "spare": "spare",
    "third": "third",
}


@dataclass
class Drill:
    """The street with more seller accounts and warehouses, so that one trouble does not hide another."""

    street: Street
    sellers: dict[str, Seller]
    spare: Warehouse
    third: Warehouse
    orders: dict[ProblemKind, str] = field(default_factory=dict)
    slow: dict[str, str] = field(default_factory=dict)  # what the warehouse lets lie, and before which step
    lying: set[str] = field(default_factory=set)
    turn: ExitStack = field(default_factory=ExitStack)  # a turn that somebody else has

    def order(self, kind: ProblemKind, seller: str = "", *, sku: str = "SKU-01", **more: Any) -> str:
        """A buyer's order that this kind of problem is about."""
        world = self.sellers[seller].world if seller else self.street.world
        self.orders[kind] = world.add_order(marketplace_id=GB, items=[(sku, 1)], **more)
        return self.orders[kind]

    def habit(self, kind: ProblemKind, habit: Habit, **more: Any) -> str:
        """An order that the warehouse dispatches in a special way."""
        made = self.order(kind, **more)
        self.street.warehouse.plan(made, habit)
        return made

    def job(self, kind: ProblemKind) -> Job:
        """The order of this kind as the warehouse has it."""
        return self.street.warehouse.jobs[f"{self.orders[kind]}-1"]

    def parcel(self, kind: ProblemKind) -> str:
        """The package reference of the order's first parcel."""
        return self.street.warehouse.parcels_of(self.orders[kind])[0].package_ref

    def say(self, statement: str, **values: object) -> None:
        """Let time pass, or somebody's hand be at work, in the ledger."""
        with self.street.ledger.begin() as conn:
            conn.execute(sa.text(statement), values)

    def ask(self, query: str, **values: object) -> list[sa.RowMapping]:
        """What the ledger holds."""
        with self.street.ledger.begin() as conn:
            return list(conn.execute(sa.text(query), values).mappings())

    def never_accepts(self, order_id: str) -> None:
        """The warehouse takes the order in and says nothing of it."""
        self.slow[f"{order_id}-1"] = "accept_at"

    def never_dispatches(self, order_id: str) -> None:
        """The warehouse accepts the order and lets it lie."""
        self.slow[f"{order_id}-1"] = "dispatch_at"

    def carry_on(self) -> None:
        """The warehouses read, accept and dispatch everything but what they let lie."""
        all_ = (self.street.warehouse, self.spare, self.third)

        def step() -> bool:
            for warehouse in all_:
                warehouse.work()
                for reference, moment in self.slow.items():
                    job = warehouse.jobs.get(reference)
                    if job is not None and reference not in self.lying:
                        setattr(job, moment, getattr(job, moment) + FAR_AWAY)
                        self.lying.add(reference)
            waiting = {ref for warehouse in all_ for ref, job in warehouse.jobs.items() if job.state in OPEN}
            return waiting <= self.lying

        assert eventually(step)

    def drop(self, kind: str, columns: tuple[str, ...], **cells: object) -> None:
        """The warehouse writes a file with one row."""
        self.street.warehouse.drop.put(kind, columns, [cells])

    def census(self, minutes_ago: int, *listed: ProblemKind) -> None:
        """The warehouse lists its open orders: those of these kinds."""
        as_of = (self.street.world.now() - timedelta(minutes=minutes_ago)).isoformat(timespec="milliseconds")
        rows = [
            {"as_of": as_of, "order_ref": f"{self.orders[kind]}-1", "wms_ref": "", "status": "open"}
            for kind in listed
        ]
        self.street.warehouse.drop.put("census", filedrop.CENSUS, rows)
        warehouse_census()

    def run(self) -> None:
        """Each street once; a stranger's fault fails a run, which is what is to be seen."""
        self.street.settle()
        for flow in (order_ingest, tracking_push):
            flow(return_state=True)
        for account in ("main", "spare"):
            inventory_sync(seller_account=account, return_state=True)

    def in_effect(self, sku: str, seller: str = "main") -> bool:
        """Whether Amazon shows what an account publishes of a SKU, after one more run."""
        inventory_sync(seller_account=seller, return_state=True)
        rows = self.street.rows("listings", seller_account=seller, seller_sku=sku)
        return all(row["effective"] == row["published"] for row in rows)

    def watch(self) -> None:
        """One cycle of the watch."""
        problem_watch()

    def open(self) -> set[tuple[str, str, str]]:
        """Kind, owner and subject of what is open."""
        return set(self.street.problems())


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One kind of problem. `lay` comes before the orders cross and says what the subject must contain.

    `meanwhile` comes when the parcels have left and Amazon was not told, `spring` when it was; `cure` removes the
    cause.
    """

    kind: ProblemKind
    lay: Callable[[Drill], str]
    meanwhile: Callable[[Drill], None] = lambda _: None
    spring: Callable[[Drill], None] = lambda _: None
    cure: Callable[[Drill], None]


@contextmanager
def drilled(street: Street) -> Iterator[Drill]:
    """The street with all partners that the plants need."""
    with ExitStack() as servers, street.ledger.begin() as conn:
        sellers = {}
        for number, name in enumerate(PARTNERS, start=1):
            world = AmazonWorld(street.world.clock, limits=False)
            for _ in range(number * 40):  # an order id is made from its number in the book
                world.add_order(marketplace_id=GB, items=[("OLD", 1)], placed_at=long_ago(street))
            server = servers.enter_context(AmazonServer(world))
            block = seller_block(world, server)
            block.name = name
            block.save(name, overwrite=True)
            sellers[name] = Seller(name, world, server, block)
            register_seller(conn, name, world)
        served = tuple(name for name, warehouse in PARTNERS.items() if warehouse == "main")
        record_connection(
            conn, Connection(name="main", adapter="file-drop", serves=("main", *served), same_skus=True)
        )
        spare = _other_warehouse(street, conn, "spare", same_skus=False)
        third = _other_warehouse(street, conn, "third", same_skus=True)
        conn.execute(sa.text("DELETE FROM ledger.service_map WHERE seller_account IN ('spare', 'third')"))
        now = street.world.now()
        record_services(conn, [spare_service("STANDARD"), third_service()], "test", now)
        mapped = [replace(one, connection=name) for one in carriers_of(MAPPED) for name in ("spare", "third")]
        record_carriers(conn, mapped, "test", now)
        conn.commit()
        with scheduled():
            yield Drill(street, sellers, spare, third)


@contextmanager
def scheduled() -> Iterator[None]:
    """Prefect has these flows on a schedule; nobody works on what is due."""
    often = dict.fromkeys(("order-ingest", "tracking-push", "inventory-sync", "problem-watch"), 3)
    with get_client(sync_client=True) as client:
        made = [
            client.create_deployment(
                flow_id=client.create_flow_from_name(flow),
                name="drill",
                tags=[OURS],
                schedules=[_every(timedelta(minutes=minutes))],
            )
            for flow, minutes in {**often, "stock-variances": 24 * 60}.items()
        ]
        yield
        for deployment in made:
            client.delete_deployment(deployment)


def _every(interval: timedelta) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(schedule=IntervalSchedule(interval=interval))


def _other_warehouse(street: Street, conn: sa.Connection, name: str, *, same_skus: bool) -> Warehouse:
    folder = street.folder.with_name(name)
    made = Warehouse(folder, street.world.clock, name=name.upper(), stock={"SKU-01": 5000, "SKU-02": 5000})
    record_connection(conn, Connection(name=name, adapter="file-drop", serves=(name,), same_skus=same_skus))
    WarehouseConnection(name=name, adapter="file-drop", url=str(folder)).save(name, overwrite=True)
    return made


def third_service() -> ServiceEntry:
    """Any service of the third account."""
    return replace(service(""), seller_account="third", connection="third")


def spare_service(level: str) -> ServiceEntry:
    """The row of the ship-method map for one service level of the spare account."""
    return replace(service(level), seller_account="spare", connection="spare")
