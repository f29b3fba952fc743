"""Patches: urgent ones first, several under way, and what Amazon does not answer waits without being lost."""

import threading
from collections import Counter
from datetime import datetime

import pytest
import sqlalchemy as sa

from domain.amazon import IssueSeverity, ListingIssue, PublishAnswer, Quantity
from domain.errors import Denied, Refused, TryAgain
from ledger.connection import Ledger
from tasks.stock.quantities import Batch, publish
from tasks.tracking.confirms import Sent
from tasks.wave import LINES
from tests.factories import GB, HOUR, NOW
from tests.tasks.stock.test_proof import MAIN

AWAY = TryAgain("Amazon answered 503.", maybe_done=True)
THROTTLED = TryAgain("Amazon asked for fewer calls.", pause=True)
USED_UP = TryAgain("The budget is used up.", after=60.0, pause=True)
ISSUE = ListingIssue(severity=IssueSeverity.ERROR, code="99020", message="The field is below the minimum.")


class FakeAmazon:
    """Answers as told, by seller SKU, and accepts the rest."""

    def __init__(
        self, answers: dict[str, Exception | PublishAnswer] | None = None, always: Exception | None = None
    ) -> None:
        self._answers, self._always = answers or {}, always
        self._lock = threading.Lock()
        self.sent: list[tuple[str, int]] = []

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        """Take a quantity, or answer as told."""
        with self._lock:
            self.sent.append((quantity.seller_sku, quantity.units))
            answer = self._answers.pop(quantity.seller_sku, None) or self._always
        if isinstance(answer, Exception):
            raise answer
        return answer or PublishAnswer(accepted=True)


def _planned(ledger: Ledger, count: int, *, urgent: int = 0) -> None:
    """Listings S0, S1 and so on, planned with so many units each as their number; the last ones urgent."""
    statement = sa.text(
        "INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, urgent, published,"
        f" publishable) SELECT 'main', '{GB}', 'S' || n, 'PLANNED', n >= {count - urgent}, 1000, n"
        f" FROM generate_series(0, {count - 1}) n"
    )
    with ledger.begin() as conn:
        conn.execute(statement)


def _publish(ledger: Ledger, amazon: FakeAmazon, *, urgent: bool = False, started: datetime = NOW) -> Sent:
    batch = Batch(urgent=urgent, started=started)
    return publish.fn(
        ledger,
        amazon,
        MAIN,
        batch,
        clock=lambda: NOW + HOUR,
        told=lambda _done, _waiting: None,  # type: ignore[arg-type]
    )


def _states(ledger: Ledger) -> Counter[str]:
    with ledger.begin() as conn:
        return Counter(conn.scalars(sa.text("SELECT state FROM ledger.listings")))


def test_every_quantity_is_sent_once(ledger: Ledger) -> None:
    """A hundred quantities are accepted with one call each, the lowest among the first."""
    _planned(ledger, 100)
    amazon = FakeAmazon()
    assert _publish(ledger, amazon) == Sent(counts={"accepted": 100, "invalid": 0, "unsent": 0})
    assert sorted(units for _, units in amazon.sent) == list(range(100))
    assert {units for _, units in amazon.sent[:10]} <= set(range(10 + LINES))
    assert _states(ledger) == {"ACCEPTED": 100}


def test_urgent_ones_go_alone(ledger: Ledger) -> None:
    """A batch of urgent quantities leaves the others where they are."""
    _planned(ledger, 30, urgent=4)
    amazon = FakeAmazon()
    assert _publish(ledger, amazon, urgent=True).counts["accepted"] == 4
    assert {sku for sku, _ in amazon.sent} == {"S26", "S27", "S28", "S29"}
    assert _states(ledger) == {"ACCEPTED": 4, "PLANNED": 26}


def test_refused_credentials_put_everything_back(ledger: Ledger) -> None:
    """No quantity is at fault when Amazon does not accept us: what was not sent waits, and the run hears it."""
    _planned(ledger, 50)
    with pytest.raises(Denied):
        _publish(ledger, FakeAmazon(always=Denied("Amazon does not accept the credentials.")))
    assert _states(ledger) == {"PLANNED": 50}


def test_a_refused_quantity_is_its_own_fault(ledger: Ledger) -> None:
    """What Amazon refuses, by HTTP 400 or as INVALID with HTTP 200, is shown and does not stop the others."""
    _planned(ledger, 3)
    invalid = PublishAnswer(accepted=False, issues=(ISSUE,))
    sent = _publish(ledger, FakeAmazon({"S0": Refused("Amazon does not know the SKU."), "S1": invalid}))
    assert sent == Sent(counts={"accepted": 1, "invalid": 2, "unsent": 0})
    assert _states(ledger) == {"INVALID": 2, "ACCEPTED": 1}
    with ledger.begin() as conn:
        reasons = set(conn.scalars(sa.text("SELECT reason FROM ledger.listings WHERE state = 'INVALID'")))
    assert reasons == {
        "ERROR Amazon does not know the SKU.",
        "ERROR 99020 The field is below the minimum.",
    }


def test_a_lost_call_waits_for_the_next_run(ledger: Ledger) -> None:
    """What got no answer is not tried twice in one run; the run says that something was lost."""
    _planned(ledger, 20)
    amazon = FakeAmazon({"S3": AWAY})
    sent = _publish(ledger, amazon)
    assert (sent.counts["accepted"], sent.lost, sent.over) == (19, AWAY, False)
    assert len(amazon.sent) == 20
    assert _states(ledger) == {"ACCEPTED": 19, "PLANNED": 1}
    assert _publish(ledger, amazon, started=NOW + 2 * HOUR).counts["accepted"] == 1


def test_one_429_is_waited_out(ledger: Ledger) -> None:
    """A quantity that Amazon put off is sent in the same run."""
    _planned(ledger, 20)
    amazon = FakeAmazon({"S3": THROTTLED})
    assert _publish(ledger, amazon).counts["accepted"] == 20
    assert [sku for sku, _ in amazon.sent].count("S3") == 2


@pytest.mark.parametrize("always", [AWAY, THROTTLED, USED_UP])
def test_a_batch_ends_when_amazon_is_away(ledger: Ledger, always: TryAgain) -> None:
    """Silence or throttling in a row, or a budget that is used up for long, ends the batch; all wait."""
    _planned(ledger, 100)
    amazon = FakeAmazon(always=always)
    sent = _publish(ledger, amazon)
    assert (sent.over, sent.lost) == (True, always)
    assert len(amazon.sent) <= 3 + LINES
    assert _states(ledger) == {"PLANNED": 100}
