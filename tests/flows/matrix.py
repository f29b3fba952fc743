"""What must hold for every parcel after anything went wrong, and how the time that retries take is let pass.

What the verdicts of the matrices have in common is here, too: stock_matrix.py judges quantities.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sandbox.amazon.order import Package
from sandbox.amazon.world import AmazonWorld
from sandbox.parcels import Parcel
from tests.flows.conftest import Street


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the parcels, or the listings, of one seller account stand.

    `lost` are sentences about those that are neither proven nor a person's to settle, `contradicting` about
    what Amazon holds twice, from nowhere, or other than what is proven.
    """

    things: int
    proven: int
    problems: Counter[str] = field(default_factory=Counter)
    lost: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()

    @property
    def all_proven(self) -> bool:
        """Whether nothing is left to do, for Lockstep or for a person."""
        return self.proven == self.things and not self.problems


def judge(street: Street, account: str, world: AmazonWorld) -> Verdict:
    """Compare the warehouse's parcels of one seller account with the ledger, its problems, and Amazon."""
    told = {row["warehouse_parcel_id"]: row for row in street.rows("parcels", seller_account=account)}
    ours = orders_of(world)
    parcels = [one for one in street.warehouse.dispatched if one.amazon_order_id in ours]
    problems = [row for row in street.rows("problems") if row["cleared_at"] is None]
    mine = [row for row in problems if _is_about(row, account, ours)]
    lost, contradicting = [], _from_nowhere(told, world)
    for parcel in parcels:
        row = told.get(parcel.package_ref)
        contradicting += _doubled(parcel, world)
        if row is not None and row["state"] == "PROVEN":
            contradicting += _differing(parcel, row, world)
        elif row is None or not any(_covers(problem, parcel, account) for problem in mine):
            lost.append(
                f"{account}: parcel {parcel.package_ref} is {row and row['state']} and nobody's problem"
            )
    return Verdict(
        things=len(parcels),
        proven=sum(row["state"] == "PROVEN" for row in told.values()),
        problems=Counter(f"{row['kind']} ({row['owner']})" for row in mine),
        lost=tuple(lost),
        contradicting=tuple(contradicting),
    )


def orders_of(world: AmazonWorld) -> set[str]:
    """The orders that a test placed; those which only open the book of `more_sellers` are none of them."""
    with world.lock:
        return {one.order_id for one in world.orders.values() if one.items[0].seller_sku != "OLD"}


def _is_about(problem: Mapping[str, Any], account: str, orders: set[str]) -> bool:
    named = f"{problem['subject']} {problem['summary']}"
    return f"Amazon ({account})" in named or any(order in named for order in orders)


def _covers(problem: Mapping[str, Any], parcel: Parcel, account: str) -> bool:
    """Whether a problem, which must have an owner, speaks for this parcel: of it, its order, or its Amazon."""
    named = f"{problem['subject']} {problem['summary']}"
    about = (f"Amazon ({account})", f"{parcel.amazon_order_id} {parcel.package_ref}")
    whole_order = problem["subject"] == parcel.amazon_order_id
    return bool(problem["owner"]) and (whole_order or any(one in named for one in about))


def _accepted(parcel: Parcel, world: AmazonWorld) -> list[Package]:
    with world.lock:
        return list(world.orders[parcel.amazon_order_id].accepted.values())


def _doubled(parcel: Parcel, world: AmazonWorld) -> list[str]:
    same = [one.reference for one in _accepted(parcel, world) if one.tracking == parcel.tracking]
    return [f"{parcel.package_ref} is at Amazon as packages {same}"] if len(same) > 1 else []


def _differing(parcel: Parcel, row: Mapping[str, Any], world: AmazonWorld) -> list[str]:
    """What Amazon shows other than the warehouse's proven parcel."""
    shown = {one.reference: one for one in world.packages(parcel.amazon_order_id)}
    package = shown.get(row["package_reference_id"])
    if package is None:
        return [f"{parcel.package_ref} is proven and Amazon does not show it"]
    units: Counter[str] = Counter()
    for item, _sku, quantity in parcel.lines:
        units[item] += quantity
    same = (package.tracking, Counter(dict(package.items))) == (parcel.tracking, units)
    return [] if same else [f"{parcel.package_ref} is proven and Amazon shows {package}"]


def _from_nowhere(told: Mapping[str, Mapping[str, Any]], world: AmazonWorld) -> list[str]:
    """Packages that Amazon took under a reference that the ledger does not know."""
    known = {row["package_reference_id"] for row in told.values()}
    with world.lock:
        taken = [(order.order_id, ref) for order in world.orders.values() for ref in order.accepted]
    return [f"order {order} has a package {ref} of nobody's" for order, ref in taken if ref not in known]


def time_passes(street: Street, account: str = "", hours: int = 2) -> None:
    """Let every wait of unproven parcels be over: until their next try, their proof, and the next look at them."""
    waits = ("next_try_at", "sent_at", "accepted_at", "looked_at")
    back = ", ".join(f"{name} = {name} - make_interval(hours => :hours)" for name in waits)
    whose = "SELECT id FROM ledger.orders WHERE :account IN ('', seller_account)"
    words = f"UPDATE ledger.parcels SET {back} WHERE state <> 'PROVEN' AND order_id IN ({whose})"
    with street.ledger.begin() as conn:
        conn.execute(sa.text(words), {"hours": hours, "account": account})


def deadline_nears(street: Street, accounts: Sequence[str]) -> None:
    """Let the orders of these accounts be due in less than an hour."""
    soon = "confirm_by = now() + interval '50 minutes'"
    words = f"UPDATE ledger.orders SET {soon} WHERE seller_account = ANY(:accounts)"
    with street.ledger.begin() as conn:
        conn.execute(sa.text(words), {"accounts": list(accounts)})


def nothing_wrong(found: Iterable[Verdict]) -> None:
    """Ask of all of them that nothing is lost or contradicted."""
    all_ = list(found)
    contradicting = [sentence for verdict in all_ for sentence in verdict.contradicting]
    assert not contradicting, contradicting
    lost = [sentence for verdict in all_ for sentence in verdict.lost]
    assert not lost, lost


def table(title: str, found: Iterable[Verdict], things: str = "parcels", proven: str = "proven") -> str:
    """The counts of many verdicts of a fault matrix, in a line."""
    all_ = list(found)
    problems: Counter[str] = sum((verdict.problems for verdict in all_), Counter())
    kinds = ", ".join(f"{count} {kind}" for kind, count in problems.most_common())
    number, done = sum(one.things for one in all_), sum(one.proven for one in all_)
    lost, other = sum(len(one.lost) for one in all_), sum(len(one.contradicting) for one in all_)
    return (
        f"\nfault matrix, {title}: {len(all_)} seller accounts, {number} {things}, {done} {proven};"
        f" open problems: {kinds or 'none'}; lost {lost}, contradicting {other}"
    )
