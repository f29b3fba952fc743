"""Single rows of a count that cannot be right, and what may be believed of them: never more than before."""

from collections.abc import Mapping, Sequence

from domain.warehouse import StockRow

_LEAP = 1000  # times what was there before


def lowest_rows(rows: Sequence[StockRow]) -> dict[str, StockRow]:
    """One row per SKU, of several the one with the fewest units."""
    found = {row.sku: row for row in rows}
    if len(found) != len(rows):
        for row in rows:
            if row.available < found[row.sku].available:
                found[row.sku] = row
    return found


def doubt_rows(rows: Sequence[StockRow], known: Mapping[str, int], absurd: int) -> dict[str, str]:
    """Why a SKU's number cannot be right, by SKU; `known` is its number in force, where it has one.

    Rows that say the same of one SKU agree. A number is a leap when it reaches `absurd` units, a thousand times
    what was there: a barcode in the wrong column.
    """
    doubts: dict[str, str] = {}
    for row in rows:
        if row.available < 0:
            doubts[row.sku] = f"the warehouse counts {row.available}"
        elif row.on_hand is not None and row.available > row.on_hand:
            doubts[row.sku] = f"{row.available} are available and only {row.on_hand} on hand"
        elif row.available >= absurd and row.available >= _LEAP * known.get(row.sku, 0):
            doubts[row.sku] = f"it leaps from {known.get(row.sku, 0)} to {row.available} units"
    return doubts | _contradictions(rows)


def cautious_rows(
    rows: Sequence[StockRow], known: Mapping[str, int], doubts: Mapping[str, str], absurd: int
) -> tuple[StockRow, ...]:
    """One row per SKU that may be applied; of a doubted SKU only a number that lies below the one in force.

    A doubted SKU that was never counted gets the least that its rows say, if that is not absurd: nothing is in
    force that could stay.
    """
    lowest = lowest_rows(rows)
    if not doubts:
        return tuple(lowest.values())
    sure = [row for sku, row in lowest.items() if sku not in doubts]
    lower = [one for sku, one in _least(rows, doubts).items() if one.available < known.get(sku, absurd)]
    return (*sure, *lower)


def _contradictions(rows: Sequence[StockRow]) -> dict[str, str]:
    if len({row.sku for row in rows}) == len(rows):
        return {}
    found: dict[str, set[StockRow]] = {}
    for row in rows:
        found.setdefault(row.sku, set()).add(row)
    return {
        sku: f"it has {len(told)} rows that differ ({_numbers(told)} available)"
        for sku, told in found.items()
        if len(told) > 1
    }


def _numbers(rows: set[StockRow]) -> str:
    return " and ".join(str(units) for units in sorted(row.available for row in rows)[:3])


def _least(rows: Sequence[StockRow], doubts: Mapping[str, str]) -> dict[str, StockRow]:
    """By doubted SKU the fewest units that any of its numbers speaks for, never below zero."""
    least: dict[str, StockRow] = {}
    for row in rows:
        if row.sku in doubts:
            units = max(0, row.available if row.on_hand is None else min(row.available, row.on_hand))
            if row.sku not in least or units < least[row.sku].available:
                least[row.sku] = row._replace(available=units)
    return least
