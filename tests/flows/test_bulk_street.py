"""Bulk over the real protocols: a feed carries ordinary changes while urgent ones are patched, each on one path."""

import json

import pytest

from domain.stock import publishing
from flows.inventory_sync import inventory_sync
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import eventually
from tests.flows.test_everyday_reading import put_stock

SKUS = [f"SKU-{number:02}" for number in range(10)]


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five ordinary changes are many."""
    monkeypatch.setattr(publishing, "FEED_FROM", 5)


def _in_effect(street: Street) -> bool:
    inventory_sync()
    rows = street.rows("listings")
    return len(rows) == 20 and all(row["effective"] == row["publishable"] for row in rows)


@pytest.mark.usefixtures("_small")
def test_ordinary_changes_go_in_one_feed_and_urgent_ones_by_patches(street: Street) -> None:
    """After a count, what fell to zero is patched, the rest is in a feed per marketplace; all is read back."""
    world = street.world
    for sku in SKUS:
        for marketplace in (GB, DE):
            world.add_listing(sku, marketplace, 60, lead_time_to_ship_max_days=3, restock_date="2026-12-24")
    street.work()
    assert eventually(lambda: _in_effect(street))
    before = {name: len(street.calls(name)) for name in ("patchListingsItem", "createFeed")}

    put_stock(street, [(sku, 0 if sku == "SKU-00" else 77) for sku in SKUS])
    assert eventually(lambda: _in_effect(street))

    assert len(street.calls("createFeed")) == before["createFeed"] + 2
    patched = street.calls("patchListingsItem")[before["patchListingsItem"] :]
    assert {call.path.rsplit("/", 1)[1] for call in patched} == {"SKU-00"}
    assert {world.effective_quantity("SKU-00", market) for market in (GB, DE)} == {0}
    assert {world.effective_quantity(sku, GB) for sku in SKUS[1:]} == {77}
    assert not street.problems()
    for listing in world.listings.values():
        assert set(listing.effective) == {"DEFAULT"}
        kept = listing.effective["DEFAULT"]
        assert (kept["lead_time_to_ship_max_days"], kept["restock_date"]) == (3, "2026-12-24")


@pytest.mark.usefixtures("_small")
def test_refused_rows_of_a_feed_are_shown_one_by_one(street: Street) -> None:
    """Amazon's report refuses two rows: two problems name their listings, the others are in effect."""
    street.work()
    assert eventually(lambda: _in_effect(street))
    street.world.plan_feed(rejected=("SKU-03", "SKU-04"))
    put_stock(street, [(sku, 77) for sku in SKUS])
    assert eventually(lambda: (inventory_sync(), len(street.problems()) == 2)[1])
    kinds = {(kind, subject.split()[1]) for kind, _, subject in street.problems()}
    assert kinds == {("quantity_invalid", "SKU-03"), ("quantity_invalid", "SKU-04")}
    assert json.dumps(street.rows("listings"), default=str).count('"published": 77') == 20
