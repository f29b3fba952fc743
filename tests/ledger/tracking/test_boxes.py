"""The boxes of one order: shared out together, decided again when one of them changes what the others hold."""

import pytest

from domain.problems import ProblemKind
from domain.warehouse import DispatchLine
from ledger.connection import Ledger
from tests.factories import HOUR, NOW, amazon_order, dispatch, line, package, packed
from tests.ledger.walk import (
    confirm,
    decide,
    kinds,
    look,
    order_row,
    parcel_row,
    problems,
    release,
    ship,
    states,
    take,
)

TWO_B, ONE_C = packed(sku="B", quantity=2), packed(sku="C")


def _kit(ledger: Ledger, units: int = 1) -> None:
    release(ledger, amazon_order(lines=[line(sku="KIT", quantity=units)]))


def _box(ledger: Ledger, ref: str, *lines: DispatchLine, count: int | None = 2) -> None:
    ship(ledger, dispatch(package_ref=ref, tracking=f"TRACK-{ref}", package_count=count, lines=lines))


def test_a_kit_in_two_boxes_is_confirmed_once(ledger: Ledger) -> None:
    """The first box waits for the second and is then confirmed with the whole kit; proof closes the order."""
    _kit(ledger)
    _box(ledger, "P1", TWO_B)
    assert decide(ledger) == {"BLOCKED": 1}
    assert kinds(ledger) == [ProblemKind.CONTENTS_UNKNOWN]
    _box(ledger, "P2", ONE_C)
    (claimed,) = confirm(ledger)
    assert (claimed.claim.tracking, claimed.claim.contents) == ("TRACK-P1", (("item-1", 1),))
    assert (states(ledger, "parcels"), problems(ledger)) == (["ACCEPTED", "NOT_REQUIRED"], ())
    assert (parcel_row(ledger, "P2")["joined"], parcel_row(ledger, "P2")["awaits_amazon"]) == ("P1", False)
    look(ledger, package(claimed.claim.package_reference_id, tracking="TRACK-P1"))
    assert order_row(ledger)["state"] == "CLOSED"


def test_another_box_speaks_when_the_first_is_taken_back(ledger: Ledger) -> None:
    """A box that spoke for another and is voided leaves the other to a person, until the rest comes again."""
    _kit(ledger)
    _box(ledger, "P1", TWO_B)
    _box(ledger, "P2", ONE_C)
    decide(ledger)
    ship(ledger, dispatch(tracking="TRACK-P1", voided=True))
    assert decide(ledger) == {"BLOCKED": 1}
    _box(ledger, "P3", TWO_B)
    (claimed,) = confirm(ledger)
    assert (claimed.claim.tracking, problems(ledger)) == ("TRACK-P2", ())


def test_what_was_told_stays_when_a_late_box_comes(ledger: Ledger) -> None:
    """A box that comes after its order was confirmed changes nothing of what Amazon was told."""
    release(ledger, amazon_order(lines=[line(quantity=2)]))
    _box(ledger, "P1", packed(quantity=2))
    (claimed,) = confirm(ledger)
    _box(ledger, "P2", packed(quantity=2))
    assert decide(ledger) == {"BLOCKED": 1}
    assert (kinds(ledger), take(ledger)) == ([ProblemKind.CONTENTS_UNKNOWN], ())
    look(
        ledger,
        package(claimed.claim.package_reference_id, tracking="TRACK-P1", contents=claimed.claim.contents),
    )
    assert states(ledger, "parcels") == ["PROVEN", "BLOCKED"]


def test_two_boxes_that_claim_everything(ledger: Ledger) -> None:
    """When each box claims the whole order, the first goes out and a person asks about the second."""
    release(ledger, amazon_order(lines=[line(quantity=3)]))
    for ref in ("P1", "P2"):
        _box(ledger, ref, packed(quantity=3))
    (claimed,) = confirm(ledger)
    assert (claimed.claim.tracking, claimed.claim.contents) == ("TRACK-P1", (("item-1", 3),))
    (found,) = problems(ledger)
    assert (found.kind, "together with parcel P1" in found.summary) == (ProblemKind.CONTENTS_UNKNOWN, True)


def test_a_correction_frees_the_other_box(ledger: Ledger) -> None:
    """What one box gives up in a corrected message another one has, and both go out."""
    release(ledger, amazon_order(lines=[line(quantity=3)]))
    for ref in ("P1", "P2"):
        _box(ledger, ref, packed(quantity=2))
    assert decide(ledger) == {"MAPPED": 1, "BLOCKED": 1}
    ship(
        ledger,
        dispatch(tracking="TRACK-P1", package_count=2, shipped_at=NOW + 2 * HOUR, lines=[packed()]),
    )
    found = {claimed.claim.tracking: claimed.claim.contents for claimed in confirm(ledger)}
    assert found == {"TRACK-P1": (("item-1", 1),), "TRACK-P2": (("item-1", 2),)}
    assert problems(ledger) == ()


@pytest.mark.parametrize("count", [2, None])
def test_a_box_nothing_is_told_of_holds_the_rest(ledger: Ledger, count: int | None) -> None:
    """When all boxes are there and one is untold, it holds what the others leave; otherwise nobody guesses."""
    release(ledger, amazon_order(lines=[line(quantity=3)]))
    _box(ledger, "P1", packed(), count=count)
    _box(ledger, "P2", count=count)
    found = {claimed.claim.tracking: claimed.claim.contents for claimed in confirm(ledger)}
    rest = {"TRACK-P2": (("item-1", 2),)} if count else {}
    assert found == {"TRACK-P1": (("item-1", 1),)} | rest
    assert kinds(ledger) == ([] if count else [ProblemKind.CONTENTS_UNKNOWN])


def test_contents_that_are_told_later_free_the_box(ledger: Ledger) -> None:
    """A box whose contents come with a later message of the same parcel goes out then."""
    release(ledger, amazon_order(lines=[line(quantity=3)]))
    _box(ledger, "P1")
    assert decide(ledger) == {"BLOCKED": 1}
    _box(ledger, "P1", packed(quantity=2))
    (claimed,) = confirm(ledger)
    assert (claimed.claim.contents, problems(ledger)) == ((("item-1", 2),), ())
