"""The hop that holds an order, in SQL: what `domain.watch.clock` decides of one, for all open ones at once.

The parts belong to a query over `ledger.orders o`; a test compares them with the domain's rule.
"""

from domain.problems import MANNERS, ProblemKind, Team
from domain.watch.clock import BLOCKED_AT, FURTHEST_BEHIND, OWNERS, Hop

OPEN = "o.state NOT IN ('CLOSED', 'CANCELED', 'FOREIGN')"  # spelled as the index on open orders is


def _places() -> dict[Hop, int]:
    return {hop: place for place, hop in enumerate(FURTHEST_BEHIND)}


def _whens(cases: dict[str, str]) -> str:
    return " ".join(f"WHEN '{case}' THEN {end}" for case, end in cases.items())


_AT = _places()
_BLOCKED = _whens({str(kind): str(_AT[hop]) for kind, hop in BLOCKED_AT.items()})
_PARCEL_HOPS = _whens({str(place): f"'{hop}'" for hop, place in _AT.items()})

# The parcel that is furthest behind, p.place; none is looked for when the order is done.
_PARCELS = f"""
    LEFT JOIN LATERAL (
        SELECT min(CASE
            WHEN state = 'BLOCKED' THEN CASE blocked_for {_BLOCKED} ELSE {_AT[Hop.NOT_SENT]} END
            WHEN state = 'REJECTED' THEN {_AT[Hop.REFUSED]}
            WHEN state IN ('ACCEPTED', 'UNPROVEN') OR tries > 0 THEN {_AT[Hop.NOT_SHOWN]}
            WHEN attempts > 0 THEN {_AT[Hop.UNANSWERED]}
            ELSE {_AT[Hop.NOT_SENT]}
        END) AS place
        FROM ledger.parcels
        WHERE order_id = o.id AND state NOT IN ('PROVEN', 'NOT_REQUIRED', 'VOIDED') AND {OPEN}
    ) p ON true
"""  # noqa: S608 - put together from our own words only

# r, the last release; h.hop, the value of a `domain.watch.clock.Hop`.
JOINS = f"""
    LEFT JOIN LATERAL (
        SELECT reference, warehouse_order_id, state FROM ledger.releases
        WHERE order_id = o.id ORDER BY release_no DESC LIMIT 1
    ) r ON true
    {_PARCELS}
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN NOT ({OPEN}) THEN '{Hop.DONE}'
            WHEN o.state = 'PENDING' THEN '{Hop.PAYMENT_PENDING}'
            WHEN o.state = 'HELD' THEN '{Hop.HELD}'
            WHEN o.state = 'RELEASING' AND o.held_by_person THEN '{Hop.STOPPED}'
            WHEN o.state IN ('READY', 'RELEASING') THEN '{Hop.NOT_CROSSED}'
            WHEN p.place IS NOT NULL THEN CASE p.place::text {_PARCEL_HOPS} END
            WHEN o.state = 'DISPATCHED' THEN '{Hop.AMAZON_CONFIRMS}'
            WHEN o.held_by_person THEN '{Hop.STOPPED}'
            WHEN r.state = 'REJECTED' THEN '{Hop.REJECTED}'
            WHEN o.accepted_at IS NULL THEN '{Hop.NOT_ACCEPTED}'
            ELSE '{Hop.NOT_DISPATCHED}'
        END AS hop
    ) h
"""  # noqa: S608 - put together from our own words only

WAITING_ON = (
    f"CASE WHEN h.hop = '{Hop.HELD}' THEN h.hop || ': ' || replace(o.held_for, '_', ' ') ELSE h.hop END"
)

_HELD_OWNERS = _whens({str(kind): f"'{MANNERS[kind].owner}'" for kind in ProblemKind})
_OWNERS = _whens({str(hop): f"'{owner}'" for hop, owner in OWNERS.items()})
OWNER = f"""CASE h.hop
            WHEN '{Hop.HELD}' THEN CASE o.held_for {_HELD_OWNERS} ELSE '{Team.OPERATIONS}' END
            {_OWNERS} ELSE '' END"""
