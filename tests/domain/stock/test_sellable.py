"""How many units may be offered: the formula of DESIGN section 7 and kits."""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.maps import Component
from domain.ranges import LARGEST
from domain.stock.buffers import odds_of_more
from domain.stock.sellable import BufferRule, Keeper, Offer, OfferRule, Pool, held_down, publishable
from tests.domain.examples import RULES, part

NO_BUFFER = BufferRule()


def _pool(available: int, reserved: int = 0) -> Pool:
    return Pool(available=available, reserved=reserved)


def _units(parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule) -> int:
    offer = publishable(parts, pools, rule)
    assert offer is not None
    return offer.publishable


@pytest.mark.parametrize(
    ("available", "reserved", "rule", "expected"),
    [
        (0, 0, {}, 0),
        (1, 0, {}, 1),
        (10, 0, {}, 10),
        (10, 3, {}, 7),
        (10, 10, {}, 0),
        (10, 11, {}, 0),
        (0, 5, {}, 0),
        (-4, 0, {}, 0),
        (-4, 2, {}, 0),
        (10, 0, {"fixed": 2}, 8),
        (10, 0, {"fixed": 10}, 0),
        (10, 0, {"fixed": 11}, 0),
        (10, 3, {"fixed": 2}, 5),
        (100, 0, {"percent": 10.0}, 90),
        (100, 40, {"percent": 10.0}, 50),
        (15, 0, {"percent": 10.0}, 13),
        (1, 0, {"percent": 1.0}, 0),
        (10, 0, {"percent": 100.0}, 0),
        (100, 0, {"fixed": 5, "percent": 10.0}, 90),
        (100, 0, {"fixed": 15, "percent": 10.0}, 85),
        (10, 0, {"share": 0.5}, 5),
        (11, 0, {"share": 0.5}, 5),
        (10, 0, {"share": 0.0}, 0),
        (10, 4, {"share": 0.5}, 3),
        (10, 4, {"share": 0.5, "fixed": 1}, 2),
        (3, 5, {"share": 0.5}, 0),
        # A share with decimals is the share that was written, not the binary fraction beside it.
        (90, 0, {"share": 0.7}, 63),
        (100, 0, {"share": 0.29}, 29),
        # And a percentage likewise: 4.4 % of 750 are 33 units and not 34.
        (750, 0, {"percent": 4.4}, 717),
    ],
)
def test_the_formula(available: int, reserved: int, rule: dict[str, float], expected: int) -> None:
    """Offered is the share of what is available, less what is spoken for, less the buffer, never below zero."""
    units = _units((part("A"),), {"A": _pool(available, reserved)}, BufferRule(**rule))  # type: ignore[arg-type]
    assert units == expected


hundredths = st.integers(0, 100)
stock_units = st.integers(-50, 5000)
reservations = st.integers(0, 500)
rules = st.builds(
    BufferRule,
    fixed=st.integers(0, 300),
    percent=st.integers(0, 1000).map(lambda tenths: tenths / 10),
    share=hundredths.map(lambda hundred: hundred / 100),
)
pools_of_three = st.fixed_dictionaries(
    {sku: st.builds(Pool, available=stock_units, reserved=reservations) for sku in "ABC"}
)
kits = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 7), min_size=1).map(
    lambda parts: tuple(part(sku, units) for sku, units in parts.items())
)


@RULES
@given(
    available=stock_units,
    reserved=reservations,
    fixed=st.integers(0, 300),
    tenths=st.integers(0, 1000),
    hundred=hundredths,
)
def test_the_formula_in_exact_numbers(
    available: int, reserved: int, fixed: int, tenths: int, hundred: int
) -> None:
    """With shares in hundredths and percentages in tenths, the offer is the formula's to the unit."""
    rule = BufferRule(fixed=fixed, percent=tenths / 10, share=hundred / 100)
    buffer = max(fixed, ceil(Fraction(tenths, 1000) * max(0, available)))
    expected = max(0, floor(Fraction(hundred, 100) * (available - reserved - buffer)))
    assert _units((part("A"),), {"A": _pool(available, reserved)}, rule) == expected


