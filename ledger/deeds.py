"""What people decided: who, when, with which form, about what."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ledger.tables import deeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One decision of a person, with what was so afterwards in a sentence; never about a buyer's data."""

    at: datetime
    author: str
    form: str
    subject: str
    said: str


def record_deed(conn: sa.Connection, deed: Deed) -> None:
    """Keep a decision, in the transaction that carries it out."""
    conn.execute(deeds.insert().values({name: getattr(deed, name) for name in Deed.__dataclass_fields__}))


def last_deeds(conn: sa.Connection, limit: int) -> tuple[Deed, ...]:
    """The last decisions, newest first."""
    columns = [deeds.c[name] for name in Deed.__dataclass_fields__]
    statement = sa.select(*columns).order_by(deeds.c.at.desc(), deeds.c.id.desc()).limit(limit)
    return tuple(Deed(**row) for row in conn.execute(statement).mappings())
