"""One seller SKU told in numbers: counts, the orders behind what is reserved, the rules, and its listings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from domain.maps import Component, SkuMap
from domain.peaks import Peak
from domain.stock.demand import Exposure
from domain.stock.oversell import Claim, Standing
from domain.stock.sellable import BufferRule, OfferRule, Pool
from ledger.maps import load_buffers, load_offers, load_skus
from ledger.peaks import current_peak
from ledger.register import Account, Connection
from ledger.stock.claims import claims_on
from ledger.stock.demand import load_demand
from ledger.stock.doubts import doubts
from ledger.stock.on_hand import shelves
from ledger.tables import listings, stock

LISTING_COLUMNS = (
    "marketplace_id",
    "state",
    "reason",
    "available",
    "reserved",
    "buffer",
    "publishable",
    "published",
    "effective",
    "explanation",
    "suppressed",
    "published_at",
    "seen_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one warehouse counted of one of its SKUs, and when; `doubt`: why a newer row was not believed."""

    warehouse: str
    sku: str
    available: int
    as_of: datetime
    doubt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuStory:
    """Everything that decides what is offered of a seller SKU in one account."""

    account: str
    connection: str
    parts: tuple[Component, ...]
    counted: tuple[Counted, ...]
    pools: Mapping[str, Pool]
    claims: tuple[Claim, ...]
    buffer: BufferRule
    offer: OfferRule
    listings: Sequence[Mapping[str, object]]
    peak: Peak | None
    exposure: Exposure


def tell_sku(
    conn: sa.Connection, account: Account, connection: Connection, seller_sku: str, now: datetime
) -> SkuStory | None:
    """The story of a seller SKU in one account; None when the account neither lists it nor has it counted."""
    skus = {
        name: load_skus(conn, name, connection.name, same_skus=connection.same_skus)
        for name in connection.serves
    }
    parts = skus[account.name].resolve(seller_sku)
    own = {part.warehouse_sku for part in parts}
    found, counted = _listings(conn, account.name, seller_sku), _counted(conn, connection.name, own)
    if not found and not counted:
        return None
    offer = load_offers(conn, account.name).rule(seller_sku)
    book = load_demand(conn, connection.name, skus, now)
    return SkuStory(
        account=account.name,
        connection=connection.name,
        parts=parts,
        counted=counted,
        pools=_pools(conn, connection.name, skus, _Wanted(offer, own, book.expected()), now),
        claims=_claims(conn, connection.name, skus, own) if counted else (),
        buffer=load_buffers(conn, account.name).rule(seller_sku),
        offer=offer,
        listings=found,
        peak=current_peak(conn, now),
        exposure=book.exposure,
    )


class _Wanted(NamedTuple):
    """Whose pools are looked at: on which terms, which warehouse SKUs, and what is expected to go of all."""

    offer: OfferRule
    own: set[str]
    expected: Mapping[str, float]


def _pools(
    conn: sa.Connection, connection: str, skus: dict[str, SkuMap], which: _Wanted, now: datetime
) -> dict[str, Pool]:
    """The pools of these warehouse SKUs as planning sees them: in the chosen warehouses, with their doubts."""
    offer, own, expected = which
    found = shelves(
        conn,
        connection,
        skus,
        [offer.warehouses],
        expected=expected,
        doubt=doubts(conn, connection, now).of,
    )
    return {sku: pool for sku, pool in found[offer.warehouses].items() if sku in own}


def _claims(
    conn: sa.Connection, connection: str, skus: dict[str, SkuMap], own: set[str]
) -> tuple[Claim, ...]:
    """Reserving orders, the most urgent first; what has left is named last."""
    found = claims_on(conn, connection, skus, own)
    return tuple(
        sorted(found, key=lambda one: (one.standing is Standing.GONE, one.confirm_by is None, one.placed_at))
    )


def _counted(conn: sa.Connection, connection: str, own: set[str]) -> tuple[Counted, ...]:
    columns = [stock.c[name] for name in ("warehouse", "sku", "available", "as_of", "doubt")]
    statement = (
        sa.select(*columns)
        .where(stock.c.connection == connection, stock.c.sku.in_(sorted(own)))
        .order_by(stock.c.sku, stock.c.warehouse)
    )
    return tuple(Counted(**row) for row in conn.execute(statement).mappings())


def _listings(conn: sa.Connection, account: str, seller_sku: str) -> Sequence[Mapping[str, object]]:
    statement = (
        sa.select(*[listings.c[name] for name in LISTING_COLUMNS])
        .where(listings.c.seller_account == account, listings.c.seller_sku == seller_sku)
        .order_by(listings.c.marketplace_id)
    )
    return [dict(row) for row in conn.execute(statement).mappings()]
