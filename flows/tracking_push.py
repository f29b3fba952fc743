"""Tracking: the warehouse to the ledger, the ledger to Amazon, and back as proof."""

from collections import Counter

from prefect import flow
from prefect.logging import get_run_logger

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
from ledger.register import Account, connection_of
from tasks import confirms


@flow(name="tracking-push", flow_run_name=run_name)
def tracking_push(seller_account: str = "") -> None:
    """Read what the warehouse dispatched, tell Amazon, and read back that Amazon shows it.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        faults = Faults(ledger, "tracking-push")
        for connection in all_connections(ledger):
            with faults.at(warehouse_named(connection.name)):
                read_messages(ledger, connection.name, (DeliveryKind.CHANGES, DeliveryKind.DISPATCHES))
        for account in chosen_accounts(ledger, seller_account):
            with ledger.only_one("tracking-push", account.name) as alone:
                if alone:
                    with faults.at(amazon_named(account.name)):
                        confirm_parcels(ledger, account)
                else:
                    get_run_logger().info("Another run confirms parcels of %s already.", account.name)
        faults.end()


def confirm_parcels(ledger: Ledger, account: Account) -> None:
    """Tell Amazon about every parcel it may be told about, most urgent first, and prove the overdue ones.

    Raises:
        TryAgain: Amazon stayed away; what was not sent waits for the next run.
    """
    amazon = open_amazon(ledger, account.name)
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
    mapped = confirms.map_carriers(ledger, account, connection.name, utc_now())
    counts = Counter({word: count for word, count in mapped.items() if word == "BLOCKED"})
    progress = Progress(f"parcels-{account.name}", f"Telling Amazon about the parcels of {account.name}")
    started, done = utc_now(), 0
    lost, over = None, False
    while not over:
        claims, waiting = confirms.claim(ledger, account, started, utc_now())
        if not claims:
            break
        sent = confirms.confirm(ledger, amazon, claims, utc_now)
        counts.update(sent.counts)
        lost, over, done = sent.lost or lost, sent.over, done + len(claims)
        if waiting:
            progress.at(100 * done / (done + waiting))
    if not over:
        proof = confirms.prove(ledger, amazon, account, utc_now)
        counts.update(proof.counts)
        lost = proof.lost or lost
    get_run_logger().info("%s: %s", account.name, told("parcels", counts))
    if lost is not None:
        raise lost
