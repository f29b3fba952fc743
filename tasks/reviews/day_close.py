"""The daily close: every order due today is confirmed or explained, as a page and a message to operations."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import chain

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import shop_named
from domain.problem_kinds import Team
from domain.reviews.day_closes import Close, OpenDue, close_line, orders, still_words
from domain.watch.clock import time_left_roughly
from ledger.connection import Ledger
from ledger.register import Account
from ledger.reviews.day_closes import close_day, end_days
from tasks.links import artifact_link
from tasks.pictures import show_page
from tasks.telling import tell

ARTIFACT = "daily-close"
_SHOWN = 100
_ENDED_SHOWN = 20  # lines of a message about days before


def day_to_close(now: datetime) -> date:
    """The day that a close is about (UTC): one that comes after midnight, but before noon, is the day before's."""
    return (now - timedelta(hours=12)).date()


@task(task_run_name="close {day}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def close_days(
    ledger: Ledger, accounts: Sequence[Account], day: date, now: datetime
) -> tuple[tuple[Close, ...], tuple[Close, ...]]:
    """What became of the orders due on a day, and how the days before have ended that nobody was told of; all kept.

    That is the day before, and every day on which no close ran.
    """
    with ledger.begin() as conn:
        today = tuple(close_day(conn, one.name, one.marketplaces, day, now) for one in accounts)
        before = [end_days(conn, one.name, one.marketplaces, day, now) for one in accounts]
    return today, tuple(sorted(chain.from_iterable(before), key=lambda one: one.day))


@task(task_run_name="tell operations how the day ended", cache_policy=NO_CACHE)
def tell_close(today: Sequence[Close], before: Sequence[Close], now: datetime) -> str:
    """Write the close as a page and send it to operations; its one line."""
    line = subject_line(today, now)
    show_page(ARTIFACT, close_page(today, before, now), line)
    tell(Team.OPERATIONS, line, close_body(today, before, now), link=artifact_link(ARTIFACT))
    return line


def close_body(today: Sequence[Close], before: Sequence[Close], now: datetime) -> str:
    """The close as a message: each account's day so far, what time is left, and how the days before ended."""
    parts = [f"{one.seller_account}: {close_line(one, now)}" for one in today]
    parts += [still_words(today, now), *_loud(today)]
    ended = [f"{_day(one)} ended, {one.seller_account}: {close_line(one, now)}" for one in _traded(before)]
    more = len(ended) - _ENDED_SHOWN
    if more > 0:
        ended = [f"The page has {more} lines more about days before.", *ended[more:]]
    return "\n".join(part for part in (*parts, *ended) if part)


def subject_line(closes: Sequence[Close], now: datetime) -> str:
    """The day of all accounts in one line: "Nov 25: 212 orders due, 210 confirmed in time"."""
    day = closes[0].day
    whole = Close(
        seller_account="",
        day=day,
        confirmed=sum(one.confirmed for one in closes),
        late=sum(one.late for one in closes),
        elsewhere=sum(one.elsewhere for one in closes),
        canceled=sum(one.canceled for one in closes),
        open_ones=tuple(due for one in closes for due in one.open_ones),
    )
    return f"{_day(whole)}: {close_line(whole, now)}"


def close_page(today: Sequence[Close], before: Sequence[Close], now: datetime) -> str:
    """The close as a markdown page: each account's day, what is open and whose it is, and how yesterday ended."""
    day = today[0].day
    parts = [f"# {day:%A}, {day:%b} {day.day}", ""]
    parts += [f"- **{one.seller_account}**: {close_line(one, now)}." for one in today]
    parts += ["", *(part for part in (still_words(today, now), *_loud(today)) if part)]
    still_open = [due for one in today for due in one.open_ones]
    if still_open:
        parts += ["", "## Not confirmed yet", "", *_open_table(still_open, now)]
    if ended := _traded(before):
        days = "day" if len({one.day for one in before}) == 1 else "days"
        parts += ["", f"## How the {days} before ended", ""]
        parts += [f"- {_day(one)}, **{one.seller_account}**: {close_line(one, now)}." for one in ended]
    parts += [
        "",
        (
            "An order is due on the day on which its ship-by time ends, by the calendar of its marketplace."
            " Where that day is not over yet, open orders can still be confirmed in time; the next close says what"
            " became of them, here and in its message."
        ),
    ]
    return "\n".join(parts)


def _day(close: Close) -> str:
    return f"{close.day:%b} {close.day.day}"


def _traded(closes: Sequence[Close]) -> list[Close]:
    """Those on which something was due."""
    return [one for one in closes if one.due or one.canceled]


def _loud(closes: Sequence[Close]) -> list[str]:
    number = sum(one.unexplained for one in closes)
    if not number:
        return []
    are = "is" if number == 1 else "are"
    return [
        (
            f"**{orders(number)} {are} open and nobody is named for it.** That must not happen: look at each in"
            " Seller Central, ship it by hand if it is due, and tell team integration."
        )
    ]


def _open_table(still_open: Sequence[OpenDue], now: datetime) -> list[str]:
    first = sorted(still_open, key=lambda one: (one.is_explained, one.due, one.order_id))
    rows = [
        "| order | marketplace | due (UTC) | time left | where it is | team | what is known |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [_open_row(one, now) for one in first[:_SHOWN]]
    more = len(first) - _SHOWN
    return [*rows, *(["", f"And {more} more."] if more > 0 else [])]


def _open_row(one: OpenDue, now: datetime) -> str:
    cells = (
        one.order_id,
        shop_named(one.marketplace_id),
        f"{one.due:%b} {one.due.day} {one.due:%H:%M}",
        time_left_roughly(one.due, now),
        one.hop or "nobody knows",
        one.owner.replace("_", " ") or "nobody",
        one.problem.replace("|", "/"),
    )
    return f"| {' | '.join(cells)} |"
