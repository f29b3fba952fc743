"""The rows that the carrier map lacks, filled in as far as anybody can tell: for the terminal and for the UI."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from domain.maps import fold
from domain.tracking.carrier_gaps import CarrierGap
from ledger.maps import CarrierEntry
from ledger.tracking.carrier_use import BlockedCarrier, all_carrier_gaps, blocked_carriers
from tasks.tracking.carrier_advice import suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    """A row to complete and import, what waits for it, and by when (UTC).

    The code is the best suggestion, or empty; `because` says why it was chosen. `parcels` are blocked now,
    `orders` will be.
    """

    entry: CarrierEntry
    parcels: int
    orders: int
    first_due: datetime | None
    because: str

    @property
    def waiting(self) -> str:
        """What waits for this row, as a person says it."""
        said = []
        if self.parcels:
            said.append(f"{self.parcels} parcel{'s' * (self.parcels > 1)} blocked")
        if self.orders:
            said.append(f"{self.orders} open order{'s' * (self.orders > 1)} will need it")
        return ", ".join(said)


def missing_rows(conn: sa.Connection, now: datetime) -> tuple[MissingRow, ...]:
    """One row per carrier string that blocks a parcel or that open orders will need, the most urgent first."""
    found: dict[tuple[str, ...], MissingRow] = {}
    for row in (*map(_of_blocked, blocked_carriers(conn)), *map(_of_gap, all_carrier_gaps(conn, now))):
        entry = row.entry
        string = fold(entry.warehouse_carrier), fold(entry.warehouse_service)
        key = (entry.connection, entry.marketplace_id, *string)
        found[key] = _both(found[key], row) if key in found else row
    return tuple(sorted(found.values(), key=_urgency))


def importable(rows: Iterable[MissingRow]) -> tuple[CarrierEntry, ...]:
    """The rows that can be imported once they are filled in: a parcel without a carrier's name has none."""
    return tuple(row.entry for row in rows if row.entry.warehouse_carrier.strip() or not row.parcels)


def _of_blocked(one: BlockedCarrier) -> MissingRow:
    entry, because = _entry(one.connection, one.marketplace_id, one.warehouse_carrier, one.warehouse_service)
    return MissingRow(entry=entry, parcels=one.parcels, orders=0, first_due=one.first_due, because=because)


def _of_gap(gap: CarrierGap) -> MissingRow:
    entry, because = _entry(gap.connection, gap.marketplace_id, gap.warehouse_carrier, gap.warehouse_service)
    return MissingRow(entry=entry, parcels=0, orders=gap.orders, first_due=gap.first_due, because=because)


def _entry(connection: str, marketplace_id: str, carrier: str, service: str) -> tuple[CarrierEntry, str]:
    best = suggest(carrier, service, marketplace_id)
    entry = CarrierEntry(
        connection=connection,
        warehouse_carrier=carrier,
        warehouse_service=service,
        marketplace_id=marketplace_id,
        carrier_code=best[0].carrier_code if best else "",
        carrier_name="",
        shipping_method=best[0].shipping_method if best else "",
        signed_by="",
    )
    if best:
        return entry, f"{best[0].because} ({best[0].score} of 100)"
    return entry, "nothing fits" if carrier.strip() else "no carrier is known yet"


def _both(one: MissingRow, other: MissingRow) -> MissingRow:
    due = [moment for moment in (one.first_due, other.first_due) if moment is not None]
    return replace(
        one,
        parcels=one.parcels + other.parcels,
        orders=one.orders + other.orders,
        first_due=min(due, default=None),
    )


def _urgency(row: MissingRow) -> tuple[bool, float, str]:
    due = row.first_due
    return due is None, due.timestamp() if due else 0.0, repr(row.entry)
