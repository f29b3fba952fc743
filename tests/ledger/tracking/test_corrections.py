"""A person corrects a tracking number: it stands against the warehouse's old word, and gives way to a new one."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.errors import Refused
from domain.maps import CarrierMap
from domain.problems import ProblemKind
from domain.tracking.confirms import MOST_EDITS
from ledger.connection import Ledger
from ledger.deeds import last_deeds
from ledger.tracking.corrections import Corrected, Correction, correct_parcel
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    SOMEBODY,
    amazon_order,
    carrier_map,
    dispatch,
    order_id,
    package,
)
from tests.ledger.walk import (
    confirm,
    decide,
    end,
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

BOTH = carrier_map("Royal Mail", "DPD")
OTHER_DOOR = replace(SOMEBODY, address_line_1="14 Larkspur Mews")
K = ProblemKind


def correct(
    ledger: Ledger,
    tracking: str,
    *,
    carrier: str = "",
    author: str = "Kim",
    carriers: CarrierMap = BOTH,
    at: timedelta = HOUR,
) -> Corrected:
    """A person's word on the parcel P1 of the first order."""
    wish = Correction(order_id=order_id(), parcel="P1", tracking=tracking, carrier=carrier, author=author)
    with ledger.begin() as conn:
        return correct_parcel(conn, wish, carriers, ledger.seal, NOW + at)


def say_again(ledger: Ledger, tracking: str, *, carrier: str = "Royal Mail", at: timedelta = 9 * HOUR) -> str:
    """The warehouse speaks of the parcel P1 again; whether that was new."""
    ((word, _),) = ship(
        ledger, dispatch(tracking=tracking, carrier=carrier, shipped_at=NOW + at), now=NOW + at
    ).items()
    return word


def labels(ledger: Ledger) -> tuple[str, str, str]:
    """Number, carrier and state of the parcel P1."""
    row = parcel_row(ledger)
    return row["tracking"], row["warehouse_carrier"], row["state"]


def test_a_correction_is_an_edit_of_the_same_package(ledger: Ledger) -> None:
    """A proven parcel gets a person's number as the same package and is proven anew; who and what stay known."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (first,) = confirm(ledger)
    reference = first.claim.package_reference_id
    look(ledger, package(reference))
    said = correct(ledger, "TRACK9").said
    assert said.startswith(f"Parcel P1 of order {order_id()} has tracking number TRACK9 now.")
    assert "The warehouse said TRACK1 with Royal Mail." in said
    assert order_row(ledger)["state"] == "DISPATCHED"
    (again,) = confirm(ledger, now=NOW + HOUR)
    assert (again.claim.package_reference_id, again.claim.tracking) == (reference, "TRACK9")
    look(ledger, package(reference, tracking="TRACK9"), now=NOW + 2 * HOUR)
    assert (order_row(ledger)["state"], problems(ledger)) == ("CLOSED", ())
    with ledger.begin() as conn:
        (deed,) = last_deeds(conn, 9)
        reasons = conn.scalars(sa.text("SELECT reason FROM ledger.parcel_history ORDER BY id")).all()
    assert (deed.author, deed.at, "TRACK1" in deed.said) == ("Kim", NOW + HOUR, True)
    assert "Kim corrected the tracking" in reasons


def test_a_missing_number_is_given(ledger: Ledger) -> None:
    """A parcel without a number goes out with a person's, and the warehouse's silence does not take it away."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(tracking=""))
    decide(ledger)
    assert kinds(ledger) == [K.TRACKING_MISSING]
    correct(ledger, "TRACK9")
    assert (len(confirm(ledger)), problems(ledger)) == (1, ())
    assert say_again(ledger, "") == "same"
    assert labels(ledger) == ("TRACK9", "Royal Mail", "ACCEPTED")


