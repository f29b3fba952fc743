"""The hop in SQL and by the domain's rule: the same for every order there can be, without reading history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import sqlalchemy as sa

from domain.orders.order import OrderState
from domain.problems import ProblemKind
from domain.tracking.parcels import ParcelState
from domain.watch.clock import BLOCKED_AT, OrderOnItsWay, ParcelOnItsWay, hop_of, owner_of, words_of
from ledger.connection import Ledger
from ledger.tables import orders, parcels, releases
from ledger.watch.hops import OPEN
from tests.factories import GB, NOW

_UNSENT = (ParcelState.RECORDED, ParcelState.MAPPED, ParcelState.SENDING)
PARCELS = (
    *(ParcelOnItsWay(state=state) for state in ParcelState),
    *(ParcelOnItsWay(state=ParcelState.BLOCKED, blocked_for=kind, tries=1) for kind in BLOCKED_AT),
    *(
        ParcelOnItsWay(state=state, tries=tries, attempts=attempts)
        for state, tries, attempts in product(_UNSENT, (0, 2), (0, 3))
    ),
)
CONTENTS: tuple[tuple[ParcelOnItsWay, ...], ...] = ((), *((parcel,) for parcel in PARCELS))
PAIRS = tuple(combinations_with_replacement(PARCELS, 2))
_RELEASED = sa.text(
    "INSERT INTO ledger.releases (order_id, release_no, reference, connection, service, state, planned_at)"
    " SELECT id, 1, amazon_order_id, 'main', 'STD', 'ACCEPTED', :now FROM ledger.orders"
)
_REJECTED = sa.text("UPDATE ledger.releases SET state = 'REJECTED' WHERE reference = ANY(:names)")


@dataclass(frozen=True)
class Case:
    order: OrderOnItsWay
    held_for: str = ""


def cases() -> Iterator[Case]:
    yes_no = (False, True)
    for state, accepted, rejected, stopped, contents in product(OrderState, yes_no, yes_no, yes_no, CONTENTS):
        yield Case(
            OrderOnItsWay(
                state=state, accepted=accepted, rejected=rejected, stopped=stopped, parcels=contents
            )
        )
    for pair in PAIRS:
        yield Case(OrderOnItsWay(state=OrderState.PART_DISPATCHED, accepted=True, parcels=pair))
    for reason in (*ProblemKind, "something_new"):
        yield Case(OrderOnItsWay(state=OrderState.HELD), held_for=reason)


def _fill(conn: sa.Connection, found: Sequence[Case]) -> None:
    names = [f"O{number}" for number in range(len(found))]
    moments = dict.fromkeys(("amazon_created_at", "amazon_updated_at", "imported_at"), NOW)
    fixed = {"seller_account": "main", "marketplace_id": GB, "amazon_status": "UNSHIPPED", **moments}
    conn.execute(
        orders.insert(),
        [
            fixed
            | {"amazon_order_id": name, "state": case.order.state, "held_for": case.held_for}
            | {"accepted_at": NOW if case.order.accepted else None, "held_by_person": case.order.stopped}
            for name, case in zip(names, found, strict=True)
        ],
    )
    conn.execute(_RELEASED, {"now": NOW})
    rejected = [name for name, case in zip(names, found, strict=True) if case.order.rejected]
    conn.execute(_REJECTED, {"names": rejected})
    ids = {row.reference: row for row in conn.execute(sa.select(releases))}
    rows = [
        {
            "order_id": ids[name].order_id,
            "release_id": ids[name].id,
            "connection": "main",
            "warehouse_parcel_id": str(place),
            "state": parcel.state,
            "blocked_for": parcel.blocked_for,
            "tries": parcel.tries,
            "attempts": parcel.attempts,
            "dispatched_at": NOW,
            "known_at": NOW,
        }
        for name, case in zip(names, found, strict=True)
        for place, parcel in enumerate(case.order.parcels)
    ]
    conn.execute(parcels.insert(), rows)


def test_the_view_and_the_rule_say_the_same(ledger: Ledger) -> None:
    """An order in each state, with each parcel, pair of parcels and reason to hold has one hop and owner."""
    found = list(cases())
    with ledger.begin() as conn:
        _fill(conn, found)
        shown = {row.amazon_order_id: row for row in conn.execute(sa.text("SELECT * FROM report.orders"))}
    for number, case in enumerate(found):
        hop, row = hop_of(case.order), shown[f"O{number}"]
        expected = (words_of(hop, case.held_for), owner_of(hop, case.held_for))
        assert (row.waiting_on, row.owner) == expected, case


def test_open_orders_are_found_without_the_closed_ones(ledger: Ledger) -> None:
    """The plan for open orders reads the index on open ones, and their parcels one order at a time."""
    done = [Case(OrderOnItsWay(state=OrderState.CLOSED, parcels=(PARCELS[5],)))] * 3000
    with ledger.begin() as conn:
        _fill(conn, [*done, *[Case(OrderOnItsWay(state=OrderState.RELEASED))] * 10])
        conn.execute(sa.text("ANALYZE ledger.orders, ledger.parcels, ledger.releases"))
        ask = f"EXPLAIN SELECT * FROM report.orders o WHERE {OPEN} ORDER BY confirm_by"
        plan = "\n".join(conn.scalars(sa.text(ask)))
    assert "orders_open_idx" in plan
    assert "parcels_open_order_idx" in plan
    assert "Seq Scan" not in plan
