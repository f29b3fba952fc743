"""The catalog of the stock bench, and the moments that are computed for the script."""

import pytest

from tests.bench.catalog import CHANGED, KNOWN_SALES, URGENT, catalog
from tests.bench.stock_script import patch_moments

SIZE = 2_000


def test_the_offers_that_change_are_exactly_those_named() -> None:
    """What differs between the offers of the two counts is what the catalog calls changed, 3 % of it."""
    made = catalog(SIZE)
    before, after = made.offers()
    assert {sku for sku in before if before[sku] != after[sku]} == made.changed
    assert len(made.changed) == CHANGED * SIZE


def test_urgent_changes_go_to_zero_near_it_or_up_from_it() -> None:
    """Every urgent change ends at most one unit above zero, or starts at zero; no other change does."""
    made = catalog(SIZE)
    before, after = made.offers()
    assert {sku for sku in made.changed if after[sku] <= 1 or before[sku] == 0} == made.urgent
    assert len(made.urgent) == URGENT * SIZE


def test_sales_that_the_warehouse_knows_change_the_file_and_no_offer() -> None:
    """More rows of the file differ than offers change: by the sales that the warehouse accepted in between."""
    made = catalog(SIZE)
    assert set(made.differing()) == made.changed | set(made.sold)
    assert len(made.differing()) == (CHANGED + KNOWN_SALES) * SIZE


def test_no_offer_is_below_zero() -> None:
    """No more is owed of a SKU than was counted, at either count."""
    assert all(min(offers.values()) >= 0 for offers in catalog(SIZE).offers())


def test_the_same_catalog_every_time() -> None:
    """Two processes that ask for the same number of SKUs speak of the same catalog."""
    assert catalog(SIZE) == catalog(SIZE)


@pytest.mark.parametrize(("place", "moment"), [(0, 0.0), (4, 0.0), (5, 0.2), (299, 59.0)])
def test_a_burst_is_free_and_the_rest_waits_its_turn(place: int, moment: float) -> None:
    """At 5 calls a second with a burst of 5, the first five go at once and the 300th after 59 seconds."""
    assert patch_moments([place], 5, 5) == [pytest.approx(moment)]
