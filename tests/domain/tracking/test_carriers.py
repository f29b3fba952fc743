"""Amazon's carrier codes: exact to the character, with hints that can be taken as they are."""

import pytest

from domain.marketplaces import MARKETPLACES, REGIONS, in_region
from domain.tracking.carriers import KNOWN, OTHER, approved, near

UK, US = "A1F83G8C2ARO7P", "ATVPDKIKX0DER"


def test_a_code_is_approved_to_the_character() -> None:
    """Another case is another code; a marketplace whose list is whole takes nothing beside it."""
    assert "Royal Mail" in approved(UK)
    assert "Royal mail" not in approved(UK)
    assert "Yodel" not in approved(US)
    assert "USPS" in approved(US)


@pytest.mark.parametrize("marketplace_id", MARKETPLACES)
def test_other_is_approved_everywhere_and_every_list_is_known(marketplace_id: str) -> None:
    """Other is part of every list, and no list holds a code that is not known."""
    assert OTHER in approved(marketplace_id) <= KNOWN


def test_hints_are_approved_codes_best_first() -> None:
    """The same letters in another spelling come first; a typing mistake finds what looks alike."""
    assert near("royal-MAIL", UK)[0] == "Royal Mail"
    assert near("Fedx", US) == ("FedEx",)
    assert near("Zzyzx", UK) == ()
    assert all(code in near(code) for code in KNOWN)


def test_every_marketplace_is_in_one_region() -> None:
    """The three regions together are all marketplaces, each once."""
    assert [shop for region in REGIONS for shop in in_region(region)] == list(MARKETPLACES.values())
