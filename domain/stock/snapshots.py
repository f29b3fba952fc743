"""Which counts of the warehouse are believed, and which of their rows: a doubtful number is never sold."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.stock.count_rows import cautious_rows, doubt_rows, lowest_rows
from domain.warehouse import StockRow, StockSnapshot

_SHORTEST, _LONGEST = timedelta(hours=1), timedelta(hours=36)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLimits:
    """How far a count may move before a person looks at it.

    `stale_after` is the oldest count that may be published, `ahead` how far a clock may be ahead. `to_zero` and
    `gone` are shares (0 to 1) of the SKUs known to have stock that may fall to zero, or be missing, at once. Of
    fewer than `small` such SKUs, but at least `few`, more than the share `most` must be lost. `doubtful` is the
    share of rows that may be doubted one by one (`few` rows always may), `absurd` the units that no SKU jumps to.
    """

    stale_after: timedelta = timedelta(hours=36)
    ahead: timedelta = timedelta(minutes=10)
    to_zero: float = 0.3
    gone: float = 0.3
    small: int = 20
    few: int = 3
    most: float = 0.8
    doubtful: float = 0.05
    absurd: int = 1_000_000


class Outcome(StrEnum):
    """What becomes of a count. OLD: it is not newer than the last one applied, and changes nothing."""

    APPLIED = "APPLIED"
    HELD = "HELD"
    OLD = "OLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is made of a count. Printing one explains itself.

    `reason` says why a count is held and reads after "it was held:". `rows` are those to apply, one per SKU and
    none below zero. `doubts` says by SKU why its row is not believed: of such a SKU `rows` holds a lower number
    than the one in force, or nothing.
    """

    outcome: Outcome
    reason: str = ""
    rows: tuple[StockRow, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """What is not believed of a connection's stock now; while there is a doubt, quantities only go down.

    `whole` says by warehouse why its newest count is not believed; the empty name stands for all of them.
    `by_sku` says the same by warehouse SKU.
    """

    whole: Mapping[str, str] = field(default_factory=dict)
    by_sku: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is doubted at all."""
        return bool(self.whole or self.by_sku)

    def of(self, sku: str, warehouses: Collection[str] = ()) -> str:
        """Why the number of a SKU is doubted, summed over these warehouses (empty: all); empty: it is not."""
        held = (
            words for name, words in self.whole.items() if not (name and warehouses) or name in warehouses
        )
        return next(held, "") or self.by_sku.get(sku, "")


def judge_count(
    count: StockSnapshot,
    known: Mapping[str, int],
    *,
    last: datetime | None,
    now: datetime,
    limits: SnapshotLimits,
) -> Verdict:
    """Whether a count is believed, and which of its rows.

    `known` is available units by SKU of the same warehouse as they are in force, `last` the moment of the count
    they come from (None: there was none). All times UTC.
    """
    if last is not None and count.as_of <= last:
        return Verdict(outcome=Outcome.OLD)
    doubts = doubt_rows(count.rows, known, limits.absurd)
    reason = (
        _doubt_age(count.as_of, now, limits)
        or _doubt_movement(lowest_rows(count.rows), known, limits)
        or _doubt_amount(len(count.rows), doubts, limits)
    )
    if reason:
        return Verdict(outcome=Outcome.HELD, reason=reason, doubts=doubts)
    rows = cautious_rows(count.rows, known, doubts, limits.absurd)
    return Verdict(outcome=Outcome.APPLIED, rows=rows, doubts=doubts)


def accept_count(count: StockSnapshot) -> Verdict:
    """What a count says when a person answers for it: of two rows the lower one, and nothing below zero."""
    lowest = lowest_rows(count.rows)
    rows = (row if row.available >= 0 else row._replace(available=0) for row in lowest.values())
    return Verdict(outcome=Outcome.APPLIED, rows=tuple(rows))


def late_after(intervals: Sequence[timedelta]) -> timedelta:
    """How long after the last count the next one is late, out of the intervals between counts of a week.

    Three times the usual interval, and longer than any pause that came three times in the week (a warehouse
    that does not count at night is not late every night); at least an hour, at most 36, and 36 as long as
    there are too few counts to tell.
    """
    if len(intervals) < 3:
        return _LONGEST
    ordered = sorted(intervals)
    usual, pause = ordered[len(ordered) // 2], ordered[-3]
    return min(max(3 * usual, 1.25 * pause, _SHORTEST), _LONGEST)


def _doubt_age(as_of: datetime, now: datetime, limits: SnapshotLimits) -> str:
    if now - as_of > limits.stale_after:
        return f"it was counted {(now - as_of).total_seconds() / 3600:.0f} hours ago"
    if as_of - now > limits.ahead:
        return "its time lies in the future"
    return ""


def _doubt_movement(rows: Mapping[str, StockRow], known: Mapping[str, int], limits: SnapshotLimits) -> str:
    if not rows:
        return "it holds no rows"
    return (
        _doubt_owner(rows, known, limits)
        or _doubt_losses(rows, known, limits)
        or _doubt_units(rows, known, limits)
    )


def _doubt_owner(rows: Mapping[str, StockRow], known: Mapping[str, int], limits: SnapshotLimits) -> str:
    """A file that names others' SKUs and few of ours is another client's; ours and new ones are a new range."""
    named = sum(1 for sku in rows if sku in known)
    new, missing = len(rows) - named, len(known) - named
    if len(known) >= limits.few and 2 * new > len(rows) and 2 * missing > len(known):
        told = f"{new} of its {len(rows)} SKUs were never counted before and {missing} of {len(known)} are missing"
        return f"{told}, as in another client's file"
    return ""


def _doubt_losses(rows: Mapping[str, StockRow], known: Mapping[str, int], limits: SnapshotLimits) -> str:
    stocked = [sku for sku, units in known.items() if units > 0]
    gone = sum(1 for sku in stocked if sku not in rows)
    zeroed = sum(1 for sku in stocked if sku in rows and rows[sku].available <= 0)
    of = f"of {len(stocked)} stocked SKUs"
    if len(stocked) < limits.small:
        lost = len(stocked) >= limits.few and zeroed + gone > limits.most * len(stocked)
        return f"{zeroed + gone} {of} fall to zero or are missing at once" if lost else ""
    if zeroed > limits.to_zero * len(stocked):
        return f"{zeroed} {of} fall to zero at once"
    if gone > limits.gone * len(stocked):
        return f"{gone} {of} are missing"
    if zeroed + gone > max(limits.to_zero, limits.gone) * len(stocked):
        return f"{zeroed + gone} {of} fall to zero or are missing at once"
    return ""


def _doubt_units(rows: Mapping[str, StockRow], known: Mapping[str, int], limits: SnapshotLimits) -> str:
    """Many SKUs that change by one whole factor at once: cases were counted for pieces, or the reverse."""
    factors: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    changed = 0
    for sku, row in rows.items():
        before = known.get(sku, 0)
        if before > 0 and row.available > 0 and row.available != before:
            changed += 1
            rising = row.available > before
            factors[rising] += _factors(*sorted((before, row.available)))
    for rising, found in factors.items():
        factor, shared = _most_shared(found)
        if shared >= limits.few and 2 * shared >= changed:
            size = f"{factor} times" if rising else f"one {factor}th of"
            told = f"{shared} of {changed} changed SKUs are {size} what they were"
            return f"{told}, as when cases and pieces are mixed up"
    return ""


def _factors(low: int, high: int) -> Iterable[tuple[int, int]]:
    """The first and last whole factor, 3 at least, between two numbers; small numbers must be exact multiples.

    A warehouse that counts cases leaves the loose pieces out: 100 pieces are 8 cases of 12.
    """
    first = high // (low + 1) + 1 if low >= 10 else high // low
    exact = low >= 10 or (low >= 2 and high % low == 0)
    if exact and max(first, 3) <= high // low:
        yield max(first, 3), high // low


def _most_shared(ranges: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The number that lies in most of the ranges, and in how many."""
    steps: Counter[int] = Counter()
    for first, last in ranges:
        steps[first] += 1
        steps[last + 1] -= 1
    best, most, depth = 0, 0, 0
    for number in sorted(steps):
        depth += steps[number]
        if depth > most:
            best, most = number, depth
    return best, most


def _doubt_amount(rows: int, doubts: Mapping[str, str], limits: SnapshotLimits) -> str:
    if len(doubts) <= max(limits.few, limits.doubtful * rows):
        return ""
    sku, words = next(iter(doubts.items()))
    return f"{len(doubts)} of its {rows} rows cannot be right, {sku} for one: {words}"
