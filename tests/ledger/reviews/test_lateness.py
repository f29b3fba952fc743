"""Late by whom: the one who held a parcel when its ship-by time passed, by the first time of each step."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ledger.connection import Ledger
from ledger.reviews.lateness import load_lateness
from tests.factories import NOW, amazon_order, carrier_map, dispatch
from tests.ledger.walk import confirm, decide, release, ship, take

DEADLINE = NOW + timedelta(hours=2)
LATER = DEADLINE + timedelta(hours=1)


def _late_by(ledger: Ledger) -> list[str]:
    with ledger.begin() as conn:
        return list(conn.scalars(sa.text("SELECT late_by FROM report.lateness ORDER BY warehouse_parcel_id")))


@pytest.fixture(autouse=True)
def _released(ledger: Ledger) -> None:
    release(ledger, amazon_order(confirm_by=DEADLINE))


def test_a_parcel_in_time_is_nobodys_fault(ledger: Ledger) -> None:
    """Accepted before its ship-by time, a parcel is not late, also when a new label comes after it."""
    ship(ledger, dispatch())
    confirm(ledger, now=NOW)
    assert _late_by(ledger) == [""]
    ship(ledger, dispatch(tracking="RR000000009GB", shipped_at=LATER), now=LATER)
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == [""]


def test_a_parcel_that_left_too_late_is_the_warehouses(ledger: Ledger) -> None:
    """A parcel that left after the ship-by time is late by the warehouse."""
    ship(ledger, dispatch(shipped_at=LATER), now=LATER)
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == ["warehouse"]


def test_a_parcel_on_top_of_a_whole_order_is_not_late(ledger: Ledger) -> None:
    """A replacement for a parcel that was confirmed in time, and taken back, is nobody's delay."""
    ship(ledger, dispatch())
    confirm(ledger, now=NOW)
    ship(ledger, dispatch(voided=True), now=LATER)
    ship(ledger, dispatch(package_ref="P2", tracking="TRACK2", shipped_at=LATER), now=LATER)
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == ["", ""]


def test_a_label_that_came_too_late_is_the_warehouses(ledger: Ledger) -> None:
    """A dispatch without its tracking number until after the ship-by time is late by the warehouse."""
    ship(ledger, dispatch(tracking=""))
    decide(ledger)
    ship(ledger, dispatch(), now=LATER)
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == ["warehouse"]


def test_a_carrier_mapped_too_late_is_the_sellers(ledger: Ledger) -> None:
    """A parcel that waited for the carrier map when it became late is late by the seller."""
    ship(ledger, dispatch())
    decide(ledger, carriers=carrier_map())
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == ["seller"]


def test_a_parcel_that_was_ready_and_not_sent_is_ours(ledger: Ledger) -> None:
    """A parcel that could be sent and was not is late by Lockstep."""
    ship(ledger, dispatch())
    decide(ledger)
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == ["lockstep"]


def test_a_parcel_sent_in_time_and_answered_late_is_amazons(ledger: Ledger) -> None:
    """A parcel that was first sent before and first accepted after the ship-by time is late by Amazon."""
    ship(ledger, dispatch())
    decide(ledger)
    take(ledger, now=NOW)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.parcels SET state = 'MAPPED'"))
    confirm(ledger, now=LATER)
    assert _late_by(ledger) == ["amazon"]


def test_late_parcels_are_counted_by_cause_beside_the_usual_time_of_each_step(ledger: Ledger) -> None:
    """The table counts parcels known since a moment, the late ones by cause, and has the median of each step."""
    shipped = NOW - timedelta(minutes=5)
    ship(ledger, dispatch(shipped_at=shipped))
    decide(ledger, now=NOW)
    confirm(ledger, now=LATER)
    with ledger.begin() as conn:
        (found,) = load_lateness(conn, NOW - timedelta(days=1))
        assert load_lateness(conn, NOW + timedelta(days=1)) == ()
    assert (found.parcels, found.late_by) == (1, {"lockstep": 1})
    assert found.to_us == timedelta(minutes=5)
    assert found.to_ready == timedelta(0)
    assert found.to_accepted == LATER - NOW
    assert found.to_proven is None
