"""The page of what needs somebody: a block per team and cause, the most urgent first, in plain words."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.manners import MANNERS
from domain.marketplaces import with_shops_named
from domain.watch.clock import time_left_roughly
from domain.watch.notice_words import UNITS, counted, due_words, part_words
from domain.watch.notices import Group, Part, Watched

MOST_CAUSES = 50
_MOST_NUMBERS = 10
_ACKNOWLEDGE = "acknowledge-problem"
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Where a cause is settled: the addresses of its form, filled in, and of the one that acknowledges it.

    `single`: the form settles one problem at a time, and is filled in for the first.
    """

    form: str = ""
    acknowledge: str = ""
    single: bool = False


def headline(parts: Sequence[Part], now: datetime) -> str:
    """How much needs whom, in one line; the time only when it is nothing, by the hour."""
    if not parts:
        return f"Nothing needs anybody, as of {now:%b} {now.day} {now:%H}:00 UTC."
    teams = Counter(_team(part) for part in parts)
    each = ", ".join(f"{team} {number}" for team, number in teams.most_common())
    if len(parts) == 1:
        return f"1 thing needs somebody: {_team(parts[0])}."
    return f"{len(parts)} things need somebody, most urgent first: {each}."


def to_do_page(parts: Sequence[Part], fixes: Mapping[Group, Fix], now: datetime) -> str:
    """What needs somebody as a markdown page; `parts` come with the most urgent first (UTC)."""
    blocks = [_block(part, fixes.get(part.group, Fix()), now) for part in parts[:MOST_CAUSES]]
    if len(parts) > MOST_CAUSES:
        blocks.append(f"And {len(parts) - MOST_CAUSES} more, less urgent: the table open-problems has them.")
    return "\n\n".join(blocks) or headline(parts, now)


def _block(part: Part, fix: Fix, now: datetime) -> str:
    """One cause: whose and by when, what happened, what to do, and where."""
    last = [*_form(part, fix), _numbers(part, fix), *_seen_by(part)]
    return "\n\n".join(
        [
            f"### {_capital(_team(part))}: {_when(part, now)}",
            f"**{_plain(_what(part))}**",
            _plain(MANNERS[part.group.kind].next_step),
            _capital(" · ".join(last)),
        ]
    )


def _what(part: Part) -> str:
    """What happened: one problem in its own words, with how many wait for it; of several what they share."""
    if len(part.problems) > 1:
        return f"{part_words(part)}."
    waits = f" {counted(part.group.kind, part.affected)} wait for it." if _waits(part) else ""
    return f"{part.problems[0].summary}{waits}"


def _when(part: Part, now: datetime) -> str:
    due = part.problems[0].act_by
    if due is None:
        return "when there is time"
    many = "the first " if len(part.problems) > 1 or _waits(part) else ""
    left = time_left_roughly(due, now)
    if due <= now:
        return f"{many}was due {due_words(due, now)} ({left})"
    return f"{many or 'act '}by {due_words(due, now)} ({left} left)"


def _waits(part: Part) -> bool:
    """Whether several orders, parcels or listings wait for one problem."""
    return part.affected > 1 and part.group.kind in UNITS


def _form(part: Part, fix: Fix) -> list[str]:
    name = MANNERS[part.group.kind].form
    if not name or name == _ACKNOWLEDGE:
        return []
    one_by_one = f" for {_plain(part.problems[0].subject)}" if len(part.problems) > 1 and fix.single else ""
    return [f"Form [{name}]({fix.form}){one_by_one}"]


def _numbers(part: Part, fix: Fix) -> str:
    """Which problems it is, and the form that acknowledges the first that nobody has acknowledged."""
    ids = sorted(problem.id for problem in part.problems)
    told = ", ".join(str(number) for number in ids[:_MOST_NUMBERS])
    more = f" and {len(ids) - _MOST_NUMBERS:,} more" if len(ids) > _MOST_NUMBERS else ""
    words = f"problem{'s' if len(ids) > 1 else ''} {told}{more}"
    waiting = first_unseen(part)
    if waiting is None:
        return words
    which = f" {waiting.id}" if len(ids) > 1 else ""
    return f"{words} ([acknowledge{which}]({fix.acknowledge}))"


def _seen_by(part: Part) -> list[str]:
    seen = Counter(problem.acknowledged_by or "somebody" for problem in part.problems if problem.acknowledged)
    if not seen:
        return []
    of_all = f" ({seen.total()} of {len(part.problems)})" if seen.total() < len(part.problems) else ""
    return [f"acknowledged by {_plain(', '.join(sorted(seen)))}{of_all}"]


def first_unseen(part: Part) -> Watched | None:
    """The most urgent problem of a cause that nobody has acknowledged."""
    return next((problem for problem in part.problems if not problem.acknowledged), None)


def _team(part: Part) -> str:
    return part.group.owner.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    """A text of others as markdown that shows it as it is."""
    return _MARKS.sub(r"\\\1", " ".join(with_shops_named(text).split()))
