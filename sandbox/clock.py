"""The sandbox's time: the wall clock is real, only the strangers' delays are shortened."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time for timestamps, a speed for the delays and rates of the two strangers.

    Args:
        speed: how many times faster than in life the strangers work. 60 turns Amazon's two minutes of
            hold-back into two seconds. Timestamps stay real.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"The sandbox's speed must be above zero, not {speed}.")
        self.speed = speed

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place where the sandbox reads the time

    def scaled(self, seconds: float) -> float:
        """Seconds of a stranger's delay as seconds on the wall clock."""
        return seconds / self.speed

    def after(self, seconds: float) -> datetime:
        """The wall time at which a delay of so many of the stranger's seconds, begun now, is over (UTC)."""
        return self.now() + timedelta(seconds=self.scaled(seconds))
