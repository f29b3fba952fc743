"""Tracking numbers: the published ones are told apart, one wrong digit is found, and doubt stays rare."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.tracking.carriers import KNOWN, OTHER
from domain.tracking.number_formats import CARRIERS, FORMATS, CarrierForms, Check, NumberFormat
from domain.tracking.numbers import carriers_fitting, doubt_about, fits, known_codes
from tests.domain.tracking.number_examples import INVALID, VALID

_CHECKED = [form for form in FORMATS if form.check is not Check.NONE]
_FEW = settings(deadline=None, max_examples=15, derandomize=True, database=None)  # for each of many formats
_CASES_INVALID = [
    (number, row.called) for family, number in INVALID for row in CARRIERS if row.families[0] == family
]
# Carriers known in part: a number of an unknown shape is let pass, for the carrier may have shapes we never saw.
_LET_PASS = {
    "Amazon Shipping": {"000000000000000", "000000000000", "TBB000000000000", "D1234567890"},
    "DHL": {"XJD0099999998"},
    "Landmark": {"LSN74209518N2", "LSN74209518N1"},
    "Lasership": {"XA17635036", "1LX734505321754", "1LSCZVE0058631Y"},
    "Old Dominion": {"79927398713", "10000000000"},
    "UPS Mail Innovations": {
        *("2Z5R89390357567127", "1A5R89390357567127", "K1506235622", "K2479825492"),
        *("J4603636538", "V0411335627", "V0423305841"),
    },
    "PUROLATOR": {"331426749957"},  # invalid for one of Purolator's formats, and good for the other
}


@pytest.mark.parametrize(("family", "number"), VALID)
def test_a_published_number_fits_its_family(family: str, number: str) -> None:
    """Every published number fits its own family of formats, however it is spaced."""
    assert family in carriers_fitting(number)


@pytest.mark.parametrize("row", CARRIERS, ids=lambda row: row.called)
def test_a_published_number_raises_no_doubt(row: CarrierForms) -> None:
    """Every published number passes under every carrier code that may carry its family, in either case."""
    numbers = [number for family, number in VALID if family in row.families]
    printed = [*numbers, *(f" {number.lower()} " for number in numbers)]
    doubts = {
        (number, code): doubt_about(number, code)
        for number in printed
        for code in row.codes
        if doubt_about(number, code)
    }
    assert numbers
    assert doubts == {}


@pytest.mark.parametrize(("family", "number"), [case for case in INVALID if case[1] != "331426749957"])
def test_a_published_wrong_number_fits_no_format_of_its_family(family: str, number: str) -> None:
    """Every published wrong number fails its own family of formats."""
    assert family not in carriers_fitting(number)


@pytest.mark.parametrize(("number", "code"), _CASES_INVALID)
def test_a_published_wrong_number_is_doubted(number: str, code: str) -> None:
    """Every published wrong number is doubted under its carrier, but for those of carriers known in part."""
    assert bool(doubt_about(number, code)) == (number not in _LET_PASS.get(code, set()))


@pytest.mark.parametrize(
    ("number", "code", "clause"),
    [
        ("1Z5R8939035", "UPS", 'has 11 characters; UPS numbers are "1Z" and 16 more'),
        ("1Z5R893903575671271", "UPS", 'has 19 characters; UPS numbers are "1Z" and 16 more'),
        ("2Z5R89390357567127", "UPS", 'has the wrong form; UPS numbers are "1Z" and 16 more'),
        ("1Z5R89390357567128", "UPS", "fails the check digit of UPS numbers"),
        ("986578788855", "UPS", "looks like a FedEx number, not a UPS one"),
        ("1Z5R89390357567127", "FedEx", "looks like a UPS number, not a FedEx one"),
        ("TBA000000000000", "USPS", "looks like an Amazon Logistics number, not a USPS one"),
        ("C11031500001879", "FedEx", "looks like an OnTrac number, not a FedEx one"),
        ("1Z5R89390357567127", "Royal Mail", "looks like a UPS number, not a Royal Mail one"),
        ("RB123456786GB", "ROYAL_MAIL", "fails the check digit of postal S10 numbers"),
        ("12345", "DPD", "has 5 characters; DPD numbers end with a check character"),
    ],
)
def test_doubt_is_said_in_plain_words(number: str, code: str, clause: str) -> None:
    """The clause names what is wrong, or the one carrier whose number it is."""
    assert doubt_about(number, code) == clause


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("420113799261290336128704042634", "UPS"),  # SurePost: the mail service delivers it
        ("61299998820821171811", "FedEx SmartPost"),
        ("00340434161094042557", "DHL"),
        ("JJD000390007882823456", "DHL"),
        ("222233334444", "DHL"),
        ("15501234567890", "DPD"),  # printed without its check character
        ("32048400000014A1B2C3D", "Royal Mail"),  # the number above the 2D barcode
        ("UD123456789YP", "China Post"),
        ("1LSCYXA000012345", "OnTrac"),
        ("DT123456789012", "FedEx"),
        ("QA1234567890", "AMZL_UK"),
        ("C42427309124344", "OnTrac"),  # the published rule leaves out the letter's digit here
        ("D57141243908215", "OnTrac"),
        ("984457316848025559", "FedEx"),  # counted without its first two digits, as the data has it
        ("42012345679491139284929154474170", "USPS"),
    ],
)
def test_shapes_of_the_trade_raise_no_doubt(number: str, code: str) -> None:
    """A carrier known in part is trusted with a shape that no published format describes."""
    assert doubt_about(number, code) == ""


def test_a_number_that_could_be_two_others_names_neither() -> None:
    """Only a number with exactly one other possible carrier is given that carrier's name."""
    number = next(
        f"{n:012d}"
        for n in range(320595463938, 320595464938)
        if carriers_fitting(str(n)) == {"FedEx", "Purolator"}
    )
    assert doubt_about(number, "UPS") == 'has 12 characters; UPS numbers are "1Z" and 16 more'


