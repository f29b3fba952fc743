"""Before Amazon hears of a parcel: mapped in the words of its marketplace, or blocked with its reason."""

import pytest

from domain.maps import AmazonCarrier, CarrierMap
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.tracking.parcel_plans import ParcelMaps, map_parcels
from tests.factories import (
    DAY,
    DE,
    GB,
    HOUR,
    MINUTE,
    NOW,
    amazon_order,
    carrier_map,
    dispatch,
    line,
    order_id,
)
from tests.ledger.walk import (
    answer,
    claim,
    decide,
    ingest,
    problems,
    release,
    ship,
    take,
)


def test_carriers_are_mapped_by_marketplace(ledger: Ledger) -> None:
    """The same carrier has the words of the marketplace that its order came from."""
    words = CarrierMap(
        rows={
            (GB, "post", ""): AmazonCarrier(carrier_code="Royal Mail"),
            (DE, "post", ""): AmazonCarrier(carrier_code="Other", carrier_name="Post", shipping_method="Std"),
        }
    )
    release(ledger, amazon_order(), amazon_order(number=2, marketplace=DE))
    ship(ledger, dispatch(carrier="Post"), dispatch(number=2, package_ref="P2", carrier="Post"))
    decide(ledger, carriers=words)
    found = {c.claim.marketplace_id: (c.claim.carrier_code, c.claim.carrier_name) for c in take(ledger)}
    assert found == {GB: ("Royal Mail", ""), DE: ("Other", "Post")}


def test_an_unmapped_carrier_blocks_until_it_is_mapped(ledger: Ledger) -> None:
    """The parcel waits with the clock shown, and goes out with the first map that knows its carrier."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(carrier="Pigeon", service="Swift"))
    assert decide(ledger) == {"BLOCKED": 1}
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.act_by) == ("carrier_unmapped", "operations", NOW + DAY)
    assert "Pigeon" in found.subject
    assert "Swift" in found.subject
    assert take(ledger) == ()
    assert decide(ledger, carriers=carrier_map("Pigeon")) == {"MAPPED": 1}
    assert (len(take(ledger)), problems(ledger)) == (1, ())


@pytest.mark.parametrize(
    ("advice", "tail"),
    [("", f"of order {order_id(1)}."), ("Amazon's X fits", f"of order {order_id(1)}. Amazon's X fits.")],
)
def test_an_unmapped_carrier_is_shown_with_what_fits_best(ledger: Ledger, advice: str, tail: str) -> None:
    """The advice is a sentence of its own behind the one that says what is wrong; without any, nothing is added."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(carrier="Pigeon"))
    maps = ParcelMaps(carriers=carrier_map(), advise=lambda *_: advice)
    with ledger.begin() as conn:
        map_parcels(conn, "main", maps, NOW)
    (found,) = problems(ledger)
    assert found.summary.endswith(tail)


def test_a_thousand_parcels_of_one_carrier_are_one_problem(ledger: Ledger) -> None:
    """One gap in the map is one problem, due with its most urgent order, and one mapping frees them all."""
    many = amazon_order(number=2, confirm_by=NOW + HOUR, lines=[line(quantity=999)])
    release(ledger, amazon_order(confirm_by=NOW + MINUTE), many)
    ship(ledger, *(dispatch(number=2, package_ref=f"P{n}", carrier="Pigeon") for n in range(2, 1001)))
    ship(ledger, dispatch(carrier="Pigeon"))
    assert decide(ledger) == {"BLOCKED": 1000}
    (found,) = problems(ledger)
    assert (found.act_by, order_id(1) in found.summary) == (NOW + MINUTE, True)
    assert decide(ledger, carriers=carrier_map("Pigeon")) == {"MAPPED": 1000}
    assert problems(ledger) == ()


def test_accounts_of_one_warehouse_share_the_nearest_moment(ledger: Ledger) -> None:
    """Whichever account was looked at last, a carrier's problem names and is due with the first parcel of all."""
    soon, late = NOW + 2 * HOUR, NOW + 2 * DAY
    for account, number, due in (("main", 1, soon), ("outlet", 2, late)):
        ingest(ledger, amazon_order(number=number, confirm_by=due), account=account)
        claim(ledger, account=account)
        answer(ledger, number)
    ship(ledger, dispatch(carrier="Pigeon"), dispatch(number=2, package_ref="P2", carrier="Pigeon"))
    decide(ledger, account="main")
    for account in ("outlet", "main", "outlet"):
        decide(ledger, account=account)
        (found,) = problems(ledger)
        assert (found.act_by, found.affected, order_id(1) in found.summary) == (soon, 2, True)
    decide(ledger, account="main", carriers=carrier_map("Pigeon"))
    (found,) = problems(ledger)
    assert (found.act_by, found.affected, order_id(2) in found.summary) == (late, 1, True)


@pytest.mark.parametrize(
    ("parcel", "kind", "owner"),
    [
        (dispatch(tracking=" - "), ProblemKind.TRACKING_MISSING, "warehouse"),
        (dispatch(lines=[], package_count=2), ProblemKind.CONTENTS_UNKNOWN, "warehouse"),
    ],
)
def test_a_parcel_that_lacks_something_blocks(ledger: Ledger, parcel, kind: ProblemKind, owner: str) -> None:
    """Without tracking or without known contents Amazon is told nothing until the warehouse says it."""
    release(ledger, amazon_order())
    ship(ledger, parcel)
    assert decide(ledger) == {"BLOCKED": 1}
    (found,) = problems(ledger)
    assert (found.kind, found.owner, found.subject) == (kind, owner, f"{order_id()} P1")
    ship(ledger, dispatch(tracking="TRACK2"))
    assert decide(ledger) == {"MAPPED": 1}
    assert problems(ledger) == ()
