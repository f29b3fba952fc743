"""Until when credentials are good; of the secrets themselves only a keyed fingerprint is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.problems import ProblemKind
from domain.watch.expiries import Credential, Expiry, expiring, good_until
from ledger.problems import open_subjects, settle_problems
from ledger.secrecy import Seal
from ledger.tables import expiries


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A secret that lockstep.toml gives for a stranger, and until when it says that it is good."""

    holder: str
    what: Credential
    secret: str = field(repr=False)
    stated: date | None = None


def record_expiries(conn: sa.Connection, held: Sequence[Held], seal: Seal, now: datetime) -> list[str]:
    """Keep since when each secret is known and until when it is good; sentences of what is new.

    What lockstep.toml has no more is forgotten, and with the next watch its problem.
    """
    named = sa.tuple_(expiries.c.holder, expiries.c.what)
    conn.execute(expiries.delete().where(named.not_in([(one.holder, one.what) for one in held])))
    known = {(row["holder"], row["what"]): row for row in conn.execute(expiries.select()).mappings()}
    changes = []
    for one in held:
        mark = seal.fingerprint(f"{one.holder} {one.what} {one.secret}")
        before = known.get((one.holder, one.what))
        same = before is not None and before["fingerprint"] == mark
        since = before["since"] if before is not None and same else now
        until = good_until(one.what, since, one.stated)
        if before is None or not same or before["until"] != until:
            _write(
                conn,
                {"holder": one.holder, "what": one.what, "fingerprint": mark, "since": since, "until": until},
            )
            changes += (
                [f"{one.what.capitalize()} of {one.holder}: good until {until:%Y-%m-%d}."] if until else []
            )
    return changes


def record_expiring(conn: sa.Connection, now: datetime) -> int:
    """Open a problem for each credential that ends within 30 days, clear those renewed; how many are new."""
    rows = conn.execute(sa.select(expiries).order_by(expiries.c.holder, expiries.c.what)).mappings()
    known = [
        Expiry(holder=row["holder"], what=Credential(row["what"]), since=row["since"], until=row["until"])
        for row in rows
    ]
    found = [problem for one in known if (problem := expiring(one, now))]
    kind = ProblemKind.CREDENTIALS_EXPIRING
    return settle_problems(conn, [kind], open_subjects(conn, kind), found, now)


def _write(conn: sa.Connection, row: dict[str, object]) -> None:
    statement = insert(expiries).values(row)
    new = {name: statement.excluded[name] for name in ("fingerprint", "since", "until")}
    conn.execute(
        statement.on_conflict_do_update(index_elements=[expiries.c.holder, expiries.c.what], set_=new)
    )
