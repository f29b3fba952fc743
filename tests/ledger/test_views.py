"""The report: for every open order which hop holds it and who must act, and for every parcel whether it is late."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.warehouse import ChangeKind, ReleaseResult
from ledger.connection import Ledger
from ledger.orders.release_plans import plan_releases
from ledger.tracking.confirms import Answered
from ledger.watch.standing import load_standing
from tests.factories import (
    DAY,
    HOUR,
    MAPS,
    MINUTE,
    NOW,
    amazon_order,
    dispatch,
    line,
    order_id,
    package,
    recipient,
)
from tests.ledger.walk import (
    NO_SKUS,
    NOTHING_MAPPED,
    PROVE_WITHIN,
    answer,
    claim,
    confirm,
    decide,
    end,
    ingest,
    look,
    one,
    refuse,
    release,
    say,
    ship,
    take,
)

ORDER = amazon_order()
CANCELED = amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE)
UNPAID = amazon_order(status=AmazonStatus.PENDING, to=None)
NO_CITY = amazon_order(to=recipient(name=""))
WISH = amazon_order(lines=[line(cancel_requested=True)])
SERVICE_ONLY = type(NO_SKUS)(skus=MAPS.skus, services=NOTHING_MAPPED.services)


def _planned(ledger: Ledger) -> None:
    ingest(ledger, ORDER)
    with ledger.begin() as conn:
        plan_releases(conn, "main", MAPS, 10, NOW)


def _in_doubt(ledger: Ledger) -> None:
    ingest(ledger, ORDER)
    claim(ledger)
    answer(ledger, 1, result=ReleaseResult.UNKNOWN)


def _accepted_at_once(ledger: Ledger) -> None:
    ingest(ledger, ORDER)
    claim(ledger)
    answer(ledger, 1, result=ReleaseResult.ACCEPTED)


def _parcel(ledger: Ledger, *, carrier: str = "Royal Mail", tracking: str = "TRACK1") -> None:
    release(ledger, ORDER)
    ship(ledger, dispatch(carrier=carrier, tracking=tracking))
    decide(ledger)


def _refused(ledger: Ledger) -> None:
    release(ledger, ORDER)
    ship(ledger, dispatch())
    refuse(ledger)


def _accepted(ledger: Ledger) -> str:
    _parcel(ledger)
    (claimed,) = confirm(ledger)
    return claimed.claim.package_reference_id


def _unproven(ledger: Ledger) -> None:
    _accepted(ledger)
    look(ledger, now=NOW + PROVE_WITHIN)
    confirm(ledger, now=NOW + PROVE_WITHIN)
    look(ledger, now=NOW + 2 * PROVE_WITHIN)


def _rejected(ledger: Ledger) -> None:
    release(ledger, ORDER, accepted=False)
    say(ledger, ChangeKind.REJECTED, 1)


def _rejected_at_the_shelf(ledger: Ledger) -> None:
    release(ledger, ORDER)
    say(ledger, ChangeKind.REJECTED, 1)


def _half_gone(ledger: Ledger) -> None:
    release(ledger, amazon_order(lines=[line(quantity=2)]))
    ship(ledger, dispatch(package_count=2))
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id))


def _ship_plus_unseen(ledger: Ledger) -> None:
    release(ledger, amazon_order(programs=("FBM_SHIP_PLUS",)))
    ship(ledger, dispatch())
    decide(ledger)


def _ship_plus(ledger: Ledger) -> None:
    _ship_plus_unseen(ledger)
    look(ledger, package("AMZN-1"))


def _unanswered(ledger: Ledger) -> None:
    _parcel(ledger)
    end(ledger, *take(ledger), answered=Answered.UNANSWERED, reason="Amazon answered 503")


def _one_of_two_blocked(ledger: Ledger) -> None:
    release(ledger, amazon_order(lines=[line(quantity=2)]))
    ship(ledger, dispatch(package_count=2), dispatch(package_ref="P2", carrier="Pigeon", package_count=2))
    confirm(ledger)


HOPS: dict[str, tuple[Callable[[Ledger], object], str, str]] = {  # DESIGN section 5
    "unpaid": (lambda led: ingest(led, UNPAID), "payment pending at Amazon", ""),
    "SKU": (lambda led: ingest(led, ORDER, maps=NO_SKUS), "held: unmapped sku", "ecommerce"),
    "ship method": (
        lambda led: ingest(led, ORDER, maps=SERVICE_ONLY),
        "held: unmapped ship method",
        "operations",
    ),
    "address": (lambda led: ingest(led, NO_CITY), "held: bad address", "customer_service"),
    "cancel request": (lambda led: ingest(led, WISH), "held: cancel requested", "customer_service"),
    "ready": (lambda led: ingest(led, ORDER), "not crossed to the warehouse", "integration"),
    "planned": (_planned, "not crossed to the warehouse", "integration"),
    "in doubt": (_in_doubt, "not crossed to the warehouse", "integration"),
    "not accepted": (
        lambda led: release(led, ORDER, accepted=False),
        "crossed, not accepted by the warehouse",
        "warehouse",
    ),
    "rejected": (_rejected, "rejected by the warehouse", "warehouse"),
    "rejected at the shelf": (_rejected_at_the_shelf, "rejected by the warehouse", "warehouse"),
    "picking": (lambda led: release(led, ORDER), "accepted, not dispatched by the warehouse", "warehouse"),
    "accepted at once": (_accepted_at_once, "accepted, not dispatched by the warehouse", "warehouse"),
    "no tracking": (lambda led: _parcel(led, tracking=""), "dispatched, no tracking", "warehouse"),
    "carrier": (lambda led: _parcel(led, carrier="Pigeon"), "tracking held: carrier unmapped", "operations"),
    "not sent": (_parcel, "tracking not sent yet", "integration"),
    "refused": (_refused, "tracking refused by Amazon", "integration"),
    "accepted": (_accepted, "tracking sent, not shown by Amazon yet", "integration"),
    "unproven": (_unproven, "tracking sent, not shown by Amazon yet", "integration"),
    "half gone": (_half_gone, "accepted, not dispatched by the warehouse", "warehouse"),
    "one of two blocked": (_one_of_two_blocked, "tracking held: carrier unmapped", "operations"),
    "ship plus": (_ship_plus, "", ""),
    "ship plus, not shown": (
        _ship_plus_unseen,
        "dispatched, Amazon confirms it itself and has not yet",
        "integration",
    ),
    "unanswered": (_unanswered, "tracking sent, no answer from Amazon", "integration"),
    "canceled": (lambda led: ingest(led, CANCELED), "", ""),
    "foreign": (lambda led: ingest(led, amazon_order(status=AmazonStatus.SHIPPED)), "", ""),
}


@pytest.mark.parametrize("hop", HOPS)
def test_every_hop_is_told_apart(ledger: Ledger, hop: str) -> None:
    """The view says of an order which hop holds it and which team must act."""
    arrive, waiting_on, owner = HOPS[hop]
    arrive(ledger)
    row = one(ledger, "SELECT * FROM report.orders WHERE amazon_order_id = :value", order_id())
    assert (row["waiting_on"], row["owner"]) == (waiting_on, owner)


def test_a_proven_order_waits_on_nobody(ledger: Ledger) -> None:
    """A closed order shows where it went and that nobody needs to act."""
    reference = _accepted(ledger)
    look(ledger, package(reference))
    row = one(ledger, "SELECT * FROM report.orders WHERE amazon_order_id = :value", order_id())
    assert (row["state"], row["waiting_on"], row["owner"]) == ("CLOSED", "", "")
    assert (row["warehouse_reference"], row["confirm_by"]) == (f"{order_id()}-1", NOW + DAY)
    assert row["time_left"] is None


def test_the_time_left_is_that_until_the_ship_by_time(ledger: Ledger) -> None:
    """An open order shows how long is left by the database's own clock, and nothing when Amazon names no moment."""
    ingest(ledger, ORDER, amazon_order(number=2, confirm_by=None))
    ask = "SELECT amazon_order_id, time_left, confirm_by - now() AS expected FROM report.orders"
    with ledger.begin() as conn:
        found = {row.amazon_order_id: row for row in conn.execute(sa.text(ask))}
    assert found[order_id()].time_left == found[order_id()].expected
    assert found[order_id(2)].time_left is None


