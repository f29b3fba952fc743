"""The account's rates out of the ledger: Amazon's windows, and every defect with its cause and owner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.calendar_days import day_span
from domain.health.rates import Hop, Metric, Rate
from domain.health.reports import Measure, Reported
from domain.problem_kinds import Team
from domain.problems import Problem, ProblemKind
from ledger.connection import Ledger
from ledger.health.kept import load_health, load_reported, record_health, record_reported
from ledger.health.rates import late_outlooks, other_outlook, over_dates
from ledger.orders.due import count_due, load_due, usual_by_hop
from ledger.problems import clear_problems, record_problems
from tests.factories import (
    DAY,
    DE,
    GB,
    HOUR,
    NOW,
    amazon_order,
    dispatch,
    line,
    order_id,
    package,
)
from tests.ledger.walk import confirm, decide, end, ingest, look, release, ship, take

PLACE = ("main", GB)
TONIGHT = NOW + 12 * HOUR
LATER = NOW + 3 * HOUR


def _late(ledger: Ledger, now=NOW, tonight=TONIGHT):
    with ledger.begin() as conn:
        return late_outlooks(conn, PLACE, now, tonight)


def _other(ledger: Ledger, metric: Metric, now=NOW):
    with ledger.begin() as conn:
        return other_outlook(conn, PLACE, metric, now)


def _shipped(ledger: Ledger, number: int, *, due, at=NOW) -> None:
    release(ledger, amazon_order(number=number, confirm_by=due))
    told = dispatch(number=number, package_ref=f"P{number}", tracking=f"TRACK{number}", shipped_at=at)
    ship(ledger, told, now=at)
    confirm(ledger, now=at)


def _causes(defects: Sequence) -> list[tuple[str, Team, str]]:
    return sorted((one.order_id, one.owner, one.what) for one in defects)


def test_late_is_what_amazon_got_after_the_ship_by_time(ledger: Ledger) -> None:
    """One in time, one late, one over its time and not confirmed; tomorrow's are in no window yet."""
    due = NOW + HOUR
    _shipped(ledger, 1, due=due)
    _shipped(ledger, 2, due=due, at=due + HOUR)
    release(ledger, amazon_order(number=3, confirm_by=due), amazon_order(number=4, confirm_by=TONIGHT + HOUR))
    (ten, thirty), defects = _late(ledger, now=LATER)
    assert (ten.now, thirty.now) == (Rate(2, 3), Rate(2, 3))
    assert (ten.worst, ten.open_tonight) == (Rate(2, 3), 0)
    assert _causes(defects) == [
        (order_id(2), Team.WAREHOUSE, "confirmed late"),
        (order_id(3), Team.WAREHOUSE, "late and not confirmed yet"),
    ]
    by = {one.order_id: one.late_by for one in defects}
    assert by == {order_id(2): HOUR, order_id(3): LATER - due}


def test_ten_days_and_thirty_days(ledger: Ledger) -> None:
    """A late order of three weeks ago counts over 30 days and not over ten; of five weeks ago in neither."""
    for number, days in ((1, 5), (2, 20), (3, 35)):
        _shipped(ledger, number, due=NOW - days * DAY)
    (ten, thirty), defects = _late(ledger)
    assert (ten.now, thirty.now) == (Rate(1, 1), Rate(2, 2))
    assert len(defects) == 2


def test_ten_days_are_ten_days_when_the_clocks_went_forward(ledger: Ledger) -> None:
    """Of eleven evenings in London, with the change among them, tonight's window has ten."""
    tonight = datetime(2027, 3, 30, 23, tzinfo=UTC)
    dues = [day_span(GB, date(2027, 3, day))[1] - timedelta(seconds=1) for day in range(20, 31)]
    ingest(ledger, *(amazon_order(number=n, confirm_by=due) for n, due in enumerate(dues, 1)))
    (ten, thirty), _ = _late(ledger, now=tonight - HOUR, tonight=tonight)
    assert (ten.worst.total, thirty.worst.total) == (10, 11)


