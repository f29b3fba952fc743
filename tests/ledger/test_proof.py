"""Proof: a parcel is done when Amazon's own record shows it, and never before."""

from datetime import timedelta

import pytest

from domain.amazon import AmazonPackage
from domain.problems import ProblemKind
from ledger.confirms import record_refused
from ledger.connection import Ledger
from ledger.proof import unproven_orders
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, order_id, package
from tests.ledger.walk import (
    PROVE_WITHIN,
    confirm,
    decide,
    kinds,
    look,
    order_row,
    parcel_row,
    path,
    problems,
    release,
    ship,
    states,
    take,
)

IN_TIME = NOW + PROVE_WITHIN - timedelta(seconds=1)
TOO_LATE = NOW + PROVE_WITHIN


def _accepted(ledger: Ledger) -> str:
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (claimed,) = confirm(ledger)
    return claimed.claim.package_reference_id


def _unproven(ledger: Ledger) -> str:
    reference = _accepted(ledger)
    assert look(ledger, now=TOO_LATE) == {"AGAIN": 1}
    confirm(ledger, now=TOO_LATE)
    assert look(ledger, now=TOO_LATE + PROVE_WITHIN) == {"UNPROVEN": 1}
    return reference


@pytest.mark.parametrize("tracking", ["TRACK1", "track 1", "TR-ACK-1"])
def test_equal_evidence_proves(ledger: Ledger, tracking: str) -> None:
    """Same reference, tracking and quantities prove the parcel and close its order, at that moment."""
    reference = _accepted(ledger)
    assert look(ledger, package(reference, tracking=tracking), now=IN_TIME) == {"PROVEN": 1}
    assert (parcel_row(ledger)["proven_at"], order_row(ledger)["closed_at"]) == (IN_TIME, IN_TIME)
    assert look(ledger, now=TOO_LATE) == {}
    assert path(ledger, "parcel")[-1] == "PROVEN"


def test_absent_in_time_says_nothing(ledger: Ledger) -> None:
    """Amazon needs its time: a parcel that is not shown yet stays accepted."""
    _accepted(ledger)
    assert look(ledger, now=IN_TIME) == {}
    assert (states(ledger, "parcels"), problems(ledger)) == (["ACCEPTED"], ())


def test_absent_too_late_is_sent_again_once_and_then_shown(ledger: Ledger) -> None:
    """A parcel that is accepted and not shown goes out once more; after that a person looks."""
    reference = _accepted(ledger)
    assert look(ledger, now=TOO_LATE) == {"AGAIN": 1}
    (again,) = confirm(ledger, now=TOO_LATE)
    assert again.claim.package_reference_id == reference
    assert look(ledger, now=TOO_LATE + MINUTE) == {}
    assert look(ledger, now=TOO_LATE + PROVE_WITHIN) == {"UNPROVEN": 1}
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == (
        ProblemKind.TRACKING_UNPROVEN,
        "integration",
        f"{order_id()} P1",
    )
    assert take(ledger) == ()
    assert look(ledger, now=NOW + HOUR) == {}


@pytest.mark.parametrize(
    "other",
    [package("{}", tracking="TRACK9"), package("{}", contents=[("item-1", 2)]), package("{}", contents=[])],
    ids=["other tracking", "more units", "no units"],
)
def test_other_evidence_contradicts(ledger: Ledger, other: AmazonPackage) -> None:
    """A package under our reference with other data never proves; it ends as a problem that says so."""
    reference = _accepted(ledger)
    shown = package(reference, tracking=other.tracking, contents=other.contents)
    assert look(ledger, shown, now=IN_TIME) == {}
    assert look(ledger, shown, now=TOO_LATE) == {"AGAIN": 1}
    confirm(ledger, now=TOO_LATE)
    look(ledger, shown, now=TOO_LATE + PROVE_WITHIN)
    assert (states(ledger, "parcels"), kinds(ledger)) == (["UNPROVEN"], [ProblemKind.TRACKING_CONTRADICTED])


def test_somebody_elses_package_proves_nothing(ledger: Ledger) -> None:
    """A package with our tracking under another reference was confirmed by somebody else."""
    _accepted(ledger)
    assert look(ledger, package("999999"), now=IN_TIME) == {}


def test_late_evidence_still_proves_and_clears(ledger: Ledger) -> None:
    """Whatever we had given up is proven by what Amazon shows in the end, and its problem clears."""
    reference = _unproven(ledger)
    assert look(ledger, package(reference), now=NOW + HOUR) == {"PROVEN": 1}
    assert (states(ledger, "orders"), problems(ledger)) == (["CLOSED"], ())


def test_evidence_outweighs_a_refusal(ledger: Ledger) -> None:
    """A parcel that Amazon refused and shows nevertheless is proven."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (claimed,) = take(ledger)
    with ledger.begin() as conn:
        record_refused(conn, claimed.parcel_id, "PackageToUpdateNotFound", NOW)
    assert look(ledger, package(claimed.claim.package_reference_id)) == {"PROVEN": 1}
    assert problems(ledger) == ()


def test_evidence_before_a_second_call_saves_it(ledger: Ledger) -> None:
    """A parcel that waits to be sent again and is shown meanwhile is proven and not sent."""
    reference = _accepted(ledger)
    look(ledger, now=TOO_LATE)
    assert look(ledger, package(reference), now=TOO_LATE) == {"PROVEN": 1}
    assert take(ledger) == ()


def _to_read(ledger: Ledger, at: timedelta, limit: int = 10) -> list[str]:
    with ledger.begin() as conn:
        return list(unproven_orders(conn, "main", PROVE_WITHIN, limit, NOW + at))


def test_orders_are_read_back_when_half_their_time_is_over(ledger: Ledger) -> None:
    """An order is worth a call of its own after half of `prove_within`, and again after that time."""
    _accepted(ledger)
    assert _to_read(ledger, MINUTE) == []
    assert _to_read(ledger, 3 * MINUTE) == [order_id()]
    look(ledger, now=NOW + 3 * MINUTE)
    assert _to_read(ledger, 4 * MINUTE) == []
    assert _to_read(ledger, 6 * MINUTE) == [order_id()]


def test_the_most_urgent_orders_are_read_back_first(ledger: Ledger) -> None:
    """A limited look takes the orders that are due first."""
    release(ledger, *(amazon_order(number=n, confirm_by=NOW + (9 - n) * HOUR) for n in range(1, 6)))
    ship(ledger, *(dispatch(number=n, package_ref=f"P{n}") for n in range(1, 6)))
    confirm(ledger)
    assert _to_read(ledger, HOUR, limit=2) == [order_id(5), order_id(4)]


def test_a_parcel_given_up_is_still_looked_at(ledger: Ledger) -> None:
    """An unproven parcel is read back again and again, because late evidence counts."""
    _unproven(ledger)
    assert _to_read(ledger, 2 * HOUR) == [order_id()]
