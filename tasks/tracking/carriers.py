"""Carriers that nobody mapped: looked for before their parcels exist, and shown as rows to fill in."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.marketplaces import with_shops_named
from domain.tracking.carrier_gaps import gap_problem
from ledger.connection import Ledger
from ledger.register import Connection
from ledger.tracking.carrier_use import carrier_gaps, settle_carrier_gaps
from tasks.tables import Rows, show_table
from tasks.tracking.carrier_advice import in_words
from tasks.tracking.carrier_rows import MissingRow, missing_rows

ARTIFACT = "carriers-to-map"
_SHOWN = 200
_NONE: Rows = [{"carrier at the warehouse": "none"}]


@task(task_run_name="look for carriers {connection.name} will need", cache_policy=NO_CACHE, retries=2)
def find_carrier_gaps(ledger: Ledger, connection: Connection, now: datetime) -> int:
    """Open a problem for each carrier that orders at this warehouse will need and nobody mapped; how many."""
    with ledger.begin() as conn:
        gaps = carrier_gaps(conn, connection, now)
        found = tuple(
            gap_problem(gap, in_words(gap.warehouse_carrier, gap.warehouse_service, gap.marketplace_id))
            for gap in gaps
        )
        settle_carrier_gaps(conn, connection.name, found, now)
    return len(gaps)


@task(task_run_name="show carriers to map", cache_policy=NO_CACHE, retries=2)
def show(ledger: Ledger, now: datetime) -> int:
    """Put the rows that the carrier map lacks where people look, when they are others than shown; how many."""
    with ledger.begin() as conn:
        rows = missing_rows(conn, now)
    table: Rows = [_cells(row) for row in rows[:_SHOWN]] or _NONE
    show_table(ARTIFACT, table, _words(len(rows)), now, empty=_NONE)
    return len(rows)


def _cells(row: MissingRow) -> dict[str, object]:
    entry = row.entry
    return {
        "act by (UTC)": f"{row.first_due:%b %d %H:%M}"
        if row.first_due
        else "",  # the UI cuts off at the right
        "waiting": row.waiting,
        "carrier at the warehouse": entry.warehouse_carrier,
        "marketplace": with_shops_named(entry.marketplace_id),
        "best fit at Amazon": entry.carrier_code,
        "service at the warehouse": entry.warehouse_service,
        "connection": entry.connection,
        "shipping method": entry.shipping_method,
        "why this one": row.because,
    }


def _words(many: int) -> str:
    if not many:
        return "Every carrier in use is mapped."
    more = f" The first {_SHOWN} are shown." if many > _SHOWN else ""
    return (
        f"{many} rows are missing in the carrier map.{more} For one of them fill in the form **map-carrier** of its"
        " marketplace; of many, `lockstep carriers suggest FILE.csv` writes a file: check it, fill in the codes"
        " that are missing, then `lockstep import carriers FILE.csv`."
    )
