"""The fault matrix of quantities: whatever Amazon answers, each listing ends in effect or as somebody's problem."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from prefect import Task

import flows.doors
import flows.inventory_sync
from domain.errors import TryAgain
from domain.stock.snapshots import SnapshotLimits
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.story import Progress
from ledger.connection import Ledger
from ledger.register import Account, account, record_account
from ledger.stock.snapshots import record_snapshot
from sandbox.amazon.feed_plans import FOR_EVER
from tasks.stock import bulk, oversell, proof, quantities, sellable, sweep
from tests.factories import snapshot
from tests.flows.conftest import DE, GB, Street
from tests.flows.faulty import ANYWHERE, FOR_GOOD, HANDS, UNHEARD, has_met, is_broken
from tests.flows.matrix import Verdict, nothing_wrong, table
from tests.flows.runs import at_once
from tests.flows.stock_matrix import HANDLING_DAYS, RESTOCK, judge_stock, stock_waits
from tests.flows.strangers import Seller, more_sellers

STEPS = (flows.doors, bulk, proof, quantities, sellable, sweep)
pytestmark = pytest.mark.usefixtures("hurried", "small_feeds", "plain_steps")

ROUNDS = 12  # of runs, with an hour between them
MANY_ROUNDS = 60  # more than replies at one call
ORDERED = 2  # units of B1 that a buyer has not paid yet: every account sells from the same shelf
# B0 to B3 change by many and go in a feed, B4 nearly sells out, U comes back from zero, N is new at Amazon.
QUIET = {"B0": 50, "B1": 50 + ORDERED, "B2": 50, "B3": 50, "B4": 50, "U": 0, "N": 20}
MOVED = {"B0": 60, "B1": 61 + ORDERED, "B2": 62, "B3": 63, "B4": 3, "U": 40, "N": 20}
SOLD_OUT = {**MOVED, "B0": 1}  # has to fall at once, while it is in the feed
FEEDS = (
    *("createFeedDocument", "uploadFeedDocument", "createFeed", "getFeeds", "getFeed"),
    *("cancelFeed", "getFeedDocument", "downloadDocument"),
)
REPORTS = ("createReport", "getReport", "getReportDocument")
READS = ("searchListingsItems", "getListingsItem")
CALLS = (*FEEDS, *REPORTS, *READS, "token")
# They break down together: neither hides the other from the run.
TOGETHER = (
    *(("createFeedDocument", "createReport"), ("uploadFeedDocument", "getReport")),
    *(("createFeed", "getReportDocument"), ("getFeedDocument", "getListingsItem")),
    *(("cancelFeed", "searchListingsItems"), ("getFeeds",), ("getFeed",), ("downloadDocument",), ("token",)),
)
REFUSALS = ("400-invalid", "404")
PATCH_FAULTS = ("invalid-200", "accepted-no-effect", *REFUSALS, *ANYWHERE)
# For good one of each sort; each reply comes once at every call.
PATCHED = ("invalid-200", "accepted-no-effect", "400-invalid", "403-expired", "503-json", "hang-after", "429")
ONE_OF_EACH = ("404", "503-html", "429-empty")
DENIED = "401-json"
ENDINGS: dict[str, dict[str, Any]] = {
    "fatal": {"ending": "FATAL"},
    "queued": {"queued": FOR_EVER},
    "processing": {"processing": FOR_EVER},
    "late": {"queued": 2400.0},
    "unread": {"unread": 2},
    "rejected": {"rejected": ("B1", "B2")},
    "warned": {"warned": ("B1", "B2")},
    "ineffective": {"ineffective": ("B1", "B2")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reply for good at these calls, or every feed ending in one way, at a seller account of its own."""

    operations: tuple[str, ...] = ()
    fault: str
    plan: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The name of its seller account."""
        return f"{self.operations[0].lower() if self.operations else 'feed'}-{self.fault}"

    @property
    def leaves_stuck(self) -> bool:
        """Whether a feed never ends: its problem stays, although its listings went on."""
        return FOR_EVER in self.plan.values() or "cancelFeed" in self.operations


CASES = [
    *(Case(operations=("patchListingsItem",), fault=fault) for fault in PATCHED),
    *(Case(operations=calls, fault=fault) for calls in TOGETHER for fault in ONE_OF_EACH),
    *(
        Case(operations=(call,), fault=DENIED)
        for call in ("createFeed", "getReport", "getListingsItem", "token")
    ),
    *(Case(fault=name, plan=plan) for name, plan in ENDINGS.items()),
]


@pytest.fixture
def small_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three ordinary changes are many."""
    monkeypatch.setattr("domain.stock.publishing.FEED_FROM", 3)
    monkeypatch.setattr("tasks.stock.quantities.FEED_FROM", 3)


