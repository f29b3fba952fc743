"""What looks at Amazon brought up, as tables in the Prefect UI: issues of listings, and who else writes."""

from datetime import datetime

import pandas as pd
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from ledger.connection import Ledger
from ledger.drifts import Returning, returning
from ledger.listing_issues import open_issues
from ledger.register import Account

_SHOWN = 100


@task(task_run_name="show the listing issues of {account.name}", cache_policy=NO_CACHE, retries=2)
def show_issues(ledger: Ledger, account: Account) -> int:
    """Put what Amazon finds wrong with our offers where people look; how many issues there are."""
    with ledger.begin() as conn:
        rows, count = open_issues(conn, account.name, _SHOWN)
    words = f"{count} issues of offers at Amazon: errors, then suppressed listings, warnings, the rest."
    create_table_artifact(
        key=f"listing-issues-{account.name}",
        table=[dict(row) for row in rows] or [{"issues": 0}],
        description=(words if count <= _SHOWN else f"{words} The first {_SHOWN} are shown.")
        if count
        else "Amazon finds nothing wrong with the offers.",
    )
    return count


@task(task_run_name="show who else writes for {account.name}", cache_policy=NO_CACHE, retries=2)
def show_writers(ledger: Ledger, account: Account, now: datetime) -> int:
    """Put the pattern of quantities that come back where people look; how many listings have one."""
    with ledger.begin() as conn:
        found, count = returning(conn, account.name, now, _SHOWN)
    table = patterns(found)
    words = f"{count} listings whose quantity somebody else set more than once in the last 7 days."
    create_table_artifact(
        key=f"other-writers-{account.name}",
        table=table or [{"listings": 0}],
        description=words if count <= _SHOWN else f"{words} The {_SHOWN} with most returns are shown.",
    )
    return count


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
