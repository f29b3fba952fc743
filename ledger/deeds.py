"""What people decided: who, when, with which form, about what."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ledger.secrecy import Seal
from ledger.tables import deeds, orders


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


def without_person(conn: sa.Connection, seal: Seal, amazon_order_id: str, text: str) -> str:
    """What a person wrote about an order, on one line and without any word of its buyer's address."""
    line = " ".join(text.split()).rstrip(".")
    found = sa.select(orders.c.recipient).where(orders.c.amazon_order_id == amazon_order_id)
    sealed = conn.scalars(found.where(orders.c.recipient.is_not(None))).first()
    return line if sealed is None else seal.open(sealed, amazon_order_id).hide_in(line)
