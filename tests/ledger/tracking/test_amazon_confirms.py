"""Parcels that Amazon confirms itself: never told by us, watched until Amazon shows them."""

from typing import Any

import pytest

from domain.amazon import AmazonStatus
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.tracking.looks import unproven_orders
from tests.factories import DAY, HOUR, MINUTE, NOW, amazon_order, carrier_map, dispatch, order_id, package
from tests.ledger.walk import (
    PROVE_WITHIN,
    decide,
    ingest,
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

DUE = NOW + DAY
SHIP_PLUS: dict[str, Any] = {"programs": ("FBM_SHIP_PLUS",)}
WAYS = [(SHIP_PLUS, []), ({}, ["royal mail"])]
by_amazon = pytest.mark.parametrize(("order", "bought"), WAYS, ids=["Ship+", "Buy Shipping"])


def _recorded(ledger: Ledger, order: dict[str, Any], bought: list[str], carrier: str = "Royal Mail") -> None:
    release(ledger, amazon_order(**order))
    ship(ledger, dispatch(carrier=carrier))
    assert decide(ledger, bought=bought) == {"NOT_REQUIRED": 1}


def _looks(ledger: Ledger, at: Any) -> list[str]:
    with ledger.begin() as conn:
        return [one.amazon_order_id for one in unproven_orders(conn, "main", PROVE_WITHIN, 10, at)]


@by_amazon
def test_it_is_never_told_by_us(ledger: Ledger, order: dict[str, Any], bought: list[str]) -> None:
    """No claim takes such a parcel, and its order stays open until Amazon shows it."""
    _recorded(ledger, order, bought)
    assert (take(ledger), problems(ledger)) == ((), ())
    assert (parcel_row(ledger)["awaits_amazon"], order_row(ledger)["state"]) == (True, "DISPATCHED")
    assert decide(ledger, bought=bought) == {}


def test_an_unmapped_carrier_does_not_matter_to_ship_plus(ledger: Ledger) -> None:
    """What is never told to Amazon needs none of Amazon's words."""
    _recorded(ledger, SHIP_PLUS, [], carrier="Pigeon")
    assert problems(ledger) == ()


@by_amazon
def test_amazons_own_package_closes_the_order(
    ledger: Ledger, order: dict[str, Any], bought: list[str]
) -> None:
    """Amazon's package with the parcel's tracking and units ends it, and says under which reference."""
    _recorded(ledger, order, bought)
    assert look(ledger, package("AMZN-1", tracking="track 1"), now=NOW + MINUTE) == {"SHOWN": 1}
    row = parcel_row(ledger)
    assert (row["state"], row["awaits_amazon"], row["shown_as"]) == ("NOT_REQUIRED", False, "AMZN-1")
    assert order_row(ledger)["closed_at"] == NOW + MINUTE
    assert look(ledger, package("AMZN-1"), now=NOW + HOUR) == {}


@by_amazon
def test_amazon_may_be_quicker_than_the_warehouse(
    ledger: Ledger, order: dict[str, Any], bought: list[str]
) -> None:
    """A package that Amazon showed before the warehouse told of the parcel closes its order at once."""
    release(ledger, amazon_order(**order))
    look(ledger, package("AMZN-1"))
    ship(ledger, dispatch())
    decide(ledger, bought=bought)
    assert (parcel_row(ledger)["awaits_amazon"], states(ledger, "orders")) == (False, ["CLOSED"])


@by_amazon
def test_a_package_that_carries_our_number_by_chance_closes_nothing(
    ledger: Ledger, order: dict[str, Any], bought: list[str]
) -> None:
    """Amazon's own numbers may equal ours: another parcel's data under it shows nothing of this one."""
    release(ledger, amazon_order(**order))
    look(ledger, package("1", tracking="SOMETHING-ELSE"))
    ship(ledger, dispatch())
    decide(ledger, bought=bought)
    assert parcel_row(ledger)["id"] == 1
    assert (parcel_row(ledger)["awaits_amazon"], states(ledger, "orders")) == (True, ["DISPATCHED"])


@by_amazon
def test_a_person_knows_an_hour_before_it_is_due(
    ledger: Ledger, order: dict[str, Any], bought: list[str]
) -> None:
    """Until the last hour Amazon has its time; then what it does not show is a problem, until it shows it."""
    _recorded(ledger, order, bought)
    assert look(ledger, now=DUE - HOUR) == {}
    assert problems(ledger) == ()
    look(ledger, now=DUE - HOUR + MINUTE)
    (found,) = problems(ledger)
    assert (found.kind, found.act_by) == (ProblemKind.TRACKING_UNPROVEN, DUE)
    look(ledger, package("AMZN-1"), now=DUE - HOUR / 2)
    assert (problems(ledger), states(ledger, "orders")) == ((), ["CLOSED"])


@by_amazon
def test_amazons_other_tracking_is_shown(ledger: Ledger, order: dict[str, Any], bought: list[str]) -> None:
    """When Amazon's package holds the units under another tracking, a person compares the labels."""
    _recorded(ledger, order, bought)
    look(ledger, package("AMZN-1", tracking="OTHER-ONE"))
    assert (kinds(ledger), take(ledger)) == ([ProblemKind.TRACKING_CONTRADICTED], ())
    assert states(ledger, "orders") == ["DISPATCHED"]


@by_amazon
def test_it_is_looked_at_before_it_is_due(ledger: Ledger, order: dict[str, Any], bought: list[str]) -> None:
    """No call is spent on it until two hours before the deadline, and then one every quarter of an hour."""
    _recorded(ledger, order, bought)
    assert _looks(ledger, DUE - 3 * HOUR) == []
    at = DUE - 2 * HOUR + MINUTE
    assert _looks(ledger, at) == [order_id()]
    look(ledger, now=at)
    assert (_looks(ledger, at + 15 * MINUTE), _looks(ledger, at + 16 * MINUTE)) == ([], [order_id()])


def test_a_bought_label_is_known_by_its_carriers_name(ledger: Ledger) -> None:
    """Another carrier's parcel of the same warehouse is confirmed by us as ever."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    assert decide(ledger, bought=["amazon shipping"]) == {"MAPPED": 1}


def test_a_relabel_with_a_carrier_of_our_own_is_told(ledger: Ledger) -> None:
    """A parcel whose bought label is replaced by one of our own is confirmed by us."""
    _recorded(ledger, {}, ["royal mail"])
    ship(ledger, dispatch(carrier="DPD", tracking="TRACK2", shipped_at=NOW + 2 * HOUR))
    assert not parcel_row(ledger)["awaits_amazon"]
    assert decide(ledger, bought=["royal mail"], carriers=carrier_map("DPD")) == {"MAPPED": 1}


@pytest.mark.parametrize("code", ["InvalidInput", ""])
def test_a_refusal_of_a_ship_plus_order_that_was_not_known_as_one(ledger: Ledger, code: str) -> None:
    """A 400 on an order that turns out to be Ship+ ends the tries; it is awaited from Amazon."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    refuse(ledger, code=code)
    ingest(ledger, amazon_order(updated_at=NOW + MINUTE, **SHIP_PLUS))
    with ledger.begin() as conn:
        conn.exec_driver_sql("UPDATE ledger.orders SET programs = '{FBM_SHIP_PLUS}'")
    assert look(ledger, now=NOW + MINUTE) == {"NOT_REQUIRED": 1}
    assert (parcel_row(ledger)["awaits_amazon"], problems(ledger), take(ledger)) == (True, (), ())


@by_amazon
def test_a_canceled_order_awaits_nothing(ledger: Ledger, order: dict[str, Any], bought: list[str]) -> None:
    """A parcel of an order that Amazon canceled before it was recorded is not waited for."""
    release(ledger, amazon_order(**order))
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE, **order))
    ship(ledger, dispatch())
    decide(ledger, bought=bought)
    assert not parcel_row(ledger)["awaits_amazon"]
    assert path(ledger, "parcel") == ["RECORDED", "NOT_REQUIRED"]
    assert _looks(ledger, DUE) == []
