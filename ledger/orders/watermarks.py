"""How far Amazon's orders were read, in Amazon's own time, and the page at which reading stopped."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.amazon import OrdersPage
from ledger.tables import watermarks

_TOKEN_LIVES = timedelta(hours=23)  # Amazon says 24; an hour is kept for the way there


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """A search for changed orders: from `since` (UTC), or its next page when `page_token` is given."""

    since: datetime
    page_token: str | None = None
    until: datetime | None = None  # what Amazon said on the search's first page

    def share_read(self, page: OrdersPage) -> float:
        """How much of the time from `since` to `until` is read with this page, in percent."""
        if not page.orders or not self.until or self.until <= self.since:
            return 0.0
        last = max(order.updated_at for order in page.orders)
        return min(100.0, max(0.0, 100 * (last - self.since) / (self.until - self.since)))


def next_search(
    conn: sa.Connection, account: str, look_back: timedelta, overlap: timedelta, now: datetime
) -> OrderSearch:
    """Where to read on: at the page where the last run stopped, else behind the watermark by the overlap.

    The first search of all is anchored here, `look_back` before now: until one is read to its end, every
    search starts there or earlier, however long that takes.
    """
    anchor = {"account": account, "page_since": now - look_back, "recorded_at": now}
    conn.execute(insert(watermarks).values(anchor).on_conflict_do_nothing())
    row = conn.execute(sa.select(watermarks).where(watermarks.c.account == account)).mappings().one()
    if row["page_token"] and now - row["recorded_at"] < _TOKEN_LIVES:
        return OrderSearch(since=row["page_since"], page_token=row["page_token"], until=row["page_until"])
    if row["read_until"]:
        return OrderSearch(since=row["read_until"] - overlap)
    return OrderSearch(since=min(row["page_since"] or now, now - look_back))


def record_search(
    conn: sa.Connection, account: str, search: OrderSearch, page: OrdersPage, now: datetime
) -> OrderSearch | None:
    """Keep how far a page brought us, in the page's own transaction; the next page's search, None at the end.

    Only a search that was read to its end moves the watermark, and only to what Amazon itself said.
    """
    until = search.until or page.read_until
    ended = until is not None and not page.next_token
    row = {
        "account": account,
        "read_until": None if page.next_token else until,
        "page_token": page.next_token or "",
        "page_since": None if ended else search.since,
        "page_until": until if page.next_token else None,
        "recorded_at": now,
    }
    statement = insert(watermarks).values(row)
    new = statement.excluded
    further = sa.func.greatest(
        watermarks.c.read_until, sa.func.coalesce(new.read_until, watermarks.c.read_until)
    )
    changed = {name: new[name] for name in ("page_token", "page_since", "page_until", "recorded_at")}
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[watermarks.c.account], set_=changed | {"read_until": further}
        )
    )
    if not page.next_token:
        return None
    return OrderSearch(since=search.since, page_token=page.next_token, until=until)


def forget_page(conn: sa.Connection, account: str) -> None:
    """Drop a page token that Amazon no longer takes: the search starts again behind the watermark."""
    conn.execute(watermarks.update().where(watermarks.c.account == account).values(page_token=""))
