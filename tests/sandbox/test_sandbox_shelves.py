import time

import pytest

from tests.sandbox.seller import DE, GB

SKU = "MUG/1 ü"
SETS = "summaries,issues,fulfillmentAvailability"


def shown(seller):
    return seller.listing(SKU, includedData=SETS).json()


def search(seller, **query):
    path = f"/listings/2021-08-01/items/{seller.world.seller_id}"
    return seller.call("GET", path, params={"marketplaceIds": GB} | query).json()


def found(seller, **query):
    return [item["sku"] for item in search(seller, **query)["items"]]


@pytest.mark.parametrize("action", ["LISTING_SUPPRESSED", "CATALOG_ITEM_REMOVED"])
def test_a_listing_that_is_taken_down_cannot_be_bought(world, seller, action):
    """Its units stay, its status is not BUYABLE, and the issue says what Amazon did; all of it passes."""
    world.add_issue(SKU, GB, "ERROR", "18027", "Something is missing.", actions=(action,))
    item = shown(seller)
    assert item["summaries"][0]["status"] == ["DISCOVERABLE"]
    assert item["issues"][0]["enforcements"]["actions"] == [{"action": action}]
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 10}]
    world.clear_issues(SKU, GB)
    item = shown(seller)
    assert (item["summaries"][0]["status"], item["issues"]) == (["BUYABLE", "DISCOVERABLE"], [])


def test_a_suppressed_listing_stays_down_when_units_come(world, seller):
    """A quantity does not bring a suppressed listing back."""
    world.suppress(SKU, GB)
    world.set_quantity_elsewhere(SKU, GB, 50)
    assert shown(seller)["summaries"][0]["status"] == ["DISCOVERABLE"]


def test_what_is_hidden_from_search_can_still_be_bought(world, seller):
    """SEARCH_SUPPRESSED takes DISCOVERABLE away and nothing else."""
    world.add_issue(SKU, GB, "WARNING", "8541", "Review the title.", actions=("SEARCH_SUPPRESSED",))
    assert shown(seller)["summaries"][0]["status"] == ["BUYABLE"]


def test_listings_are_found_by_the_severity_of_their_issues(world, seller):
    """A search by severity shows those listings only, in their own marketplace."""
    for sku in ("E", "W", "I", "NONE"):
        world.add_listing(sku, GB, 1)
    world.add_listing("E", DE, 1)
    for sku, severity in (("E", "ERROR"), ("W", "WARNING"), ("I", "INFO")):
        world.add_issue(sku, GB, severity, "1", "Words.")
    assert found(seller, withIssueSeverity="ERROR") == ["E"]
    assert sorted(found(seller, withIssueSeverity="ERROR,WARNING")) == ["E", "W"]
    assert found(seller, withIssueSeverity="ERROR", marketplaceIds=DE) == []
    world.suppress("NONE", GB)
    assert found(seller, withoutStatus="BUYABLE") == ["NONE"]


def test_an_issue_is_in_amazons_words(world):
    """A severity or an action that Amazon does not document is refused."""
    with pytest.raises(ValueError, match="ERROR, WARNING, INFO"):
        world.add_issue(SKU, GB, "FATAL", "1", "Words.")
    with pytest.raises(ValueError, match="LISTING_SUPPRESSED"):
        world.add_issue(SKU, GB, "ERROR", "1", "Words.", actions=("DELETED",))


def test_a_change_moves_the_last_update(world, seller):
    """The summary says when somebody last changed the listing."""
    before = shown(seller)["summaries"][0]["lastUpdatedDate"]
    time.sleep(0.01)
    world.set_quantity_elsewhere(SKU, GB, 3)
    assert shown(seller)["summaries"][0]["lastUpdatedDate"] > before


def test_many_listings_are_searched_by_name_at_once(world, seller):
    """Twenty SKUs of thirty thousand are looked up, not looked for, also one that is named twice."""
    for number in range(30_000):
        world.add_listing(f"S{number}", DE, 1)
    names = [f"S{number * 1500}" for number in range(19)]
    query = {"marketplaceIds": DE, "identifiersType": "SKU", "pageSize": "20"}
    start = time.process_time()
    for _ in range(20):
        assert sorted(found(seller, identifiers=",".join([*names, "S0"]), **query)) == sorted(names)
    assert time.process_time() - start < 1.5
