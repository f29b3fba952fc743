"""What may be offered of every listing, computed from today's counts, and planned where it has to change."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from domain.maps import Component, SkuMap
from domain.stock.listings import ListingState, Publication
from domain.stock.publishing import is_urgent
from domain.stock.sellable import (
    NO_TERMS,
    BufferRule,
    Offer,
    OfferRule,
    Pool,
    doubts,
    held_down,
    less_unread,
    publishable,
)
from ledger.moves import Move, move_listings
from ledger.stock.on_hand import Shelves
from ledger.stock.sales import Sales, canceled_since, read_after, sales_since, sold_after
from ledger.tables import listings

_S = ListingState
_WRITTEN_AT_ONCE = 10_000
_PLANNED_FROM = (_S.IDLE, _S.PLANNED, _S.SUBMITTED, _S.ACCEPTED, _S.EFFECTIVE, _S.DRIFTED, _S.INVALID)
# An effective listing is seen every six hours; what was sold before that is in what was seen.
_SALES_BACK = timedelta(hours=7)
_NUMBERS = ("available", "reserved", "buffer", "publishable")


def _no_buffer(_sku: str) -> BufferRule:
    return BufferRule()


def _no_terms(_sku: str) -> OfferRule:
    return NO_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for the listings of one seller account: which SKUs they take, what is kept back, on what terms."""

    skus: SkuMap
    buffer: Callable[[str], BufferRule] = field(default=_no_buffer)
    terms: Callable[[str], OfferRule] = field(default=_no_terms)


class _Listing(NamedTuple):
    """What planning compares of a listing: a plain tuple, because there are a hundred thousand."""

    id: int
    marketplace_id: str
    seller_sku: str
    state: str
    available: int | None
    reserved: int | None
    buffer: int | None
    publishable: int | None
    published: int | None
    effective: int | None
    published_at: datetime | None
    accepted_at: datetime | None
    seen_at: datetime | None
    unread: int
    urgent: bool
    explanation: str

    def known(self, sold: int) -> Publication:
        """How far its quantity has come; `sold` units were ordered since it was seen."""
        return Publication(
            state=ListingState(self.state),
            wanted=self.publishable,
            published=self.published,
            shown=self.effective,
            tried_at=self.published_at,
            accepted_at=self.accepted_at,
            seen_at=self.seen_at,
            sold=sold,
        )