@pytest.mark.parametrize("hundred", range(101))
def test_a_share_is_exact(hundred: int) -> None:
    """Every share in hundredths gives every pool's part to the unit: never less than is free."""
    rule = BufferRule(share=hundred / 100)
    offered = {free: _units((part("A"),), {"A": _pool(free)}, rule) for free in range(201)}
    assert offered == {free: hundred * free // 100 for free in range(201)}


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules)
def test_never_more_than_is_free(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule
) -> None:
    """The offer is never negative and never takes more of any component than is free in its pool."""
    units = _units(parts, pools, rule)
    assert units >= 0
    for one in parts:
        free = pools[one.warehouse_sku].available - pools[one.warehouse_sku].reserved
        assert units * one.units <= max(0, free)


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules)
def test_a_kit_is_worth_its_scarcest_component(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule
) -> None:
    """A kit offers the least that any component allows alone, and names that component."""
    alone = {one.warehouse_sku: _units((one,), pools, rule) for one in parts}
    offer = publishable(parts, pools, rule)
    assert offer is not None
    assert offer.publishable == min(alone.values())
    assert alone[offer.limiting_sku] == offer.publishable


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules, data=st.data())
def test_the_order_of_components_says_nothing(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule, data: st.DataObject
) -> None:
    """The same kit with its rows in another order offers the same."""
    shuffled = tuple(data.draw(st.permutations(parts)))
    assert _units(shuffled, pools, rule) == _units(parts, pools, rule)


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules, more=st.integers(0, 50), sku=st.sampled_from("ABC"))
def test_reserving_never_raises_the_offer(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule, more: int, sku: str
) -> None:
    """Units that are spoken for lower the offer or leave it."""
    taken = pools | {sku: _pool(pools[sku].available, pools[sku].reserved + more)}
    assert _units(parts, taken, rule) <= _units(parts, pools, rule)


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules, more=st.integers(0, 50), sku=st.sampled_from("ABC"))
def test_counting_more_never_lowers_the_offer(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule, more: int, sku: str
) -> None:
    """Units that were found raise the offer or leave it."""
    found = pools | {sku: _pool(pools[sku].available + more, pools[sku].reserved)}
    assert _units(parts, found, rule) >= _units(parts, pools, rule)


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules, other=rules)
def test_keeping_back_more_never_raises_the_offer(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule, other: BufferRule
) -> None:
    """A larger fixed buffer, a larger percentage or a smaller share lowers the offer or leaves it."""
    strict = BufferRule(
        fixed=max(rule.fixed, other.fixed),
        percent=max(rule.percent, other.percent),
        share=min(rule.share, other.share),
    )
    assert _units(parts, pools, strict) <= min(_units(parts, pools, rule), _units(parts, pools, other))


@RULES
@given(parts=kits, pools=pools_of_three, rule=rules)
def test_an_offer_explains_itself(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule
) -> None:
    """The parts of an offer are never negative and its sentence names all of them."""
    offer = publishable(parts, pools, rule)
    assert offer is not None
    numbers = (offer.available, offer.reserved, offer.buffer, offer.publishable)
    assert min(numbers) >= 0
    assert offer.publishable <= max(0, offer.available - offer.buffer)
    assert all(str(number) in offer.explain() for number in numbers)


@pytest.mark.parametrize(
    ("parts", "pools", "rule", "expected"),
    [
        ((part("A", 2),), {"A": _pool(10)}, {}, 5),
        ((part("A", 3),), {"A": _pool(10)}, {}, 3),
        ((part("A", 3),), {"A": _pool(10, 1)}, {}, 3),
        ((part("A", 3),), {"A": _pool(10, 2)}, {}, 2),
        ((part("A", 11),), {"A": _pool(10)}, {}, 0),
        ((part("A"), part("B")), {"A": _pool(10), "B": _pool(4)}, {}, 4),
        ((part("A", 2), part("B")), {"A": _pool(10), "B": _pool(9)}, {}, 5),
        ((part("A"), part("B")), {"A": _pool(10), "B": _pool(0)}, {}, 0),
        ((part("A"), part("B")), {"A": _pool(10), "B": _pool(4, 3)}, {}, 1),
        # A fixed buffer counts in kits, not in components.
        ((part("A", 2),), {"A": _pool(10)}, {"fixed": 1}, 4),
        ((part("A", 2), part("B")), {"A": _pool(10), "B": _pool(9)}, {"fixed": 2}, 3),
        ((part("A", 2),), {"A": _pool(20)}, {"share": 0.5}, 5),
    ],
)
def test_kits(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: dict[str, float], expected: int
) -> None:
    """Kits are counted in whole kits, after what is spoken for was taken from their components."""
    assert _units(parts, pools, BufferRule(**rule)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "pools"),
    [
        ((), {"A": _pool(5)}),
        ((part("A"),), {}),
        ((part("A"),), {"a": _pool(5)}),
        ((part("A"), part("B")), {"A": _pool(5)}),
        ((part("A"), part("B")), {"B": _pool(0)}),
    ],
)
def test_what_was_never_counted_is_not_zero(parts: tuple[Component, ...], pools: dict[str, Pool]) -> None:
    """Without a count of every component nothing is offered anew, not even zero."""
    assert publishable(parts, pools, NO_BUFFER) is None


def test_an_offer_shows_its_parts() -> None:
    """The numbers of an offer are in units of the seller SKU."""
    offer = publishable((part("A", 2), part("B")), {"A": _pool(21, 3), "B": _pool(99)}, BufferRule(fixed=2))
    assert offer == Offer(
        available=10, reserved=2, buffer=2, publishable=7, limiting_sku="A", keeper=Keeper.FIXED
    )
    assert offer.explain() == "10 available, 2 in orders the warehouse had not seen, 2 buffer: 7"


