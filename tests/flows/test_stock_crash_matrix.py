"""The crash matrix of quantities: a run killed before or after any call, commit or file is finished by the next."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.inventory_sync import inventory_sync
from tests.flows.conftest import DE, GB, Street
from tests.flows.doomed import DeathRow, death_row
from tests.flows.matrix import nothing_wrong
from tests.flows.runs import eventually
from tests.flows.stock_matrix import HANDLING_DAYS, RESTOCK, judge_stock, stock_waits

KILLED = -9
MAIN = {"seller_account": "main"}
SKUS = tuple(f"SKU-{number:02}" for number in range(6))
LIVED = (
    4  # runs in a row: one fills feeds, one reads them, one looks at the listings, one at the night's report
)
CALLS = (
    *("createFeedDocument", "uploadFeedDocument", "createFeed", "getFeeds", "getFeed", "getFeedDocument"),
    *("createReport", "getReport", "getReportDocument", "downloadDocument"),
    *("patchListingsItem", "getListingsItem", "searchListingsItems", "token"),
)
# By the tables that they write.
COMMITS = (
    "deliveries",
    "snapshots",
    "stock_days",
    "listings",
    "feeds",
    "feed_messages",
    "asked_reports",
    "swept",
)
FILES = ("names out", "read out", "mkdir out", "link out", "unlink out")


@pytest.mark.timeout(600)
def test_a_run_killed_at_any_point_is_finished_by_the_next_ones(
    street: Street, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each sort of point is a death; then every quantity is in effect, no feed is open, each count applied once."""
    started = time.monotonic()
    opened(street)
    with death_row(street.prefect, tmp_path, street.folder, street.server.port) as row:
        deaths = die(street, row)
        deaths += die_accepting(street, row, deaths)
    dying = time.monotonic() - started

    for number in range(3):  # what waits for the next count, and what comes back from zero
        counted(street, LIVED * number)
        assert eventually(lambda: settled(street), 60), (
            street.problems(),
            asked(street, "state", "listings"),
        )

    verdict = judge_stock(street, "main", street.world, street.warehouse.on_hand)
    nothing_wrong([verdict])
    assert verdict.all_proven, verdict
    assert not set(asked(street, "state", "feeds")) - {"READ", "FAILED", "DROPPED"}
    assert not waiting_files(street)
    counted_once(street)
    assert not missed_by(deaths)
    with capsys.disabled():
        print(report(deaths, verdict.proven, dying))  # noqa: T201 - figures asked for


def opened(street: Street) -> None:
    """Six SKUs in two marketplaces, in effect since the day before yesterday."""
    street.world.listings.clear()
    street.world.document_after = 30.0
    street.warehouse.on_hand = dict.fromkeys(SKUS, 50)
    for sku in SKUS:
        for market in (GB, DE):
            street.world.add_listing(
                sku, market, 50, lead_time_to_ship_max_days=HANDLING_DAYS, restock_date=RESTOCK
            )
    street.work()
    inventory_sync()
    say(street, "UPDATE ledger.listing_history SET at = at - interval '2 days'")
    pause(street)


def counted(street: Street, number: int) -> None:
    """Another count in a file: many ordinary changes, one SKU nearly sold out, one that comes or goes."""
    turn = number // LIVED  # the runs after the first one read back what it sent
    units = {sku: 60 + turn % 7 + place for place, sku in enumerate(SKUS[:4])}
    street.warehouse.on_hand.update(units | {SKUS[4]: (3, 50)[turn % 2], SKUS[5]: (0, 40)[turn % 2]})
    street.warehouse.recount()
    street.work()


def pause(street: Street) -> None:
    """A quarter of an hour goes by."""
    stock_waits(street, span=timedelta(minutes=15))


