"""Listings: what may be offered of each, what was published, and what Amazon shows in effect."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import PublishAnswer, Quantity
from domain.listings import ListingState, Publication
from domain.maps import SkuMap
from domain.problems import Problem, ProblemKind
from domain.stock import Offer, Pool, publishable
from ledger.maps import BufferBook
from ledger.moves import Move, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.tables import listings

_S = ListingState
_WRITTEN_AT_ONCE = 10_000
_OFFERED = (_S.IDLE, _S.PLANNED, _S.ACCEPTED, _S.EFFECTIVE, _S.DRIFTED, _S.INVALID)


def record_candidates(
    conn: sa.Connection, account: str, marketplaces: Sequence[str], seller_skus: Iterable[str]
) -> int:
    """Note SKUs that may have a listing, to be looked up at Amazon; how many are new."""
    names = ("seller_account", "marketplace_id", "seller_sku", "state")
    skus = _unnest("sku", sorted(set(seller_skus)))
    places = _unnest("place", list(marketplaces))
    known = sa.exists().where(
        listings.c.seller_account == account,
        listings.c.marketplace_id == places.c.place,
        listings.c.seller_sku == skus.c.sku,
    )
    # What is known is left out before the insert: at every run that is nearly all of a large catalog.
    new = (
        sa.select(sa.literal(account), places.c.place, skus.c.sku, sa.literal(_S.CANDIDATE.value))
        .select_from(skus.join(places, sa.true()))
        .where(~known)
        .order_by(skus.c.sku, places.c.place)
    )
    return conn.execute(insert(listings).from_select(names, new).on_conflict_do_nothing()).rowcount


def listings_to_read(
    conn: sa.Connection,
    account: str,
    state: ListingState,
    seen_before: datetime,
    limit: int,
    *,
    in_doubt: bool = False,
) -> dict[str, tuple[str, ...]]:
    """Seller SKUs by marketplace in a state that were not read since that moment, oldest look first.

    `in_doubt`: only those of which Amazon shows something else, or nothing, than was published.
    """
    statement = sa.select(listings.c.marketplace_id, listings.c.seller_sku).where(
        listings.c.seller_account == account,
        listings.c.state == state,
        sa.or_(listings.c.seen_at.is_(None), listings.c.seen_at < seen_before),
    )
    if in_doubt:
        statement = statement.where(listings.c.published.is_distinct_from(listings.c.effective))
    oldest = statement.order_by(listings.c.seen_at.asc().nulls_first(), listings.c.id).limit(limit)
    found: dict[str, list[str]] = {}
    for marketplace, sku in conn.execute(oldest):
        found.setdefault(marketplace, []).append(sku)
    return {marketplace: tuple(skus) for marketplace, skus in found.items()}


def plan_offers(
    conn: sa.Connection,
    account: str,
    pools: Mapping[str, Pool],
    skus: SkuMap,
    buffers: BufferBook,
    *,
    now: datetime,
) -> dict[str, int]:
    """Compute what may be offered of every listing and plan those that differ; `planned` and `same`.

    Only call this while holding the account's turn: nothing is locked, for locking a row rewrites it.
    """
    changed: list[tuple[int, Offer]] = []
    moves: list[Move[ListingState]] = []
    counts: Counter[str] = Counter()
    for row in _offered(conn, account):
        offer = publishable(skus.resolve(row["seller_sku"]), pools, buffers.rule(row["seller_sku"]))
        if offer is None:
            counts["uncounted"] += 1
            continue
        if not _same_offer(row, offer):
            changed.append((row["id"], offer))
        state, due = ListingState(row["state"]), publication(row).is_due(offer.publishable, now)
        if due:
            moves.append(Move(row["id"], state, _S.PLANNED, offer.explain()))
        counts["planned" if due or state is _S.PLANNED else "same"] += 1
    _write_offers(conn, changed)
    move_listings(conn, moves, now)
    return dict(counts)


def free_unanswered(conn: sa.Connection, account: str, now: datetime) -> int:
    """Plan quantities again that a dead process left in SENT: the number is absolute, sending it twice is safe."""
    statement = sa.select(listings.c.id).where(
        listings.c.seller_account == account, listings.c.state == _S.SENT
    )
    moves = [Move(row, _S.SENT, _S.PLANNED, "the answer was lost") for row in conn.scalars(statement).all()]
    return len(move_listings(conn, moves, now))


def claim_quantities(
    conn: sa.Connection, account: str, limit: int, untried_since: datetime, now: datetime
) -> tuple[tuple[int, Quantity], ...]:
    """Take planned quantities for sending, towards zero first, and mark them SENT: (listing id, quantity).

    A quantity that was tried since `untried_since`, the start of the run, waits for the next run.
    """
    rising = listings.c.publishable > sa.func.coalesce(listings.c.published, listings.c.effective, 0)
    statement = (
        sa.select(listings)
        .where(listings.c.seller_account == account, listings.c.state == _S.PLANNED)
        .where(sa.func.coalesce(listings.c.published_at < untried_since, sa.true()))
        .order_by(rising, listings.c.publishable, listings.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = conn.execute(statement).mappings().all()
    moved = move_listings(conn, [Move(row["id"], _S.PLANNED, _S.SENT) for row in rows], now)
    if moved:
        conn.execute(
            listings.update().where(listings.c.id.in_(moved)).values(published=listings.c.publishable)
        )
    return tuple((row["id"], _quantity(row)) for row in rows if row["id"] in moved)


def count_waiting(conn: sa.Connection, account: str) -> int:
    """How many quantities are planned and not sent."""
    statement = (
        sa.select(sa.func.count())
        .select_from(listings)
        .where(listings.c.seller_account == account, listings.c.state == _S.PLANNED)
    )
    return conn.execute(statement).scalar_one()


def record_published(conn: sa.Connection, listing_id: int, answer: PublishAnswer, now: datetime) -> None:
    """Keep Amazon's answer to one quantity; a refusal comes with HTTP 200 and becomes a problem."""
    row = conn.execute(sa.select(listings).where(listings.c.id == listing_id)).mappings().one()
    subject = listing_name(row)
    if answer.accepted:
        move_listings(conn, [Move(listing_id, _S.SENT, _S.ACCEPTED)], now)
        clear_problems(conn, [ProblemKind.QUANTITY_INVALID], [subject], now)
        return
    reason = "; ".join(map(str, answer.issues)) or "no reason"
    move_listings(conn, [Move(listing_id, _S.SENT, _S.INVALID, reason)], now)
    conn.execute(listings.update().where(listings.c.id == listing_id).values(reason=reason))
    summary = f"Amazon refused the quantity of {subject}: {reason}."
    record_problems(conn, [Problem(kind=ProblemKind.QUANTITY_INVALID, subject=subject, summary=summary)], now)