def test_a_parcels_row_tells_its_way(ledger: Ledger) -> None:
    """The view carries the parcel's references, carrier and every moment of its way to Amazon."""
    reference = _accepted(ledger)
    look(ledger, package(reference), now=NOW + MINUTE)
    row = one(ledger, "SELECT * FROM report.parcels WHERE warehouse_parcel_id = :value", "P1")
    assert (row["package_reference_id"], row["tracking_number"]) == (reference, "TRACK1")
    assert (row["warehouse_carrier"], row["carrier_code"]) == ("Royal Mail", "Royal Mail")
    assert (row["dispatched_at"], row["sent_at"], row["accepted_at"]) == (NOW + HOUR, NOW, NOW)
    assert (row["proven_at"], row["state"]) == (NOW + MINUTE, "PROVEN")


def _late(ledger: Ledger) -> bool | None:
    late: bool | None = one(
        ledger, "SELECT late FROM report.parcels WHERE warehouse_parcel_id = :value", "P1"
    )["late"]
    return late


@pytest.mark.parametrize(("minutes", "late"), [(-1, False), (0, False), (1, True)])
def test_late_is_when_the_confirm_reached_amazon(ledger: Ledger, minutes: int, late: bool) -> None:
    """A parcel is late when Amazon first took its confirmation after the order's deadline."""
    release(ledger, amazon_order(confirm_by=NOW + HOUR))
    ship(ledger, dispatch())
    confirm(ledger, now=NOW + HOUR + minutes * MINUTE)
    assert _late(ledger) is late


