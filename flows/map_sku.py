"""A form: what one unit of a seller SKU is at the warehouse; orders held for it and quantities go on at once."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from flows.doors import chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.fields import Connection, Filled, Part, SellerAccount
from flows.forms import signed
from flows.resuming import Resuming
from ledger.maps import SkuEntry
from tasks.map_forms import Signature, put_sku
from tasks.unblocked import tell_orders


@flow(name="map-sku", flow_run_name="map-sku {seller_sku} of {seller_account}")
@says_why
def map_sku(
    *,
    seller_account: SellerAccount,
    seller_sku: Filled,
    parts: Annotated[list[Part], Field(min_length=1)],
    connection: Connection,
    your_name: Filled,
) -> State[None]:
    """Say what a seller SKU is at the warehouse. Orders that were held for it are released at once.

    What changes of quantities by it is published at once, too.

    Args:
        seller_account: The seller account by its name in lockstep.toml.
        seller_sku: The seller SKU exactly as in Seller Central; copy it from the problem.
        parts: What one unit of it is at the warehouse: one part, or several for a kit. They replace all parts that
            the seller SKU had at this warehouse.
        connection: The warehouse connection by its name in lockstep.toml.
        your_name: Who decides this; it is kept with the decision.
    """
    author = signed(your_name)
    entries = [
        SkuEntry(
            seller_account=seller_account.strip(),
            seller_sku=seller_sku.strip(),
            connection=connection.strip(),
            warehouse_sku=part.warehouse_sku.strip(),
            units=part.units,
        )
        for part in parts
    ]
    with open_ledger() as ledger:
        put = put_sku(ledger, entries, Signature(author=author, at=utc_now()))
        get_run_logger().info("%s", put.said)
        (account,) = chosen_accounts(ledger, seller_account.strip())
        resuming = Resuming(ledger)
        resuming.orders(account)
        resuming.stock(entries[0].connection)
        said = f"{put.said} {tell_orders(ledger, put.waiting)}"
        get_run_logger().info("%s", said)
        resuming.end()
    return Completed(message=f"{said} {resuming.published}")
