"""A person sends a tracking again: refused and waiting ones go at once, proven ones stay, edits are limited."""

from datetime import datetime
from threading import Thread

import pytest
import sqlalchemy as sa

from domain.errors import Refused
from domain.maps import CarrierMap
from domain.problems import ProblemKind
from domain.tracking.confirms import MOST_EDITS
from ledger.connection import Ledger
from ledger.deeds import last_deeds
from ledger.tracking.confirms import Answered
from ledger.tracking.named_parcels import standings
from ledger.tracking.resends import Plan, plan_resend
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, line, order_id, package, packed
from tests.ledger.walk import (
    PROVE_WITHIN,
    confirm,
    decide,
    end,
    kinds,
    look,
    parcel_row,
    problems,
    refuse,
    release,
    ship,
    states,
    take,
)

LATER = NOW + HOUR


def again(ledger: Ledger, parcel: str = "", *, author: str = "Kim", now: datetime = LATER) -> Plan:
    """A person asks for the first order's tracking to be sent again."""
    with ledger.begin() as conn:
        return plan_resend(conn, order_id(), parcel, author, now)


def shipped(ledger: Ledger, *packages: str) -> None:
    """One order in as many parcels as are named, each with a unit."""
    release(ledger, amazon_order(lines=[line(quantity=len(packages))]))
    ship(ledger, *[dispatch(package_ref=one, tracking=f"TRACK-{one}", lines=[packed()]) for one in packages])


def where(ledger: Ledger) -> str:
    """Where the parcel P1 stands, in words."""
    with ledger.begin() as conn:
        return standings(conn, order_id(), ["P1"])[0]


def test_a_refused_parcel_goes_again_at_once(ledger: Ledger) -> None:
    """A settled refusal is a person's; sent again it goes at once, and its proof closes the problem."""
    shipped(ledger, "P1")
    reference = refuse(ledger, code="NonexistentOrderItem")
    look(ledger)
    assert kinds(ledger) == [ProblemKind.TRACKING_REFUSED]
    assert "refused by Amazon" in where(ledger)
    assert again(ledger) == Plan(parcels=("P1",), said=("Parcel P1 is sent again now.",))
    (claimed,) = confirm(ledger, now=LATER)
    assert "does not show it yet" in where(ledger)
    look(ledger, package(reference, tracking="TRACK-P1"), now=LATER + MINUTE)
    assert (claimed.claim.package_reference_id, states(ledger, "parcels")) == (reference, ["PROVEN"])
    assert problems(ledger) == ()
    with ledger.begin() as conn:
        (deed,) = last_deeds(conn, 9)
    assert (deed.author, deed.said) == ("Kim", "Sends again: parcel P1.")


def test_a_parcel_that_waits_for_its_next_try_does_not_wait(ledger: Ledger) -> None:
    """Its next try is now, and it still counts as one whose answer was lost: Amazon is asked first."""
    shipped(ledger, "P1")
    decide(ledger)
    for hours in range(4):
        (claimed,) = take(ledger, now=NOW + hours * HOUR)
        end(ledger, claimed, answered=Answered.UNANSWERED, now=NOW + hours * HOUR)
    assert parcel_row(ledger)["next_try_at"] > NOW + 3 * HOUR
    again(ledger, now=NOW + 3 * HOUR)
    row = parcel_row(ledger)
    assert (row["next_try_at"], row["attempts"], row["looked_at"]) == (NOW + 3 * HOUR, 1, None)
    assert len(take(ledger, now=NOW + 3 * HOUR)) == 1


def test_what_is_proven_is_left_alone(ledger: Ledger) -> None:
    """Of two parcels the proven one stays, and naming it says that there is nothing to do."""
    shipped(ledger, "P1", "P2")
    first, _ = confirm(ledger)
    look(ledger, package(first.claim.package_reference_id, tracking="TRACK-P1"))
    assert states(ledger, "parcels") == ["PROVEN", "ACCEPTED"]
    assert again(ledger, "P1").parcels == ()
    assert again(ledger).parcels == ("P2",)
    assert states(ledger, "parcels") == ["PROVEN", "MAPPED"]


def test_amazons_old_picture_proves_nothing(ledger: Ledger) -> None:
    """A parcel that Amazon showed once and does not any more is sent again, not taken as proven by memory."""
    shipped(ledger, "P1")
    (claimed,) = confirm(ledger)
    reference = claimed.claim.package_reference_id
    look(ledger, package(reference, tracking="TRACK-P1"))
    look(ledger, package(reference, tracking="OTHER"), now=LATER)
    look(ledger, package(reference, tracking="TRACK-P1"), package("999", tracking="OTHER"), now=LATER)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.parcels SET state = 'UNPROVEN'"))
    again(ledger)
    assert len(confirm(ledger, now=LATER)) == 1


def test_a_blocked_parcel_is_refused_with_the_form_that_helps(ledger: Ledger) -> None:
    """Nothing changes, no deed is kept, and the sentence names the form."""
    shipped(ledger, "P1")
    decide(ledger, carriers=CarrierMap())
    with pytest.raises(Refused, match="waits, because of carrier unmapped: run the form map-carrier"):
        again(ledger)
    with ledger.begin() as conn:
        assert last_deeds(conn, 9) == ()


def test_a_wrong_name_is_refused_with_those_there_are(ledger: Ledger) -> None:
    """A parcel or an order that nobody knows is answered with what there is."""
    shipped(ledger, "P1", "P2")
    with pytest.raises(Refused, match='has no parcel "P3"; there is: P1, P2'):
        again(ledger, "P3")
    with ledger.begin() as conn, pytest.raises(Refused, match="knows no parcel of order"):
        plan_resend(conn, "nothing", "", "Kim", NOW)


def test_the_limit_of_edits_holds_for_people_too(ledger: Ledger) -> None:
    """After as many edits as we allow ourselves a person is sent to Seller Central."""
    shipped(ledger, "P1")
    confirm(ledger)
    for number in range(MOST_EDITS):
        again(ledger, now=LATER + number * PROVE_WITHIN)
        confirm(ledger, now=LATER + number * PROVE_WITHIN)
    assert parcel_row(ledger)["edits"] == MOST_EDITS
    with pytest.raises(Refused, match="enter it in Seller Central"):
        again(ledger)


def test_a_parcel_that_is_being_sent_is_not_sent_twice(ledger: Ledger) -> None:
    """Beside a running call the form moves nothing: the answer that comes is the parcel's."""
    shipped(ledger, "P1")
    decide(ledger)
    (claimed,) = take(ledger)
    plan = again(ledger)
    assert (plan.parcels, "right now" in plan.said[0]) == (("P1",), True)
    end(ledger, claimed)
    assert states(ledger, "parcels") == ["ACCEPTED"]


def test_two_people_send_at_once(ledger: Ledger) -> None:
    """The second finds what the first did, and one call comes of it."""
    shipped(ledger, "P1")
    confirm(ledger)
    other = Thread(target=again, args=(ledger,), kwargs={"author": "Jo"})

    def start(*_: object) -> None:
        other.start()
        other.join(0.3)

    with ledger.begin() as conn:
        sa.event.listen(conn, "after_cursor_execute", start, once=True)
        plan_resend(conn, order_id(), "", "Kim", LATER)
    other.join(10)
    assert (states(ledger, "parcels"), len(take(ledger, now=LATER))) == (["MAPPED"], 1)
