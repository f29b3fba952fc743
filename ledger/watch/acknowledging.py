"""A person has seen a problem: kept with who, when and a note, and the end of what nobody else can end."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.errors import Refused
from domain.orders.order import OrderState
from domain.problems import ProblemKind
from domain.tracking.parcels import ParcelState
from domain.watch.acknowledging import ends_when_acknowledged
from ledger.deeds import Deed, record_deed, without_person
from ledger.secrecy import Seal
from ledger.tables import orders, parcels, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Which problem a person has seen, by its number or (0) by its kind and subject, and what they note."""

    number: int
    kind: str
    subject: str
    note: str
    author: str


def acknowledge(conn: sa.Connection, seen: Seen, seal: Seal, now: datetime) -> str:
    """Keep that a person has seen a problem; a sentence on what is so now.

    Who comes later takes it over: the problem is theirs from then on, and the record keeps both.

    Raises:
        Refused: there is no such problem, or it is over already; nothing was changed.
    """
    row = _claim(conn, seen)
    name = f"Problem {row['id']} ({row['kind'].replace('_', ' ')}: {row['subject']})"
    if (row["acknowledged_by"], row["acknowledged_at"]) == (seen.author, now):  # the same word, tried again
        return f"{name} is acknowledged; {_OVER if row['cleared_at'] else _STAYS}."
    if row["cleared_at"] is not None:
        raise Refused(f"{name} is over since {row['cleared_at']:%Y-%m-%d %H:%M} UTC. Nothing changed.")
    over = _is_over(conn, ProblemKind(row["kind"]), row["subject"])
    said = f"{name} {_whose(row, seen.author)}; {_OVER if over else _STAYS}."
    marks = {"acknowledged_at": now, "acknowledged_by": seen.author, "cleared_at": now if over else None}
    conn.execute(problems.update().where(problems.c.id == row["id"]).values(marks))
    _keep(conn, row["subject"], seen, f"{said} Note: {_note(conn, seal, row['subject'], seen.note)}.", now)
    return said


_OVER = "with that it is over"
_STAYS = "it stays open until its cause is gone, and of its reminders only the one that it is overdue is told"


def _whose(row: sa.RowMapping, author: str) -> str:
    """Whose the problem is now, and whose it was."""
    if row["acknowledged_at"] is None:
        return "is acknowledged"
    when = f"{row['acknowledged_at']:%Y-%m-%d %H:%M} UTC"
    if row["acknowledged_by"] == author:
        return f"is acknowledged again, after {when}"
    return f"is {author}'s now; {row['acknowledged_by']} acknowledged it at {when}"


def _note(conn: sa.Connection, seal: Seal, subject: str, note: str) -> str:
    return without_person(conn, seal, subject.partition(" ")[0], note)


def _keep(conn: sa.Connection, subject: str, seen: Seen, said: str, now: datetime) -> None:
    deed = Deed(at=now, author=seen.author, form="acknowledge-problem", subject=subject, said=said)
    record_deed(conn, deed)


def _claim(conn: sa.Connection, seen: Seen) -> sa.RowMapping:
    """Lock and read the problem; by kind and subject the open one, else the last that there was."""
    statement = sa.select(problems)
    if seen.number:
        statement = statement.where(problems.c.id == seen.number)
    else:
        statement = statement.where(problems.c.kind == seen.kind, problems.c.subject == seen.subject)
    newest = statement.order_by(problems.c.id.desc()).limit(1).with_for_update()
    row = conn.execute(newest).mappings().one_or_none()
    if row is not None:
        return row
    what = f"number {seen.number}" if seen.number else f'about "{seen.subject}" of that kind'
    raise Refused(
        f"There is no problem {what}: the table of open problems shows the number of each. Nothing changed."
    )


def _is_over(conn: sa.Connection, kind: ProblemKind, subject: str) -> bool:
    """Whether the cause is one that only a person can see end."""
    order, _, parcel = subject.partition(" ")
    of_order = sa.select(orders.c.state).where(orders.c.amazon_order_id == order)
    of_parcel = (
        sa.select(parcels.c.state)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.amazon_order_id == order, parcels.c.warehouse_parcel_id == parcel)
        .order_by(parcels.c.id.desc())
    )
    state = conn.scalar(of_order.limit(1)) if not parcel else None
    box = conn.scalar(of_parcel.limit(1)) if parcel else None
    return ends_when_acknowledged(
        kind, order=OrderState(state) if state else None, parcel=ParcelState(box) if box else None
    )
