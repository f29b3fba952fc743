"""What a parcel is, when Amazon may be told about it, and what counts as proof that it arrived."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.amazon import AmazonPackage
from domain.maps import AmazonCarrier
from domain.problems import ProblemKind
from domain.warehouse import DispatchLine

NO_CONFIRM_PROGRAMS = frozenset({"FBM_SHIP_PLUS"})  # Ship+: Amazon confirms itself and answers ours with 400


class ParcelState(StrEnum):
    """How far the word of a parcel has traveled to Amazon."""

    RECORDED = "RECORDED"
    BLOCKED = "BLOCKED"
    MAPPED = "MAPPED"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    PROVEN = "PROVEN"
    REJECTED = "REJECTED"
    UNPROVEN = "UNPROVEN"
    NOT_REQUIRED = "NOT_REQUIRED"
    VOIDED = "VOIDED"


_P = ParcelState
NEXT_PARCEL_STATES: dict[ParcelState, frozenset[ParcelState]] = {
    _P.RECORDED: frozenset({_P.BLOCKED, _P.MAPPED, _P.NOT_REQUIRED, _P.VOIDED}),
    _P.BLOCKED: frozenset({_P.MAPPED, _P.NOT_REQUIRED, _P.RECORDED, _P.VOIDED, _P.PROVEN}),
    _P.MAPPED: frozenset({_P.SENDING, _P.BLOCKED, _P.RECORDED, _P.NOT_REQUIRED, _P.VOIDED, _P.PROVEN}),
    _P.SENDING: frozenset({_P.ACCEPTED, _P.REJECTED, _P.MAPPED, _P.PROVEN, _P.RECORDED, _P.VOIDED}),
    _P.ACCEPTED: frozenset({_P.PROVEN, _P.MAPPED, _P.UNPROVEN, _P.RECORDED, _P.VOIDED}),
    _P.PROVEN: frozenset({_P.RECORDED, _P.VOIDED}),
    _P.REJECTED: frozenset({_P.MAPPED, _P.BLOCKED, _P.NOT_REQUIRED, _P.PROVEN, _P.RECORDED, _P.VOIDED}),
    _P.UNPROVEN: frozenset({_P.PROVEN, _P.BLOCKED, _P.MAPPED, _P.NOT_REQUIRED, _P.RECORDED, _P.VOIDED}),
    _P.NOT_REQUIRED: frozenset({_P.RECORDED, _P.VOIDED}),
    _P.VOIDED: frozenset({_P.RECORDED}),
}
SETTLED_PARCELS = frozenset({_P.PROVEN, _P.NOT_REQUIRED, _P.VOIDED})
SHOWN_TO_AMAZON = frozenset({_P.SENDING, _P.ACCEPTED, _P.PROVEN, _P.REJECTED, _P.UNPROVEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedLine:
    """What was released for one order item: units of the seller SKU and what one unit consists of."""

    order_item_id: str
    quantity: int
    parts: Mapping[str, int]  # warehouse SKU -> units per unit of the seller SKU


class ContentsUnclear(Exception):  # noqa: N818 - it is a finding, and the message names it
    """The parcel's lines do not add up to whole units of the order; only the warehouse can say."""


def parcel_contents(
    told: Sequence[DispatchLine], released: Sequence[ReleasedLine], *, only_parcel: bool
) -> tuple[tuple[str, int], ...]:
    """What a parcel holds in Amazon's words: (order item id, units shipped), kits folded back.

    A parcel without lines holds everything when it is the only one of its order; nothing is invented
    otherwise.

    Raises:
        ContentsUnclear: the lines fit no order item, exceed it, or leave a kit in pieces.
    """
    if not told:
        if not only_parcel:
            raise ContentsUnclear("the warehouse does not say what is in it and it is one of several")
        return tuple((line.order_item_id, line.quantity) for line in released)
    units: Counter[tuple[str, str]] = Counter()
    for row in told:
        units[_item_of(row, released), row.sku] += row.quantity
    shipped = [(line.order_item_id, _whole_units(line, units)) for line in released]
    return tuple((item, quantity) for item, quantity in shipped if quantity)


