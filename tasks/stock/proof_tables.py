"""What looks at Amazon brought up, as tables in the Prefect UI: issues of listings, and who else writes."""

from datetime import datetime

import pandas as pd
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from ledger.connection import Ledger
from ledger.register import Account
from ledger.stock.drifts import Returning, returning
from ledger.stock.listing_issues import open_issues
from tasks.tables import for_people

_SHOWN = 100


@task(task_run_name="show what looks at {account.name} found", cache_policy=NO_CACHE, retries=2)
def show_looks(ledger: Ledger, account: Account, now: datetime) -> dict[str, int]:
    """Put what Amazon finds wrong with offers, and who else writes, where people look; how many there are."""
    with ledger.begin() as conn:
        issues, issue_count = open_issues(conn, account.name, _SHOWN)
        found, writer_count = returning(conn, account.name, now, _SHOWN)
    create_table_artifact(
        key=f"listing-issues-{account.name}",
        table=for_people(issues) or [{"issues": 0}],
        description=_about_issues(issue_count),
    )
    create_table_artifact(
        key=f"other-writers-{account.name}",
        table=for_people(patterns(found)) or [{"listings": 0}],
        description=_about_writers(writer_count),
    )
    return {"issues": issue_count, "written by others": writer_count}


def _about_issues(count: int) -> str:
    if not count:
        return "Amazon finds nothing wrong with the offers."
    words = f"{count} issues of offers at Amazon: errors, then suppressed listings, warnings, the rest."
    return words if count <= _SHOWN else f"{words} The first {_SHOWN} are shown."


def _about_writers(count: int) -> str:
    words = f"{count} listings whose quantity somebody else set more than once in the last 7 days."
    return words if count <= _SHOWN else f"{words} The table has the {_SHOWN} with most returns."


def patterns(found: tuple[Returning, ...]) -> list[dict[str, object]]:
    """One row per pattern, that of most listings first: what is written, when, and how often.

    Listings whose other writer does the same at the same time have one cause, and one row says it.
    """
    if not found:
        return []
    table = pd.DataFrame(
        {
            "marketplace_id": [one.marketplace_id for one in found],
            "number": [one.writer.number.value for one in found],
            "rhythm": [one.writer.rhythm or "none found" for one in found],
            "returns": [one.writer.times for one in found],
            "in_a_day": [one.writer.today for one in found],
            "seller_sku": [one.seller_sku for one in found],
            "last": [f"{one.writer.shown} instead of {one.published}" for one in found],
            "last_at": [f"{one.writer.last_between[1]:%Y-%m-%d %H:%M} UTC" for one in found],
        }
    )
    grouped = table.groupby(["marketplace_id", "number", "rhythm"], as_index=False).agg(
        listings=("seller_sku", "count"),
        returns=("returns", "sum"),
        in_a_day=("in_a_day", "sum"),
        for_example=("seller_sku", "first"),
        last=("last", "first"),
        last_at=("last_at", "max"),
    )
    ranked = grouped.sort_values(["listings", "returns"], ascending=False, kind="stable")
    return [
        {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for row in ranked.to_dict(orient="records")
    ]
