"""Read back: a published quantity counts when Amazon shows it in effect."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import SeenListing
from domain.problems import Problem, ProblemKind
from domain.stock import NEXT_LISTING_STATES, ListingState
from ledger.moves import Move, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.tables import listings

_S = ListingState


def record_seen(
    conn: sa.Connection,
    account: str,
    marketplace_id: str,
    asked: Sequence[str],
    seen: Sequence[SeenListing],
    *,
    now: datetime,
) -> dict[str, int]:
    """Record what Amazon shows of the listings asked for; how many are now in which state."""
    shown = {listing.seller_sku: listing for listing in seen}
    statement = (
        sa.select(listings)
        .where(
            listings.c.seller_account == account,
            listings.c.marketplace_id == marketplace_id,
            listings.c.seller_sku.in_(list(asked)),
        )
        .order_by(listings.c.id)
        .with_for_update()
    )
    counts: Counter[str] = Counter()
    for row in conn.execute(statement).mappings().all():
        state = _record_one(conn, row, shown.get(row["seller_sku"]), now)
        counts[state.value] += 1
    return dict(counts)


def _record_one(
    conn: sa.Connection, row: sa.RowMapping, listing: SeenListing | None, now: datetime
) -> ListingState:
    units = listing.units if listing else None
    conn.execute(listings.update().where(listings.c.id == row["id"]).values(effective=units, seen_at=now))
    start = ListingState(row["state"])
    end = _after_look(row, units)
    if end is start or end not in NEXT_LISTING_STATES[start]:
        return start
    move_listings(conn, [Move(row["id"], start, end, "what Amazon shows")], now)
    _tell(conn, row, end, units, now)
    return end


def _after_look(row: sa.RowMapping, units: int | None) -> ListingState:
    state = ListingState(row["state"])
    if units is None:
        return _S.ABSENT
    if state in (_S.CANDIDATE, _S.ABSENT):
        return _S.IDLE
    if units == row["published"] and units == row["publishable"]:
        return _S.EFFECTIVE
    if state is _S.EFFECTIVE and units > (row["published"] or 0):
        # Amazon itself only ever takes units away, for its own orders: more than we said is somebody else's.
        return _S.DRIFTED
    return state


def _tell(
    conn: sa.Connection, row: sa.RowMapping, end: ListingState, units: int | None, now: datetime
) -> None:
    subject = f"{row['seller_sku']} in {row['marketplace_id']}"
    if end is _S.DRIFTED:
        summary = f"Amazon offers {units} of {subject}, but {row['published']} were published."
        found = Problem(kind=ProblemKind.QUANTITY_DRIFTED, subject=subject, summary=summary)
        record_problems(conn, [found], now)
    if end is _S.EFFECTIVE:
        clear_problems(conn, [ProblemKind.QUANTITY_DRIFTED], [subject], now)
