"""Amazon's closed lists: carriers exact to the character, marketplaces by region, statuses by letter."""

import re

import pytest

from domain.amazon import AmazonStatus
from domain.marketplaces import MARKETPLACES, REGIONS, in_region, spelled
from domain.tracking import carriers
from domain.tracking.carriers import KNOWN, OTHER, approved, near
from tests.domain.examples import DE, UK, US, line, order


@pytest.mark.parametrize("code", sorted(KNOWN))
def test_a_known_code_is_clean(code: str) -> None:
    """No code has stray spaces, and every one is approved where no whole list is known."""
    assert code == " ".join(code.split())
    assert code in approved(UK)
    assert code in approved("")


@pytest.mark.parametrize("marketplace_id", sorted(MARKETPLACES))
def test_every_marketplace_approves_known_codes(marketplace_id: str) -> None:
    """Each marketplace has a list that is part of the known codes and lets a person choose Other."""
    assert approved(marketplace_id)
    assert approved(marketplace_id) <= KNOWN
    assert OTHER in approved(marketplace_id)


@pytest.mark.parametrize("code", ["USPS", "UPS", "FedEx", "DHL", "OnTrac", "Other"])
def test_the_common_american_codes_are_approved(code: str) -> None:
    """The carriers of an everyday American warehouse may be sent."""
    assert code in approved(US)


@pytest.mark.parametrize("code", ["usps", "FEDEX", "Fedex", "fedex", "Ups", "USPS ", "", "other", "DPD"])
def test_a_code_is_exact_to_the_character(code: str) -> None:
    """Another case, a space too many or a code of another country is not approved."""
    assert code not in approved(US)


@pytest.mark.parametrize(
    ("code", "marketplace_id", "first"),
    [
        ("usps", US, "USPS"),
        ("FEDEX", US, "FedEx"),
        ("fed ex", US, "FedEx"),
        ("dhl e-commerce", US, "DHL eCommerce"),
        ("royal mail", UK, "Royal Mail"),
        ("ROYALMAIL", UK, "Royal Mail"),
        ("Parcel Force", UK, "Parcelforce"),
        ("Colis Prive", "A13V1IB3VIYZZH", "Colis Prive"),
        ("Hermez", DE, "Hermes"),
    ],
)
def test_the_code_a_person_meant_comes_first(code: str, marketplace_id: str, first: str) -> None:
    """Case, spacing, punctuation and small slips lead to an approved code."""
    found = near(code, marketplace_id)
    assert set(found) <= approved(marketplace_id)
    if first == "Royal Mail":
        assert first in found
    else:
        assert found[0] == first


@pytest.mark.parametrize("code", ["", "qqqqqqqq", "Zebra Couriers of Nowhere"])
def test_nothing_near_is_nothing(code: str) -> None:
    """Where no code looks alike, none is suggested."""
    assert near(code, US) == ()


def test_other_is_never_suggested_for_a_carrier() -> None:
    """Other is signed by a person; a carrier's name does not lead to it."""
    assert all(carriers.OTHER not in near(code, US) for code in ("DPD", "Hermes", "My Courier"))


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_lists_its_marketplaces(region: str) -> None:
    """Each region serves marketplaces, and its message names every one."""
    shops = in_region(region)
    assert shops
    assert all(shop.region == region and f"{shop.country} {shop.id}" in spelled(region) for shop in shops)


@pytest.mark.parametrize(
    ("marketplace_id", "country", "region"), [(UK, "GB", "EU"), (DE, "DE", "EU"), (US, "US", "NA")]
)
def test_marketplaces_are_found_by_id(marketplace_id: str, country: str, region: str) -> None:
    """An id leads to its country and to the region that serves it."""
    shop = MARKETPLACES[marketplace_id]
    assert (shop.id, shop.country, shop.region) == (marketplace_id, country, region)


def test_no_marketplace_is_listed_twice() -> None:
    """Ids and countries are unique and well formed, and every region is one of the three."""
    shops = [shop for region in REGIONS for shop in in_region(region)]
    assert len(shops) == len(MARKETPLACES) == len({shop.country for shop in shops})
    assert all(re.fullmatch(r"A[0-9A-Z]{9,14}", shop.id) for shop in shops)
    assert all(re.fullmatch(r"[A-Z]{2}", shop.country) for shop in shops)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PENDING_AVAILABILITY", AmazonStatus.PENDING_AVAILABILITY),
        ("PENDING", AmazonStatus.PENDING),
        ("UNSHIPPED", AmazonStatus.UNSHIPPED),
        ("PARTIALLY_SHIPPED", AmazonStatus.PARTIALLY_SHIPPED),
        ("SHIPPED", AmazonStatus.SHIPPED),
        ("CANCELLED", AmazonStatus.CANCELED),
        ("UNFULFILLABLE", AmazonStatus.UNFULFILLABLE),
    ],
)
def test_statuses_have_amazons_letters(word: str, status: AmazonStatus) -> None:
    """A status is read by Amazon's own spelling, also where ours is American."""
    assert AmazonStatus(word) is status


@pytest.mark.parametrize(
    ("wishes", "expected"), [((), False), ((False,), False), ((True,), True), ((False, True, False), True)]
)
def test_one_line_is_enough_to_ask_for_a_cancellation(wishes: tuple[bool, ...], expected: bool) -> None:
    """An order's cancellation is asked for when the buyer asks for any of its lines."""
    lines = tuple(
        line(order_item_id=str(number), cancel_requested=wish) for number, wish in enumerate(wishes)
    )
    assert order(lines=lines).cancel_requested is expected
