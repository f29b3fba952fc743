"""Which parcels a person may send again: what waits or was refused, never what is proven or cannot be told."""

from itertools import product

import pytest

from domain.problems import ProblemKind
from domain.tracking.confirms import MOST_EDITS
from domain.tracking.parcels import NEXT_PARCEL_STATES, ParcelState
from domain.tracking.resends import ParcelStanding, rule_on_resend
from ledger.tracking.parcel_words import BLOCKS

P, K = ParcelState, ProblemKind
AGAIN = {P.MAPPED, P.ACCEPTED, P.REJECTED, P.UNPROVEN}


@pytest.mark.parametrize("state", P, ids=str)
def test_what_waits_or_failed_is_sent_again(state: ParcelState) -> None:
    """Mapped, accepted, refused and unproven parcels go again, along a step that the machine has; others do not."""
    rule = rule_on_resend(ParcelStanding(state=state))
    assert rule.again == (state in AGAIN)
    assert not rule.again or state is P.MAPPED or P.MAPPED in NEXT_PARCEL_STATES[state]


@pytest.mark.parametrize("state", sorted(AGAIN), ids=str)
def test_the_edits_of_a_package_are_limited(state: ParcelState) -> None:
    """A person, too, stops before Amazon's limit, and is told what to do instead."""
    assert rule_on_resend(ParcelStanding(state=state, edits=MOST_EDITS - 1)).again
    rule = rule_on_resend(ParcelStanding(state=state, edits=MOST_EDITS))
    assert (rule.again, "Seller Central" in rule.why) == (False, True)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (K.CARRIER_UNMAPPED, "run the form map-carrier"),
        (K.TRACKING_MISSING, "run the form correct-tracking"),
        (K.CONTENTS_UNKNOWN, "Ask the warehouse what is in the parcel"),
        (K.CONFIRMED_ELSEWHERE, "Find out who confirmed"),
    ],
    ids=str,
)
def test_a_blocked_parcel_says_what_frees_it(kind: ProblemKind, form: str) -> None:
    """What blocks a parcel is named with the form that fixes it, or with what to ask."""
    rule = rule_on_resend(ParcelStanding(state=P.BLOCKED, blocked_for=kind))
    assert (rule.again, form in rule.why) == (False, True)


def test_every_answer_is_plain() -> None:
    """No answer names a state of the machine, and each goes on after "Parcel P1 "."""
    for state, blocked, edits, canceled in product(P, ["", *BLOCKS], (0, MOST_EDITS), (False, True)):
        standing = ParcelStanding(state=state, blocked_for=blocked, edits=edits, order_canceled=canceled)
        why = rule_on_resend(standing).why
        assert why.split()[0].rstrip(",") in {"is", "was", "has", "waits", "belongs"}
        assert not why.endswith(".")
        assert "_" not in why
