"""A form: stop selling one SKU or everything of a seller account, and start again."""

import time
from typing import Annotated, Literal

from prefect import flow
from prefect.logging import get_run_logger
from pydantic import Field

from domain.errors import Refused, TryAgain
from flows.doors import chosen_accounts, open_ledger, utc_now
from flows.inventory_sync import publish_stock
from flows.story import run_name
from ledger.connection import Ledger
from ledger.register import Account
from tasks.stops import decide_stop

PATIENCE, PAUSE = 60, 2.0  # looks, and seconds between them: two minutes for a run that publishes already


@flow(name="stop-selling", flow_run_name=run_name)
def stop_selling(
    seller_account: Annotated[
        str, Field(min_length=1, description="The seller account by its name in lockstep.toml.")
    ],
    decision: Annotated[
        Literal["stop", "start"],
        Field(description="stop: zero units are offered from now on. start: what is free is offered again."),
    ],
    your_name: Annotated[
        str, Field(min_length=1, description="Who decides this; it is kept with the decision.")
    ],
    seller_sku: Annotated[
        str, Field(description="One seller SKU; empty: everything that the seller account sells.")
    ] = "",
) -> None:
    """Offer nothing of a SKU, or of a whole seller account, until somebody starts it again; at once.

    Args:
        seller_account: The seller account by its name in lockstep.toml.
        decision: stop: zero units are offered from now on. start: what is free is offered again.
        your_name: Who decides this; it is kept with the decision.
        seller_sku: One seller SKU; empty: everything that the seller account sells.
    """
    with open_ledger() as ledger:
        author = your_name.strip()
        if not author:
            raise Refused("Please give your name: who stopped or started selling is kept. Nothing changed.")
        (account,) = chosen_accounts(ledger, seller_account.strip())
        said = decide_stop(
            ledger, account, seller_sku.strip(), stop=decision == "stop", author=author, now=utc_now()
        )
        get_run_logger().info("%s", said)
        _publish(ledger, account)


def _publish(ledger: Ledger, account: Account) -> None:
    """Let the decision take effect now; a run that publishes already is waited for.

    Raises:
        TryAgain: that run takes long; the decision is kept and takes effect with the next one.
    """
    for _ in range(PATIENCE):
        with ledger.only_one("inventory-sync", account.name) as alone:
            if alone:
                publish_stock(ledger, account)
                return
        time.sleep(PAUSE)
    raise TryAgain(
        f"The decision is kept. Another run has been publishing the stock of {account.name} for a while and may"
        " not have seen it: the next inventory-sync makes it effective."
    )
