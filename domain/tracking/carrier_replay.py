"""What another carrier map would have done to parcels that are known: an estimate from our own records.

A parcel counts as validly tracked when its carrier code is approved for the marketplace and not "Other", and
its number has no doubt of format under that code, or when Amazon itself shows it moving under that code.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from domain.maps import AmazonCarrier, CarrierMap, fold
from domain.tracking.carriers import OTHER, approved
from domain.tracking.evidence import MOVING

Doubt = Callable[[str, str], str]  # tracking number, carrier code: what is doubtful about them, or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownParcel:
    """A parcel that had to be confirmed; `told_code` is what Amazon was told, `shown_status` what it shows."""

    connection: str
    marketplace_id: str
    warehouse_carrier: str
    warehouse_service: str
    tracking: str
    told_code: str = ""
    shown_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one map makes of the parcels, counted."""

    parcels: int = 0
    blocked: int = 0
    other: int = 0
    valid: int = 0

    @property
    def rate(self) -> float | None:
        """Valid parcels of all, 0 to 1; None without parcels."""
        return self.valid / self.parcels if self.parcels else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A warehouse's carrier string that the two maps treat differently; no code: its parcels are blocked."""

    connection: str
    warehouse_carrier: str
    warehouse_service: str
    marketplace_id: str
    code_before: str
    code_after: str
    parcels: int
    valid_before: int
    valid_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Both maps over the same parcels, and every carrier string that fares differently, most parcels first."""

    before: Outcome
    after: Outcome
    changes: tuple[Change, ...]

    def number(self, which: Callable[[Change], bool]) -> int:
        """Parcels of the changes that fit."""
        return sum(change.parcels for change in self.changes if which(change))

    @property
    def newly_blocked(self) -> int:
        """Parcels that only the changed map blocks."""
        return self.number(lambda change: bool(change.code_before) and not change.code_after)

    @property
    def newly_unblocked(self) -> int:
        """Parcels that only the map in force blocks."""
        return self.number(lambda change: bool(change.code_after) and not change.code_before)

    @property
    def recoded(self) -> int:
        """Parcels that both maps let through, under different codes."""
        return self.number(
            lambda change: (
                bool(change.code_before and change.code_after) and change.code_before != change.code_after
            )
        )


def merged(known: CarrierMap, rows: Iterable[tuple[str, str, str, AmazonCarrier]]) -> CarrierMap:
    """The map as an import of (marketplace, warehouse carrier, warehouse service, Amazon's words) leaves it."""
    new = {(shop, fold(carrier), fold(service)): words for shop, carrier, service, words in rows}
    return CarrierMap(rows={**known.rows, **new})


def replay(
    parcels: Iterable[KnownParcel],
    before: Mapping[str, CarrierMap],
    after: Mapping[str, CarrierMap],
    doubt: Doubt,
) -> Replay:
    """Run the parcels through two sets of maps, given by connection; nothing is changed by it."""
    counts = (_Count(), _Count())
    changes: dict[tuple[str, ...], _Pair] = {}
    for parcel in parcels:
        codes = _code(parcel, before), _code(parcel, after)
        valid = tuple(_valid(parcel, code, doubt) for code in codes)
        for count, code, good in zip(counts, codes, valid, strict=True):
            count.add(code, valid=good)
        if codes[0] != codes[1]:
            string = (fold(parcel.warehouse_carrier), fold(parcel.warehouse_service))
            key = (parcel.connection, *string, parcel.marketplace_id)
            changes.setdefault(key, _Pair(parcel, codes)).add(*valid)
    told = sorted((pair.told() for pair in changes.values()), key=lambda one: -one.parcels)
    return Replay(before=counts[0].told(), after=counts[1].told(), changes=tuple(told))


class _Count:
    """An outcome while it is counted."""

    def __init__(self) -> None:
        self._parcels = self._blocked = self._other = self._valid = 0

    def add(self, code: str, *, valid: bool) -> None:
        self._parcels += 1
        self._blocked += not code
        self._other += code == OTHER
        self._valid += valid

    def told(self) -> Outcome:
        return Outcome(parcels=self._parcels, blocked=self._blocked, other=self._other, valid=self._valid)


class _Pair:
    """A change while it is counted."""

    def __init__(self, parcel: KnownParcel, codes: tuple[str, str]) -> None:
        self._parcel, self._codes = parcel, codes
        self._parcels = self._before = self._after = 0

    def add(self, before: bool, after: bool) -> None:  # noqa: FBT001 - two answers about one parcel
        self._parcels += 1
        self._before += before
        self._after += after

    def told(self) -> Change:
        return Change(
            connection=self._parcel.connection,
            warehouse_carrier=self._parcel.warehouse_carrier,
            warehouse_service=self._parcel.warehouse_service,
            marketplace_id=self._parcel.marketplace_id,
            code_before=self._codes[0],
            code_after=self._codes[1],
            parcels=self._parcels,
            valid_before=self._before,
            valid_after=self._after,
        )


def _code(parcel: KnownParcel, maps: Mapping[str, CarrierMap]) -> str:
    known = maps.get(parcel.connection, CarrierMap())
    words = known.resolve(parcel.marketplace_id, parcel.warehouse_carrier, parcel.warehouse_service)
    return words.carrier_code if words else ""


def _valid(parcel: KnownParcel, code: str, doubt: Doubt) -> bool:
    if not code or not parcel.tracking:
        return False
    if code == parcel.told_code and parcel.shown_status in MOVING:
        return True
    return code != OTHER and code in approved(parcel.marketplace_id) and not doubt(parcel.tracking, code)
