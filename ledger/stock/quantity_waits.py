"""Quantities that have waited for Amazon for long, whatever the reason: while it only asks for fewer calls, too."""

from datetime import datetime

import sqlalchemy as sa

from domain.stock.listings import ListingState
from ledger.tables import listings

_S = ListingState


def waited_since(conn: sa.Connection, account: str, before: datetime) -> tuple[int, datetime | None]:
    """How many quantities wait to be sent or to be seen in effect since before a moment, and the oldest (UTC)."""
    unsent = listings.c.state.in_([_S.PLANNED, _S.SENT, _S.SUBMITTED])
    since = sa.case(
        (unsent, listings.c.planned_at), (listings.c.state == _S.ACCEPTED, listings.c.accepted_at)
    )
    statement = sa.select(sa.func.count(), sa.func.min(since))
    found = conn.execute(statement.where(listings.c.seller_account == account, since < before)).one()
    return found[0], found[1]
