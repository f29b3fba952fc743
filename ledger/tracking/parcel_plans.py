"""Which parcels Amazon may be told about: decided anew at every run, with today's maps and all it showed so far."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from domain.amazon import AmazonPackage
from domain.maps import AmazonCarrier, CarrierMap, fold
from domain.orders.order import OrderState
from domain.problems import Problem, ProblemKind
from domain.tracking.confirms import MOST_EDITS
from domain.tracking.evidence import Evidence, Finding, ToldParcel, weigh
from domain.tracking.numbers import doubt_about
from domain.tracking.parcels import ParcelDecision, ParcelFacts, ParcelState, decide_parcel
from ledger.moves import Move, move_parcels
from ledger.orders.progress import record_progress
from ledger.problems import clear_problems, record_problems, settle_problems
from ledger.tables import orders, parcels
from ledger.tracking.parcel_problems import problem_of, settle_carriers, suspect
from ledger.tracking.parcel_words import AMAZON_SAID, BLOCKS, parcel_contents, parcel_subject
from ledger.tracking.relabels import overruled
from ledger.tracking.shown import ordered_units, our_references, shown_of

_OF_ONE = (BLOCKS - {ProblemKind.CARRIER_UNMAPPED}) | {ProblemKind.TRACKING_SUSPECT}
_UNDECIDED = ("RECORDED", "BLOCKED", "MAPPED", "REJECTED", "UNPROVEN")
_REFUSED = (ParcelState.REJECTED, ParcelState.UNPROVEN)


def _no_advice(_carrier: str, _service: str, _marketplace_id: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelMaps:
    """What parcels are decided with.

    `bought` names the warehouse's carriers whose labels are bought through Amazon. `advise` puts into words
    which of Amazon's carriers a warehouse's carrier and service probably are.
    """

    carriers: CarrierMap
    bought: frozenset[str] = frozenset()
    advise: Callable[[str, str, str], str] = field(default=_no_advice)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the parcels at hand beside their rows."""

    contents: Mapping[int, tuple[tuple[str, int], ...]]
    shown: Mapping[int, tuple[AmazonPackage, ...]]
    ordered: Mapping[int, Mapping[str, int]]
    ours: Mapping[int, frozenset[str]]


@dataclass(slots=True)
class _Plan:
    """What is to be written for all parcels at once."""

    values: list[dict[str, object]] = field(default_factory=list)
    moves: list[Move[ParcelState]] = field(default_factory=list)
    found: list[Problem] = field(default_factory=list)
    decided: list[sa.RowMapping] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def map_parcels(conn: sa.Connection, account: str, maps: ParcelMaps, now: datetime) -> dict[str, int]:
    """Decide every parcel that Amazon has not taken; how many are now in which state.

    A parcel that Amazon refused is sent again when the map gives it other words than it was refused with.
    """
    rows = conn.execute(_undecided(account)).mappings().all()
    order_ids = sorted({row["order_id"] for row in rows})
    known = _Known(
        parcel_contents(conn, [row["id"] for row in rows]),
        shown_of(conn, order_ids),
        ordered_units(conn, order_ids),
        our_references(conn, order_ids),
    )
    plan = _Plan()
    for row in rows:
        _plan(plan, row, maps, known, now)
    if plan.values:
        conn.execute(parcels.update().where(parcels.c.id == sa.bindparam("parcel")), plan.values)
    move_parcels(conn, plan.moves, now)
    _settle(conn, plan, now)
    settle_carriers(conn, maps.advise, now)
    done = {row["order_id"] for row in rows if row["order_state"] != OrderState.CANCELED}
    record_progress(conn, done, now)
    return dict(plan.counts)


def _undecided(account: str) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.marketplace_id, orders.c.programs)
        .add_columns(orders.c.confirm_by, orders.c.state.label("order_state"))
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.state.in_(_UNDECIDED))
        .order_by(orders.c.confirm_by, parcels.c.id)
        .with_for_update(of=parcels, key_share=True)
    )


