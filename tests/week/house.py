"""Lockstep in the week: its own flows, tasks and ledger, driven run by run with the week's clock.

The one place that knows how the house is driven. The flows' own functions are called, with what they take from
Prefect replaced: a task is its plain function, artifacts and logs go nowhere, and the doors lead to the week.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType, SimpleNamespace

import pytest
import sqlalchemy as sa
from prefect import Task

import flows.inventory_sync
import flows.messages
import flows.order_ingest
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
from ledger.listings import record_candidates
from ledger.maps import BufferEntry, ServiceEntry, SkuEntry, record_buffers, record_services, record_skus
from ledger.register import Account, Connection, record_account, record_connection
from tests.fakes.warehouse import FakeWarehouse
from tests.week.catalog import MARKETS
from tests.week.history import Arrived
from tests.week.play import Stage
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
_FLOWS = (flows.inventory_sync, flows.order_ingest, flows.messages)
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
            maps = flows.order_ingest.orders.load_order_maps(self._ledger, ACCOUNT, CONNECTION)
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
        """The flows' modules with the week's clock and doors, and without Prefect."""
        with pytest.MonkeyPatch.context() as patch:
            for module in _FLOWS:
                for name in list(vars(module)):
                    self._replace(patch, module, name)
            yield

    def _replace(self, patch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
        stage = self._stage
        ours = {
            "utc_now": stage.clock.now,
            "open_amazon": lambda ledger, name: stage.amazon,
            "open_warehouse": lambda ledger, name: self._door,
            "get_run_logger": lambda: logging.getLogger("tests.week"),
            "Progress": _Silent,
            "whole": lambda value: value,  # spares Prefect a look into it
        }
        value = getattr(module, name)
        if name in ours:
            patch.setattr(module, name, ours[name])
        elif isinstance(value, ModuleType) and value.__name__.startswith("tasks."):
            patch.setattr(module, name, _plain(value))


def _plain(tasks: ModuleType) -> SimpleNamespace:
    """A module of tasks as plain functions; what only shows something to people does nothing."""
    made = {
        name: value.fn if isinstance(value, Task) else value
        for name, value in vars(tasks).items()
        if not name.startswith("__")
    }
    shows = {name: (lambda *_: 0) for name in made if name == "show" or name.startswith("show_")}
    return SimpleNamespace(**made | shows)


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


_SETTLED = sa.text("""
    UPDATE ledger.listings SET state = 'EFFECTIVE', publishable = new.units, published = new.units,
        effective = new.units, published_at = :now, accepted_at = :now, effective_at = :now,
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
    given = {"now": stage.clock.now(), "skus": skus, "markets": markets, "units": units}
    conn.execute(_SETTLED, given)
