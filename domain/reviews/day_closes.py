"""The daily close: every order due today is confirmed or explained."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDue:
    """An order due on the day that is not confirmed: which hop holds it, and who must act (empty: nobody known)."""

    order_id: str
    marketplace_id: str
    due: datetime
    hop: str
    owner: str
    problem: str = ""

    @property
    def is_explained(self) -> bool:
        """Whether an open problem stands for it, or a hop with somebody who must act."""
        return bool(self.problem or self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """What was due on one day of one seller account, and what became of it.

    `late` were confirmed after their time, `elsewhere` were confirmed by somebody else at a moment that Lockstep
    does not know. Canceled orders are no longer due.
    """

    seller_account: str
    day: date
    confirmed: int
    late: int
    elsewhere: int
    canceled: int
    open_ones: tuple[OpenDue, ...] = ()

    @property
    def due(self) -> int:
        """Orders due on the day that nobody canceled."""
        return self.confirmed + self.late + self.elsewhere + len(self.open_ones)

    @property
    def explained(self) -> int:
        """Open orders that somebody is named for."""
        return sum(one.is_explained for one in self.open_ones)

    @property
    def unexplained(self) -> int:
        """Open orders that nobody is named for: none, or Lockstep has a gap."""
        return len(self.open_ones) - self.explained

    @property
    def is_clean(self) -> bool:
        """Whether every order due was confirmed in time."""
        return not (self.late or self.open_ones)


def close_line(close: Close) -> str:
    """The day in one line: "212 orders due, 210 confirmed in time, 2 open and explained"."""
    parts = [
        (close.late, "confirmed late"),
        (close.elsewhere, "confirmed by somebody else"),
        (close.explained, "open and explained"),
        (close.unexplained, "OPEN AND NOT EXPLAINED"),
        (close.canceled, "canceled"),
    ]
    told = [f"{orders(close.due)} due", f"{close.confirmed} confirmed in time"]
    return ", ".join([*told, *(f"{number} {words}" for number, words in parts if number)])


def orders(number: int) -> str:
    """A number of orders in words."""
    return f"{number} order" if number == 1 else f"{number} orders"
