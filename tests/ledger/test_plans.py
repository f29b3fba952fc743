"""History does not slow down what is open: the hot questions are answered from the partial indexes."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from domain.errors import Refused
from domain.maps import CarrierMap
from domain.peaks import Peak
from ledger.connection import Ledger
from ledger.deliveries import claim_cancels
from ledger.orders.due import load_due
from ledger.orders.held import review_held
from ledger.orders.release_plans import plan_releases
from ledger.orders.releases import claim_releases, doubt_unanswered, record_overdue
from ledger.orders.renewals import renew_planned
from ledger.reviews.peak_report import load_report
from ledger.secrecy import Seal
from ledger.stock.demand import expected_by_sku, forget_demand
from ledger.stock.on_hand import pools
from ledger.tracking.confirms import claim_confirms, count_waiting, free_unanswered
from ledger.tracking.looks import unproven_orders
from ledger.tracking.parcel_plans import ParcelMaps, map_parcels
from ledger.tracking.parcel_problems import record_reused
from ledger.tracking.proof import record_evidence
from ledger.tracking.waiting import show_waiting
from tests.factories import DAY, GB, HOUR, MAPS, MINUTE, NOW, SKUS, amazon_order
from tests.ledger.walk import ANY_RUN, PROVE_WITHIN

CLOSED, OPEN = 20_000, 200
PEAK = Peak(id=1, started_at=NOW, started_by="Kim", ends_at=NOW + DAY, every=MINUTE * 30, ended_at=NOW + DAY)

# 20,000 closed orders with a proven parcel each, and 200 open ones spread over the states that are asked for.
_FILL = f"""
INSERT INTO ledger.connections (name, adapter, serves, same_skus) VALUES ('main', 'file-drop', '{{main}}', true);
INSERT INTO ledger.orders (seller_account, amazon_order_id, marketplace_id, connection, state, amazon_status,
    amazon_created_at, amazon_updated_at, confirm_by, imported_at, recipient)
SELECT 'main', '026-1234567-' || lpad(n::text, 7, '0'), '{GB}', 'main',
    CASE WHEN n <= {CLOSED} THEN 'CLOSED'
        ELSE (ARRAY['READY', 'HELD', 'RELEASING', 'RELEASED', 'DISPATCHED'])[1 + mod(n, 5)] END,
    'UNSHIPPED', now(), now(), now() + n * interval '1 minute', now(), decode(repeat('ab', 300), 'hex')
FROM generate_series(1, {CLOSED + OPEN}) n;
INSERT INTO ledger.order_lines (order_id, order_item_id, seller_sku, quantity, unfulfilled)
SELECT id, 'item-1', 'A', 1, 1 FROM ledger.orders;
INSERT INTO ledger.releases (order_id, release_no, reference, connection, service, state, planned_at, sent_at,
    answered_at)
SELECT id, 1, amazon_order_id || '-1', 'main', 'STD',
    CASE state WHEN 'RELEASING' THEN (ARRAY['PLANNED', 'SENDING'])[1 + mod(id, 2)] WHEN 'RELEASED' THEN 'SUBMITTED'
        ELSE 'ACCEPTED' END, now(), now(),
    CASE WHEN state IN ('CLOSED', 'DISPATCHED') THEN now() - (20500 - id) * interval '1 minute' END
FROM ledger.orders WHERE state NOT IN ('READY', 'HELD');
INSERT INTO ledger.release_lines (release_id, line_ref, sku, quantity, per_unit)
SELECT id, 'item-1', 'A', 1, 1 FROM ledger.releases;
INSERT INTO ledger.parcels (order_id, release_id, connection, warehouse_parcel_id, state, dispatched_at, known_at,
    tracking, tracking_key, warehouse_carrier)
SELECT o.id, r.id, 'main', 'P' || o.id,
    CASE o.state WHEN 'CLOSED' THEN 'PROVEN'
        ELSE (ARRAY['RECORDED', 'MAPPED', 'ACCEPTED', 'SENDING'])[1 + mod(o.id / 5, 4)] END,
    now(), now(), 'TRACK' || o.id, 'TRACK' || o.id, 'Royal Mail'