def record_unsent(conn: sa.Connection, listing_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Amazon did not answer usefully: the quantities wait for the next try."""
    move_listings(conn, [Move(row, _S.SENT, _S.PLANNED, reason) for row in listing_ids], now)


def listing_name(row: sa.RowMapping) -> str:
    """What a listing is called in problems: one SKU may be listed by several accounts."""
    return f"{row['seller_account']} {row['seller_sku']} in {row['marketplace_id']}"


def publication(row: sa.RowMapping) -> Publication:
    """What the ledger knows of a listing's quantity."""
    return Publication(
        state=ListingState(row["state"]),
        wanted=row["publishable"],
        published=row["published"],
        shown=row["effective"],
        tried_at=row["published_at"],
        accepted_at=row["accepted_at"],
    )


def _same_offer(row: sa.RowMapping, offer: Offer) -> bool:
    return (row["available"], row["reserved"], row["buffer"], row["publishable"]) == (
        offer.available,
        offer.reserved,
        offer.buffer,
        offer.publishable,
    )


def _unnest(name: str, texts: Sequence[str]) -> sa.TableValuedAlias:
    return sa.func.unnest(sa.literal(texts, sa.ARRAY(sa.Text))).table_valued(name).render_derived()


def _offered(conn: sa.Connection, account: str) -> Iterable[sa.RowMapping]:
    statement = sa.select(listings).where(
        listings.c.seller_account == account, listings.c.state.in_(_OFFERED)
    )
    return conn.execute(statement.order_by(listings.c.id)).mappings()


def _write_offers(conn: sa.Connection, offers: Sequence[tuple[int, Offer]]) -> None:
    names = ("available", "reserved", "buffer", "publishable")
    for at in range(0, len(offers), _WRITTEN_AT_ONCE):
        part = offers[at : at + _WRITTEN_AT_ONCE]
        columns = [sa.literal([row for row, _ in part], sa.ARRAY(sa.BigInteger))]
        columns += [
            sa.literal([getattr(offer, name) for _, offer in part], sa.ARRAY(sa.Integer)) for name in names
        ]
        new = sa.func.unnest(*columns).table_valued("id", *names).render_derived(name="new")
        statement = listings.update().where(listings.c.id == new.c.id)
        conn.execute(statement.values({name: new.c[name] for name in names}))


def _quantity(row: sa.RowMapping) -> Quantity:
    return Quantity(
        marketplace_id=row["marketplace_id"], seller_sku=row["seller_sku"], units=row["publishable"]
    )
