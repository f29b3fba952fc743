"""The account's health as tables, pictures and problems, out of a real ledger."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonJob, AmazonStatus, JobStatus
from domain.errors import TryAgain
from domain.health.rates import Metric, Outlook, Rate
from domain.health.reports import Measure, Reported
from domain.problems import ProblemKind
from ledger.asked_reports import ACCOUNT_HEALTH, latest_report
from ledger.connection import Ledger
from ledger.health.kept import load_health, load_reported, record_reported
from ledger.problems import open_problems
from tasks.health import charts, tables
from tasks.health.charts import draw_health, rate_panels
from tasks.health.rates import Beside, Health, look_at_health
from tasks.health.report import advance_health_report
from tasks.health.tables import defect_rows, health_rows, show_health, show_tonight
from tests.factories import DAY, DE, GB, HOUR, NOW, amazon_order, dispatch, order_id
from tests.ledger.walk import confirm, ingest, release, ship
from tests.tasks.stock.test_proof import MAIN

REPORT = (
    Reported(
        marketplace_id=GB,
        measure=Measure.LATE,
        since=date(2026, 10, 28),
        until=date(2026, 11, 26),
        defects=2,
        total=4,
        rate=0.5,
        status="BAD",
    ),
    Reported(marketplace_id=GB, measure=Measure.ACCOUNT, status="NORMAL"),
)


class FakeAmazon:
    """One report at a time: how far it is, and what it says, are as told."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault, self.calls = fault, 0

    def ask_health_report(self, marketplace_id: str) -> str:
        """A report id."""
        self.calls += 1
        if self.fault is not None:
            raise self.fault
        return "R1"

    def fetch_report(self, report_id: str) -> AmazonJob:
        """It is done."""
        return AmazonJob(job_id=report_id, status=JobStatus.DONE, created_at=NOW, document_id="D1")

    def fetch_health_report(self, document_id: str) -> tuple[Reported, ...]:
        """What it says."""
        return REPORT


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What was put into the Prefect UI, by its key."""
    found: dict[str, object] = {}
    marks: dict[str, str] = {}

    def table(key: str, rows: object, description: str, *_: object, **__: object) -> None:
        found[key], found[f"{key} says"] = rows, description

    def page(key: str, markdown: str, mark: str) -> None:
        found[key], marks[key] = markdown, mark

    monkeypatch.setattr(tables, "show_table", table)
    monkeypatch.setattr(charts, "show_page", page)
    monkeypatch.setattr(charts, "page_is_due", lambda key, mark: marks.get(key) != mark)
    return found


def _traded(ledger: Ledger) -> None:
    """Two orders that were due an hour ago: one confirmed in time, one confirmed late."""
    due = NOW - HOUR
    two = (amazon_order(number=1, confirm_by=due), amazon_order(number=2, confirm_by=due))
    release(ledger, *two, now=due - HOUR)
    for number, at in ((1, due), (2, NOW)):
        told = dispatch(number=number, package_ref=f"P{number}", tracking=f"T{number}", shipped_at=at)
        ship(ledger, told, now=at)
        confirm(ledger, now=at)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.parcels SET proven_at = first_accepted_at, doubt = ''"))


def _look(ledger: Ledger, now=NOW) -> Health:
    return look_at_health.fn(ledger, MAIN, now)


def _problems(ledger: Ledger) -> Mapping[str, str]:
    with ledger.begin() as conn:
        found = open_problems(conn)
    return {one.subject: one.summary for one in found if one.kind is ProblemKind.HEALTH_AT_RISK}


def test_a_rate_over_its_limit_is_shown_kept_and_a_problem(ledger: Ledger, shown: dict[str, object]) -> None:
    """One of two late: both late rates are problems, the table says so, and the row of the day is kept."""
    _traded(ledger)
    found = _look(ledger)
    assert show_health.fn(MAIN, found, NOW) == 2
    assert set(_problems(ledger)) == {
        "main, Late Shipment Rate over 10 days, UK",
        "main, Late Shipment Rate over 30 days, UK",
    }
    rows = shown["account-health-main"]
    assert isinstance(rows, list)
    assert rows[0] == {
        "rate": "Late Shipment Rate over 10 days, UK",
        "now": "50.0 % (1 of 2 orders)",
        "tonight, as usual": "as now",
        "tonight, if all open are late": "as now",
        "Amazon asks for": "under 4 %",
        "room left now": "1 too many",
        "Amazon says": "no report yet",
        "Amazon's dates": "",
        "in words": "Over the limit: Amazon asks for under 4 %.",
    }
    defects = shown["health-defects-main"]
    assert isinstance(defects, list)
    assert [
        (row["order"], row["team"], row["late by"]) for row in defects if row["what"] == "confirmed late"
    ] == [(order_id(2), "warehouse", "1 h 00 min")]
    with ledger.begin() as conn:
        (ten, *_) = [one for one in load_health(conn, "main", NOW.date()) if one.metric is Metric.LATE_10]
    assert ten.rate == Rate(1, 2)


def test_more_than_a_table_holds_is_counted_and_each_rate_has_its_share(
    ledger: Ledger, shown: dict[str, object]
) -> None:
    """300 late orders and two canceled ones: the sentence counts all, and the canceled ones are in the table."""
    ingest(ledger, *(amazon_order(number=number, confirm_by=NOW - HOUR) for number in range(1, 301)))
    gone = {"status": AmazonStatus.CANCELED, "canceled_by": "MERCHANT"}
    for number in (301, 302):
        ingest(ledger, amazon_order(number=number))
        ingest(ledger, amazon_order(number=number, **gone))
    found = _look(ledger)
    show_health.fn(MAIN, found, NOW)
    rows = shown["health-defects-main"]
    assert isinstance(rows, list)
    assert Counter(row["counts in"] for row in rows) == {"Late Shipment Rate": 198, "Cancellation Rate": 2}
    assert str(shown["health-defects-main says"]).startswith(
        "302 orders and parcels count against main, 200 are shown, the latest of each rate and marketplace:"
    )


def test_what_can_be_saved_tonight_is_named_while_a_rate_is_at_risk(
    ledger: Ledger, shown: dict[str, object]
) -> None:
    """The open orders of today with where each is and who must act; nothing is named while all is well."""
    release(
        ledger,
        amazon_order(number=1, confirm_by=NOW + HOUR),
        amazon_order(number=2, confirm_by=NOW + 2 * DAY),
    )
    release(ledger, amazon_order(number=3, confirm_by=NOW - HOUR))
    assert show_tonight.fn(ledger, MAIN, 0, NOW) == 0
    assert shown["health-tonight-main"] == [{"order": "nothing"}]
    assert show_tonight.fn(ledger, MAIN, 1, NOW) == 1
    assert shown["health-tonight-main"] == [
        {
            "order": order_id(1),
            "marketplace": "UK",
            "due (UTC)": "2026-11-27 10:00",
            "where it is": "accepted, not dispatched by the warehouse",
            "team": "warehouse",
            "what is known": "",
        }
    ]


@pytest.mark.parametrize("at_risk", [0, 1])
def test_the_tables_that_a_problem_names_are_there(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, at_risk: int
) -> None:
    """With a rate at risk they are written also when they have nothing to list; without one nothing is made."""
    made: dict[str, tuple[object, object]] = {}

    def create(key: str, table: object, description: object) -> None:
        made[key] = table, description

    def nothing_yet(_: str) -> None:
        """No table stands there."""

    monkeypatch.setattr("tasks.tables.last_shown", nothing_yet)
    monkeypatch.setattr("tasks.tables.create_table_artifact", create)
    bad = Beside(report=REPORT[0], read_at=NOW, difference="")
    health = Health(outlooks=(), defects=(), reported=(bad,) * at_risk)
    assert show_health.fn(MAIN, health, NOW) == at_risk
    assert show_tonight.fn(ledger, MAIN, at_risk, NOW) == 0
    named = {"health-defects-main", "health-tonight-main"} if at_risk else set()
    assert set(made) == {"account-health-main", *named}
    if at_risk:
        told = "0 open orders of main can still be confirmed in time today."
        assert made["health-tonight-main"] == ([{"order": "nothing"}], told)


def test_a_problem_clears_when_the_rate_is_good_again(ledger: Ledger) -> None:
    """Eleven days later the late order is out of the ten days, and still in the thirty."""
    _traded(ledger)
    _look(ledger)
    _look(ledger, NOW + 11 * DAY)
    assert set(_problems(ledger)) == {"main, Late Shipment Rate over 30 days, UK"}
    _look(ledger, NOW + 31 * DAY)
    assert _problems(ledger) == {}


def test_a_quiet_account_is_at_no_risk(ledger: Ledger, shown: dict[str, object]) -> None:
    """Nothing due, or a few orders open in the morning, calls nobody and draws no empty picture."""
    found = _look(ledger)
    assert (show_health.fn(MAIN, found, NOW), draw_health.fn(ledger, MAIN, found, NOW)) == (0, 0)
    ingest(ledger, *(amazon_order(number=number, confirm_by=NOW + HOUR) for number in range(1, 30)))
    assert show_health.fn(MAIN, _look(ledger), NOW) == 0
    assert _problems(ledger) == {}


def test_amazons_report_is_read_once_a_night_and_stands_beside_ours(ledger: Ledger) -> None:
    """Asked, read at the next run, not asked again; its judgment is a problem, its number explained."""
    _traded(ledger)
    amazon = FakeAmazon()
    assert advance_health_report.fn(ledger, amazon, MAIN, NOW) == {"asked": len(MAIN.marketplaces)}
    assert advance_health_report.fn(ledger, amazon, MAIN, NOW + HOUR)["read"] == len(MAIN.marketplaces)
    assert advance_health_report.fn(ledger, amazon, MAIN, NOW + 2 * HOUR) == {}
    assert amazon.calls == len(MAIN.marketplaces)
    with ledger.begin() as conn:
        assert [one for one, _ in load_reported(conn, "main")] == [REPORT[1], REPORT[0]]
        assert latest_report(conn, "main", GB) is None  # the report of all listings is another one
        assert latest_report(conn, "main", GB, ACCOUNT_HEALTH) is not None
    found = _look(ledger)
    assert "main, Late Shipment Rate over 30 days as Amazon reports it, UK" in _problems(ledger)
    rows = {row["rate"]: row for row in health_rows(found, NOW)}
    assert rows["Late Shipment Rate over 10 days, UK"]["Amazon says"] == "nothing over 10 days"
    late = rows["Late Shipment Rate over 30 days, UK"]
    assert (late["Amazon says"], late["Amazon's dates"]) == ("50.0 %, bad", "Oct 28 to Nov 26")
    assert "Over Oct 28 to Nov 26, Amazon counts 2 of 4 orders, Lockstep 0 of 0." in str(late["in words"])
    assert rows["Account status, UK"]["in words"] == "Amazon calls it normal."


def test_what_amazon_called_bad_long_ago_calls_nobody(ledger: Ledger, shown: dict[str, object]) -> None:
    """When no report comes any more the problem ends, and the table says since when nothing is known."""
    with ledger.begin() as conn:
        record_reported(conn, ("main", GB), REPORT, NOW)
    subject = "main, Late Shipment Rate over 30 days as Amazon reports it, UK"
    for days, stands in ((2, True), (4, False)):
        now = NOW + days * DAY
        found = _look(ledger, now)
        assert (subject in _problems(ledger), show_health.fn(MAIN, found, now)) == (stands, int(stands))
    rows = shown["account-health-main"]
    assert isinstance(rows, list)
    late = {row["rate"]: row["in words"] for row in rows}["Late Shipment Rate over 30 days, UK"]
    assert "Amazon's dates end 5 days ago: what happened since is not in them." in late
    assert late.endswith("No newer report came since Nov 27: what Amazon says today is not known.")


def test_an_amazon_that_stays_away_is_asked_again_by_the_next_run(ledger: Ledger) -> None:
    """Each marketplace has its turn, and the fault is the run's."""
    amazon = FakeAmazon(TryAgain("Amazon answered 503."))
    with pytest.raises(TryAgain):
        advance_health_report.fn(ledger, amazon, MAIN, NOW)
    assert amazon.calls == len(MAIN.marketplaces)
    amazon.fault = None
    assert advance_health_report.fn(ledger, amazon, MAIN, NOW + 2 * HOUR)["asked"] == len(MAIN.marketplaces)