@dataclass(slots=True)
class _Plan:
    """What one look over all listings of an account changes."""

    moves: list[Move[ListingState]] = field(default_factory=list)
    there: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    offers: list[tuple[int, Offer, bool]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def plan_offers(
    conn: sa.Connection, account: str, shelves: Shelves, rules: Rules, now: datetime
) -> dict[str, int]:
    """Compute what may be offered of every listing and plan those that differ; `planned`, `same` and so on.

    Only call this while holding the account's turn: nothing is locked, for locking a row rewrites it.
    """
    sales = sales_since(conn, account, now - _SALES_BACK)
    canceled = canceled_since(conn, account, now - _SALES_BACK)
    plan = _Plan()
    for row in _offered(conn, account):
        terms = rules.terms(row.seller_sku)
        parts, pools = rules.skus.resolve(row.seller_sku), shelves[terms.warehouses]
        offer = publishable(parts, pools, rules.buffer(row.seller_sku), terms)
        if canceled and _is_unsure(row, canceled):
            plan.unsure.append(row.id)
        if offer is None:
            plan.counts["uncounted"] += 1
        elif _is_settled(row, offer, sales) and not doubts(parts, pools):
            plan.counts["same"] += 1
        else:
            _weigh(plan, row, offer, _Context(parts, pools, sales, now))
    _write_offers(conn, plan.offers)
    _adopt(conn, plan.there)
    _look_soon(conn, plan.unsure)
    move_listings(conn, plan.moves, now)
    return dict(plan.counts)


@dataclass(frozen=True, slots=True)
class _Context:
    parts: Sequence[Component]
    pools: Mapping[str, Pool]
    sales: Sales
    now: datetime


def _is_unsure(row: _Listing, canceled: Mapping[tuple[str, str], datetime]) -> bool:
    """Whether an order was canceled since the last look: Amazon may have put its units back on offer."""
    at = canceled.get((row.marketplace_id, row.seller_sku))
    return at is not None and row.state == _S.EFFECTIVE and row.seen_at is not None and at > row.seen_at


def _is_settled(row: _Listing, offer: Offer, sales: Sales) -> bool:
    """Whether Amazon shows just this offer and nothing was ordered lately: so it is for nearly every listing."""
    return (
        row.state == _S.EFFECTIVE
        and not row.unread
        and row.effective == row.publishable == offer.publishable
        and (row.available, row.reserved, row.buffer) == (offer.available, offer.reserved, offer.buffer)
        and (row.marketplace_id, row.seller_sku) not in sales
        and not offer.limits
        and row.explanation == offer.explain()
    )


def _weigh(plan: _Plan, row: _Listing, computed: Offer, context: _Context) -> None:
    """Decide about one listing: send another number, leave it, or take it as published already."""
    sold = sold_after(context.sales, (row.marketplace_id, row.seller_sku), row.seen_at)
    known = row.known(sold)
    late = read_after(context.sales, (row.marketplace_id, row.seller_sku), row.seen_at)
    read = less_unread(computed, row.unread - late)
    offer = held_down(read, doubts(context.parts, context.pools), known.offered)
    if offer is None:
        plan.counts["doubted"] += 1
        return
    on_its_way = known.state is _S.ACCEPTED and offer.publishable == known.published
    urgent = row.urgent if on_its_way else is_urgent(offer.publishable, known.offered, offer.expected)
    if sold and known.state is _S.EFFECTIVE and row.effective != offer.publishable == known.offered:
        plan.unsure.append(row.id)  # Amazon should offer it by its own sales: done is when it shows so
    if not _is_written(row, offer, urgent=urgent):
        plan.offers.append((row.id, offer, urgent))
    _step(plan, row.id, known, offer, context.now)


def _step(plan: _Plan, listing_id: int, known: Publication, offer: Offer, now: datetime) -> None:
    if known.is_there(offer.publishable, now):
        plan.there.append(listing_id)
        plan.moves.append(Move(listing_id, known.state, _S.EFFECTIVE, "Amazon offers just that already"))
    elif known.is_due(offer.publishable, now):
        plan.moves.append(Move(listing_id, known.state, _S.PLANNED, offer.explain()))
        plan.counts["planned"] += 1
        return
    plan.counts["planned" if known.state is _S.PLANNED else "same"] += 1


def _is_written(row: _Listing, offer: Offer, *, urgent: bool) -> bool:
    numbers = tuple(getattr(offer, name) for name in _NUMBERS)
    written = (row.available, row.reserved, row.buffer, row.publishable)
    return numbers == written and row.urgent == urgent and row.explanation == offer.explain()


def _offered(conn: sa.Connection, account: str) -> Iterator[_Listing]:
    statement = sa.select(*[listings.c[name] for name in _Listing._fields]).where(
        listings.c.seller_account == account, listings.c.state.in_(_PLANNED_FROM)
    )
    return map(_Listing._make, conn.execute(statement.order_by(listings.c.id)).all())


def _write_offers(conn: sa.Connection, offers: Sequence[tuple[int, Offer, bool]]) -> None:
    for at in range(0, len(offers), _WRITTEN_AT_ONCE):
        part = offers[at : at + _WRITTEN_AT_ONCE]
        columns = [sa.literal([row for row, _, _ in part], sa.ARRAY(sa.BigInteger))]
        columns += [
            sa.literal([getattr(offer, name) for _, offer, _ in part], sa.ARRAY(sa.Integer))
            for name in _NUMBERS
        ]
        columns.append(sa.literal([urgent for _, _, urgent in part], sa.ARRAY(sa.Boolean)))
        columns.append(sa.literal([offer.explain() for _, offer, _ in part], sa.ARRAY(sa.Text)))
        names = (*_NUMBERS, "urgent", "explanation")
        new = sa.func.unnest(*columns).table_valued("id", *names).render_derived(name="new")
        statement = listings.update().where(listings.c.id == new.c.id)
        conn.execute(statement.values({name: new.c[name] for name in names}))


def _adopt(conn: sa.Connection, listing_ids: Sequence[int]) -> None:
    """What Amazon offers already counts as published: from now on the number is ours."""
    if listing_ids:
        chosen = listings.c.id == sa.any_(sa.literal(list(listing_ids), sa.ARRAY(sa.BigInteger)))
        since = sa.func.coalesce(listings.c.published_at, listings.c.seen_at)
        conn.execute(
            listings.update().where(chosen).values(published=listings.c.publishable, published_at=since)
        )


def _look_soon(conn: sa.Connection, listing_ids: Sequence[int]) -> None:
    """What may have changed without us is looked at in this run."""
    if listing_ids:
        chosen = listings.c.id == sa.any_(sa.literal(list(listing_ids), sa.ARRAY(sa.BigInteger)))
        conn.execute(listings.update().where(chosen).values(seen_at=None))
