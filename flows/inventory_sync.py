"""Stock: the warehouse to the ledger, the ledger to Amazon, and back as proof."""

from collections import Counter

from prefect import flow
from prefect.logging import get_run_logger

from domain.warehouse import DeliveryKind
from flows.doors import Faults, all_connections, chosen_accounts, open_amazon, open_ledger, utc_now
from flows.messages import read_messages
from flows.story import Progress, run_name, told
from ledger.connection import Ledger
from ledger.register import Account, accounts, connection_of
from tasks import stock


@flow(name="inventory-sync", flow_run_name=run_name)
def inventory_sync(seller_account: str = "") -> None:
    """Read the warehouse's counts, publish what may be sold, and read back that it is in effect.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        faults = Faults(ledger)
        for connection in all_connections(ledger):
            with faults.at(f"Warehouse ({connection.name})"):
                read_messages(ledger, connection.name, (DeliveryKind.STOCK,))
        for account in chosen_accounts(ledger, seller_account):
            with ledger.only_one("inventory-sync", account.name) as alone:
                if alone:
                    with faults.at(f"Amazon ({account.name})"):
                        publish_stock(ledger, account)
                else:
                    get_run_logger().info("Another run publishes the stock of %s already.", account.name)
        faults.end()


def publish_stock(ledger: Ledger, account: Account) -> None:
    """Look up new listings, publish every quantity that changed, towards zero first, and read back.

    Raises:
        TryAgain: Amazon stayed away; what was not sent waits for the next run.
    """
    amazon = open_amazon(ledger, account.name)
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
        served = [one for one in accounts(conn) if one.name in connection.serves]
    skus = {one.name: stock.load_sku_map(ledger, one, connection) for one in served}
    counts = Counter({"new SKUs": stock.note_listings(ledger, account, connection, skus[account.name])})
    for marketplace, asked in stock.choose_reads(ledger, account, utc_now()):
        counts.update(stock.prove(ledger, amazon, marketplace, asked, utc_now))
    counts.update(stock.plan(ledger, account, connection, skus, utc_now()))
    progress = Progress(f"quantities-{account.name}", f"Publishing the quantities of {account.name}")
    started, done, stopped = utc_now(), 0, None
    while stopped is None:
        claims, waiting = stock.claim(ledger, account, started, utc_now())
        if not claims:
            break
        sent = stock.publish(ledger, amazon, claims, utc_now)
        done += len(claims)
        if waiting:
            progress.at(100 * done / (done + waiting))
        counts.update(sent.counts)
        stopped = sent.stopped
    get_run_logger().info("%s: %s", account.name, told("quantities", counts))
    if stopped is not None:
        raise stopped
