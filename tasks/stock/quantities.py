"""Quantities to Amazon one patch at a time, urgent ones first."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.amazon import IssueSeverity, ListingIssue, PublishAnswer, Quantity
from domain.errors import Refused, TryAgain
from domain.ports import AmazonDoor
from domain.stock.publishing import FEED_FROM, LONG_PAUSE
from ledger.connection import Ledger
from ledger.register import Account
from ledger.stock.listings import claim_quantities, count_waiting, record_published, record_unsent
from ledger.stock.quantity_waits import waited_since
from ledger.tracking.confirms import Answered
from tasks.tracking.confirms import Sent
from tasks.wave import Wave

WAVE = timedelta(minutes=3)  # of ordinary changes; the rest waits for the next run, which plans anew
URGENT_WAVE = timedelta(minutes=20)  # as long as 6,000 of them take: nothing goes before what may be oversold
URGENT_MOST = 6_000  # quantities in one run: twenty minutes at Amazon's five a second
_CHUNK = 40  # quantities claimed at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Which planned quantities go by patches: the urgent ones, or all. Tried since `started` (UTC): none."""

    urgent: bool
    started: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How the call for one listing ended; without an answer it waits, `tried` or not."""

    listing_id: int
    answer: PublishAnswer | None
    reason: str = ""
    tried: bool = True


class QuantityWave(Wave[tuple[int, Quantity], Published]):
    """The planned quantities of one account to Amazon, a patch each.

    A process that dies leaves its listings SENT: the next run plans them again, for the number is absolute.
    """

    def __init__(
        self,
        ledger: Ledger,
        amazon: AmazonDoor,
        account: Account,
        clock: Callable[[], datetime],
        batch: Batch,
    ) -> None:
        super().__init__(time.monotonic() + (URGENT_WAVE if batch.urgent else WAVE).total_seconds())
        self._ledger, self._amazon, self._account, self._clock = ledger, amazon, account, clock
        self._batch = batch
        self._left = URGENT_MOST if batch.urgent else FEED_FROM

    def claim(self) -> Sequence[tuple[int, Quantity]]:
        """The next quantities, urgent ones and falling ones first."""
        limit, batch = min(_CHUNK, self._left), self._batch
        with self._ledger.begin() as conn:
            claims = claim_quantities(
                conn, self._account.name, limit, batch.started, self._clock(), urgent_only=batch.urgent
            )
        self._left -= len(claims)
        return claims

    def call(self, claimed: tuple[int, Quantity]) -> Published:
        """Publish one quantity; INVALID is an answer, too."""
        listing_id, quantity = claimed
        return Published(listing_id=listing_id, answer=self._amazon.publish_quantity(quantity))

    def failed(
        self, claimed: tuple[int, Quantity], answered: Answered, error: Refused | TryAgain | None
    ) -> Published:
        """A refusal is the quantity's own fault; anything else lets it wait."""
        if isinstance(error, Refused):
            issue = ListingIssue(severity=IssueSeverity.ERROR, code="", message=str(error))
            return Published(listing_id=claimed[0], answer=PublishAnswer(accepted=False, issues=(issue,)))
        tried = answered is Answered.UNANSWERED
        return Published(listing_id=claimed[0], answer=None, reason=str(error or ""), tried=tried)

    def keep(self, outcomes: Sequence[Published]) -> None:
        """Commit how the calls ended."""
        answers = {one.listing_id: one.answer for one in outcomes if one.answer is not None}
        self.counts["invalid"] += sum(not answer.accepted for answer in answers.values())
        with self._ledger.begin() as conn:
            record_published(conn, answers, self._clock())
            for one in outcomes:
                if one.answer is None:
                    record_unsent(conn, [one.listing_id], one.reason, self._clock(), tried=one.tried)


@task(task_run_name="publish quantities of {account.name}", cache_policy=NO_CACHE, persist_result=False)
def publish(
    ledger: Ledger,
    amazon: AmazonDoor,
    account: Account,
    batch: Batch,
    *,
    clock: Callable[[], datetime],
    told: Callable[[int, int], None],
) -> Sent:
    """Publish planned quantities one by one; `told` hears done and waiting.

    Every outcome is committed within a blink. What this run tried in vain waits for the next one.
    """
    with ledger.begin() as conn:
        waiting = count_waiting(conn, account.name, batch.started).values()
    ready = sum(one[0] if batch.urgent else sum(one) for one in waiting)
    if not ready:
        return Sent(counts={})
    wave = QuantityWave(ledger, amazon, account, clock, batch)
    wave.run(lambda done: told(done, max(ready, done)))
    counts = {
        "accepted": wave.counts["accepted"] - (wave.counts["invalid"] - wave.counts["refused"]),
        "invalid": wave.counts["invalid"],
        "unsent": wave.counts["unanswered"] + wave.counts["unsent"],
    }
    return Sent(counts=counts, lost=wave.lost, over=wave.over)


@task(task_run_name="look for quantities of {account.name} that wait", cache_policy=NO_CACHE, retries=2)
def long_waiting(ledger: Ledger, account: Account, now: datetime) -> str:
    """A sentence about quantities that wait longer for Amazon than any pause may take; empty: there are none."""
    with ledger.begin() as conn:
        waiting, oldest = waited_since(conn, account.name, now - LONG_PAUSE)
    return f"{waiting} quantities wait, the oldest since {oldest:%Y-%m-%d %H:%M} UTC." if waiting else ""
