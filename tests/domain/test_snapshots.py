"""Counts of the warehouse: an empty, old or jumping one is doubted before anything of it is published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.snapshots import SnapshotLimits, doubt_snapshot
from tests.domain.examples import NOW, RULES, hours

LIMITS = SnapshotLimits()
SHELF = {f"SKU-{number}": 5 for number in range(20)}
SMALL = {f"SKU-{number}": 5 for number in range(19)}
EMPTY_SHELF = dict.fromkeys(SHELF, 0)


def _changed(count: int, units: int) -> dict[str, int]:
    return SHELF | {f"SKU-{number}": units for number in range(count)}


def _without(count: int) -> dict[str, int]:
    return {sku: units for number, (sku, units) in enumerate(SHELF.items()) if number >= count}


@pytest.mark.parametrize(
    ("rows", "known", "words"),
    [
        (SHELF, {}, ""),
        (SHELF, SHELF, ""),
        (SHELF, EMPTY_SHELF, ""),
        (EMPTY_SHELF, EMPTY_SHELF, ""),
        (_changed(20, 1), SHELF, ""),
        (SHELF | {"NEW": 0}, SHELF, ""),
        ({}, {}, "no rows"),
        ({}, SHELF, "no rows"),
        (_changed(1, -1), SHELF, "1 of its rows are below zero"),
        (_changed(3, -2), {}, "3 of its rows are below zero"),
        (_changed(6, 0), SHELF, ""),
        (_changed(7, 0), SHELF, "7 of 20 stocked SKUs fall to zero"),
        (EMPTY_SHELF, SHELF, "20 of 20 stocked SKUs fall to zero"),
        (_without(6), SHELF, ""),
        (_without(7), SHELF, "7 of 20 stocked SKUs are missing"),
        ({"OTHER": 3}, SHELF, "20 of 20 stocked SKUs are missing"),
        # SKUs that had nothing say nothing when they go or stay at zero.
        (SHELF, SHELF | {f"OLD-{number}": 0 for number in range(40)}, ""),
        # Of a few SKUs a share says nothing.
        (dict.fromkeys(SMALL, 1), SMALL, ""),
        ({"SKU-0": 0, "SKU-1": 5}, {"SKU-0": 5, "SKU-1": 5}, ""),
    ],
)
def test_a_count_that_moves_too_much_is_doubted(
    rows: dict[str, int], known: dict[str, int], words: str
) -> None:
    """Empty counts, impossible rows and large falls or gaps hold a snapshot, and the reason has numbers."""
    doubt = doubt_snapshot(rows, known, (NOW, NOW), LIMITS)
    assert words in doubt
    assert bool(doubt) == bool(words)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (0, ""),
        (1, ""),
        (36, ""),
        (36.1, "counted 36 hours ago"),
        (72, "counted 72 hours ago"),
        (-1 / 6, ""),
        (-0.2, "in the future"),
        (-24, "in the future"),
    ],
)
def test_an_old_or_early_count_is_doubted(age: float, words: str) -> None:
    """A count older than a day and a half, or ten minutes ahead of the clock, is not applied."""
    doubt = doubt_snapshot(SHELF, SHELF, (NOW - hours(age), NOW), LIMITS)
    assert words in doubt
    assert bool(doubt) == bool(words)


@pytest.mark.parametrize(
    ("limits", "rows", "doubted"),
    [
        (SnapshotLimits(to_zero=0.5), _changed(10, 0), False),
        (SnapshotLimits(to_zero=0.5), _changed(11, 0), True),
        (SnapshotLimits(to_zero=0.0), _changed(1, 0), True),
        (SnapshotLimits(gone=0.0), _without(1), True),
        (SnapshotLimits(gone=1.0), _without(19), False),
        (SnapshotLimits(small=21), EMPTY_SHELF, False),
        (SnapshotLimits(small=1), EMPTY_SHELF, True),
    ],
)
def test_the_limits_can_be_moved(limits: SnapshotLimits, rows: dict[str, int], doubted: bool) -> None:
    """What is too much is the seller's to say."""
    assert bool(doubt_snapshot(rows, SHELF, (NOW, NOW), limits)) == doubted


@RULES
@given(
    known=st.dictionaries(st.sampled_from([*SHELF, "X", "Y"]), st.integers(0, 9)),
    rows=st.dictionaries(st.sampled_from([*SHELF, "X", "Y"]), st.integers(-2, 9)),
)
def test_a_doubt_is_a_phrase_and_never_of_an_unmoved_count(
    known: dict[str, int], rows: dict[str, int]
) -> None:
    """The reason reads after "it was held:", and a count that repeats the last one is applied."""
    doubt = doubt_snapshot(rows, known, (NOW, NOW), LIMITS)
    assert doubt == doubt.strip()
    assert not doubt.endswith(".")
    if known:
        assert doubt_snapshot(known, known, (NOW, NOW), LIMITS) == ""
