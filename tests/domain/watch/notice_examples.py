"""Problems as messages see them, and a trade of hours in which they open, are told and end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.problems import MANNERS, ProblemKind
from domain.watch.notices import Group, Notice, Stage, Told, Watched, What, decide_notices, fallen_back
from tests.domain.examples import NOW, hours

SKU, CARRIER = ProblemKind.UNMAPPED_SKU, ProblemKind.CARRIER_UNMAPPED
TOMORROW = NOW + hours(24)


def watched(
    number: int = 1,
    *,
    kind: ProblemKind = SKU,
    cause: str = "MUG",
    due: datetime | None = TOMORROW,
    opened: datetime = NOW,
    told: Stage | None = None,
    acknowledged: bool = False,
    acknowledged_by: str = "",
    affected: int = 1,
    about: Mapping[str, str | int] | None = None,
) -> Watched:
    """A problem of one order among several of one cause."""
    return Watched(
        id=number,
        group=Group(owner=MANNERS[kind].owner, kind=kind, cause=cause),
        subject=f"026-1234567-{number:07}",
        summary=f"Order 026-1234567-{number:07}: nobody mapped its seller SKU {cause}.",
        affected=affected,
        opened_at=opened,
        act_by=due,
        told=told,
        acknowledged=acknowledged or bool(acknowledged_by),
        acknowledged_by=acknowledged_by,
        about=about or {},
    )


def told(
    problem: Watched, ago: timedelta, stage: Stage = Stage.NEW, what: What = What.OPENED, now: datetime = NOW
) -> Told:
    """That the cause of a problem was told that long ago."""
    return Told(at=now - ago, what=what, group=problem.group, stage=stage)


@dataclass
class Desk:
    """What the ledger does between two cycles: it remembers what was told."""

    open_ones: dict[int, Watched] = field(default_factory=dict)
    over: dict[int, Watched] = field(default_factory=dict)
    said: list[Told] = field(default_factory=list)
    sent: list[tuple[datetime, Notice]] = field(default_factory=list)

    def open(self, problem: Watched) -> None:
        """A problem is found."""
        self.open_ones[problem.id] = problem

    def clear(self, number: int) -> None:
        """Its cause is gone; the end of one that nobody heard of is no news."""
        problem = self.open_ones.pop(number, None)
        if problem is not None and problem.told is not None:
            self.over[number] = problem

    def acknowledge(self, number: int) -> None:
        """Somebody says that they know of it."""
        if number in self.open_ones:
            self.open_ones[number] = replace(self.open_ones[number], acknowledged=True)

    def move(self, number: int, due: datetime) -> None:
        """Its moment is another one: a new date, or the next parcel's."""
        if number in self.open_ones:
            self.open_ones[number] = replace(self.open_ones[number], act_by=due)

    def cycle(self, now: datetime) -> tuple[Notice, ...]:
        """Decide, and remember what was told."""
        fallen = fallen_back(self.open_ones.values(), now)
        notices = decide_notices(self.open_ones.values(), self.over.values(), self.said, now)
        for notice in notices:
            self.sent.append((now, notice))
            for part in notice.parts:
                self._keep(notice.what, part.news)
                self.said.append(Told(at=now, what=notice.what, group=part.group, stage=part.stage))
        for number, stage in fallen.items():
            self.open_ones[number] = replace(self.open_ones[number], told=stage)
        return notices

    def _keep(self, what: What, news: Mapping[int, Stage]) -> None:
        for number, stage in news.items():
            if what is What.CLEARED:
                del self.over[number]
            else:
                self.open_ones[number] = replace(self.open_ones[number], told=stage)
