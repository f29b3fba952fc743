"""Which accepted quantities it is time to look at, the urgent ones first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.stock.listings import ListingState
from domain.stock.reading_back import Wait, next_look, wait_unmeasured
from ledger.tables import listings

_WEIGHED = 5  # so many times the limit are weighed: those that are not due yet stand among them
# The last steps of all listings, however many there are: what Amazon's pace is now, at a cost that does not grow.
_PACE = sa.text(
    """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS usual,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY took) AS long
    FROM (
        SELECT listing.effective_at - listing.accepted_at AS took
        FROM (SELECT * FROM ledger.listing_history ORDER BY id DESC LIMIT 5000) AS step
        JOIN ledger.listings AS listing ON listing.id = step.listing_id AND listing.effective_at = step.at
        WHERE step.from_state = 'ACCEPTED' AND step.to_state = 'EFFECTIVE'
            AND listing.seller_account = :account
    ) AS steps
    HAVING count(*) >= 20
    """
)


def wait_of(conn: sa.Connection, account: str, settle: timedelta) -> Wait:
    """How long Amazon took lately to bring a quantity of an account into effect, as far as looks can tell.

    `settle` is the time after which one is overdue; it bounds what is expected, and stands in for what was
    not measured yet.
    """
    measured = conn.execute(_PACE, {"account": account}).one_or_none()
    if measured is None:
        return wait_unmeasured(settle)
    return Wait(usual=min(measured.usual, settle), long=min(measured.long, settle))


def accepted_due(
    conn: sa.Connection,
    account: str,
    settle: timedelta,
    now: datetime,
    limit: int,
    *,
    urgent_only: bool = False,
) -> tuple[tuple[str, str], ...]:
    """(marketplace, seller SKU) of accepted quantities to look at now: scarce urgent ones, then oldest looks."""
    wait = wait_of(conn, account, settle)
    rows = _accepted(conn, account, limit * _WEIGHED, urgent_only=urgent_only)
    due = [
        (row["marketplace_id"], row["seller_sku"])
        for row in rows
        if row["accepted_at"] is None
        or next_look(row["accepted_at"], row["seen_at"], wait, settle, urgent=row["urgent"]) <= now
    ]
    return tuple(due[:limit])


def _accepted(conn: sa.Connection, account: str, limit: int, *, urgent_only: bool) -> Sequence[sa.RowMapping]:
    scarce = sa.case((listings.c.urgent, listings.c.publishable))
    statement = sa.select(listings).where(
        listings.c.seller_account == account, listings.c.state == ListingState.ACCEPTED
    )
    if urgent_only:
        statement = statement.where(listings.c.urgent)
    first = (listings.c.urgent.desc(), scarce.asc().nulls_last(), listings.c.seen_at.asc().nulls_first())
    return conn.execute(statement.order_by(*first, listings.c.id).limit(limit)).mappings().all()
