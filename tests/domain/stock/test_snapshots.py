"""Counts of the warehouse: what cannot be right is doubted, row by row or whole, before anything is published."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.snapshots import (
    Doubts,
    Outcome,
    SnapshotLimits,
    Verdict,
    accept_count,
    judge_count,
    late_after,
)
from domain.warehouse import StockRow, StockSnapshot
from tests.domain.examples import NOW, RULES, hours

LIMITS = SnapshotLimits()
SHELF = {f"SKU-{number}": 5 for number in range(20)}
SMALL = {f"SKU-{number}": 5 for number in range(19)}
EMPTY_SHELF = dict.fromkeys(SHELF, 0)
PIECES = {f"SKU-{number}": 96 + 24 * number for number in range(20)}
CASES = {sku: units // 12 for sku, units in PIECES.items()}


def _count(rows: dict[str, int] | list[StockRow], age: float = 0) -> StockSnapshot:
    told = (
        [StockRow(sku=sku, available=units) for sku, units in rows.items()]
        if isinstance(rows, dict)
        else rows
    )
    return StockSnapshot(as_of=NOW - hours(age), warehouse="W1", rows=tuple(told))


def _judge(
    rows: dict[str, int] | list[StockRow], known: dict[str, int], limits: SnapshotLimits = LIMITS
) -> Verdict:
    last = NOW - hours(1) if known else None
    return judge_count(_count(rows), known, last=last, now=NOW, limits=limits)


def _changed(count: int, units: int, shelf: dict[str, int] = SHELF) -> dict[str, int]:
    return shelf | {f"SKU-{number}": units for number in range(count)}


def _without(count: int, shelf: dict[str, int] = SHELF) -> dict[str, int]:
    return {sku: units for number, (sku, units) in enumerate(shelf.items()) if number >= count}


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
        (_changed(6, 0), SHELF, ""),
        (_changed(7, 0), SHELF, "7 of 20 stocked SKUs fall to zero"),
        (EMPTY_SHELF, SHELF, "20 of 20 stocked SKUs fall to zero"),
        (_without(6), SHELF, ""),
        (_without(7), SHELF, "7 of 20 stocked SKUs are missing"),
        (_changed(6, 0) | {"SKU-19": 5}, _changed(0, 0), ""),
        # SKUs that had nothing say nothing when they go or stay at zero.
        (SHELF, SHELF | {f"OLD-{number}": 0 for number in range(40)}, ""),
        # A part that falls to zero and a part that is missing add up.
        ({f"SKU-{number}": 5 * (number > 8) for number in range(4, 20)}, SHELF, "9 of 20 stocked SKUs fall"),
        # Of a few SKUs a share says nothing: most of three or more must be lost.
        (dict.fromkeys(SMALL, 1), SMALL, ""),
        ({"SKU-0": 0, "SKU-1": 5}, {"SKU-0": 5, "SKU-1": 5}, ""),
        ({"SKU-0": 0, "SKU-1": 0}, {"SKU-0": 5, "SKU-1": 5}, ""),
        (
            {"A": 0, "B": 0, "C": 0},
            {"A": 1, "B": 2, "C": 3},
            "3 of 3 stocked SKUs fall to zero or are missing",
        ),
        ({"A": 0, "B": 0, "C": 1}, {"A": 1, "B": 2, "C": 3}, ""),
        ({"A": 0, "D": 4}, {"A": 1, "B": 2, "C": 3, "D": 0}, "3 of 3 stocked SKUs"),
        (_changed(15, 0, SMALL), SMALL, ""),
        (_changed(16, 0, SMALL), SMALL, "16 of 19 stocked SKUs"),
        # Another client's file, against a range that grows.
        ({"OTHER": 3}, SHELF, "1 of its 1 SKUs were never counted before and 20 of 20 are missing"),
        ({f"OTHER-{n}": 3 for n in range(30)} | {"SKU-0": 0}, EMPTY_SHELF, "another client's file"),
        (SHELF | {f"NEW-{n}": 3 for n in range(90)}, SHELF, ""),
        # Cases for pieces, with loose pieces left out, and back again.
        (CASES, PIECES, "20 of 20 changed SKUs are one 12th of what they were"),
        (PIECES, CASES, "20 of 20 changed SKUs are 12 times what they were"),
        (PIECES | dict(list(CASES.items())[:9]), PIECES, "9 of 9 changed SKUs are one 12th"),
        ({sku: units + 7 for sku, units in PIECES.items()}, CASES, "12 times"),
        # Everything halves or doubles in a promotion or a delivery; a few SKUs change a lot.
        ({sku: units // 2 for sku, units in PIECES.items()}, PIECES, ""),
        ({sku: units * 2 for sku, units in PIECES.items()}, PIECES, ""),
        (PIECES | dict(list(CASES.items())[:2]), PIECES, ""),
        ({"A": 100, "B": 120, "C": 80}, {"A": 2, "B": 3, "C": 5}, ""),
    ],
)
def test_a_count_that_moves_too_much_is_held(rows: dict[str, int], known: dict[str, int], words: str) -> None:
    """Empty counts, large falls or gaps, others' files and mixed units hold a count; the reason has numbers."""
    verdict = _judge(rows, known)
    assert words in verdict.reason
    assert verdict.outcome is (Outcome.HELD if words else Outcome.APPLIED)
    assert bool(verdict.rows) != bool(words)


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
def test_an_old_or_early_count_is_held(age: float, words: str) -> None:
    """A count older than a day and a half, or ten minutes ahead of the clock, is not applied."""
    verdict = judge_count(_count(SHELF, age), SHELF, last=NOW - hours(99), now=NOW, limits=LIMITS)
    assert words in verdict.reason
    assert bool(verdict.reason) == bool(words)


