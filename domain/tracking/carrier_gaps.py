"""Carriers that open orders are going to need and nobody mapped: found before their parcels exist."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.maps import CarrierMap, fold
from domain.problems import Problem, ProblemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Open orders of one marketplace for which a warehouse was asked for one service; `first_due` is UTC."""

    connection: str
    marketplace_id: str
    service: str
    orders: int
    first_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A carrier and service that the warehouse put on parcels for which one service was asked for."""

    connection: str
    service: str
    warehouse_carrier: str
    warehouse_service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierGap:
    """What the carrier map lacks for open orders; without `warehouse_carrier` it has no row that could fit."""

    connection: str
    marketplace_id: str
    services: tuple[str, ...]
    warehouse_carrier: str
    warehouse_service: str
    orders: int
    first_due: datetime | None

    @property
    def subject(self) -> str:
        """The gap as problems name it."""
        if not self.warehouse_carrier:
            return f"{self.connection} / service {' or '.join(self.services)} in {self.marketplace_id}"
        return carrier_subject(
            self.connection, self.warehouse_carrier, self.warehouse_service, self.marketplace_id
        )


def carrier_subject(connection: str, carrier: str, service: str, marketplace_id: str) -> str:
    """A warehouse's carrier string in one marketplace, as problems name it."""
    words = (connection, _quoted(carrier) or "(none)", _quoted(service))
    return f"{' / '.join(word for word in words if word)} in {marketplace_id}"


def about_carrier(connection: str, carrier: str, service: str) -> dict[str, str]:
    """What the form that maps a warehouse's carrier string is filled in with."""
    return {"connection": connection, "warehouse_carrier": carrier, "warehouse_service": service}


def find_gaps(
    needs: Sequence[Need],
    used: Iterable[Used],
    carriers: Mapping[str, CarrierMap],
    unconfirmed: Mapping[str, Collection[str]],
) -> tuple[CarrierGap, ...]:
    """What is missing in the maps (by connection) for the orders that are on their way, the most urgent first.

    Each carrier that the warehouse used lately for the service asked for must be mapped in the order's
    marketplace; for a service without such parcels the map must have one row that could fit. A parcel without
    a carrier's name says nothing. `unconfirmed` names, by connection, carriers whose parcels nobody has to
    confirm: they need no row.
    """
    seen: dict[tuple[str, str], list[Used]] = {}
    for one in used:
        if one.warehouse_carrier.strip():
            seen.setdefault((one.connection, fold(one.service)), []).append(one)
    found: dict[tuple[str, str, str, str], CarrierGap] = {}
    for need in needs:
        history = seen.get((need.connection, fold(need.service)), [])
        known = carriers.get(need.connection, CarrierMap())
        free = {fold(name) for name in unconfirmed.get(need.connection, ())}
        for gap in _gaps(need, history, known, free):
            key = (gap.connection, gap.marketplace_id, *_string(gap))
            found[key] = _both(found[key], gap) if key in found else gap
    return tuple(sorted(found.values(), key=_urgency))


def gap_problem(gap: CarrierGap, advice: str) -> Problem:
    """The gap for a person; `advice` is a part of a sentence about what fits best, or empty."""
    many = "1 open order waits" if gap.orders == 1 else f"{gap.orders} open orders wait"
    asked = " or ".join(gap.services)
    words = f"No carrier of Amazon's is mapped for {gap.subject}; {many} for a parcel"
    if gap.warehouse_carrier:
        words = f"{words} that the warehouse lately sent so (asked for {asked})"
    tail = f" {advice[0].upper()}{advice[1:]}." if advice else ""
    return Problem(
        kind=ProblemKind.CARRIER_GAP,
        subject=gap.subject,
        summary=f"{words}.{tail}",
        act_by=gap.first_due,
        affected=gap.orders,
        about=about_carrier(gap.connection, gap.warehouse_carrier, gap.warehouse_service),
    )


def _quoted(word: str) -> str:
    """A carrier or service in quotes when it has the stroke that stands between the two."""
    return f'"{word}"' if " / " in word else word


def _gaps(need: Need, history: Sequence[Used], known: CarrierMap, free: Collection[str]) -> list[CarrierGap]:
    if not history:
        fits = ("", fold(need.service))
        rows = [key for key in known.rows if key[0] == need.marketplace_id and key[2] in fits]
        return [] if rows else [_gap(need, "", "")]
    return [
        _gap(need, one.warehouse_carrier, one.warehouse_service)
        for one in history
        if fold(one.warehouse_carrier) not in free
        and known.resolve(need.marketplace_id, one.warehouse_carrier, one.warehouse_service) is None
    ]


def _gap(need: Need, carrier: str, service: str) -> CarrierGap:
    return CarrierGap(
        connection=need.connection,
        marketplace_id=need.marketplace_id,
        services=(need.service,),
        warehouse_carrier=carrier,
        warehouse_service=service,
        orders=need.orders,
        first_due=need.first_due,
    )


def _string(gap: CarrierGap) -> tuple[str, str]:
    if gap.warehouse_carrier:
        return fold(gap.warehouse_carrier), fold(gap.warehouse_service)
    return "", fold(gap.services[0])


def _both(one: CarrierGap, other: CarrierGap) -> CarrierGap:
    """One carrier that orders of several services need."""
    if set(other.services) <= set(one.services):
        return one  # another spelling of the same carrier
    due = [moment for moment in (one.first_due, other.first_due) if moment is not None]
    return CarrierGap(
        connection=one.connection,
        marketplace_id=one.marketplace_id,
        services=tuple(sorted({*one.services, *other.services})),
        warehouse_carrier=one.warehouse_carrier,
        warehouse_service=one.warehouse_service,
        orders=one.orders + other.orders,
        first_due=min(due, default=None),
    )


def _urgency(gap: CarrierGap) -> tuple[bool, float, str]:
    due = gap.first_due
    return due is None, due.timestamp() if due else 0.0, gap.subject
