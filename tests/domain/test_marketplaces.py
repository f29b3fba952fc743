"""Marketplaces as people know them."""

import pytest

from domain.marketplaces import MARKETPLACES, with_shops_named


@pytest.mark.parametrize("shop", MARKETPLACES.values(), ids=lambda shop: shop.country)
def test_an_id_in_a_text_becomes_the_shop_s_name(shop) -> None:
    """Each marketplace's id is replaced by "Amazon" and its country, UK for amazon.co.uk."""
    called = "UK" if shop.country == "GB" else shop.country
    assert with_shops_named(f"main MUG in {shop.id}; wait.") == f"main MUG in Amazon {called}; wait."


def test_other_words_stay() -> None:
    """A longer word that holds an id, and a text without one, are left alone."""
    for text in ("", "order 204-1234568-0000008 waits", "tracking XA1F83G8C2ARO7P", "A1F83G8C2ARO7P1"):
        assert with_shops_named(text) == text