FROM ledger.orders o JOIN ledger.releases r ON r.order_id = o.id WHERE o.state IN ('CLOSED', 'DISPATCHED');
INSERT INTO ledger.parcel_lines (parcel_id, order_item_id, quantity) SELECT id, 'item-1', 1 FROM ledger.parcels;
INSERT INTO ledger.stock (connection, warehouse, sku, available, as_of)
VALUES ('main', 'W1', 'A', 10, now() - interval '2 hours');
INSERT INTO ledger.demand (seller_account, seller_sku, hour, units)
SELECT 'main', 'A', date_trunc('hour', timestamptz '{NOW}') - n * interval '1 hour', 1
FROM generate_series(1, {CLOSED}) n;
INSERT INTO ledger.drains (connection, sku, hour, units)
SELECT 'main', 'A', date_trunc('hour', timestamptz '{NOW}') - n * interval '1 hour', 1
FROM generate_series(1, {CLOSED}) n;
INSERT INTO ledger.snapshots (connection, warehouse, as_of, received_at, source, outcome, rows)
SELECT 'main', 'W1', timestamptz '{NOW}' - n * interval '5 minutes', timestamptz '{NOW}', 'stock file', 'APPLIED', 1
FROM generate_series({CLOSED}, 1, -1) n;
ANALYZE;
"""

_SEAL = Seal("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def _claim(conn: sa.Connection) -> None:
    with suppress(Refused):  # the filled-in addresses are nobody's
        claim_releases(conn, "main", _SEAL, 50, NOW)


def _due(conn: sa.Connection) -> None:
    """One hour of the fortnight in which the filled-in orders are due."""
    now = conn.execute(sa.select(sa.func.now())).scalar_one()
    load_due(conn, ("main", GB), now + HOUR, now + 2 * HOUR, now)


HOT: dict[str, Callable[[sa.Connection], object]] = {
    "plan releases": lambda conn: plan_releases(conn, "main", MAPS, 250, NOW),
    "claim releases": _claim,
    "renew plans": lambda conn: renew_planned(conn, "main"),
    "doubt releases": lambda conn: doubt_unanswered(conn, "main", NOW),
    "overdue releases": lambda conn: record_overdue(conn, "main", ANY_RUN),
    "claim cancels": lambda conn: claim_cancels(conn, "main", NOW),
    "review held": lambda conn: review_held(conn, "main", MAPS, NOW),
    "map parcels": lambda conn: map_parcels(conn, "main", ParcelMaps(carriers=CarrierMap()), NOW),
    "reused tracking": lambda conn: record_reused(conn, "main", _SEAL, NOW),
    "claim confirms": lambda conn: claim_confirms(conn, "main", 100, NOW),
    "count waiting": lambda conn: count_waiting(conn, "main", NOW),
    "show waiting": lambda conn: show_waiting(conn, "main", "Amazon (main)", PROVE_WITHIN, NOW),
    "free confirms": lambda conn: free_unanswered(conn, "main", NOW),
    "unproven orders": lambda conn: unproven_orders(conn, "main", PROVE_WITHIN, 30, ANY_RUN),
    "weigh a page": lambda conn: record_evidence(
        conn, {CLOSED + n: amazon_order(number=CLOSED + n) for n in range(1, 101)}, PROVE_WITHIN, NOW
    ),
    "expected demand": lambda conn: expected_by_sku(conn, "main", {"main": SKUS}, NOW),
    "forget demand": lambda conn: forget_demand(conn, NOW - DAY * 800),
    "what is due": _due,
    "peak report": lambda conn: load_report(conn, PEAK),
    "stock pools": lambda conn: pools(conn, "main", {"main": SKUS}),
}
_HISTORY = ("orders", "parcels", "releases", "demand", "drains", "snapshots")


@pytest.fixture
def grown(ledger: Ledger) -> Iterator[sa.Connection]:
    """A ledger with a year behind it."""
    with ledger.engine.connect() as conn:
        conn.exec_driver_sql(_FILL)
        conn.commit()
        yield conn
        conn.rollback()


def _keep(
    kept: list[tuple[str, Any]], _conn: Any, _cursor: Any, statement: str, values: Any, *_: Any
) -> None:
    if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "CREATE TEMPORARY TABLE")):
        kept.append((statement, values[0] if isinstance(values, list) else values))


def _scanned(conn: sa.Connection, statement: str, values: Any) -> list[str]:
    """The tables with history that PostgreSQL would read from end to end for this statement."""
    plan = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()[0]["Plan"]
    scans = (node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan")
    return [table for table in scans if table in _HISTORY]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def test_no_hot_question_reads_history(grown: sa.Connection) -> None:
    """With 20,000 closed and 200 open orders no claim or plan scans a table that keeps history."""
    asked: set[tuple[str, str, str]] = set()
    for question, ask in HOT.items():
        statements: list[tuple[str, Any]] = []
        keep = partial(_keep, statements)
        sa.event.listen(grown, "before_cursor_execute", keep)
        ask(grown)
        sa.event.remove(grown, "before_cursor_execute", keep)
        grown.rollback()
        assert statements
        asked |= {
            (question, table, sql) for sql, values in statements for table in _scanned(grown, sql, values)
        }
    assert asked == set()
