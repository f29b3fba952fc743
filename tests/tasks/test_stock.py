"""Publishing quantities: what Amazon does not answer waits, and nothing is lost or hidden on the way."""

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonOrder, OrdersPage, PublishAnswer, Quantity, SeenListing, ShipConfirm
from domain.errors import Denied, Refused, TryAgain
from domain.listings import ListingState
from ledger.connection import Ledger
from tasks.confirms import Sent
from tasks.stock import publish
from tests.factories import GB, NOW

AWAY = TryAgain("Amazon answered 503.")
PAUSE = TryAgain("The budget is used up.", after=60.0, pause=True)


class FakeAmazon:
    """Answers to each quantity as told, and accepts the rest."""

    account = "main"

    def __init__(self, *answers: Exception | None) -> None:
        self._answers = list(answers)
        self.sent: list[str] = []

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        """Take a quantity, or fail as told."""
        self.sent.append(quantity.seller_sku)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        return PublishAnswer(accepted=True)

    def fetch_listings(self, marketplace_id: str, seller_skus: object) -> tuple[SeenListing, ...]:
        """Not of this half."""
        raise AssertionError(marketplace_id)

    def fetch_orders(self, **_: object) -> OrdersPage:
        """Not of this street."""
        raise AssertionError

    def fetch_order(self, order_id: str) -> AmazonOrder:
        """Not of this street."""
        raise AssertionError(order_id)

    def confirm_shipment(self, claim: ShipConfirm) -> None:
        """Not of this street."""
        raise AssertionError(claim)


def _listings(ledger: Ledger, state: ListingState, count: int, **columns: object) -> None:
    """Listings S0, S1 and so on in a state, seen just now, with 5 units published."""
    values = {"seen_at": NOW, "published": 5, "publishable": 5, "effective": 5} | columns
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    statement = sa.text(
        f"INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, {names})"
        f" SELECT 'main', '{GB}', 'S' || n, '{state}', {marks} FROM generate_series(0, {count - 1}) n"
    )
    with ledger.begin() as conn:
        conn.execute(statement, values)


def _publish(ledger: Ledger, amazon: FakeAmazon, count: int = 5) -> Sent:
    _listings(ledger, ListingState.SENT, count)
    claims = [
        (number + 1, Quantity(marketplace_id=GB, seller_sku=f"S{number}", units=5)) for number in range(count)
    ]
    return publish.fn(ledger, amazon, claims, lambda: NOW)


def _states(ledger: Ledger) -> list[str]:
    with ledger.begin() as conn:
        return list(conn.scalars(sa.text("SELECT state FROM ledger.listings ORDER BY id")))


def test_refused_credentials_put_everything_back(ledger: Ledger) -> None:
    """No quantity is at fault when Amazon does not accept us: what was not sent waits, and the run hears it."""
    amazon = FakeAmazon(None, Denied("Amazon does not accept the credentials."))
    with pytest.raises(Denied):
        _publish(ledger, amazon)
    assert _states(ledger) == ["ACCEPTED", "PLANNED", "PLANNED", "PLANNED", "PLANNED"]


def test_a_refused_quantity_is_its_own_fault(ledger: Ledger) -> None:
    """A quantity that Amazon refuses by name does not stop the others."""
    sent = _publish(ledger, FakeAmazon(Refused("Amazon does not know the SKU.")), 2)
    assert sent == Sent(counts={"invalid": 1, "accepted": 1})
    assert _states(ledger) == ["INVALID", "ACCEPTED"]


def test_two_lost_calls_do_not_end_green(ledger: Ledger) -> None:
    """Less than three lost in a row stop nothing, but the batch says that something was lost."""
    sent = _publish(ledger, FakeAmazon(AWAY, AWAY, None, AWAY))
    assert sent == Sent(counts={"unsent": 3, "accepted": 2}, lost=AWAY)
    assert _states(ledger) == ["PLANNED", "PLANNED", "ACCEPTED", "PLANNED", "ACCEPTED"]


def test_three_lost_in_a_row_end_the_batch(ledger: Ledger) -> None:
    """Amazon is away: the rest waits without being tried."""
    amazon = FakeAmazon(None, AWAY, AWAY, AWAY)
    sent = _publish(ledger, amazon)
    assert sent == Sent(counts={"accepted": 1, "unsent": 4}, lost=AWAY, over=True)
    assert amazon.sent == ["S0", "S1", "S2", "S3"]
    assert _states(ledger) == ["ACCEPTED", "PLANNED", "PLANNED", "PLANNED", "PLANNED"]


def test_a_used_up_budget_ends_the_batch_at_once(ledger: Ledger) -> None:
    """A pause is no fault: nothing more is tried, and an earlier fault is not hidden by it."""
    sent = _publish(ledger, FakeAmazon(None, PAUSE))
    assert sent == Sent(counts={"accepted": 1, "unsent": 4}, lost=PAUSE, over=True)


def test_a_pause_does_not_hide_a_fault(ledger: Ledger) -> None:
    """A call that was lost before the budget was used up is still told."""
    sent = _publish(ledger, FakeAmazon(AWAY, None, PAUSE))
    assert (sent.lost, sent.over) == (AWAY, True)
