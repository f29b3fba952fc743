"""Why an order counts as late, and whose that was: decided by the moment when its ship-by time passed."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.health.lateness import HeldAt, cause_of
from domain.health.rates import Defect
from domain.maps import CarrierMap
from domain.problems import Team
from domain.warehouse import ChangeKind
from ledger.connection import Ledger
from ledger.health.rates import late_outlooks
from tests.factories import GB, HOUR, MINUTE, NOW, amazon_order, dispatch, line
from tests.ledger.walk import (
    NO_SKUS,
    answer,
    claim,
    confirm,
    decide,
    end,
    ingest,
    release,
    say,
    ship,
    take,
)

DUE = NOW + 6 * HOUR
AFTER = DUE + 2 * HOUR
ORDER = amazon_order(confirm_by=DUE)
NO_ADDRESS = amazon_order(confirm_by=DUE, to=None)
SHIP_PLUS = amazon_order(confirm_by=DUE, programs=("FBM_SHIP_PLUS",))


def _defect(ledger: Ledger, now: datetime = AFTER) -> Defect:
    with ledger.begin() as conn:
        _, (defect,) = late_outlooks(conn, ("main", GB), now, now + HOUR)
    return defect


def _told(ledger: Ledger, held_at: HeldAt, held_for: str = "", now: datetime = AFTER) -> bool:
    defect, cause = _defect(ledger, now), cause_of(held_at, held_for)
    return (defect.cause, defect.owner) == (cause.words, cause.owner)


def _late_by(ledger: Ledger) -> list[str]:
    with ledger.begin() as conn:
        return list(conn.scalars(sa.text("SELECT late_by FROM report.lateness ORDER BY known_at")))


def _looked(
    ledger: Ledger, at: datetime, outcome: str = "nothing new", operation: str = "fetch-dispatch"
) -> None:
    row = (
        "INSERT INTO ledger.calls (at, stranger, operation, subject, outcome, milliseconds)"
        " VALUES (:at, 'Warehouse (main)', :operation, 'dispatch-*.csv', :outcome, 5)"
    )
    with ledger.begin() as conn:
        conn.execute(sa.text(row), {"at": at, "outcome": outcome, "operation": operation})


def _cross(ledger: Ledger, now: datetime) -> None:
    """Hand it over and have it accepted, dispatched and confirmed, an hour later each."""
    claim(ledger, now=now)
    answer(ledger, 1, now=now)
    say(ledger, ChangeKind.ACCEPTED, 1, now=now + HOUR)
    ship(ledger, dispatch(shipped_at=now + 2 * HOUR), now=now + 2 * HOUR)
    confirm(ledger, now=now + 3 * HOUR)


def test_an_order_held_until_it_was_late_is_the_sellers_for_what_held_it(ledger: Ledger) -> None:
    """What waited for its address is customer service's, while it waits and after it was shipped."""
    ingest(ledger, NO_ADDRESS)
    assert _told(ledger, HeldAt.HELD, "bad_address")
    assert _defect(ledger).owner is Team.CUSTOMER_SERVICE
    ingest(ledger, amazon_order(confirm_by=DUE, updated_at=AFTER), now=AFTER)
    _cross(ledger, AFTER)
    assert _told(ledger, HeldAt.HELD, "bad_address", AFTER + 4 * HOUR)
    assert _late_by(ledger) == ["seller"]


def test_of_several_reasons_the_one_that_stood_then_counts(ledger: Ledger) -> None:
    """The reason of the moment it became late is told, not one that was gone by then, nor one that came later."""
    ingest(ledger, NO_ADDRESS, maps=NO_SKUS)
    ingest(ledger, amazon_order(confirm_by=DUE, to=None, updated_at=NOW + HOUR), now=NOW + HOUR)
    assert _told(ledger, HeldAt.HELD, "bad_address")
    unpaid = amazon_order(confirm_by=DUE, to=None, updated_at=DUE + HOUR)
    ingest(ledger, unpaid, maps=NO_SKUS, now=DUE + HOUR)
    assert _told(ledger, HeldAt.HELD, "bad_address")


def test_an_order_that_crossed_too_late_is_ours(ledger: Ledger) -> None:
    """What lay ready here when it became late is Lockstep's, also after the warehouse has shipped it."""
    ingest(ledger, ORDER)
    assert _told(ledger, HeldAt.NOT_CROSSED)
    _cross(ledger, AFTER)
    assert _told(ledger, HeldAt.NOT_CROSSED, now=AFTER + 4 * HOUR)
    assert _late_by(ledger) == ["lockstep"]


def test_an_order_read_after_its_time_is_ours(ledger: Ledger) -> None:
    """An order that was imported when it was late already is nobody else's."""
    release(ledger, ORDER, now=DUE + MINUTE)
    assert _told(ledger, HeldAt.UNREAD)


@pytest.mark.parametrize(
    ("words", "held_at"),
    [
        ((), HeldAt.NOT_ACCEPTED),
        ((ChangeKind.ACCEPTED,), HeldAt.NOT_DISPATCHED),
        ((ChangeKind.REJECTED,), HeldAt.REJECTED),
    ],
)
def test_an_order_that_lay_at_the_warehouse_is_the_warehouses(
    ledger: Ledger, words: tuple[ChangeKind, ...], held_at: HeldAt
) -> None:
    """Not accepted, not dispatched and rejected are told apart, and stay so once it is shipped."""
    release(ledger, ORDER, accepted=False)
    for word in words:
        say(ledger, word, 1, now=NOW + HOUR)
    assert _told(ledger, held_at)
    if held_at is HeldAt.REJECTED:
        return
    say(ledger, ChangeKind.ACCEPTED, 1, now=AFTER)
    ship(ledger, dispatch(shipped_at=AFTER), now=AFTER)
    confirm(ledger, now=AFTER + HOUR)
    assert _told(ledger, held_at, now=AFTER + 2 * HOUR)
    assert _late_by(ledger) == ["warehouse"]