def test_tonights_open_orders_are_played_out(ledger: Ledger) -> None:
    """All of them become late in the worst case; nothing is expected of a hop that nothing is known of."""
    _shipped(ledger, 1, due=NOW - HOUR, at=NOW - 2 * HOUR)
    release(ledger, amazon_order(number=2, confirm_by=TONIGHT), amazon_order(number=3, confirm_by=TONIGHT))
    (ten, _), _ = _late(ledger)
    assert (ten.now, ten.worst, ten.expected, ten.open_tonight) == (Rate(0, 1), Rate(2, 3), None, 2)


def test_what_a_hop_usually_loses_is_counted_at_the_same_hour(ledger: Ledger) -> None:
    """Two hours before their end one order lay at the warehouse and became late, one was on its way and did not."""
    due = NOW + 6 * HOUR
    _shipped(ledger, 1, due=due, at=due + HOUR)
    _shipped(ledger, 3, due=due, at=NOW)  # confirmed long before that hour: held by no hop
    release(ledger, amazon_order(number=2, confirm_by=due))
    ship(ledger, dispatch(number=2, package_ref="P2", tracking="TRACK2"), now=due - 3 * HOUR)
    confirm(ledger, now=due - HOUR)
    now = due + 2 * HOUR
    with ledger.begin() as conn:
        load_due(conn, PLACE, now - DAY, now, now)
        assert usual_by_hop(conn, 2 * HOUR, now) == {
            Hop.NOT_DISPATCHED: Rate(1, 1),
            Hop.NOT_CONFIRMED: Rate(0, 1),
        }


def test_a_canceled_order_is_not_due_and_one_shipped_by_others_is_told_apart(ledger: Ledger) -> None:
    """Canceled orders are no late ones; what somebody else shipped counts when we saw it in time, else apart."""
    for number in (1, 2, 3):
        ingest(ledger, amazon_order(number=number, confirm_by=NOW + HOUR))
    later = NOW + 2 * HOUR
    ingest(
        ledger, amazon_order(number=1, confirm_by=NOW + HOUR, status=AmazonStatus.CANCELED, updated_at=NOW)
    )
    for number, at in ((2, NOW), (3, later)):
        gone = amazon_order(number=number, confirm_by=NOW + HOUR, status=AmazonStatus.SHIPPED, updated_at=NOW)
        ingest(ledger, gone, now=at)
    with ledger.begin() as conn:
        load_due(conn, PLACE, NOW, later, LATER)
        found = count_due(conn, NOW, later)
    assert (found.in_time, found.late, found.elsewhere, found.canceled) == (1, 0, 1, 1)


def test_another_marketplace_is_another_rate(ledger: Ledger) -> None:
    """Amazon judges each marketplace by itself."""
    ingest(ledger, amazon_order(marketplace="A1PA6795UKMFR9", confirm_by=NOW + HOUR))
    (ten, _), _ = _late(ledger, now=LATER)
    assert ten.now == Rate()


def _promised(ledger: Ledger, number: int, **parcel) -> None:
    release(ledger, amazon_order(number=number, deliver_by=NOW + DAY))
    told = {"package_ref": f"P{number}", "tracking": f"TRACK{number}", **parcel}
    ship(ledger, dispatch(number=number, **told))
    confirm(ledger)


