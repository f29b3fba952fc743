"""The seller's maps and buffers: what is in force, and every change with who made it and when."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from domain.maps import AmazonCarrier, CarrierMap, Component, ServiceMap, ServiceRow, SkuMap, fold
from domain.stock.sellable import BufferRule, OfferRule
from ledger import tables
from ledger.map_rows import Book, in_force, record_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierEntry:
    """A warehouse's carrier and service (empty: any) in Amazon's exact words of one marketplace."""

    connection: str
    warehouse_carrier: str
    warehouse_service: str
    marketplace_id: str
    carrier_code: str
    carrier_name: str
    shipping_method: str
    signed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuEntry:
    """One component of a seller SKU in a connection's words; several of them are a kit."""

    seller_account: str
    seller_sku: str
    connection: str
    warehouse_sku: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """How a service level of Amazon is asked for at the warehouse; an empty field fits anything."""

    seller_account: str
    marketplace_id: str
    service_level: str
    program: str
    connection: str
    warehouse_service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferEntry:
    """What is kept back of one seller SKU, or of every SKU without a row of its own (empty seller_sku)."""

    seller_account: str
    seller_sku: str
    fixed: int | None
    percent: float | None
    odds: float | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEntry:
    """What is shown of one seller SKU, or of every SKU without a row of its own (empty seller_sku)."""

    seller_account: str
    seller_sku: str
    cap: int | None
    warehouses: tuple[str, ...]
    stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferBook:
    """The buffer rules of one seller account. A SKU's own row replaces the default as a whole."""

    default: BufferRule = field(default_factory=BufferRule)
    by_sku: Mapping[str, BufferRule] = field(default_factory=dict)

    def rule(self, seller_sku: str) -> BufferRule:
        """The rule of one seller SKU."""
        return self.by_sku.get(seller_sku, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferBook:
    """The offer rules of one seller account. A SKU's own row replaces the default as a whole, but for its stop."""

    default: OfferRule = field(default_factory=OfferRule)
    by_sku: Mapping[str, OfferRule] = field(default_factory=dict)

    def choices(self) -> set[tuple[str, ...]]:
        """Every choice of warehouses that some SKU is sold from."""
        return {rule.warehouses for rule in (self.default, *self.by_sku.values())}

    def rule(self, seller_sku: str) -> OfferRule:
        """The rule of one seller SKU; when the account is stopped, every SKU is."""
        own = self.by_sku.get(seller_sku, self.default)
        return replace(own, stopped=True) if self.default.stopped and not own.stopped else own


Entry = TypeVar("Entry", CarrierEntry, SkuEntry, ServiceEntry, BufferEntry, OfferEntry)


_CARRIERS = Book(
    tables.carrier_map,
    CarrierEntry,
    lambda e: (e.connection, fold(e.warehouse_carrier), fold(e.warehouse_service), e.marketplace_id),
)
_SKUS = Book(tables.sku_map, SkuEntry, lambda e: (e.seller_account, e.seller_sku, e.connection), several=True)
_SERVICES = Book(
    tables.service_map,
    ServiceEntry,
    lambda e: (e.seller_account, e.marketplace_id, e.service_level, e.program, e.connection),
)
_BUFFERS = Book(tables.buffer_rules, BufferEntry, lambda e: (e.seller_account, e.seller_sku))
_OFFERS = Book(tables.offer_rules, OfferEntry, lambda e: (e.seller_account, e.seller_sku))


def load_carriers(conn: sa.Connection, connection: str) -> CarrierMap:
    """The carrier map of one warehouse connection."""
    entries = in_force(conn, _CARRIERS, tables.carrier_map.c.connection == connection)
    return CarrierMap(
        rows={
            (e.marketplace_id, fold(e.warehouse_carrier), fold(e.warehouse_service)): AmazonCarrier(
                carrier_code=e.carrier_code, carrier_name=e.carrier_name, shipping_method=e.shipping_method
            )
            for e in entries
        }
    )


def load_skus(
    conn: sa.Connection,
    seller_account: str,
    connection: str,
    *,
    same_skus: bool,
    among: Collection[str] | None = None,
) -> SkuMap:
    """The SKU map of one seller account at one warehouse connection; units of a component listed twice add up.

    `among` asks for these seller SKUs alone; None: for all.
    """
    which = _both(tables.sku_map, seller_account, connection)
    if among is not None:
        asked = sa.literal(sorted(among), sa.ARRAY(sa.Text))
        which = (*which, tables.sku_map.c.seller_sku == sa.any_(asked))
    kits: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for e in in_force(conn, _SKUS, *which):
        kits[e.seller_sku][e.warehouse_sku] += e.units
    components = {
        name: tuple(Component(warehouse_sku=w, units=n) for w, n in kit.items()) for name, kit in kits.items()
    }
    return SkuMap(components=components, same_skus=same_skus)


def load_services(conn: sa.Connection, seller_account: str, connection: str) -> ServiceMap:
    """The ship-method map of one seller account at one warehouse connection."""
    rows = (
        ServiceRow(
            marketplace_id=e.marketplace_id,
            service_level=e.service_level,
            program=e.program,
            warehouse_service=e.warehouse_service,
        )
        for e in in_force(conn, _SERVICES, *_both(tables.service_map, seller_account, connection))
    )
    return ServiceMap(rows=tuple(rows))


def load_buffers(conn: sa.Connection, seller_account: str) -> BufferBook:
    """The buffer rules of one seller account."""
    rules = {
        e.seller_sku: BufferRule(
            fixed=e.fixed or 0,
            percent=e.percent or 0.0,
            share=1.0 if e.share is None else e.share,
            odds=e.odds,
        )
        for e in in_force(conn, _BUFFERS, tables.buffer_rules.c.seller_account == seller_account)
    }
    return BufferBook(default=rules.pop("", BufferRule()), by_sku=rules)


def load_offers(conn: sa.Connection, seller_account: str) -> OfferBook:
    """The offer rules of one seller account: caps, chosen warehouses and stops."""
    rules = {
        e.seller_sku: OfferRule(cap=e.cap, warehouses=e.warehouses, stopped=e.stopped)
        for e in in_force(conn, _OFFERS, tables.offer_rules.c.seller_account == seller_account)
    }
    return OfferBook(default=rules.pop("", OfferRule()), by_sku=rules)


def record_carriers(conn: sa.Connection, entries: Iterable[CarrierEntry], author: str, now: datetime) -> int:
    """Put carrier rows in force at `now` (UTC); the number of rows that changed."""
    return record_rows(conn, _CARRIERS, entries, author, now)


def record_skus(conn: sa.Connection, entries: Iterable[SkuEntry], author: str, now: datetime) -> int:
    """Put SKU rows in force at `now` (UTC); the number of rows that changed.

    The rows of one seller SKU are its whole kit: components that are not among them leave it.
    """
    return record_rows(conn, _SKUS, entries, author, now)


def record_services(conn: sa.Connection, entries: Iterable[ServiceEntry], author: str, now: datetime) -> int:
    """Put ship-method rows in force at `now` (UTC); the number of rows that changed."""
    return record_rows(conn, _SERVICES, entries, author, now)


def record_buffers(conn: sa.Connection, entries: Iterable[BufferEntry], author: str, now: datetime) -> int:
    """Put buffer rows in force at `now` (UTC); the number of rows that changed."""
    return record_rows(conn, _BUFFERS, entries, author, now)


def record_offers(conn: sa.Connection, entries: Iterable[OfferEntry], author: str, now: datetime) -> int:
    """Put offer rows in force at `now` (UTC); the number of rows that changed."""
    return record_rows(conn, _OFFERS, entries, author, now)


def export_carriers(conn: sa.Connection) -> tuple[CarrierEntry, ...]:
    """Every carrier row in force, in an order that does not change."""
    return in_force(conn, _CARRIERS)


def export_skus(conn: sa.Connection) -> tuple[SkuEntry, ...]:
    """Every SKU row in force, in an order that does not change."""
    return in_force(conn, _SKUS)


def export_services(conn: sa.Connection) -> tuple[ServiceEntry, ...]:
    """Every ship-method row in force, in an order that does not change."""
    return in_force(conn, _SERVICES)


def export_buffers(conn: sa.Connection) -> tuple[BufferEntry, ...]:
    """Every buffer row in force, in an order that does not change."""
    return in_force(conn, _BUFFERS)


def export_offers(conn: sa.Connection) -> tuple[OfferEntry, ...]:
    """Every offer row in force, in an order that does not change."""
    return in_force(conn, _OFFERS)


def _both(table: sa.Table, seller_account: str, connection: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.seller_account == seller_account, table.c.connection == connection
