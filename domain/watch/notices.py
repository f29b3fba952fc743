"""Which messages about problems go out now: one per cause, none twice, and no storm."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from domain.manners import MANNERS
from domain.problem_kinds import ProblemKind, Severity

QUIET = timedelta(hours=1)  # between two messages about one cause, unless it gets more urgent
NEARLY_DUE = timedelta(
    minutes=15
)  # instead, when one that nobody heard of might be late before the hour is over
LASTS = timedelta(
    minutes=5
)  # what was said to be settled is back when it is there for so long, not for a blink
MOST_CAUSES = 5  # of one sort in one cycle; more of them are one message
MOST_CYCLES = (
    6  # with news for one team in QUIET; then only what is nearly due is told before the hour is over
)


class What(StrEnum):
    """What a message says of its problems."""

    OPENED = "opened"
    ESCALATED = "escalated"
    CLEARED = "cleared"


class Stage(StrEnum):
    """How near the moment to act is; in this order."""

    NEW = "new"
    SOON = "soon"
    LAST = "last call"
    OVERDUE = "overdue"

    @property
    def rank(self) -> int:
        """0 for the first stage."""
        return list(Stage).index(self)


class Group(NamedTuple):
    """What is told together: the problems of one kind that one act of one team would settle."""

    owner: str
    kind: ProblemKind
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A problem as messages see it. `told` is the stage that its team heard last (None: nothing yet).

    `about` is what its form is filled in with, by field.
    """

    id: int
    group: Group
    subject: str
    summary: str
    affected: int
    opened_at: datetime
    act_by: datetime | None
    told: Stage | None = None
    acknowledged: bool = False
    acknowledged_by: str = ""
    about: Mapping[str, str | int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """That a team was told about a cause, and when (UTC)."""

    at: datetime
    what: What
    group: Group
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One cause in a message: `problems` are all of it, the most urgent first.

    `news` are those that the message is sent for, by id, each with its own stage; `stage` is the highest of them.
    """

    group: Group
    problems: tuple[Watched, ...]
    news: Mapping[int, Stage]
    stage: Stage

    @property
    def affected(self) -> int:
        """Orders, parcels or SKUs that wait for this cause."""
        return sum(problem.affected for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one team: about one cause, or a digest of many, the most urgent part first."""

    what: What
    owner: str
    stage: Stage
    parts: tuple[Part, ...]

    @property
    def affected(self) -> int:
        """Orders, parcels or SKUs that wait, over all parts."""
        return sum(part.affected for part in self.parts)


def stage_of(problem: Watched, now: datetime) -> Stage:
    """How near its moment a problem is, measured by how long there was in all.

    Soon: a third of the time is left, an hour at least and a day at most. Last call: a sixth, between 15 minutes
    and an hour. A problem that opens with less than that opens at that stage.
    """
    if problem.act_by is None:
        return Stage.NEW
    left, had = problem.act_by - now, problem.act_by - problem.opened_at
    if left <= timedelta(0):
        return Stage.OVERDUE
    if left <= min(timedelta(hours=1), max(had / 6, timedelta(minutes=15))):
        return Stage.LAST
    if left <= min(timedelta(days=1), max(had / 3, timedelta(hours=1))):
        return Stage.SOON
    return Stage.NEW


def decide_notices(
    open_ones: Iterable[Watched], cleared: Iterable[Watched], told: Sequence[Told], now: datetime
) -> tuple[Notice, ...]:
    """What the teams are told now.

    `cleared` are problems that were told, are over, and whose end is untold; `told` is what was said in the last
    hour. More of a cause that was just told waits for the hour or for a higher stage; what nobody heard of and
    is nearly due waits for a quarter of an hour only. An end is told when the last problem of its cause is gone,
    and once an hour that it is back after all.
    """
    standing = _by_group(open_ones)
    news = [part for group, found in standing.items() if (part := _news(group, found, told, now))]
    over = [
        Part(group=group, problems=found, news={one.id: _heard([one]) for one in found}, stage=_heard(found))
        for group, found in _by_group(cleared).items()
        if group not in standing
    ]
    sorts: dict[tuple[str, What], list[Part]] = {}
    for part in news:
        sorts.setdefault((part.group.owner, _sort(part)), []).append(part)
    for part in over:
        sorts.setdefault((part.group.owner, What.CLEARED), []).append(part)
    return tuple(notice for (owner, what), parts in sorts.items() for notice in _notices(owner, what, parts))


def fallen_back(open_ones: Iterable[Watched], now: datetime) -> Mapping[int, Stage]:
    """The stages, by id, of problems that are less near than their team heard: their moment has moved away.

    Such a problem stands for the next parcel now, or has a new date. Kept as what was told, nothing is said of
    it until it comes nearer again, and then each stage is.
    """
    return {
        problem.id: stage
        for problem in open_ones
        if problem.told is not None and (stage := stage_of(problem, now)).rank < problem.told.rank
    }


def by_cause(open_ones: Iterable[Watched], now: datetime) -> tuple[Part, ...]:
    """All that is open, told or not, a part per cause with the most urgent first."""
    parts = (
        Part(group=group, problems=found, news={}, stage=_highest(stage_of(one, now) for one in found))
        for group, found in _by_group(open_ones).items()
    )
    return tuple(sorted(parts, key=lambda part: _urgency(part.problems[0])))


def _by_group(problems: Iterable[Watched]) -> Mapping[Group, tuple[Watched, ...]]:
    found: dict[Group, list[Watched]] = {}
    for problem in problems:
        found.setdefault(problem.group, []).append(problem)
    return {group: tuple(sorted(some, key=_urgency)) for group, some in found.items()}


def _urgency(problem: Watched) -> tuple[bool, float, int]:
    due = problem.act_by
    return due is None, due.timestamp() if due else 0.0, problem.id


def _news(group: Group, found: tuple[Watched, ...], told: Sequence[Told], now: datetime) -> Part | None:
    heard = _heard(found)
    stages = {problem: stage_of(problem, now) for problem in found}
    fresh = {problem.id: stage for problem, stage in stages.items() if _is_news(problem, stage, heard)}
    if not fresh:
        return None
    part = Part(group=group, problems=found, news=fresh, stage=_highest(fresh.values()))
    return part if _may_speak(part, told, now) else None


def _is_news(problem: Watched, stage: Stage, heard: Stage) -> bool:
    """Whether this problem is a reason to speak; `heard` is the highest stage that was told of its cause.

    Who said that they know of it hears again only when it is too late, and "soon" is said of a cause once.
    """
    if problem.told is None:
        return True
    if stage.rank <= problem.told.rank or (stage is Stage.SOON and heard.rank >= stage.rank):
        return False
    return stage is Stage.OVERDUE or not problem.acknowledged


def _may_speak(part: Part, told: Sequence[Told], now: datetime) -> bool:
    lately = [one for one in told if one.at > now - QUIET]
    news = [one for one in lately if one.what is not What.CLEARED]
    of_this = [one for one in news if one.group == part.group]
    if of_this:
        if part.stage.rank > max(one.stage.rank for one in of_this) or _cannot_wait(part, of_this, now):
            return True
        if not _is_back(part, lately, now):
            return False
    cycles = {one.at for one in news if one.group.owner == part.group.owner}
    return len(cycles) < MOST_CYCLES or part.stage.rank >= Stage.LAST.rank


def _cannot_wait(part: Part, of_this: Sequence[Told], now: datetime) -> bool:
    """Whether a problem that nobody heard of may be late before the hour is over."""
    near = any(part.news[one.id].rank >= Stage.LAST.rank for one in _unheard(part))
    return near and now - max(one.at for one in of_this) >= NEARLY_DUE


def _is_back(part: Part, lately: Sequence[Told], now: datetime) -> bool:
    """Whether something urgent is there again although its team heard that it is settled; once an hour.

    One that comes and goes from minute to minute, or has been back already, waits.
    """
    of_this = [one for one in lately if one.group == part.group]
    ends = [one for one in of_this if one.what is What.CLEARED]
    if len(ends) != 1 or max(one.at for one in of_this) > ends[0].at:
        return False
    lasts = any(now - one.opened_at >= LASTS for one in _unheard(part))
    return lasts and MANNERS[part.group.kind].severity is Severity.URGENT


def _unheard(part: Part) -> Iterable[Watched]:
    return (one for one in part.problems if one.told is None and one.id in part.news)


def _sort(part: Part) -> What:
    """An escalation, when one of its problems was told before and has come nearer."""
    heard = {problem.id for problem in part.problems if problem.told is not None}
    return What.ESCALATED if heard & set(part.news) else What.OPENED


def _heard(found: Sequence[Watched]) -> Stage:
    return _highest(problem.told or Stage.NEW for problem in found)


def _highest(stages: Iterable[Stage]) -> Stage:
    return max(stages, key=lambda stage: stage.rank)


def _notices(owner: str, what: What, parts: Sequence[Part]) -> Iterable[Notice]:
    ranked = sorted(parts, key=lambda part: (-part.stage.rank, *_urgency(part.problems[0])))
    batches = [[part] for part in ranked] if len(ranked) <= MOST_CAUSES else [ranked]
    for batch in batches:
        yield Notice(what=what, owner=owner, stage=batch[0].stage, parts=tuple(batch))
