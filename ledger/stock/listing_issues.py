"""What Amazon finds wrong with a listing, kept with the moment since which it does."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.amazon import ListingIssue
from domain.stock.listings import ListingState
from ledger.tables import listings

COLUMNS = ("severity", "suppressed", "seller_sku", "marketplace_id", "code", "message", "since")
_UNOFFERED = (ListingState.CANDIDATE, ListingState.ABSENT)


def record_issues(
    conn: sa.Connection, listing_id: int, issues: Sequence[ListingIssue], now: datetime
) -> None:
    """Keep what Amazon's answer to a quantity finds wrong with its listing, in place of what was known."""
    old = conn.execute(sa.select(listings.c.issues).where(listings.c.id == listing_id)).scalar_one()
    conn.execute(
        listings.update().where(listings.c.id == listing_id).values(issues=kept_issues(old, issues, now))
    )


def kept_issues(
    old: Iterable[Mapping[str, Any]], issues: Iterable[ListingIssue], now: datetime
) -> list[dict[str, Any]]:
    """Issues as the ledger keeps them: the same issue as before keeps its `since` (ISO 8601, UTC)."""
    since = {_key(one): one["since"] for one in old}
    kept: dict[tuple[object, ...], dict[str, Any]] = {}
    for issue in issues:
        row = {
            "severity": issue.severity.value,
            "code": issue.code,
            "message": issue.message,
            "actions": list(issue.actions),
        }
        kept[_key(row)] = {**row, "since": since.get(_key(row), now.isoformat(timespec="seconds"))}
    return list(kept.values())


def open_issues(conn: sa.Connection, account: str, limit: int) -> tuple[Sequence[Mapping[str, object]], int]:
    """The worst issues of an account's offers, one mapping of `COLUMNS` each, and how many there are.

    Errors come first, then what is wrong with suppressed listings, warnings, and the rest, each oldest first.
    """
    issue = (
        sa.func.jsonb_array_elements(listings.c.issues)
        .table_valued(sa.column("value", listings.c.issues.type), name="issue")
        .lateral()
    )
    value = issue.c.value
    severity = value["severity"].astext
    rank = sa.case((severity == "ERROR", 0), (listings.c.suppressed, 1), (severity == "WARNING", 2), else_=3)
    columns = [
        *[listings.c[name] for name in ("suppressed", "seller_sku", "marketplace_id")],
        *[sa.func.coalesce(value[name].astext, "").label(name) for name in COLUMNS if name not in listings.c],
    ]
    statement = (
        sa.select(*columns, sa.func.count().over().label("count"))
        .select_from(listings.outerjoin(issue, sa.true()))
        .where(listings.c.seller_account == account, listings.c.state.not_in(_UNOFFERED))
        .where(sa.or_(value.is_not(None), listings.c.suppressed))
        .order_by(rank, value["since"].astext, listings.c.id)
        .limit(limit)
    )
    rows = conn.execute(statement).mappings().all()
    return [{name: row[name] for name in COLUMNS} for row in rows], rows[0]["count"] if rows else 0


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    return row["severity"], row["code"], row["message"]
