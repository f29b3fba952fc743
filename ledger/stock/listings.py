"""Listings: what may be offered of each, what was published, and what Amazon shows in effect."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import PublishAnswer, Quantity
from domain.problems import Problem, ProblemKind
from domain.stock.listings import ListingState, Publication
from ledger.moves import Move, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.stock.listing_issues import record_issues
from ledger.tables import listings

_S = ListingState


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


def free_unanswered(conn: sa.Connection, account: str, now: datetime) -> int:
    """Plan quantities again that a dead process left in SENT: the number is absolute, sending it twice is safe."""
    statement = sa.select(listings.c.id).where(
        listings.c.seller_account == account, listings.c.state == _S.SENT
    )
    moves = [Move(row, _S.SENT, _S.PLANNED, "the answer was lost") for row in conn.scalars(statement).all()]
    return len(move_listings(conn, moves, now))


def claim_quantities(
    conn: sa.Connection,
    account: str,
    limit: int,
    untried_since: datetime,
    now: datetime,
    *,
    urgent_only: bool = False,
) -> tuple[tuple[int, Quantity], ...]:
    """Take planned quantities for a patch each, and mark them SENT: (listing id, quantity).

    Urgent ones go first, then what falls, the lowest first. A quantity that was tried since `untried_since`,
    the start of the run, waits for the next run.
    """
    rising = listings.c.publishable > sa.func.coalesce(listings.c.published, listings.c.effective, 0)
    statement = (
        sa.select(listings)
        .where(*_planned(account, untried_since), listings.c.urgent if urgent_only else sa.true())
        .order_by(listings.c.urgent.desc(), rising, listings.c.publishable, listings.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = conn.execute(statement).mappings().all()
    moved = move_listings(conn, [Move(row["id"], _S.PLANNED, _S.SENT) for row in rows], now)
    record_number(conn, moved)
    return tuple((row["id"], _quantity(row)) for row in rows if row["id"] in moved)


def record_number(conn: sa.Connection, listing_ids: Collection[int]) -> None:
    """What is handed to Amazon now is the number that may be offered."""
    if listing_ids:
        chosen = listings.c.id == sa.any_(sa.literal(sorted(listing_ids), sa.ARRAY(sa.BigInteger)))
        conn.execute(listings.update().where(chosen).values(published=listings.c.publishable))


def count_waiting(
    conn: sa.Connection, account: str, untried_since: datetime
) -> Mapping[str, tuple[int, int]]:
    """Planned quantities that this run has not tried, by marketplace: (urgent, ordinary)."""
    urgent = sa.func.count().filter(listings.c.urgent)
    statement = (
        sa.select(listings.c.marketplace_id, urgent, sa.func.count() - urgent)
        .where(*_planned(account, untried_since))
        .group_by(listings.c.marketplace_id)
    )
    return {row[0]: (row[1], row[2]) for row in conn.execute(statement)}


def record_published(conn: sa.Connection, answers: Mapping[int, PublishAnswer], now: datetime) -> None:
    """Keep Amazon's answers to patches, by listing id; a refusal comes with HTTP 200 and becomes a problem."""
    record_answers(conn, _S.SENT, answers, now)


def record_answers(
    conn: sa.Connection, start: ListingState, answers: Mapping[int, PublishAnswer], now: datetime
) -> None:
    """Keep Amazon's answers to what was sent (SENT) or submitted in a feed (SUBMITTED)."""
    taken = {row for row, answer in answers.items() if answer.accepted}
    reasons = {
        row: "; ".join(map(str, answer.issues)) or "no reason"
        for row, answer in answers.items()
        if row not in taken
    }
    move_listings(conn, [Move(row, start, _S.ACCEPTED) for row in sorted(taken)], now)
    move_listings(conn, [Move(row, start, _S.INVALID, reason) for row, reason in reasons.items()], now)
    for row, reason in reasons.items():
        conn.execute(listings.update().where(listings.c.id == row).values(reason=reason))
    for row, answer in answers.items():
        if answer.issues:
            record_issues(conn, row, answer.issues, now)
    names = _names(conn, answers)
    clear_problems(conn, [ProblemKind.QUANTITY_INVALID], [names[row] for row in taken if row in names], now)
    record_problems(
        conn, [_refused(names[row], reason) for row, reason in reasons.items() if row in names], now
    )


def record_unsent(
    conn: sa.Connection, listing_ids: Sequence[int], reason: str, now: datetime, *, tried: bool = True
) -> None:
    """Amazon did not answer usefully: the quantities wait. What was `tried` waits for the next run."""
    moved = move_listings(conn, [Move(row, _S.SENT, _S.PLANNED, reason) for row in listing_ids], now)
    if moved and not tried:
        conn.execute(listings.update().where(listings.c.id.in_(moved)).values(published_at=None))


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
        seen_at=row["seen_at"],
    )


def _unnest(name: str, texts: Sequence[str]) -> sa.TableValuedAlias:
    return sa.func.unnest(sa.literal(texts, sa.ARRAY(sa.Text))).table_valued(name).render_derived()


def _quantity(row: sa.RowMapping) -> Quantity:
    return Quantity(
        marketplace_id=row["marketplace_id"], seller_sku=row["seller_sku"], units=row["publishable"]
    )


def _planned(account: str, untried_since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    untried = sa.func.coalesce(listings.c.published_at < untried_since, sa.true())
    return listings.c.seller_account == account, listings.c.state == _S.PLANNED, untried


def _names(conn: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    chosen = listings.c.id == sa.any_(sa.literal(sorted(ids), sa.ARRAY(sa.BigInteger)))
    rows = conn.execute(sa.select(listings).where(chosen)).mappings()
    return {row["id"]: listing_name(row) for row in rows}


def _refused(name: str, reason: str) -> Problem:
    summary = f"Amazon refused the quantity of {name}: {reason}."
    return Problem(kind=ProblemKind.QUANTITY_INVALID, subject=name, summary=summary)
