"""Following feeds: every lost answer is asked about, and a feed's fault does not reach its neighbors."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonJob, FeedReport, JobStatus, Quantity
from domain.errors import Denied, Refused, TryAgain
from ledger.connection import Ledger
from tasks.stock import bulk
from tests.factories import GB, MINUTE, NOW
from tests.ledger.bulk import MANY, counted, fill, job, planned, report, submitted
from tests.tasks.stock.test_proof import MAIN

LOST = TryAgain("Amazon did not answer in time.", maybe_done=True)
BUSY = TryAgain("Amazon asked for fewer calls.", pause=True)
NO = Refused("Amazon refused it.", code="InvalidInput")
DENIED = Denied("Amazon does not accept the credentials.")


class FakeAmazon:
    """Answers each operation as told, else as it should; remembers what was asked."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def _answer(self, name: str, usual: Any) -> Any:
        self.asked.append(name)
        told = self._answers.get(name, usual)
        if isinstance(told, Exception):
            raise told
        return told

    def upload_quantities(self, quantities: Sequence[Quantity]) -> str:
        return self._answer("upload", "D1")

    def submit_feed(self, marketplace_id: str, document_id: str) -> str:
        return self._answer("submit", "F1")

    def fetch_feeds(self, marketplace_id: str, since: datetime) -> tuple[AmazonJob, ...]:
        return self._answer("feeds", ())

    def fetch_feed(self, feed_id: str) -> AmazonJob:
        done = AmazonJob(job_id=feed_id, status=JobStatus.DONE, created_at=NOW, document_id="R1")
        return self._answer("feed", done)

    def fetch_feed_report(self, document_id: str) -> FeedReport:
        return self._answer("report", report(MANY, [3]))

    def cancel_feed(self, feed_id: str) -> None:
        self._answer("cancel", None)


def _follow(ledger: Ledger, amazon: FakeAmazon, at: datetime = NOW) -> Any:
    return bulk.follow.fn(ledger, amazon, MAIN, lambda: at)  # type: ignore[arg-type]


def _filled(ledger: Ledger) -> None:
    planned(ledger)
    fill(ledger)


def test_a_feed_is_submitted_and_its_report_read(ledger: Ledger) -> None:
    """One run uploads and submits, a later one reads the report; between them nothing else is asked."""
    _filled(ledger)
    amazon = FakeAmazon()
    assert _follow(ledger, amazon).counts == {"in a feed": MANY}
    assert _follow(ledger, amazon).counts == {"accepted": MANY - 1, "invalid": 1}
    assert _follow(ledger, amazon).counts == {}
    assert amazon.asked == ["upload", "submit", "feed", "report"]
    assert counted(ledger) == {"ACCEPTED": MANY - 1, "INVALID": 1}


@pytest.mark.parametrize(
    ("operation", "answer", "feed", "listing"),
    [
        ("upload", LOST, "PLANNED", "SUBMITTED"),
        ("upload", BUSY, "PLANNED", "SUBMITTED"),
        ("submit", LOST, "UNKNOWN", "SUBMITTED"),
        ("submit", BUSY, "DROPPED", "PLANNED"),
        ("submit", NO, "FAILED", "PLANNED"),
    ],
)
def test_what_a_failed_submission_leaves(
    ledger: Ledger, operation: str, answer: Exception, feed: str, listing: str
) -> None:
    """What may have arrived is asked about, what did not is planned again, what was refused goes by patches."""
    _filled(ledger)
    ended = _follow(ledger, FakeAmazon(**{operation: answer}))
    assert ended.lost is (answer if isinstance(answer, TryAgain) else None)
    assert counted(ledger, "feeds") == {feed: 1}
    assert counted(ledger) == {listing: MANY}


def test_refused_credentials_lose_no_feed(ledger: Ledger) -> None:
    """When Amazon does not accept us the run hears it, and the listings are planned again."""
    _filled(ledger)
    with pytest.raises(Denied):
        _follow(ledger, FakeAmazon(submit=DENIED))
    assert counted(ledger) == {"PLANNED": MANY}


def test_a_dead_process_leaves_a_question(ledger: Ledger) -> None:
    """A feed found being submitted is looked for at Amazon, and never submitted a second time."""
    _filled(ledger)
    _follow(ledger, FakeAmazon(submit=LOST))
    with ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.feeds SET state = 'SENDING'"))
    amazon = FakeAmazon(feeds=(job(JobStatus.IN_QUEUE, "F9"),))
    assert _follow(ledger, amazon, NOW + MINUTE).counts == {"feeds found": 1}
    assert amazon.asked == ["feeds"]
    assert counted(ledger, "feeds") == {"SUBMITTED": 1}


@pytest.mark.parametrize("answer", [NO, LOST])
def test_a_report_that_cannot_be_read(ledger: Ledger, answer: Exception) -> None:
    """One that Amazon does not give leaves the proof to the listings; one that got lost is read later."""
    _filled(ledger)
    submitted(ledger)
    _follow(ledger, FakeAmazon(report=answer))
    assert counted(ledger) == {"ACCEPTED" if answer is NO else "SUBMITTED": MANY}


def _in_the_way(ledger: Ledger) -> None:
    _filled(ledger)
    submitted(ledger)
    with ledger.begin() as conn:
        conn.execute(
            sa.text("UPDATE ledger.listings SET urgent = true, publishable = 0 WHERE seller_sku = 'S1'")
        )


@pytest.mark.parametrize(
    ("answer", "state", "counts"),
    [
        (None, "PLANNED", {"feeds taken back": 1}),
        (NO, "SUBMITTED", {"feeds begun": 1}),
        (LOST, "SUBMITTED", {}),
    ],
)
def test_a_feed_is_taken_back_for_an_urgent_fall(
    ledger: Ledger, answer: Exception | None, state: str, counts: dict[str, int]
) -> None:
    """What Amazon has not begun is taken back and planned again; what it has begun is waited for."""
    _in_the_way(ledger)
    clock = lambda: NOW + timedelta(seconds=5)  # noqa: E731 - the whole of it
    ended = bulk.take_back.fn(ledger, FakeAmazon(cancel=answer), MAIN, clock)  # type: ignore[arg-type]
    assert ended.counts == counts
    assert counted(ledger) == {state: MANY}
    with ledger.begin() as conn:
        assert set(conn.scalars(sa.text("SELECT marketplace_id FROM ledger.feeds"))) == {GB}
