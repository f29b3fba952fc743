"""The daily close: every order due today is confirmed or explained."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.calendar_days import day_span, shop_named
from domain.watch.clock import Hop

# By noon (UTC) of the next day a day is over in every marketplace; the last one ends at 08:00, in California.
_OVER = time(12)
LOOK_BACK = timedelta(weeks=8)  # how far back the end of a day is still looked for


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

    @property
    def is_unpaid(self) -> bool:
        """Whether Amazon has not let it go yet: nobody can ship it, and late is not what it becomes."""
        return self.hop == Hop.PAYMENT_PENDING


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

    def overdue(self, now: datetime) -> int:
        """Open orders with somebody named for them, whose time is over at that moment (UTC): late at Amazon."""
        return sum(one.is_explained and not one.is_unpaid and one.due <= now for one in self.open_ones)

    @property
    def unpaid(self) -> int:
        """Open orders whose payment is pending."""
        return sum(one.is_unpaid for one in self.open_ones)

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


def days_to_end(day: date, kept: Mapping[date, datetime]) -> tuple[date, ...]:
    """The days before `day` of which it is not kept yet how they ended, oldest first.

    `kept` says when each day was closed last (UTC). The day before is always among them; when no close ran for some
    days, so are those.
    """
    before = day - timedelta(days=1)
    known = [one for one in kept if one < day]
    ended = [one for one in known if kept[one] >= _over_everywhere(one)]
    first = max(ended) + timedelta(days=1) if ended else min(known, default=before)
    first = min(first, before)
    return tuple(first + timedelta(days=n) for n in range((before - first).days + 1))


def _over_everywhere(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), _OVER, tzinfo=UTC)


def still_words(closes: Iterable[Close], now: datetime) -> str:
    """What can still be confirmed in time on a day that is not over, by marketplace; empty when nothing can."""
    left: dict[tuple[datetime, str], int] = {}
    for close in closes:
        for one in close.open_ones:
            if one.due > now and not one.is_unpaid:
                place = (day_span(one.marketplace_id, close.day)[1], shop_named(one.marketplace_id))
                left[place] = left.get(place, 0) + 1
    told = [f"{orders(number)} in {shop} until {at:%H:%M} UTC" for (at, shop), number in sorted(left.items())]
    return f"Not over yet: {', '.join(told)}." if told else ""


def close_line(close: Close, now: datetime) -> str:
    """The day in one line, as it is at that moment (UTC), such as "212 orders due, 212 confirmed in time"."""
    overdue = close.overdue(now)
    parts = [
        (close.late, "confirmed late"),
        (overdue, "late and not confirmed yet"),
        (close.elsewhere, "confirmed by somebody else"),
        (close.explained - overdue - close.unpaid, "open, in time so far"),
        (close.unpaid, "waiting for payment"),
        (close.unexplained, "OPEN AND NOT EXPLAINED"),
        (close.canceled, "canceled"),
    ]
    told = [f"{orders(close.due)} due", f"{close.confirmed} confirmed in time"]
    return ", ".join([*told, *(f"{number} {words}" for number, words in parts if number)])


def orders(number: int) -> str:
    """A number of orders in words."""
    return f"{number} order" if number == 1 else f"{number} orders"
