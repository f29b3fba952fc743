"""Orders: Amazon to the ledger, the ledger to the warehouse."""

from collections import Counter

from prefect import flow
from prefect.logging import get_run_logger

from domain.amazon import OrdersPage
from domain.errors import NotTaken, Refused, TryAgain
from domain.orders.order import OrderMaps
from domain.ports import AmazonDoor, WarehouseDoor
from flows.doors import (
    Faults,
    amazon_named,
    chosen_accounts,
    open_amazon,
    open_ledger,
    open_warehouse,
    utc_now,
    warehouse_named,
)
from flows.endings import says_why
from flows.story import Progress, run_name, told
from ledger.connection import Ledger, Turn
from ledger.orders.recording import PageContext
from ledger.orders.releases import ReleaseBatch
from ledger.orders.watermarks import OrderSearch
from ledger.register import Account, Connection, connection_of
from tasks.manners import whole
from tasks.orders import reading, releases
from tasks.stock import oversell
from tasks.tracking import carriers


@flow(name="order-ingest", flow_run_name=run_name)
@says_why
def order_ingest(seller_account: str = "") -> None:
    """Read changed orders from Amazon and release what is ready to the warehouse.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        faults = Faults(ledger, "order-ingest")
        for account in chosen_accounts(ledger, seller_account):
            with ledger.only_one("order-ingest", account.name) as alone:
                if alone:
                    _ingest(ledger, account, faults)
                else:
                    get_run_logger().info("Another run reads the orders of %s already.", account.name)
        faults.end()


def _ingest(ledger: Ledger, account: Account, faults: Faults) -> None:
    """Both halves for one account; what stops one of them stops neither the other nor another account."""
    found: tuple[Connection, OrderMaps] | None = None
    with faults.at(amazon_named(account.name)):
        found = _connection_and_maps(ledger, account)
        new = read_orders(ledger, account, *found)
        faults.carried(amazon_named(account.name), new.total())
        for marketplace in account.marketplaces:
            faults.carried(f"{amazon_named(account.name)} {marketplace}", new[marketplace])
    faults.beat()
    if found is None:
        return
    alone = found[0].serves == (account.name,)
    skus = {account.name: found[1].skus} if alone else None
    if affected := oversell.watch_oversell(ledger, found[0], whole(skus), utc_now()):
        get_run_logger().warning("%s: open orders that cannot be filled: %s", found[0].name, affected)
    with faults.at(warehouse_named(found[0].name)):
        if reviewed := reading.review_orders(ledger, account, found[1], utc_now()):
            get_run_logger().info("%s: %s", account.name, told("decided again", reviewed))
        release_orders(ledger, account, *found)


def _connection_and_maps(ledger: Ledger, account: Account) -> tuple[Connection, OrderMaps]:
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
    return connection, reading.load_order_maps(ledger, account, connection)


def read_orders(ledger: Ledger, account: Account, connection: Connection, maps: OrderMaps) -> Counter[str]:
    """Read every changed order, page by page, each committed with how far it brought us; new ones by shop."""
    amazon = open_amazon(ledger, account.name)
    context = PageContext(account=account.name, connection=connection.name, maps=maps, seal=ledger.seal)
    search: OrderSearch | None = reading.find_search(ledger, account, utc_now())
    counts: Counter[str] = Counter()
    new: Counter[str] = Counter()
    progress = Progress(f"orders-{account.name}", f"Reading changed orders of {account.name}")
    tokens: set[str | None] = set()
    while search is not None:
        if search.page_token in tokens:
            reading.restart_search(ledger, account, utc_now())
            raise TryAgain(f"Amazon repeats a page of orders of {account.name}; the next run starts over.")
        search, page = _fetch_page(ledger, account, amazon, search, resumed=not tokens)
        tokens.add(search.page_token)
        recorded = reading.record_orders(ledger, account, search, whole(page), whole(context), now=utc_now())
        counts.update(recorded.outcome.decided)
        new.update(recorded.outcome.new_in)
        counts.update(pages=1, read=recorded.outcome.read, new=recorded.outcome.new, proven=recorded.proven)
        search = recorded.next_search
        if search is not None:
            progress.at(search.share_read(page))
    get_run_logger().info("%s: %s", account.name, told("orders", counts))
    return new


def _fetch_page(
    ledger: Ledger, account: Account, amazon: AmazonDoor, search: OrderSearch, *, resumed: bool
) -> tuple[OrderSearch, OrdersPage]:
    """The page and its search; one kept from an earlier run that Amazon takes no more starts over at once."""
    try:
        return search, reading.fetch_orders(amazon, search)
    except NotTaken:
        if not resumed or search.page_token is None:
            raise
    search = reading.restart_search(ledger, account, utc_now())
    return search, reading.fetch_orders(amazon, search)


def release_orders(ledger: Ledger, account: Account, connection: Connection, maps: OrderMaps) -> None:
    """Hand what is ready to the warehouse, unless another run does so right now."""
    with ledger.only_one("release", connection.name) as alone:
        if alone:
            hand_over_ready(ledger, account, connection, maps, alone)


def hand_over_ready(
    ledger: Ledger, account: Account, connection: Connection, maps: OrderMaps, alone: Turn
) -> None:
    """Hand what is ready to the warehouse, most urgent first, and ask it to stop what is not wanted any more.

    `alone` is the turn at the connection's releases.
    """
    warehouse = open_warehouse(ledger, connection.name)
    counts: Counter[str] = Counter()
    alone.check()
    releases.settle_unknown(ledger, warehouse, utc_now)
    while releases.plan(ledger, account, maps, utc_now()):
        pass
    while batch := releases.claim(ledger, connection.name, utc_now()):
        alone.check()
        counts.update(_hand_over(ledger, warehouse, batch))
    counts["cancels asked"] += releases.request_cancels(ledger, warehouse, utc_now)
    counts["carrier gaps"] = carriers.find_carrier_gaps(ledger, connection, utc_now())
    carriers.show(ledger, utc_now())
    get_run_logger().info("%s: %s", connection.name, told("releases", counts))


def _hand_over(ledger: Ledger, warehouse: WarehouseDoor, batch: ReleaseBatch) -> dict[str, int]:
    try:
        answers = releases.release(warehouse, batch)
    except (TryAgain, Refused) as error:
        releases.record_release(ledger, releases.unanswered(batch, error), utc_now())
        raise
    return releases.record_release(ledger, answers, utc_now())