def test_valid_tracking_counts_what_makes_a_parcel_doubtful(ledger: Ledger) -> None:
    """Not shown, of a doubtful form, reused, "Other": each is a defect with its owner; a proven parcel is none."""
    for number in range(1, 6):
        _promised(ledger, number)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.parcels SET doubt = ''"))
        conn.execute(sa.text("UPDATE ledger.parcels SET proven_at = known_at WHERE id <> 1"))
        conn.execute(sa.text("UPDATE ledger.parcels SET doubt = 'has a wrong check digit' WHERE id = 2"))
        conn.execute(sa.text("UPDATE ledger.parcels SET carrier_code = 'Other' WHERE id = 3"))
        conn.execute(sa.text("UPDATE ledger.parcels SET tracking_key = 'TRACK4' WHERE id = 4"))
        reused = Problem(kind=ProblemKind.TRACKING_REUSED, subject="TRACK4", summary="Twice.")
        record_problems(conn, [reused], NOW)
    outlook, defects = _other(ledger, Metric.TRACKING_30, now=NOW + 2 * DAY)
    assert (outlook.now, outlook.worst) == (Rate(4, 5), Rate(4, 5))
    assert [(one.order_id[-1], one.owner) for one in sorted(defects, key=lambda one: one.order_id)] == [
        ("1", Team.INTEGRATION),
        ("2", Team.WAREHOUSE),
        ("3", Team.OPERATIONS),
        ("4", Team.WAREHOUSE),
    ]
    assert _other(ledger, Metric.TRACKING_30)[0].now == Rate()  # promised for tomorrow: in no window yet


def test_a_parcel_that_amazon_shows_moving_is_valid(ledger: Ledger) -> None:
    """A carrier's scan that Amazon shows settles every doubt about the number."""
    _promised(ledger, 1)
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.parcels SET doubt = 'looks wrong'"))
    look(ledger, package("1"))
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.shown_packages SET status = 'IN_TRANSIT'"))
    assert _other(ledger, Metric.TRACKING_30, now=NOW + 2 * DAY)[0].now == Rate(0, 1)


def _canceled(ledger: Ledger, number: int, by: str, *, pending: bool = False, due=NOW + DAY) -> None:
    first = AmazonStatus.PENDING if pending else AmazonStatus.UNSHIPPED
    ingest(ledger, amazon_order(number=number, status=first, confirm_by=due))
    gone = amazon_order(number=number, status=AmazonStatus.CANCELED, confirm_by=due, canceled_by=by)
    ingest(ledger, gone)


def test_only_what_the_seller_canceled_counts(ledger: Ledger) -> None:
    """The buyer's own, a pending one and Amazon's are no defects; Amazon's after the ship-by time and one without a
    name are.
    """
    _canceled(ledger, 1, "MERCHANT")
    _canceled(ledger, 2, "BUYER")
    _canceled(ledger, 3, "", pending=True)
    _canceled(ledger, 4, "AMAZON")
    _canceled(ledger, 5, "AMAZON", due=NOW - HOUR)
    _canceled(ledger, 6, "")
    ingest(ledger, amazon_order(number=7))
    outlook, defects = _other(ledger, Metric.CANCEL_7)
    assert outlook.now == Rate(3, 7)
    assert {one.order_id[-1]: one.owner for one in defects} == {
        "1": Team.ECOMMERCE,
        "5": Team.OPERATIONS,
        "6": Team.ECOMMERCE,
    }
    assert _other(ledger, Metric.CANCEL_7, now=NOW + 8 * DAY)[0].now == Rate()


def test_a_cancellation_for_want_of_stock_is_told_apart(ledger: Ledger) -> None:
    """What was oversold when the seller canceled it is why; another SKU, and an old shortage, are not."""
    found = [
        Problem(kind=ProblemKind.OVERSOLD, subject=f"main {sku}", summary=f"{sku} is oversold.")
        for sku in "AB"
    ]
    with ledger.begin() as conn:
        record_problems(conn, found[:1], NOW - HOUR)
        record_problems(conn, found[1:], NOW - 5 * DAY)
        clear_problems(conn, [ProblemKind.OVERSOLD], ["main B"], NOW - 2 * DAY)
    for number, sku in enumerate("ABC"):
        lines = (line(sku=sku),)
        ingest(ledger, amazon_order(number=number, lines=lines))
        gone = amazon_order(number=number, lines=lines, status=AmazonStatus.CANCELED, canceled_by="MERCHANT")
        ingest(ledger, gone)
    _, defects = _other(ledger, Metric.CANCEL_7)
    assert {one.order_id[-1]: one.cause for one in defects} == {
        "0": "more of it was sold than there was",
        "1": "the seller canceled it",
        "2": "the seller canceled it",
    }


