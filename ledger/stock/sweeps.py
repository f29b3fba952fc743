"""Amazon's report of all listings beside the ledger: what differs is marked to be looked at, nothing is judged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.amazon import ReportedListing
from domain.maps import SkuMap
from domain.sweeps import SETTLED_BEFORE
from ledger.stock.listings import record_candidates

# The looks of ten runs. A report in which everything differs is more likely wrong than right, and must not keep
# the listings whose turn it is from being looked at.
MARKED_AT_MOST = 4_000
_EXAMPLES = 20
_WRITTEN_AT_ONCE = 10_000
_MAKE = sa.text("CREATE TEMPORARY TABLE swept (seller_sku text PRIMARY KEY, units integer) ON COMMIT DROP")
# What was published, or looked at, after the report was asked for says more than the report.
_JUDGE = sa.text(
    """
    CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
    SELECT listing.id, coalesce(swept.units, 0) - coalesce(listing.published, 0) AS surplus,
        CASE
            WHEN listing.seen_at >= :asked_at THEN 'newer'
            WHEN listing.state = 'EFFECTIVE' AND listing.published_at >= :settled THEN 'newer'
            WHEN listing.state = 'EFFECTIVE' AND swept.units IS NULL THEN 'missing'
            WHEN listing.state = 'EFFECTIVE' AND swept.units = listing.published THEN 'equal'
            WHEN listing.state = 'EFFECTIVE' THEN 'differing'
            WHEN listing.state = 'ABSENT' AND swept.units IS NOT NULL THEN 'back'
            ELSE 'newer'
        END AS found
    FROM ledger.listings AS listing LEFT JOIN swept ON swept.seller_sku = listing.seller_sku
    WHERE listing.seller_account = :account AND listing.marketplace_id = :marketplace_id
        AND (listing.state = 'EFFECTIVE' OR swept.units IS NOT NULL)
    """
)
_COUNTED = sa.text("SELECT found, count(*) AS listings FROM judged GROUP BY found")
# Too many units are oversold soon, too few are only not sold: the former are looked at first.
_MARKED = sa.text(
    """
    UPDATE ledger.listings SET seen_at = NULL WHERE id IN (
        SELECT id FROM judged WHERE found IN ('missing', 'differing', 'back')
        ORDER BY surplus DESC, id LIMIT :most
    )
    """
)
_UNKNOWN = sa.text(
    """
    SELECT swept.seller_sku FROM swept LEFT JOIN ledger.listings AS listing
        ON listing.seller_account = :account AND listing.marketplace_id = :marketplace_id
        AND listing.seller_sku = swept.seller_sku
    WHERE listing.id IS NULL AND swept.units IS NOT NULL ORDER BY swept.seller_sku
    """
)


def compare_report(
    conn: sa.Connection,
    place: tuple[str, str],
    rows: Sequence[ReportedListing],
    skus: SkuMap,
    asked_at: datetime,
) -> dict[str, Any]:
    """Mark what the report shows otherwise than the ledger to be looked at now; what was counted, by its words.

    `place` is the seller account and the marketplace. Offers that the ledger does not know become candidates
    when the SKU map has them; the others are `unmapped`, some of them by name.
    """
    account, marketplace_id = place
    where: dict[str, Any] = {"account": account, "marketplace_id": marketplace_id}
    _load(conn, rows)
    conn.execute(_JUDGE, {**where, "asked_at": asked_at, "settled": asked_at - SETTLED_BEFORE})
    found = {row.found: row.listings for row in conn.execute(_COUNTED)}
    marked = conn.execute(_MARKED, {"most": MARKED_AT_MOST}).rowcount
    unknown = list(conn.scalars(_UNKNOWN, where))
    mapped = [sku for sku in unknown if skus.resolve(sku)]
    unmapped = sorted(set(unknown) - set(mapped))
    return {
        "rows": len(rows),
        "merchant_fulfilled": sum(row.units is not None for row in rows),
        **{word: found.get(word, 0) for word in ("equal", "differing", "missing", "back", "newer")},
        "to_look_at": marked,
        "new": record_candidates(conn, account, [marketplace_id], mapped),
        "unmapped": len(unmapped),
        "unmapped_skus": unmapped[:_EXAMPLES],
    }


def _load(conn: sa.Connection, rows: Sequence[ReportedListing]) -> None:
    """Put the rows where they can be joined; of a SKU that is there twice, the merchant-fulfilled row."""
    last = sorted(rows, key=lambda row: row.units is not None)
    units = {row.seller_sku: row.units for row in last}
    conn.execute(_MAKE)
    listed = list(units.items())
    insert = sa.text(
        "INSERT INTO swept SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:units AS integer[]))"
    )
    for at in range(0, len(listed), _WRITTEN_AT_ONCE):
        part = listed[at : at + _WRITTEN_AT_ONCE]
        conn.execute(insert, {"skus": [sku for sku, _ in part], "units": [number for _, number in part]})
    conn.execute(sa.text("ANALYZE swept"))
