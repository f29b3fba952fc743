"""The report of a peak in plain words: what is set beside what, and what a person is told of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from domain.peaks import Peak, minute, minutes

Window = Mapping[str, object]


def report_rows(report: Mapping[str, Window]) -> list[dict[str, object]]:
    """One row a number: as long before the peak, and in it. Of what did not happen there is no time."""
    before, during = report["before"], report["during"]
    return [
        {"what": what, "before": spell(before[name]), "in the peak": spell(during[name])}
        for name, what, spell in _LINES
    ]


def report_words(peak: Peak, report: Mapping[str, Window]) -> str:
    """What the two columns are, and how the peak ended."""
    ended = f"ended by {peak.ended_by}" if peak.ended_by else "ended by itself, as planned"
    why = f" ({peak.reason})" if peak.reason else ""
    return (
        f"Peak mode{why} from {_at(report['during'], 'since')}, started by {peak.started_by}, to"
        f" {_at(report['during'], 'until')}, {ended}; before: from {_at(report['before'], 'since')}, as long."
        f" In the peak everything was published every {minutes(peak.every)} minutes, urgent quantities at once."
    )


def report_summary(report: Mapping[str, Window]) -> str:
    """The numbers that people ask for first, each with that of as long before."""
    before, during = report["before"], report["during"]
    parts = [
        f"{during[name]} {what} (before: {before[name]})"
        for name, what in (
            ("orders", "orders"),
            ("confirmed", "parcels confirmed"),
            ("oversold", "times oversold"),
        )
    ]
    parts.insert(2, f"{_late(during)} of them late (before: {_late(before)})")
    if took := _length(during["to_accepted"]):
        parts.append(f"half of the parcels confirmed within {took} of the warehouse's word")
    return f"{'; '.join(parts)}. Quantities, buffers and worker slots go back to what they were."


def _late(window: Window) -> int:
    return sum(int(str(window[f"late_{who}"])) for who in ("warehouse", "seller", "lockstep", "amazon"))


def _at(window: Window, name: str) -> str:
    return minute(datetime.fromisoformat(str(window[name])))


def _count(number: object) -> str:
    return str(number)


def _length(seconds: object) -> str:
    """Such as "12 s" or "3.5 min"; empty when there was nothing to measure."""
    if not isinstance(seconds, int | float):
        return ""
    return f"{seconds:.0f} s" if seconds < 60 else f"{minutes(timedelta(seconds=round(seconds / 6) * 6))} min"


_LINES: tuple[tuple[str, str, Callable[[object], str]], ...] = (
    ("orders", "orders placed", _count),
    ("parcels", "parcels that the warehouse told of", _count),
    ("confirmed", "of these confirmed at Amazon", _count),
    ("to_accepted", "half of them confirmed within", _length),
    ("to_proven", "half of them seen at Amazon within", _length),
    ("late_warehouse", "late by the warehouse", _count),
    ("late_seller", "late by the seller", _count),
    ("late_lockstep", "late by Lockstep", _count),
    ("late_amazon", "late by Amazon", _count),
    ("asked_for_parcels", "times the warehouse was asked for parcels", _count),
    ("too_many_calls", "calls that Amazon answered with too many", _count),
    ("published", "quantities published", _count),
    ("kept_back", "units kept back by buffers at its end", _count),
    ("oversold", "times oversold", _count),
)
