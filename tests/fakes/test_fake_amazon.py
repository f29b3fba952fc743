"""The fake Amazon is the sandbox's Amazon: same JSON, same delays, same refusals, in virtual time."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.amazon import JobStatus, Quantity
from domain.errors import Denied, Refused, TryAgain
from sandbox.amazon.world import AmazonWorld
from tests.factories import DE, GB
from tests.fakes.amazon import FakeAmazon
from tests.fakes.clock import VirtualClock

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
def amazon(clock: VirtualClock) -> FakeAmazon:
    world = AmazonWorld(clock, limits=False)
    for sku in ("A", "B / 2"):
        world.add_listing(sku, GB, 5)
    world.add_listing("A", DE, 5)
    return FakeAmazon(world)


def shown(amazon: FakeAmazon, sku: str = "A", marketplace: str = GB) -> int | None:
    (seen,) = amazon.fetch_listings(marketplace, [sku])
    return seen.units


def test_an_order_is_shown_two_minutes_after_it_changed(amazon: FakeAmazon, clock: VirtualClock) -> None:
    """Amazon's upper bound lies two minutes back, and what it read until is the next watermark."""
    placed = amazon.world.add_order(marketplace_id=GB, items=[("A", 2)])

    clock.sleep(60)
    early = amazon.fetch_orders(since=MONDAY, page_token=None)
    clock.sleep(61)
    late = amazon.fetch_orders(since=MONDAY, page_token=None)

    assert early.orders == ()
    assert [(order.order_id, order.lines[0].quantity) for order in late.orders] == [(placed, 2)]
    assert late.read_until == clock.now() - timedelta(minutes=2)
    assert amazon.fetch_order(placed) == late.orders[0]


def test_many_orders_come_page_by_page(amazon: FakeAmazon, clock: VirtualClock) -> None:
    """A token leads to the next hundred; none is lost or told twice."""
    placed = []
    for _ in range(230):
        clock.sleep(1)
        placed.append(amazon.world.add_order(marketplace_id=GB, items=[("A", 1)]))
    clock.sleep(121)
    told, token = [], None
    while True:
        page = amazon.fetch_orders(since=MONDAY, page_token=token)
        told += [order.order_id for order in page.orders]
        token = page.next_token
        if token is None:
            break

    assert told == placed
    assert amazon.calls["searchOrders"] == 3


def test_a_quantity_is_in_effect_after_its_delay(amazon: FakeAmazon, clock: VirtualClock) -> None:
    """ACCEPTED changes nothing yet; the number shows when Amazon's delay is over."""
    answer = amazon.publish_quantity(Quantity(marketplace_id=GB, seller_sku="B / 2", units=9))

    assert answer.accepted
    clock.sleep(amazon.world.quantity_after - 1)
    assert shown(amazon, "B / 2") == 5
    clock.sleep(1)
    assert shown(amazon, "B / 2") == 9


def test_an_unknown_sku_is_invalid_and_not_shown(amazon: FakeAmazon) -> None:
    """Amazon takes no quantity of a SKU it does not list, and a look at it finds nothing."""
    answer = amazon.publish_quantity(Quantity(marketplace_id=GB, seller_sku="X", units=1))

    assert not answer.accepted
    assert answer.issues
    assert amazon.fetch_listings(GB, ["X"]) == ()
    assert amazon.fetch_listing(GB, "X") is None
    assert amazon.fetch_listing(DE, "A") is not None


@pytest.mark.parametrize(
    ("fault", "error", "maybe"),
    [
        ("429", TryAgain, False),
        ("500-html", TryAgain, True),
        ("200-html", TryAgain, True),
        ("reset-after", TryAgain, True),
        ("400-invalid", Refused, False),
        ("401-json", Denied, False),
    ],
)
def test_a_fault_means_what_it_means_over_http(
    amazon: FakeAmazon, fault: str, error: type[Exception], maybe: bool
) -> None:
    """What the world is told to do wrong comes as the port's own errors."""
    amazon.world.inject("patchListingsItem", fault)

    with pytest.raises(error) as told:
        amazon.publish_quantity(Quantity(marketplace_id=GB, seller_sku="A", units=1))

    assert getattr(told.value, "maybe_done", False) is maybe


def test_a_feed_is_processed_row_by_row(amazon: FakeAmazon, clock: VirtualClock) -> None:
    """A feed takes its time; its report names the message that Amazon did not take."""
    quantities = [Quantity(marketplace_id=GB, seller_sku=sku, units=7) for sku in ("A", "X")]
    feed = amazon.submit_feed(GB, amazon.upload_quantities(quantities))

    assert amazon.fetch_feed(feed).status is JobStatus.IN_QUEUE
    clock.sleep(amazon.world.document_after)
    done = amazon.fetch_feed(feed)
    report = amazon.fetch_feed_report(done.document_id)

    assert done.status is JobStatus.DONE
    assert amazon.fetch_feeds(GB, MONDAY) == (done,)
    assert amazon.fetch_feeds(DE, MONDAY) == ()
    assert (report.processed, report.accepted, report.invalid) == (2, 1, 1)
    assert [(one.message_id, one.seller_sku) for one in report.issues] == [(2, "X")]
    clock.sleep(amazon.world.quantity_after)
    assert shown(amazon) == 7


def test_the_report_of_all_listings_shows_what_is_in_effect(amazon: FakeAmazon, clock: VirtualClock) -> None:
    """The nightly report has a row per listing of the marketplace, None for what Amazon fulfills."""
    amazon.world.add_listing("FBA", GB, 3, channel="AMAZON_EU")
    asked = amazon.ask_listing_report(GB)
    clock.sleep(amazon.world.document_after)

    done = amazon.fetch_report(asked)
    rows = {row.seller_sku: row.units for row in amazon.fetch_listing_report(done.document_id)}

    assert rows == {"A": 5, "B / 2": 5, "FBA": None}
