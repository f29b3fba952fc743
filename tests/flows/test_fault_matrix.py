"""The fault matrix: whatever Amazon answers at any call, each parcel ends proven or as somebody's problem."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import pytest

from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from sandbox.habits import Habit
from tests.flows.conftest import GB, Street
from tests.flows.faulty import (
    ANYWHERE,
    BUSY,
    ERRORS,
    FOR_GOOD,
    STRANGE,
    UNHEARD,
    has_met,
    is_broken,
    side_by_side,
)
from tests.flows.matrix import Verdict, deadline_nears, judge, nothing_wrong, orders_of, table, time_passes
from tests.flows.runs import at_once
from tests.flows.strangers import Seller, more_sellers

BOXES = Habit(boxes=({"SKU-01": 1}, {"SKU-02": 1}))
KEPT_BACK = replace(BOXES, rest_after=None)  # the second parcel follows when somebody has it sent
ROUNDS = 12  # of runs, with hours between them
REFUSED = "tracking_refused (integration)"

# What Amazon says no to for good: trying again helps nobody, and a person is told at once.
FINAL = ("400-edits", "400-nonexistent-item")
REFUSALS = (*FINAL, "400-package-not-found", "400-item-id", "400-type", "400-ship-plus", "400-invalid", "404")
HOLLOW = ("204-no-effect", "204-other-tracking", "204-late")
FAULTS = {
    "getOrder": ("400-invalid", "404", *ANYWHERE),
    "searchOrders": ("400-invalid", "404", *ANYWHERE),
    "token": ("400-invalid", "401-json", "403-message", *ERRORS, *STRANGE, *UNHEARD, *BUSY),
    "confirmShipment": (*REFUSALS, *HOLLOW, *ANYWHERE),
}
READS = ("getOrder", "searchOrders")
# Each of them comes once at every call; for good, every one at the confirm and one of each sort at the others.
ONE_OF_EACH = (
    "404",
    "401-json",
    "500-html",
    "503-empty",
    "200-html",
    "reset-after",
    "hang-before",
    "429-empty",
)
K = TypeVar("K")


pytestmark = pytest.mark.usefixtures("hurried")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reply for good, at a seller account of its own; the reads break down together: no proof is left."""

    operations: tuple[str, ...]
    fault: str

    @property
    def name(self) -> str:
        """The name of its seller account."""
        return f"{self.operations[0].lower()}-{self.fault}"

    @property
    def confirms(self) -> bool:
        """Whether it is confirmShipment that breaks down."""
        return self.operations == ("confirmShipment",)

    @property
    def final(self) -> bool:
        """Whether a person settles it also after Amazon is itself again: it refused, or did not what it said."""
        return self.confirms and self.fault in (*REFUSALS, *HOLLOW)


CASES = [
    Case(operations=operations, fault=fault)
    for operations in (("confirmShipment",), READS, ("token",))
    for fault in FAULTS[operations[0]]
    if operations == ("confirmShipment",) or fault in ONE_OF_EACH
]


