"""The account's health where people look: the rates, what counts against them, and the charts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import shop_named
from domain.health.rates import RULES, Defect, Metric, Outlook, Risk, risk_of
from domain.health.reports import MEASURES
from domain.health.words import length_words, percent, place_words, rate_words, risk_words, room_words
from domain.reviews.day_closes import OpenDue
from ledger.connection import Ledger
from ledger.health.kept import HealthDay, load_health
from ledger.register import Account
from ledger.reviews.day_closes import open_tonight
from ledger.reviews.trends import late_by_day
from tasks.charts import SPAN, Line, Panel, late_chart, rates_chart
from tasks.health.rates import Beside, Health
from tasks.pictures import page_is_due, picture, show_page
from tasks.tables import Rows, show_table

_SHOWN = 200
_ESTIMATE = (
    "Valid tracking is an estimate: Amazon counts carriers' scans and counts by product category; Lockstep sees"
    " neither, and calls a parcel valid that Amazon shows with a number nothing is doubtful about."
)


@task(
    task_run_name="show the health of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def show_health(account: Account, health: Health, now: datetime) -> int:
    """Write the tables of rates and of what counts against them, where they changed; how many are at risk."""
    risks = sum(risk_of(one, now) is not Risk.NONE for one in health.outlooks)
    risks += sum(one.report.is_bad for one in health.reported)
    show_table(
        f"account-health-{account.name}",
        health_rows(health, now) or _nothing("rate"),
        f"Rates that Amazon suspends for: {risks or 'none'} at risk. {_ESTIMATE}",
        now,
    )
    number = len(health.defects)
    many = (
        f"{number} orders and parcels count against {account.name}" if number else "Nothing counts against it"
    )
    more = f", the first {_SHOWN} are shown" if number > _SHOWN else ""
    show_table(
        f"health-defects-{account.name}",
        defect_rows(health.defects) or _nothing("order"),
        f"{many}{more}: each with its cause and the team to talk to. Late orders of the last 30 days, parcels"
        " promised in the last 30, orders placed in the last 7.",
        now,
        empty=None if risks else _nothing("order"),  # the problem names this table
    )
    return risks


def health_rows(health: Health, now: datetime) -> Rows:
    """One row per rate and marketplace, then what only Amazon knows."""
    beside = {
        (one.report.marketplace_id, one.report.metric): one for one in health.reported if one.report.metric
    }
    rows = [_row(one, beside.pop((one.marketplace_id, one.metric), None), now) for one in health.outlooks]
    rest = [*beside.values(), *(one for one in health.reported if one.report.metric is None)]
    return [*rows, *(_amazons_row(one) for one in rest)]


def _row(outlook: Outlook, beside: Beside | None, now: datetime) -> dict[str, object]:
    rule = outlook.rule
    tonight = rate_words(outlook.worst, rule) if outlook.open_tonight else "as now"
    usual = rate_words(outlook.expected, rule) if outlook.expected and outlook.open_tonight else ""
    return {
        "rate": place_words(outlook),
        "now": rate_words(outlook.now, rule),
        "Amazon asks for": rule.asked,
        "room left now": room_words(outlook.now, rule),
        "tonight, as usual": usual or ("not known yet" if outlook.open_tonight else "as now"),
        "tonight, if all open are late": tonight,
        **_amazon_says(beside),
        "in words": " ".join(
            part for part in (risk_words(outlook, now), beside.difference if beside else "") if part
        ),
    }


def _amazons_row(one: Beside) -> dict[str, object]:
    return {
        "rate": f"{MEASURES[one.report.measure]}, {shop_named(one.report.marketplace_id)}",
        "now": "only Amazon knows",
        "Amazon asks for": "",
        "room left now": "",
        "tonight, as usual": "",
        "tonight, if all open are late": "",
        **_amazon_says(one),
        "in words": one.difference or f"Amazon calls it {one.report.status_words}.",
    }


def _amazon_says(one: Beside | None) -> dict[str, object]:
    if one is None:
        return {"Amazon says": "no report yet", "Amazon's dates": ""}
    number = f"{percent(one.report.rate)}, " if one.report.rate is not None else ""
    return {
        "Amazon says": f"{number}{one.report.status_words}",
        "Amazon's dates": one.report.dates or f"read {one.read_at:%b} {one.read_at.day}",
    }


def defect_rows(defects: Sequence[Defect]) -> Rows:
    """One row per order or parcel that counts against the account, late ones first."""
    return [
        {
            "order": one.order_id,
            "marketplace": shop_named(one.marketplace_id),
            "counts in": RULES[one.metric].name,
            "what": one.what,
            "cause": one.cause,
            "team": one.owner.replace("_", " "),
            "late by": length_words(one.late_by) if one.late_by is not None else "",
            "due, sent or canceled (UTC)": f"{one.at:%Y-%m-%d %H:%M}" if one.at else "",
        }
        for one in defects[:_SHOWN]
    ]


@task(task_run_name="show what can be saved tonight", cache_policy=NO_CACHE, persist_result=False, retries=2)
def show_tonight(ledger: Ledger, account: Account, at_risk: int, now: datetime) -> int:
    """While a rate is at risk, name the open orders of today, where each is and who must act; how many."""
    found: tuple[OpenDue, ...] = ()
    if at_risk:
        with ledger.begin() as conn:
            found = open_tonight(conn, account.name, account.marketplaces, now)
    rows: Rows = [
        {
            "order": one.order_id,
            "marketplace": shop_named(one.marketplace_id),
            "due (UTC)": f"{one.due:%Y-%m-%d %H:%M}",
            "where it is": one.hop,
            "team": one.owner.replace("_", " "),
            "what is known": one.problem,
        }
        for one in found[:_SHOWN]
    ]
    more = f", the first {_SHOWN} are shown" if len(found) > _SHOWN else ""
    told = f"{len(found)} open orders of {account.name} can still be confirmed in time today{more}."
    key = f"health-tonight-{account.name}"
    show_table(
        key,
        rows or _nothing("order"),
        told if at_risk else "No rate is at risk.",
        now,
        empty=None if at_risk else _nothing("order"),  # the problem names this table
    )
    return len(found)


@task(
    task_run_name="draw the health of {account.name}", cache_policy=NO_CACHE, persist_result=False, retries=2
)
def draw_health(ledger: Ledger, account: Account, health: Health, now: datetime) -> int:
    """Draw the rates and the late parcels of the last 30 days, once a day and when a risk comes or goes.

    How many pictures were drawn.
    """
    if not health.outlooks:
        return 0
    today, drawn = now.date(), 0
    since = today - timedelta(days=SPAN - 1)
    mark = _mark(account, health, now)
    if page_is_due(f"health-rates-{account.name}", mark):
        with ledger.begin() as conn:
            days = load_health(conn, account.name, since)
        title = f"{account.name}: rates of the last {SPAN} days; hollow: tonight, if it goes as usual"
        png = rates_chart(title, rate_panels(days, health.outlooks))
        show_page(f"health-rates-{account.name}", picture(png, title), mark)
        drawn += 1
    mark = f"Late parcels of {account.name} by who held them, until {today:%b} {today.day}."
    if page_is_due(f"late-parcels-{account.name}", mark):
        first = datetime.combine(since, time(), tzinfo=UTC)
        with ledger.begin() as conn:
            late = late_by_day(conn, first, now, account.name)
        days_shown = {since + timedelta(days=n): late.get(since + timedelta(days=n), {}) for n in range(SPAN)}
        title = (
            f"{account.name}: late parcels of the last {SPAN} days, by who held them when they became late"
        )
        show_page(f"late-parcels-{account.name}", picture(late_chart(title, days_shown), title), mark)
        drawn += 1
    return drawn


def rate_panels(days: Iterable[HealthDay], outlooks: Sequence[Outlook]) -> list[Panel]:
    """A panel for each rate with a line for each marketplace, as shares that Amazon would show."""
    kept: dict[tuple[Metric, str], list[tuple[date, float]]] = {}
    for one in days:
        if one.rate.total:
            place = (one.metric, one.marketplace_id)
            kept.setdefault(place, []).append((one.day, _as_shown(one.metric, one.rate.share)))
    usual = {
        (o.metric, o.marketplace_id): o.expected.share for o in outlooks if o.expected and o.open_tonight
    }
    panels = []
    for metric, rule in RULES.items():
        lines = [
            Line(
                name=shop_named(shop),
                days=[day for day, _ in points],
                shares=[share for _, share in points],
                tonight=usual.get((metric, shop)),
            )
            for (which, shop), points in kept.items()
            if which is metric
        ]
        panels.append(
            Panel(
                title=rule.spelled if rule.low else f"{rule.spelled}, estimated",
                limit=_as_shown(metric, rule.limit),
                good="below" if rule.low else "above",
                lines=lines,
            )
        )
    return panels


def _as_shown(metric: Metric, share: float) -> float:
    return share if RULES[metric].low else 1 - share


def _mark(account: Account, health: Health, now: datetime) -> str:
    at_risk = [place_words(one) for one in health.outlooks if risk_of(one, now) is not Risk.NONE]
    told = f"Rates of {account.name}, {now:%b} {now.day}: "
    return told + (f"at risk: {'; '.join(at_risk)}." if at_risk else "all within Amazon's limits.")


def _nothing(column: str) -> Rows:
    return [{column: "nothing"}]