@pytest.fixture
def plain_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of a run are plain calls, for several accounts in one run: Prefect's part of it is tested elsewhere.

    So are the tables that people look at, and the warehouse's files.
    """
    monkeypatch.setattr(Progress, "at", lambda _self, _percent: None)
    street = flows.inventory_sync
    monkeypatch.setattr(street, "chosen_accounts", _several)
    monkeypatch.setattr(street, "read_messages", lambda *_what: Counter())
    monkeypatch.setattr(street, "show_stock", lambda *_what: 0)
    monkeypatch.setattr(sweep, "create_table_artifact", lambda **_artifact: None)
    for module in (street, flows.doors):
        monkeypatch.setattr(module, "get_run_logger", lambda: logging.getLogger("matrix"))
    for module in STEPS:
        for word, thing in list(vars(module).items()):
            if isinstance(thing, Task):
                monkeypatch.setattr(module, word, thing.fn)


def _several(ledger: Ledger, names: str) -> tuple[Account, ...]:
    with ledger.begin() as conn:
        return tuple(account(conn, name) for name in names.split(","))


@contextmanager
def sellers_of(
    street: Street, monkeypatch: pytest.MonkeyPatch, names: Sequence[str]
) -> Iterator[dict[str, Seller]]:
    """A seller account of each name, all selling from the same shelf, whose doors need no Prefect server."""
    load = flows.doors._load
    with more_sellers(street, names, with_orders=False) as made:
        found = {name: seller.block for name, seller in made.items()}
        monkeypatch.setattr(flows.doors, "_load", lambda kind, name: found.get(name) or load(kind, name))
        opened(street, list(made.values()))
        monkeypatch.setattr(oversell, "watch_oversell", oversell.watch_oversell.fn)
        yield made


@pytest.mark.timeout(600)
def test_a_fault_that_stays_ends_every_listing_in_effect_or_as_a_problem(
    street: Street, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost or contradicted while any reply stays wrong or away; all is in effect after its end."""
    with sellers_of(street, monkeypatch, [case.name for case in CASES]) as made:
        sellers = {case: made[case.name] for case in CASES}
        for case, seller in sellers.items():
            break_down(seller, case)
        count(street, MOVED)
        run(list(made.values()))
        stock_waits(street)
        street.settle()
        count(street, SOLD_OUT)

        settle(
            street,
            sellers,
            lambda case, verdict: not verdict.lost and has_met(sellers[case], case.operations),
        )

        during = verdicts(street, sellers)
        for case, verdict in during.items():
            assert verdict.proven == verdict.things or verdict.problems, case
            assert has_met(sellers[case], case.operations), f"{case.name} was never answered so"
        for seller in made.values():
            seller.faults_end()

        settle(street, sellers, is_well)

        after = verdicts(street, sellers)
        for case, verdict in after.items():
            assert is_well(case, verdict), (case, verdict)
        lost_answers = {case.name for case in CASES if "getFeeds" in case.operations}
        assert lost_answers <= found_again(street), "a feed whose answer was lost was not found"
    with capsys.disabled():
        for title, found in (("while the fault stays", during), ("after its end", after)):
            print(table(title, found.values(), "listings", "in effect"))  # noqa: T201 - figures asked for


ONCE = {
    "documents": ("createFeedDocument",),
    "uploads": ("uploadFeedDocument",),
    "submits": ("createFeed",),
    "feeds-out": ("getFeed", "getFeedDocument", "downloadDocument"),
    "patches": ("patchListingsItem", "token"),
    "groups": ("searchListingsItems",),
    "looks": ("getListingsItem",),
    "reports": REPORTS,
    "lost": ("getFeeds",),
    "taken-back": ("cancelFeed",),
}
# One of each sort, where a run makes the call once or twice: what a body looks like is all the same there.
SORTS = (*REFUSALS, "401-json", "403-expired", "500-json", "503-html", "200-empty", *UNHEARD, "429")
EACH = {
    "patchListingsItem": PATCH_FAULTS,
    "token": ("400-invalid", *(fault for fault in ANYWHERE if fault != "403-expired")),
    "searchListingsItems": (*REFUSALS, *ANYWHERE),
}