def test_pictures_are_drawn_once_a_day_and_when_a_risk_changes(
    ledger: Ledger, shown: dict[str, object]
) -> None:
    """Every version is kept for ever, so the same day with the same risks is drawn once."""
    _traded(ledger)
    found = _look(ledger)
    assert draw_health.fn(ledger, MAIN, found, NOW) == 2
    assert draw_health.fn(ledger, MAIN, found, NOW + HOUR) == 0
    better = Health(outlooks=found.outlooks[2:], defects=(), reported=())
    assert draw_health.fn(ledger, MAIN, better, NOW + 2 * HOUR) == 1
    assert draw_health.fn(ledger, MAIN, found, NOW + DAY) == 2
    page = str(shown["health-rates-main"])
    assert page.startswith(
        "![main: rates of the last 30 days; hollow: tonight, if it goes as usual](data:image/png;"
    )
    assert len(page) < 80_000


def test_what_amazon_wants_high_is_drawn_high(ledger: Ledger) -> None:
    """Each rate has a panel; valid tracking is turned round, with its limit at 95 %."""
    _traded(ledger)
    found = _look(ledger)
    with ledger.begin() as conn:
        panels = rate_panels(load_health(conn, "main", NOW.date() - timedelta(days=30)), found.outlooks)
    assert [(one.good, round(one.limit, 3)) for one in panels] == [
        ("below", 0.04),
        ("below", 0.04),
        ("above", 0.95),
        ("below", 0.025),
    ]
    assert [line.shares for line in panels[0].lines] == [[0.5]]


def test_a_measure_that_we_cannot_count_has_a_row_of_its_own() -> None:
    """Amazon's dates that fit no window of ours, and another marketplace, are shown as Amazon's alone."""
    week = Reported(
        marketplace_id=DE,
        measure=Measure.DELIVERY,
        since=date(2026, 11, 1),
        until=date(2026, 11, 14),
        rate=0.97,
        status="GOOD",
    )
    outlook = Outlook(metric=Metric.LATE_10, marketplace_id=GB, now=Rate(1, 100), worst=Rate(1, 100))
    beside = Beside(report=week, read_at=NOW, difference="")
    rows = health_rows(Health(outlooks=(outlook,), defects=(), reported=(beside,)), NOW)
    assert [row["rate"] for row in rows] == [
        "Late Shipment Rate over 10 days, UK",
        "On-Time Delivery Rate, DE",
    ]
    assert (rows[1]["now"], rows[1]["Amazon says"]) == ("only Amazon knows", "97.0 %, good")
    assert defect_rows(()) == []
