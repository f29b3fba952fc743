"""Tracking: the warehouse to the ledger, the ledger to Amazon, and back as proof."""

import time
from collections import Counter
from datetime import timedelta

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
from flows.endings import says_why
from flows.messages import read_messages
from flows.story import Progress, run_name, told
from ledger.connection import Ledger
from ledger.register import Account, connection_of
from tasks.tracking import confirms

_MESSAGES = (DeliveryKind.CHANGES, DeliveryKind.DISPATCHES)
_LONGEST = timedelta(minutes=10)  # a backlog of more goes on in the next run


@flow(name="tracking-push", flow_run_name=run_name)
@says_why
def tracking_push(seller_account: str = "") -> None:
    """Read what the warehouse dispatched, tell Amazon, and read back that Amazon shows it.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    end = time.monotonic() + _LONGEST.total_seconds()
    with open_ledger() as ledger:
        faults = Faults(ledger, "tracking-push")
        # While parcels wait for Amazon's budget the warehouse is read again and again: the most urgent go first.
        while push_round(ledger, seller_account, faults) and not faults.any and time.monotonic() < end:
            pass
        faults.end()


def push_round(ledger: Ledger, seller_account: str, faults: Faults) -> bool:
    """Read the warehouses once and send a wave of parcels for each account; whether any more could be sent."""
    more = False
    for connection in all_connections(ledger):
        with faults.at(warehouse_named(connection.name)):
            read = read_messages(ledger, connection.name, _MESSAGES)
            faults.carried(warehouse_named(connection.name), read["new"] + read["changed"])
    for account in chosen_accounts(ledger, seller_account):
        with ledger.only_one("tracking-push", account.name) as alone:
            if alone:
                with faults.at(amazon_named(account.name)):
                    more = confirm_parcels(ledger, account, faults) or more
            else:
                get_run_logger().info("Another run confirms parcels of %s already.", account.name)
    faults.beat()
    return more


def confirm_parcels(ledger: Ledger, account: Account, faults: Faults) -> bool:
    """Tell Amazon about parcels, most urgent first, and read back what cannot wait; whether more could be sent.

    Raises:
        TryAgain: Amazon stayed away; what was not sent waits for its next try.
    """
    amazon = open_amazon(ledger, account.name, tracking=True)
    with ledger.begin() as conn:
        connection = connection_of(conn, account.name)
    mapped = confirms.map_carriers(ledger, account, connection, utc_now())
    counts = Counter({word: count for word, count in mapped.items() if word == "BLOCKED"})
    bar = Progress(f"parcels-{account.name}", f"Telling Amazon about the parcels of {account.name}")
    # What was sent without an answer is asked about before it is sent again.
    ends = [confirms.prove(ledger, amazon, account, connection.name, utc_now)]
    ends.append(
        confirms.confirm(
            ledger, amazon, account, clock=utc_now, told=lambda done, all_: bar.at(100 * done / all_)
        )
    )
    if ends[1].counts.get("refused") and not ends[0].over:  # what a refusal means is read back at once
        ends.append(confirms.prove(ledger, amazon, account, connection.name, utc_now))
    for end in ends:
        counts.update(end.counts)
    faults.carried(amazon_named(account.name), counts["accepted"] + counts["PROVEN"])
    confirms.show_waiting(ledger, account, amazon_named(account.name), utc_now())
    get_run_logger().info("%s: %s", account.name, told("parcels", counts))
    lost = [end.lost for end in ends if end.lost is not None]
    if lost:
        raise lost[-1]
    return ends[1].waiting > 0
