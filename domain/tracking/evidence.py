"""Evidence: what one read of an order at Amazon says about a parcel that we told it, or are about to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.amazon import AmazonPackage
from domain.tracking.parcels import normal_tracking

# Amazon's words for a package that a carrier has touched; SHIPPED only says that somebody confirmed it.
MOVING = frozenset({"IN_TRANSIT", "DELIVERED", "UNDELIVERABLE"})
SHORTEST = timedelta(seconds=30)  # no read of Amazon's is quicker on any day


class Evidence(StrEnum):
    """What Amazon's packages say about one parcel."""

    SEEN = "SEEN"  # our package reference, the same tracking, the same units: proof
    ADOPTED = "ADOPTED"  # somebody else's package reference, the same tracking, the same units
    CONTRADICTED = "CONTRADICTED"  # our package reference with other data
    NOTHING_LEFT = "NOTHING_LEFT"  # not there, and other packages hold its units
    ABSENT = "ABSENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldParcel:
    """A parcel as Amazon was or would be told. `siblings` are our references of the order's other parcels."""

    reference_id: str
    tracking: str
    contents: Sequence[tuple[str, int]]
    siblings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found, and under which package reference of Amazon's."""

    evidence: Evidence
    reference_id: str = ""


def weigh(parcel: ToldParcel, packages: Iterable[AmazonPackage], ordered: Mapping[str, int]) -> Finding:
    """What Amazon shows of a parcel; `ordered` is units by order item.

    The carrier is not compared: `packages[].carrier` is a display value that may differ from carrierCode
    (FACTS 2.3).
    """
    shown = list(packages)
    wanted = _units(parcel.contents)
    if not wanted:  # nobody knows what is in it: a package without contents is no proof of that
        return Finding(evidence=Evidence.ABSENT)
    for package in shown:
        if package.reference_id == parcel.reference_id:
            same = _same_tracking(package, parcel) and _units(package.contents) == wanted
            found = Evidence.SEEN if same else Evidence.CONTRADICTED
            return Finding(evidence=found, reference_id=package.reference_id)
    foreign = [package for package in shown if package.reference_id not in parcel.siblings]
    for package in foreign:
        if _same_tracking(package, parcel) and _units(package.contents) == wanted:
            return Finding(evidence=Evidence.ADOPTED, reference_id=package.reference_id)
    taken = sum((_units(package.contents) for package in shown), Counter[str]())
    if foreign and any(units > ordered.get(item, 0) - taken[item] for item, units in wanted.items()):
        return Finding(evidence=Evidence.NOTHING_LEFT)
    return Finding(evidence=Evidence.ABSENT)


def proof_due(accepted_at: datetime, confirm_by: datetime | None, prove_within: timedelta) -> datetime:
    """When an accepted ship confirm should be seen (UTC); later it is sent again, and then shown to a person.

    Where little time is left to `confirm_by`, each step gets a third of it, so that a person still has one.
    """
    if confirm_by is None or confirm_by <= accepted_at:
        return accepted_at + prove_within
    third = (confirm_by - accepted_at) / 3
    return accepted_at + max(min(prove_within, third), min(prove_within, SHORTEST))


def _same_tracking(package: AmazonPackage, parcel: ToldParcel) -> bool:
    shown = normal_tracking(package.tracking)
    return bool(shown) and shown == normal_tracking(parcel.tracking)


def _units(contents: Iterable[tuple[str, int]]) -> Counter[str]:
    """Units by order item; one item may stand in several rows."""
    units: Counter[str] = Counter()
    for order_item_id, quantity in contents:
        units[order_item_id] += quantity
    return units
