"""Parcels: what is in one, when Amazon may be told, and what counts as proof."""

from itertools import product

import pytest

from domain.amazon import AmazonPackage
from domain.maps import AmazonCarrier
from domain.parcels import (
    NEXT_PARCEL_STATES,
    SETTLED_PARCELS,
    SHOWN_TO_AMAZON,
    ParcelDecision,
    ParcelState,
    Proof,
    decide_parcel,
    normal_tracking,
    proof_of,
)
from domain.problems import ProblemKind

P, K = ParcelState, ProblemKind
Contents = tuple[tuple[str, int], ...]

DPD = AmazonCarrier(carrier_code="DPD")
BLOCKERS = (K.CONTENTS_UNKNOWN, K.TRACKING_MISSING, K.CARRIER_UNMAPPED)


@pytest.mark.parametrize("programs", [(), ("PRIME",), ("PREMIUM", "PRIME"), ("fbm_ship_plus",)])
@pytest.mark.parametrize(("contents", "tracking", "carrier"), list(product((False, True), repeat=3)), ids=str)
def test_a_parcel_is_told_when_everything_is_known(
    contents: bool, tracking: bool, carrier: bool, programs: tuple[str, ...]
) -> None:
    """Contents, tracking and carrier are needed; the first that lacks is the problem that blocks."""
    decision = decide_parcel(
        tracking="JD0002" if tracking else "",
        carrier=DPD if carrier else None,
        programs=programs,
        contents_known=contents,
    )
    known = (contents, tracking, carrier)
    lacking = [kind for kind, there in zip(BLOCKERS, known, strict=True) if not there]
    blocked = ParcelDecision(state=P.BLOCKED, problem=lacking[0]) if lacking else None
    assert decision == (blocked or ParcelDecision(state=P.MAPPED, carrier=DPD))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("carrier", [None, DPD])
@pytest.mark.parametrize("tracking", ["", "JD0002"])
@pytest.mark.parametrize("programs", [("FBM_SHIP_PLUS",), ("PRIME", "FBM_SHIP_PLUS")])
def test_ship_plus_is_never_told(
    known: bool, carrier: AmazonCarrier | None, tracking: str, programs: tuple[str, ...]
) -> None:
    """Amazon confirms Ship+ orders itself: nothing is sent and nothing about them blocks."""
    decision = decide_parcel(tracking=tracking, carrier=carrier, programs=programs, contents_known=known)
    assert decision == ParcelDecision(state=P.NOT_REQUIRED)


@pytest.mark.parametrize("tracking", ["", " ", "\t", "-", " - ", "...", "\u00a0"])
def test_signs_without_letters_are_no_tracking(tracking: str) -> None:
    """A tracking number of spaces and dashes is none."""
    decision = decide_parcel(tracking=tracking, carrier=DPD, programs=(), contents_known=True)
    assert decision.problem is K.TRACKING_MISSING


@pytest.mark.parametrize(
    ("tracking", "normal"),
    [
        ("", ""),
        ("JD0002", "JD0002"),
        ("jd0002", "JD0002"),
        (" JD 00 02 ", "JD0002"),
        ("JD-00.02", "JD0002"),
        ("1Z 999-AA1", "1Z999AA1"),
        ("0001", "0001"),
        ("1", "1"),
    ],
)
def test_tracking_numbers_are_compared_bare(tracking: str, normal: str) -> None:
    """Spaces, dashes and case are print; letters, digits and leading zeros are the number."""
    assert normal_tracking(tracking) == normal
    assert normal_tracking(normal_tracking(tracking)) == normal


