"""A form: stop selling one SKU or everything of a seller account, and start again."""

from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from flows.doors import chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.fields import SellerAccount, trimmed
from flows.forms import signed
from flows.resuming import Resuming
from flows.story import run_name
from tasks.stock.stops import decide_stop


@flow(name="stop-selling", flow_run_name=run_name)
@says_why
def stop_selling(
    seller_account: SellerAccount,
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
) -> State[None]:
    """Offer nothing of a SKU, or of a whole seller account, until somebody starts it again; at once.

    Args:
        seller_account: The seller account by its name in lockstep.toml.
        decision: stop: zero units are offered from now on. start: what is free is offered again.
        your_name: Who decides this; it is kept with the decision.
        seller_sku: One seller SKU; empty: everything that the seller account sells.
    """
    author, sku = signed(your_name), trimmed("seller_sku", seller_sku)
    with open_ledger() as ledger:
        (account,) = chosen_accounts(ledger, trimmed("seller_account", seller_account))
        said = decide_stop(ledger, account, sku, stop=decision == "stop", author=author, now=utc_now())
        get_run_logger().info("%s", said)
        resuming = Resuming(ledger)
        resuming.quantities(account)
        resuming.end()
    return Completed(message=f"{said} {resuming.published}")
