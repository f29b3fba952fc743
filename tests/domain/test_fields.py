"""Fields are named as people read them, and a slip of the pen is recognized."""

import pytest

from domain.fields import fault_in_words, label, meant
from domain.marketplaces import MARKETPLACES, named
from domain.ranges import CAP, FIXED, ODDS, PERCENT, UNITS, Range


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("seller_sku", "Seller SKU"),
        ("warehouse_sku", "Warehouse SKU"),
        ("your_name", "Your name"),
        ("marketplace_id", "Marketplace"),
        ("carrier_code", "Carrier"),
        ("odds", "Odds"),
        ("", ""),
    ],
)
def test_labels(name: str, said: str) -> None:
    """No underscore reaches a screen."""
    assert label(name) == said


def test_a_fault_is_a_sentence() -> None:
    """The field comes first; what ends with a question keeps its mark."""
    assert fault_in_words("signed_by", "is empty") == "Signed by is empty."
    assert fault_in_words("units", '"0" is wrong') == 'Units: "0" is wrong.'
    assert fault_in_words("carrier_code", "did you mean it?") == "Carrier: did you mean it?"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Royal Mail", ""),
        ("royal  mail", "Royal Mail"),
        ("Royalmail", "Royal Mail"),
        ("DPD", ""),
        ("XDP", ""),
        ("", ""),
    ],
)
def test_a_slip_is_recognized(typed: str, found: str) -> None:
    """Known words and words like none are let through; the same in other letters, or nearly, is asked about."""
    assert meant(typed, ["Royal Mail", "DPD", "UPS"]) == found


@pytest.mark.parametrize(
    ("word", "country"), [("UK", "GB"), ("gb", "GB"), (" de ", "DE"), ("ATVPDKIKX0DER", "US")]
)
def test_a_marketplace_is_found_by_what_people_call_it(word: str, country: str) -> None:
    """Country, "UK", or Amazon's id, in any case; anything else is none."""
    shop = named(word)
    assert shop is not None
    assert shop.country == country
    assert named("") is None
    assert named("XX") is None
    assert len({one.called for one in MARKETPLACES.values()}) == len(MARKETPLACES)


@pytest.mark.parametrize(
    ("numbers", "value", "held"),
    [
        (UNITS, 1, True), (UNITS, 0, False), (UNITS, 1.5, False), (UNITS, 10_000, True), (UNITS, 10_001, False),
        (FIXED, 1_000_000, True), (FIXED, 1_000_001, False), (CAP, 2**31 - 1, True), (CAP, 2**31, False),
        (PERCENT, 0, True), (PERCENT, 100, True), (PERCENT, 100.1, False), (PERCENT, float("nan"), False),
        (ODDS, 0.5, True), (ODDS, 0, False), (ODDS, 1, False), (ODDS, float("inf"), False),
    ],
)  # fmt: skip
def test_ranges_hold_their_numbers(numbers: Range, value: float, held: bool) -> None:
    """Ends count unless they are outside; what is no number is in no range."""
    assert numbers.holds(value) is held


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (UNITS, "a whole number from 1 to 10,000"),
        (FIXED, "a whole number from 0 to 1,000,000"),
        (CAP, "a whole number of 0 or more"),
        (PERCENT, "a number from 0 to 100"),
        (ODDS, "a number between 0 and 1"),
    ],
)
def test_a_range_says_what_it_takes(numbers: Range, words: str) -> None:
    """Both ends are told, except one that nobody reaches."""
    assert numbers.words == words
