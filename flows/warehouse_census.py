"""Once a day: the orders that are open with the warehouse by its own list, beside those that should be."""

from prefect import flow
from prefect.logging import get_run_logger

from domain.warehouse import DeliveryKind
from flows.doors import Faults, all_connections, open_ledger, utc_now, warehouse_named
from flows.endings import says_why
from flows.messages import read_messages
from flows.story import run_name, told
from tasks.watch import census


@flow(name="warehouse-census", flow_run_name=run_name)
@says_why
def warehouse_census() -> None:
    """Read each warehouse's list of its open orders, and show where it differs from the ledger's."""
    with open_ledger() as ledger:
        faults = Faults(ledger, "warehouse-census")
        for connection in all_connections(ledger):
            with faults.at(warehouse_named(connection.name)):
                read = read_messages(ledger, connection.name, (DeliveryKind.CENSUS,))
                differ = census.judge(ledger, connection.name, utc_now(), doubted=read["doubted"])
                faults.carried(warehouse_named(connection.name), read["census"])
                get_run_logger().info("%s: %s", connection.name, told("open orders", {"differ": differ}))
        faults.end()
