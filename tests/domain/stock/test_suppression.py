"""A listing is suppressed when buyers cannot find or buy what we offer of it, and in no other case."""

import pytest

from domain.amazon import IssueSeverity, ListingIssue, SeenListing
from domain.stock.suppression import why_hidden
from tests.domain.examples import UK


def _seen(units: int | None, *actions: str, buyable: bool | None = True) -> SeenListing:
    issue = ListingIssue(
        severity=IssueSeverity.WARNING, code="18027", message="The main image is missing.", actions=actions
    )
    return SeenListing(
        marketplace_id=UK, seller_sku="A", units=units, issues=(issue,) if actions else (), buyable=buyable
    )


@pytest.mark.parametrize("action", ["LISTING_SUPPRESSED", "SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"])
def test_an_enforcement_that_hides_a_listing_names_its_issue(action: str) -> None:
    """Amazon's own reason is told, with units in effect or not yet."""
    for units in (0, 5):
        assert "(18027 The main image is missing)" in why_hidden(_seen(units, action), 5)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (_seen(5), 5),
        (_seen(5, "ATTRIBUTE_SUPPRESSED"), 5),
        (_seen(5, "SOMETHING_NEW"), 5),
        (_seen(5, buyable=None), 5),
        (_seen(0, buyable=False), 5),
        (_seen(5, "LISTING_SUPPRESSED"), 0),
        (_seen(5, "LISTING_SUPPRESSED"), None),
        (_seen(None, "LISTING_SUPPRESSED", buyable=False), 5),
        (None, 5),
    ],
)
def test_what_is_not_hidden(seen: SeenListing | None, wanted: int | None) -> None:
    """Sold out, not offered by us, or only a part of the text hidden: nobody is bothered."""
    assert why_hidden(seen, wanted) == ""


def test_not_buyable_with_units_is_hidden_without_a_reason() -> None:
    """Amazon does not always name an enforcement: units that nobody can buy are told all the same."""
    assert "Amazon names no reason" in why_hidden(_seen(5, buyable=False), 5)
    error = ListingIssue(severity=IssueSeverity.ERROR, code="90220", message="A price is required.")
    blamed = SeenListing(marketplace_id=UK, seller_sku="A", units=5, issues=(error,), buyable=False)
    assert "90220 A price is required" in why_hidden(blamed, 5)