def _plan(plan: _Plan, row: sa.RowMapping, maps: ParcelMaps, known: _Known, now: datetime) -> None:
    start, canceled = ParcelState(row["state"]), row["order_state"] == OrderState.CANCELED
    carrier = maps.carriers.resolve(row["marketplace_id"], row["warehouse_carrier"], row["warehouse_service"])
    if start in _REFUSED and not canceled and _unchanged(row, carrier):
        return
    finding = _finding(row, known)
    facts = _facts(row, maps, nothing_left=finding.evidence is Evidence.NOTHING_LEFT)
    decision = decide_parcel(facts, carrier)
    if (
        finding.evidence in (Evidence.SEEN, Evidence.ADOPTED)
        and decision.state is not ParcelState.NOT_REQUIRED
    ):
        decision = ParcelDecision(state=ParcelState.PROVEN, reason="Amazon shows it already")
    elif row["edits"] >= MOST_EDITS and decision.state is ParcelState.MAPPED:
        decision = ParcelDecision(state=ParcelState.BLOCKED, problem=ProblemKind.TRACKING_REFUSED)
    doubt = overruled(row) or (doubt_about(row["tracking"], carrier.carrier_code) if carrier else "")
    # Somebody's package that happens to carry our number shows nothing of this parcel.
    shown_as = "" if finding.evidence is Evidence.CONTRADICTED else finding.reference_id
    _write(plan, row, decision, (doubt, shown_as), now)
    if decision.problem and decision.problem is not ProblemKind.CARRIER_UNMAPPED:
        plan.found.append(problem_of(row, decision.problem))
    elif doubt and decision.state is ParcelState.MAPPED:
        plan.found.append(suspect(row, doubt))
    plan.decided.append(row)
    plan.counts[decision.state.value] += 1


def _finding(row: sa.RowMapping, known: _Known) -> Finding:
    """What Amazon showed of the parcel's order before; one that was told is judged by fresh reads only."""
    packages = known.shown.get(row["order_id"])
    if not packages or row["tries"]:
        return Finding(evidence=Evidence.ABSENT)
    reference = str(row["id"])
    told = ToldParcel(
        reference_id=reference,
        tracking=row["tracking"],
        contents=known.contents[row["id"]],
        siblings=known.ours[row["order_id"]] - {reference},
    )
    return weigh(told, packages, known.ordered.get(row["order_id"], {}))


def _facts(row: sa.RowMapping, maps: ParcelMaps, *, nothing_left: bool) -> ParcelFacts:
    return ParcelFacts(
        tracking=row["tracking"],
        programs=tuple(row["programs"]),
        contents_known=row["contents_known"],
        joined=row["joined"],
        bought_label=fold(row["warehouse_carrier"]) in maps.bought,
        order_canceled=row["order_state"] == OrderState.CANCELED,
        nothing_left=nothing_left,
    )


def _unchanged(row: sa.RowMapping, carrier: AmazonCarrier | None) -> bool:
    words = _words(carrier) if carrier else {}
    return words == {name: row[name] for name in words}


def _words(carrier: AmazonCarrier) -> dict[str, str]:
    return {
        "carrier_code": carrier.carrier_code,
        "carrier_name": carrier.carrier_name,
        "shipping_method": carrier.shipping_method,
    }


def _write(
    plan: _Plan, row: sa.RowMapping, decision: ParcelDecision, seen: tuple[str, str], now: datetime
) -> None:
    """`seen` is what is doubtful about the tracking, and the package reference Amazon shows the parcel under."""
    doubt, shown_as = seen
    start = ParcelState(row["state"])
    words = {name: row[name] for name in ("carrier_code", "carrier_name", "shipping_method")}
    words |= _words(decision.carrier) if decision.carrier else {}
    again = start in _REFUSED and decision.state is ParcelState.MAPPED
    mapped, proven = decision.state is ParcelState.MAPPED, decision.state is ParcelState.PROVEN
    awaits = decision.state is ParcelState.NOT_REQUIRED and _amazon_confirms(row) and not shown_as
    values: dict[str, object] = {
        **words,
        "blocked_for": str(decision.problem or ""),
        "doubt": doubt,
        "tries": 0 if again else row["tries"],
        "refusals": 0 if again else row["refusals"],
        "awaits_amazon": awaits,
        "shown_as": shown_as,
        "first_accepted_at": row["first_accepted_at"] or (now if proven else None),
        "first_ready_at": row["first_ready_at"] or (now if mapped else None),
    }
    if any(row[name] != value for name, value in values.items()):
        plan.values.append({"parcel": row["id"], **values})
    if decision.state is not start:
        plan.moves.append(Move(row["id"], start, decision.state, str(decision.problem or decision.reason)))


def _amazon_confirms(row: sa.RowMapping) -> bool:
    """Whether Amazon has to show a parcel that we do not confirm."""
    return row["order_state"] != OrderState.CANCELED and not row["joined"]


def _settle(conn: sa.Connection, plan: _Plan, now: datetime) -> None:
    """Make the open problems of these parcels what was found."""
    subjects = [parcel_subject(row) for row in plan.decided]
    of_one = [problem for problem in plan.found if problem.kind in _OF_ONE]
    settle_problems(conn, _OF_ONE, subjects, of_one, now)
    over = [parcel_subject(row) for row in plan.decided if row["order_state"] == OrderState.CANCELED]
    clear_problems(conn, AMAZON_SAID, over, now)
    record_problems(conn, [problem for problem in plan.found if problem.kind not in _OF_ONE], now)
