"""The forms about one order, parcel or problem: what is decided takes effect in the same run, at both strangers."""

import pytest

import flows.parcel_forms
from domain.problems import Problem, ProblemKind
from flows.acknowledge_problem import acknowledge_problem
from flows.correct_tracking import correct_tracking
from flows.decide_order import decide_order
from flows.order_ingest import order_ingest
from flows.resend_tracking import resend_tracking
from flows.tracking_push import tracking_push
from ledger.problems import record_problems
from tests.flows.conftest import GB, Street
from tests.flows.runs import at_once, fails


def decide(order: str, decision: str, author: str = "Kim") -> None:
    """One person decides about an order."""
    decide_order(amazon_order_id=order, decision=decision, reason="a test", your_name=author)


def handed_over(street: Street) -> set[str]:
    return {row["amazon_order_id"] for row in street.handed_over()}


def test_an_order_is_held_released_and_stopped_at_once(street: Street) -> None:
    """A hold keeps it here, a release hands it over in its own run, and a cancel asks the warehouse at once."""
    order = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], status="PENDING")
    street.settle()
    order_ingest()
    decide(order, "hold")
    street.world.authorize_payment(order)
    street.settle()
    order_ingest()
    assert (street.states()[order], handed_over(street)) == ("HELD", set())
    assert street.problems() == [("held_by_person", "operations", order)]

    decide(order, "release")
    assert (street.states()[order], handed_over(street), street.problems()) == ("RELEASED", {order}, [])
    said = fails(decide_order, amazon_order_id=order, decision="hold", reason="too late", your_name="Kim")
    assert said.endswith("choose cancel to have it stopped. Nothing changed.")

    decide(order, "cancel")
    assert [row["order_ref"] for row in street.handed_over("cancel")] == [f"{order}-1"]
    street.work()
    tracking_push()
    assert street.warehouse.jobs[f"{order}-1"].state == "CANCELLED"
    assert street.problems() == [("cancel_requested", "customer_service", order)]
    street.world.cancel(order)
    street.settle()
    order_ingest()
    assert (street.states()[order], street.problems()) == ("CANCELED", [])


def test_a_buyers_wish_is_overruled_at_once(street: Street) -> None:
    """A release hands over what was held because its buyer asked to cancel, and the run says where it is."""
    order = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], status="PENDING")
    street.settle()
    order_ingest()
    street.world.authorize_payment(order)
    street.world.request_cancel(order)
    street.settle()
    order_ingest()
    assert (street.states()[order], street.problems()) == (
        "HELD",
        [("cancel_requested", "customer_service", order)],
    )
    form = {"amazon_order_id": order, "decision": "release", "reason": "they want it", "your_name": "Kim"}
    state = decide_order(**form, return_state=True)
    assert state.message == (
        f"Order {order}: it is shipped although the buyer asked to cancel it. Now it is at the warehouse."
    )
    assert (street.states()[order], handed_over(street), street.problems()) == ("RELEASED", {order}, [])


def test_a_hold_beside_a_running_street(street: Street) -> None:
    """Whoever is first: the order is held here or at the warehouse, and the form says which."""
    orders = [street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)]) for _ in range(3)]
    street.settle()
    order_ingest()
    held = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)], status="PENDING")
    street.settle()
    order_ingest()
    street.world.authorize_payment(held)
    street.settle()

    def hold() -> str:
        form = {"amazon_order_id": held, "decision": "hold", "reason": "a test", "your_name": "Kim"}
        return decide_order(**form, return_state=True).name

    names = at_once(hold, lambda: order_ingest(return_state=True).name)
    kept = names[0] == "Completed"
    assert names[1] == "Completed"
    assert handed_over(street) == {*orders} | (set() if kept else {held})
    # Planned and not sent yet, it is held on its way.
    assert street.states()[held] in ({"HELD", "RELEASING"} if kept else {"RELEASED"})


def test_a_tracking_is_sent_again_and_corrected_at_once(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused parcel is proven by the form's own run, and so is the number that a person puts right."""
    monkeypatch.setattr(flows.parcel_forms, "LOOKS", 40)
    monkeypatch.setattr(flows.parcel_forms, "PAUSE", 0.1)
    order = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    street.world.inject("confirmShipment", "400-nonexistent-item")
    tracking_push()
    (parcel,) = street.rows("parcels")
    name = parcel["warehouse_parcel_id"]
    assert street.problems() == [("tracking_refused", "integration", f"{order} {name}")]

    said = resend_tracking(amazon_order_id=order, your_name="Kim", return_state=True).message
    assert said.startswith(f"Parcel {name} is sent again now. Parcel {name} is proven: Amazon shows it with")
    assert ([row["state"] for row in street.rows("parcels")], street.problems()) == (["PROVEN"], [])
    sent = len(street.calls("confirmShipment"))
    resend_tracking(amazon_order_id=order, your_name="Kim", parcel=name)
    assert len(street.calls("confirmShipment")) == sent

    label = {"amazon_order_id": order, "parcel": name, "your_name": "Jo"}
    assert "Nobody has mapped the carrier" in fails(
        correct_tracking, **label, tracking_number="AB123456785GB", carrier="Pigeon"
    )
    said = correct_tracking(**label, tracking_number="AB123456785GB", return_state=True).message
    assert "has tracking number AB123456785GB now. The warehouse said" in said
    assert said.endswith(f"Parcel {name} is proven: Amazon shows it with tracking number AB123456785GB.")
    (parcel,) = street.rows("parcels")
    assert (parcel["state"], parcel["tracking_number"]) == ("PROVEN", "AB123456785GB")
    assert [package.tracking for package in street.world.packages(order)] == ["AB123456785GB"]


def test_a_problem_is_acknowledged(street: Street) -> None:
    """By its number or its name; what only a person can see end is over, and a wrong form says what it needs."""
    found = [
        Problem(kind=ProblemKind.UNKNOWN_ORDER, subject=f"main X-{n}", summary="It is so.") for n in (1, 2)
    ]
    with street.ledger.begin() as conn:
        record_problems(conn, found, street.world.now())
    acknowledge_problem(note="asked them", your_name="Kim", problem=1)
    assert [subject for _, _, subject in street.problems()] == ["main X-2"]
    acknowledge_problem(note="asked them", your_name="Kim", kind="unknown order", subject="main X-2")
    assert street.problems() == []
    assert "Give the problem's number" in fails(acknowledge_problem, note="hm", your_name="Kim")
