"""Proof: a parcel is done when Amazon's own record shows it, and never before."""

from datetime import timedelta

import pytest

from domain.amazon import AmazonPackage, AmazonStatus
from domain.problems import ProblemKind
from domain.tracking.evidence import proof_due
from ledger.connection import Ledger
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, order_id, package
from tests.ledger.walk import (
    PROVE_WITHIN,
    confirm,
    ingest,
    kinds,
    look,
    order_row,
    parcel_row,
    path,
    problems,
    refuse,
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


def test_late_evidence_still_proves_and_clears(ledger: Ledger) -> None:
    """Whatever we had given up is proven by what Amazon shows in the end, and its problem clears."""
    reference = _unproven(ledger)
    assert look(ledger, package(reference), now=NOW + HOUR) == {"PROVEN": 1}
    assert (states(ledger, "orders"), problems(ledger)) == (["CLOSED"], ())


@pytest.mark.parametrize("code", ["PackageToUpdateNotFound", "InvalidInput", "InvalidPackageVersion", ""])
def test_evidence_outweighs_a_refusal(ledger: Ledger, code: str) -> None:
    """A parcel that Amazon refused and shows nevertheless is proven, whatever it said."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    reference = refuse(ledger, code=code)
    assert look(ledger, package(reference)) == {"PROVEN": 1}
    assert problems(ledger) == ()


@pytest.mark.parametrize("known", [package("{}"), package("{}", tracking="TRACK9"), None], ids=str)
def test_a_read_that_is_older_than_what_we_know_demotes_nothing(
    ledger: Ledger, known: AmazonPackage | None
) -> None:
    """A page that was made before the newest read neither gives up nor sends again, but its evidence counts."""
    reference = _accepted(ledger)
    packages = [package(reference, tracking=known.tracking)] if known else []
    ingest(ledger, amazon_order(updated_at=NOW + 2 * HOUR))
    found = look(ledger, *packages, updated_at=NOW + HOUR, now=TOO_LATE)
    assert found == ({"PROVEN": 1} if known and known.tracking == "TRACK1" else {})
    assert problems(ledger) == ()


GONE = [[package("{}", tracking="TRACK9")], [package("{}", contents=[("item-1", 2)])]]


@pytest.mark.parametrize("shown", GONE, ids=["other tracking", "more units"])
def test_a_proven_parcel_that_is_contradicted_later_is_a_persons(
    ledger: Ledger, shown: list[AmazonPackage]
) -> None:
    """When Amazon shows a proven parcel otherwise, a person is told, and nothing is sent by itself."""
    reference = _accepted(ledger)
    look(ledger, package(reference), now=IN_TIME)
    other = package(reference, tracking=shown[0].tracking, contents=shown[0].contents)
    assert look(ledger, other, now=NOW + HOUR) == {"UNPROVEN": 1}
    assert (states(ledger, "parcels"), states(ledger, "orders")) == (["UNPROVEN"], ["DISPATCHED"])
    assert kinds(ledger) == [ProblemKind.TRACKING_CONTRADICTED]
    assert confirm(ledger, now=NOW + 2 * HOUR) == ()
    assert look(ledger, package(reference), now=NOW + 3 * HOUR) == {"PROVEN": 1}
    assert (problems(ledger), states(ledger, "orders")) == ((), ["CLOSED"])


def test_an_old_page_does_not_take_proof_back(ledger: Ledger) -> None:
    """A stale read that shows a proven parcel otherwise changes nothing."""
    reference = _accepted(ledger)
    look(ledger, package(reference), now=IN_TIME)
    ingest(ledger, amazon_order(updated_at=NOW + HOUR))
    assert look(ledger, package(reference, tracking="TRACK9"), updated_at=NOW, now=NOW + HOUR) == {}
    assert (states(ledger, "parcels"), problems(ledger)) == (["PROVEN"], ())


def test_an_answer_without_any_package_takes_no_proof_back(ledger: Ledger) -> None:
    """Amazon may leave its packages out of an answer: a proven parcel stays proven without them."""
    reference = _accepted(ledger)
    look(ledger, package(reference), now=IN_TIME)
    assert look(ledger, now=NOW + HOUR) == {}
    assert states(ledger, "parcels") == ["PROVEN"]


def test_a_proven_parcel_that_vanished_is_a_persons(ledger: Ledger) -> None:
    """A parcel that Amazon showed, and shows no more beside others, is not sent again by itself."""
    reference = _accepted(ledger)
    look(ledger, package(reference), now=IN_TIME)
    others = package("900001", tracking="OTHER-ONE", contents=[("item-9", 1)])
    assert look(ledger, others, now=NOW + HOUR) == {"UNPROVEN": 1}
    assert (kinds(ledger), confirm(ledger, now=NOW + HOUR)) == ([ProblemKind.TRACKING_UNPROVEN], ())


@pytest.mark.parametrize("minutes", [6, 10, 20, 60, 600])
def test_both_steps_end_before_the_deadline(ledger: Ledger, minutes: int) -> None:
    """However near the deadline is, the second call and the person's turn come before it."""
    deadline = NOW + minutes * MINUTE
    release(ledger, amazon_order(confirm_by=deadline))
    ship(ledger, dispatch())
    confirm(ledger)
    at = proof_due(NOW, deadline, PROVE_WITHIN)
    assert look(ledger, now=at - timedelta(seconds=1)) == {}
    assert look(ledger, now=at) == {"AGAIN": 1}
    confirm(ledger, now=at)
    last = proof_due(at, deadline, PROVE_WITHIN)
    assert look(ledger, now=last) == {"UNPROVEN": 1}
    assert kinds(ledger) == [ProblemKind.TRACKING_UNPROVEN]
    assert last < deadline


@pytest.mark.parametrize("code", ["InvalidInput", "PackageToUpdateNotFound", "BrandNew"])
def test_a_refusal_without_evidence_is_tried_again_and_then_shown(ledger: Ledger, code: str) -> None:
    """An unexplained refusal is tried again after a wait, twice; the third is integration's, with the reason."""
    release(ledger, amazon_order(confirm_by=NOW + 24 * HOUR))
    ship(ledger, dispatch())
    at = NOW
    for _ in range(2):
        refuse(ledger, code=code, now=at)
        assert look(ledger, now=at) == {"AGAIN": 1}
        assert (take(ledger, now=at), problems(ledger)) == ((), ())
        at = parcel_row(ledger)["next_try_at"]
        assert NOW < at < NOW + 5 * MINUTE
    refuse(ledger, code=code, now=at)
    assert look(ledger, now=at) == {"REFUSED": 1}
    (found,) = problems(ledger)
    assert (found.kind, found.owner, code in found.summary) == (
        ProblemKind.TRACKING_REFUSED,
        "integration",
        True,
    )
    assert (take(ledger, now=at + 24 * HOUR), look(ledger, now=at + HOUR)) == ((), {})


@pytest.mark.parametrize("code", ["InvalidPackageVersion", "NonexistentOrderItem"])
def test_a_final_refusal_is_shown_at_once(ledger: Ledger, code: str) -> None:
    """What cannot come right by trying is a person's at the first refusal, when Amazon shows nothing."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    refuse(ledger, code=code)
    assert look(ledger) == {"REFUSED": 1}
    assert (kinds(ledger), take(ledger)) == ([ProblemKind.TRACKING_REFUSED], ())


def test_a_refusal_in_the_last_hour_is_shown_at_once(ledger: Ledger) -> None:
    """With little time left a person knows of the first refusal."""
    release(ledger, amazon_order(confirm_by=NOW + HOUR / 2))
    ship(ledger, dispatch())
    refuse(ledger)
    assert look(ledger) == {"REFUSED": 1}


def test_a_refused_parcel_of_a_canceled_order_is_nobodys_problem(ledger: Ledger) -> None:
    """A refusal because Amazon canceled the order in between ends the parcel, by the status read back."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    refuse(ledger, code="NonexistentOrderItem")
    assert look(ledger, status=AmazonStatus.CANCELED) == {"NOT_REQUIRED": 1}
    assert problems(ledger) == ()


def test_evidence_before_a_second_call_saves_it(ledger: Ledger) -> None:
    """A parcel that waits to be sent again and is shown meanwhile is proven and not sent."""
    reference = _accepted(ledger)
    look(ledger, now=TOO_LATE)
    assert look(ledger, package(reference), now=TOO_LATE) == {"PROVEN": 1}
    assert take(ledger) == ()
