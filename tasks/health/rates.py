"""The account's health: its rates now and tonight, kept a row a day, and the problems they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import day_span, end_of_day
from domain.health.rates import Defect, Metric, Outlook
from domain.health.reports import Reported, explained, is_stale
from domain.health.words import (
    health_problem,
    health_subject,
    reported_problem,
)
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.health.kept import load_reported, record_health
from ledger.health.rates import late_outlooks, other_outlook, over_dates
from ledger.problems import open_subjects, settle_problems
from ledger.register import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What Amazon's report says of one measure, when it was read (UTC), and the difference to ours in words."""

    report: Reported
    read_at: datetime
    difference: str

    def is_bad(self, now: datetime) -> bool:
        """Whether Amazon finds it wanting, and said so lately enough to call somebody."""
        return self.report.is_bad and not is_stale(self.read_at, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How an account stands: every rate of every marketplace, what counts against it, and Amazon's own report.

    `defects` are the latest of each rate and marketplace, by name; how many there are say the rates.
    """

    outlooks: tuple[Outlook, ...]
    defects: tuple[Defect, ...]
    reported: tuple[Beside, ...]

    @property
    def counting(self) -> int:
        """How many orders and parcels count against the account; those of ten days are among those of 30."""
        return sum(one.now.defects for one in self.outlooks if one.metric is not Metric.LATE_10)


@task(
    task_run_name="count the health of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def look_at_health(ledger: Ledger, account: Account, now: datetime) -> Health:
    """Count an account's rates by Amazon's definitions, keep them, and open or clear what they are problems of.

    Reads the orders of each window through an index; a marketplace without any order is left out.
    """
    outlooks: list[Outlook] = []
    defects: list[Defect] = []
    for marketplace_id in account.marketplaces:
        with ledger.begin() as conn:
            place = (account.name, marketplace_id)
            late, found = late_outlooks(conn, place, now, end_of_day(marketplace_id, now))
            others = [
                other_outlook(conn, place, metric, now) for metric in (Metric.TRACKING_30, Metric.CANCEL_7)
            ]
        known = (*late, *(one for one, _ in others))
        if any(one.worst.total for one in known):
            outlooks += known
            defects += [*found, *(defect for _, some in others for defect in some)]
    with ledger.begin() as conn:
        record_health(conn, account.name, outlooks, now.date())
        reported = tuple(_beside(conn, account, now))
        _settle(conn, account, outlooks, reported, now)
    return Health(outlooks=tuple(outlooks), defects=tuple(defects), reported=reported)


def _beside(conn: sa.Connection, account: Account, now: datetime) -> Iterator[Beside]:
    for report, read_at in load_reported(conn, account.name):
        if report.marketplace_id not in account.marketplaces:
            continue
        said = ""
        if report.metric is not None and report.since is not None and report.until is not None:
            # Amazon states its dates in UTC and whole days; whether it counts by those of the marketplace it does
            # not say. The marketplace's own are the ones by which an order is due.
            shop = report.marketplace_id
            span = day_span(shop, report.since)[0], day_span(shop, report.until)[1]
            ours = over_dates(conn, (account.name, shop), report.metric, span, now)
            said = explained(report, ours, now)
        yield Beside(report=report, read_at=read_at, difference=said)


def _settle(
    conn: sa.Connection,
    account: Account,
    outlooks: list[Outlook],
    reported: tuple[Beside, ...],
    now: datetime,
) -> None:
    kind = ProblemKind.HEALTH_AT_RISK
    # Whatever is open of this account and was not found again is over, also where nothing is left to count.
    subjects = [one for one in open_subjects(conn, kind) if one.startswith(health_subject(account.name, ""))]
    found = [health_problem(account.name, one, now) for one in outlooks]
    found += [reported_problem(account.name, one.report) for one in reported if one.is_bad(now)]
    known = [problem for problem in found if problem is not None]
    settle_problems(conn, {kind}, subjects, known, now)
