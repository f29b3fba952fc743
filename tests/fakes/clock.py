"""A clock that stands still until somebody sets it."""

from datetime import datetime, timedelta

from sandbox.clock import Clock


class VirtualClock(Clock):
    """A sandbox clock in virtual time: a stranger's seconds are its own, and nothing moves by itself."""

    def __init__(self, start: datetime) -> None:
        super().__init__(1.0)
        self._now = start

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Go on to a moment (UTC); never back."""
        assert now >= self._now, f"time does not run back from {self._now} to {now}"
        self._now = now

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.set(self._now + timedelta(seconds=seconds))