@pytest.mark.parametrize("age", [0, 1, 50])
def test_a_count_that_is_not_newer_changes_nothing(age: float) -> None:
    """What is not newer than the count in force is passed over, however strange it looks."""
    verdict = judge_count(_count({}, age), SHELF, last=NOW, now=NOW, limits=LIMITS)
    assert verdict == Verdict(outcome=Outcome.OLD)


@pytest.mark.parametrize(
    ("rows", "known", "in_force", "words"),
    [
        ([StockRow("A", -3)], 5, 0, "counts -3"),
        ([StockRow("A", -3)], None, 0, "counts -3"),
        ([StockRow("A", 7), StockRow("A", 3)], 5, 3, "2 rows that differ (3 and 7 available)"),
        ([StockRow("A", 7), StockRow("A", 9)], 5, None, "2 rows that differ (7 and 9 available)"),
        ([StockRow("A", 7), StockRow("A", 9)], None, 7, "2 rows that differ"),
        ([StockRow("A", 5), StockRow("A", 5)], 9, 5, ""),
        ([StockRow("A", 12, on_hand=4)], 5, 4, "12 are available and only 4 on hand"),
        ([StockRow("A", 12, on_hand=7)], 5, None, "only 7 on hand"),
        ([StockRow("A", 12, on_hand=12)], 5, 12, ""),
        ([StockRow("A", 12, on_hand=None)], 5, 12, ""),
        ([StockRow("A", 50123452)], 5, None, "leaps from 5 to 50123452"),
        ([StockRow("A", 50123452)], None, None, "leaps from 0 to 50123452"),
        ([StockRow("A", 900_000)], 5, 900_000, ""),
        ([StockRow("A", 2_000_000)], 1_900_000, 2_000_000, ""),
    ],
)
def test_a_row_that_cannot_be_right_only_lowers_its_number(
    rows: list[StockRow], known: int | None, in_force: int | None, words: str
) -> None:
    """Of a doubtful row a lower number is believed and a higher one is not; its neighbors are applied."""
    others = [StockRow(f"SKU-{number}", 4) for number in range(20)]
    verdict = _judge([*others, *rows], SHELF | ({} if known is None else {"A": known}))
    assert verdict.outcome is Outcome.APPLIED
    applied = {row.sku: row.available for row in verdict.rows}
    assert applied.pop("A", None) == in_force
    assert applied == dict.fromkeys(SHELF, 4)
    assert words in verdict.doubts.get("A", "")
    assert set(verdict.doubts) == ({"A"} if words else set())


@pytest.mark.parametrize(
    ("doubtful", "rows", "held"), [(3, 20, False), (4, 20, True), (5, 100, False), (6, 100, True)]
)
def test_many_doubtful_rows_hold_the_count(doubtful: int, rows: int, held: bool) -> None:
    """Up to three rows, or one in twenty, are held one by one; more of them speak against the whole file."""
    known = {f"SKU-{number}": 50 for number in range(rows)}
    verdict = _judge(known | {f"SKU-{number}": -1 for number in range(doubtful)}, known)
    assert (verdict.outcome is Outcome.HELD) == held
    assert len(verdict.doubts) == doubtful
    if held:
        assert f"{doubtful} of its {rows} rows cannot be right, SKU-0 for one" in verdict.reason


@pytest.mark.parametrize(
    ("limits", "rows", "held"),
    [
        (SnapshotLimits(to_zero=0.5), _changed(10, 0), False),
        (SnapshotLimits(to_zero=0.5), _changed(11, 0), True),
        (SnapshotLimits(to_zero=0.0), _changed(1, 0), True),
        (SnapshotLimits(gone=0.0), _without(1), True),
        (SnapshotLimits(gone=1.0), _without(19), False),
        (SnapshotLimits(small=21), _changed(16, 0), False),
        (SnapshotLimits(small=21), EMPTY_SHELF, True),
        (SnapshotLimits(small=1), EMPTY_SHELF, True),
    ],
)
def test_the_limits_can_be_moved(limits: SnapshotLimits, rows: dict[str, int], held: bool) -> None:
    """What is too much is the seller's to say."""
    assert (_judge(rows, SHELF, limits).outcome is Outcome.HELD) == held


