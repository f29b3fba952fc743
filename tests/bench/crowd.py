"""A ledger with years behind it: so many orders closed, and so many open ones in every hop there is."""

from datetime import datetime

import sqlalchemy as sa

from ledger.connection import Ledger
from tests.bench.strangers import GB

# Of a hundred open orders, by their number: the first six wait for their payment, and so on.
_STATE = """
    CASE WHEN n % 100 < 6 THEN 'PENDING' WHEN n % 100 < 12 THEN 'HELD' WHEN n % 100 < 24 THEN 'READY'
        WHEN n % 100 < 30 THEN 'RELEASING' WHEN n % 100 < 70 THEN 'RELEASED' ELSE 'DISPATCHED' END
"""
_HELD_FOR = """
    CASE WHEN n % 100 BETWEEN 6 AND 11 THEN
        (ARRAY['unmapped_sku', 'unmapped_ship_method', 'bad_address', 'cancel_requested'])[1 + n % 4] ELSE '' END
"""
# 4 of a hundred are a picking delay, one has been ready for an hour.
_LEFT = "CASE WHEN n % 100 BETWEEN 44 AND 47 THEN 3 ELSE 5 + n % 40 END * interval '1 hour'"
_READY_FOR = "CASE WHEN n % 100 = 12 THEN interval '1 hour' ELSE interval '5 minutes' END"
_PARCEL_STATE = """
    CASE WHEN n % 100 < 76 THEN 'BLOCKED' WHEN n % 100 < 80 THEN 'REJECTED' WHEN n % 100 < 89 THEN 'MAPPED'
        ELSE 'ACCEPTED' END
"""
_BLOCKED_FOR = """
    CASE WHEN n % 100 < 74 THEN 'carrier_unmapped' WHEN n % 100 < 76 THEN 'tracking_missing' ELSE '' END
"""
_OPEN = f"""
    INSERT INTO ledger.orders (id, seller_account, amazon_order_id, marketplace_id, connection, state, held_for,
        amazon_status, amazon_created_at, amazon_updated_at, imported_at, confirm_by, recipient, accepted_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'main', '026-' || lpad(n::text, 14, '0'), '{GB}', 'main', {_STATE}, {_HELD_FOR}, 'UNSHIPPED',
        :now - interval '1 day', :now - interval '1 day', :now - interval '1 day', :now + {_LEFT},
        '\\x00'::bytea, CASE WHEN n % 100 >= 44 THEN :now - interval '6 hours' END
    FROM generate_series(:first, :last) n
"""
_OPEN_PARCELS = f"""
    INSERT INTO ledger.parcels (order_id, release_id, connection, warehouse_parcel_id, state, blocked_for, tries,
        attempts, dispatched_at, known_at, accepted_at, first_accepted_at)
    SELECT n, n, 'main', 'P1', {_PARCEL_STATE}, {_BLOCKED_FOR}, (n % 100 > 88)::int, 3 * (n % 100 = 88)::int,
        :now, :now, CASE WHEN n % 100 > 88 THEN :now END, CASE WHEN n % 100 > 88 THEN :now END
    FROM generate_series(:first, :last) n WHERE n % 100 >= 70
"""
_READY = f"""
    INSERT INTO ledger.order_history (order_id, at, to_state)
    SELECT n, :now - {_READY_FOR}, 'READY' FROM generate_series(:first, :last) n WHERE n % 100 >= 12
"""
_PROBLEMS = """
    INSERT INTO ledger.problems (kind, owner, severity, subject, summary, next_step, opened_at, act_by, cause)
    SELECT held_for, 'operations', 'urgent', amazon_order_id, 'It is held.', 'Settle it.', :now, confirm_by,
        held_for
    FROM ledger.orders WHERE state = 'HELD'
"""
# Spread over a year: one in a hundred was told to Amazon an hour late, addresses are kept for a month.
_CLOSED = f"""
    INSERT INTO ledger.orders (id, seller_account, amazon_order_id, marketplace_id, connection, state,
        amazon_status,
        amazon_created_at, amazon_updated_at, imported_at, confirm_by, deliver_by, recipient, accepted_at,
            closed_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'main', '026-' || lpad(n::text, 14, '0'), '{GB}', 'main', 'CLOSED', 'SHIPPED',
        due - interval '2 days',
        due, due - interval '2 days', due, due + interval '2 days',
        CASE WHEN due > :now - interval '31 days' THEN '\\x00'::bytea END, due - interval '1 day', due
    FROM (SELECT n, :now - n * interval '365 days' / :closed AS due FROM generate_series(1, :closed) n) spread
"""
_CLOSED_PARCELS = """
    INSERT INTO ledger.parcels (order_id, release_id, connection, warehouse_parcel_id, state, tries, dispatched_at,
        known_at, sent_at, accepted_at, proven_at, first_dispatched_at, first_tracked_at, first_ready_at,
        first_sent_at, first_accepted_at)
    SELECT id, id, 'main', 'P1', 'PROVEN', 1, at, at, at, at, at, at, at, at, at, at
    FROM (SELECT id, confirm_by + CASE WHEN id % 100 = 0 THEN interval '1 hour' ELSE interval '-5 hours' END AS at
        FROM ledger.orders WHERE state = 'CLOSED') closed
"""
_RELEASES = """
    INSERT INTO ledger.releases (id, order_id, release_no, reference, connection, service, state, planned_at,
        sent_at,
        answered_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, id, 1, amazon_order_id || '-1', 'main', 'STD', CASE WHEN accepted_at IS NULL THEN 'SUBMITTED'
        ELSE 'ACCEPTED' END, imported_at, :now - interval '30 minutes', accepted_at
    FROM ledger.orders WHERE state NOT IN ('PENDING', 'HELD', 'READY')
"""
# A year of calls, and a quarter of an hour in which a third of the searches are refused.
_CALLS = """
    INSERT INTO ledger.calls (at, stranger, operation, outcome, milliseconds)
    SELECT :now - n * interval '365 days' / :calls, 'Amazon (main)', 'confirmShipment', 'ok', 80
    FROM generate_series(1, :calls) n
    UNION ALL
    SELECT :now - n * interval '1 second', 'Amazon (main)', CASE WHEN n % 15 = 0 THEN 'searchOrders' ELSE
        'confirmShipment' END, CASE WHEN n % 45 = 0 THEN '429 QuotaExceeded' ELSE 'ok' END, 80
    FROM generate_series(1, 890) n
"""


def crowd(ledger: Ledger, closed: int, opened: int, now: datetime) -> None:
    """Fill an empty ledger by SQL: by the flows a million orders would take an hour."""
    given = {
        "now": now,
        "closed": closed,
        "calls": max(1, closed // 5),
        "first": closed + 1,
        "last": closed + opened,
    }
    steps = (_CLOSED, _OPEN, _RELEASES, _CLOSED_PARCELS, _OPEN_PARCELS, _READY, _PROBLEMS, _CALLS)
    with ledger.begin() as conn:
        conn.execute(
            sa.text("SET LOCAL session_replication_role = replica")
        )  # foreign keys are right by design
        for step in steps:
            conn.execute(sa.text(step), given)
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")
        conn.exec_driver_sql("CHECKPOINT")  # or what is measured next pays for the writing
