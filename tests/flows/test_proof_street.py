"""Proof over the real protocols: urgent looks, another writer, a suppressed listing, and the nightly sweep."""

import sqlalchemy as sa

from flows.inventory_sync import inventory_sync
from tests.flows.conftest import GB, Street
from tests.flows.runs import eventually
from tests.flows.test_everyday_reading import put_stock


def _in_effect(street: Street) -> None:
    """All quantities are published, in effect and read back."""
    street.work()

    def step() -> bool:
        inventory_sync()
        rows = street.rows("listings", marketplace_id=GB)
        return bool(rows) and all(row["effective"] == row["published"] == 100 for row in rows)

    assert eventually(step), street.rows("listings")


def _say(street: Street, statement: str) -> None:
    with street.ledger.begin() as conn:
        conn.execute(sa.text(statement))


def test_a_number_that_comes_back_is_corrected_and_explained(street: Street) -> None:
    """Each return is published over, and from the second on the problem stays and says what is known."""
    _in_effect(street)
    for _ in range(2):
        street.world.set_quantity_elsewhere("SKU-01", GB, 999)
        _say(street, "UPDATE ledger.listings SET seen_at = NULL WHERE state = 'EFFECTIVE'")
        inventory_sync()
        assert eventually(lambda: street.world.effective_quantity("SKU-01", GB) == 100)
        assert eventually(
            lambda: (
                inventory_sync(),
                {row["effective"] for row in street.rows("listings", marketplace_id=GB)} == {100},
            )[1]
        )
    [(kind, owner, subject)] = street.problems()
    assert (kind, owner, subject) == ("quantity_drifted", "integration", f"main SKU-01 in {GB}")
    (row,) = [row for row in street.rows("problems") if row["cleared_at"] is None]
    assert "It came back 2 times within a week" in row["summary"]
    assert "it is each time 999" in row["summary"]


def test_what_falls_to_zero_is_looked_at_alone(street: Street) -> None:
    """An urgent quantity is patched first and read back by a call of its own."""
    _in_effect(street)
    put_stock(street, [(f"SKU-{number:02}", 0 if number == 1 else 100) for number in range(10)])
    inventory_sync()
    assert eventually(lambda: street.world.effective_quantity("SKU-01", GB) == 0)
    assert eventually(lambda: (inventory_sync(), street.calls("getListingsItem"))[1] != [])
    paths = {call.path.rsplit("/", 1)[1] for call in street.calls("getListingsItem")}
    assert paths == {"SKU-01"}
    assert eventually(
        lambda: (
            inventory_sync(),
            {row["effective"] for row in street.rows("listings", seller_sku="SKU-01")} == {0},
        )[1]
    )


def test_a_suppressed_listing_is_told_and_cleared(street: Street) -> None:
    """Amazon takes a listing down and puts it back: the problem follows at the next look."""
    _in_effect(street)
    street.world.suppress("SKU-02", GB)
    _say(street, "UPDATE ledger.listings SET seen_at = NULL")
    inventory_sync()
    assert street.problems() == [("listing_suppressed", "ecommerce", f"main SKU-02 in {GB}")]
    street.world.clear_issues("SKU-02", GB)
    _say(street, "UPDATE ledger.listings SET seen_at = NULL")
    inventory_sync()
    assert street.problems() == []


def test_the_nightly_report_finds_what_nobody_asked_about(street: Street) -> None:
    """Another app's number and an offer nobody mapped come up: a look corrects the one, a table names the other."""
    _in_effect(street)
    _say(street, "UPDATE ledger.connections SET same_skus = false")  # the new offer is in no map
    street.world.set_quantity_elsewhere("SKU-03", GB, 999)
    street.world.add_listing("ODDITY", GB, 4)
    _say(street, "UPDATE ledger.listing_history SET at = at - interval '2 days'")
    _say(
        street,
        "UPDATE ledger.listings SET published_at = published_at - interval '1 hour',"
        " seen_at = seen_at - interval '1 minute'",
    )
    inventory_sync()
    assert len(street.calls("createReport")) == 2  # one per marketplace
    _say(street, "UPDATE ledger.asked_reports SET asked_at = asked_at - interval '3 minutes'")
    _say(street, "UPDATE ledger.listings SET seen_at = seen_at - interval '5 minutes'")

    def step() -> bool:
        inventory_sync()
        with street.ledger.begin() as conn:
            states = conn.scalars(sa.text("SELECT DISTINCT state FROM ledger.asked_reports")).all()
        return states == ["READ"]

    assert eventually(step)
    with street.ledger.begin() as conn:
        found = sa.text("SELECT counts FROM ledger.asked_reports WHERE marketplace_id = :market")
        counts = conn.execute(found, {"market": GB}).scalar_one()
    assert (counts["differing"], counts["to_look_at"], counts["unmapped_skus"]) == (1, 1, ["ODDITY"])
    _say(street, "UPDATE ledger.connections SET same_skus = true")
    inventory_sync()
    assert street.problems() == [("quantity_drifted", "integration", f"main SKU-03 in {GB}")]
    assert eventually(lambda: street.world.effective_quantity("SKU-03", GB) == 100)
