"""The steps that bring an order down the street, each in a transaction of its own, as the tasks make them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.amazon import AmazonLine, AmazonOrder, AmazonPackage, AmazonStatus
from domain.maps import CarrierMap, ServiceMap, SkuMap
from domain.orders.order import OrderMaps
from domain.problems import ProblemKind
from domain.warehouse import ChangeKind, Dispatch, ReleaseAnswer, ReleaseResult
from ledger.connection import Ledger
from ledger.deliveries import record_changes
from ledger.orders.recording import PageOutcome, record_page
from ledger.orders.release_plans import plan_releases
from ledger.orders.releases import ReleaseBatch, claim_releases, record_answers
from ledger.problems import OpenProblem, open_problems
from ledger.tracking.confirms import Answered, ClaimedConfirm, Outcome, claim_confirms, record_outcomes
from ledger.tracking.dispatches import record_dispatches
from ledger.tracking.parcel_plans import ParcelMaps, map_parcels
from ledger.tracking.proof import record_evidence
from tests.factories import (
    MAPS,
    NOW,
    SERVICES,
    amazon_order,
    carrier_map,
    change,
    order_id,
    orders_page,
    page_context,
)

MAPPED = carrier_map("Royal Mail")
PROVE_WITHIN = timedelta(minutes=4)
ANY_RUN = NOW + timedelta(days=365)  # a run that starts after everything else: nothing was tried since
NOTHING_MAPPED = OrderMaps(skus=SkuMap(components={}, same_skus=False), services=ServiceMap(rows=()))
NO_SKUS = OrderMaps(skus=NOTHING_MAPPED.skus, services=SERVICES)


def ingest(
    ledger: Ledger,
    *orders: AmazonOrder,
    account: str = "main",
    connection: str = "main",
    maps: OrderMaps = MAPS,
    now: datetime = NOW,
) -> PageOutcome:
    """Record one page of orders."""
    context = page_context(ledger.seal, account=account, connection=connection, maps=maps)
    with ledger.begin() as conn:
        return record_page(conn, orders_page(*orders), context, now)[0]


def claim(
    ledger: Ledger, *, account: str = "main", connection: str = "main", now: datetime = NOW
) -> ReleaseBatch | None:
    """Plan what is ready and take it for a call."""
    with ledger.begin() as conn:
        plan_releases(conn, account, MAPS, 1000, now)
    with ledger.begin() as conn:
        return claim_releases(conn, connection, ledger.seal, 1000, now)


def answer(
    ledger: Ledger,
    *numbers: int,
    result: ReleaseResult = ReleaseResult.SUBMITTED,
    reason: str = "",
    now: datetime = NOW,
) -> dict[str, int]:
    """Keep the warehouse's answer for the orders of these numbers."""
    answers = [
        ReleaseAnswer(reference=f"{order_id(number)}-1", result=result, reason=reason) for number in numbers
    ]
    with ledger.begin() as conn:
        return record_answers(conn, answers, now)


def say(
    ledger: Ledger, kind: ChangeKind, *numbers: int, now: datetime = NOW, reason: str = ""
) -> dict[str, int]:
    """Record a word of the warehouse on the orders of these numbers."""
    with ledger.begin() as conn:
        changes = [change(kind, number=number, reason=reason) for number in numbers]
        return record_changes(conn, "main", changes, ledger.seal, now)


def release(ledger: Ledger, *orders: AmazonOrder, now: datetime = NOW, accepted: bool = True) -> None:
    """Bring new orders to the warehouse, which accepts them unless told otherwise."""
    ingest(ledger, *orders, now=now)
    claim(ledger, now=now)
    numbers = [int(order.order_id[-7:]) for order in orders]
    answer(ledger, *numbers, now=now)
    if accepted:
        say(ledger, ChangeKind.ACCEPTED, *numbers, now=now)


def ship(ledger: Ledger, *dispatches: Dispatch, now: datetime = NOW) -> dict[str, int]:
    """Record what the warehouse dispatched."""
    with ledger.begin() as conn:
        return record_dispatches(conn, "main", dispatches, now)


def decide(
    ledger: Ledger,
    *,
    account: str = "main",
    carriers: CarrierMap = MAPPED,
    bought: Iterable[str] = (),
    now: datetime = NOW,
) -> dict[str, int]:
    """Decide the recorded parcels with a carrier map, and the carriers whose labels are bought through Amazon."""
    with ledger.begin() as conn:
        return map_parcels(conn, account, ParcelMaps(carriers=carriers, bought=frozenset(bought)), now)


