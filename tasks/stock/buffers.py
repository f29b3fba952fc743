"""The buffer table in the Prefect UI: what each adaptive buffer keeps back, for which odds, and what it saves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from domain.maps import Component, SkuMap
from domain.stock.buffers import expected_beyond, odds_of_more
from domain.stock.demand import Exposure
from ledger.connection import Ledger
from ledger.maps import BufferBook, load_buffers
from ledger.register import Account, Connection
from ledger.stock.demand import DemandBook, load_demand
from ledger.stock.offers import offers
from tasks.tables import for_people

_SHOWN = 50
_NUMBERS = ("available", "reserved", "buffer", "publishable")
_UNKNOWN = Component(warehouse_sku="", units=1)
COLUMNS = (
    "marketplace_id",
    "seller_sku",
    "units_an_hour",
    "expected_unseen",
    "available",
    "reserved",
    "buffer",
    "publishable",
    "odds_stated",
    "odds_without",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the buffers of an account cost and save now, in units of the seller SKUs.

    `at_zero` offers show zero although units are free: the cost. `oversold` is the mean of the units that would be
    oversold before the present numbers are replaced if nothing were kept back: what they save at most.
    """

    held: int
    at_zero: int
    oversold: float


@task(
    task_run_name="show the buffers of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def show_buffers(
    ledger: Ledger, account: Account, connection: Connection, skus: Mapping[str, SkuMap], now: datetime
) -> int:
    """Put the adaptive buffers where people look, largest first; how many listings have one."""
    with ledger.begin() as conn:
        book = load_demand(conn, connection.name, skus, now)
        buffers = load_buffers(conn, account.name)
        rows = offers(conn, account.name)
    weighed, balance = weigh(rows, buffers, skus[account.name], book)
    if weighed:
        create_table_artifact(
            key=f"buffers-{account.name}",
            table=for_people(weighed[:_SHOWN]),
            description=describe(balance, book.exposure, len(weighed)),
        )
    return len(weighed)


def weigh(
    rows: Sequence[Mapping[str, object]], buffers: BufferBook, skus: SkuMap, book: DemandBook
) -> tuple[list[dict[str, object]], Balance]:
    """(Listings with an adaptive buffer, largest buffer first; what they cost and save together)."""
    expected = book.expected()
    table = pd.DataFrame([dict(row) for row in rows], columns=["marketplace_id", "seller_sku", *_NUMBERS])
    table["odds_stated"] = [buffers.rule(sku).odds for sku in table["seller_sku"]]
    table = table[table["odds_stated"].notna()].copy()
    table[list(_NUMBERS)] = table[list(_NUMBERS)].apply(pd.to_numeric).fillna(0).astype("int64")
    parts = [_busiest(skus.resolve(sku), expected) for sku in table["seller_sku"]]
    means = [expected.get(part.warehouse_sku, 0.0) for part in parts]
    free = [
        max(0, units) * part.units
        for units, part in zip(table["available"] - table["reserved"], parts, strict=True)
    ]
    table["units_an_hour"] = [round(book.rate(part.warehouse_sku) / part.units, 3) for part in parts]
    table["expected_unseen"] = [round(mean / part.units, 3) for mean, part in zip(means, parts, strict=True)]
    table["odds_without"] = [
        round(odds_of_more(mean, units), 4) for mean, units in zip(means, free, strict=True)
    ]
    table["pool"] = [part.warehouse_sku for part in parts]
    table["beyond"] = [
        expected_beyond(mean, units) / part.units
        for mean, units, part in zip(means, free, parts, strict=True)
    ]
    ranked = table.sort_values(["buffer", "odds_without"], ascending=False, kind="stable")
    return _records(ranked[list(COLUMNS)]), _balance(table)


def describe(balance: Balance, exposure: Exposure, listings: int) -> str:
    """What the table means, with the exposure, the cost and the saving, in words."""
    return (
        f"{listings} listings keep back {balance.held} units for odds; largest buffers first. Numbers are exposed"
        f" to orders for {_minutes(exposure.order_age + exposure.ahead)} minutes and to other channels for"
        f" {_minutes(exposure.snapshot_age + exposure.ahead)}: an order is read after"
        f" {_minutes(exposure.order_age)}, a count replaced after {_minutes(exposure.snapshot_age)}, a plan"
        f" follows the last after {_minutes(exposure.planning + exposure.peak)}{_in_peak(exposure)}, Amazon"
        " accepts after"
        f" {_minutes(exposure.publish)} and shows after {_minutes(exposure.effective)} (each the 95th percentile"
        f" of two days). Cost: {balance.at_zero} offers stand at zero only because of the buffer. Saving: without"
        f" it {balance.oversold:.1f} units would be oversold, in the mean, before these numbers are replaced."
        " Odds stated: how often what is taken unseen may be more than the buffer. Odds without: how likely more"
        " is taken unseen than is free now (available less reserved)."
    )


def _busiest(parts: Sequence[Component], expected: Mapping[str, float]) -> Component:
    """The component of a listing of which most is expected to go, in units of the listing."""
    return max(parts, key=lambda part: expected.get(part.warehouse_sku, 0.0) / part.units, default=_UNKNOWN)


def _balance(table: pd.DataFrame) -> Balance:
    free = table["available"] - table["reserved"]
    hidden = (free > 0) & (table["buffer"] > 0) & (free <= table["buffer"])
    by_pool = table.groupby("pool")["beyond"].max()  # listings that share a pool share its demand
    return Balance(held=int(table["buffer"].sum()), at_zero=int(hidden.sum()), oversold=float(by_pool.sum()))


def _in_peak(exposure: Exposure) -> str:
    return " because peak mode is on" if exposure.peak else ""


def _minutes(age: timedelta) -> str:
    return f"{age.total_seconds() / 60:.0f}"


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of plain Python values, fit for an artifact."""
    return [
        {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for row in table.to_dict(orient="records")
    ]
