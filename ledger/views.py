"""The read-only views of schema `report`: a public surface, spelled as DESIGN section 12 has it.

They hold no data, so they are not migrated but built anew after every migration.
"""

from ledger.orders.due import COVERED_AT
from ledger.watch.held_at import WHOSE
from ledger.watch.hops import JOINS, OPEN, OWNER, WAITING_ON

# What an order waits on, who must act and how long is left; the tables are read once, and nothing is looked for
# of orders that are done.
_ORDERS = f"""
    SELECT o.seller_account, o.amazon_order_id, o.marketplace_id, o.state, o.confirm_by,
        coalesce(r.reference, '') AS warehouse_reference, coalesce(r.warehouse_order_id, '') AS warehouse_order_id,
        {WAITING_ON} AS waiting_on, {OWNER} AS owner,
        o.imported_at, o.released_at, o.accepted_at, o.canceled_at,
        CASE WHEN {OPEN} THEN o.confirm_by - now() END AS time_left
    FROM ledger.orders o
    {JOINS}
"""  # noqa: S608 - put together from our own words only

_PARCELS = """
    SELECT o.seller_account, o.amazon_order_id, p.warehouse_parcel_id, p.id::text AS package_reference_id,
        p.tracking AS tracking_number, p.warehouse_carrier, p.warehouse_service, p.carrier_code, p.state,
        p.dispatched_at, p.sent_at, p.accepted_at, p.proven_at, o.confirm_by,
        p.state NOT IN ('NOT_REQUIRED', 'VOIDED')
            AND coalesce(coalesce(p.first_accepted_at, now()) > o.confirm_by, false) AS late
    FROM ledger.parcels p JOIN ledger.orders o ON o.id = p.order_id
"""

# Who held a parcel, or its order before it left, at the moment it became late. Each step counts the first time it
# was reached; what came on top of an order that was confirmed whole in time is not late.
_LATENESS = f"""
    SELECT o.seller_account, o.amazon_order_id, p.warehouse_parcel_id, o.confirm_by,
        p.first_dispatched_at AS dispatched_at, p.known_at, p.first_tracked_at AS tracked_at,
        p.first_ready_at AS ready_at, p.first_sent_at AS sent_at, p.first_accepted_at AS accepted_at, p.proven_at,
        CASE
            WHEN p.state IN ('NOT_REQUIRED', 'VOIDED') OR o.confirm_by IS NULL
                OR coalesce(p.first_accepted_at, now()) <= o.confirm_by THEN ''
            WHEN ({COVERED_AT}) <= o.confirm_by THEN ''
            ELSE {WHOSE}
        END AS late_by
    FROM ledger.parcels p JOIN ledger.orders o ON o.id = p.order_id
"""  # noqa: S608 - put together from our own words only

_LISTINGS = """
    SELECT seller_account, marketplace_id, seller_sku, available, reserved, buffer, publishable, published,
        effective, published_at, effective_at
    FROM ledger.listings WHERE state NOT IN ('CANDIDATE', 'ABSENT')
"""

_PROBLEMS = """
    SELECT id, kind, owner, severity, subject, summary, next_step, opened_at, act_by, acknowledged_at, cleared_at
    FROM ledger.problems
"""

_CALLS = "SELECT at, stranger, operation, subject, outcome, milliseconds FROM ledger.calls"

VIEWS = {
    "orders": _ORDERS,
    "parcels": _PARCELS,
    "lateness": _LATENESS,
    "listings": _LISTINGS,
    "problems": _PROBLEMS,
    "calls": _CALLS,
}

DROP = "DROP SCHEMA IF EXISTS report CASCADE"


def create_statements() -> tuple[str, ...]:
    """The statements that build schema `report` on top of the tables."""
    views = (f"CREATE VIEW report.{name} AS {select}" for name, select in VIEWS.items())
    return ("CREATE SCHEMA report", *views)
