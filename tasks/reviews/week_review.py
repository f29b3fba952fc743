"""The weekly review: eight weeks side by side, as a page with a chart and a message to operations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import shop_named
from domain.health.rates import RULES
from domain.health.words import length_words, rate_words
from domain.problem_kinds import ProblemKind, Team
from domain.reviews.weeks import change_words, midnight, monday_of, weeks_before
from ledger.connection import Ledger
from ledger.health.kept import HealthDay, load_health
from ledger.register import Account
from ledger.reviews.day_closes import KeptClose, end_days, kept_closes
from ledger.reviews.trends import KindTrend, late_by_day, problems_opened
from tasks.charts import NAMES, WHOSE, late_chart
from tasks.links import artifact_link
from tasks.pictures import picture, show_page
from tasks.telling import tell

ARTIFACT = "weekly-review"
WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week from its Monday on: its days' closes, late parcels by who held them, problems by kind."""

    monday: date
    closes: tuple[KeptClose, ...]
    late: Mapping[str, int]
    problems: tuple[KindTrend, ...]

    @property
    def due(self) -> int:
        """Orders that were due."""
        return sum(one.due for one in self.closes)

    @property
    def late_parcels(self) -> int:
        """Parcels that became late."""
        return sum(self.late.values())

    @property
    def days(self) -> tuple[int, int]:
        """Days on which everything due was confirmed in time, of days that were closed."""
        clean: dict[date, bool] = {}
        for one in self.closes:
            good = not (one.late or one.explained or one.unexplained)
            clean[one.day] = clean.get(one.day, True) and good
        return sum(clean.values()), len(clean)

    @property
    def opened(self) -> int:
        """Problems opened, of all kinds."""
        return sum(one.opened for one in self.problems)


@task(task_run_name="end the days of the week", cache_policy=NO_CACHE, persist_result=False, retries=2)
def end_week(ledger: Ledger, accounts: Sequence[Account], now: datetime) -> int:
    """Keep how the last days of the last whole week ended, Sunday and those without a close; how many there were.

    The close of Sunday evening saw a day that was not over.
    """
    end = monday_of(now.date())
    with ledger.begin() as conn:
        return sum(len(end_days(conn, one.name, one.marketplaces, end, now)) for one in accounts)


@task(task_run_name="look back on eight weeks", cache_policy=NO_CACHE, persist_result=False, retries=2)
def look_back(ledger: Ledger, now: datetime) -> tuple[Week, ...]:
    """The last eight whole weeks, oldest first."""
    mondays = weeks_before(now, WEEKS)
    end = mondays[-1] + timedelta(weeks=1)
    with ledger.begin() as conn:
        closes = kept_closes(conn, mondays[0], end)
        late = late_by_day(conn, midnight(mondays[0]), midnight(end))
        problems = [
            problems_opened(conn, midnight(monday), midnight(monday + timedelta(weeks=1)))
            for monday in mondays
        ]
    return tuple(
        Week(
            monday=monday,
            closes=tuple(one for one in closes if monday_of(one.day) == monday),
            late=_sum(by for day, by in late.items() if monday_of(day) == monday),
            problems=tuple(found),
        )
        for monday, found in zip(mondays, problems, strict=True)
    )


@task(task_run_name="tell operations about the week", cache_policy=NO_CACHE)
def tell_week(ledger: Ledger, accounts: Sequence[Account], weeks: Sequence[Week]) -> str:
    """Write the review as a page and send it to operations; its one line."""
    end = weeks[-1].monday + timedelta(weeks=1)
    with ledger.begin() as conn:
        rates = {one.name: load_health(conn, one.name, weeks[0].monday) for one in accounts}
    line = week_line(weeks[-2], weeks[-1])
    title = "Late parcels of the last 8 weeks, by who held them when they became late"
    chart = picture(late_chart(title, {week.monday: week.late for week in weeks}, weekly=True), title)
    known = {name: [day for day in days if day.day < end] for name, days in rates.items()}
    show_page(ARTIFACT, review_page(weeks, known, chart), line)
    tell(Team.OPERATIONS, line, _body(weeks), link=artifact_link(ARTIFACT))
    return line


def week_line(before: Week, last: Week) -> str:
    """The last week in one line, beside the one before."""
    clean, days = last.days
    return (
        f"Week from {last.monday:%b} {last.monday.day}: {last.due} orders due,"
        f" {change_words(before.late_parcels, last.late_parcels)} late parcels,"
        f" {clean} of {days} days closed clean, {change_words(before.opened, last.opened)} problems opened"
    )


def review_page(weeks: Sequence[Week], rates: Mapping[str, Sequence[HealthDay]], chart: str) -> str:
    """The review as a markdown page: the weeks, the chart, the rates, and what kinds of problems there were."""
    parts = ["# The last eight weeks", "", chart, ""]
    parts += ["## Week by week", "", *_weeks_table(weeks), ""]
    for name, days in rates.items():
        if days:
            parts += [f"## Rates of {name} at the end of each week", "", *_rates_table(weeks, days), ""]
    parts += ["## Problems of the last week", "", *_kinds_table(weeks[-2], weeks[-1])]
    return "\n".join(parts)


def _weeks_table(weeks: Sequence[Week]) -> list[str]:
    whose = [f"late by {NAMES[who]}" for who in WHOSE]
    head = ["week from", "orders due", "days closed clean", *whose, "problems opened"]
    rows = []
    for week in reversed(weeks):
        clean, days = week.days
        late = [str(week.late.get(who, 0)) for who in WHOSE]
        closed = f"{clean} of {days}" if days else "none closed"
        rows.append([f"{week.monday:%b} {week.monday.day}", str(week.due), closed, *late, str(week.opened)])
    return _table(head, rows)


def _rates_table(weeks: Sequence[Week], days: Sequence[HealthDay]) -> list[str]:
    places = sorted({(one.marketplace_id, one.metric) for one in days})
    last = {(one.marketplace_id, one.metric, monday_of(one.day)): one for one in days}  # the latest of a week
    head = ["week from", *(f"{RULES[metric].spelled}, {shop_named(shop)}" for shop, metric in places)]
    rows = []
    for week in reversed(weeks):
        found = [last.get((shop, metric, week.monday)) for shop, metric in places]
        cells = [rate_words(one.rate, RULES[one.metric]) if one else "" for one in found]
        rows.append([f"{week.monday:%b} {week.monday.day}", *cells])
    return _table(head, rows)


def _kinds_table(before: Week, last: Week) -> list[str]:
    earlier = {one.kind: one.opened for one in before.problems}
    rows = [
        [
            _kind_words(one.kind),
            change_words(earlier.get(one.kind, 0), one.opened),
            str(one.opened - one.cleared),
            length_words(one.median) if one.median is not None else "none cleared",
        ]
        for one in last.problems
    ]
    if not rows:
        return ["None were opened."]
    return _table(["what", "opened", "still open", "half of them settled within"], rows)


def _body(weeks: Sequence[Week]) -> str:
    last = weeks[-1]
    late = ", ".join(f"{last.late[who]} by {NAMES[who]}" for who in WHOSE if last.late.get(who))
    worst = ", ".join(f"{one.opened} {_kind_words(one.kind)}" for one in last.problems[:3])
    return "\n".join([f"Late parcels: {late or 'none'}.", f"Most frequent problems: {worst or 'none'}."])


def _kind_words(kind: ProblemKind) -> str:
    return kind.replace("_", " ")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _sum(days: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for by in days:
        found.update(by)
    return found