def test_a_relabel_does_not_make_a_parcel_late(ledger: Ledger) -> None:
    """What reached Amazon in time stays in time when its label is corrected after the deadline."""
    release(ledger, amazon_order(confirm_by=NOW + HOUR))
    ship(ledger, dispatch())
    confirm(ledger)
    ship(ledger, dispatch(tracking="TRACK2", shipped_at=NOW + 2 * HOUR))
    confirm(ledger, now=NOW + 3 * HOUR)
    assert _late(ledger) is False


def test_a_parcel_untold_after_its_deadline_is_late_already(ledger: Ledger) -> None:
    """A parcel that Amazon does not know of is late from the deadline on, by the database's own clock."""
    overdue = NOW.replace(year=2020)
    release(
        ledger, amazon_order(confirm_by=overdue), amazon_order(number=2, confirm_by=NOW.replace(year=2099))
    )
    ship(ledger, dispatch(), dispatch(number=2, package_ref="P2"))
    with ledger.begin() as conn:
        found = conn.execute(sa.text("SELECT warehouse_parcel_id, late FROM report.parcels"))
        assert {tuple(row) for row in found} == {("P1", True), ("P2", False)}


def test_a_parcel_amazon_needs_no_word_of_is_never_late(ledger: Ledger) -> None:
    """Ship+ and voided parcels are not late, whatever their order's deadline."""
    release(ledger, amazon_order(programs=("FBM_SHIP_PLUS",), confirm_by=NOW.replace(year=2020)))
    ship(ledger, dispatch())
    decide(ledger)
    assert _late(ledger) is False


def test_a_parcel_without_a_deadline_is_not_late(ledger: Ledger) -> None:
    """Where Amazon names no deadline nothing can be late, and the column still says so."""
    release(ledger, amazon_order(confirm_by=None))
    ship(ledger, dispatch())
    assert _late(ledger) is False


def test_the_terminals_table_counts_by_hop(ledger: Ledger) -> None:
    """Open orders are counted by state, hop and owner, most urgent first; done ones are left out."""
    ingest(
        ledger, amazon_order(number=1, confirm_by=NOW + DAY), amazon_order(number=2, confirm_by=NOW + HOUR)
    )
    ingest(ledger, amazon_order(number=3, status=AmazonStatus.SHIPPED))
    ingest(ledger, amazon_order(number=4, status=AmazonStatus.PENDING, confirm_by=None, to=None))
    with ledger.begin() as conn:
        standing = load_standing(conn)
    assert [row[:5] for row in standing.orders] == [
        ("READY", "not crossed to the warehouse", "integration", 2, "2026-11-27 10:00 UTC"),
        ("PENDING", "payment pending at Amazon", "", 1, ""),
    ]
    assert standing.orders[0][5]
    assert standing.orders[1][5] == ""
    assert (standing.parcels, standing.listings) == ((), ())
