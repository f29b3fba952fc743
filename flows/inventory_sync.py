"""Stock: the warehouse to the ledger, the ledger to Amazon, and back as proof."""

from collections import Counter

from prefect import flow
from prefect.logging import get_run_logger

from domain.errors import Denied, Refused, TryAgain
from domain.ports import AmazonDoor
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
from flows.messages import read_messages
from flows.story import Progress, run_name, told
from ledger.connection import Ledger
from ledger.register import Account, accounts, connection_of
from tasks import offers, proof, stock

GIVE_UP_AFTER = 3  # groups in a row that could not be read: Amazon is away, the next run goes on


@flow(name="inventory-sync", flow_run_name=run_name)
def inventory_sync(seller_account: str = "") -> None:
    """Read the warehouse's counts, publish what may be sold, and read back that it is in effect.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        faults = Faults(ledger, "inventory-sync")
        for connection in all_connections(ledger):
            with faults.at(warehouse_named(connection.name)):
                read_messages(ledger, connection.name, (DeliveryKind.STOCK,))
        for account in chosen_accounts(ledger, seller_account):
            with ledger.only_one("inventory-sync", account.name) as alone:
                if alone:
                    with faults.at(amazon_named(account.name)):
                        publish_stock(ledger, account)
                else:
                    get_run_logger().info("Another run publishes the stock of %s already.", account.name)
        faults.end()


def publish_stock(ledger: Ledger, account: Account) -> None:
    """Publish every quantity that changed, then read back, and publish what the reading brought up.

    Raises:
        TryAgain: Amazon stayed away; what was not sent or read waits for the next run.
        Refused: Amazon does not let some listings be read.
    """
    amazon = open_amazon(ledger, account.name)
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
        served = [one for one in accounts(conn) if one.name in connection.serves]
    skus = {one.name: stock.load_sku_map(ledger, one, connection) for one in served}
    counts = Counter({"new SKUs": stock.note_listings(ledger, account, connection, skus[account.name])})
    counts.update(stock.plan(ledger, account, connection, skus, utc_now()))
    lost = send_quantities(ledger, amazon, account, counts)
    seen, unread = read_back(ledger, amazon, account)
    if lost is None and any(seen[word] for word in ("IDLE", "DRIFTED", "PLANNED")):
        counts["planned"] += stock.plan(ledger, account, connection, skus, utc_now()).get("planned", 0)
        lost = send_quantities(ledger, amazon, account, counts)
    counts["differing"] = offers.show(ledger, account)
    get_run_logger().info("%s: %s; %s", account.name, told("quantities", counts), told("seen", seen))
    fault = lost if unread is None or (lost is not None and not lost.pause) else unread
    if fault is not None:
        raise fault


def send_quantities(
    ledger: Ledger, amazon: AmazonDoor, account: Account, counts: Counter[str]
) -> TryAgain | None:
    """Publish everything that is planned, towards zero first; the last call that was lost, if any was."""
    progress = Progress(f"quantities-{account.name}", f"Publishing the quantities of {account.name}")
    started, done = utc_now(), 0
    lost, over = None, False
    while not over:
        claims, waiting = stock.claim(ledger, account, started, utc_now())
        if not claims:
            break
        sent = stock.publish(ledger, amazon, claims, utc_now)
        counts.update(sent.counts)
        lost = lost if sent.lost is None or (lost is not None and sent.lost.pause) else sent.lost
        over, done = sent.over, done + len(claims)
        if waiting:
            progress.at(100 * done / (done + waiting))
    return lost


def read_back(
    ledger: Ledger, amazon: AmazonDoor, account: Account
) -> tuple[Counter[str], TryAgain | Refused | None]:
    """Look at the listings whose turn it is: how many are now in which state, and the last fault.

    A group of listings that cannot be read does not keep the others from it, until Amazon seems away.
    """
    seen: Counter[str] = Counter()
    fault: TryAgain | Refused | None = None
    in_a_row = 0
    for marketplace, asked in proof.choose_reads(ledger, account, utc_now()):
        try:
            seen.update(proof.prove(ledger, amazon, account, marketplace, asked, clock=utc_now))
            in_a_row = 0
        except Denied:
            raise
        except TryAgain as error:
            fault, in_a_row = error, in_a_row + 1
            if error.pause or in_a_row >= GIVE_UP_AFTER:
                break
        except Refused as error:
            fault = error
    return seen, fault
