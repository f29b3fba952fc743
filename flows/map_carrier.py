"""A form: Amazon's own name for a carrier of the warehouse; the parcels that waited for it go out at once."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.doors import open_ledger, utc_now
from flows.endings import says_why
from flows.fields import Carrier, Connection, Filled, Marketplace, marketplace_id, trimmed
from flows.forms import signed
from flows.resuming import Resuming
from ledger.maps import CarrierEntry
from tasks.map_forms import Signature, put_carrier
from tasks.unblocked import tell_parcels


@flow(name="map-carrier", flow_run_name="map-carrier {warehouse_carrier} in {marketplace}")
@says_why
def map_carrier(  # noqa: PLR0913 - the fields of the form
    *,
    connection: Connection,
    warehouse_carrier: Filled,
    warehouse_service: str = "",
    marketplace: Marketplace,
    carrier: Carrier,
    shipping_method: str = "",
    carrier_name: str = "",
    signed_by: str = "",
    your_name: Filled,
) -> State[None]:
    """Say what Amazon calls a carrier of the warehouse. Parcels that were blocked for it are sent at once.

    Args:
        connection: The warehouse connection by its name in lockstep.toml.
        warehouse_carrier: The carrier as the warehouse writes it; copy it from the problem. Upper and lower case
            and spaces do not matter.
        warehouse_service: The warehouse's word for the service, when the carrier has other names at Amazon for
            other services. Empty: every service of this carrier that has no row of its own.
        marketplace: The marketplace whose list of carriers the next field takes from.
        carrier: Amazon's own name for it, exactly as in its list. Other costs valid-tracking rate: take it only
            when the carrier is in no list.
        shipping_method: What Amazon shows the buyer as the service, for example Tracked 24. May stay empty.
        carrier_name: Only with Other: the carrier's name as the buyer shall read it.
        signed_by: Only with Other: who answers for it.
        your_name: Who decides this; it is kept with the decision.
    """
    author = signed(your_name)
    entry = CarrierEntry(
        connection=connection.strip(),
        warehouse_carrier=warehouse_carrier.strip(),
        warehouse_service=trimmed("warehouse_service", warehouse_service),
        marketplace_id=marketplace_id(marketplace),
        carrier_code=carrier,
        carrier_name=carrier_name.strip(),
        shipping_method=shipping_method.strip(),
        signed_by=signed_by.strip(),
    )
    with open_ledger() as ledger:
        put = put_carrier(ledger, entry, Signature(author=author, at=utc_now()))
        get_run_logger().info("%s", put.said)
        resuming = Resuming(ledger)
        resuming.parcels(entry.connection)
        said = f"{put.said} {tell_parcels(ledger, put.waiting)}"
        get_run_logger().info("%s", said)
        resuming.end()
    return Completed(message=said)
