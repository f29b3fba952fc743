"""Orders that somebody else confirmed: adopted when it is our parcel, shown to a person when it is not."""

import pytest
import sqlalchemy as sa

from domain.problems import ProblemKind
from ledger.connection import Ledger
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, line, package, packed
from tests.ledger.walk import (
    confirm,
    decide,
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

FOREIGN = package("900001", tracking="track-1")
NOT_OURS = package("900001", tracking="OTHER-ONE")


def _recorded(ledger: Ledger, *, carrier: str = "Royal Mail", units: int = 1) -> None:
    release(ledger, amazon_order(lines=[line(quantity=units)]))
    ship(ledger, dispatch(carrier=carrier))


def test_the_same_parcel_is_adopted_before_it_is_sent(ledger: Ledger) -> None:
    """A parcel that somebody confirmed after we mapped it is proven, not sent."""
    _recorded(ledger)
    decide(ledger)
    assert look(ledger, FOREIGN, now=NOW + MINUTE) == {"ADOPTED": 1}
    row = parcel_row(ledger)
    assert (row["state"], row["shown_as"], row["first_accepted_at"]) == ("PROVEN", "900001", NOW + MINUTE)
    assert (take(ledger), states(ledger, "orders"), problems(ledger)) == ((), ["CLOSED"], ())


def test_the_same_parcel_is_adopted_when_the_warehouse_is_slower(ledger: Ledger) -> None:
    """What Amazon showed before the warehouse told of its parcel is remembered and adopted at once."""
    release(ledger, amazon_order())
    assert look(ledger, FOREIGN) == {}
    ship(ledger, dispatch())
    assert decide(ledger, now=NOW + HOUR) == {"PROVEN": 1}
    assert (parcel_row(ledger)["shown_as"], take(ledger), states(ledger, "orders")) == (
        "900001",
        (),
        ["CLOSED"],
    )


def test_an_unmapped_carrier_does_not_hide_it(ledger: Ledger) -> None:
    """A parcel that waits for its carrier and is shown by Amazon is proven, and nobody waits any more."""
    _recorded(ledger, carrier="Pigeon")
    decide(ledger)
    assert kinds(ledger) == [ProblemKind.CARRIER_UNMAPPED]
    assert look(ledger, FOREIGN) == {"ADOPTED": 1}
    decide(ledger)
    assert (problems(ledger), states(ledger, "orders")) == ((), ["CLOSED"])


def test_an_adopted_parcel_that_stays_is_left_alone(ledger: Ledger) -> None:
    """Reading the adopted package again changes nothing."""
    _recorded(ledger)
    decide(ledger)
    look(ledger, FOREIGN)
    before = parcel_row(ledger)
    assert look(ledger, FOREIGN) == {}
    assert parcel_row(ledger) == before


@pytest.mark.parametrize(
    "other",
    [NOT_OURS, package("900001", contents=[("item-1", 2)]), package("900001", tracking="")],
    ids=["other tracking", "more units", "no tracking"],
)
def test_units_confirmed_otherwise_are_a_problem(ledger: Ledger, other) -> None:
    """A parcel whose units somebody confirmed with other data is not sent; operations find out who did."""
    release(ledger, amazon_order())
    look(ledger, other)
    ship(ledger, dispatch())
    assert decide(ledger) == {"BLOCKED": 1}
    (found,) = problems(ledger)
    assert (found.kind, found.owner) == (ProblemKind.CONFIRMED_ELSEWHERE, "operations")
    assert take(ledger) == ()


def test_the_problem_ends_when_amazon_shows_our_parcel(ledger: Ledger) -> None:
    """Once the other's package is corrected to ours, the parcel is proven and nobody needs to act."""
    release(ledger, amazon_order())
    look(ledger, NOT_OURS)
    ship(ledger, dispatch())
    decide(ledger)
    assert look(ledger, FOREIGN, now=NOW + MINUTE) == {"ADOPTED": 1}
    assert (problems(ledger), states(ledger, "orders")) == ((), ["CLOSED"])


def test_a_refusal_because_of_another_is_told_apart(ledger: Ledger) -> None:
    """Amazon's "already fulfilled" may be proof, a problem or neither: the read decides, not the message."""
    _recorded(ledger)
    refuse(ledger, code="PackageToUpdateNotFound")
    assert (states(ledger, "parcels"), problems(ledger)) == (["REJECTED"], ())
    assert look(ledger, NOT_OURS) == {"REFUSED": 1}
    assert kinds(ledger) == [ProblemKind.CONFIRMED_ELSEWHERE]
    assert look(ledger, FOREIGN, now=NOW + HOUR) == {"ADOPTED": 1}
    assert (problems(ledger), states(ledger, "orders")) == ((), ["CLOSED"])


def test_the_rest_of_an_order_is_ours_to_confirm(ledger: Ledger) -> None:
    """Somebody else's parcel of other units leaves ours to be sent."""
    release(ledger, amazon_order(lines=[line(quantity=3)]))
    look(ledger, package("900001", tracking="OTHER-ONE", contents=[("item-1", 1)]))
    ship(ledger, dispatch(lines=[packed(quantity=2)]))
    (claimed,) = confirm(ledger)
    assert claimed.claim.contents == (("item-1", 2),)


def test_an_accepted_parcel_beside_anothers_is_not_sent_again(ledger: Ledger) -> None:
    """When only somebody else's package shows up, the parcel goes to a person, not to Amazon again."""
    _recorded(ledger)
    confirm(ledger)
    assert look(ledger, NOT_OURS, now=NOW + 4 * MINUTE) == {"UNPROVEN": 1}
    assert (kinds(ledger), take(ledger)) == ([ProblemKind.CONFIRMED_ELSEWHERE], ())


def test_a_relabel_of_an_adopted_parcel_is_a_persons(ledger: Ledger) -> None:
    """We cannot edit somebody else's package: a new label for it is not sent, and a person is told."""
    _recorded(ledger)
    decide(ledger)
    look(ledger, FOREIGN)
    ship(ledger, dispatch(tracking="TRACK2", shipped_at=NOW + 2 * HOUR))
    assert order_row(ledger)["state"] == "DISPATCHED"
    assert decide(ledger) == {"BLOCKED": 1}
    assert (kinds(ledger), take(ledger)) == ([ProblemKind.CONFIRMED_ELSEWHERE], ())


def test_two_parcels_of_ours_do_not_adopt_each_other(ledger: Ledger) -> None:
    """Two parcels with one tracking number and equal units are each proven by a package of their own."""
    release(ledger, amazon_order(lines=[line(quantity=2)]))
    ship(ledger, *(dispatch(package_ref=ref, package_count=2) for ref in ("P1", "P2")))
    first, second = (claimed.claim.package_reference_id for claimed in confirm(ledger))
    assert look(ledger, package(first)) == {"PROVEN": 1}
    assert sorted(states(ledger, "parcels")) == ["ACCEPTED", "PROVEN"]
    assert look(ledger, package(first), package(second)) == {"PROVEN": 1}
    assert states(ledger, "orders") == ["CLOSED"]


def test_every_package_is_remembered(ledger: Ledger) -> None:
    """What Amazon showed of an order is kept as it showed it last, with the moment it was first seen."""
    release(ledger, amazon_order())
    look(ledger, NOT_OURS)
    look(ledger, FOREIGN, now=NOW + MINUTE)
    with ledger.begin() as conn:
        (row,) = conn.execute(sa.text("SELECT * FROM ledger.shown_packages")).mappings().all()
    assert (row["reference_id"], row["tracking"], row["contents"]) == ("900001", "track-1", [["item-1", 1]])
    assert (row["first_seen_at"], row["seen_at"]) == (NOW, NOW + MINUTE)
    assert path(ledger, "parcel") == []
