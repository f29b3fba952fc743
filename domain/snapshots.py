"""Which counts of the warehouse are believed: an old, empty or jumping one is doubted first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLimits:
    """How far a snapshot may move before a person looks at it.

    `stale_after` is the oldest count that may be published. `to_zero` and `gone` are shares (0 to 1) of
    the SKUs known to have stock that may fall to zero, or be missing, at once; under `small` known SKUs
    a share says nothing and is not judged.
    """

    stale_after: timedelta = timedelta(hours=36)
    to_zero: float = 0.3
    gone: float = 0.3
    small: int = 20


def doubt_snapshot(
    rows: Mapping[str, int], known: Mapping[str, int], ages: tuple[datetime, datetime], limits: SnapshotLimits
) -> str:
    """Why a snapshot must not be applied, in plain words; empty when it may.

    `rows` and `known` are available units by warehouse SKU, of the snapshot and of the ledger. `ages` is
    (as_of, now), both UTC.
    """
    return _doubt_age(*ages, limits) or _doubt_rows(rows) or _doubt_movement(rows, known, limits)


def _doubt_age(as_of: datetime, now: datetime, limits: SnapshotLimits) -> str:
    if now - as_of > limits.stale_after:
        return f"it was counted {(now - as_of).total_seconds() / 3600:.0f} hours ago"
    if as_of - now > timedelta(minutes=10):
        return "its time lies in the future"
    return ""


def _doubt_rows(rows: Mapping[str, int]) -> str:
    if not rows:
        return "it holds no rows"
    negative = sum(1 for units in rows.values() if units < 0)
    return f"{negative} of its rows are below zero" if negative else ""


def _doubt_movement(rows: Mapping[str, int], known: Mapping[str, int], limits: SnapshotLimits) -> str:
    stocked = {sku for sku, units in known.items() if units > 0}
    if len(stocked) < limits.small:
        return ""
    zeroed = sum(1 for sku in stocked if rows.get(sku) == 0)
    if zeroed > limits.to_zero * len(stocked):
        return f"{zeroed} of {len(stocked)} stocked SKUs fall to zero at once"
    gone = sum(1 for sku in stocked if sku not in rows)
    if gone > limits.gone * len(stocked):
        return f"{gone} of {len(stocked)} stocked SKUs are missing"
    return ""
