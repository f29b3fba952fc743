"""What a script that cron starts would have made of the same files: computed, nothing is run."""

from collections.abc import Sequence
from dataclasses import dataclass

_PHASES = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """One dispatch file: when it appeared (seconds since 1970), and an order id for each of its parcels."""

    at: float
    parcels: list[str]


def cron_waits(
    files: Sequence[Sent], window: float, every: float, start: float, each: float
) -> tuple[float, ...]:
    """Seconds from file to Amazon's answer for every parcel, over evenly spread phases of the cron.

    Args:
        files: what appeared within the window; it is repeated until it fills one period of the cron.
        window: seconds.
        every: seconds between two starts of the script.
        start: seconds from its start to its first call.
        each: seconds a parcel takes it, one after the other.
    """
    first = min(file.at for file in files)
    copies = max(1, round(every / window))
    moments = sorted(
        file.at - first + copy * window for copy in range(copies) for file in files for _ in file.parcels
    )
    return tuple(
        wait
        for phase in range(_PHASES)
        for wait in _one_phase(moments, every, phase * every / _PHASES, start, each)
    )


def _one_phase(
    moments: Sequence[float], every: float, phase: float, start: float, each: float
) -> Sequence[float]:
    waits, tick, place = [], -1.0, 0
    for moment in moments:
        next_tick = (moment - phase) // every * every + every + phase
        place = place + 1 if next_tick == tick else 1
        tick = next_tick
        waits.append(tick + start + place * each - moment)
    return waits
