"""Stock: the warehouse to the ledger, the ledger to Amazon, and back as proof."""

from prefect import flow
from prefect.logging import get_run_logger

from domain.maps import SkuMap
from domain.warehouse import DeliveryKind
from flows.doors import (
    Faults,
    all_connections,
    amazon_named,
    chosen_accounts,
    open_amazon,
    open_ledger,
    utc_now,
    warehouse_named,
)
from flows.endings import says_why
from flows.messages import read_messages
from flows.publishing import Publishing
from flows.reading_back import read_back, sweep_all
from flows.story import run_name, told
from ledger.connection import Ledger
from ledger.register import Account, Connection, accounts, connection_of
from tasks import peaks
from tasks.stock import buffers, offers, oversell, proof_tables, sellable


@flow(name="inventory-sync", flow_run_name=run_name)
@says_why
def inventory_sync(seller_account: str = "") -> None:
    """Read the warehouse's counts, publish what may be sold, and read back that it is in effect.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        peaks.settle(ledger, utc_now())
        faults = Faults(ledger, "inventory-sync")
        for connection in all_connections(ledger):
            with faults.at(warehouse_named(connection.name)):
                read = read_messages(ledger, connection.name, (DeliveryKind.STOCK,))
                faults.carried(warehouse_named(connection.name), read.total())
            oversell.watch_oversell(ledger, connection, None, utc_now())
        faults.beat()
        for account in chosen_accounts(ledger, seller_account):
            with ledger.only_one("inventory-sync", account.name) as alone:
                if alone:
                    with faults.at(amazon_named(account.name)):
                        seen = publish_stock(ledger, account, on_schedule=True)
                        faults.carried(amazon_named(account.name), seen)
                else:
                    get_run_logger().info("Another run publishes the stock of %s already.", account.name)
            faults.beat()
        faults.end()


def publish_stock(ledger: Ledger, account: Account, *, on_schedule: bool = False) -> int:
    """Publish every quantity that changed, read back, publish what that brought up; how many Amazon showed.

    What is oversold soonest goes first: urgent quantities by patches of their own, then many ordinary ones in
    bulk, the rest by patches. In peak mode a run that comes `on_schedule` leaves the ordinary ones until it is
    their turn; what a person decided goes at once. Only call this while holding the account's turn.

    Raises:
        TryAgain: Amazon stayed away; what was not sent or read waits for the next run.
        Refused: Amazon does not let some listings be read.
    """
    started = utc_now()
    whole = not on_schedule or peaks.is_turn(ledger, account, started)
    out = Publishing(ledger, open_amazon(ledger, account.name), account, started=started, whole=whole)
    connection, skus = load_maps(ledger, account)
    out.counts["new SKUs"] = sellable.note_listings(ledger, account, connection, skus[account.name])
    out.counts.update(sellable.plan(ledger, account, connection, skus, utc_now()))
    out.urgent()
    out.bulk()
    out.ordinary()
    seen, unread = read_back(ledger, out.amazon, account)
    if out.lost is None and any(seen[word] for word in ("IDLE", "DRIFTED", "PLANNED")):
        out.counts["planned"] += sellable.plan(ledger, account, connection, skus, utc_now()).get("planned", 0)
        out.urgent()
        out.ordinary()
    unswept = sweep_all(ledger, out.amazon, account)
    out.counts["differing"] = show_stock(ledger, account, connection, skus)
    out.keep_turn()
    get_run_logger().info("%s: %s; %s", account.name, told("quantities", out.counts), told("seen", seen))
    out.end(unread or unswept)
    return sum(seen.values())


def show_stock(ledger: Ledger, account: Account, connection: Connection, skus: dict[str, SkuMap]) -> int:
    """Put where people look: offers beside Amazon's, buffers, issues and other writers; offers that differ."""
    now = utc_now()
    buffers.show_buffers(ledger, account, connection, skus, now)
    proof_tables.show_looks(ledger, account, now)
    return offers.show(ledger, account, now)


def load_maps(ledger: Ledger, account: Account) -> tuple[Connection, dict[str, SkuMap]]:
    """The account's warehouse connection, and the SKU map of every account that draws on the same stock."""
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
        served = [one for one in accounts(conn) if one.name in connection.serves]
    return connection, {one.name: sellable.load_sku_map(ledger, one, connection) for one in served}
