"""How often a schedule of Prefect comes at least. Loads no Prefect: a quick look from outside asks, too."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any

from cronsim import CronSim, CronSimError

OURS = "lockstep"  # the tag of our deployments: a Prefect server may have other people's as well
_START = datetime(2023, 12, 31, 23, 59)  # noqa: DTZ001 - a line's days and times, in whatever zone it is meant
_DAYS, _TIMES = 128, 24 * 60
_DAY = timedelta(days=1)
_SPELLED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def interval_of(schedule: Mapping[str, Any]) -> timedelta | None:
    """The longest time between two dates of a schedule as Prefect keeps it; None when it cannot be read here.

    An interval may be seconds or a length of time. A calendar rule (rrule) is not read.
    """
    if cron := schedule.get("cron"):
        return interval_of_cron(str(cron)) if schedule.get("day_or", True) else None
    every = schedule.get("interval")
    if isinstance(every, timedelta):
        return every
    return timedelta(seconds=every) if isinstance(every, int | float) and every > 0 else None


def interval_of_cron(line: str) -> timedelta | None:
    """The longest time between two dates of a cron line, over nights and weekends; None when it cannot be read.

    To the minute, and without regard to the two days a year on which clocks change.
    """
    fields = _SPELLED.get(line.strip().lower(), line).split()
    if len(fields) < 5:
        return None
    minute, hour, *days = fields[:5]  # Prefect allows seconds and a year behind them
    try:
        dates = list(islice(CronSim(f"0 0 {' '.join(days)}", _START), _DAYS))
        times = list(islice(CronSim(f"{minute} {hour} * * *", _START), _TIMES))
    except CronSimError:
        return None
    if len(dates) < 2:
        return None
    today = [moment for moment in times if moment - times[0] < _DAY]
    overnight = _longest(dates) - (today[-1] - today[0])
    return max(overnight, _longest(today))


def _longest(moments: Sequence[datetime]) -> timedelta:
    return max((after - before for before, after in pairwise(moments)), default=timedelta(0))