def test_a_line_that_the_seller_canceled_counts_too(ledger: Ledger) -> None:
    """Amazon counts order and item cancellations: an open order with a line canceled by the seller is one."""
    ingest(ledger, amazon_order(canceled_by="MERCHANT"))
    assert _other(ledger, Metric.CANCEL_7)[0].now == Rate(1, 1)


def test_what_amazon_cancels_because_nobody_confirmed_it_counts_when_it_is_canceled(ledger: Ledger) -> None:
    """Seven business days after its ship-by time an order is long out of the week in which it was placed."""
    due = NOW + HOUR
    release(ledger, *(amazon_order(number=number, confirm_by=due) for number in (1, 2)))
    gone = due + 9 * DAY
    for number in (1, 2):
        ended = {"status": AmazonStatus.CANCELED, "canceled_by": "AMAZON", "updated_at": gone}
        ingest(ledger, amazon_order(number=number, confirm_by=due, **ended), now=gone)
    outlook, defects = _other(ledger, Metric.CANCEL_7, now=gone + HOUR)
    assert outlook.now == Rate(2, 2)  # nothing was placed in that week: all of it was canceled
    assert {(one.owner, one.cause, one.at) for one in defects} == {
        (Team.OPERATIONS, "Amazon canceled it because it was not confirmed in time", gone)
    }
    assert _other(ledger, Metric.CANCEL_7, now=gone + 8 * DAY)[0].now == Rate()
    with ledger.begin() as conn:
        theirs = over_dates(conn, PLACE, Metric.CANCEL_7, day_span(GB, gone.date()), gone + DAY)
    assert theirs.rate == Rate(2, 2)


def test_a_line_counts_from_when_it_was_seen_canceled(ledger: Ledger) -> None:
    """A line that the seller cancels of an old order is of this week; seeing it again does not make it newer."""
    ingest(ledger, amazon_order(), amazon_order(number=2))
    at = NOW + 8 * DAY
    for seen in (at, at + 2 * DAY):
        ingest(ledger, amazon_order(canceled_by="MERCHANT", updated_at=seen), now=seen)
    outlook, (defect,) = _other(ledger, Metric.CANCEL_7, now=at + 3 * DAY)
    assert (outlook.now, defect.at, defect.cause) == (Rate(1, 1), at, "the seller canceled it")
    assert _other(ledger, Metric.CANCEL_7, now=at + 8 * DAY)[0].now == Rate()


def test_our_count_over_amazons_dates(ledger: Ledger) -> None:
    """The same rules over other dates, whole days, with what somebody else confirmed told apart."""
    _shipped(ledger, 1, due=NOW - 3 * DAY)
    _shipped(ledger, 2, due=NOW - DAY)
    ingest(ledger, amazon_order(number=3, confirm_by=NOW - 3 * DAY, status=AmazonStatus.SHIPPED))
    day = (NOW - 3 * DAY).date()
    with ledger.begin() as conn:
        ours = over_dates(conn, PLACE, Metric.LATE_30, day_span(GB, day), NOW)
        canceled = over_dates(conn, PLACE, Metric.CANCEL_7, day_span(GB, NOW.date()), NOW)
    assert (ours.rate, ours.elsewhere) == (Rate(1, 1), 1)
    assert canceled.rate == Rate(0, 3)


def test_the_days_are_kept_one_row_each(ledger: Ledger) -> None:
    """A later look on the same day takes the place of the earlier one; another day is another row."""
    _shipped(ledger, 1, due=NOW - HOUR)
    outlooks, _ = _late(ledger)
    with ledger.begin() as conn:
        record_health(conn, "main", [], date(2026, 11, 26))
        for day in (date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 27)):
            record_health(conn, "main", outlooks, day)
        found = load_health(conn, "main", date(2026, 11, 27))
        assert len(load_health(conn, "main", date(2026, 11, 1))) == 4
    assert [(one.metric, one.rate) for one in found] == [
        (Metric.LATE_10, Rate(1, 1)),
        (Metric.LATE_30, Rate(1, 1)),
    ]


