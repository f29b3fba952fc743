"""When an order counts as confirmed: at the first moment at which Amazon had the word of all of it."""

from datetime import datetime

from domain.amazon import AmazonStatus
from domain.health.lateness import HeldAt, cause_of
from domain.health.rates import Rate
from ledger.connection import Ledger
from ledger.health.rates import late_outlooks
from ledger.orders.due import Counted, count_due, load_due
from tests.factories import DAY, GB, HOUR, MINUTE, NOW, amazon_order, dispatch, line, package, packed
from tests.ledger.walk import confirm, ingest, look, release, ship

PLACE = ("main", GB)
DUE = NOW + 6 * HOUR
BOTH = amazon_order(confirm_by=DUE, lines=[line(), line(item="item-2", sku="B")])
SECOND = packed(item="item-2", sku="B")


def _counted(ledger: Ledger, now: datetime = DUE + DAY) -> Counted:
    with ledger.begin() as conn:
        load_due(conn, PLACE, DUE - DAY, DUE + DAY, now)
        return count_due(conn, DUE - DAY, DUE + DAY)


def _sent(ledger: Ledger, at: datetime, **parcel: object) -> None:
    ship(ledger, dispatch(shipped_at=at, **parcel), now=at)  # type: ignore[arg-type]
    confirm(ledger, now=at + MINUTE)


def _told_in_time(ledger: Ledger) -> None:
    release(ledger, amazon_order(confirm_by=DUE))
    ship(ledger, dispatch(), now=NOW)
    (claimed,) = confirm(ledger, now=NOW + HOUR)
    seen = package(claimed.claim.package_reference_id)
    look(ledger, seen, status=AmazonStatus.SHIPPED, now=NOW + 2 * HOUR)


def test_a_parcel_taken_back_after_its_confirm_keeps_the_order_in_time(ledger: Ledger) -> None:
    """Amazon judged the first word: neither the void of the next day nor the parcel after it makes it late."""
    _told_in_time(ledger)
    assert _counted(ledger) == Counted(in_time=1)
    ship(ledger, dispatch(voided=True), now=DUE + HOUR)
    assert _counted(ledger) == Counted(in_time=1)
    _sent(ledger, DUE + 2 * HOUR, package_ref="P2", tracking="TRACK2")
    assert _counted(ledger) == Counted(in_time=1)


def test_a_parcel_on_top_of_a_whole_order_is_not_waited_for(ledger: Ledger) -> None:
    """A replacement that leaves after everything was confirmed makes nothing late, told or not."""
    _told_in_time(ledger)
    ship(ledger, dispatch(package_ref="P2", tracking="TRACK2", shipped_at=DUE + HOUR), now=DUE + HOUR)
    assert _counted(ledger) == Counted(in_time=1)
    confirm(ledger, now=DUE + 2 * HOUR)
    assert _counted(ledger) == Counted(in_time=1)


def test_what_was_taken_back_does_not_stand_in_for_other_units(ledger: Ledger) -> None:
    """Told twice of one line and late of the other, an order is late."""
    release(ledger, BOTH)
    _sent(ledger, NOW, package_count=None)
    ship(ledger, dispatch(voided=True, shipped_at=NOW + HOUR), now=NOW + HOUR)
    _sent(ledger, NOW + 2 * HOUR, package_ref="P2", tracking="TRACK2", package_count=None)
    assert _counted(ledger) == Counted(late=1)
    _sent(ledger, DUE + HOUR, package_ref="P3", tracking="TRACK3", package_count=None, lines=(SECOND,))
    assert _counted(ledger) == Counted(late=1)


def test_a_parcel_taken_back_before_its_confirm_counts_for_nothing(ledger: Ledger) -> None:
    """What Amazon never heard of does not keep an order in time."""
    release(ledger, amazon_order(confirm_by=DUE))
    ship(ledger, dispatch(), now=NOW)
    ship(ledger, dispatch(voided=True), now=NOW + HOUR)
    assert _counted(ledger) == Counted(late=1)


def test_an_order_covered_late_is_late_by_its_first_cover(ledger: Ledger) -> None:
    """A parcel after the late one neither lengthens the delay nor takes over its cause."""
    release(ledger, amazon_order(confirm_by=DUE))
    ship(ledger, dispatch(), now=NOW)
    confirm(ledger, now=DUE + HOUR)
    ship(ledger, dispatch(voided=True), now=DUE + 2 * HOUR)
    _sent(ledger, DUE + 3 * HOUR, package_ref="P2", tracking="TRACK2")
    with ledger.begin() as conn:
        (ten, _), (defect,) = late_outlooks(conn, PLACE, DUE + DAY, DUE + DAY)
    assert ten.now == Rate(1, 1)
    assert (defect.late_by, defect.cause) == (HOUR, cause_of(HeldAt.NOT_SENT).words)


def test_what_waits_for_its_payment_is_neither_late_nor_to_be_saved(ledger: Ledger) -> None:
    """Nobody can ship an order that Amazon has not let go: before its time and after it, it is in no number."""
    ingest(ledger, amazon_order(confirm_by=DUE, status=AmazonStatus.PENDING))
    for now in (DUE - HOUR, DUE + HOUR):
        with ledger.begin() as conn:
            (ten, thirty), defects = late_outlooks(conn, PLACE, now, DUE + 2 * HOUR)
        assert (ten.now, ten.worst, thirty.now, ten.open_tonight, defects) == (Rate(), Rate(), Rate(), 0, ())
    assert _counted(ledger) == Counted(pending=1)
    ingest(ledger, amazon_order(confirm_by=DUE, updated_at=DUE), now=DUE)
    assert _counted(ledger) == Counted(late=1)
