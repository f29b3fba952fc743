"""The nightly wide sweep: Amazon's report of all listings beside the ledger, one step per run."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from domain.amazon import ReportedListing
from domain.ports import BulkDoor
from domain.sweeps import AskedReport, night_of
from ledger.asked_reports import ALL_LISTINGS, had_listings, latest_reports, record_read
from ledger.connection import Ledger
from ledger.maps import load_skus
from ledger.register import Account, connection_of
from ledger.stock.sweeps import compare_report
from tasks.reports import Wanted, advance_reports, fail_report
from tasks.tables import for_people

_EMPTY = "it has no row, which is no answer: nothing was compared"
_COLUMNS = (
    "rows",
    "merchant_fulfilled",
    "equal",
    "differing",
    "missing",
    "back",
    "newer",
    "to_look_at",
    "new",
)


@task(task_run_name="sweep the listings of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def advance_sweep(ledger: Ledger, amazon: BulkDoor, account: Account, now: datetime) -> dict[str, int]:
    """Go one step in each marketplace: ask once a night, look whether it is ready, compare; what was done.

    Tried again by the next run, not by this one. What the report shows otherwise than the ledger is not judged
    here, but looked at next.

    Raises:
        TryAgain: Amazon did not answer; the other marketplaces had their turn.
        Denied: Amazon does not accept the credentials.
    """
    wanted = Wanted(
        report_type=ALL_LISTINGS,
        ask=amazon.ask_listing_report,
        look=amazon.fetch_report,
        fetch=amazon.fetch_listing_report,
        record=partial(_record, ledger, account),
    )

    def is_known(marketplace_id: str) -> bool:
        with ledger.begin() as conn:
            return had_listings(conn, account.name, marketplace_id, night_of(now))

    counts, lost = advance_reports(ledger, account, wanted, now, is_known)
    if counts:
        show_sweep(ledger, account)
    if lost is not None:
        raise lost
    return counts


def show_sweep(ledger: Ledger, account: Account) -> None:
    """Put the last report of each marketplace where people look."""
    with ledger.begin() as conn:
        rows = [dict(row) for row in latest_reports(conn, account.name)]
    create_table_artifact(
        key=f"sweep-{account.name}",
        table=for_people(sweep_table(rows)),
        description="The nightly report of all listings beside the ledger, per marketplace: what differs, is"
        " missing or is back is looked at next. Offers that nobody mapped are not kept in step with the warehouse.",
    )


def sweep_table(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """One row per marketplace: when its report was asked for, how that ended, and what was counted."""
    table = []
    for row in rows:
        counts, asked_at = row["counts"], row["asked_at"]
        assert isinstance(counts, dict)
        assert isinstance(asked_at, datetime)
        table.append(
            {
                "marketplace_id": row["marketplace_id"],
                "asked_at": f"{asked_at:%Y-%m-%d %H:%M} UTC",
                "state": row["state"],
                **{name.replace("_", " "): counts.get(name, 0) for name in _COLUMNS},
                "offers nobody mapped": counts.get("unmapped", 0),
                "for example": ", ".join(counts.get("unmapped_skus", ())),
                "reason": row["reason"],
            }
        )
    return table


def _record(
    ledger: Ledger, account: Account, asked: AskedReport, rows: Sequence[ReportedListing], now: datetime
) -> dict[str, int]:
    if not rows:
        return fail_report(ledger, asked, _EMPTY, now)
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
        skus = load_skus(conn, account.name, connection.name, same_skus=connection.same_skus)
        place = (account.name, asked.marketplace_id)
        counts = compare_report(conn, place, rows, skus, asked.asked_at)
        record_read(conn, asked, counts, now)
    return {"read": 1, "differing in the sweep": counts["to_look_at"], "new": counts["new"]}
