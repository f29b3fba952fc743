"""The daily close: every order due today is confirmed or explained, as a page and a message to operations."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.calendar_days import shop_named
from domain.problem_kinds import Team
from domain.reviews.day_closes import Close, OpenDue, close_line, orders
from ledger.connection import Ledger
from ledger.register import Account
from ledger.reviews.day_closes import close_day
from tasks.pictures import page_link, show_page
from tasks.telling import tell

ARTIFACT = "daily-close"
_SHOWN = 100


def day_to_close(now: datetime) -> date:
    """The day that a close is about (UTC): one that comes after midnight, but before noon, is the day before's."""
    return (now - timedelta(hours=12)).date()


@task(task_run_name="close {day}", cache_policy=NO_CACHE, persist_result=False, retries=2)
def close_days(
    ledger: Ledger, accounts: Sequence[Account], day: date, now: datetime
) -> tuple[tuple[Close, ...], tuple[Close, ...]]:
    """What became of the orders due on a day, and how the day before has ended; both are kept."""
    with ledger.begin() as conn:
        today, before = (
            tuple(close_day(conn, one.name, one.marketplaces, which, now) for one in accounts)
            for which in (day, day - timedelta(days=1))
        )
    return today, before


@task(task_run_name="tell operations how the day ended", cache_policy=NO_CACHE)
def tell_close(today: Sequence[Close], before: Sequence[Close]) -> str:
    """Write the close as a page and send it to operations; its one line."""
    line = subject_line(today)
    show_page(ARTIFACT, close_page(today, before), line)
    body = "\n".join([*(f"{one.seller_account}: {close_line(one)}" for one in today), *_loud(today)])
    tell(Team.OPERATIONS, line, body, link=page_link(ARTIFACT))
    return line


def subject_line(closes: Sequence[Close]) -> str:
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
    return f"{day:%b} {day.day}: {close_line(whole)}"


def close_page(today: Sequence[Close], before: Sequence[Close]) -> str:
    """The close as a markdown page: each account's day, what is open and whose it is, and how yesterday ended."""
    day = today[0].day
    parts = [f"# {day:%A}, {day:%b} {day.day}", ""]
    parts += [f"- **{one.seller_account}**: {close_line(one)}." for one in today]
    parts += ["", *_loud(today)]
    still_open = [due for one in today for due in one.open_ones]
    if still_open:
        parts += ["", "## Not confirmed yet", "", *_open_table(still_open)]
    if any(one.due or one.canceled for one in before):
        parts += ["", "## How the day before ended", ""]
        parts += [f"- **{one.seller_account}**: {close_line(one)}." for one in before]
    parts += [
        "",
        (
            "An order is due on the day on which its ship-by time ends, by the calendar of its marketplace."
            " Where that day is not over yet, open orders can still be confirmed in time; tomorrow's close says"
            " what became of them."
        ),
    ]
    return "\n".join(parts)


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


def _open_table(still_open: Sequence[OpenDue]) -> list[str]:
    first = sorted(still_open, key=lambda one: (one.is_explained, one.due, one.order_id))
    rows = [
        "| order | marketplace | due (UTC) | where it is | team | what is known |",
        "|---|---|---|---|---|---|",
    ]
    rows += [_open_row(one) for one in first[:_SHOWN]]
    more = len(first) - _SHOWN
    return [*rows, *(["", f"And {more} more."] if more > 0 else [])]


def _open_row(one: OpenDue) -> str:
    cells = (
        one.order_id,
        shop_named(one.marketplace_id),
        f"{one.due:%b} {one.due.day} {one.due:%H:%M}",
        one.hop or "nobody knows",
        one.owner.replace("_", " ") or "nobody",
        one.problem.replace("|", "/"),
    )
    return f"| {' | '.join(cells)} |"
