"""The seller's maps: exact up to case and spaces on the warehouse's side, and never a guess."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.maps import AmazonCarrier, CarrierMap, Component, ServiceMap, ServiceRow, SkuMap, fold
from tests.domain.examples import DE, RULES, UK, part


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("   ", ""),
        ("DPD", "dpd"),
        (" DPD ", "dpd"),
        ("Royal Mail", "royal mail"),
        ("ROYAL   MAIL", "royal mail"),
        ("\tRoyal\nMail ", "royal mail"),
        ("Royal\u00a0Mail", "royal mail"),
        ("Royal-Mail", "royal-mail"),
        ("RoyalMail", "royalmail"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Ü-Post", "ü-post"),
    ],
)
def test_words_are_compared_without_case_and_spaces(text: str, folded: str) -> None:
    """Case and surplus spaces say nothing; every other character does."""
    assert fold(text) == folded


@RULES
@given(st.text(st.characters(codec="latin-1")), st.sampled_from([" ", "  ", "\t", "\n "]))
def test_folding_is_settled(text: str, space: str) -> None:
    """Folding twice is folding once, and neither spaces around nor another case changes the outcome."""
    assert fold(fold(text)) == fold(text)
    assert fold(f"{space}{text}{space}") == fold(text)
    assert fold(text.replace(" ", space)) == fold(text)
    if text.isascii():
        assert fold(text.upper()) == fold(text.lower()) == fold(text)


KIT = (part("W-MUG", 2), part("W-POT"))


@pytest.mark.parametrize(
    ("seller_sku", "same_skus", "expected"),
    [
        ("KIT", False, KIT),
        ("KIT", True, KIT),
        ("MUG", False, (part("W-MUG"),)),
        ("MUG", True, (part("W-MUG"),)),
        ("NEW", False, ()),
        ("NEW", True, (part("NEW"),)),
        ("kit", False, ()),
        ("", False, ()),
        ("", True, ()),
    ],
)
def test_seller_skus_are_resolved(seller_sku: str, same_skus: bool, expected: tuple[Component, ...]) -> None:
    """A mapped SKU is what its rows say; any other is itself or nothing, as the connection declares."""
    skus = SkuMap(components={"KIT": KIT, "MUG": (part("W-MUG"),)}, same_skus=same_skus)
    assert skus.resolve(seller_sku) == expected


def _row(marketplace_id: str, level: str, program: str, service: str) -> ServiceRow:
    return ServiceRow(
        marketplace_id=marketplace_id, service_level=level, program=program, warehouse_service=service
    )


# From the least to the most specific: a program weighs more than a level, a level more than a marketplace.
LADDER = (
    _row("", "", "", "ANY"),
    _row(UK, "", "", "UK"),
    _row("", "Expedited", "", "FAST"),
    _row(UK, "Expedited", "", "UK FAST"),
    _row("", "", "PRIME", "PRIME"),
    _row(UK, "", "PRIME", "UK PRIME"),
    _row("", "Expedited", "PRIME", "FAST PRIME"),
    _row(UK, "Expedited", "PRIME", "UK FAST PRIME"),
)


@pytest.mark.parametrize(
    ("marketplace_id", "level", "programs", "expected"),
    [
        (UK, "Expedited", ("PRIME",), "UK FAST PRIME"),
        (DE, "Expedited", ("PRIME",), "FAST PRIME"),
        (UK, "Standard", ("PRIME",), "UK PRIME"),
        (DE, "Standard", ("PRIME",), "PRIME"),
        (UK, "Expedited", (), "UK FAST"),
        (UK, "Expedited", ("PREMIUM",), "UK FAST"),
        (UK, "Expedited", ("PREMIUM", "PRIME"), "UK FAST PRIME"),
        (DE, "Expedited", (), "FAST"),
        (UK, "Standard", (), "UK"),
        (DE, "Standard", (), "ANY"),
        (DE, "", (), "ANY"),
        (UK, "expedited", (), "UK"),
        (UK, "Expedited", ("prime",), "UK FAST"),
    ],
)
def test_the_most_specific_service_row_wins(
    marketplace_id: str, level: str, programs: tuple[str, ...], expected: str
) -> None:
    """Of the rows that fit, the most specific one decides; Amazon's words are compared exactly."""
    assert ServiceMap(rows=LADDER).resolve(marketplace_id, level, programs) == expected


