"""The daily variances in the Prefect UI: warehouse, ledger and Amazon per SKU, less what is explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from domain.stock.listings import ListingState
from ledger.connection import Ledger
from ledger.register import Account, Connection
from ledger.stock.variances import COUNT_COLUMNS, OFFER_COLUMNS, count_rows, offer_rows
from tasks.tables import Rows, for_people

SHOWN = 100
_NONE: Rows = [{"SKU": "none"}]
# A number that Amazon has not been told or does not show yet: what differs is on its way.
_ON_ITS_WAY = [
    state.value
    for state in (
        ListingState.IDLE,
        ListingState.PLANNED,
        ListingState.SENT,
        ListingState.SUBMITTED,
        ListingState.ACCEPTED,
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variances:
    """Totals by name, and the rows that are not explained, largest first, at most 100."""

    totals: Mapping[str, int]
    rows: Rows


@task(
    task_run_name="show the stock variances of {account.name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
)
def show_offers(ledger: Ledger, account: Account) -> int:
    """Put the listings whose number at Amazon nothing explains where people look; how many there are."""
    with ledger.begin() as conn:
        found = offer_variances(offer_rows(conn, account.name))
    create_table_artifact(
        key=f"stock-variances-{account.name}",
        table=for_people(found.rows) or _NONE,
        description=_offer_words(found.totals),
    )
    return found.totals["not explained"]


@task(
    task_run_name="show the count variances of {connection.name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
)
def show_counts(ledger: Ledger, connection: Connection, day: date) -> int:
    """Put the SKUs whose count moved by more than our orders where people look; how many there are."""
    with ledger.begin() as conn:
        found = count_variances(count_rows(conn, connection.name, day))
    create_table_artifact(
        key=f"count-variances-{connection.name}",
        table=found.rows or _NONE,
        description=_count_words(found.totals, day),
    )
    return found.totals["not explained"]


def offer_variances(rows: Sequence[Mapping[str, object]]) -> Variances:
    """Ledger against Amazon, in units of the seller SKU.

    Of each listing: counted - reserved - buffer - held back = to offer (share, cap, stop and a count that is
    not believed hold back, and a kit may round by one); to offer + on its way + sold since + unexplained =
    at Amazon.
    """
    table = pd.DataFrame(list(rows), columns=list(OFFER_COLUMNS))
    table = _whole(table, ["available", "reserved", "buffer", "publishable", "effective", "sold"])
    formula = (table["available"] - table["reserved"] - table["buffer"]).clip(lower=0)
    table["held back"] = formula - table["publishable"]
    table["difference"] = table["effective"] - table["publishable"]
    waiting = table["state"].isin(_ON_ITS_WAY)
    table["on its way"] = table["difference"].where(waiting, 0)
    less = (-table["difference"]).clip(lower=0)
    table["sold since"] = -less.where(less < table["sold"], table["sold"]).where(~waiting, 0)
    table["unexplained"] = table["difference"] - table["on its way"] - table["sold since"]
    names = {
        "marketplace_id": "marketplace",
        "seller_sku": "SKU",
        "available": "counted",
        "reserved": "reserved",
        "buffer": "buffer",
        "held back": "held back",
        "publishable": "to offer",
        "effective": "at Amazon",
        "difference": "difference",
        "on its way": "on its way",
        "sold since": "sold since",
        "unexplained": "unexplained",
        "state": "state",
        "explanation": "why",
    }
    totals = {"listings": len(table), "differing": int((table["difference"] != 0).sum())}
    totals |= {
        name: _units(table[name]) for name in ("difference", "on its way", "sold since", "unexplained")
    }
    return _sorted(table.rename(columns=names)[list(names.values())], totals)


def count_variances(rows: Sequence[Mapping[str, object]]) -> Variances:
    """Warehouse against ledger over a day, in units of the warehouse SKU.

    The orders of ours explain opening - ours = expected; what the count fell and rose besides is other sales
    channels, corrections, receipts and returns.
    """
    table = pd.DataFrame(list(rows), columns=list(COUNT_COLUMNS))
    table = _whole(table, ["opening", "closing", "ours", "fell", "rose"])
    table["expected"] = table["opening"] - table["ours"]
    table["difference"] = table["closing"] - table["expected"]
    table["unexplained"] = table["fell"] + table["rose"]
    names = {
        "warehouse": "warehouse",
        "sku": "SKU",
        "opening": "first count",
        "ours": "our orders",
        "expected": "expected",
        "closing": "last count",
        "difference": "difference",
        "fell": "fell",
        "rose": "rose",
        "unexplained": "unexplained",
    }
    totals = {"skus": len(table)}
    totals |= {name: _units(table[name]) for name in ("ours", "fell", "rose")}
    return _sorted(table.rename(columns=names)[list(names.values())], totals)


def _whole(table: pd.DataFrame, numbers: list[str]) -> pd.DataFrame:
    """Numbers as whole numbers; what is not known counts as none."""
    table[numbers] = table[numbers].apply(pd.to_numeric).fillna(0).astype("int64")
    return table


def _units(numbers: "pd.Series[int]") -> int:
    return int(numbers.abs().sum())


def _sorted(table: pd.DataFrame, totals: dict[str, int]) -> Variances:
    left = table[table["unexplained"] != 0].sort_values(
        "unexplained", key=abs, ascending=False, kind="stable"
    )
    rows = [
        {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for row in left.head(SHOWN).to_dict(orient="records")
    ]
    return Variances(totals=totals | {"not explained": len(left)}, rows=rows)


def _offer_words(totals: Mapping[str, int]) -> str:
    return (
        f"{totals['listings']} counted listings; Amazon shows another number than is to be offered for"
        f" {totals['differing']}, by {totals['difference']} units: {totals['on its way']} on their way,"
        f" {totals['sold since']} sold at Amazon since, {totals['unexplained']} not explained, of"
        f" {totals['not explained']} listings.{_more(totals)}"
    )


def _count_words(totals: Mapping[str, int], day: date) -> str:
    if not totals["skus"]:
        return f"No count came on {day} (UTC)."
    return (
        f"{totals['skus']} SKUs counted on {day} (UTC): {totals['ours']} units went to our orders,"
        f" {totals['fell']} more are gone (other sales channels, corrections), {totals['rose']} came (receipts,"
        f" returns, corrections), at {totals['not explained']} SKUs.{_more(totals)}"
    )


def _more(totals: Mapping[str, int]) -> str:
    return f" The {SHOWN} largest are shown." if totals["not explained"] > SHOWN else ""
