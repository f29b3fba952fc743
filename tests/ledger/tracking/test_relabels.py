"""Parcels that change after they were told: edits of the same package, labels that come late, boxes taken back."""

from datetime import timedelta

import pytest

from domain.problems import ProblemKind
from domain.tracking.confirms import MOST_EDITS
from ledger.connection import Ledger
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, line, order_id, package, packed
from tests.ledger.walk import (
    PROVE_WITHIN,
    confirm,
    decide,
    kinds,
    look,
    order_row,
    parcel_row,
    problems,
    refuse,
    release,
    ship,
    states,
    take,
)


def _proven(ledger: Ledger) -> str:
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id))
    return claimed.claim.package_reference_id


def _relabel(ledger: Ledger, number: int, at: timedelta) -> None:
    ship(ledger, dispatch(tracking=f"TRACK{number}", shipped_at=NOW + at), now=NOW + at)


def test_a_relabeled_parcel_is_an_edit_and_is_proven_again(ledger: Ledger) -> None:
    """A new label of a proven parcel goes out under its reference; the old evidence does not prove it."""
    reference = _proven(ledger)
    _relabel(ledger, 2, 2 * HOUR)
    (again,) = confirm(ledger, now=NOW + 2 * HOUR)
    assert (again.claim.package_reference_id, again.claim.tracking) == (reference, "TRACK2")
    row = parcel_row(ledger)
    assert (row["edits"], row["first_accepted_at"], row["accepted_at"]) == (1, NOW, NOW + 2 * HOUR)
    assert look(ledger, package(reference), now=NOW + 2 * HOUR + MINUTE) == {}
    assert look(ledger, package(reference, tracking="TRACK2"), now=NOW + 3 * HOUR) == {"PROVEN": 1}
    assert order_row(ledger)["state"] == "CLOSED"


def test_amazons_old_picture_of_a_relabeled_parcel_blocks_nothing(ledger: Ledger) -> None:
    """The package that Amazon shows of the old label is ours: it neither proves the new one nor stops it."""
    reference = _proven(ledger)
    _relabel(ledger, 2, 2 * HOUR)
    assert look(ledger, package(reference), now=NOW + 2 * HOUR) == {}
    assert decide(ledger) == {"MAPPED": 1}
    assert look(ledger, package(reference), now=NOW + 2 * HOUR) == {}
    assert (len(take(ledger)), problems(ledger)) == (1, ())


def test_edits_are_capped(ledger: Ledger) -> None:
    """Amazon allows some number of edits of a package: the sixth of ours is a person's, and is not sent."""
    _proven(ledger)
    for number in range(2, MOST_EDITS + 2):
        _relabel(ledger, number, number * HOUR)
        assert len(confirm(ledger, now=NOW + number * HOUR)) == 1
    assert parcel_row(ledger)["edits"] == MOST_EDITS
    _relabel(ledger, 99, 99 * HOUR)
    assert confirm(ledger, now=NOW + 99 * HOUR) == ()
    (found,) = problems(ledger)
    assert (found.kind, found.subject, str(MOST_EDITS) in found.summary) == (
        ProblemKind.TRACKING_REFUSED,
        f"{order_id()} P1",
        True,
    )
    assert decide(ledger) == {"BLOCKED": 1}


def test_a_second_call_counts_as_an_edit(ledger: Ledger) -> None:
    """What is sent again because Amazon does not show it changes a package, too; at the cap it is a person's."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    confirm(ledger)
    look(ledger, now=NOW + PROVE_WITHIN)
    confirm(ledger, now=NOW + PROVE_WITHIN)
    assert parcel_row(ledger)["edits"] == 1
    for number in range(2, MOST_EDITS + 1):
        _relabel(ledger, number, number * HOUR)
        confirm(ledger, now=NOW + number * HOUR)
    at = NOW + MOST_EDITS * HOUR + PROVE_WITHIN
    assert look(ledger, now=at) == {"UNPROVEN": 1}
    assert kinds(ledger) == [ProblemKind.TRACKING_UNPROVEN]


def test_a_label_that_comes_after_its_parcel(ledger: Ledger) -> None:
    """A parcel without tracking waits with a problem; its label, even alone, brings it to Amazon."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(tracking=""))
    assert decide(ledger) == {"BLOCKED": 1}
    assert (kinds(ledger), parcel_row(ledger)["first_tracked_at"]) == ([ProblemKind.TRACKING_MISSING], None)
    ship(ledger, dispatch(lines=[]), now=NOW + 2 * HOUR)
    assert parcel_row(ledger)["first_tracked_at"] == NOW + 2 * HOUR
    (claimed,) = confirm(ledger, now=NOW + 2 * HOUR)
    assert (claimed.claim.tracking, claimed.claim.contents) == ("TRACK1", (("item-1", 1),))
    assert problems(ledger) == ()


@pytest.mark.parametrize("tracking", ["", " - "])
def test_a_message_without_a_label_takes_none_back(ledger: Ledger, tracking: str) -> None:
    """A later word on a parcel that has no tracking leaves the tracking that is known."""
    _proven(ledger)
    ship(ledger, dispatch(tracking=tracking, shipped_at=NOW + 2 * HOUR))
    assert (parcel_row(ledger)["tracking"], states(ledger, "parcels")) == ("TRACK1", ["PROVEN"])


def test_a_parcel_taken_back_after_amazon_was_told_is_shown(ledger: Ledger) -> None:
    """No call takes a package back at Amazon: a person corrects it there, and the order waits again."""
    _proven(ledger)
    assert ship(ledger, dispatch(voided=True)) == {"voided": 1}
    assert (states(ledger, "parcels"), order_row(ledger)["state"]) == (["VOIDED"], "RELEASED")
    (found,) = problems(ledger)
    assert (found.kind, "took back" in found.summary) == (ProblemKind.TRACKING_CONTRADICTED, True)


def test_a_relabel_ends_a_refusal(ledger: Ledger) -> None:
    """What Amazon refused and the warehouse corrects goes out anew, and its problem ends."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    refuse(ledger, code="InvalidPackageVersion")
    look(ledger)
    assert kinds(ledger) == [ProblemKind.TRACKING_REFUSED]
    _relabel(ledger, 2, 2 * HOUR)
    (claimed,) = confirm(ledger)
    assert (claimed.claim.tracking, problems(ledger)) == ("TRACK2", ())


def test_a_half_sent_order_is_told_in_shipped_units(ledger: Ledger) -> None:
    """Each parcel of a partial shipment says what it holds, never what was ordered."""
    release(ledger, amazon_order(lines=[line(quantity=5), line(item="item-2", sku="B", quantity=2)]))
    ship(ledger, dispatch(package_count=None, lines=[packed(quantity=2), packed(item="item-2", sku="B")]))
    (first,) = confirm(ledger)
    assert first.claim.contents == (("item-1", 2), ("item-2", 1))
    held = [("item-1", 2), ("item-2", 1)]
    look(ledger, package(first.claim.package_reference_id, contents=held))
    assert (states(ledger, "parcels"), states(ledger, "orders")) == (["PROVEN"], ["PART_DISPATCHED"])
    rest = [packed(quantity=3), packed(item="item-2", sku="B")]
    ship(ledger, dispatch(package_ref="P2", tracking="TRACK2", package_count=None, lines=rest))
    (second,) = confirm(ledger)
    assert second.claim.contents == (("item-1", 3), ("item-2", 1))
    assert order_row(ledger)["state"] == "DISPATCHED"
