"""Reading back: what cannot be read keeps nothing else from being read or published, and is told at the end."""

from flows.inventory_sync import inventory_sync
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import eventually, fails


def test_a_group_that_cannot_be_read_stops_nothing_else(street: Street) -> None:
    """One refused look costs its own listings a run: the others are looked up and published in the same run."""
    street.work()
    street.world.inject("searchListingsItems", "400-invalid")

    assert "Amazon (main)" in fails(inventory_sync)

    published = {row["marketplace_id"] for row in street.rows("listings")}
    assert len(published) == 1, "one marketplace's look was refused"
    (market,) = published
    assert eventually(lambda: street.world.effective_quantity("SKU-01", market) == 100)
    inventory_sync()
    other = GB if market == DE else DE
    assert eventually(lambda: street.world.effective_quantity("SKU-01", other) == 100)
    assert not street.problems()
