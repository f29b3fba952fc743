"""Carriers in use, read from PostgreSQL: what is blocked, what will be, what was, at the price of what is open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from domain.problems import ProblemKind
from domain.tracking.carrier_gaps import gap_problem
from ledger import tables
from ledger.connection import Ledger
from ledger.maps import CarrierEntry, record_carriers
from ledger.problems import open_problems
from ledger.register import Connection, record_connection
from ledger.tracking.carrier_use import (
    all_carrier_gaps,
    blocked_carriers,
    carrier_gaps,
    carrier_history,
    known_parcels,
    settle_carrier_gaps,
)

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
DAY = timedelta(days=1)
GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"
MAIN = Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
ROW = CarrierEntry(
    connection="main",
    warehouse_carrier="RM",
    warehouse_service="",
    marketplace_id=GB,
    carrier_code="Royal Mail",
    carrier_name="",
    shipping_method="",
    signed_by="",
)


def an_order(
    conn: sa.Connection,
    number: int,
    *,
    state: str = "RELEASED",
    marketplace: str = GB,
    service: str = "STD",
    programs: tuple[str, ...] = (),
) -> tuple[int, int]:
    """An order with one release; their ids."""
    order = {
        "seller_account": "main",
        "amazon_order_id": f"026-1234567-{number:07}",
        "marketplace_id": marketplace,
        "connection": "main",
        "state": state,
        "amazon_status": "UNSHIPPED",
        "programs": list(programs),
        "amazon_created_at": NOW,
        "amazon_updated_at": NOW,
        "confirm_by": NOW + number * DAY,
        "imported_at": NOW,
    }
    order_id = conn.execute(tables.orders.insert().returning(tables.orders.c.id), order).scalar_one()
    release = {
        "order_id": order_id,
        "release_no": 1,
        "reference": f"{order['amazon_order_id']}-1",
        "connection": "main",
        "service": service,
        "state": "ACCEPTED",
        "planned_at": NOW,
    }
    made = conn.execute(tables.releases.insert().returning(tables.releases.c.id), release)
    return order_id, made.scalar_one()


def a_parcel(
    conn: sa.Connection, ids: tuple[int, int], *, carrier: str = "RM", state: str = "BLOCKED", **more: object
) -> int:
    """A parcel of that order and release; its id."""
    row = {
        "order_id": ids[0],
        "release_id": ids[1],
        "connection": "main",
        "warehouse_parcel_id": f"P{ids[0]}",
        "warehouse_carrier": carrier,
        "warehouse_service": "TPN",
        "tracking": "AB123456785GB",
        "state": state,
        "blocked_for": "carrier_unmapped" if state == "BLOCKED" else "",
        "dispatched_at": NOW,
        "known_at": NOW,
    }
    statement = tables.parcels.insert().returning(tables.parcels.c.id)
    return int(conn.execute(statement, row | more).scalar_one())


def test_blocked_strings_are_counted_with_their_first_moment_until_they_are_mapped(ledger: Ledger) -> None:
    """One line per string and marketplace, most urgent first; a row imported a second ago takes it off."""
    with ledger.begin() as conn:
        for number, marketplace in ((3, GB), (2, GB), (1, DE)):
            a_parcel(conn, an_order(conn, number, marketplace=marketplace))
        a_parcel(conn, an_order(conn, 4, state="CANCELED"), carrier="Gone")
        a_parcel(conn, an_order(conn, 5), carrier="Fine", state="MAPPED")
        found = blocked_carriers(conn)
        assert [(one.marketplace_id, one.parcels, one.first_due) for one in found] == [
            (DE, 1, NOW + DAY),
            (GB, 2, NOW + 2 * DAY),
        ]
        record_carriers(conn, [ROW], "jo", NOW)
        assert [one.marketplace_id for one in blocked_carriers(conn)] == [DE]


def test_gaps_are_what_open_orders_will_need(ledger: Ledger) -> None:
    """Habits of the last 30 days in any marketplace count; closed, Ship+ and dispatched orders do not."""
    with ledger.begin() as conn:
        record_connection(conn, MAIN)
        record_carriers(conn, [ROW], "jo", NOW)
        a_parcel(conn, an_order(conn, 1, state="CLOSED"), state="PROVEN")
        old = an_order(conn, 2, state="CLOSED")
        a_parcel(conn, old, carrier="Bygone", state="PROVEN", known_at=NOW - 31 * DAY)
        an_order(conn, 3, marketplace=DE)
        an_order(conn, 4, marketplace=DE, state="RELEASING")
        an_order(conn, 5, marketplace=DE, programs=("FBM_SHIP_PLUS",))
        an_order(conn, 6, marketplace=DE, state="DISPATCHED")
        an_order(conn, 7)
        (gap,) = carrier_gaps(conn, MAIN, NOW)
        assert (gap.subject, gap.orders, gap.first_due) == (f"main / RM / TPN in {DE}", 2, NOW + 3 * DAY)
        assert all_carrier_gaps(conn, NOW) == (gap,)
        assert carrier_gaps(conn, replace(MAIN, buy_shipping=("rm",)), NOW) == ()


def test_a_string_that_parcels_wait_on_is_no_gap_besides(ledger: Ledger) -> None:
    """What is blocked has its own problem."""
    with ledger.begin() as conn:
        a_parcel(conn, an_order(conn, 1))
        an_order(conn, 2)
        assert carrier_gaps(conn, MAIN, NOW) == ()


def test_a_gap_is_a_problem_until_the_map_covers_it(ledger: Ledger) -> None:
    """It opens once, and clears when it is not found any more; the gaps of another warehouse stay."""
    with ledger.begin() as conn:
        an_order(conn, 1)
        found = tuple(gap_problem(gap, "") for gap in carrier_gaps(conn, MAIN, NOW))
        north = tuple(replace(one, subject="north / service STD in X") for one in found)
        assert settle_carrier_gaps(conn, "main", found, NOW) == 1
        assert settle_carrier_gaps(conn, "main", found, NOW) == 0
        assert settle_carrier_gaps(conn, "north", north, NOW) == 1
        record_carriers(conn, [ROW], "jo", NOW)
        still = tuple(gap_problem(gap, "") for gap in carrier_gaps(conn, MAIN, NOW))
        settle_carrier_gaps(conn, "main", still, NOW)
        left = open_problems(conn)
        assert [(one.kind, one.subject) for one in left] == [
            (ProblemKind.CARRIER_GAP, "north / service STD in X")
        ]


def test_known_parcels_carry_what_amazon_was_told_and_shows(ledger: Ledger) -> None:
    """Parcels nobody had to confirm are left out; evidence is found under ours or another's reference."""
    with ledger.begin() as conn:
        ours, theirs = an_order(conn, 1), an_order(conn, 2)
        mine = a_parcel(conn, ours, state="PROVEN", carrier_code="Royal Mail")
        a_parcel(conn, theirs, state="PROVEN", shown_as="hand-1")
        for number, state in ((3, "VOIDED"), (4, "NOT_REQUIRED")):
            a_parcel(conn, an_order(conn, number), state=state)
        a_parcel(conn, an_order(conn, 5), known_at=NOW - 31 * DAY)
        seen = {"contents": [], "first_seen_at": NOW, "seen_at": NOW}
        shown = [
            {"order_id": ours[0], "reference_id": str(mine), "status": "DELIVERED", **seen},
            {"order_id": ours[0], "reference_id": "another", "status": "PENDING", **seen},
            {"order_id": theirs[0], "reference_id": "hand-1", "status": "IN_TRANSIT", **seen},
        ]
        conn.execute(tables.shown_packages.insert(), shown)
        found = known_parcels(conn, NOW - 30 * DAY)
    told = sorted((one.told_code, one.shown_status, one.warehouse_carrier) for one in found)
    assert told == [("", "IN_TRANSIT", "RM"), ("Royal Mail", "DELIVERED", "RM")]


def test_the_history_keeps_every_version_with_its_author(ledger: Ledger) -> None:
    """A changed row is there twice: until when the old one held, and who made which."""
    later = NOW + DAY
    with ledger.begin() as conn:
        record_carriers(conn, [ROW, replace(ROW, connection="north")], "jo", NOW)
        record_carriers(conn, [replace(ROW, carrier_code="ROYAL_MAIL")], "kim", later)
        found = carrier_history(conn, "main")
        assert len(carrier_history(conn, "")) == 3
    assert [(one.carrier_code, one.since, one.until, one.author) for one in found] == [
        ("Royal Mail", NOW, later, "jo"),
        ("ROYAL_MAIL", later, None, "kim"),
    ]
