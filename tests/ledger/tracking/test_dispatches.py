"""Parcels as the warehouse reports them: known once, corrected by their reference, followed by the order."""

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.problems import ProblemKind
from domain.warehouse import ChangeKind, Delivery, DeliveryKind
from ledger.connection import Ledger
from ledger.deliveries import record_delivery
from tests.factories import HOUR, MINUTE, NOW, amazon_order, dispatch, line, order_id, package, packed
from tests.ledger.walk import (
    claim,
    confirm,
    decide,
    ingest,
    kinds,
    look,
    order_row,
    parcel_row,
    path,
    problems,
    release,
    say,
    ship,
    states,
)


def _contents(ledger: Ledger) -> dict[str, int]:
    with ledger.begin() as conn:
        rows = conn.execute(sa.text("SELECT order_item_id, quantity FROM ledger.parcel_lines"))
        return dict(tuple(row) for row in rows)


def test_a_new_parcel_is_recorded(ledger: Ledger) -> None:
    """A parcel's first report makes one row with what the warehouse said, and its order is dispatched."""
    release(ledger, amazon_order())
    assert ship(ledger, dispatch(service="Tracked 24"), now=NOW + 2 * HOUR) == {"new": 1}
    row = parcel_row(ledger)
    assert (row["state"], row["tracking"], row["warehouse_service"]) == ("RECORDED", "TRACK1", "Tracked 24")
    assert (row["dispatched_at"], row["known_at"]) == (NOW + HOUR, NOW + 2 * HOUR)
    assert _contents(ledger) == {"item-1": 1}
    assert order_row(ledger)["state"] == "DISPATCHED"


@pytest.mark.parametrize(
    ("carrier", "service"), [("Royal Mail", "Tracked 24"), ("ROYAL  MAIL", "tracked 24 ")]
)
def test_the_same_report_again_changes_nothing(ledger: Ledger, carrier: str, service: str) -> None:
    """A parcel reported again as it was, in any case and spaces, keeps its row, its state and its history."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(service="Tracked 24"))
    confirm(ledger)
    before = parcel_row(ledger)
    assert ship(ledger, dispatch(carrier=carrier, service=service)) == {"same": 1}
    assert parcel_row(ledger) == before
    assert path(ledger, "parcel") == ["RECORDED", "MAPPED", "SENDING", "ACCEPTED"]


VOIDED = dispatch(voided=True)
RELABELED = dispatch(tracking="TRACK2", shipped_at=NOW + 2 * HOUR)


@pytest.mark.parametrize(
    "files",
    [[[VOIDED, RELABELED]], [[RELABELED, VOIDED]], [[VOIDED], [RELABELED]], [[RELABELED], [VOIDED]]],
    ids=["one file", "new row first", "two files", "two files, new label first"],
)
def test_a_relabeled_parcel_is_the_same_parcel(ledger: Ledger, files: list[list]) -> None:
    """The old label voided and a new one under the same reference are one parcel to confirm again."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    confirm(ledger)
    number = parcel_row(ledger)["id"]
    for file in files:
        ship(ledger, *file)
    row = parcel_row(ledger)
    assert (row["id"], row["state"], row["tracking"], row["tries"]) == (number, "RECORDED", "TRACK2", 0)


def test_a_relabel_after_the_proof_opens_the_order_again(ledger: Ledger) -> None:
    """A closed order whose parcel gets a new label is dispatched again until that one is proven."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (claimed,) = confirm(ledger)
    look(ledger, package(claimed.claim.package_reference_id))
    ship(ledger, VOIDED, RELABELED)
    assert path(ledger, "order")[-2:] == ["CLOSED", "DISPATCHED"]
    (again,) = confirm(ledger, now=NOW + HOUR)
    assert (again.claim.package_reference_id, again.claim.tracking) == (
        claimed.claim.package_reference_id,
        "TRACK2",
    )


def test_an_older_report_that_comes_late_changes_nothing(ledger: Ledger) -> None:
    """What was shipped before the label we know is an older duplicate, whenever it arrives."""
    release(ledger, amazon_order())
    ship(ledger, RELABELED)
    before = parcel_row(ledger)
    assert ship(ledger, dispatch()) == {"same": 1}
    assert parcel_row(ledger) == before


def test_a_parcel_that_is_taken_back_is_voided(ledger: Ledger) -> None:
    """A voided parcel without a new label leaves the order waiting for the warehouse again."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    assert ship(ledger, VOIDED) == {"voided": 1}
    assert (states(ledger, "parcels"), states(ledger, "orders")) == (["VOIDED"], ["RELEASED"])
    assert confirm(ledger) == ()