def test_amazons_report_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    """Each measure of a marketplace is kept as it was told last, with when it was read; one that is no longer told
    is gone. A report without a word on its marketplace, and one on another, take nothing away.
    """
    late = Reported(
        marketplace_id=GB,
        measure=Measure.LATE,
        since=date(2026, 10, 28),
        until=date(2026, 11, 26),
        defects=3,
        total=100,
        rate=0.03,
        status="GOOD",
    )
    account = Reported(marketplace_id=GB, measure=Measure.ACCOUNT, status="NORMAL")
    with ledger.begin() as conn:
        record_reported(conn, PLACE, [account], NOW - DAY)
        record_reported(conn, PLACE, [late, account], NOW)
        assert load_reported(conn, "main") == ((account, NOW), (late, NOW))
        record_reported(conn, ("main", DE), [replace(account, marketplace_id=DE)], NOW + HOUR)
        record_reported(conn, PLACE, [], NOW + DAY)
        found = load_reported(conn, "main")
        assert [one for one, _ in found if one.marketplace_id == GB] == [account, late]
        ten = replace(late, since=date(2026, 11, 17), status="BAD")
        record_reported(conn, PLACE, [account, late, ten], NOW + DAY)
        found = load_reported(conn, "main")
        assert [one for one, _ in found if one.marketplace_id == GB] == [account, ten, late]
        record_reported(conn, PLACE, [account], NOW + 2 * DAY)
        found = load_reported(conn, "main")
    assert [(one.marketplace_id, one.measure) for one, _ in found] == [
        (GB, Measure.ACCOUNT),
        (DE, Measure.ACCOUNT),
    ]


# Three thousand orders over as many days, each with every moment that a window may ask for.
_HISTORY = sa.text(
    f"""
    INSERT INTO ledger.orders (seller_account, amazon_order_id, marketplace_id, connection, state, amazon_status,
        amazon_created_at, amazon_updated_at, confirm_by, imported_at, deliver_by, canceled_at, part_canceled_at)
    SELECT 'main', '026-1234567-' || lpad(n::text, 7, '0'), '{GB}', 'main', 'CANCELED', 'CANCELED',
        at, at, at, at, at, at, at
    FROM generate_series(1, 3000) n, LATERAL (SELECT timestamptz '{NOW}' - n * interval '1 day' AS at) one
    """
)


@pytest.mark.parametrize("window", ["confirm_by", "deliver_by", "canceled_at", "part_canceled_at"])
def test_a_window_is_found_through_an_index(ledger: Ledger, window: str) -> None:
    """Whatever else there is in history, orders of a window are reached by their date."""
    names = {"canceled_at": ["orders_canceled_idx"], "part_canceled_at": ["orders_part_canceled_idx"]}
    with ledger.begin() as conn:
        conn.execute(_HISTORY)
        conn.execute(sa.text("ANALYZE ledger.orders"))
        plan = conn.scalars(
            sa.text(
                f"EXPLAIN SELECT id FROM ledger.orders WHERE seller_account = 'main' AND {window} > :a"
                f" AND {window} <= :b"
            ),
            {"a": NOW - 9 * DAY, "b": NOW - 8 * DAY},
        )
        found = "\n".join(plan)
    assert any(name in found for name in names.get(window, ["orders_due_idx", "orders_promised_idx"]))


def test_a_second_word_does_not_mend_a_late_first_one(ledger: Ledger) -> None:
    """A try that Amazon answered late is late, whatever was sent in time."""
    release(ledger, amazon_order(confirm_by=NOW + HOUR))
    ship(ledger, dispatch())
    decide(ledger)
    end(ledger, *take(ledger), now=LATER)
    _, (defect,) = _late(ledger, now=LATER + HOUR)
    assert (defect.owner, defect.late_by) == (Team.INTEGRATION, 2 * HOUR)
