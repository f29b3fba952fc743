"""Bulk feeds: one path at a time for every listing, settled row by row, and never lost or waited for in vain."""

import pytest
import sqlalchemy as sa

from domain.amazon import JobStatus
from domain.stock.feeds import OVERDUE_AFTER, FeedState
from domain.stock.listings import ListingState
from domain.stock.publishing import FEED_REST
from ledger.connection import Ledger
from ledger.stock import feeds
from ledger.stock.listings import claim_quantities
from tests.factories import HOUR, MINUTE, NOW
from tests.ledger.bulk import MANY, counted, fill, job, planned, report, submitted, undone
from tests.ledger.walk import problems


def test_many_ordinary_changes_go_into_one_feed(ledger: Ledger) -> None:
    """Urgent quantities stay for patches; all others are in the feed, in the order of their message ids."""
    planned(ledger, MANY + 3, urgent=3)
    assert fill(ledger) == MANY
    assert counted(ledger) == {"SUBMITTED": MANY, "PLANNED": 3}
    (feed,) = undone(ledger)
    with ledger.begin() as conn:
        quantities = feeds.quantities_of(conn, feed)
        row = conn.execute(sa.text("SELECT messages, state FROM ledger.feeds")).one()
        numbers = set(
            conn.scalars(sa.text("SELECT published FROM ledger.listings WHERE state = 'SUBMITTED'"))
        )
    assert (row.messages, row.state, numbers) == (MANY, "PLANNED", {500})
    assert {quantity.units for quantity in quantities} == {500}
    assert len({quantity.seller_sku for quantity in quantities}) == MANY


def test_few_changes_go_by_patches(ledger: Ledger) -> None:
    """Below a thousand ordinary changes no feed is made."""
    planned(ledger, MANY - 1)
    assert fill(ledger) == 0
    assert counted(ledger) == {"PLANNED": MANY - 1}


def test_what_is_in_a_feed_is_not_patched(ledger: Ledger) -> None:
    """Until its feed is done a listing cannot be claimed for a patch, and no second feed is made."""
    planned(ledger)
    fill(ledger)
    with ledger.begin() as conn:
        assert claim_quantities(conn, "main", 10, NOW + HOUR, NOW + HOUR) == ()
    submitted(ledger)
    with ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state,"
                " publishable, published) SELECT 'main', marketplace_id, 'T' || id, 'PLANNED', 7, 9"
                " FROM ledger.listings"
            )
        )
    assert fill(ledger) == 0
    assert counted(ledger) == {"SUBMITTED": MANY, "PLANNED": MANY}


def test_a_report_is_read_row_by_row(ledger: Ledger) -> None:
    """Errors make their own rows invalid, with Amazon's words; warnings and silence do not."""
    planned(ledger)
    fill(ledger)
    feed = submitted(ledger)
    with ledger.begin() as conn:
        told = feeds.record_report(conn, "main", feed, report(MANY, [3, 7], [9]), NOW)
    assert told == {"accepted": MANY - 2, "invalid": 2}
    assert counted(ledger) == {"ACCEPTED": MANY - 2, "INVALID": 2}
    assert counted(ledger, "feeds") == {"READ": 1}
    assert {problem.kind.value for problem in problems(ledger)} == {"quantity_invalid"}
    assert len(problems(ledger)) == 2
    assert "90000900 The attribute is unknown." in problems(ledger)[0].summary
    with ledger.begin() as conn:
        assert feeds.record_report(conn, "main", feed, report(MANY), NOW) == {}


@pytest.mark.parametrize("status", [JobStatus.FATAL, JobStatus.CANCELED])
def test_a_feed_that_amazon_gave_up_is_sent_by_patches(ledger: Ledger, status: JobStatus) -> None:
    """Its listings are planned again, and for six hours no other feed is tried."""
    planned(ledger)
    fill(ledger)
    feed = submitted(ledger)
    with ledger.begin() as conn:
        assert feeds.record_job(conn, "main", feed, job(status), NOW + MINUTE) == "failed"
    assert counted(ledger) == {"PLANNED": MANY}
    assert fill(ledger, NOW + FEED_REST - MINUTE) == 0
    assert fill(ledger, NOW + FEED_REST + MINUTE) == MANY


def test_a_feed_in_progress_is_waited_for_two_hours(ledger: Ledger) -> None:
    """Then its listings go on without it, a person sees it, and a late report has them looked at again."""
    planned(ledger)
    fill(ledger)
    feed = submitted(ledger)
    with ledger.begin() as conn:
        early = NOW + OVERDUE_AFTER - MINUTE
        assert feeds.record_job(conn, "main", feed, job(JobStatus.IN_PROGRESS), early) == "in progress"
        late = NOW + OVERDUE_AFTER
        assert feeds.record_job(conn, "main", feed, job(JobStatus.IN_PROGRESS), late) == "overdue"
        conn.execute(sa.text("UPDATE ledger.listings SET seen_at = :now"), {"now": late})
    assert counted(ledger) == {"PLANNED": MANY}
    (found,) = problems(ledger)
    assert (found.kind.value, found.subject) == ("feed_stuck", "main feed F1")
    assert f"{MANY} quantities" in found.summary
    (feed,) = undone(ledger)
    assert feed.state is FeedState.OVERDUE
    with ledger.begin() as conn:
        assert feeds.record_report(conn, "main", feed, report(MANY), late + HOUR) == {"to look at": MANY}
        assert conn.scalar(sa.text("SELECT count(*) FROM ledger.listings WHERE seen_at IS NULL")) == MANY
    assert problems(ledger) == ()
    assert counted(ledger) == {"PLANNED": MANY}