def _item_of(row: DispatchLine, released: Sequence[ReleasedLine]) -> str:
    """The order item a parcel line belongs to: by our reference, else by its SKU when that is unambiguous."""
    fitting = [line.order_item_id for line in released if row.sku in line.parts]
    if row.line_ref in fitting:
        return row.line_ref
    if not row.line_ref and len(fitting) == 1:
        return fitting[0]
    raise ContentsUnclear(f"its line {row.line_ref or '(none)'} with SKU {row.sku} is not in the order")


def _whole_units(line: ReleasedLine, units: Mapping[tuple[str, str], int]) -> int:
    found = {sku: units.get((line.order_item_id, sku), 0) for sku in line.parts}
    counts = {divmod(found[sku], per_unit) for sku, per_unit in line.parts.items()}
    if len(counts) != 1:
        raise ContentsUnclear(f"it holds an incomplete kit of order item {line.order_item_id}")
    whole, rest = counts.pop()
    if rest:
        raise ContentsUnclear(f"it holds part of a unit of order item {line.order_item_id}")
    if whole > line.quantity:
        raise ContentsUnclear(f"it holds more of order item {line.order_item_id} than was ordered")
    return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelDecision:
    """Whether a parcel may be told to Amazon, and in which words; `problem` says what blocks it."""

    state: ParcelState
    carrier: AmazonCarrier | None = None
    problem: ProblemKind | None = None


def decide_parcel(
    *, tracking: str, carrier: AmazonCarrier | None, programs: Iterable[str], contents_known: bool
) -> ParcelDecision:
    """MAPPED when Amazon may be told, BLOCKED with the reason when a person must act first."""
    if NO_CONFIRM_PROGRAMS & set(programs):
        return ParcelDecision(state=ParcelState.NOT_REQUIRED)
    if not contents_known:
        return ParcelDecision(state=ParcelState.BLOCKED, problem=ProblemKind.CONTENTS_UNKNOWN)
    if not normal_tracking(tracking):
        return ParcelDecision(state=ParcelState.BLOCKED, problem=ProblemKind.TRACKING_MISSING)
    if carrier is None:
        return ParcelDecision(state=ParcelState.BLOCKED, problem=ProblemKind.CARRIER_UNMAPPED)
    return ParcelDecision(state=ParcelState.MAPPED, carrier=carrier)


def normal_tracking(tracking: str) -> str:
    """A tracking number as it is compared: carriers print it with spaces, dashes and in either case."""
    return "".join(sign for sign in tracking if sign.isalnum()).upper()


class Proof(StrEnum):
    """What Amazon's packages say about a parcel we told it."""

    SEEN = "SEEN"
    ABSENT = "ABSENT"
    CONTRADICTED = "CONTRADICTED"


def proof_of(
    reference_id: str,
    tracking: str,
    contents: Sequence[tuple[str, int]],
    packages: Iterable[AmazonPackage],
) -> Proof:
    """Whether Amazon shows the parcel: same package reference, same tracking, same item quantities.

    The carrier is not compared: `packages[].carrier` is a display value that may differ from carrierCode.
    """
    for package in packages:
        if package.reference_id != reference_id:
            continue
        same_tracking = normal_tracking(package.tracking) == normal_tracking(tracking)
        same_contents = _units(package.contents) == _units(contents)
        return Proof.SEEN if same_tracking and same_contents else Proof.CONTRADICTED
    return Proof.ABSENT


def _units(contents: Iterable[tuple[str, int]]) -> Counter[str]:
    """Units by order item; one item may stand in several rows."""
    units: Counter[str] = Counter()
    for order_item_id, quantity in contents:
        units[order_item_id] += quantity
    return units