def _package(
    reference: str = "7", tracking: str = "JD0002", contents: Contents = (("1", 2),), carrier: str = "DPD"
) -> AmazonPackage:
    return AmazonPackage(
        reference_id=reference, tracking=tracking, carrier=carrier, status="SHIPPED", contents=contents
    )


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        ([], Proof.ABSENT),
        ([_package()], Proof.SEEN),
        ([_package(carrier="Something Else")], Proof.SEEN),
        ([_package(carrier="")], Proof.SEEN),
        ([_package(tracking="jd 00-02")], Proof.SEEN),
        ([_package("8")], Proof.ABSENT),
        ([_package("07")], Proof.ABSENT),
        ([_package("")], Proof.ABSENT),
        ([_package("8"), _package()], Proof.SEEN),
        ([_package(), _package("8")], Proof.SEEN),
        ([_package(tracking="JD0003")], Proof.CONTRADICTED),
        ([_package(tracking="")], Proof.CONTRADICTED),
        ([_package(contents=(("1", 1),))], Proof.CONTRADICTED),
        ([_package(contents=(("1", 3),))], Proof.CONTRADICTED),
        ([_package(contents=(("2", 2),))], Proof.CONTRADICTED),
        ([_package(contents=())], Proof.CONTRADICTED),
        ([_package(contents=(("1", 2), ("2", 1)))], Proof.CONTRADICTED),
        # The same item in two rows of Amazon's answer counts twice.
        ([_package(contents=(("1", 1), ("1", 1)))], Proof.SEEN),
        ([_package(contents=(("1", 2), ("1", 2)))], Proof.CONTRADICTED),
        # Another package with the right data is not ours; ours with other data is not proof.
        ([_package("8"), _package(tracking="JD0003")], Proof.CONTRADICTED),
    ],
)
def test_proof_is_the_same_reference_tracking_and_units(
    packages: list[AmazonPackage], expected: Proof
) -> None:
    """A parcel is proven by Amazon's own package of its reference, with its tracking and its units alone."""
    assert proof_of("7", "JD0002", [("1", 2)], packages) is expected


def test_proof_does_not_mind_the_order_of_items() -> None:
    """The items of a package are a bag, not a list."""
    shown = _package(contents=(("2", 1), ("1", 2)))
    assert proof_of("7", "JD0002", [("1", 2), ("2", 1)], [shown]) is Proof.SEEN


def test_next_parcel_states_are_total() -> None:
    """Every state says where it leads, and only to states of the machine other than itself."""
    assert set(NEXT_PARCEL_STATES) == set(ParcelState)
    assert all(
        state not in after and after <= set(ParcelState) for state, after in NEXT_PARCEL_STATES.items()
    )


def test_every_parcel_state_can_be_reached() -> None:
    """From a recorded parcel the steps lead to every state, and a re-label leads back from every one."""
    reached = {P.RECORDED}
    for _ in ParcelState:
        reached |= {after for state in reached for after in NEXT_PARCEL_STATES[state]}
    assert reached == set(ParcelState)
    assert all(P.RECORDED in NEXT_PARCEL_STATES[state] for state in ParcelState if state is not P.RECORDED)


@pytest.mark.parametrize("state", [P.RECORDED, P.BLOCKED, P.NOT_REQUIRED, P.VOIDED])
def test_accepted_comes_after_sending_alone(state: ParcelState) -> None:
    """Nothing is accepted that was not sent, and only a mapped parcel is sent."""
    assert not NEXT_PARCEL_STATES[state] & {P.SENDING, P.ACCEPTED, P.REJECTED, P.UNPROVEN}
    assert [start for start in ParcelState if P.ACCEPTED in NEXT_PARCEL_STATES[start]] == [P.SENDING]
    assert [start for start in ParcelState if P.SENDING in NEXT_PARCEL_STATES[start]] == [P.MAPPED]


def test_accepted_is_not_settled() -> None:
    """A parcel is done when it is proven, not needed or voided; Amazon's 204 settles nothing."""
    assert {P.PROVEN, P.NOT_REQUIRED, P.VOIDED} == SETTLED_PARCELS
    assert P.ACCEPTED in SHOWN_TO_AMAZON
    assert not SHOWN_TO_AMAZON & {P.RECORDED, P.BLOCKED, P.MAPPED, P.NOT_REQUIRED}


@pytest.mark.parametrize(
    "decision", [P.MAPPED, P.BLOCKED, P.NOT_REQUIRED], ids=lambda state: state.name.lower()
)
def test_every_parcel_decision_is_an_allowed_step(decision: ParcelState) -> None:
    """A recorded parcel may step to whatever is decided, and a blocked one to whatever unblocks it."""
    assert decision in NEXT_PARCEL_STATES[P.RECORDED]
    assert decision is P.BLOCKED or decision in NEXT_PARCEL_STATES[P.BLOCKED]
