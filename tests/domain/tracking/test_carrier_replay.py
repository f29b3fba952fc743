"""Replaying parcels through another carrier map: an estimate that adds up and touches nothing."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.maps import AmazonCarrier, CarrierMap
from domain.tracking.carrier_replay import KnownParcel, merged, replay

GB, US = "A1F83G8C2ARO7P", "ATVPDKIKX0DER"
RM = KnownParcel(
    connection="main", marketplace_id=GB, warehouse_carrier="RM", warehouse_service="TPN", tracking="GOOD"
)
ODD = replace(RM, tracking="ODD")


def doubt(tracking: str, carrier_code: str) -> str:
    return "does not fit" if tracking == "ODD" and carrier_code == "Royal Mail" else ""


def carriers(*rows: tuple[str, str, str], marketplace: str = GB) -> dict[str, CarrierMap]:
    told = [
        (marketplace, carrier, service, AmazonCarrier(carrier_code=code)) for carrier, service, code in rows
    ]
    return {"main": merged(CarrierMap(), told)}


def test_a_map_that_knows_the_carrier_unblocks_its_parcels() -> None:
    """Blocked parcels count as not valid; with the row they are sent, and valid when the number fits."""
    found = replay([RM, RM, ODD], carriers(), carriers(("rm", "", "Royal Mail")), doubt)
    assert (found.before.blocked, found.before.valid, found.before.rate) == (3, 0, 0.0)
    assert (found.after.blocked, found.after.valid) == (0, 2)
    assert (found.newly_unblocked, found.newly_blocked, found.recoded) == (3, 0, 0)
    (change,) = found.changes
    assert (change.code_before, change.code_after, change.parcels) == ("", "Royal Mail", 3)
    assert (change.valid_before, change.valid_after) == (0, 2)


def test_other_and_codes_that_are_not_approved_do_not_count() -> None:
    """Other is counted by itself and is not valid, nor is a code that the marketplace does not list."""
    found = replay([RM], carriers(("RM", "", "Royal Mail")), carriers(("RM", "", "Other")), doubt)
    assert (found.before.valid, found.after.valid, found.after.other) == (1, 0, 1)
    assert found.recoded == 1
    there = replace(RM, marketplace_id=US)
    unlisted = carriers(("RM", "", "DPD"), marketplace=US)
    assert replay([there], unlisted, unlisted, doubt).after.valid == 0


def test_what_amazon_shows_moving_is_valid_under_the_code_it_moves_under() -> None:
    """Movement outweighs a doubt about the format, and says nothing about another code."""
    moving = replace(ODD, told_code="Royal Mail", shown_status="IN_TRANSIT")
    found = replay([moving], carriers(("RM", "", "Royal Mail")), carriers(("RM", "", "Other")), doubt)
    assert (found.before.valid, found.after.valid) == (1, 0)
    only_confirmed = replace(moving, shown_status="SHIPPED")
    known = carriers(("RM", "", "Royal Mail"))
    assert replay([only_confirmed], known, known, doubt).before.valid == 0


def test_a_parcel_without_a_tracking_number_is_never_valid() -> None:
    """Nothing can be scanned that has no number; without any parcel there is no rate."""
    known = carriers(("RM", "", "Royal Mail"))
    assert replay([replace(RM, tracking="")], known, known, doubt).before.valid == 0
    assert replay([], known, known, doubt).before.rate is None


_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["RM", "DPD", "x"]),
        st.sampled_from(["", "TPN"]),
        st.sampled_from(["Royal Mail", "DPD", "Other", "Nowhere"]),
    ),
    max_size=5,
)
_PARCELS = st.lists(
    st.builds(
        KnownParcel,
        connection=st.just("main"),
        marketplace_id=st.sampled_from([GB, US]),
        warehouse_carrier=st.sampled_from(["RM", "rm ", "DPD", ""]),
        warehouse_service=st.sampled_from(["", "TPN", "24"]),
        tracking=st.sampled_from(["GOOD", "ODD", ""]),
        told_code=st.sampled_from(["", "Royal Mail", "Other"]),
        shown_status=st.sampled_from(["", "SHIPPED", "DELIVERED"]),
    ),
    max_size=12,
)


@given(parcels=_PARCELS, rows=_ROWS)
def test_the_same_map_changes_nothing(parcels: list[KnownParcel], rows: list[tuple[str, str, str]]) -> None:
    """A map that is replayed against itself gives the same outcome twice and no change."""
    found = replay(parcels, carriers(*rows), carriers(*rows), doubt)
    assert found.before == found.after
    assert found.changes == ()
    assert (found.newly_blocked, found.newly_unblocked, found.recoded) == (0, 0, 0)


@given(parcels=_PARCELS, one=_ROWS, other=_ROWS)
def test_the_changes_add_up_to_the_difference(
    parcels: list[KnownParcel], one: list[tuple[str, str, str]], other: list[tuple[str, str, str]]
) -> None:
    """Blocked and valid parcels differ by exactly what the changes say, and no count exceeds the parcels."""
    found = replay(parcels, carriers(*one), carriers(*other), doubt)
    assert found.before.parcels == found.after.parcels == len(parcels)
    assert found.after.blocked - found.before.blocked == found.newly_blocked - found.newly_unblocked
    gained = sum(change.valid_after - change.valid_before for change in found.changes)
    assert found.after.valid - found.before.valid == gained
    assert found.after.valid + found.after.blocked <= found.after.parcels