@pytest.mark.timeout(600)
def test_a_fault_that_stays_ends_every_parcel_as_proven_or_as_a_problem(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost or contradicted while any reply stays wrong or away; what may pass is proven after it."""
    with more_sellers(street, [case.name for case in CASES]) as made:
        sellers = {case: made[case.name] for case in CASES}
        dispatched(street, list(made.values()))
        for case, seller in sellers.items():
            break_down(seller, case)

        settle(
            street,
            sellers,
            lambda case, verdict: not verdict.lost and has_met(sellers[case], case.operations),
        )

        during = verdicts(street, sellers)
        for case, verdict in during.items():
            assert verdict.proven == verdict.things or verdict.problems, case
            assert has_met(sellers[case], case.operations), f"{case.name} was never answered so"
            assert not (case.confirms and case.fault in REFUSALS) or REFUSED in verdict.problems, (
                case,
                verdict,
            )
        for seller in sellers.values():
            seller.faults_end()

        settle(street, sellers, lambda case, verdict: verdict.all_proven or case.final)

        after = verdicts(street, sellers)
        for case, verdict in after.items():
            assert verdict.all_proven or case.final, (case, verdict)
    with capsys.disabled():
        print(table("while the fault stays", during.values()))  # noqa: T201 - figures asked for
        print(table("after its end", after.values()))  # noqa: T201 - figures asked for


@pytest.mark.timeout(600)
def test_a_fault_that_comes_once_costs_no_parcel_anything(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """After every reply has come once at every call, all is proven; only a final refusal is a problem."""
    with more_sellers(street, [operation.lower() for operation in FAULTS]) as made:
        sellers = {operation: made[operation.lower()] for operation in FAULTS}
        # Each fault of confirmShipment meets an order of its own.
        dispatched(street, [*sellers.values()] * 2 + [sellers["confirmShipment"]] * len(REFUSALS + ANYWHERE))
        dispatched(street, [*sellers.values()], KEPT_BACK)
        for operation, seller in sellers.items():
            seller.world.hang_seconds = 1.5
            for fault in FAULTS[operation]:
                # Between two faults of confirmShipment one call goes well, so that each meets another parcel.
                seller.world.inject(operation, fault, after=int(operation == "confirmShipment"))
        sellers["token"].world.inject("confirmShipment", "403-expired")

        at_once(*[partial(outlast, street, seller) for seller in sellers.values()])

        found = verdicts(street, sellers)
        for operation, verdict in found.items():
            assert not is_broken(sellers[operation]), operation
            assert is_done(verdict), (operation, verdict)
            assert verdict.all_proven or operation == "confirmShipment", (operation, verdict)
    with capsys.disabled():
        cases = sum(len(faults) for faults in FAULTS.values())
        print(table(f"each of {cases} replies once", found.values()))  # noqa: T201 - figures asked for


def dispatched(street: Street, orders: Sequence[Seller], boxes: Habit = BOXES) -> None:
    """An order for each of these sellers, dispatched in parcels that nobody has read of yet."""
    there = len(street.warehouse.dispatched)
    for seller in orders:
        order = seller.world.add_order(marketplace_id=GB, items=[("SKU-01", 1), ("SKU-02", 1)])
        street.warehouse.plan(order, boxes)
    street.settle()
    order_ingest()
    street.work(until_idle=True)
    assert len(street.warehouse.dispatched) == there + len(orders) * (1 if boxes is KEPT_BACK else 2)


def break_down(seller: Seller, case: Case) -> None:
    """From now on these calls get that reply alone."""
    seller.world.hang_seconds = 1.5
    for operation in case.operations:
        seller.world.inject(operation, case.fault, times=FOR_GOOD)
    if case.operations == ("token",):  # the token in hand opens nothing anymore
        seller.world.inject("confirmShipment", "403-expired")


def is_done(verdict: Verdict) -> bool:
    """Whether all is proven, but for what Amazon refused for good."""
    refused = verdict.problems[REFUSED]
    only = set(verdict.problems) <= {REFUSED}
    return only and refused <= len(FINAL) and verdict.proven == verdict.things - refused


def run(flow: Callable[..., object], seller: Seller) -> None:
    """Run a flow for one seller account; it may fail, as it should while Amazon is away."""
    flow(seller_account=seller.name, return_state=True)


def settle(street: Street, sellers: Mapping[Case, Seller], good: Callable[[Case, Verdict], bool]) -> None:
    """Runs with hours between them: a push for all, then both flows in turn for those that are not well yet.

    In the last runs the orders are due within the hour.
    """
    tracking_push(return_state=True)
    for number in range(ROUNDS):
        time_passes(street)
        unwell = [s for case, s in sellers.items() if not good(case, judge(street, s.name, s.world))]
        if not unwell:
            return
        if number >= ROUNDS - 2:
            deadline_nears(street, [seller.name for seller in unwell])
        side_by_side(partial(run, (tracking_push, order_ingest)[number % 2]), unwell)


def outlast(street: Street, seller: Seller) -> None:
    """Runs of both flows, with hours between them, until no reply is left and everything is settled."""
    for _ in range(4 * ROUNDS):
        run(tracking_push, seller)
        if seller.name == "searchorders" or not is_broken(seller):
            run(order_ingest, seller)
        time_passes(street, seller.name)
        if not is_broken(seller):
            send_last(street, seller)
            if is_done(judge(street, seller.name, seller.world)):
                return


def send_last(street: Street, seller: Seller) -> None:
    """The parcels that were kept back: only a call that is answered shows that Amazon is there again."""
    kept = [order for order in orders_of(seller.world) if len(street.warehouse.parcels_of(order)) == 1]
    for order in kept:
        street.warehouse.send_rest(order)


def verdicts(street: Street, sellers: Mapping[K, Seller]) -> dict[K, Verdict]:
    """How everybody stands; that nothing is lost or contradicted is asked of all of them."""
    found = {key: judge(street, seller.name, seller.world) for key, seller in sellers.items()}
    nothing_wrong(found.values())
    return found
