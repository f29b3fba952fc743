"""What is not believed of the stock right now: counts that are held, counts that do not come, single numbers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from domain.stock.snapshots import Doubts, late_after
from ledger.problems import settle_problems
from ledger.stock.held_counts import Place, held_snapshots
from ledger.tables import snapshots, stock

_HABITS = timedelta(days=7)  # counts of this long tell how often one usually comes


def doubts(conn: sa.Connection, connection: str, now: datetime) -> Doubts:
    """What is doubted of a connection's stock: while it is, quantities only go down.

    A whole warehouse is doubted while its newest count waits for a person, or when none came for too long.
    """
    late = {place.warehouse: words for place, words in _late(conn, connection, now).items() if words}
    held = {
        one.warehouse: f"its count {one.id} was held: {one.reason}"
        for one in held_snapshots(conn, connection)
    }
    doubted = sa.select(stock.c.sku, stock.c.doubt).where(
        stock.c.connection == connection, stock.c.doubt != ""
    )
    by_sku = {row.sku: row.doubt for row in conn.execute(doubted.order_by(stock.c.warehouse))}
    return Doubts(whole=late | held, by_sku=by_sku)


def record_late_counts(conn: sa.Connection, connection: str, now: datetime) -> int:
    """Open a problem for each warehouse whose next count is late, close it when one came; how many are new."""
    places = _late(conn, connection, now)
    found = [
        Problem(
            kind=ProblemKind.SNAPSHOT_LATE,
            subject=place.subject,
            summary=f"The warehouse {place.subject} is late with its stock: {words}.",
        )
        for place, words in places.items()
        if words
    ]
    subjects = [place.subject for place in places]
    return settle_problems(conn, [ProblemKind.SNAPSHOT_LATE], subjects, found, now)


def _late(conn: sa.Connection, connection: str, now: datetime) -> Mapping[Place, str]:
    """Every warehouse that was ever counted, and why its next count is late; empty: it is not."""
    came = snapshots.c.received_at
    real = (snapshots.c.connection == connection, snapshots.c.warehouse != "", snapshots.c.outcome != "OLD")
    newest = conn.execute(
        sa.select(snapshots.c.warehouse, sa.func.max(came)).where(*real).group_by(snapshots.c.warehouse)
    ).all()
    recent: dict[str, list[datetime]] = {warehouse: [] for warehouse, _ in newest}
    query = sa.select(snapshots.c.warehouse, came).where(*real, came > now - _HABITS).order_by(came)
    for warehouse, moment in conn.execute(query):
        recent[warehouse].append(moment)
    return {
        Place(connection, warehouse): _late_words(last, recent[warehouse], now) for warehouse, last in newest
    }


def _late_words(last: datetime, recent: list[datetime], now: datetime) -> str:
    intervals = [later - sooner for sooner, later in pairwise(recent)]
    if now - last <= late_after(intervals):
        return ""
    return f"no count has come since {last:%Y-%m-%d %H:%M} UTC"
