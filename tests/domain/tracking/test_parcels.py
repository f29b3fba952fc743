"""Parcels: when Amazon may be told of one, and which steps its states allow."""

from itertools import product
from typing import Any

import pytest

from domain.maps import AmazonCarrier
from domain.problems import ProblemKind
from domain.tracking.parcels import (
    NEXT_PARCEL_STATES,
    SETTLED_PARCELS,
    SHOWN_TO_AMAZON,
    ParcelDecision,
    ParcelFacts,
    ParcelState,
    decide_parcel,
    normal_tracking,
)

P, K = ParcelState, ProblemKind

DPD = AmazonCarrier(carrier_code="DPD")
BLOCKERS = (K.CONTENTS_UNKNOWN, K.CONFIRMED_ELSEWHERE, K.TRACKING_MISSING, K.CARRIER_UNMAPPED)


def _facts(tracking: str = "JD0002", programs: tuple[str, ...] = (), **changes: Any) -> ParcelFacts:
    return ParcelFacts(**({"tracking": tracking, "programs": programs, "contents_known": True} | changes))


@pytest.mark.parametrize("programs", [(), ("PRIME",), ("PREMIUM", "PRIME"), ("fbm_ship_plus",)])
@pytest.mark.parametrize(
    ("contents", "left", "tracking", "carrier"), list(product((False, True), repeat=4)), ids=str
)
def test_a_parcel_is_told_when_everything_is_known(
    contents: bool, left: bool, tracking: bool, carrier: bool, programs: tuple[str, ...]
) -> None:
    """Contents, units left at Amazon, tracking and carrier are needed; the first that lacks blocks."""
    facts = _facts("JD0002" if tracking else "", programs, contents_known=contents, nothing_left=not left)
    known = (contents, left, tracking, carrier)
    lacking = [kind for kind, there in zip(BLOCKERS, known, strict=True) if not there]
    blocked = ParcelDecision(state=P.BLOCKED, problem=lacking[0]) if lacking else None
    expected = blocked or ParcelDecision(state=P.MAPPED, carrier=DPD)
    assert decide_parcel(facts, DPD if carrier else None) == expected


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"programs": ("FBM_SHIP_PLUS",)}, "Ship+"),
        ({"programs": ("PRIME", "FBM_SHIP_PLUS")}, "Ship+"),
        ({"bought_label": True}, "bought through Amazon"),
        ({"order_canceled": True}, "canceled"),
        ({"joined": "P1"}, "confirmed with parcel P1"),
        ({"order_canceled": True, "programs": ("FBM_SHIP_PLUS",), "joined": "P1"}, "canceled"),
    ],
)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("carrier", [None, DPD])
@pytest.mark.parametrize("tracking", ["", "JD0002"])
@pytest.mark.parametrize("nothing_left", [False, True])
def test_some_parcels_are_never_told(
    changes: dict[str, Any],
    words: str,
    known: bool,
    carrier: AmazonCarrier | None,
    tracking: str,
    nothing_left: bool,
) -> None:
    """What Amazon confirms itself, a canceled order and a box of another's kit is not sent and blocks nothing."""
    facts = _facts(tracking, **({"contents_known": known, "nothing_left": nothing_left} | changes))
    decision = decide_parcel(facts, carrier)
    assert (decision.state, decision.carrier, decision.problem) == (P.NOT_REQUIRED, None, None)
    assert words in decision.reason


@pytest.mark.parametrize("tracking", ["", " ", "\t", "-", " - ", "...", "\u00a0"])
def test_signs_without_letters_are_no_tracking(tracking: str) -> None:
    """A tracking number of spaces and dashes is none."""
    assert decide_parcel(_facts(tracking), DPD).problem is K.TRACKING_MISSING


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


@pytest.mark.parametrize("state", sorted(set(ParcelState) - {P.PROVEN, P.NOT_REQUIRED, P.VOIDED}))
def test_every_open_parcel_can_be_proven(state: ParcelState) -> None:
    """Whatever Lockstep believes of an open parcel, what Amazon shows of it can end it."""
    assert P.PROVEN in NEXT_PARCEL_STATES[state]


def test_a_proven_parcel_is_not_sent_again_by_itself() -> None:
    """A proven parcel leaves that state by the warehouse's word or for a person, never for Amazon."""
    assert NEXT_PARCEL_STATES[P.PROVEN] == {P.RECORDED, P.VOIDED, P.UNPROVEN}


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
