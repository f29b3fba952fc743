"""Lockstep in the week: its own flows, tasks and ledger, driven run by run with the week's clock.

The one place that knows how the house is driven. The flows' own functions are called, with what they take from
Prefect replaced: a task is its plain function, artifacts and logs go nowhere, and the doors lead to the week.
"""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType

import pytest
import sqlalchemy as sa
from prefect import Task

import flows.inventory_sync
import flows.messages
import flows.order_ingest
import flows.publishing
import flows.reading_back
import tasks.wave
from domain.warehouse import (
    CancelRequest,
    ChangeKind,
    Delivery,
    DeliveryKind,
    FulfillmentOrder,
    OrderChange,
    ReleaseAnswer,
    StockRow,
    StockSnapshot,
)
from ledger.connection import Ledger
from ledger.maps import BufferEntry, ServiceEntry, SkuEntry, record_buffers, record_services, record_skus
from ledger.register import Account, Connection, record_account, record_connection
from ledger.stock.listings import record_candidates
from ledger.tables import demand, drains
from tests.fakes.warehouse import FakeWarehouse
from tests.week.catalog import MARKETS
from tests.week.history import Arrived
from tests.week.play import Stage
from tests.week.script import HOUR
from tests.week.strangers import moment

ODDS = 0.01
ACCOUNT = Account(
    name="main",
    seller_id="A1SANDBOX",
    region="EU",
    marketplaces=MARKETS,
    look_back=timedelta(hours=24),
    prove_within=timedelta(minutes=4),
)
CONNECTION = Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
_FLOWS = (
    flows.inventory_sync,
    flows.publishing,
    flows.reading_back,
    flows.order_ingest,
    flows.messages,
)
_MESSAGES = (DeliveryKind.CHANGES, DeliveryKind.STOCK)


class _Silent:
    """A progress bar that nobody looks at."""

    def __init__(self, key: str, what: str) -> None:
        pass

    def at(self, percent: float) -> None:
        pass


class _Door(FakeWarehouse):
    """The warehouse's port onto the week's shelf."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def release(self, batch: str, orders: Sequence[FulfillmentOrder]) -> tuple[ReleaseAnswer, ...]:
        for order in orders:
            lines = tuple((line.sku, line.quantity) for line in order.lines)
            self._stage.warehouse.hand_over(order.reference, lines, self._stage.now)
        return super().release(batch, orders)

    def request_cancel(self, batch: str, requests: Sequence[CancelRequest]) -> None:
        super().request_cancel(batch, requests)
        for request in requests:
            self._stage.warehouse.stop(request.reference)
            self.say([OrderChange(reference=request.reference, kind=ChangeKind.CANCELED)])

    def say(self, changes: Sequence[OrderChange]) -> None:
        """An acknowledgment file."""
        name = f"ack-{len(self.acknowledged)}-{len(self.waiting[DeliveryKind.CHANGES])}"
        self.deliver(DeliveryKind.CHANGES, Delivery(key=name, name=name, changes=tuple(changes)))


class Lockstep:
    """The house under test."""

    def __init__(self, stage: Stage, ledger: Ledger) -> None:
        self._stage, self._ledger = stage, ledger
        self._door = _Door(stage)
        self._heard = 0
        self._replaced = list(self._replacements())
        with ledger.begin() as conn:
            _set_up(conn, stage)
            _settle_in(conn, stage)

    def hear(self, count: Arrived) -> None:
        self._heard += 1
        name = f"stock-{self._heard}"
        rows = tuple(StockRow(sku=sku, available=units) for sku, units in count.rows.items())
        snapshot = StockSnapshot(as_of=moment(count.at), warehouse=count.warehouse, rows=rows)
        self._door.deliver(DeliveryKind.STOCK, Delivery(key=name, name=name, snapshots=(snapshot,)))

    def hear_accepted(self, references: list[str]) -> None:
        self._door.say([OrderChange(reference=one, kind=ChangeKind.ACCEPTED) for one in references])

    def ingest(self) -> None:
        with self._driven():
            flows.messages.read_messages(self._ledger, "main", (DeliveryKind.CHANGES,))
            maps = flows.order_ingest.reading.load_order_maps(self._ledger, ACCOUNT, CONNECTION)
            flows.order_ingest.read_orders(self._ledger, ACCOUNT, CONNECTION, maps)
            flows.order_ingest.release_orders(self._ledger, ACCOUNT, CONNECTION, maps)

    def sync(self) -> None:
        with self._driven():
            flows.messages.read_messages(self._ledger, "main", _MESSAGES)
            flows.inventory_sync.publish_stock(self._ledger, ACCOUNT)

    def buffers(self) -> dict[tuple[str, str], int]:
        with self._ledger.begin() as conn:
            found = conn.execute(sa.text("SELECT seller_sku, marketplace_id, buffer FROM ledger.listings"))
            return {(row[0], row[1]): row[2] or 0 for row in found}

    def verdicts(self) -> list[str]:
        """What became of each count, in the order in which they were read."""
        with self._ledger.begin() as conn:
            rows = conn.execute(sa.text("SELECT outcome, rows_held FROM ledger.snapshots ORDER BY id"))
            return ["HELD" if row.rows_held else row.outcome for row in rows]

    @contextmanager
    def _driven(self) -> Iterator[None]:
        """The house's modules with the week's clock and doors, and without Prefect."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tasks.wave, "LINES", 1)  # several lines at once would end in any order
            for module, name, value in self._replaced:
                patch.setattr(module, name, value)
            yield

    def _replacements(self) -> Iterator[tuple[ModuleType, str, object]]:
        stage = self._stage
        ours: dict[str, object] = {
            "utc_now": stage.clock.now,
            "open_amazon": lambda ledger, name, tracking=False: stage.amazon,
            "open_warehouse": lambda ledger, name, tracking=False: self._door,
            "get_run_logger": lambda: logging.getLogger("tests.week"),
            "Progress": _Silent,
            "whole": lambda value: value,  # spares Prefect a look into it
        }
        for module in (*_FLOWS, *_task_modules()):
            for name, value in list(vars(module).items()):
                if name in ours and module in _FLOWS:
                    yield module, name, ours[name]
                elif _is_for_people(module, name):
                    yield module, name, _shows_nothing
                elif isinstance(value, Task):
                    yield module, name, value.fn


