"""What a form's link knows comes with the problem, from the ledger on; nothing is read out of a text."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from prefect import Flow

from domain.orders.order import decide_order
from domain.problems import MANNERS, Problem, ProblemKind
from domain.tracking.carrier_gaps import CarrierGap, gap_problem
from domain.watch.notices import by_cause
from flows.accept_count import accept_count
from flows.correct_tracking import correct_tracking
from flows.decide_order import decide_order as decide_order_form
from flows.map_carrier import map_carrier
from flows.map_ship_method import map_ship_method
from flows.map_sku import map_sku
from flows.resend_tracking import resend_tracking
from ledger.connection import Ledger
from ledger.problems import record_problems
from ledger.stock.held_counts import Place, settle_held
from ledger.tables import snapshots
from ledger.tracking.parcel_problems import record_reused
from ledger.watch.notices import load_open
from tasks.links import Form, fix_link
from tests.domain.examples import DE, MAPS, UK, facts
from tests.factories import NOW, SOMEBODY, amazon_order, dispatch, order_id
from tests.ledger.walk import NOTHING_MAPPED, confirm, decide, ingest, release, ship

FORMS: dict[str, Flow[..., object]] = {
    "accept-count": accept_count,
    "correct-tracking": correct_tracking,
    "decide-order": decide_order_form,
    "map-carrier": map_carrier,
    "map-ship-method": map_ship_method,
    "map-sku": map_sku,
    "resend-tracking": resend_tracking,
}


def filled(ledger: Ledger, kind: ProblemKind) -> object:
    """What the form of the one open problem of a kind is filled in with, as its own flow names the fields."""
    with ledger.begin() as conn:
        (part,) = [one for one in by_cause(load_open(conn), NOW) if one.group.kind is kind]
    fields = frozenset(FORMS[MANNERS[kind].form].parameters.properties)
    link = fix_link([Form(id=UUID(int=1), name="form", fields=fields, settled={})], part)
    return json.loads(parse_qs(urlsplit(link).query).get("parameters", ["{}"])[0])


@pytest.mark.parametrize(("carrier", "service"), [("DHL / Paket", ""), ("A / B", "C / D"), ("DHL", "Paket")])
def test_a_carrier_stands_in_the_form_as_the_warehouse_writes_it(
    ledger: Ledger, carrier: str, service: str
) -> None:
    """A stroke in a carrier's name does not make a service of its second half."""
    release(ledger, amazon_order())
    ship(ledger, replace(dispatch(), carrier=carrier, service=service))
    decide(ledger)
    known = {"connection": "main", "warehouse_carrier": carrier} | (
        {"warehouse_service": service} if service else {}
    )
    assert filled(ledger, ProblemKind.CARRIER_UNMAPPED) == known


def test_a_carrier_with_a_stroke_is_not_another_one_with_a_service(ledger: Ledger) -> None:
    """The two strings are two problems, and each keeps its own."""
    release(ledger, amazon_order(), amazon_order(number=2))
    one = replace(dispatch(), carrier="DHL / Paket", service="")
    ship(ledger, one, replace(dispatch(number=2, package_ref="P2"), carrier="DHL", service="Paket"))
    decide(ledger)
    with ledger.begin() as conn:
        found = load_open(conn)
    assert [problem.subject for problem in found] == [
        f'main / "DHL / Paket" in {UK}',
        f"main / DHL / Paket in {UK}",
    ]


@pytest.mark.parametrize(
    ("carrier", "known"),
    [
        (
            "Evri / UK",
            {"connection": "main", "warehouse_carrier": "Evri / UK", "warehouse_service": "Standard"},
        ),
        ("", {"connection": "main"}),
    ],
)
def test_a_gap_is_filled_in_like_an_unmapped_carrier(
    ledger: Ledger, carrier: str, known: dict[str, str]
) -> None:
    """Before a parcel waits the same form has the same fields; of a service without history only the warehouse."""
    gap = CarrierGap(
        connection="main",
        marketplace_id=UK,
        services=("STD",),
        warehouse_carrier=carrier,
        warehouse_service="Standard" if carrier else "",
        orders=2,
        first_due=NOW,
    )
    with ledger.begin() as conn:
        record_problems(conn, [gap_problem(gap, "")], NOW)
    assert filled(ledger, ProblemKind.CARRIER_GAP) == known