def test_an_order_that_a_person_had_stopped_is_theirs(ledger: Ledger) -> None:
    """What a person stopped before it was late is no picking delay; what is stopped afterwards is."""
    release(ledger, ORDER)
    deed = (
        "INSERT INTO ledger.deeds (at, author, form, subject, said)"
        " VALUES (:at, 'Kim', 'decide-order', :order, '')"
    )
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.orders SET held_by_person = true, held_by = 'Kim'"))
        conn.execute(sa.text(deed), {"at": DUE + HOUR, "order": ORDER.order_id})
    assert _told(ledger, HeldAt.NOT_DISPATCHED)
    with ledger.begin() as conn:
        conn.execute(sa.text(deed), {"at": DUE - HOUR, "order": ORDER.order_id})
    assert _told(ledger, HeldAt.STOPPED)


def test_a_dispatch_in_time_that_lay_unread_is_ours(ledger: Ledger) -> None:
    """While nobody looked, or no look got through, a parcel that left in time was late by Lockstep."""
    release(ledger, ORDER)
    _looked(ledger, DUE - HOUR)
    _looked(ledger, DUE + MINUTE, "unreachable")
    _looked(ledger, DUE + MINUTE, operation="fetch-ack")
    ship(ledger, dispatch(shipped_at=NOW + HOUR), now=AFTER)
    _looked(ledger, AFTER, "1 files")
    confirm(ledger, now=AFTER)
    assert _told(ledger, HeldAt.READ_LATE)
    assert _late_by(ledger) == ["lockstep"]


@pytest.mark.parametrize("looked", [DUE - MINUTE, DUE + MINUTE])
def test_a_dispatch_in_time_that_was_told_too_late_is_the_warehouses(
    ledger: Ledger, looked: datetime
) -> None:
    """A look around the ship-by time that did not find the parcel shows that the warehouse had not told it."""
    release(ledger, ORDER)
    _looked(ledger, looked)
    ship(ledger, dispatch(shipped_at=NOW + HOUR), now=AFTER)
    confirm(ledger, now=AFTER)
    assert _told(ledger, HeldAt.TOLD_LATE)
    assert _late_by(ledger) == ["warehouse"]


def test_what_amazon_confirms_itself_and_has_not_is_no_picking_delay(ledger: Ledger) -> None:
    """A Ship+ parcel that left in time and that Amazon does not show belongs to the team of integration."""
    release(ledger, SHIP_PLUS)
    ship(ledger, dispatch(shipped_at=NOW), now=NOW)
    decide(ledger)
    assert _told(ledger, HeldAt.AMAZON_CONFIRMS)


@pytest.mark.parametrize(
    ("parcel", "carriers", "held_at"),
    [
        ({"tracking": ""}, None, HeldAt.NO_TRACKING),
        ({}, CarrierMap(), HeldAt.CARRIER_UNMAPPED),
        ({}, None, HeldAt.NOT_SENT),
    ],
)
def test_a_parcel_that_waited_is_late_for_what_it_waited_for(
    ledger: Ledger, parcel: dict[str, str], carriers: CarrierMap | None, held_at: HeldAt
) -> None:
    """No tracking number, no carrier in Amazon's words, and not sent by us: each is told apart."""
    release(ledger, ORDER)
    ship(ledger, dispatch(**parcel))
    if carriers is None:
        decide(ledger)
    else:
        decide(ledger, carriers=carriers)
    assert _told(ledger, held_at)


def test_a_word_that_amazon_took_late_is_told_so(ledger: Ledger) -> None:
    """What was sent in time and accepted after the ship-by time waited for Amazon's answer."""
    release(ledger, ORDER)
    ship(ledger, dispatch())
    decide(ledger)
    end(ledger, *take(ledger), now=DUE + HOUR)
    assert _told(ledger, HeldAt.NOT_TAKEN)


def test_the_rest_of_an_order_is_late_for_itself(ledger: Ledger) -> None:
    """A parcel told in time does not answer for the units that the warehouse still had."""
    release(ledger, amazon_order(confirm_by=DUE, lines=[line(quantity=2)]))
    ship(ledger, dispatch(package_count=None))
    confirm(ledger)
    assert _told(ledger, HeldAt.NOT_DISPATCHED)


def test_an_order_unpaid_at_its_time_is_amazons(ledger: Ledger) -> None:
    """What Amazon let go after its ship-by time could not have been shipped before."""
    ingest(ledger, amazon_order(confirm_by=DUE, status=AmazonStatus.PENDING))
    ingest(ledger, amazon_order(confirm_by=DUE, updated_at=AFTER), now=AFTER)
    assert _told(ledger, HeldAt.PAYING, now=AFTER + HOUR)


_LOOKED_UP = (
    "parcels_known_at_idx",
    "parcel_history_parcel_id_idx",
    "order_history_order_id_idx",
    "calls_at_idx",
    "deeds_at_idx",
)


def test_who_held_what_was_late_is_found_through_indexes(ledger: Ledger) -> None:
    """The parcels of a window, and what is asked of each late one, are reached without reading history."""
    with ledger.begin() as conn:
        conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
        asked = "EXPLAIN SELECT late_by FROM report.lateness WHERE known_at >= now()"
        plan = "\n".join(conn.scalars(sa.text(asked)))
    assert [index for index in _LOOKED_UP if index not in plan] == []
