"""Listings: what may be offered of each, what was published, and what Amazon shows in effect."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import PublishAnswer, Quantity
from domain.maps import SkuMap
from domain.problems import Problem, ProblemKind
from domain.stock import ListingState, Offer, Pool, publishable
from ledger.maps import BufferBook
from ledger.moves import Move, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.tables import listings

_S = ListingState
_OFFERED = (_S.IDLE, _S.PLANNED, _S.ACCEPTED, _S.EFFECTIVE, _S.DRIFTED, _S.INVALID)


def record_candidates(
    conn: sa.Connection, account: str, marketplaces: Sequence[str], seller_skus: Iterable[str]
) -> int:
    """Note SKUs that may have a listing, to be looked up at Amazon; how many are new."""
    rows = [
        {"seller_account": account, "marketplace_id": marketplace, "seller_sku": sku, "state": _S.CANDIDATE}
        for sku in sorted(set(seller_skus))
        for marketplace in marketplaces
    ]
    if not rows:
        return 0
    before = conn.scalar(sa.select(sa.func.count()).select_from(listings)) or 0
    conn.execute(insert(listings).on_conflict_do_nothing(), rows)
    return (conn.scalar(sa.select(sa.func.count()).select_from(listings)) or 0) - before


def listings_to_read(
    conn: sa.Connection, account: str, states: Sequence[ListingState], seen_before: datetime, limit: int
) -> dict[str, tuple[str, ...]]:
    """Seller SKUs by marketplace in these states that were not read since that moment, oldest look first."""
    statement = (
        sa.select(listings.c.marketplace_id, listings.c.seller_sku)
        .where(
            listings.c.seller_account == account,
            listings.c.state.in_(states),
            sa.or_(listings.c.seen_at.is_(None), listings.c.seen_at < seen_before),
        )
        .order_by(listings.c.seen_at.asc().nulls_first(), listings.c.id)
        .limit(limit)
    )
    found: dict[str, tuple[str, ...]] = {}
    for marketplace, sku in conn.execute(statement):
        found[marketplace] = (*found.get(marketplace, ()), sku)
    return found


def plan_offers(
    conn: sa.Connection,
    account: str,
    pools: Mapping[str, Pool],
    skus: SkuMap,
    buffers: BufferBook,
    *,
    now: datetime,
) -> dict[str, int]:
    """Compute what may be offered of every listing and plan those that differ; `planned` and `same`."""
    statement = (
        sa.select(listings)
        .where(listings.c.seller_account == account, listings.c.state.in_(_OFFERED))
        .order_by(listings.c.id)
        .with_for_update()
    )
    offers: list[dict[str, object]] = []
    moves: list[Move[ListingState]] = []
    counts: Counter[str] = Counter()
    for row in conn.execute(statement).mappings():
        offer = publishable(skus.resolve(row["seller_sku"]), pools, buffers.rule(row["seller_sku"]))
        if offer is None:
            counts["uncounted"] += 1
            continue
        if not _same_offer(row, offer):
            offers.append(_offer_row(row, offer))
        planned = _plan(row, offer)
        moves += [planned] if planned else []
        counts["planned" if planned or row["state"] == _S.PLANNED else "same"] += 1
    _write_offers(conn, offers)
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
    subject = f"{row['seller_sku']} in {row['marketplace_id']}"
    if answer.accepted:
        move_listings(conn, [Move(listing_id, _S.SENT, _S.ACCEPTED)], now)
        clear_problems(conn, [ProblemKind.QUANTITY_INVALID], [subject], now)
        return
    reason = "; ".join(answer.issues) or "no reason"
    move_listings(conn, [Move(listing_id, _S.SENT, _S.INVALID, reason)], now)
    conn.execute(listings.update().where(listings.c.id == listing_id).values(reason=reason))
    summary = f"Amazon refused the quantity of {subject}: {reason}."
    record_problems(conn, [Problem(kind=ProblemKind.QUANTITY_INVALID, subject=subject, summary=summary)], now)


def record_unsent(conn: sa.Connection, listing_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Amazon did not answer usefully: the quantities wait for the next try."""
    move_listings(conn, [Move(row, _S.SENT, _S.PLANNED, reason) for row in listing_ids], now)


def _plan(row: sa.RowMapping, offer: Offer) -> Move[ListingState] | None:
    """Only changes are sent, and a refused number is not sent again until another one is due."""
    state = ListingState(row["state"])
    if state is _S.PLANNED:
        return None
    known = row["effective"] if state is _S.IDLE else row["published"]
    if state is _S.DRIFTED or offer.publishable != known:
        return Move(row["id"], state, _S.PLANNED, offer.explain())
    return None


def _same_offer(row: sa.RowMapping, offer: Offer) -> bool:
    return (row["available"], row["reserved"], row["buffer"], row["publishable"]) == (
        offer.available,
        offer.reserved,
        offer.buffer,
        offer.publishable,
    )


def _offer_row(row: sa.RowMapping, offer: Offer) -> dict[str, object]:
    return {
        "row": row["id"],
        "new_available": offer.available,
        "new_reserved": offer.reserved,
        "new_buffer": offer.buffer,
        "new_publishable": offer.publishable,
    }


def _write_offers(conn: sa.Connection, offers: Sequence[dict[str, object]]) -> None:
    if not offers:
        return
    names = ("available", "reserved", "buffer", "publishable")
    statement = listings.update().where(listings.c.id == sa.bindparam("row"))
    conn.execute(statement.values({name: sa.bindparam(f"new_{name}") for name in names}), list(offers))


def _quantity(row: sa.RowMapping) -> Quantity:
    return Quantity(
        marketplace_id=row["marketplace_id"], seller_sku=row["seller_sku"], units=row["publishable"]
    )
