"""Reading back: when a listing is looked at, and what is made of it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonOrder, OrdersPage, PublishAnswer, Quantity, SeenListing, ShipConfirm
from domain.listings import ListingState
from ledger.connection import Ledger
from ledger.register import Account
from tasks.stock import choose_reads, prove
from tests.factories import DAY, GB, HOUR, MINUTE, NOW

MAIN = Account(
    name="main",
    seller_id="A1EXAMPLE",
    region="EU",
    marketplaces=(GB,),
    look_back=timedelta(hours=24),
    prove_within=timedelta(minutes=4),
)


class FakeAmazon:
    """Shows what it is told to show."""

    account = "main"

    def __init__(self, shown: dict[str, int | None]) -> None:
        self._shown = shown

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        """Not of these tests."""
        raise AssertionError(quantity)

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
    amazon = FakeAmazon({"S0": 3})
    at = NOW + 16 * MINUTE
    assert prove.fn(ledger, amazon, MAIN, GB, ("S0",), clock=lambda: at) == {"ACCEPTED": 1}
    at += MINUTE
    assert prove.fn(ledger, amazon, MAIN, GB, ("S0", "S1"), clock=lambda: at) == {"PLANNED": 1, "ABSENT": 1}