@pytest.mark.parametrize(("lower", "upper"), list(combinations(LADDER, 2)))
def test_each_rung_outranks_those_below(lower: ServiceRow, upper: ServiceRow) -> None:
    """Of any two rows that both fit, the higher one on the ladder decides, in whichever order they stand."""
    for rows in ((lower, upper), (upper, lower)):
        found = ServiceMap(rows=rows).resolve(UK, "Expedited", ("PRIME",))
        assert found == upper.warehouse_service


@RULES
@given(st.permutations(LADDER), st.sampled_from([UK, DE]), st.sampled_from(["Expedited", "Standard", ""]))
def test_the_order_of_rows_says_nothing(rows: list[ServiceRow], marketplace_id: str, level: str) -> None:
    """Rows of different weight decide the same, however they are sorted."""
    for programs in ((), ("PRIME",), ("PRIME", "PREMIUM")):
        found = ServiceMap(rows=tuple(rows)).resolve(marketplace_id, level, programs)
        assert found == ServiceMap(rows=LADDER).resolve(marketplace_id, level, programs)


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (_row(DE, "", "", "DE"),),
        (_row("", "Expedited", "", "FAST"),),
        (_row("", "", "PRIME", "PRIME"),),
        (_row(UK, "standard", "", "LOWER"),),
        (_row(UK, "Standard", "PRIME", "PRIME"),),
    ],
)
def test_a_service_nobody_mapped_is_nothing(rows: tuple[ServiceRow, ...]) -> None:
    """Where no row fits, nothing is asked for, so that the order is held."""
    assert ServiceMap(rows=rows).resolve(UK, "Standard", ("PREMIUM",)) == ""


ROYAL_24 = AmazonCarrier(carrier_code="Royal Mail", shipping_method="Tracked 24")
ROYAL_ANY = AmazonCarrier(carrier_code="Royal Mail", shipping_method="Tracked 48")
DPD = AmazonCarrier(carrier_code="DPD")
CARRIERS = CarrierMap(
    rows={
        (UK, "royal mail", "tracked 24"): ROYAL_24,
        (UK, "royal mail", ""): ROYAL_ANY,
        (UK, "dpd", "next day"): DPD,
    }
)


@pytest.mark.parametrize(
    ("marketplace_id", "carrier", "service", "expected"),
    [
        (UK, "Royal Mail", "Tracked 24", ROYAL_24),
        (UK, "ROYAL  MAIL", " tracked 24 ", ROYAL_24),
        (UK, "royal mail", "TRACKED\t24", ROYAL_24),
        (UK, "Royal Mail", "Tracked 48", ROYAL_ANY),
        (UK, "Royal Mail", "", ROYAL_ANY),
        (UK, "Royal Mail", "   ", ROYAL_ANY),
        (UK, "DPD", "Next Day", DPD),
        (UK, "DPD", "Next  day", DPD),
        (UK, "DPD", "", None),
        (UK, "DPD", "Two Day", None),
        (UK, "RoyalMail", "Tracked 24", None),
        (UK, "Royal-Mail", "Tracked 24", None),
        (UK, "Royal Mail UK", "Tracked 24", None),
        (UK, "Royal", "Tracked 24", None),
        (UK, "", "", None),
        (UK, "", "Tracked 24", None),
        (UK, "Tracked 24", "Royal Mail", None),
        (DE, "Royal Mail", "Tracked 24", None),
        ("", "DPD", "Next Day", None),
    ],
)
def test_carriers_are_exact_or_nothing(
    marketplace_id: str, carrier: str, service: str, expected: AmazonCarrier | None
) -> None:
    """A carrier is found by its own words in its own marketplace; anything near it blocks the parcel."""
    assert CARRIERS.resolve(marketplace_id, carrier, service) == expected


def test_an_empty_map_knows_no_carrier() -> None:
    """Before anything is mapped, every parcel is blocked and none becomes "Other"."""
    assert CarrierMap().resolve(UK, "DPD", "Next Day") is None


@RULES
@given(st.text(max_size=12), st.text(max_size=12))
def test_no_carrier_is_invented(carrier: str, service: str) -> None:
    """Whatever a warehouse writes, the answer is one of the rows, and only for that row's carrier."""
    found = CARRIERS.resolve(UK, carrier, service)
    assert found is None or (UK, fold(carrier)) in {key[:2] for key in CARRIERS.rows}