@pytest.mark.timeout(600)
def test_a_fault_that_comes_once_costs_no_listing_anything(
    street: Street, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each sort of reply came once at every call, all is in effect; only feeds that never end are left."""
    with sellers_of(street, monkeypatch, list(ONCE)) as made:
        for name, operations in ONCE.items():
            for operation in operations:
                for fault in EACH.get(operation, SORTS):
                    made[name].world.inject(operation, fault)
        made["lost"].world.inject("createFeed", "reset-after")
        for _ in range(2 * MANY_ROUNDS):
            made["taken-back"].world.plan_feed(queued=FOR_EVER)

        counted = outlast(street, list(made.values()))

        found = {name: judged(street, seller, counted) for name, seller in made.items()}
        nothing_wrong(found.values())
        for name, verdict in found.items():
            assert not is_broken(made[name]), (name, made[name].world.faults._planned)
            assert is_done(name, verdict), (name, verdict)
        assert "lost" in found_again(street)
    with capsys.disabled():
        cases = sum(len(EACH.get(call, SORTS)) for calls in ONCE.values() for call in calls)
        print(table(f"each of {cases} replies once", found.values(), "listings", "in effect"))  # noqa: T201 - figures asked for


def outlast(street: Street, sellers: Sequence[Seller]) -> Mapping[str, int]:
    """Runs, each with a new count, until no reply is left, and then until all is settled; the last count."""
    counted: Mapping[str, int] = QUIET
    for number in range(MANY_ROUNDS):
        broken = [seller for seller in sellers if is_broken(seller)]
        if not broken:
            break
        counted = moved(number)
        count(street, counted)
        run(broken)
        stock_waits(street, span=timedelta(minutes=15))
        feeds_again(street)
    for _ in range(ROUNDS):
        run(sellers)
        street.settle()
        stock_waits(street, span=timedelta(hours=7))
        if all(is_done(seller.name, judged(street, seller, counted)) for seller in sellers):
            break
    return counted


def is_done(name: str, verdict: Verdict) -> bool:
    """Whether all is in effect, and nothing open but feeds that never end."""
    left = {"feed_stuck (integration)"} if name == "taken-back" else set()
    return verdict.proven == verdict.things and set(verdict.problems) <= left


def moved(number: int) -> Mapping[str, int]:
    """Another count: many ordinary changes, one that must fall at once, and two that stay for a look at them."""
    bulk = {sku: 60 + number % 7 + place for place, sku in enumerate(("B0", "B1", "B2", "B3"))}
    falling = ("B0", "B2")[number % 2]
    return {
        **bulk,
        falling: 1 + number % 3,
        "B4": (3, 3, 50, 50)[number % 4],
        "U": (0, 40, 40, 0)[number % 4],
        "N": 20 + number % 2,
    }


def feeds_again(street: Street) -> None:
    """The rest after a feed that came to nothing is over."""
    back = "planned_at = planned_at - interval '7 hours'"
    words = f"UPDATE ledger.feeds SET {back} WHERE state IN ('FAILED', 'OVERDUE')"
    with street.ledger.begin() as conn:
        conn.execute(sa.text(words))


def opened(street: Street, sellers: Sequence[Seller]) -> None:
    """Listings that are in effect since yesterday, and an order that a buyer has not paid yet.

    Feeds and reports are done a moment after they were asked for, unless a plan says otherwise.
    """
    street.world.add_order(marketplace_id=GB, items=[("B1", ORDERED)], status="PENDING")
    street.settle()
    order_ingest()
    count(street, QUIET)
    for seller in sellers:
        seller.world.hang_seconds, seller.world.document_after = 1.5, 30.0
        offer(seller, "N", GB, 7)
        for sku in set(QUIET) - {"N"}:
            offer(seller, sku, GB, QUIET[sku] - ORDERED * (sku == "B1"))
        for sku in ("B0", "B2", "B3"):
            offer(seller, sku, DE, QUIET[sku])
        with street.ledger.begin() as conn:
            # Nothing is due for a look in the run that published it, however fast Amazon is here.
            record_account(conn, replace(account(conn, seller.name), prove_within=timedelta(minutes=4)))
            in_effect(conn, seller)


def offer(seller: Seller, sku: str, market: str, units: int) -> None:
    seller.world.add_listing(
        sku, market, units, lead_time_to_ship_max_days=HANDLING_DAYS, restock_date=RESTOCK
    )


def in_effect(conn: sa.Connection, seller: Seller) -> None:
    """What yesterday's runs leave in the ledger of all listings but N."""
    rows = [
        {"account": seller.name, "sku": sku, "market": market, "units": listing.quantity()}
        for (sku, market), listing in seller.world.listings.items()
        if sku != "N"
    ]
    names = "state, publishable, published, effective, planned_at, published_at, accepted_at, effective_at, seen_at"
    then = ", ".join(["now() - interval '3 hours'"] * 4)
    words = (
        f"INSERT INTO ledger.listings (seller_account, marketplace_id, seller_sku, {names}) VALUES (:account,"
        f" :market, :sku, 'EFFECTIVE', :units, :units, :units, {then}, now() - interval '1 hour')"
    )
    conn.execute(sa.text(words), rows)
    words = (
        "INSERT INTO ledger.listing_history (listing_id, at, from_state, to_state)"
        " SELECT id, now() - interval '2 days', 'CANDIDATE', 'IDLE' FROM ledger.listings"
        " WHERE seller_account = :account"
    )
    conn.execute(sa.text(words), {"account": seller.name})


def count(street: Street, units: Mapping[str, int]) -> None:
    """The warehouse counts."""
    now = street.world.now()
    with street.ledger.begin() as conn:
        counted = snapshot(*units.items(), as_of=now)
        assert record_snapshot(conn, "main", counted, SnapshotLimits(), now) == "APPLIED"


def break_down(seller: Seller, case: Case) -> None:
    """From now on these calls get that reply alone, or every feed ends so."""
    for operation in case.operations:
        seller.world.inject(operation, case.fault, times=FOR_GOOD)
    if "getFeeds" in case.operations:
        seller.world.inject("createFeed", "reset-after")
    if "cancelFeed" in case.operations:
        seller.world.plan_feed(queued=FOR_EVER)
    if "token" in case.operations:  # the token in hand opens nothing anymore
        seller.world.inject("patchListingsItem", "403-expired")
    for _ in range(ROUNDS if case.plan else 0):
        seller.world.plan_feed(**case.plan)


def run(sellers: Sequence[Seller]) -> None:
    """Publish for these accounts, a few at the same time; it may fail, as it should while Amazon is away."""

    def work(part: Sequence[Seller]) -> None:
        with suppress(TryAgain):
            inventory_sync.fn(seller_account=",".join(seller.name for seller in part))

    parts = [sellers[hand::HANDS] for hand in range(HANDS)]
    at_once(*[partial(work, part) for part in parts if part])


def settle(street: Street, sellers: Mapping[Case, Seller], good: Callable[[Case, Verdict], bool]) -> None:
    """Runs with an hour between them for those that are not well yet."""
    unwell = dict(sellers)
    for _ in range(ROUNDS):
        run(list(unwell.values()))
        stock_waits(street)
        street.settle()
        unwell = {
            case: seller
            for case, seller in unwell.items()
            if not good(case, judged(street, seller, SOLD_OUT))
        }
        if not unwell:
            return


def judged(street: Street, seller: Seller, counted: Mapping[str, int]) -> Verdict:
    """How everything of one seller stands beside what was counted, less what a buyer waits for."""
    wanted = {sku: units - ORDERED * (sku == "B1") for sku, units in counted.items()}
    return judge_stock(street, seller.name, seller.world, wanted)


def found_again(street: Street) -> set[str]:
    """Seller accounts of which a feed was found at Amazon after the answer to its submission was lost."""
    words = (
        "SELECT DISTINCT feed.seller_account FROM ledger.feed_history AS step JOIN ledger.feeds AS feed"
        " ON feed.id = step.feed_id WHERE step.from_state = 'UNKNOWN' AND step.to_state = 'SUBMITTED'"
    )
    with street.ledger.begin() as conn:
        return set(conn.scalars(sa.text(words)))


def is_well(case: Case, verdict: Verdict) -> bool:
    """Whether all is in effect, and nothing is left to do but to ask Amazon about a feed that never ends."""
    left = set(verdict.problems) - ({"feed_stuck (integration)"} if case.leaves_stuck else set())
    return verdict.proven == verdict.things and not left


def verdicts(street: Street, sellers: Mapping[Case, Seller]) -> dict[Case, Verdict]:
    """How everybody stands; that nothing is lost or contradicted is asked of all of them."""
    found = {case: judged(street, seller, SOLD_OUT) for case, seller in sellers.items()}
    nothing_wrong(found.values())
    return found