@pytest.mark.parametrize("code", [*sorted(KNOWN - known_codes()), "", "ups", "No Such Carrier"])
def test_a_carrier_without_known_formats_is_never_doubted(code: str) -> None:
    """A carrier none of whose formats is known is trusted with anything."""
    assert not any(doubt_about(number, code) for number in ("x", "1Z5R89390357567128", "986578788856"))


def test_every_code_is_one_of_amazons_and_stands_once() -> None:
    """The carrier codes are Amazon's to the character, "Other" is not among them, and none stands twice."""
    codes = [code for row in CARRIERS for code in row.codes]
    assert len(codes) == len(set(codes))
    assert set(codes) == known_codes() <= KNOWN - {OTHER}
    assert {family for row in CARRIERS for family in row.families} <= {form.family for form in FORMATS}


@pytest.mark.parametrize("row", CARRIERS, ids=lambda row: row.called)
def test_what_is_said_of_a_carrier_reads_as_a_clause(row: CarrierForms) -> None:
    """A carrier's words and lengths are given, and end without a period."""
    assert row.words
    assert row.lengths
    assert not row.words.endswith(".")


def _whole(form: NumberFormat, text: str) -> str:
    """The text with the one check character that fits its format; the text's own shape is kept."""
    match = form.pattern.fullmatch(text)
    assert match is not None
    at = match.start(2)
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    fitting = [
        text[:at] + sign + text[at + 1 :] for sign in signs if fits(text[:at] + sign + text[at + 1 :], form)
    ]
    assert len(fitting) == 1
    return fitting[0]


def _caught(form: NumberFormat, number: str, at: int, digit: str) -> bool:
    """Whether the algorithm promises to find this one wrong digit."""
    match = form.pattern.fullmatch(number)
    assert match is not None
    apart = abs(int(digit) - int(number[at]))
    if at == match.start(2):
        return apart > 0
    blind = {
        Check.SEVEN: apart == 7,
        Check.TEN_TWOS: apart == 5,
        Check.TEN_TWOS_FIRST: apart == 5,
        Check.ELEVEN: match[2] == "5",  # stands for two remainders
        Check.ELEVEN_TEN: match[2] == "0",  # the same
    }
    return match.start(1) <= at < match.end(1) and apart > 0 and not blind.get(form.check, False)


@pytest.mark.parametrize("form", _CHECKED, ids=lambda form: f"{form.family} {form.pattern.pattern[:24]}")
@_FEW
@given(data=st.data())
def test_one_wrong_digit_is_found(form: NumberFormat, data: st.DataObject) -> None:
    """Exactly one check character fits a number, and one wrong digit is found wherever the algorithm can."""
    number = _whole(form, data.draw(st.from_regex(form.pattern, fullmatch=True).filter(str.isascii)))
    match = form.pattern.fullmatch(number)
    assert match is not None
    at = data.draw(
        st.sampled_from([at for at in range(match.start(1), match.end(2)) if number[at].isdigit()])
    )
    digit = data.draw(st.sampled_from("0123456789"))
    wrong = number[:at] + digit + number[at + 1 :]
    assert fits(number, form)
    assert not (_caught(form, number, at, digit) and fits(wrong, form))


@pytest.mark.parametrize(("family", "number"), VALID)
def test_a_misread_digit_of_a_published_number_is_doubted(family: str, number: str) -> None:
    """Each digit misread in turn is doubted, unless another of the carrier's formats takes the number."""
    plain = re.sub(r"[^0-9A-Z]", "", number)
    rows = [row for row in CARRIERS if row.families[0] == family and row.own.pattern == ".*"]
    forms = [form for form in _CHECKED if form.family == family and fits(plain, form)]
    for row in rows:
        for wrong in (wrong for form in forms for wrong in _misreadings(form, plain)):
            taken = carriers_fitting(wrong) & set(row.families) or row.also.fullmatch(wrong)
            assert bool(doubt_about(wrong, row.called)) != bool(taken)


def _misreadings(form: NumberFormat, number: str) -> list[str]:
    return [
        number[:at] + digit + number[at + 1 :]
        for at, sign in enumerate(number)
        for digit in "0123456789"
        if sign.isdigit() and _caught(form, number, at, digit)
    ]


@given(number=st.text(max_size=80), code=st.sampled_from(sorted(KNOWN)))
def test_any_text_is_answered(number: str, code: str) -> None:
    """Whatever stands in the field, the answer is a clause or nothing, and spacing does not change it."""
    clause = doubt_about(number, code)
    assert not clause.endswith(".")
    assert "\n" not in clause
    assert doubt_about(" - ".join(number), code) == clause


@pytest.mark.parametrize("sign", ["0", "9", "A", "L", "GM0", "1Z", "J", "420"])
def test_a_very_long_number_is_answered_at_once(sign: str) -> None:
    """A field filled with ten thousand characters costs no time."""
    began = time.perf_counter()
    assert all(doubt_about(sign * 10_000, code) for code in known_codes())
    assert time.perf_counter() - began < 5
