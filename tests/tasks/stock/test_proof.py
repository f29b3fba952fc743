"""Reading back: urgent listings first and one by one, every listing when its time has come, a bounded number."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.amazon import SeenListing
from domain.errors import Denied, Refused, TryAgain
from domain.stock.listings import ListingState
from ledger.connection import Ledger
from ledger.register import Account
from tasks.stock.proof import ALONE_PER_RUN, choose_reads, choose_urgent, prove, prove_urgent
from tasks.tracking.confirms import Sent
from tests.factories import DAY, DE, GB, HOUR, MINUTE, NOW

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
SECOND = timedelta(seconds=1)


class FakeAmazon:
    """Shows what it is told to show, and fails single looks as told."""

    def __init__(self, *faults: Exception | None, shown: dict[str, int | None] | None = None) -> None:
        self._faults = list(faults)
        self._shown = shown or {}
        self.asked: list[str] = []

    def fetch_listing(self, marketplace_id: str, seller_sku: str) -> SeenListing | None:
        """One listing, or a fault as told."""
        self.asked.append(seller_sku)
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault
        found = self.fetch_listings(marketplace_id, [seller_sku])
        return found[0] if found else None

    def fetch_listings(self, marketplace_id: str, seller_skus: Sequence[str]) -> tuple[SeenListing, ...]:
        """What is shown of the SKUs asked for; the others are not known."""
        return tuple(
            SeenListing(marketplace_id=marketplace_id, seller_sku=sku, units=self._shown[sku])
            for sku in seller_skus
            if sku in self._shown
        )


def _listings(
    ledger: Ledger, state: ListingState, count: int, prefix: str = "S", market: str = GB, **columns: object
) -> None:
    """Listings S0, S1 and so on in a state, seen and accepted just now, with 5 units published."""
    values = {
        "seen_at": NOW,
        "accepted_at": NOW,
        "published": 5,
        "publishable": 5,
        "effective": 5,
    } | columns
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    statement = sa.text(
        f"INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, state, {names})"
        f" SELECT 'main', '{market}', '{prefix}' || n, '{state}', {marks} FROM generate_series(0, {count - 1}) n"
    )
    with ledger.begin() as conn:
        conn.execute(statement, values)


def _states(ledger: Ledger) -> list[str]:
    with ledger.begin() as conn:
        return list(conn.scalars(sa.text("SELECT state FROM ledger.listings ORDER BY id")))


@pytest.mark.parametrize(
    ("state", "columns", "after"),
    [
        (ListingState.CANDIDATE, {}, timedelta(0)),
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


@pytest.mark.parametrize("state", [ListingState.PLANNED, ListingState.SENT, ListingState.SUBMITTED])
def test_what_is_being_sent_is_not_looked_at(ledger: Ledger, state: ListingState) -> None:
    """What Amazon shows of a number that is on its way says nothing."""
    _listings(ledger, state, 1)
    assert choose_reads.fn(ledger, MAIN, NOW + 9 * DAY) == ()


def test_what_was_just_accepted_is_not_looked_at_before_it_can_be_in_effect(ledger: Ledger) -> None:
    """By default the first look comes half a minute after Amazon took a number; an older look does not count."""
    _listings(ledger, ListingState.ACCEPTED, 1, seen_at=NOW - MINUTE)
    assert choose_reads.fn(ledger, MAIN, NOW + 29 * SECOND) == ()
    assert choose_reads.fn(ledger, MAIN, NOW + 30 * SECOND) == ((GB, ("S0",)),)


def test_the_pace_is_measured(ledger: Ledger) -> None:
    """When Amazon lately took two minutes, the first look comes after one."""
    late = {"accepted_at": NOW - HOUR, "effective_at": NOW - HOUR + 2 * MINUTE}
    _listings(ledger, ListingState.EFFECTIVE, 30, prefix="E", **late)
    with ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.listing_history (listing_id, at, from_state, to_state)"
                " SELECT id, effective_at, 'ACCEPTED', 'EFFECTIVE' FROM ledger.listings"
            )
        )
    _listings(ledger, ListingState.ACCEPTED, 1, seen_at=None)
    assert choose_reads.fn(ledger, MAIN, NOW + 59 * SECOND) == ()
    assert choose_reads.fn(ledger, MAIN, NOW + 60 * SECOND) == ((GB, ("S0",)),)


def test_listings_are_looked_at_twenty_at_a_time(ledger: Ledger) -> None:
    """One call asks for twenty identifiers at most, and every listing once."""
    _listings(ledger, ListingState.ABSENT, 45, effective=None)
    chosen = choose_reads.fn(ledger, MAIN, NOW + 2 * DAY)
    assert [len(skus) for _, skus in chosen] == [20, 20, 5]


def test_urgent_ones_are_chosen_first_the_scarcest_before_the_others(ledger: Ledger) -> None:
    """Among those that are due, a listing that falls to nothing is looked at before one with units to spare."""
    _listings(ledger, ListingState.ACCEPTED, 2, prefix="N", seen_at=None)
    _listings(ledger, ListingState.ACCEPTED, 1, prefix="M", seen_at=None, urgent=True, publishable=3)
    _listings(ledger, ListingState.ACCEPTED, 1, prefix="Z", seen_at=None, urgent=True, publishable=0)
    _listings(ledger, ListingState.ACCEPTED, 1, "D", DE, seen_at=None, urgent=True, publishable=1)
    at = NOW + MINUTE
    assert choose_urgent.fn(ledger, MAIN, at) == ((GB, "Z0"), (DE, "D0"), (GB, "M0"))
    assert choose_reads.fn(ledger, MAIN, at) == ((GB, ("Z0", "M0", "N0", "N1")), (DE, ("D0",)))


def test_a_run_reads_a_bounded_number_one_by_one(ledger: Ledger) -> None:
    """However many are urgent, a run reads some alone, and the rest in groups of twenty, 2,000 at most."""
    _listings(ledger, ListingState.ACCEPTED, 2_050, seen_at=None, urgent=True)
    assert len(choose_urgent.fn(ledger, MAIN, NOW + MINUTE)) == ALONE_PER_RUN
    assert sum(len(skus) for _, skus in choose_reads.fn(ledger, MAIN, NOW + MINUTE)) == 2_000


def test_an_urgent_look_makes_the_next_group_smaller(ledger: Ledger) -> None:
    """What was read alone is effective or waits; it is not read again in the same run."""
    _listings(ledger, ListingState.ACCEPTED, 3, seen_at=None, urgent=True)
    amazon = FakeAmazon(shown={"S0": 5, "S1": 4})
    at = NOW + MINUTE
    sent = prove_urgent.fn(ledger, amazon, MAIN, choose_urgent.fn(ledger, MAIN, at), clock=lambda: at)
    assert sent == Sent(counts={"EFFECTIVE": 1, "ACCEPTED": 1, "ABSENT": 1})
    assert choose_reads.fn(ledger, MAIN, at) == ()
    assert choose_reads.fn(ledger, MAIN, at + MINUTE) == ((GB, ("S1",)),)


def test_faults_of_single_looks_end_them_when_amazon_is_away(ledger: Ledger) -> None:
    """A refused look costs its own listing, three lost in a row end the batch, and the groups read the rest."""
    _listings(ledger, ListingState.ACCEPTED, 6, seen_at=None, urgent=True)
    amazon = FakeAmazon(None, Refused("no"), AWAY, AWAY, AWAY, shown={"S0": 5})
    at = NOW + MINUTE
    sent = prove_urgent.fn(ledger, amazon, MAIN, choose_urgent.fn(ledger, MAIN, at), clock=lambda: at)
    assert sent == Sent(counts={"EFFECTIVE": 1}, lost=AWAY, over=True)
    assert amazon.asked == ["S0", "S1", "S2", "S3", "S4"]
    assert choose_reads.fn(ledger, MAIN, at) == ((GB, ("S1", "S2", "S3", "S4", "S5")),)


def test_a_used_up_budget_ends_the_single_looks_at_once(ledger: Ledger) -> None:
    """A pause is not repeated; refused credentials are the whole run's fault."""
    _listings(ledger, ListingState.ACCEPTED, 3, seen_at=None, urgent=True)
    at = NOW + MINUTE
    urgent = choose_urgent.fn(ledger, MAIN, at)
    paused = prove_urgent.fn(ledger, FakeAmazon(AWAY, PAUSE), MAIN, urgent, clock=lambda: at)
    assert paused == Sent(counts={}, lost=AWAY, over=True)
    with pytest.raises(Denied):
        prove_urgent.fn(ledger, FakeAmazon(Denied("no")), MAIN, urgent, clock=lambda: at)


def test_a_quantity_settles_in_four_times_the_time_of_a_parcel(ledger: Ledger) -> None:
    """What Amazon took sixteen minutes ago and does not show is planned again, and what it lacks is absent."""
    _listings(ledger, ListingState.ACCEPTED, 2)
    amazon = FakeAmazon(shown={"S0": 3})
    at = NOW + 16 * MINUTE
    assert prove.fn(ledger, amazon, MAIN, GB, ("S0",), clock=lambda: at) == {"ACCEPTED": 1}
    at += MINUTE
    assert prove.fn(ledger, amazon, MAIN, GB, ("S0", "S1"), clock=lambda: at) == {"PLANNED": 1, "ABSENT": 1}
    assert _states(ledger) == ["PLANNED", "ABSENT"]
