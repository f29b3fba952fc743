"""What the demo ends with: expected by the strangers, actual by both sides, equal or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger.connection import Ledger

BUFFER = 2  # units, as in buffers.csv


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One promise of the demo. `actual` counts what both sides agree on; `strays` is what nobody expected."""

    what: str
    expected: int
    actual: int
    strays: int = 0

    @property
    def equal(self) -> bool:
        """Whether everything expected happened, and nothing else."""
        return self.expected == self.actual and not self.strays


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Where the demo stands."""

    pairs: tuple[Pair, ...]
    placed: int
    planned: int
    finished: bool
    mishaps: tuple[str, ...]

    @property
    def won(self) -> bool:
        """Whether the hour is over and every pair is equal."""
        return self.finished and not self.mishaps and all(pair.equal for pair in self.pairs)


def score(ledger: Ledger, summary: Mapping[str, Any]) -> Score:
    """Compare what the strangers expect and see with what the `report` views say."""
    expected, seen = summary["expected"], summary["actual"]
    with ledger.begin() as conn:
        released = _column(conn, "SELECT amazon_order_id FROM report.orders WHERE released_at IS NOT NULL")
        proven = {
            (row.amazon_order_id, row.tracking_number)
            for row in conn.execute(sa.text("SELECT * FROM report.parcels WHERE state = 'PROVEN'"))
        }
        listings = {
            (row.marketplace_id, row.seller_sku): row.effective
            for row in conn.execute(sa.text("SELECT * FROM report.listings"))
        }
    wanted_parcels, shown_parcels = _parcels(expected), _parcels(seen)
    wanted, effective = _offers(expected["listings"]), _quantities(seen["listings"])
    pairs = (
        _agreed("orders released", set(expected["released"]), released, set(seen["released"])),
        _agreed("parcels proven", wanted_parcels, proven, shown_parcels),
        _agreed("quantities effective", set(wanted.items()), set(listings.items()), set(effective.items())),
    )
    return Score(
        pairs=pairs,
        placed=summary["placed"],
        planned=summary["planned"],
        finished=summary["finished"],
        mishaps=tuple(summary["complaints"])
        + tuple(f"order {reference} was handed over twice" for reference in summary["duplicates"]),
    )


def _agreed(what: str, expected: set[Any], ours: set[Any], theirs: set[Any]) -> Pair:
    strays = len((ours | theirs) - expected)
    return Pair(what=what, expected=len(expected), actual=len(expected & ours & theirs), strays=strays)


def _column(conn: sa.Connection, query: str) -> set[str]:
    return {str(value) for value in conn.scalars(sa.text(query))}


def _parcels(side: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(parcel["order_id"], parcel["tracking"]) for parcel in side["parcels"]}


def _quantities(listings: Mapping[str, Mapping[str, int | None]]) -> dict[tuple[str, str], int | None]:
    return {(market, sku): units for market, skus in listings.items() for sku, units in skus.items()}


def _offers(listings: Mapping[str, Mapping[str, int | None]]) -> dict[tuple[str, str], int | None]:
    """What may be offered when nothing is open any more: what is on the shelf less the buffer."""
    found = _quantities(listings)
    return {key: max(0, units - BUFFER) if units is not None else None for key, units in found.items()}
