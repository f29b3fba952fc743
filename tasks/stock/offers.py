"""The stock table in the Prefect UI: per marketplace how much is in effect, and which listings differ most."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from ledger.connection import Ledger
from ledger.register import Account
from ledger.stock.offers import COLUMNS, offers
from tasks.tables import Rows, for_people, show_table

_SHOWN = 50
_NONE: Rows = [{"listings": "none differs"}]


@task(task_run_name="show the stock of {account.name}", cache_policy=NO_CACHE, retries=2)
def show(ledger: Ledger, account: Account, now: datetime) -> int:
    """Put what differs between our offer and Amazon's where people look; how many listings differ."""
    with ledger.begin() as conn:
        rows = offers(conn, account.name)
    summary, differing = compare(rows)
    create_table_artifact(
        key=f"stock-{account.name}",
        table=for_people(summary) or [{"listings": 0}],
        description=_words(len(differing)),
    )
    show_table(
        f"stock-differences-{account.name}",
        for_people(differing[:_SHOWN]) or _NONE,
        "Listings whose quantity at Amazon is not the one to offer, largest difference first.",
        now,
        empty=_NONE,
    )
    return len(differing)


def compare(
    rows: Sequence[Mapping[str, object]],
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """(Totals per marketplace, listings that differ with the largest difference first), in units."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    numbers = ["available", "reserved", "buffer", "publishable", "effective"]
    table[numbers] = table[numbers].apply(pd.to_numeric).fillna(0).astype("int64")
    table["difference"] = table["effective"] - table["publishable"]
    table["in effect"] = table["difference"] == 0
    totals = table.groupby("marketplace_id", as_index=False).agg(
        listings=("seller_sku", "count"),
        in_effect=("in effect", "sum"),
        to_offer=("publishable", "sum"),
        at_amazon=("effective", "sum"),
        reserved=("reserved", "sum"),
    )
    wrong = table[~table["in effect"]].sort_values("difference", key=abs, ascending=False, kind="stable")
    return _records(totals), _records(wrong.drop(columns="in effect"))


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of plain Python values, fit for an artifact."""
    return [
        {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for row in table.to_dict(orient="records")
    ]


def _words(differing: int) -> str:
    if not differing:
        return "Every quantity is in effect at Amazon."
    return f"{differing} quantities are on their way or differ; the table of differences names them."
