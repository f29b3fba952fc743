"""Peak mode as a row: one at a time, ended once, and its budgets kept for tracking at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.errors import Refused
from domain.peaks import Peak, PeakWish
from domain.ranges import LARGEST
from ledger.calls import Desk
from ledger.connection import Ledger
from ledger.deeds import last_deeds
from ledger.peaks import (
    current_peak,
    end_peak,
    expire_peak,
    held_slots,
    last_publication,
    record_publication,
    record_report,
    record_slots,
    release_slots,
    start_peak,
    take_over_slots,
    unsettled_peaks,
)
from ledger.register import clock
from ledger.tables import listings, peaks
from tests.factories import DAY, HOUR, MINUTE, NOW

WISH = PeakWish(author="Kim", ends_at=NOW + 4 * HOUR, reason="Black Friday")
PLAN = {"getOrder": (0.001, 10.0)}  # a rate that adds nothing while a test runs


def _start(ledger: Ledger, wish: PeakWish = WISH, now: datetime = NOW) -> Peak:
    with ledger.begin() as conn:
        return start_peak(conn, wish, now)


def _on(ledger: Ledger, now: datetime) -> Peak | None:
    with ledger.begin() as conn:
        return current_peak(conn, now)


def _take(desk: Desk, tries: int, patience: float = 0.0) -> int:
    return sum(desk.admit("getOrder", patience) <= patience for _ in range(tries))


def test_who_started_and_ended_a_peak_is_kept(ledger: Ledger) -> None:
    """Both decisions are deeds with author, time and a sentence, and the peak is on in between."""
    peak = _start(ledger)
    assert (_on(ledger, NOW), _on(ledger, NOW + HOUR), _on(ledger, NOW - MINUTE)) == (peak, peak, None)
    with ledger.begin() as conn:
        ended = end_peak(conn, "Jo", NOW + HOUR)
        assert current_peak(conn, NOW + HOUR) is None
        deeds = [(deed.at, deed.author, deed.form, deed.said) for deed in last_deeds(conn, 5)]
    assert ended == replace(peak, ended_at=NOW + HOUR, ended_by="Jo")
    assert deeds == [
        (
            NOW + HOUR,
            "Jo",
            "peak-mode",
            "Peak mode was ended at 2026-11-27 10:00 UTC; everything is as before it.",
        ),
        (NOW, "Kim", "peak-mode", peak.tell()),
    ]


def test_there_is_one_peak_at_a_time(ledger: Ledger) -> None:
    """A second start is refused with the first one's sentence, and changes nothing."""
    peak = _start(ledger)
    with pytest.raises(Refused, match=r"until 2026-11-27 13:00 UTC, started by Kim .* End it first"):
        _start(ledger, replace(WISH, author="Jo"), NOW + HOUR)
    assert _on(ledger, NOW + HOUR) == peak
    with ledger.begin() as conn:
        assert [deed.author for deed in last_deeds(conn, 5)] == ["Kim"]


def test_a_peak_starts_whatever_is_kept_back(ledger: Ledger) -> None:
    """The units that buffers keep back may add up to more than any one of them can be."""
    names = {"seller_account": "main", "marketplace_id": "A1F83G8C2ARO7P", "state": "EFFECTIVE"}
    rows = [names | {"seller_sku": f"S{number}", "buffer": LARGEST} for number in range(3)]
    with ledger.begin() as conn:
        conn.execute(listings.insert(), rows)
    peak = _start(ledger)
    with ledger.begin() as conn:
        assert conn.scalar(sa.select(peaks.c.kept_before).where(peaks.c.id == peak.id)) == 3 * LARGEST


def test_of_two_starts_at_once_one_counts(ledger: Ledger) -> None:
    """Two people who press the button together start one peak, and the other one is told so."""

    def press(author: str) -> str:
        try:
            return _start(ledger, replace(WISH, author=author)).started_by
        except Refused as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(press, ("Kim", "Jo")), key=len)
    assert said[0] in ("Kim", "Jo")
    assert f"started by {said[0]}" in said[1]


def test_without_a_peak_there_is_nothing_to_end(ledger: Ledger) -> None:
    """Before one, after one was ended, and after its time is up an end is refused."""
    for now in (NOW, NOW + 5 * HOUR):
        with ledger.begin() as conn, pytest.raises(Refused, match="nothing to end"):
            end_peak(conn, "Kim", now)
        if now == NOW:
            _start(ledger)


def test_a_wish_out_of_bounds_changes_nothing(ledger: Ledger) -> None:
    """A refused wish leaves neither a peak nor a deed."""
    with pytest.raises(Refused):
        _start(ledger, replace(WISH, ends_at=NOW))
    with ledger.begin() as conn:
        assert not last_deeds(conn, 5)
        assert current_peak(conn, NOW) is None


def test_a_peak_ends_by_itself_and_is_noticed_once(ledger: Ledger) -> None:
    """Its end is the moment it was given, however late somebody looks, and one of several who look notes it."""
    peak = _start(ledger)
    late = peak.ends_at + 3 * MINUTE
    assert _on(ledger, late) is None

    def look(_: int) -> bool:
        with ledger.begin() as conn:
            return expire_peak(conn, late)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(look, range(8))) == [False] * 7 + [True]
    with ledger.begin() as conn:
        (over,) = unsettled_peaks(conn)
    assert (over.ended_at, over.ended_by) == (peak.ends_at, "")