def test_an_overdue_feed_that_fails_leaves_its_listings_where_they_went(ledger: Ledger) -> None:
    """They may be in a newer feed by then, and what is in a feed is not patched."""
    planned(ledger)
    fill(ledger)
    feed = submitted(ledger)
    late, later = NOW + OVERDUE_AFTER, NOW + FEED_REST + HOUR
    with ledger.begin() as conn:
        feeds.record_job(conn, "main", feed, job(JobStatus.IN_QUEUE), late)
        assert feeds.plan_feeds(conn, "main", later, later) == MANY
    old, _newer = undone(ledger)
    with ledger.begin() as conn:
        assert feeds.record_job(conn, "main", old, job(JobStatus.FATAL), later + HOUR) == "failed"
    assert counted(ledger) == {"SUBMITTED": MANY}
    assert problems(ledger) == ()


def _unknown(ledger: Ledger) -> feeds.Feed:
    """A feed whose submission got no answer."""
    planned(ledger)
    fill(ledger)
    (feed,) = undone(ledger)
    with ledger.begin() as conn:
        feeds.record_uploaded(conn, feed, "D1", NOW)
        feeds.record_unsure(conn, [feed.id], "Amazon did not answer in time.", NOW)
    (feed,) = undone(ledger)
    return feed


@pytest.mark.parametrize(
    ("created", "minutes", "word", "state"),
    [
        ((0,), 1, "found", "SUBMITTED"),
        ((-1,), 1, "found", "SUBMITTED"),
        ((-30,), 1, "unknown", "UNKNOWN"),
        ((), 9, "unknown", "UNKNOWN"),
        ((-30,), 10, "dropped", "DROPPED"),
        ((), 10, "dropped", "DROPPED"),
        ((-30, 0, 5), 20, "found", "SUBMITTED"),
    ],
)
def test_a_lost_answer_is_asked_about(
    ledger: Ledger, created: tuple[int, ...], minutes: int, word: str, state: str
) -> None:
    """Amazon's own list says whether a feed arrived; only what it does not have after ten minutes is given up."""
    feed = _unknown(ledger)
    jobs = [job(JobStatus.IN_QUEUE, f"F{at}", created_at=NOW + at * MINUTE) for at in created]
    with ledger.begin() as conn:
        assert feeds.find_submitted(conn, "main", feed, jobs, NOW + minutes * MINUTE) == word
    assert counted(ledger, "feeds") == {state: 1}
    assert counted(ledger) == {"PLANNED" if state == "DROPPED" else "SUBMITTED": MANY}
    if word == "found":
        (found,) = undone(ledger)
        assert found.feed_id == ("F-1" if created == (-1,) else "F0")


def test_another_feed_of_ours_is_not_taken_for_the_lost_one(ledger: Ledger) -> None:
    """A feed that the ledger knows by its id already answers for nobody else."""
    feed = _unknown(ledger)
    with ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.feeds (seller_account, marketplace_id, state, messages, feed_id,"
                " planned_at) VALUES ('main', 'X', 'SUBMITTED', 1, 'F0', now())"
            )
        )
        word = feeds.find_submitted(conn, "main", feed, [job(JobStatus.IN_QUEUE, "F0")], NOW + MINUTE)
    assert word == "unknown"


def test_a_feed_that_holds_an_urgent_fall_is_in_the_way(ledger: Ledger) -> None:
    """Only a listing that has to fall below its number in the feed is a reason to take the feed back."""
    planned(ledger, MANY + 1)
    fill(ledger)
    submitted(ledger)
    with ledger.begin() as conn:
        assert feeds.feeds_in_the_way(conn, "main") == ()
        conn.execute(
            sa.text("UPDATE ledger.listings SET urgent = true, publishable = 900 WHERE seller_sku = 'S1'")
        )
        assert feeds.feeds_in_the_way(conn, "main") == ()
        conn.execute(sa.text("UPDATE ledger.listings SET publishable = 0 WHERE seller_sku = 'S1'"))
        (feed,) = feeds.feeds_in_the_way(conn, "main")
        feeds.record_dropped(conn, feed.id, feed.state, "taken back", NOW)
    assert counted(ledger) == {"PLANNED": MANY + 1}
    assert fill(ledger, NOW + MINUTE) == MANY


def test_a_refused_feed_is_given_up(ledger: Ledger) -> None:
    """What Amazon does not take as a feed goes by patches."""
    planned(ledger)
    fill(ledger)
    (feed,) = undone(ledger)
    with ledger.begin() as conn:
        feeds.record_uploaded(conn, feed, "D1", NOW)
        feeds.record_refused(conn, feed.id, FeedState.SENDING, "Amazon refused it.", NOW)
    assert counted(ledger) == {ListingState.PLANNED: MANY}
    assert counted(ledger, "feeds") == {"FAILED": 1}
    assert fill(ledger, NOW + MINUTE) == 0
