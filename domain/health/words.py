"""Account health in the words that people read: rates, what is left, and the problem that calls somebody."""

from datetime import datetime, timedelta

from domain.calendar_days import shop_named
from domain.health.rates import Outlook, Rate, Risk, Rule, risk_of, room
from domain.health.reports import Reported
from domain.problem_kinds import ProblemKind
from domain.problems import Problem


def percent(share: float) -> str:
    """A share as people write it, such as "3.2 %"."""
    return f"{100 * share:.1f} %"


def rate_words(rate: Rate, rule: Rule) -> str:
    """A rate with its counts, such as "1.2 % (3 of 250 orders)"; what Amazon wants high is turned round."""
    if not rate.total:
        return f"no {rule.things} yet"
    good = rate.total - rate.defects
    share, count = (rate.share, rate.defects) if rule.low else (1 - rate.share, good)
    return f"{percent(share)} ({count} of {rate.total} {rule.things})"


def room_words(rate: Rate, rule: Rule) -> str:
    """How many more the limit allows, or how many are too many."""
    left = room(rate, rule)
    if rate.defects and left < 0:
        return f"{-left} too many"
    return f"{max(0, left)} more" if rate.total else ""


def place_words(outlook: Outlook) -> str:
    """A rate with its window and marketplace, such as "Late Shipment Rate over 10 days, UK"."""
    return f"{outlook.rule.spelled}, {shop_named(outlook.marketplace_id)}"


def risk_words(outlook: Outlook, now: datetime) -> str:
    """How a rate stands, in a sentence."""
    rule, risk = outlook.rule, risk_of(outlook, now)
    if risk is Risk.OVER:
        return f"Over the limit: Amazon asks for {rule.asked}.{_to_save(outlook)}"
    if risk is Risk.EXPECTED and outlook.expected is not None:
        return f"Will be {rate_words(outlook.expected, rule)} tonight if it goes as usual.{_to_save(outlook)}"
    if risk is Risk.LAST_CALL:
        return f"Little time is left for what is due today.{_to_save(outlook)}"
    if not outlook.now.total:
        return "Nothing to count yet."
    if outlook.open_tonight:
        return f"Within the limit; {outlook.open_tonight} still to be confirmed by {_clock(outlook)}."
    return "Within the limit."


def health_subject(account: str, place: str) -> str:
    """What a problem of the account's health is about, such as "main, Late Shipment Rate over 10 days, UK"."""
    return f"{account}, {place}"


def health_problem(account: str, outlook: Outlook, now: datetime) -> Problem | None:
    """The problem that a rate is, or will be tonight; None when it is within its limit."""
    risk = risk_of(outlook, now)
    if risk is Risk.NONE:
        return None
    place, rule = place_words(outlook), outlook.rule
    told = f"{place} ({account}) is {rate_words(outlook.now, rule)}; Amazon asks for {rule.asked}."
    if risk is Risk.EXPECTED and outlook.expected is not None:
        told += f" If today ends as usual, it will be {rate_words(outlook.expected, rule)}."
    if risk is Risk.LAST_CALL:
        told += f" If all that is open becomes late, it will be {rate_words(outlook.worst, rule)}."
    return Problem(
        kind=ProblemKind.HEALTH_AT_RISK,
        subject=health_subject(account, place),
        summary=told + _to_save(outlook) + _tables(account),
        act_by=outlook.ends_at if outlook.open_tonight else None,
        cause=account,
        affected=max(1, outlook.to_save),
    )


def reported_place(report: Reported) -> str:
    """A measure of Amazon's report with its marketplace."""
    return f"{report.name} as Amazon reports it, {shop_named(report.marketplace_id)}"


def reported_problem(account: str, report: Reported) -> Problem | None:
    """The problem that Amazon itself finds; None when it finds none."""
    if not report.is_bad:
        return None
    number = f" ({percent(report.rate)}, {report.dates})" if report.rate is not None else ""
    return Problem(
        kind=ProblemKind.HEALTH_AT_RISK,
        subject=health_subject(account, reported_place(report)),
        summary=f"Amazon's own report calls the {report.name} of {account} in"
        f" {shop_named(report.marketplace_id)} {report.status_words}{number}. Open Account Health in Seller"
        f" Central: it says what Amazon wants.{_tables(account)}",
        cause=account,
    )


def length_words(length: timedelta) -> str:
    """How long something was late, such as "3 h 05 min" or "2 days 4 h"."""
    minutes = max(0, int(length.total_seconds()) // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // 1440} days {minutes % 1440 // 60} h"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _tables(account: str) -> str:
    """The keys under which a person finds the orders that it is about."""
    return f" Tables: health-tonight-{account}, health-defects-{account}."


def _to_save(outlook: Outlook) -> str:
    still_open = outlook.open_tonight
    if not still_open:
        return ""
    by = f" by {_clock(outlook)}"
    if room(Rate(outlook.worst.defects - still_open, outlook.worst.total), outlook.rule) < 0:
        told = " No order of tonight brings it back; each of the"
        return f"{told} {still_open} open ones that is confirmed{by} helps."
    if not outlook.to_save:
        return ""
    return f" Tonight {outlook.to_save} of {still_open} open orders must be confirmed{by}."


def _clock(outlook: Outlook) -> str:
    return f"{outlook.ends_at:%H:%M} UTC" if outlook.ends_at else "the end of the day"