def test_a_new_peak_may_start_when_the_last_one_is_over(ledger: Ledger) -> None:
    """Nobody has to tidy up first: the one whose time is up gives way, and still gets its report."""
    first = _start(ledger)
    second = _start(ledger, replace(WISH, ends_at=NOW + DAY), first.ends_at + MINUTE)
    assert _on(ledger, first.ends_at + HOUR) == second
    with ledger.begin() as conn:
        assert [one.id for one in unsettled_peaks(conn)] == [first.id]


def test_a_report_is_written_once_and_only_after_the_end(ledger: Ledger) -> None:
    """Not while the peak is on, and of two reports the first stays."""
    peak = _start(ledger)
    with ledger.begin() as conn:
        assert not record_report(conn, peak, {"orders": 1})
        end_peak(conn, "Kim", NOW + HOUR)
    with ledger.begin() as conn:
        assert record_report(conn, peak, {"orders": 1})
        assert not record_report(conn, peak, {"orders": 2})
        assert not unsettled_peaks(conn)
        assert conn.scalar(sa.text("SELECT report FROM ledger.peaks")) == {"orders": 1}


def test_the_last_publication_is_kept_by_account(ledger: Ledger) -> None:
    """Each account has its own turn, and a new peak starts without one."""
    peak = _start(ledger)
    with ledger.begin() as conn:
        record_publication(conn, peak, "main", NOW)
        record_publication(conn, peak, "main", NOW + MINUTE)
        assert last_publication(conn, peak, "main") == NOW + MINUTE
        assert last_publication(conn, peak, "second") is None
        end_peak(conn, "Kim", NOW + HOUR)
        again = start_peak(conn, WISH, NOW + 2 * HOUR)
        assert last_publication(conn, again, "main") is None


@pytest.mark.parametrize("before", [None, 5])
def test_what_the_queue_had_is_kept(ledger: Ledger, before: int | None) -> None:
    """Also that it had no limit, which is something else than that nothing was taken."""
    peak = _start(ledger)
    with ledger.begin() as conn:
        assert not held_slots(conn, peak).slots
        record_slots(conn, peak, before)
        held = held_slots(conn, peak)
    assert (held.slots, held.before) == (True, before)


@pytest.mark.parametrize("before", [None, 5])
def test_a_peak_takes_over_what_the_last_one_holds_still(ledger: Ledger, before: int | None) -> None:
    """What there was before the first of two peaks is the second's to restore, once, and no longer the first's."""
    first = _start(ledger)
    with ledger.begin() as conn:
        record_slots(conn, first, before)
    second = _start(ledger, replace(WISH, ends_at=NOW + 9 * HOUR), NOW + 5 * HOUR)
    with ledger.begin() as conn:
        assert (take_over_slots(conn, second), take_over_slots(conn, second)) == (True, False)
        held = [held_slots(conn, one) for one in (first, second)]
        assert [(one.slots, one.before) for one in held] == [(False, before), (True, before)]
        assert [release_slots(conn, one) for one in (first, second, second)] == [False, True, False]


def _peak_now(ledger: Ledger) -> None:
    """A peak by the ledger's own clock, which is the one of budgets."""
    with ledger.begin() as conn:
        now = clock(conn)
        start_peak(conn, PeakWish(author="Kim", ends_at=now + HOUR), now)


def test_others_leave_half_of_a_budget_while_a_peak_is_on(ledger: Ledger) -> None:
    """Whoever is not tracking gets half of the burst, is told to come again, and tracking gets the rest."""
    other, tracking = Desk(ledger, "main", PLAN, leaves={"getOrder"}), Desk(ledger, "main", PLAN)
    _peak_now(ledger)
    assert other.left("getOrder") == (5.0, 10.0)
    assert _take(other, 9) == 5
    assert other.admit("getOrder", 10_000) > 10_000  # it takes no place in line, however patient it is
    assert _take(tracking, 9) == 5


def test_the_start_and_the_end_count_at_once(ledger: Ledger) -> None:
    """A desk that was opened before sees both: nothing has to be opened anew."""
    desk = Desk(ledger, "main", PLAN, leaves={"getOrder"})
    assert _take(desk, 2) == 2
    _peak_now(ledger)
    assert _take(desk, 9) == 3
    with ledger.begin() as conn:
        end_peak(conn, "Kim", clock(conn))
    assert _take(desk, 9) == 5


def test_what_tracking_does_not_need_is_not_kept_for_it(ledger: Ledger) -> None:
    """Another operation's budget stays whole for everybody."""
    desk = Desk(ledger, "main", PLAN, leaves={"confirmShipment"})
    _peak_now(ledger)
    assert _take(desk, 12) == 10


def test_tracking_gets_its_half_however_many_ask_at_once(ledger: Ledger) -> None:
    """Four threads of others and one of tracking: together never more than the budget, tracking at least half."""
    plan = {"getOrder": (20.0, 20.0)}
    others = [Desk(ledger, "main", plan, leaves={"getOrder"}) for _ in range(4)]
    tracking = Desk(ledger, "main", plan)
    _peak_now(ledger)
    stop = threading.Event()

    def storm(desk: Desk) -> int:
        taken = 0
        while not stop.is_set():
            taken += desk.admit("getOrder", 0) <= 0
        return taken

    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(storm, desk) for desk in others]
        time.sleep(0.3)
        waits = [tracking.admit("getOrder", 60) for _ in range(10)]
        stop.set()
        taken = sum(future.result() for future in running)
    passed = time.monotonic() - began
    assert waits == [0.0] * 10
    assert taken + 10 <= 20 + 20 * passed + 1e-6
    assert timedelta(seconds=passed) < MINUTE
