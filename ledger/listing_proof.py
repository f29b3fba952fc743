"""Read back: a published quantity counts when Amazon shows it in effect."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.listings import ListingState, after_look
from domain.problems import Problem, ProblemKind
from ledger.listings import listing_name, publication
from ledger.moves import Move, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.tables import listing_history, listings, order_lines, orders

_S = ListingState
_LOOKED = "what Amazon shows"
_NOT_SHOWN = "Amazon took it and does not show it"
# Amazon states no time within which a quantity is in effect; an hour is what we wait unless told otherwise.
SETTLE = timedelta(hours=1)


def record_seen(
    conn: sa.Connection,
    account: str,
    marketplace_id: str,
    shown: Mapping[str, int | None],
    *,
    now: datetime,
    settle: timedelta = SETTLE,
) -> dict[str, int]:
    """Record what Amazon shows of each listing asked for; how many are now in which state.

    `shown` is the units in effect by seller SKU, None without a merchant-fulfilled offer. What Amazon took
    more than `settle` ago and does not show is planned again, and the second time it is a problem.
    """
    rows = _claim(conn, account, marketplace_id, list(shown))
    sold = _sold(conn, [row for row in rows if _is_less(row, shown[row["seller_sku"]])])
    counts: Counter[str] = Counter()
    for row in rows:
        units = shown[row["seller_sku"]]
        overdue = row["accepted_at"] is not None and now - row["accepted_at"] > settle
        end = after_look(publication(row), units, sold=sold.get(row["id"], 0), overdue=overdue)
        _record_one(conn, row, end, units, now)
        counts[end.value] += 1
    return dict(counts)


def _claim(
    conn: sa.Connection, account: str, marketplace_id: str, skus: Sequence[str]
) -> Sequence[sa.RowMapping]:
    statement = (
        sa.select(listings)
        .where(
            listings.c.seller_account == account,
            listings.c.marketplace_id == marketplace_id,
            listings.c.seller_sku.in_(skus),
        )
        .order_by(listings.c.id)
        .with_for_update()
    )
    return conn.execute(statement).mappings().all()


def _is_less(row: sa.RowMapping, units: int | None) -> bool:
    return row["state"] == _S.EFFECTIVE and units is not None and units < row["published"]


def _sold(conn: sa.Connection, rows: Sequence[sa.RowMapping]) -> dict[int, int]:
    """Units that were ordered of each listing since its quantity was last published, as far as we have read."""
    if not rows:
        return {}
    statement = (
        sa.select(listings.c.id, sa.func.sum(order_lines.c.quantity))
        .join_from(
            listings,
            orders,
            sa.and_(
                orders.c.seller_account == listings.c.seller_account,
                orders.c.marketplace_id == listings.c.marketplace_id,
                orders.c.amazon_created_at >= listings.c.published_at,
            ),
        )
        .join(
            order_lines,
            sa.and_(order_lines.c.order_id == orders.c.id, order_lines.c.seller_sku == listings.c.seller_sku),
        )
        .where(listings.c.id.in_([row["id"] for row in rows]))
        .group_by(listings.c.id)
    )
    return {row.id: int(units) for row in conn.execute(statement) for units in row[1:]}


def _record_one(
    conn: sa.Connection, row: sa.RowMapping, end: ListingState, units: int | None, now: datetime
) -> None:
    conn.execute(listings.update().where(listings.c.id == row["id"]).values(effective=units, seen_at=now))
    start = ListingState(row["state"])
    if end is start:
        return
    unshown = start is _S.ACCEPTED and end is _S.PLANNED
    if end is _S.DRIFTED:
        _open(conn, row, f"Amazon offers {units}, but {row['published']} were published", now)
    elif unshown and _was_unshown(conn, row):
        _open(conn, row, f"Amazon took {row['published']} twice and does not offer it, but {units}", now)
    elif end in (_S.EFFECTIVE, _S.ABSENT):
        clear_problems(conn, [ProblemKind.QUANTITY_DRIFTED], [listing_name(row)], now)
    if end is _S.ABSENT:
        clear_problems(conn, [ProblemKind.QUANTITY_INVALID], [listing_name(row)], now)
    reason = _NOT_SHOWN if unshown else _LOOKED
    move_listings(conn, [Move(row["id"], start, end, reason)], now)


def _was_unshown(conn: sa.Connection, row: sa.RowMapping) -> bool:
    """Whether a quantity was sent again for the same reason since one was last in effect."""
    last = sa.select(sa.func.max(listing_history.c.at)).where(
        listing_history.c.listing_id == row["id"], listing_history.c.reason == _NOT_SHOWN
    )
    at = conn.scalar(last)
    return at is not None and (row["effective_at"] is None or at > row["effective_at"])


def _open(conn: sa.Connection, row: sa.RowMapping, what: str, now: datetime) -> None:
    subject = listing_name(row)
    found = Problem(
        kind=ProblemKind.QUANTITY_DRIFTED, subject=subject, summary=f"Quantity of {subject}: {what}."
    )
    record_problems(conn, [found], now)
