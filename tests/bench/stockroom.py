"""A ledger whose every listing is in effect, and the stock file that changes some of them."""

import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from domain.stock.sellable import Offer
from ledger.connection import Ledger
from tests.bench.catalog import Catalog
from tests.bench.strangers import GB

WAREHOUSE = "MAIN"
FIRST, BETWEEN = timedelta(minutes=60), timedelta(minutes=30)  # before now: the first count, and the sales
SECOND = 5.0  # seconds from the second count to its file
_EMPTY = r"\N"
Cells = Sequence[object]


def stocked(ledger: Ledger, catalog: Catalog, now: datetime) -> None:
    """The first count applied, its offers published and in effect, and the orders that take from them.

    The tables are filled as they would be, not by the flows: 100,000 patches at Amazon's limits take six hours.
    """
    with ledger.begin() as conn:
        _copy(
            conn,
            "stock",
            "connection,warehouse,sku,available,on_hand,allocated,quarantine,on_order,as_of",
            _counted(catalog, now),
        )
        _copy(
            conn,
            "snapshots",
            "connection,warehouse,as_of,received_at,source,outcome,rows",
            _noted(catalog, now),
        )
        _copy(conn, "listings", _LISTING, _listed(catalog, now))
        _order(conn, catalog, now)
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")


def next_count(catalog: Catalog, folder: Path) -> float:
    """Put the second count into the file drop; the moment before it appeared (seconds since 1970)."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        ["as_of", "warehouse", "sku", "on_hand", "allocated", "available", "quarantine", "on_order"]
    )
    as_of = datetime.fromtimestamp(time.time() - SECOND, UTC).isoformat()
    rows.writerows((as_of, WAREHOUSE, sku, units, 0, units, 0, 0) for sku, units in catalog.second.items())
    hidden = folder / "out" / ".stock-2.csv.part"
    hidden.parent.mkdir(parents=True, exist_ok=True)
    hidden.write_text(text.getvalue(), encoding="utf-8")
    appeared = time.time()
    hidden.rename(folder / "out" / "stock-2.csv")
    return appeared


def sent_before(catalog: Catalog, folder: Path) -> Path:
    """The first count as rows of SKU and units."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "sent.csv"
    file.write_text("".join(f"{sku},{units}\n" for sku, units in catalog.first.items()), encoding="utf-8")
    return file


def _counted(catalog: Catalog, now: datetime) -> Iterator[Cells]:
    as_of = now - FIRST
    return (("main", WAREHOUSE, sku, units, units, 0, 0, 0, as_of) for sku, units in catalog.first.items())


def _noted(catalog: Catalog, now: datetime) -> Iterator[Cells]:
    at = now - FIRST
    yield "main", WAREHOUSE, at, at, "stock file", "APPLIED", len(catalog.first)


_LISTING = (
    "seller_account,marketplace_id,seller_sku,state,available,reserved,buffer,publishable,published,effective,"
    "explanation,planned_at,published_at,accepted_at,effective_at,seen_at"
)


def _listed(catalog: Catalog, now: datetime) -> Iterator[Cells]:
    """As the first count left them, looked at a moment ago: what is read in the run is read for the second."""
    offers, _ = catalog.offers()
    then = now - FIRST + timedelta(minutes=5)
    for sku, units in offers.items():
        available = catalog.first[sku]
        why = Offer(available=available, reserved=available - units, buffer=0, publishable=units).explain()
        numbers = (available, available - units, 0, units, units, units)
        yield "main", GB, sku, "EFFECTIVE", *numbers, why, then, then, then, then, now


def _order(conn: sa.Connection, catalog: Catalog, now: datetime) -> None:
    """Half of what is owed was never handed over, half has no answer; what was sold has had one in between."""
    owed = list(catalog.owed.items())
    unreleased, unanswered = owed[::2], owed[1::2]
    released = [(*line, "SUBMITTED", None) for line in unanswered]
    released += [(*line, "ACCEPTED", now - BETWEEN) for line in catalog.sold.items()]
    rows = [(sku, units, "READY") for sku, units in unreleased]
    rows += [(sku, units, "RELEASED" if at else "RELEASING") for sku, units, _, at in released]
    _copy(conn, "orders", _ORDER, (_ordered(place, row[2], now) for place, row in enumerate(rows, 1)))
    lines = ((place, "1", sku, units, units) for place, (sku, units, _) in enumerate(rows, 1))
    _copy(conn, "order_lines", "order_id,order_item_id,seller_sku,quantity,unfulfilled", lines)
    first = len(unreleased) + 1
    handed = ((place, f"{_order_id(place)}-1", *row[2:]) for place, row in enumerate(released, first))
    columns = "id,order_id,release_no,reference,connection,service,state,planned_at,sent_at,answered_at"
    then = now - FIRST - timedelta(minutes=10)
    _copy(
        conn,
        "releases",
        columns,
        ((place, place, 1, name, "main", "STD", state, then, then, at) for place, name, state, at in handed),
    )
    parts = ((place, "1", row[0], row[1], 1) for place, row in enumerate(released, first))
    _copy(conn, "release_lines", "release_id,line_ref,sku,quantity,per_unit", parts)


_ORDER = (
    "id,seller_account,amazon_order_id,marketplace_id,connection,state,amazon_status,amazon_created_at,"
    "amazon_updated_at,imported_at,confirm_by"
)


def _ordered(place: int, state: str, now: datetime) -> Cells:
    then = now - FIRST - timedelta(minutes=20)
    numbers = (then, then, then, now + timedelta(days=1))
    return place, "main", _order_id(place), GB, "main", state, "UNSHIPPED", *numbers


def _order_id(place: int) -> str:
    return f"202-{place:07}-{place:07}"


def _copy(conn: sa.Connection, table: str, columns: str, rows: Iterable[Cells]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([_EMPTY if cell is None else cell for cell in row] for row in rows)
    text.seek(0)
    statement = f"COPY ledger.{table} ({columns}) FROM STDIN WITH (FORMAT csv, NULL '{_EMPTY}')"
    with conn.connection.cursor() as cursor:
        cursor.copy_expert(statement, text)  # type: ignore[attr-defined]
