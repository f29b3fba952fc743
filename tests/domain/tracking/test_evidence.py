"""Evidence: what Amazon shows of a parcel, and until when it should have shown it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.amazon import AmazonPackage
from domain.tracking.evidence import Evidence, Finding, ToldParcel, proof_due, weigh
from domain.tracking.parcels import normal_tracking
from tests.domain.examples import NOW, RULES, hours

E = Evidence
Contents = tuple[tuple[str, int], ...]
ORDERED = {"1": 2, "2": 1}
SIBLINGS = frozenset({"8"})


def _package(
    reference: str = "7",
    tracking: str = "JD0002",
    contents: Contents = (("1", 2),),
    carrier: str = "DPD",
    status: str = "SHIPPED",
) -> AmazonPackage:
    return AmazonPackage(
        reference_id=reference, tracking=tracking, carrier=carrier, status=status, contents=contents
    )


def _told(contents: Sequence[tuple[str, int]] = (("1", 2),), tracking: str = "JD0002") -> ToldParcel:
    return ToldParcel(reference_id="7", tracking=tracking, contents=contents, siblings=SIBLINGS)


OTHER = "B" * 8  # some other tracking number


@pytest.mark.parametrize(
    ("packages", "evidence", "reference"),
    [
        ([], E.ABSENT, ""),
        ([_package()], E.SEEN, "7"),
        ([_package(carrier="Something Else")], E.SEEN, "7"),
        ([_package(carrier="")], E.SEEN, "7"),
        ([_package(status="DELIVERED")], E.SEEN, "7"),
        ([_package(tracking="jd 00-02")], E.SEEN, "7"),
        ([_package("8", OTHER, (("2", 1),)), _package()], E.SEEN, "7"),
        ([_package(), _package("999", OTHER, (("2", 1),))], E.SEEN, "7"),
        # The same item in two rows of Amazon's answer counts twice.
        ([_package(contents=(("1", 1), ("1", 1)))], E.SEEN, "7"),
        ([_package(contents=(("1", 2), ("1", 2)))], E.CONTRADICTED, "7"),
        ([_package(tracking="JD0003")], E.CONTRADICTED, "7"),
        ([_package(tracking="")], E.CONTRADICTED, "7"),
        ([_package(tracking=" - ")], E.CONTRADICTED, "7"),
        ([_package(contents=(("1", 1),))], E.CONTRADICTED, "7"),
        ([_package(contents=(("1", 3),))], E.CONTRADICTED, "7"),
        ([_package(contents=(("2", 2),))], E.CONTRADICTED, "7"),
        ([_package(contents=())], E.CONTRADICTED, "7"),
        ([_package(contents=(("1", 2), ("2", 1)))], E.CONTRADICTED, "7"),
        # Ours with other data is not saved by another one with the right data.
        ([_package("999"), _package(tracking="JD0003")], E.CONTRADICTED, "7"),
        ([_package(tracking="JD0003"), _package("999")], E.CONTRADICTED, "7"),
        # Somebody else confirmed the same parcel.
        ([_package("999")], E.ADOPTED, "999"),
        ([_package("07")], E.ADOPTED, "07"),
        ([_package("A-1", tracking="jd-0002")], E.ADOPTED, "A-1"),
        ([_package("998", OTHER, (("2", 1),)), _package("999")], E.ADOPTED, "999"),
        ([_package("999", contents=(("1", 1), ("1", 1)))], E.ADOPTED, "999"),
        # Somebody else's packages hold our units, so that there is nothing left to confirm.
        ([_package("999", OTHER)], E.NOTHING_LEFT, ""),
        ([_package("999", OTHER, (("1", 1),))], E.NOTHING_LEFT, ""),
        ([_package("999", contents=(("1", 1),))], E.NOTHING_LEFT, ""),
        ([_package("999", contents=(("1", 2), ("2", 1)))], E.NOTHING_LEFT, ""),
        ([_package("999", tracking="")], E.NOTHING_LEFT, ""),
        ([_package("998", OTHER, (("1", 1),)), _package("999", "C" * 8, (("1", 1),))], E.NOTHING_LEFT, ""),
        # Other units of the order say nothing of ours.
        ([_package("999", OTHER, (("2", 1),))], E.ABSENT, ""),
        ([_package("999", OTHER, ())], E.ABSENT, ""),
        ([_package("999", OTHER, (("3", 9),))], E.ABSENT, ""),
        # A parcel of ours with the same tracking is its own, whatever it holds: two labels of one shipment.
        ([_package("8")], E.ABSENT, ""),
        ([_package("8", OTHER)], E.ABSENT, ""),
        ([_package("8"), _package("999", contents=(("1", 2),))], E.ADOPTED, "999"),
        ([_package("8", OTHER, (("1", 1),)), _package("999", OTHER, (("2", 1),))], E.NOTHING_LEFT, ""),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_amazons_packages_say(
    packages: list[AmazonPackage], evidence: Evidence, reference: str, backwards: bool
) -> None:
    """A parcel is proven by its reference, tracking and units alone; what else is there is told apart."""
    shown = list(reversed(packages)) if backwards else packages
    assert weigh(_told(), shown, ORDERED) == Finding(evidence=evidence, reference_id=reference)


def test_proof_does_not_mind_the_order_of_items() -> None:
    """The items of a package are a bag, not a list."""
    told = _told([("1", 2), ("2", 1)])
    assert weigh(told, [_package(contents=(("2", 1), ("1", 2)))], ORDERED).evidence is E.SEEN


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_a_partial_shipment_leaves_room_for_ours(left: int) -> None:
    """What somebody else confirmed counts against what was ordered, and only what is left can be ours."""
    ordered = {"1": 4 + left}
    others = [_package("998", OTHER, (("1", 3),)), _package("8", "C" * 8, (("1", 1),))]
    expected = E.ABSENT if left >= 2 else E.NOTHING_LEFT
    assert weigh(_told(), others, ordered).evidence is expected


@pytest.mark.parametrize("reference", ["7", "999"])
@pytest.mark.parametrize("tracking", ["JD0002", OTHER])
def test_an_empty_parcel_is_never_proven(reference: str, tracking: str) -> None:
    """A parcel whose contents nobody knows is not proven by a package that shows none."""
    shown = [_package(reference, tracking, ())]
    assert weigh(_told([]), shown, ORDERED).evidence not in (E.SEEN, E.ADOPTED)


contents = st.lists(st.tuples(st.sampled_from("12"), st.integers(1, 3)), max_size=3).map(tuple)
packages = st.lists(
    st.builds(
        _package,
        reference=st.sampled_from(["7", "8", "998", "999"]),
        tracking=st.sampled_from(["JD0002", "jd 0002", OTHER, ""]),
        contents=contents,
    ),
    max_size=4,
    unique_by=lambda one: one.reference_id,
)


@RULES
@given(shown=packages, data=st.data(), told=contents)
def test_proof_does_not_mind_the_order_of_packages(
    shown: list[AmazonPackage], data: st.DataObject, told: Contents
) -> None:
    """What the packages say of a parcel is the same in whatever order Amazon lists them."""
    again = data.draw(st.permutations(shown))
    here, there = (weigh(_told(told), seen, ORDERED).evidence for seen in (shown, again))
    assert here is there


@RULES
@given(shown=packages, told=contents)
def test_proof_is_never_contradicting_data(shown: list[AmazonPackage], told: Contents) -> None:
    """Whatever is taken as proof is a package with the parcel's tracking and units, never a sibling's."""
    finding = weigh(_told(told), shown, ORDERED)
    if finding.evidence in (E.SEEN, E.ADOPTED):
        (proof,) = [one for one in shown if one.reference_id == finding.reference_id]
        assert normal_tracking(proof.tracking) == "JD0002"
        assert (proof.reference_id == "7") is (finding.evidence is E.SEEN)
        assert proof.reference_id not in SIBLINGS
        assert sum(units for _, units in proof.contents) == sum(units for _, units in told) > 0


FOUR = timedelta(minutes=4)


@pytest.mark.parametrize(
    ("left", "patience"),
    [
        (None, FOUR),
        (hours(24), FOUR),
        (timedelta(minutes=12), FOUR),
        (timedelta(minutes=9), timedelta(minutes=3)),
        (timedelta(minutes=3), timedelta(minutes=1)),
        (timedelta(seconds=90), timedelta(seconds=30)),
        (timedelta(seconds=60), timedelta(seconds=30)),  # no read is quicker
        (timedelta(0), FOUR),
        (-hours(1), FOUR),
    ],
)
def test_each_step_gets_a_third_of_what_is_left(left: timedelta | None, patience: timedelta) -> None:
    """A parcel is waited for as long as the seller says, or a third of the time left when that is less."""
    assert proof_due(NOW, None if left is None else NOW + left, FOUR) == NOW + patience


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 - made UTC below
    lambda moment: moment.replace(tzinfo=NOW.tzinfo)
)
spans = st.timedeltas(timedelta(0), timedelta(hours=30))


@RULES
@given(accepted=moments, left=spans, within=st.timedeltas(timedelta(seconds=1), hours(2)))
def test_a_person_always_has_a_third(accepted: datetime, left: timedelta, within: timedelta) -> None:
    """Sent again and shown to a person, both end before the deadline, and a person has a third of the time."""
    assume(left > timedelta(minutes=5))
    confirm_by = accepted + left
    first = proof_due(accepted, confirm_by, within)
    second = proof_due(first, confirm_by, within)
    assert accepted < first <= accepted + within
    assert first < second <= confirm_by - left / 3


@RULES
@given(accepted=moments, left=st.timedeltas(-hours(30), hours(30)), within=spans)
def test_proof_is_never_due_before_it_can_be(accepted: datetime, left: timedelta, within: timedelta) -> None:
    """Nothing is due before Amazon took it, nor later than the seller's own patience."""
    assert accepted <= proof_due(accepted, accepted + left, within) <= accepted + within