@pytest.mark.parametrize(
    ("old", "spelled"),
    [("TRACK1", "Royal Mail"), ("track 1", "ROYAL MAIL"), ("", " royal  mail "), ("TRACK1", "")],
)
def test_the_warehouses_old_word_does_not_undo_it(ledger: Ledger, old: str, spelled: str) -> None:
    """Number and carrier said again, however they are printed, change nothing, also after a second correction."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    correct(ledger, "TRACK8")
    correct(ledger, "TRACK9", carrier="DPD", author="Jo")
    assert say_again(ledger, old, carrier=spelled) == "same"
    assert labels(ledger) == ("TRACK9", "DPD", "RECORDED")


def test_the_warehouses_new_word_goes_and_is_shown(ledger: Ledger) -> None:
    """Another number of the warehouse's is sent, and a person compares the two; agreeing with it ends that."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    correct(ledger, "TRACK9")
    confirm(ledger)
    assert say_again(ledger, "TRACK2") == "changed"
    (claimed,) = confirm(ledger, now=NOW + 9 * HOUR)
    assert claimed.claim.tracking == "TRACK2"
    (found,) = problems(ledger)
    assert found.kind is K.TRACKING_SUSPECT
    assert found.summary == (
        f"Order {order_id()}: tracking number TRACK2 of parcel P1 came from the warehouse after Kim had corrected"
        " it to TRACK9."
    )
    agreed = correct(ledger, "track-2")
    assert (agreed.changed, "taken as right" in agreed.said) == (False, True)
    assert (problems(ledger), decide(ledger)) == ((), {})


def test_the_warehouse_comes_round(ledger: Ledger) -> None:
    """When the warehouse says the corrected number itself, its word counts as ever from then on."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    correct(ledger, "TRACK9")
    assert say_again(ledger, "TRACK9", at=8 * HOUR) == "same"
    assert say_again(ledger, "TRACK1", at=9 * HOUR) == "changed"
    decide(ledger)
    assert (labels(ledger), problems(ledger)) == (("TRACK1", "Royal Mail", "MAPPED"), ())


def test_another_carrier_of_the_warehouses_is_taken_with_a_persons_number(ledger: Ledger) -> None:
    """Number and carrier are judged apart: what the warehouse did not say before is new."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    correct(ledger, "TRACK9")
    assert say_again(ledger, "TRACK1", carrier="DPD") == "changed"
    assert labels(ledger) == ("TRACK9", "DPD", "RECORDED")


def test_a_parcel_is_taken_back_under_the_warehouses_own_number(ledger: Ledger) -> None:
    """A void of the old number voids the parcel that a person corrected."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    correct(ledger, "TRACK9")
    assert ship(ledger, dispatch(voided=True), now=NOW + 2 * HOUR) == {"voided": 1}
    with pytest.raises(Refused, match="was taken back by the warehouse"):
        correct(ledger, "TRACK7")


def test_a_number_of_another_door_is_refused(ledger: Ledger) -> None:
    """One parcel cannot go to two addresses; orders to one door may share it."""
    release(ledger, amazon_order(), amazon_order(number=2, to=OTHER_DOOR), amazon_order(number=3))
    ship(
        ledger,
        dispatch(),
        dispatch(number=2, package_ref="P2", tracking="TRACK2"),
        dispatch(number=3, package_ref="P3", tracking="TRACK3"),
    )
    with pytest.raises(Refused, match=f"on a parcel of order {order_id(2)}, which goes to another address"):
        correct(ledger, "track 2")
    assert labels(ledger)[0] == "TRACK1"
    assert correct(ledger, "TRACK3").changed


def test_what_speaks_against_it_changes_nothing(ledger: Ledger) -> None:
    """A carrier that nobody mapped, a number without a sign, or one edit too many is refused in a sentence."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    with pytest.raises(Refused, match='Nobody has mapped the carrier "Yodel"'):
        correct(ledger, "TRACK9", carrier="Yodel")
    with pytest.raises(Refused, match="has letters or digits"):
        correct(ledger, " - ")
    assert not correct(ledger, "TRACK1").changed
    with ledger.begin() as conn:
        conn.execute(sa.text(f"UPDATE ledger.parcels SET edits = {MOST_EDITS}"))
    with pytest.raises(Refused, match="allows few changes"):
        correct(ledger, "TRACK9")
    with ledger.begin() as conn:
        assert last_deeds(conn, 9) == ()
    assert labels(ledger)[0] == "TRACK1"


def test_a_number_of_an_odd_form_is_a_warning(ledger: Ledger) -> None:
    """It is taken and sent all the same; the answer says why to look once more."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(carrier="UPS"))
    said = correct(ledger, "12", carriers=carrier_map("UPS")).said
    assert "Look once more: tracking number 12 " in said


def test_a_correction_beside_a_running_call(ledger: Ledger) -> None:
    """The answer to the old number comes after the correction: it is old, and the new number still goes."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (claimed,) = take(ledger)
    correct(ledger, "TRACK9")
    end(ledger, claimed, now=NOW + MINUTE)
    assert states(ledger, "parcels") == ["RECORDED"]
    (again,) = confirm(ledger, now=NOW + HOUR)
    assert again.claim.tracking == "TRACK9"