def take(ledger: Ledger, *, limit: int = 1000, now: datetime = NOW) -> tuple[ClaimedConfirm, ...]:
    """Claim parcels for confirmation."""
    with ledger.begin() as conn:
        return claim_confirms(conn, "main", limit, now)


def end(
    ledger: Ledger,
    *claims: ClaimedConfirm,
    answered: Answered = Answered.ACCEPTED,
    reason: str = "",
    code: str = "",
    now: datetime = NOW,
) -> None:
    """Keep how these calls ended."""
    outcomes = [
        Outcome(parcel_id=one.parcel_id, answered=answered, reason=reason, code=code) for one in claims
    ]
    with ledger.begin() as conn:
        record_outcomes(conn, outcomes, PROVE_WITHIN, now)


def confirm(ledger: Ledger, *, now: datetime = NOW) -> tuple[ClaimedConfirm, ...]:
    """Map, claim and have Amazon accept everything there is to confirm."""
    decide(ledger, now=now)
    claims = take(ledger, now=now)
    end(ledger, *claims, now=now)
    return claims


def refuse(ledger: Ledger, *, code: str = "InvalidInput", now: datetime = NOW) -> str:
    """Map and claim the one parcel there is and have Amazon refuse it; its package reference."""
    decide(ledger, now=now)
    (claimed,) = take(ledger, now=now)
    end(ledger, claimed, answered=Answered.REFUSED, reason=f"Amazon says {code}", code=code, now=now)
    return claimed.claim.package_reference_id


def look(
    ledger: Ledger,
    *packages: AmazonPackage,
    number: int = 1,
    status: AmazonStatus = AmazonStatus.UNSHIPPED,
    updated_at: datetime | None = None,
    now: datetime = NOW,
) -> dict[str, int]:
    """Compare an order's parcels with a read of it that shows these packages."""
    row = order_row(ledger, number)
    found = sa.text("SELECT * FROM ledger.order_lines WHERE order_id = :id ORDER BY order_item_id")
    with ledger.begin() as conn:
        lines = [
            AmazonLine(
                order_item_id=one.order_item_id,
                seller_sku=one.seller_sku,
                quantity=one.quantity,
                unfulfilled=one.unfulfilled,
            )
            for one in conn.execute(found, {"id": row["id"]})
        ]
        read = amazon_order(
            number=number,
            status=status,
            updated_at=updated_at or now,
            programs=tuple(row["programs"]),
            lines=lines,
            packages=packages,
        )
        return record_evidence(conn, {row["id"]: read}, PROVE_WITHIN, now)


def order_row(ledger: Ledger, number: int = 1) -> sa.RowMapping:
    """The ledger's row of one order."""
    return one(ledger, "SELECT * FROM ledger.orders WHERE amazon_order_id = :value", order_id(number))


def release_row(ledger: Ledger, number: int = 1) -> sa.RowMapping:
    """The ledger's row of an order's first release."""
    return one(ledger, "SELECT * FROM ledger.releases WHERE reference = :value", f"{order_id(number)}-1")


def parcel_row(ledger: Ledger, package_ref: str = "P1") -> sa.RowMapping:
    """The ledger's row of one parcel."""
    return one(ledger, "SELECT * FROM ledger.parcels WHERE warehouse_parcel_id = :value", package_ref)


def one(ledger: Ledger, statement: str, value: str) -> sa.RowMapping:
    """The one row a statement finds for its `:value`."""
    with ledger.begin() as conn:
        return conn.execute(sa.text(statement), {"value": value}).mappings().one()


def states(ledger: Ledger, table: str) -> list[str]:
    """The states of a table's rows, in the order they were written."""
    with ledger.begin() as conn:
        return list(conn.scalars(sa.text(f"SELECT state FROM ledger.{table} ORDER BY id")))


def path(ledger: Ledger, machine: str) -> list[str]:
    """The states one machine's only row went through."""
    with ledger.begin() as conn:
        return list(conn.scalars(sa.text(f"SELECT to_state FROM ledger.{machine}_history ORDER BY id")))


def problems(ledger: Ledger) -> Sequence[OpenProblem]:
    """What needs a person now."""
    with ledger.begin() as conn:
        return open_problems(conn)


def kinds(ledger: Ledger) -> list[ProblemKind]:
    """The kinds of what needs a person now."""
    return sorted(problem.kind for problem in problems(ledger))