@pytest.mark.parametrize("change", ["voided", "relabeled"])
def test_the_problem_of_a_parcel_ends_with_it(ledger: Ledger, change: str) -> None:
    """An unmapped carrier is nobody's problem once its only parcel is taken back or goes with another."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(carrier="Pigeon"))
    decide(ledger)
    assert kinds(ledger) == [ProblemKind.CARRIER_UNMAPPED]
    ship(ledger, dispatch(carrier="Pigeon", voided=True), *([RELABELED] if change == "relabeled" else []))
    decide(ledger)
    assert problems(ledger) == ()


def test_several_parcels_make_one_order(ledger: Ledger) -> None:
    """An order is part dispatched until its last unit left, and closed when all its parcels are proven."""
    release(ledger, amazon_order(lines=[line(quantity=3)]))
    ship(ledger, dispatch(package_count=2, lines=[packed(quantity=2)]))
    assert order_row(ledger)["state"] == "PART_DISPATCHED"
    ship(ledger, dispatch(package_ref="P2", tracking="TRACK2", package_count=2))
    assert order_row(ledger)["state"] == "DISPATCHED"
    first, second = (claimed.claim.package_reference_id for claimed in confirm(ledger))
    assert look(ledger, package(first, contents=[("item-1", 2)])) == {"PROVEN": 1}
    assert order_row(ledger)["state"] == "DISPATCHED"
    seen = [package(first, contents=[("item-1", 2)]), package(second, tracking="TRACK2")]
    assert look(ledger, *seen, now=NOW + MINUTE) == {"PROVEN": 1}
    assert order_row(ledger)["closed_at"] == NOW + MINUTE
    steps = ["READY", "RELEASING", "RELEASED", "PART_DISPATCHED", "DISPATCHED", "CLOSED"]
    assert path(ledger, "order") == steps


def test_a_kit_is_folded_back_into_amazons_units(ledger: Ledger) -> None:
    """Components in a parcel count as whole kits of the order's line, our line reference given or not."""
    release(ledger, amazon_order(lines=[line(sku="KIT", quantity=3)]))
    parts = [packed(sku="B", quantity=4), packed(item="", sku="C", quantity=2)]
    ship(ledger, dispatch(package_count=2, lines=parts))
    assert _contents(ledger) == {"item-1": 2}
    assert order_row(ledger)["state"] == "PART_DISPATCHED"


def test_a_parcel_without_lines_holds_all_when_it_is_the_only_one(ledger: Ledger) -> None:
    """The only parcel of an order holds everything; nothing is invented for one of several."""
    release(ledger, amazon_order(lines=[line(quantity=2)]), amazon_order(number=2))
    ship(ledger, dispatch(lines=[]), dispatch(number=2, package_ref="P2", package_count=2, lines=[]))
    assert _contents(ledger) == {"item-1": 2}
    assert [parcel_row(ledger, ref)["contents_known"] for ref in ("P1", "P2")] == [True, False]


def test_a_dispatch_is_the_warehouses_acceptance(ledger: Ledger) -> None:
    """A parcel of an order that nobody acknowledged, or whose answer was lost, shows that it has crossed."""
    ingest(ledger, amazon_order())
    claim(ledger)
    ship(ledger, dispatch(), now=NOW + HOUR)
    assert (states(ledger, "releases"), states(ledger, "orders")) == (["ACCEPTED"], ["DISPATCHED"])
    assert order_row(ledger)["accepted_at"] == NOW + HOUR


def test_a_rejected_order_that_ships_after_all_goes_on(ledger: Ledger) -> None:
    """A parcel outweighs an earlier rejection: the order is dispatched and nobody needs to act."""
    release(ledger, amazon_order(), accepted=False)
    say(ledger, ChangeKind.REJECTED, 1)
    ship(ledger, dispatch())
    assert (states(ledger, "releases"), states(ledger, "orders")) == (["ACCEPTED"], ["DISPATCHED"])
    assert problems(ledger) == ()


def test_a_canceled_orders_parcel_is_shown_and_not_told_to_amazon(ledger: Ledger) -> None:
    """A parcel that left although Amazon canceled is customer service's, and Amazon is not told of it."""
    release(ledger, amazon_order())
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE))
    ship(ledger, dispatch())
    assert decide(ledger) == {"NOT_REQUIRED": 1}
    assert states(ledger, "orders") == ["CANCELED"]
    assert [(p.kind, p.owner) for p in problems(ledger)] == [("cancel_too_late", "customer_service")]


def test_an_unknown_orders_parcel_is_shown(ledger: Ledger) -> None:
    """A parcel of an order we never gave out becomes a problem and no row; another connection's too."""
    release(ledger, amazon_order())
    assert ship(ledger, dispatch(number=7)) == {"unknown": 1}
    (found,) = problems(ledger)
    assert (found.kind, found.owner) == (ProblemKind.UNKNOWN_ORDER, "warehouse")
    assert order_id(7) in found.summary
    assert states(ledger, "parcels") == []


def _deliver(ledger: Ledger, key: str, *, name: str = "dispatch-1.csv", fault: str = "") -> bool:
    with ledger.begin() as conn:
        delivery = Delivery(key=key, name=name, fault=fault)
        return record_delivery(conn, "main", DeliveryKind.DISPATCHES, delivery, NOW)


def test_a_message_counts_once(ledger: Ledger) -> None:
    """The same content twice is applied once; new content under the old name is a new message."""
    assert [_deliver(ledger, key) for key in ("a", "a", "b")] == [True, False, True]


def test_a_faulty_file_is_shown_until_it_comes_right(ledger: Ledger) -> None:
    """A file that was set aside is a problem with the reason, until the same file comes readable."""
    fault = "row 3, column qty: not a number"
    assert not _deliver(ledger, "a", fault=fault)
    (found,) = problems(ledger)
    assert (found.kind, found.owner) == (ProblemKind.FILE_SET_ASIDE, "warehouse")
    assert fault in found.summary
    assert "dispatch-1.csv" in found.summary
    assert _deliver(ledger, "b")
    assert problems(ledger) == ()
