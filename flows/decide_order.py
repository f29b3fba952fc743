"""A form: hold one order, release it, or have it stopped because it is to be canceled."""

from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from domain.orders.decisions import Act, Choice
from domain.orders.order import OrderMaps
from flows.doors import Faults, open_ledger, utc_now, warehouse_named
from flows.endings import says_why
from flows.forms import in_turn, signed
from flows.order_ingest import hand_over_ready
from ledger.connection import Ledger
from ledger.orders.decisions import Wish
from ledger.register import Account, Connection
from tasks.manners import whole
from tasks.orders.decisions import decide_order as keep_decision
from tasks.orders.decisions import find_order, where_now
from tasks.orders.reading import load_order_maps

_TELLS_THE_WAREHOUSE = (Act.LET_GO, Act.STOP)


@flow(name="decide-order", flow_run_name="decide-order {amazon_order_id} {decision}")
@says_why
def decide_order(
    amazon_order_id: Annotated[
        str, Field(min_length=1, description="Amazon's id of the order, such as 026-1234567-1234567.")
    ],
    decision: Annotated[
        Literal["hold", "release", "cancel"],
        Field(
            description="hold: it is not handed over to the warehouse. release: it is handed over now, also when"
            " its buyer asked to cancel it, unless something else holds it. cancel: it is kept from the warehouse"
            " or stopped there; cancel it in Seller Central, too, because Lockstep cancels nothing at Amazon."
        ),
    ],
    reason: Annotated[
        str,
        Field(
            min_length=1,
            description="Why, in a few words. Never a buyer's name, address or anything else about a person.",
        ),
    ],
    your_name: Annotated[
        str, Field(min_length=1, description="Who decides this; it is kept with the decision.")
    ],
) -> State[None]:
    """Hold, release or stop one order, at once, and keep who decided it and why.

    Args:
        amazon_order_id: Amazon's id of the order, such as 026-1234567-1234567.
        decision: hold: it is not handed over to the warehouse. release: it is handed over now, also when its buyer
            asked to cancel it, unless something else holds it. cancel: it is kept from the warehouse or stopped
            there; cancel it in Seller Central, too.
        reason: Why, in a few words; never anything about a buyer.
        your_name: Who decides this; it is kept with the decision.
    """
    order = amazon_order_id.strip()
    with open_ledger() as ledger:
        wish = Wish(order_id=order, choice=Choice(decision), author=signed(your_name), reason=reason)
        account, connection = find_order(ledger, order)
        maps = load_order_maps(ledger, account, connection)
        decided = keep_decision(ledger, wish, whole(maps), utc_now())
        get_run_logger().info("%s", decided.said)
        if decided.act in _TELLS_THE_WAREHOUSE:
            _tell_the_warehouse(ledger, account, connection, maps)
        where = f" Now {where_now(ledger, order)}." if decided.act is Act.LET_GO else ""
    return Completed(message=f"{decided.said}{where}")


def _tell_the_warehouse(ledger: Ledger, account: Account, connection: Connection, maps: OrderMaps) -> None:
    """Hand over what was released, or ask to stop what is not wanted, in this run."""
    faults = Faults(ledger, "order-ingest")
    with (
        in_turn(ledger, "release", connection.name) as alone,
        faults.at(warehouse_named(connection.name)),
    ):
        hand_over_ready(ledger, account, connection, maps, alone)
    faults.end()
