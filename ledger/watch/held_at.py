"""Where an order or its parcel was when its ship-by time passed, in SQL: a `domain.health.lateness.HeldAt`.

The parts belong to a query over `ledger.orders o` and `ledger.parcels p`, whose columns are null when an order has
no parcel that was late. They are asked of what is late only, so a step without a time was not made until then.
"""

from domain.health.lateness import LATE_BY, HeldAt
from domain.problems import ProblemKind
from domain.warehouse import DeliveryKind

# Lockstep reads the warehouse's dispatches every half minute. Whoever read so shortly before or after an order
# became late, and did not find its parcel, was told too late; whoever did not read has let it lie. An hour is
# looked at, however long nothing got through.
_LOOKED = f"""EXISTS (
        SELECT FROM ledger.calls WHERE at >= o.confirm_by - interval '5 minutes'
            AND at < least(p.known_at, o.confirm_by + interval '1 hour')
            AND stranger = 'Warehouse (' || p.connection || ')' AND operation = 'fetch-{DeliveryKind.DISPATCHES}'
            AND strpos(subject, '*') > 0 AND outcome NOT IN ('failed', 'unreachable', 'refused')
    )"""

_BLOCKED = {
    ProblemKind.CONTENTS_UNKNOWN: HeldAt.CONTENTS_UNKNOWN,
    ProblemKind.TRACKING_MISSING: HeldAt.NO_TRACKING,
    ProblemKind.CARRIER_UNMAPPED: HeldAt.CARRIER_UNMAPPED,
    ProblemKind.CONFIRMED_ELSEWHERE: HeldAt.CONFIRMED_ELSEWHERE,
}
_BLOCKED_SQL = " ".join(f"WHEN '{kind}' THEN '{held}'" for kind, held in _BLOCKED.items())


def _after(moment: str) -> str:
    return f"coalesce({moment}, 'infinity') > o.confirm_by"


# The parcel was known in time: which of its steps was not made.
_TELLING = f"""CASE
        WHEN p.state = 'NOT_REQUIRED' THEN '{HeldAt.AMAZON_CONFIRMS}'
        WHEN {_after("p.first_tracked_at")} THEN '{HeldAt.NO_TRACKING}'
        WHEN {_after("p.first_ready_at")} THEN CASE (
            SELECT reason FROM ledger.parcel_history
            WHERE parcel_id = p.id AND to_state = 'BLOCKED' AND at <= o.confirm_by ORDER BY id DESC LIMIT 1
        ) {_BLOCKED_SQL} ELSE '{HeldAt.NOT_SENT}' END
        WHEN {_after("p.first_sent_at")} THEN '{HeldAt.NOT_SENT}'
        ELSE '{HeldAt.NOT_TAKEN}'
    END"""  # noqa: S608 - the same

# Whoever stopped it had decided about it by then.
_STOPPED = """o.held_by_person AND EXISTS (
        SELECT FROM ledger.deeds WHERE at >= o.imported_at AND at <= o.confirm_by
            AND form = 'decide-order' AND subject = o.amazon_order_id
    )"""

# The parcel had not left: where the order was by its own history.
_CROSSING = f"""CASE (
            SELECT to_state FROM ledger.order_history
            WHERE order_id = o.id AND at <= o.confirm_by ORDER BY id DESC LIMIT 1
        )
        WHEN 'PENDING' THEN '{HeldAt.PAYING}'
        WHEN 'HELD' THEN '{HeldAt.HELD}'
        WHEN 'READY' THEN '{HeldAt.NOT_CROSSED}'
        WHEN 'RELEASING' THEN CASE WHEN {_STOPPED} THEN '{HeldAt.STOPPED}' ELSE '{HeldAt.NOT_CROSSED}' END
        ELSE CASE
            WHEN {_STOPPED} THEN '{HeldAt.STOPPED}'
            WHEN EXISTS (SELECT FROM ledger.releases WHERE order_id = o.id AND state = 'REJECTED'
                AND answered_at <= o.confirm_by) THEN '{HeldAt.REJECTED}'
            WHEN {_after("o.accepted_at")} THEN '{HeldAt.NOT_ACCEPTED}'
            ELSE '{HeldAt.NOT_DISPATCHED}'
        END
    END"""  # noqa: S608 - the same

HELD_AT = f"""CASE
        WHEN o.imported_at > o.confirm_by THEN '{HeldAt.UNREAD}'
        WHEN p.known_at <= o.confirm_by THEN {_TELLING}
        WHEN coalesce(p.first_dispatched_at, p.dispatched_at) <= o.confirm_by THEN
            CASE WHEN {_LOOKED} THEN '{HeldAt.TOLD_LATE}' ELSE '{HeldAt.READ_LATE}' END
        ELSE {_CROSSING}
    END"""

_WHOSE = " ".join(f"WHEN '{held}' THEN '{cause.whose}'" for held, cause in LATE_BY.items())
WHOSE = f"CASE {HELD_AT} {_WHOSE} END"
