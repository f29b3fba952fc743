"""Publishing quantities: what Amazon does not answer waits, and nothing is lost or hidden on the way."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonOrder, OrdersPage, PublishAnswer, Quantity, SeenListing, ShipConfirm
from domain.errors import Denied, Refused, TryAgain
from domain.listings import ListingState
from ledger.connection import Ledger
from ledger.register import Account
from tasks.confirms import Sent
from tasks.stock import choose_reads, prove, publish
from tests.factories import DAY, GB, HOUR, MINUTE, NOW

MAIN = Account(
    name="main",
    seller_id="A1EXAMPLE",
    region="EU",
    marketplaces=(GB,),
    look_back=timedelta(hours=24),
    prove_within=timedelta(minutes=4),
)
AWAY = TryAgain("Amazon answered 503.")
PAUSE = TryAgain("The budget is used up.", after=60.0, pause=True)


class FakeAmazon:
    """Answers to each quantity as told, and accepts the rest; shows what it is told to show."""

    account = "main"

    def __init__(self, *answers: Exception | None, shown: dict[str, int | None] | None = None) -> None:
        self._answers = list(answers)
        self._shown = shown or {}
        self.sent: list[str] = []

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        """Take a quantity, or fail as told."""
        self.sent.append(quantity.seller_sku)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        return PublishAnswer(accepted=True)

    def fetch_listings(self, marketplace_id: str, seller_skus: Sequence[str]) -> tuple[SeenListing, ...]:
        """What is shown of the SKUs asked for; the others are not known."""
        return tuple(
            SeenListing(marketplace_id=marketplace_id, seller_sku=sku, units=self._shown[sku])
            for sku in seller_skus
            if sku in self._shown
        )

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


@pytest.mark.parametrize(
    ("state", "columns", "after"),
    [
        (ListingState.CANDIDATE, {}, timedelta(0)),
        (ListingState.ACCEPTED, {}, timedelta(0)),
        (ListingState.IDLE, {"published": None}, 6 * HOUR),
        (ListingState.INVALID, {}, 6 * HOUR),
        (ListingState.DRIFTED, {"effective": 40}, 6 * HOUR),
        (ListingState.EFFECTIVE, {}, 6 * HOUR),
        (ListingState.EFFECTIVE, {"effective": 4}, 15 * MINUTE),
        (ListingState.ABSENT, {"effective": None}, 15 * MINUTE),
        (ListingState.ABSENT, {"effective": None, "published": None}, DAY),
    ],
)
def test_when_a_listing_is_looked_at_again(
    ledger: Ledger, state: ListingState, columns: dict[str, object], after: timedelta
) -> None:
    """Each state has its time; an offer of ours that is gone or shows something else is looked at sooner."""
    _listings(ledger, state, 1, **columns)
    assert choose_reads.fn(ledger, MAIN, NOW + after) == ()
    assert choose_reads.fn(ledger, MAIN, NOW + after + MINUTE) == ((GB, ("S0",)),)


@pytest.mark.parametrize("state", [ListingState.PLANNED, ListingState.SENT])
def test_what_is_being_sent_is_not_looked_at(ledger: Ledger, state: ListingState) -> None:
    """What Amazon shows of a number that is on its way says nothing."""
    _listings(ledger, state, 1)
    assert choose_reads.fn(ledger, MAIN, NOW + 9 * DAY) == ()


def test_listings_are_looked_at_twenty_at_a_time(ledger: Ledger) -> None:
    """One call asks for twenty identifiers at most, and every listing once."""
    _listings(ledger, ListingState.ABSENT, 45, effective=None)
    chosen = choose_reads.fn(ledger, MAIN, NOW + 2 * DAY)
    assert [len(skus) for _, skus in chosen] == [20, 20, 5]


def test_a_quantity_settles_in_four_times_the_time_of_a_parcel(ledger: Ledger) -> None:
    """What Amazon took sixteen minutes ago and does not show is planned again, and what it lacks is absent."""
    _listings(ledger, ListingState.ACCEPTED, 2, accepted_at=NOW)
    amazon = FakeAmazon(shown={"S0": 3})
    at = NOW + 16 * MINUTE
    assert prove.fn(ledger, amazon, MAIN, GB, ("S0",), clock=lambda: at) == {"ACCEPTED": 1}
    at += MINUTE
    assert prove.fn(ledger, amazon, MAIN, GB, ("S0", "S1"), clock=lambda: at) == {"PLANNED": 1, "ABSENT": 1}
