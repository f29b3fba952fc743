"""The account's health where people look: the rates and what counts against them, as tables."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import shop_named
from domain.health.rates import RULES, Defect, Metric, Outlook, Risk, risk_of
from domain.health.reports import stale_words
from domain.health.words import length_words, percent, place_words, rate_words, risk_words, room_words
from domain.reviews.day_closes import OpenDue
from ledger.connection import Ledger
from ledger.register import Account
from ledger.reviews.day_closes import open_tonight
from tasks.health.rates import Beside, Health
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
    risks += sum(one.is_bad(now) for one in health.reported)
    show_table(
        f"account-health-{account.name}",
        health_rows(health, now) or _nothing("rate"),
        f"Rates that Amazon suspends for: {risks or 'none'} at risk. {_ESTIMATE}",
        now,
    )
    number, rows = health.counting, defect_rows(health.defects)
    many = (
        f"{number} orders and parcels count against {account.name}" if number else "Nothing counts against it"
    )
    more = f", {len(rows)} are shown, the latest of each rate and marketplace" if number > len(rows) else ""
    show_table(
        f"health-defects-{account.name}",
        rows or _nothing("order"),
        f"{many}{more}: each with its cause and the team to talk to. Late orders of the last 30 days, parcels"
        " promised in the last 30, orders canceled in the last 7.",
        now,
        empty=None if risks else _nothing("order"),  # the problem names this table
    )
    return risks


def health_rows(health: Health, now: datetime) -> Rows:
    """One row per rate and marketplace, then what only Amazon knows."""
    beside = {
        (one.report.marketplace_id, one.report.metric): one for one in health.reported if one.report.metric
    }
    heard = {one.report.marketplace_id for one in health.reported}
    rows = [
        _row(one, beside.pop((one.marketplace_id, one.metric), None), now, heard=one.marketplace_id in heard)
        for one in health.outlooks
    ]
    rest = [*beside.values(), *(one for one in health.reported if one.report.metric is None)]
    return [*rows, *(_amazons_row(one, now) for one in rest)]


def _row(outlook: Outlook, beside: Beside | None, now: datetime, *, heard: bool) -> dict[str, object]:
    rule = outlook.rule
    unsaid = f"nothing over {rule.days} days" if heard else "no report yet"
    tonight = rate_words(outlook.worst, rule) if outlook.open_tonight else "as now"
    usual = rate_words(outlook.expected, rule) if outlook.expected and outlook.open_tonight else ""
    return {
        "rate": place_words(outlook),
        "now": rate_words(outlook.now, rule),
        "Amazon asks for": rule.asked,
        "room left now": room_words(outlook.now, rule),
        "tonight, as usual": usual or ("not known yet" if outlook.open_tonight else "as now"),
        "tonight, if all open are late": tonight,
        **(_amazon_says(beside) if beside else {"Amazon says": unsaid, "Amazon's dates": ""}),
        "in words": _words(
            risk_words(outlook, now),
            beside.difference if beside else "",
            stale_words(beside.read_at, now) if beside else "",
        ),
    }


def _amazons_row(one: Beside, now: datetime) -> dict[str, object]:
    return {
        "rate": f"{one.report.name}, {shop_named(one.report.marketplace_id)}",
        "now": "only Amazon knows",
        "Amazon asks for": "",
        "room left now": "",
        "tonight, as usual": "",
        "tonight, if all open are late": "",
        **_amazon_says(one),
        "in words": _words(
            one.difference or f"Amazon calls it {one.report.status_words}.", stale_words(one.read_at, now)
        ),
    }


def _words(*sentences: str) -> str:
    return " ".join(one for one in sentences if one)


def _amazon_says(one: Beside) -> dict[str, object]:
    number = f"{percent(one.report.rate)}, " if one.report.rate is not None else ""
    return {
        "Amazon says": f"{number}{one.report.status_words}",
        "Amazon's dates": one.report.dates or f"read {one.read_at:%b} {one.read_at.day}",
    }


def defect_rows(defects: Sequence[Defect]) -> Rows:
    """One row per order or parcel that counts against the account, late ones first in each marketplace.

    Where there are too many for a table, each rate of each marketplace has its share of it.
    """
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
        for one in _of_each(defects)
    ]


def _of_each(defects: Sequence[Defect]) -> Sequence[Defect]:
    """As many as a table shows, and of each rate and marketplace as many as of any other, while it has so many."""
    places: Counter[tuple[Metric, str]] = Counter()
    turns = []
    for number, one in enumerate(defects):
        places[one.metric, one.marketplace_id] += 1
        turns.append((places[one.metric, one.marketplace_id], number))
    return [defects[number] for number in sorted(number for _, number in sorted(turns)[:_SHOWN])]


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


def _nothing(column: str) -> Rows:
    return [{column: "nothing"}]
