"""The table order-clock and the table of open problems: plain words, the first due first, everything counted."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
import sqlalchemy as sa
from prefect.client.schemas.objects import Artifact

from domain.amazon import AmazonStatus
from domain.problems import Problem, ProblemKind
from ledger.connection import Ledger
from ledger.problems import record_problems
from tasks.reviews.lateness import counted_every
from tasks.tables import Rows
from tasks.watch import clock, open_problems
from tests.factories import HOUR, MINUTE, NOW, amazon_order, order_id
from tests.ledger.walk import NO_SKUS, ingest, release

Shown = dict[str, tuple[Rows, str]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What was put where people look: rows and words by the name of the table."""
    tables: Shown = {}

    def show(key: str, rows: Rows, words: str, *_: object) -> None:
        tables[key] = (rows, words)

    monkeypatch.setattr(clock, "show_table", show)
    monkeypatch.setattr(open_problems, "show_table", show)
    return tables


def test_the_clock_ranks_what_somebody_holds_by_the_time_left(ledger: Ledger, shown: Shown) -> None:
    """Overdue first, then the next due; an order that waits for its payment is nobody's and not there."""
    release(ledger, amazon_order(number=1, confirm_by=NOW + 2 * HOUR + 10 * MINUTE))
    release(ledger, amazon_order(number=2, confirm_by=NOW - 35 * MINUTE))
    ingest(ledger, amazon_order(number=3, confirm_by=None), maps=NO_SKUS)
    ingest(ledger, amazon_order(number=4, status=AmazonStatus.PENDING, to=None))
    assert clock.watch_clock.fn(ledger, NOW) == 2
    rows, words = shown["order-clock"]
    picking = {
        "waits for": "accepted, not dispatched by the warehouse",
        "team": "warehouse",
        "account": "main",
    }
    assert rows == [
        {"due (UTC)": "Nov 27 08:25", "time left": "over by 35 min", "order": order_id(2), **picking},
        {"due (UTC)": "Nov 27 11:10", "time left": "2 h", "order": order_id(1), **picking},
        {
            "due (UTC)": "",
            "time left": "",
            "order": order_id(3),
            "waits for": "held: unmapped sku",
            "team": "ecommerce",
            "account": "main",
        },
    ]
    assert words == (
        "3 open orders wait, the first due first: 2 accepted, not dispatched by the warehouse (warehouse);"
        " 1 held: unmapped sku (ecommerce)."
    )


def test_a_long_clock_shows_two_hundred_orders_and_counts_all(ledger: Ledger, shown: Shown) -> None:
    """Of 205 orders the first 200 are rows, and the words above them count every one."""
    ingest(ledger, *(amazon_order(number=number) for number in range(1, 206)))
    clock.watch_clock.fn(ledger, NOW)
    rows, words = shown["order-clock"]
    assert len(rows) == 200
    assert words.startswith("205 open orders wait")
    assert "205 not crossed to the warehouse (integration)" in words
    assert words.endswith("The first 200 are shown.")


def test_an_idle_clock_says_so(ledger: Ledger, shown: Shown) -> None:
    """Without open orders the table has one row that says none."""
    clock.watch_clock.fn(ledger, NOW)
    assert shown["order-clock"] == ([{"order": "none"}], "No open order waits for anybody.")


def test_an_open_problem_names_the_form_how_many_wait_and_who_has_seen_it(
    ledger: Ledger, shown: Shown
) -> None:
    """Beside what, whose and by when, a row has the form that ends it, the number and the one who acknowledged."""
    found = Problem(
        kind=ProblemKind.CARRIER_UNMAPPED,
        subject="main / Pigeon",
        summary="No carrier of Amazon's is mapped for Pigeon.",
        act_by=NOW + HOUR,
        affected=12,
    )
    with ledger.begin() as conn:
        record_problems(conn, [found], NOW)
        conn.execute(sa.text("UPDATE ledger.problems SET acknowledged_by = 'Ada'"))
    assert open_problems.show.fn(ledger, NOW) == 1
    ((row,), _) = shown["open-problems"]
    assert (row["form to run"], row["how many wait"], row["acknowledged by"]) == ("map-carrier", 12, "Ada")
    assert (row["team"], row["act by (UTC)"]) == ("operations", "2026-11-27 10:00")


@pytest.mark.parametrize(("parcels", "minutes"), [(0, 5), (25_000, 5), (100_000, 20), (900_000, 60)])
def test_the_more_parcels_a_month_has_the_less_often_they_are_counted(parcels: int, minutes: int) -> None:
    """Late by cause is counted every five minutes in a small house and every hour in a large one."""
    rows = f'[{{"parcels": {parcels - parcels // 2}}}, {{"parcels": {parcels // 2}}}]'
    shown = cast("Artifact", SimpleNamespace(data=rows))
    assert counted_every(shown) == timedelta(minutes=minutes)
