"""The same tracking number on two orders: no mistake at one door, a person's at two."""

from dataclasses import replace

import pytest

from domain.problems import ProblemKind
from domain.recipient import Recipient
from ledger.connection import Ledger
from ledger.tracking.parcel_problems import record_reused
from tests.factories import DAY, HOUR, NOW, SOMEBODY, amazon_order, dispatch, order_id
from tests.ledger.walk import confirm, decide, kinds, problems, release, ship, take

SAME_DOOR = replace(SOMEBODY, name="Perpetua Quennell", phone="+44 7700 900999", address_line_2="Flat 2")
OTHER_DOOR = replace(SOMEBODY, address_line_1="14 Larkspur Mews")


def _shipped(ledger: Ledger, other: Recipient | None, tracking: str = "TRACK 1") -> int:
    """Two orders, the second to somebody else, whose parcels carry one number, printed in two ways."""
    release(
        ledger, amazon_order(confirm_by=NOW + DAY), amazon_order(number=2, to=other, confirm_by=NOW + HOUR)
    )
    ship(ledger, dispatch(), dispatch(number=2, package_ref="P2", tracking=tracking))
    decide(ledger)
    return _reused(ledger)


def _reused(ledger: Ledger) -> int:
    with ledger.begin() as conn:
        return record_reused(conn, "main", ledger.seal, NOW)


def test_one_number_to_one_door_is_no_mistake(ledger: Ledger) -> None:
    """Orders to the same street, postcode and country may share a box, whoever ordered."""
    assert _shipped(ledger, SAME_DOOR) == 0
    assert (problems(ledger), len(take(ledger))) == ((), 2)


@pytest.mark.parametrize("tracking", ["TRACK1", "TRACK 1", "track-1"])
def test_one_number_to_two_doors_is_shown_once(ledger: Ledger, tracking: str) -> None:
    """Two doors cannot get one parcel: one problem names both orders and the earlier deadline, and no person."""
    assert _shipped(ledger, OTHER_DOOR, tracking) == 1
    assert _reused(ledger) == 0
    (found,) = problems(ledger)
    assert (found.kind, found.subject, found.act_by) == (
        ProblemKind.TRACKING_REUSED,
        "TRACK1",
        NOW + HOUR,
    )
    assert order_id(1) in found.summary
    assert order_id(2) in found.summary
    assert not any(word in repr(found) for word in ("Quennell", "Larkspur", "HG1"))


def test_a_reused_number_is_sent_all_the_same(ledger: Ledger) -> None:
    """It is a doubt, not a reason to miss a deadline."""
    _shipped(ledger, OTHER_DOOR)
    assert len(take(ledger)) == 2


@pytest.mark.parametrize("end", ["relabeled", "voided"])
def test_it_ends_when_one_of_them_changes(ledger: Ledger, end: str) -> None:
    """A new label for one of the two, or its end, clears the problem."""
    _shipped(ledger, OTHER_DOOR)
    confirm(ledger)
    changed = {"relabeled": {"tracking": "TRACK2"}, "voided": {"tracking": "TRACK 1", "voided": True}}[end]
    ship(ledger, dispatch(**{"number": 2, "package_ref": "P2", "shipped_at": NOW + 2 * HOUR} | changed))
    _reused(ledger)
    assert ProblemKind.TRACKING_REUSED not in kinds(ledger)


def test_it_stays_while_both_carry_it(ledger: Ledger) -> None:
    """Being sent and accepted does not make a doubtful number right."""
    _shipped(ledger, OTHER_DOOR)
    confirm(ledger)
    _reused(ledger)
    assert kinds(ledger) == [ProblemKind.TRACKING_REUSED]


def test_two_boxes_of_one_order_may_share_a_number(ledger: Ledger) -> None:
    """A shipment of several boxes under one number is the carrier's custom."""
    release(ledger, amazon_order())
    ship(ledger, *(dispatch(package_ref=ref, package_count=2, lines=[]) for ref in ("P1", "P2")))
    decide(ledger)
    assert _reused(ledger) == 0


def test_parcels_without_a_number_share_none(ledger: Ledger) -> None:
    """Parcels whose label is missing are not two parcels of one number."""
    release(ledger, amazon_order(), amazon_order(number=2, to=OTHER_DOOR))
    ship(ledger, dispatch(tracking=""), dispatch(number=2, package_ref="P2", tracking=" - "))
    decide(ledger)
    assert _reused(ledger) == 0