def _task_modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith("tasks.")]


def _is_for_people(module: ModuleType, name: str) -> bool:
    """Whether a function only puts something where people look."""
    shows = name == "create_table_artifact" or name.startswith("show_")
    return shows or (name == "show" and module.__name__.startswith("tasks."))


def _shows_nothing(*_args: object, **_named: object) -> int:
    return 0


def _set_up(conn: sa.Connection, stage: Stage) -> None:
    """What `lockstep setup` and the imports leave in the ledger."""
    now = stage.clock.now()
    record_account(conn, ACCOUNT)
    record_connection(conn, CONNECTION)
    service = ServiceEntry(
        seller_account="main",
        marketplace_id="",
        service_level="",
        program="",
        connection="main",
        warehouse_service="STD",
    )
    record_services(conn, [service], "week", now)
    mapped = [
        SkuEntry(
            seller_account="main",
            seller_sku=one.seller_sku,
            connection="main",
            warehouse_sku=part.warehouse_sku,
            units=part.units,
        )
        for one in stage.week.catalog.listed
        if not one.is_plain
        for part in one.parts
    ]
    record_skus(conn, mapped, "week", now)
    kept = BufferEntry(seller_account="main", seller_sku="", fixed=None, percent=None, odds=ODDS, share=None)
    record_buffers(conn, [kept], "week", now)


# What was published before the two days by which exposures are measured says nothing of them.
_SETTLED = sa.text("""
    UPDATE ledger.listings SET state = 'EFFECTIVE', publishable = new.units, published = new.units,
        effective = new.units, planned_at = :before, published_at = :before, accepted_at = :before,
        effective_at = :before,
        seen_at = CAST(:now AS timestamptz) - make_interval(mins => CAST(id % 360 AS integer))
    FROM unnest(CAST(:skus AS text[]), CAST(:markets AS text[]), CAST(:units AS integer[]))
        AS new (sku, market, units)
    WHERE seller_sku = new.sku AND marketplace_id = new.market
""")


def _settle_in(conn: sa.Connection, stage: Stage) -> None:
    """Have the house in the state of one that has run for long: every listing found, published and read back."""
    record_candidates(conn, "main", MARKETS, stage.parts)
    shown = [(sku, market, one.quantity()) for (sku, market), one in stage.world.listings.items()]
    skus, markets, units = (list(column) for column in zip(*shown, strict=True))
    now = stage.clock.now()
    given = {"now": now, "before": now - timedelta(days=3), "skus": skus, "markets": markets, "units": units}
    conn.execute(_SETTLED, given)
    _remember(conn, stage)
    conn.execute(sa.text("ANALYZE"))  # in a week of minutes PostgreSQL comes too late to look by itself


def _remember(conn: sa.Connection, stage: Stage) -> None:
    """The four weeks before: what sold at Amazon and elsewhere, by the hour."""
    past = stage.week.past
    conn.execute(
        demand.insert(),
        [
            {"seller_account": "main", "seller_sku": sku, "hour": moment(hour * HOUR), "units": units}
            for (sku, hour), units in past.sold.items()
        ],
    )
    conn.execute(
        drains.insert(),
        [
            {"connection": "main", "sku": sku, "hour": moment(hour * HOUR), "units": units}
            for (sku, hour), units in past.drained.items()
        ],
    )