def test_a_reused_number_is_put_into_no_form_and_its_parcels_are_named(ledger: Ledger) -> None:
    """Which of the parcels is wrong is not known; the sentence names each, so that the form can be filled in."""
    other = replace(SOMEBODY, address_line_1="14 Larkspur Mews")
    release(ledger, amazon_order(), amazon_order(number=2, to=other))
    ship(ledger, dispatch(), dispatch(number=2, package_ref="P2"))
    decide(ledger)
    with ledger.begin() as conn:
        record_reused(conn, "main", ledger.seal, NOW)
        (found,) = load_open(conn)
    assert filled(ledger, ProblemKind.TRACKING_REUSED) == {}
    assert found.summary == (
        f"Tracking number {found.subject} is on parcel P1 of order {order_id(1)} and parcel P2 of order"
        f" {order_id(2)}."
    )


def test_a_held_count_stands_in_its_form_by_its_number(ledger: Ledger) -> None:
    """The number is the newest held count's; what is held later takes its place."""
    row: dict[str, object] = {
        "connection": "main",
        "warehouse": "W1",
        "as_of": NOW,
        "received_at": NOW,
        "outcome": "HELD",
    }
    row |= {"source": "stock-1.csv", "rows": 40, "reason": "half is gone"}
    with ledger.begin() as conn:
        for _ in range(2):
            conn.execute(snapshots.insert().values(row))
            settle_held(conn, Place("main", "W1"), NOW)
    assert filled(ledger, ProblemKind.SNAPSHOT_HELD) == {"count": 2}


def test_a_parcels_problem_names_its_order_and_parcel(ledger: Ledger) -> None:
    """The forms about a parcel know which one it is, however the warehouse names it."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(tracking="", package_ref="P 2"))
    decide(ledger)
    known = {"amazon_order_id": order_id(), "parcel": "P 2"}
    assert filled(ledger, ProblemKind.TRACKING_MISSING) == known


def test_a_parcel_that_was_taken_back_is_named(ledger: Ledger) -> None:
    """What Amazon was told and the warehouse took back is corrected by the same form."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    confirm(ledger)
    ship(ledger, replace(dispatch(), voided=True))
    known = {"amazon_order_id": order_id(), "parcel": "P1"}
    assert filled(ledger, ProblemKind.TRACKING_CONTRADICTED) == known


def test_a_held_order_says_what_is_not_mapped(ledger: Ledger) -> None:
    """The SKU and the service level stand in the forms as Amazon spells them."""
    ingest(ledger, amazon_order(), maps=NOTHING_MAPPED)
    assert filled(ledger, ProblemKind.UNMAPPED_SKU) == {"seller_sku": "A"}
    assert filled(ledger, ProblemKind.UNMAPPED_SHIP_METHOD) == {"service_level": amazon_order().service_level}


def test_what_amazon_does_not_name_is_left_empty(ledger: Ledger) -> None:
    """Our own word for nothing is not one that a form could be sent with."""
    seen = facts(seller_skus=("",), service_level="", marketplace_id=DE, cancel_requested=True)
    with ledger.begin() as conn:
        record_problems(conn, decide_order(seen, None, MAPS).problems, NOW)
    assert filled(ledger, ProblemKind.UNMAPPED_SKU) == {}
    assert filled(ledger, ProblemKind.UNMAPPED_SHIP_METHOD) == {}
    assert filled(ledger, ProblemKind.CANCEL_REQUESTED) == {"amazon_order_id": seen.order_id}


def test_what_is_found_anew_is_filled_in_anew(ledger: Ledger) -> None:
    """An open problem takes over what the latest look knows, although its sentence stays."""
    held = Problem(kind=ProblemKind.SNAPSHOT_HELD, subject="main W1", summary="A count was held.")
    with ledger.begin() as conn:
        for number in (1, 2):
            record_problems(conn, [replace(held, about={"count": number})], NOW)
    assert filled(ledger, ProblemKind.SNAPSHOT_HELD) == {"count": 2}