SKUS = st.sampled_from([*SHELF, "X", "Y"])
ROWS = st.lists(st.builds(StockRow, SKUS, st.integers(-2, 99), st.none() | st.integers(0, 99)))
KNOWN = st.dictionaries(SKUS, st.integers(0, 99))


@RULES
@given(rows=ROWS, known=KNOWN)
def test_a_verdict_never_believes_more_than_it_may(rows: list[StockRow], known: dict[str, int]) -> None:
    """Applied rows are one per SKU and not below zero, and a doubted SKU never gets more than it had."""
    verdict = _judge(rows, known)
    applied = {row.sku: row.available for row in verdict.rows}
    assert len(applied) == len(verdict.rows)
    assert set(applied) <= {row.sku for row in rows}
    assert all(units >= 0 for units in applied.values())
    for sku in verdict.doubts:
        assert applied.get(sku, 0) <= known.get(sku, 99)
    if verdict.outcome is Outcome.HELD:
        assert not verdict.rows
        assert verdict.reason == verdict.reason.strip()
        assert not verdict.reason.endswith(".")
    else:
        assert set(applied) | set(verdict.doubts) == {row.sku for row in rows}


@RULES
@given(known=KNOWN, rows=ROWS)
def test_a_count_that_repeats_the_last_one_is_believed(known: dict[str, int], rows: list[StockRow]) -> None:
    """An unmoved count is applied without a doubt, whatever its rows say twice in the same words."""
    told = [StockRow(sku, units) for sku, units in known.items()]
    for count in (told, told * 2):
        verdict = _judge(count, known)
        assert verdict.outcome is (Outcome.APPLIED if known else Outcome.HELD)
        assert not verdict.doubts
    accepted = accept_count(_count(rows)).rows
    assert {row.sku for row in accepted} == {row.sku for row in rows}
    assert len(accepted) == len({row.sku for row in rows})
    for row in accepted:
        assert row.available == max(0, min(one.available for one in rows if one.sku == row.sku))


@RULES
@given(known=st.dictionaries(SKUS, st.integers(1, 400), min_size=1), factor=st.integers(3, 144))
def test_pieces_for_cases_never_pass(known: dict[str, int], factor: int) -> None:
    """Three or more SKUs that all rise by one whole factor are held, whatever the factor is."""
    verdict = _judge({sku: units * factor for sku, units in known.items()}, known)
    sure = [units for units in known.values() if units >= 2]
    if len(sure) >= 3 and 2 * len(sure) >= len(known):
        assert verdict.outcome is Outcome.HELD


@RULES
@given(known=st.dictionaries(SKUS, st.integers(0, 99), min_size=1), data=st.data())
def test_everyday_sales_and_deliveries_pass(known: dict[str, int], data: st.DataObject) -> None:
    """Numbers that move by less than half, or are filled up to another number, raise no alarm."""
    moved = {sku: units - data.draw(st.integers(0, units // 2)) for sku, units in known.items()}
    assert _judge(moved, known).outcome is Outcome.APPLIED


@pytest.mark.parametrize(
    ("intervals", "late"),
    [
        ([], 36),
        ([0.25, 0.25], 36),
        ([0.25] * 20, 1),
        ([1.0] * 20, 3),
        ([24.0] * 7, 36),
        ([0.25] * 300 + [14.0] * 5, 17.5),  # nothing is counted at night
        ([0.25] * 300 + [14.0] * 2, 1),  # twice is no habit
        ([12.0] * 14, 36),
    ],
)
def test_a_count_is_late_by_the_warehouses_own_habit(intervals: list[float], late: float) -> None:
    """Three intervals without a count are late, a pause that comes every night is not, and 36 hours always are."""
    assert late_after([hours(one) for one in intervals]) == hours(late)


@RULES
@given(st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9))))
def test_lateness_has_bounds(intervals: list[timedelta]) -> None:
    """A count is never late within an hour and always after 36."""
    assert hours(1) <= late_after(intervals) <= hours(36)


@pytest.mark.parametrize(
    ("doubts", "sku", "warehouses", "words"),
    [
        (Doubts(), "A", (), ""),
        (Doubts(by_sku={"A": "twice"}), "A", (), "twice"),
        (Doubts(by_sku={"A": "twice"}), "B", (), ""),
        (Doubts(whole={"W1": "held"}), "A", (), "held"),
        (Doubts(whole={"W1": "held"}), "A", ("W1", "W2"), "held"),
        (Doubts(whole={"W1": "held"}), "A", ("W2",), ""),
        (Doubts(whole={"": "empty"}), "A", ("W2",), "empty"),
        (Doubts(whole={"W1": "held"}, by_sku={"A": "twice"}), "A", ("W2",), "twice"),
    ],
)
def test_a_doubt_reaches_the_numbers_it_is_about(
    doubts: Doubts, sku: str, warehouses: tuple[str, ...], words: str
) -> None:
    """A doubted warehouse reaches what is summed over it, a doubted SKU itself, an empty file everything."""
    assert doubts.of(sku, warehouses) == words
