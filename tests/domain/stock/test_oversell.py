"""Who goes without when more was sold than counted: turns, kits, and sentences with what can be done."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.oversell import Claim, Shelf, Standing, choices, oversold_problems, to_come, unfilled
from tests.domain.examples import RULES
from tests.factories import HOUR, MINUTE, NOW, order_id

PAID, UNPAID, ACCEPTED, GONE = Standing.PAID, Standing.UNPAID, Standing.ACCEPTED, Standing.GONE


def claim(number: int, standing: Standing = PAID, minute: int | None = None, **units: int) -> Claim:
    """An order placed in that minute (else that of its number) that takes these units and is due in two hours."""
    placed = NOW + (number if minute is None else minute) * MINUTE
    return Claim(
        seller_account="main",
        order_id=order_id(number),
        placed_at=placed,
        confirm_by=placed + 2 * HOUR,
        standing=standing,
        units=units or {"A": 1},
    )


def named(available: dict[str, int], *claims: Claim) -> list[tuple[int, dict[str, int]]]:
    """The number of each order that goes without, and what it lacks."""
    return [(int(one.claim.order_id[-7:]), dict(one.short)) for one in unfilled(available, claims)]


def test_nobody_goes_without_when_there_is_enough() -> None:
    """As many units as are ordered fill every order, and a SKU that was never counted stops nobody."""
    assert named({"A": 2}, claim(1), claim(2)) == []
    assert named({}, claim(1, A=99)) == []
    assert named({"A": 0}) == []


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim(1, minute=5), claim(2, minute=4)], 1),
        ([claim(1, minute=4), claim(2, minute=4)], 2),
        ([claim(1, UNPAID, minute=1), claim(2, PAID, minute=9)], 1),
        ([claim(1, PAID, minute=1), claim(2, ACCEPTED, minute=9)], 1),
        ([claim(1, ACCEPTED, minute=1), claim(2, GONE, minute=9)], 1),
    ],
    ids=["first placed", "same moment", "paid first", "accepted first", "what left is gone"],
)
def test_whose_turn_it_is(claims: list[Claim], expected: int) -> None:
    """One unit for two orders: standing decides, then when it was placed, then its number."""
    assert named({"A": 1}, *claims) == [(expected, {"A": 1})]
    assert named({"A": 1}, *reversed(claims)) == [(expected, {"A": 1})]


def test_what_left_is_never_named() -> None:
    """An order whose parcel is on its way lacks nothing, even when the count had fewer units."""
    assert named({"A": 1}, claim(1, GONE, A=3)) == []
    assert named({"A": 1}, claim(1, GONE, A=3), claim(2)) == [(2, {"A": 1})]


def test_a_kit_needs_all_its_components() -> None:
    """A kit that lacks one component leaves the others to who comes next."""
    kit = claim(1, B=2, C=1)
    assert named({"B": 1, "C": 1}, kit, claim(2, C=1)) == [(1, {"B": 1, "C": 1})]
    assert named({"B": 2, "C": 1}, kit, claim(2, C=1)) == [(2, {"C": 1})]


def test_an_order_that_lacks_two_skus_is_named_once() -> None:
    """Whatever it lacks, an order is one row, with the units of each SKU."""
    assert named({"A": 0, "B": 1}, claim(1, A=2, B=3)) == [(1, {"A": 2, "B": 2})]


def test_a_smaller_order_behind_takes_what_is_left() -> None:
    """Units that do not fill a large order fill a small one, and the large one lacks all the more."""
    assert named({"A": 2}, claim(1, A=3), claim(2, A=1)) == [(1, {"A": 2})]


_CLAIMS = st.lists(
    st.builds(
        lambda number, standing, units: claim(number, standing, **units),
        st.integers(1, 500),
        st.sampled_from(Standing),
        st.dictionaries(st.sampled_from("ABC"), st.integers(1, 4), min_size=1),
    ),
    max_size=12,
    unique_by=lambda one: one.order_id,
)
_COUNTS = st.dictionaries(st.sampled_from("ABC"), st.integers(-3, 12))


@RULES
@given(available=_COUNTS, claims=_CLAIMS)
def test_what_is_filled_fits_and_what_is_short_adds_up(
    available: dict[str, int], claims: list[Claim]
) -> None:
    """Filled orders never take more than was counted, and the missing units are exactly what is lacking."""
    found = unfilled(available, claims)
    without = {one.claim.order_id for one in found}
    assert len(without) == len(found)
    wanted: Counter[str] = Counter()
    filled: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for one in claims:
        target = gone if one.standing is GONE else wanted
        target.update(one.units)
        if one.standing is not GONE and one.order_id not in without:
            filled.update(one.units)
    short: Counter[str] = Counter()
    for each in found:
        assert each.short
        short.update(each.short)
    for sku, units in available.items():
        left = max(0, units - gone[sku])
        assert filled[sku] <= left
        assert short[sku] == max(0, wanted[sku] - left)
    assert not set(short) - set(available)


@RULES
@given(units=st.integers(0, 8), claims=_CLAIMS, wanted=st.integers(1, 3))
def test_nobody_is_overtaken_by_an_equal(units: int, claims: list[Claim], wanted: int) -> None:
    """Of orders that want the same, those that go without are the last in turn."""
    equal = [claim(int(one.order_id[-7:]), one.standing, A=wanted) for one in claims]
    turns = sorted(equal, key=lambda one: (one.standing, one.placed_at, one.order_id))
    without = [one.claim for one in unfilled({"A": units}, equal)]
    behind = [one for one in turns if one.standing is not GONE]
    assert without == (behind[-len(without) :] if without else [])


SHELF = Shelf(available=1, as_of=NOW, on_order=20, quarantine=2)


def test_the_sentence_names_units_count_orders_and_what_is_to_come() -> None:
    """How many are short, since which count, the first five orders, what is on order; due when the first is."""
    found = unfilled({"A": 1}, [claim(number) for number in range(8)])
    (problem,) = oversold_problems("main", {"A": SHELF}, found)
    names = ", ".join(order_id(number) for number in range(1, 6))
    assert problem.summary == (
        "A at main is 7 units short: the count of Nov 27 09:00 UTC had 1 available, and more are ordered."
        f" Not enough for {names} and 2 more. The count also has 20 on order, 2 in quarantine."
    )
    assert (problem.subject, problem.act_by) == ("main A", NOW + MINUTE + 2 * HOUR)


def test_every_sku_that_lacks_units_is_a_problem_of_its_own() -> None:
    """Two SKUs are two subjects; an order without a deadline gives none."""
    one = claim(1, A=2, B=2)
    undated = Claim(
        seller_account="main",
        order_id=order_id(2),
        placed_at=NOW + timedelta(days=1),
        confirm_by=None,
        standing=PAID,
        units={"B": 1},
    )
    shelves = {"A": SHELF, "B": Shelf(available=2, as_of=NOW)}
    found = oversold_problems("main", shelves, unfilled({"A": 1, "B": 2}, [one, undated]))
    due = one.confirm_by
    assert [(problem.subject, problem.act_by) for problem in found] == [("main A", due), ("main B", due)]
    found = oversold_problems("main", shelves, unfilled({"A": 2, "B": 2}, [one, undated]))
    assert [(problem.subject, problem.act_by) for problem in found] == [("main B", None)]


@pytest.mark.parametrize(
    ("standing", "shelf", "expected"),
    [
        (PAID, SHELF, "have what is there booked in (20 on order, 2 in quarantine of A); or agree"),
        (PAID, Shelf(available=1, as_of=NOW, on_order=0), "have more booked in; or agree"),
        (UNPAID, Shelf(available=1, as_of=NOW), "wait whether it is paid at all"),
        (ACCEPTED, Shelf(available=1, as_of=NOW), "ask the warehouse, which accepted it"),
    ],
)
def test_the_choices_are_those_there_are(standing: Standing, shelf: Shelf, expected: str) -> None:
    """What is on order or in quarantine is named; an unpaid order may wait, an accepted one is asked about."""
    (one,) = unfilled({"A": 0}, [claim(1, standing)])
    said = choices(one, {"A": shelf})
    assert expected in said
    assert said.endswith("cancel it in Seller Central")


def test_what_the_count_does_not_say_is_not_to_come() -> None:
    """A warehouse that gives no such numbers leaves nothing to hope for."""
    assert to_come(Shelf(available=1, as_of=NOW)) == ""
