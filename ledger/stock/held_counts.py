"""Counts that wait for a person: which they are, what their problem says, and how they end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from domain.errors import Refused
from domain.problems import Problem, ProblemKind
from ledger.problems import clear_problems, record_problems
from ledger.stock.count_rows import drop_rows
from ledger.tables import snapshots


class Place(NamedTuple):
    """A warehouse of a connection. An empty file names none: its warehouse is empty."""

    connection: str
    warehouse: str

    @property
    def subject(self) -> str:
        """What its counts are called in problems."""
        return f"{self.connection} {self.warehouse}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCount:
    """A count that waits for a person's decision. Times are UTC."""

    id: int
    connection: str
    warehouse: str
    as_of: datetime
    received_at: datetime
    reason: str
    rows: int

    @property
    def place(self) -> Place:
        """Where it was made."""
        return Place(self.connection, self.warehouse)


def held_snapshots(conn: sa.Connection, connection: str = "") -> tuple[HeldCount, ...]:
    """Counts that wait for a person, oldest first; of one connection, or of all when none is named."""
    which = [snapshots.c.connection == connection] if connection else []
    return _load(conn, snapshots.c.outcome == "HELD", *which)


def held_at(conn: sa.Connection, place: Place) -> tuple[HeldCount, ...]:
    """Counts of one warehouse that wait for a person, oldest first."""
    here = (snapshots.c.connection == place.connection, snapshots.c.warehouse == place.warehouse)
    return _load(conn, snapshots.c.outcome == "HELD", *here)


def undecided(conn: sa.Connection, number: int) -> HeldCount:
    """The held count of that number.

    Raises:
        Refused: there is none, or it does not wait for a decision any more; the sentence says why.
    """
    row = conn.execute(sa.select(snapshots).where(snapshots.c.id == number)).mappings().one_or_none()
    if row is None:
        raise Refused(f"There is no count {number}; the table of stock counts has the numbers.")
    said = {
        "APPLIED": "is in force already",
        "OLD": "was older than the one in force when it came",
        "OVERTAKEN": "was overtaken by a newer one",
        "DISMISSED": f"was dismissed by {row['decided_by']}",
    }
    if row["outcome"] in said:
        raise Refused(f"Count {number} {said[row['outcome']]}: there is nothing to decide about it.")
    return HeldCount(**{name: row[name] for name in HeldCount.__dataclass_fields__})


def sign(conn: sa.Connection, number: int, author: str, now: datetime) -> None:
    """Keep who decided about a count, and when."""
    values = {"decided_by": author, "decided_at": now}
    conn.execute(snapshots.update().where(snapshots.c.id == number).values(values))


def end_held(
    conn: sa.Connection, numbers: Iterable[int], outcome: str, as_of: datetime | None = None
) -> None:
    """End the wait of held counts; their rows are forgotten. `as_of` takes the place of a wrong time."""
    ended = list(numbers)
    if ended:
        values = {"outcome": outcome} | ({} if as_of is None else {"as_of": as_of})
        conn.execute(snapshots.update().where(snapshots.c.id.in_(ended)).values(values))
        drop_rows(conn, ended)


def settle_held(conn: sa.Connection, place: Place, now: datetime) -> None:
    """Make the open problem of a warehouse say which count is held now; none is held, none is open."""
    held = held_at(conn, place)
    if not held:
        clear_problems(conn, [ProblemKind.SNAPSHOT_HELD], [place.subject], now)
        return
    newest = held[-1]
    told = f"Stock count {newest.id} of {place.subject} with {newest.rows} rows was held: {newest.reason}."
    found = Problem(
        kind=ProblemKind.SNAPSHOT_HELD, subject=place.subject, summary=told, about={"count": newest.id}
    )
    record_problems(conn, [found], now)


def _load(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> tuple[HeldCount, ...]:
    columns = [snapshots.c[name] for name in HeldCount.__dataclass_fields__]
    found = conn.execute(sa.select(*columns).where(*which).order_by(snapshots.c.id)).mappings()
    return tuple(HeldCount(**row) for row in found)
