"""A form: how the warehouse is asked for a service level of Amazon's; the orders held for it go on at once."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.doors import chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.fields import AnyMarketplace, Connection, Filled, SellerAccount, marketplace_id, trimmed
from flows.forms import signed
from flows.resuming import Resuming
from ledger.maps import ServiceEntry
from tasks.map_forms import Signature, put_service
from tasks.unblocked import tell_orders


@flow(name="map-ship-method", flow_run_name="map-ship-method {warehouse_service} of {seller_account}")
@says_why
def map_ship_method(  # noqa: PLR0913 - the fields of the form
    *,
    seller_account: SellerAccount,
    marketplace: AnyMarketplace = "",
    service_level: str = "",
    program: str = "",
    connection: Connection,
    warehouse_service: Filled,
    your_name: Filled,
) -> State[None]:
    """Say which service the warehouse is asked for. Orders that were held for it are released at once.

    Of several rows that fit an order the one that says most counts: first by program, then by service level, then
    by marketplace.

    Args:
        seller_account: The seller account by its name in lockstep.toml.
        marketplace: The marketplace of the orders. Empty: every marketplace.
        service_level: Amazon's word, as the problem shows it, for example EXPEDITED. Empty: any service level.
        program: A program of Amazon's that the orders are in, for example PRIME. Empty: any, or none.
        connection: The warehouse connection by its name in lockstep.toml.
        warehouse_service: The warehouse's own word for the service that it is asked for.
        your_name: Who decides this; it is kept with the decision.
    """
    author = signed(your_name)
    entry = ServiceEntry(
        seller_account=seller_account.strip(),
        marketplace_id=marketplace_id(marketplace),
        service_level=trimmed("service_level", service_level),
        program=trimmed("program", program),
        connection=connection.strip(),
        warehouse_service=warehouse_service.strip(),
    )
    with open_ledger() as ledger:
        put = put_service(ledger, entry, Signature(author=author, at=utc_now()))
        get_run_logger().info("%s", put.said)
        (account,) = chosen_accounts(ledger, entry.seller_account)
        resuming = Resuming(ledger)
        resuming.orders(account)
        said = f"{put.said} {tell_orders(ledger, put.waiting)}"
        get_run_logger().info("%s", said)
        resuming.end()
    return Completed(message=said)
