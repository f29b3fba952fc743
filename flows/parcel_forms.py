"""What the forms about a parcel do alike: tell Amazon now, read it back, and say what came of it."""

import time
from collections.abc import Sequence

from prefect.logging import get_run_logger

from flows.doors import Faults, amazon_named, open_amazon, utc_now
from flows.forms import in_turn
from flows.tracking_push import confirm_parcels
from ledger.connection import Ledger
from ledger.register import Account, Connection
from tasks.tracking.confirms import read_order
from tasks.tracking.parcel_words import find_again, say_where

LOOKS, PAUSE = 3, 2.0  # reads after the ship confirm, and seconds between them: Amazon shows nothing at once


def tell_amazon(
    ledger: Ledger, account: Account, connection: Connection, order: str, parcels: Sequence[str]
) -> list[str]:
    """Send what waits, in its turn; where these parcels of the order stand afterward, in sentences.

    The order is read first: what Amazon took while the answer was lost is not sent twice.

    Raises:
        TryAgain: Amazon stays away; the decision is kept, and tracking-push goes on.
    """
    faults = Faults(ledger, "tracking-push")
    with in_turn(ledger, "tracking-push", account.name), faults.at(amazon_named(account.name)):
        amazon = open_amazon(ledger, account.name, tracking=True)
        asked = find_again(ledger, order)
        read_order(ledger, amazon, account, connection.name, asked, clock=utc_now)
        confirm_parcels(ledger, account, faults)
        for _ in range(LOOKS):
            if not read_order(ledger, amazon, account, connection.name, asked, clock=utc_now):
                break
            time.sleep(PAUSE)
    where = list(say_where(ledger, order, parcels))
    for said in where:
        get_run_logger().info("%s", said)
    faults.end()
    return where