@pytest.mark.parametrize(
    ("terms", "units", "sentence"),
    [
        ({}, 7, "12 available, 3 in orders the warehouse had not seen, 2 buffer: 7"),
        ({"cap": 7}, 7, "12 available, 3 in orders the warehouse had not seen, 2 buffer: 7"),
        ({"cap": 5}, 5, "2 buffer; that leaves 7; at most 5 are shown: 5"),
        ({"cap": 0}, 0, "that leaves 7; at most 0 are shown: 0"),
        ({"stopped": True}, 0, "that leaves 7; stopped by a person: 0"),
        ({"stopped": True, "cap": 5}, 0, "that leaves 7; stopped by a person: 0"),
    ],
)
def test_terms_lower_an_offer_and_say_so(terms: dict[str, Any], units: int, sentence: str) -> None:
    """A cap and a stop only ever lower what is offered, and the sentence ends with the number published."""
    offer = publishable((part("A"),), {"A": _pool(12, 3)}, BufferRule(fixed=2), OfferRule(**terms))
    assert offer is not None
    assert offer.publishable == units
    assert offer.explain().endswith(sentence)


@pytest.mark.parametrize("stopped", [True, False])
def test_a_stop_needs_no_count(stopped: bool) -> None:
    """What a person stopped is offered no more, also when nobody ever counted it."""
    offer = publishable((part("A"),), {}, NO_BUFFER, OfferRule(stopped=stopped))
    assert (offer is not None and offer.publishable == 0) is stopped


@RULES
@given(
    parts=kits, pools=pools_of_three, rule=rules, cap=st.none() | st.integers(0, 50), stopped=st.booleans()
)
def test_terms_never_raise_an_offer(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule, cap: int | None, stopped: bool
) -> None:
    """Whatever the terms, the offer is no larger than without them, within the cap, and none when stopped."""
    offer = publishable(parts, pools, rule, OfferRule(cap=cap, stopped=stopped))
    assert offer is not None
    assert offer.publishable <= _units(parts, pools, rule)
    assert cap is None or offer.publishable <= cap
    assert not stopped or offer.publishable == 0


@RULES
@given(
    parts=kits,
    pools=pools_of_three,
    rule=rules,
    expected=st.floats(0, 200),
    odds=st.floats(0.001, 0.999),
)
def test_the_largest_buffer_decides(
    parts: tuple[Component, ...], pools: dict[str, Pool], rule: BufferRule, expected: float, odds: float
) -> None:
    """With odds stated the buffer covers the demand of one exposure to these odds, and never less than before."""
    busy = {sku: replace(pool, expected=expected) for sku, pool in pools.items()}
    offer = publishable(parts, busy, replace(rule, odds=odds))
    plain = publishable(parts, busy, rule)
    assert offer is not None
    assert plain is not None
    assert offer.publishable <= plain.publishable
    per = next(one.units for one in parts if one.warehouse_sku == offer.limiting_sku)
    assert odds_of_more(expected / per, offer.buffer) <= odds + 1e-9


@pytest.mark.parametrize(
    ("publishable_units", "doubt", "last", "expected"),
    [
        (7, "", 3, 7),
        (7, "half is missing", 9, 7),
        (7, "half is missing", 7, 7),
        (7, "half is missing", 3, 3),
        (7, "half is missing", 0, 0),
        (0, "half is missing", None, 0),
        (7, "half is missing", None, None),
    ],
)
def test_a_doubt_only_lowers(
    publishable_units: int, doubt: str, last: int | None, expected: int | None
) -> None:
    """While a count is doubted the offer stays at or below what is offered; unknown, it is left alone."""
    offer = publishable((part("A"),), {"A": _pool(publishable_units)}, NO_BUFFER)
    assert offer is not None
    held = held_down(offer, (doubt,), last)
    assert (None if held is None else held.publishable) == expected
    if held is not None and held != offer:
        assert held.explain().endswith(f"it only goes down, because {doubt}: {expected}")


def test_a_share_is_part_of_the_sentence() -> None:
    """A listing that is offered a part of the pool says which."""
    offer = publishable((part("A"),), {"A": _pool(12, 3)}, BufferRule(fixed=2, share=0.5))
    assert offer is not None
    assert offer.explain() == (
        "12 available, 3 in orders the warehouse had not seen, 2 buffer, 50 % of the rest: 3"
    )


_ABSURD = st.integers(-10, 10) | st.integers(0, 20 * LARGEST)


@RULES
@given(available=_ABSURD, reserved=_ABSURD, fixed=_ABSURD, per=st.integers(1, 3))
def test_no_number_is_too_large_to_be_kept(available: int, reserved: int, fixed: int, per: int) -> None:
    """Whatever was counted, ordered or chosen to be kept back, every number of an offer fits the ledger."""
    pools = {"A": _pool(available, max(0, reserved))}
    offer = publishable((part("A", per),), pools, BufferRule(fixed=max(0, fixed)))
    assert offer is not None
    numbers = (offer.available, offer.reserved, offer.buffer, offer.publishable)
    assert 0 <= min(numbers) <= max(numbers) <= LARGEST
