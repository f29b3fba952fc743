"""Peak mode: it ends by itself, slows ordinary quantities only, and never lowers a buffer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refused
from domain.peaks import (
    LONGEST,
    LONGEST_EVERY,
    SHORTEST_EVERY,
    Peak,
    PeakWish,
    check_wish,
    longer_wait,
    publication_due,
)
from domain.ranges import LARGEST
from domain.stock.buffers import adaptive_buffer
from domain.stock.demand import DayCurve, Exposure, expected_units, outlook
from domain.stock.sellable import BufferRule, Pool, publishable, stretched
from tests.domain.examples import NOW, RULES, hours, part

MINUTE = timedelta(minutes=1)
PEAK = Peak(
    id=1, started_at=NOW, started_by="Kim", ends_at=NOW + hours(12), every=30 * MINUTE, reason="Black Friday"
)
LENGTHS = st.integers(0, 300).map(lambda count: count * MINUTE)
EVERY = st.integers(10, 60).map(lambda count: count * MINUTE)


@pytest.mark.parametrize(
    ("after", "on"), [(-1 / 60, False), (0, True), (6, True), (12 - 1 / 3600, True), (12, False), (40, False)]
)
def test_a_peak_is_on_from_its_start_to_its_end(after: float, on: bool) -> None:
    """It is on from the first moment on, and at its end it is off without anybody doing anything."""
    assert PEAK.is_on(NOW + hours(after)) is on
    assert (longer_wait(PEAK, NOW + hours(after)) > timedelta(0)) is on


def test_a_peak_that_was_ended_is_off() -> None:
    """What a person ended is off, although its time is not up."""
    assert not replace(PEAK, ended_at=NOW + hours(1)).is_on(NOW + hours(2))


@pytest.mark.parametrize(
    ("peak", "last", "minutes", "due"),
    [
        (None, None, 0, True),
        (None, 0, 1, True),
        (PEAK, None, 1, True),
        (PEAK, 0, 0, False),
        (PEAK, 0, 29.9, False),
        (PEAK, 0, 30, True),
        (PEAK, 0, 300, True),
        (PEAK, 12 * 60 - 1, 12 * 60, True),
    ],
)
def test_everything_is_published_every_so_often(
    peak: Peak | None, last: float | None, minutes: float, due: bool
) -> None:
    """At once when it starts, then when the interval has passed, and at every run without a peak or after it."""
    before = None if last is None else NOW + last * MINUTE
    assert publication_due(peak, before, NOW + minutes * MINUTE) is due


@RULES
@given(every=EVERY, run=st.integers(1, 300), runs=st.integers(1, 40))
def test_the_wait_is_what_the_exposure_says(every: timedelta, run: int, runs: int) -> None:
    """However often runs come, two publications are no further apart than the interval and one run."""
    peak, pause = replace(PEAK, every=every), timedelta(seconds=run)
    last, longest = NOW, timedelta(0)
    for count in range(1, runs + 1):
        now = NOW + count * pause
        if publication_due(peak, last, now):
            longest, last = max(longest, now - last), now
    assert longest <= longer_wait(peak, NOW) + pause


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ends_at": NOW}, "has passed"),
        ({"ends_at": NOW + LONGEST + MINUTE}, "7 days at most"),
        ({"every": SHORTEST_EVERY - MINUTE}, "every 10 to 60 minutes"),
        ({"every": LONGEST_EVERY + MINUTE}, "every 10 to 60 minutes"),
    ],
)
def test_a_wish_out_of_bounds_is_refused(change: dict[str, object], said: str) -> None:
    """What cannot be is refused in a sentence that says that nothing changed."""
    wish = replace(PeakWish(author="Kim", ends_at=NOW + hours(12)), **change)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=f"{said}.*Nothing changed"):
        check_wish(wish, NOW)


def test_a_wish_within_bounds_is_taken() -> None:
    """The defaults and both ends of each bound are taken."""
    check_wish(PeakWish(author="Kim", ends_at=NOW + LONGEST), NOW)
    check_wish(PeakWish(author="Kim", ends_at=NOW + MINUTE, every=SHORTEST_EVERY), NOW)
    check_wish(PeakWish(author="Kim", ends_at=NOW + MINUTE, every=LONGEST_EVERY), NOW)


def test_a_peak_is_told_in_a_sentence() -> None:
    """Until when, by whom, since when and why, in words."""
    assert PEAK.tell() == (
        "Peak mode is on until 2026-11-27 21:00 UTC, started by Kim at 2026-11-27 09:00 UTC: Black Friday."
        " Quantities that are not urgent go out every 30 minutes, with larger buffers."
    )


def test_without_a_peak_nothing_is_stretched() -> None:
    """The exposure of everyday times is what it was, to the minute."""
    assert (Exposure().stretch, Exposure().ahead) == (1.0, 22 * MINUTE)
    assert Exposure(peak=30 * MINUTE).ahead == 52 * MINUTE
    assert Exposure(peak=30 * MINUTE).stretch == 2.0  # 62 minutes instead of 32


@RULES
@given(
    order_age=LENGTHS.filter(bool), publish=LENGTHS, effective=LENGTHS, shorter=EVERY, more=st.integers(0, 50)
)
def test_a_longer_wait_stretches_more(
    order_age: timedelta, publish: timedelta, effective: timedelta, shorter: timedelta, more: int
) -> None:
    """The ratio covers the longer exposure, is hardly more than it, and grows with the interval."""
    plain = Exposure(order_age=order_age, publish=publish, effective=effective)
    slow, slower = replace(plain, peak=shorter), replace(plain, peak=shorter + more * MINUTE)
    ratio = (slow.order_age + slow.ahead) / (plain.order_age + plain.ahead)
    assert ratio <= slow.stretch < ratio + 0.2501
    assert 1 < slow.stretch <= slower.stretch


@RULES
@given(
    fixed=st.integers(0, 500),
    percent=st.integers(0, 1000).map(lambda tenths: tenths / 10),
    odds=st.sampled_from([None, 0.05, 0.001]),
    available=st.integers(0, 5_000),
    reserved=st.integers(0, 500),
    sold=st.integers(0, 200),
    every=EVERY,
)
def test_a_peak_never_offers_more(
    *,
    fixed: int,
    percent: float,
    odds: float | None,
    available: int,
    reserved: int,
    sold: int,
    every: timedelta,
) -> None:
    """With every kind of buffer at least as much is kept back as without the peak, and no more is offered."""
    rule = BufferRule(fixed=fixed, percent=percent, odds=odds)
    offers = []
    for exposure in (Exposure(), Exposure(peak=every)):
        look = outlook(DayCurve(), NOW, exposure.order_age, exposure.ahead)
        expected = expected_units([0, 0, sold, sold, sold], [0] * 5, look, look)
        pools = {"A": Pool(available=available, reserved=reserved, expected=expected)}
        now = stretched(rule, exposure.stretch) if exposure.peak else rule
        offer = publishable([part("A")], pools, now)
        assert offer is not None
        offers.append((offer, expected))
    (usual, before), (slow, after) = offers
    assert slow.buffer >= usual.buffer
    assert slow.publishable <= usual.publishable
    if odds is not None and sold:
        assert after > before
        assert slow.buffer >= adaptive_buffer(after, odds)


@pytest.mark.parametrize(
    ("rule", "times", "kept"),
    [
        (BufferRule(), 2.0, BufferRule(peak=True)),
        (BufferRule(fixed=3), 2.0, BufferRule(fixed=6, peak=True)),
        (BufferRule(fixed=3), 1.25, BufferRule(fixed=4, peak=True)),
        (BufferRule(fixed=LARGEST), 3.0, BufferRule(fixed=LARGEST, peak=True)),
        (BufferRule(percent=0.7), 1.5, BufferRule(percent=1.05, peak=True)),
        (BufferRule(percent=60), 2.0, BufferRule(percent=100, peak=True)),
        (
            BufferRule(odds=0.01, share=0.5, fixed=1),
            1.75,
            BufferRule(odds=0.01, share=0.5, fixed=2, peak=True),
        ),
    ],
)
def test_what_was_chosen_in_units_grows_with_the_time(
    rule: BufferRule, times: float, kept: BufferRule
) -> None:
    """Units and percent grow with the exposure, odds and share do not, and where nothing is kept nothing grows."""
    assert stretched(rule, times) == kept


def test_the_sentence_of_an_offer_says_that_it_is_peak_mode() -> None:
    """People who wonder at a larger buffer read why it is larger."""
    pools = {"A": Pool(available=100, reserved=3)}
    offer = publishable([part("A")], pools, stretched(BufferRule(fixed=5), 2.0))
    assert offer is not None
    assert offer.explain() == (
        "100 available, 3 in orders the warehouse had not seen, 10 buffer in peak mode: 87"
    )
