"""The account's health as pictures: the rates of the last 30 days, and late parcels by who held them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import shop_named
from domain.health.rates import RULES, Metric, Outlook, Risk, risk_of
from domain.health.words import place_words
from ledger.connection import Ledger
from ledger.health.kept import HealthDay, load_health
from ledger.register import Account
from ledger.reviews.trends import late_by_day
from tasks.charts import SPAN, Line, Panel, late_chart, rates_chart
from tasks.health.rates import Health
from tasks.pictures import page_is_due, picture, show_page


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