def die(street: Street, row: DeathRow) -> list[str]:
    """One run after another dies at the first point at which none died before, until nothing is new to them.

    So every point that any run reaches is a death.
    """
    deaths: list[str] = []
    lived = number = 0
    while lived < LIVED:
        counted(street, number)
        code, reached = row.run_sparing("inventory-sync", MAIN, deaths)
        number, lived = number + 1, 0 if code == KILLED else lived + 1
        assert code in (KILLED, 0), reached[-5:]
        deaths += reached[-1:] if code == KILLED else []
        pause(street)
    return deaths


def die_accepting(street: Street, row: DeathRow, known: Sequence[str]) -> list[str]:
    """A person accepts a held count; the form dies where only it can, and is filled in once more."""
    deaths: list[str] = []
    code = KILLED
    while code == KILLED:
        form = accepting(street)
        code, reached = row.run_sparing("accept-count", form, [*known, *deaths])
        deaths += reached[-1:] if code == KILLED else []
        row.run("accept-count", form)  # refused when the first one had decided
        words = "SELECT outcome, decided_by FROM ledger.snapshots WHERE id = :count"
        with street.ledger.begin() as conn:
            found = conn.execute(sa.text(words), {"count": form["count"]}).one()
        assert tuple(found) == ("APPLIED", "Ada")
        pause(street)
    return deaths


def accepting(street: Street) -> dict[str, Any]:
    """The form for a count that says that everything is sold out."""
    counted(street, 1)
    inventory_sync()
    street.warehouse.on_hand.update(dict.fromkeys(SKUS, 0))
    street.warehouse.recount()
    street.work()
    inventory_sync()
    held = max(asked(street, "id", "snapshots WHERE outcome = 'HELD'"))
    return {"count": held, "decision": "accept", "your_name": "Ada"}


def settled(street: Street) -> bool:
    """One more run; whether all is in effect after it."""
    inventory_sync(return_state=True)
    pause(street)
    return judge_stock(street, "main", street.world, street.warehouse.on_hand).all_proven


def counted_once(street: Street) -> None:
    """Every file is one count, and the day's moves of each SKU lead from its first number to its last."""
    files = {path.name for path in (street.folder / "out" / "archive").glob("stock-*.csv")}
    assert len(files) == len(asked(street, "id", "snapshots"))
    assert set(asked(street, "sku", "stock_days")) == set(SKUS)
    assert not asked(street, "sku", "stock_days WHERE closing <> opening - ours - fell + rose")


def waiting_files(street: Street) -> list[str]:
    """Stock files that nobody has archived."""
    return [path.name for path in (street.folder / "out").glob("stock-*.csv")]


def missed_by(deaths: Sequence[str]) -> set[str]:
    """Sorts of points, before and after, at which no run died."""
    died = set()
    for name in deaths:
        when, what = name.split(" ", 1)
        tables = what.removeprefix("commit of ").split("+") if "commit" in what else ()
        died |= {f"{when} {part}" for part in tables or (what,)}
    sorts = (*CALLS, *COMMITS, *FILES)
    return {f"{when} {sort}" for sort in sorts for when in ("before", "after")} - died


def asked(street: Street, column: str, table: str) -> list[Any]:
    with street.ledger.begin() as conn:
        return list(conn.scalars(sa.text(f"SELECT {column} FROM ledger.{table}")))


def say(street: Street, words: str) -> None:
    with street.ledger.begin() as conn:
        conn.execute(sa.text(words))


def report(deaths: Sequence[str], proven: int, seconds: float) -> str:
    """One line of counts."""
    kinds = Counter(kind_of(name) for name in deaths)
    return (
        f"\ncrash matrix of quantities: {len(deaths)} points, {len(deaths)} deaths ({kinds['calls']} at calls,"
        f" {kinds['commits']} at commits, {kinds['files']} at files) in {seconds:.0f} s;"
        f" {proven} listings in effect, lost 0, contradicting 0"
    )


def kind_of(point: str) -> str:
    """What a process was at when it died."""
    if "commit" in point:
        return "commits"
    return "calls" if point.rsplit(maxsplit=1)[-1] in CALLS else "files"
